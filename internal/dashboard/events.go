// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package dashboard

import (
	"bytes"
	"fmt"
	"net/http"
	"time"
)

const (
	// heartbeat is how often a stream says that it lives, and what time it is here.
	heartbeat = 15 * time.Second
	// writeLimit is how long a page may take to accept what it is told; then it is
	// dropped, and comes back if it lives.
	writeLimit = 10 * time.Second
	// streamLife is how long a stream lasts. The page then opens another one, and who
	// may no longer look is found out.
	streamLife = 10 * time.Minute
)

// events serves a stream of server-sent events: "snapshot" with the whole View as
// JSON when it has changed, "trouble" with a sentence when none can be made, and
// "time" with the server's clock as a sign of life.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", "text/event-stream; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no") // a proxy before us shall not collect events
	if r.Method == http.MethodHead {
		return
	}
	subscriber, err := s.hub.subscribe() //nolint:contextcheck // the hub works for all pages, not for this one
	if err != nil {
		header.Set("Retry-After", "30")
		header.Set("Content-Type", "text/plain; charset=utf-8")
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	defer s.hub.unsubscribe(subscriber)
	stream := stream{w: w, control: http.NewResponseController(w)}
	if stream.tell("time", now()) != nil {
		return
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	end := time.NewTimer(streamLife)
	defer end.Stop()
	for {
		select {
		case <-r.Context().Done():
			return
		case <-end.C:
			return
		case <-beat.C:
			err = stream.tell("time", now())
		case m := <-subscriber.mail:
			err = stream.tell(m.event, m.data)
		}
		if err != nil {
			s.options.Log.V(1).Info("A page was dropped", "error", err.Error())
			return
		}
	}
}

func now() []byte { return []byte(time.Now().UTC().Format("2006-01-02T15:04:05.000Z")) }

// stream writes events.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

// tell writes one event, within the limit.
func (s stream) tell(event string, data []byte) error {
	if err := s.control.SetWriteDeadline(time.Now().Add(writeLimit)); err != nil {
		return err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "event: %s\n", event)
	for line := range bytes.Lines(data) {
		fmt.Fprintf(&b, "data: %s\n", bytes.TrimRight(line, "\r\n"))
	}
	b.WriteByte('\n')
	if _, err := s.w.Write(b.Bytes()); err != nil {
		return err
	}
	return s.control.Flush()
}
