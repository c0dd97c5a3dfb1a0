// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package dashboard

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"time"
)

const (
	// mostClients is how many pages may look at the same time.
	mostClients = 50
	// pace is the least time between two snapshots: at most four a second.
	pace = 250 * time.Millisecond
	// patience is the time after which a failed snapshot is tried again.
	patience = 2 * time.Second
)

var errFull = errors.New("too many pages look at the dashboard at the moment")

// message is one thing to tell the pages: a snapshot, or a trouble in words.
type message struct {
	event string
	data  []byte
}

// hub makes one snapshot for all that look. It runs while somebody does: with the
// last one its goroutine and the watch end. Safe for concurrent use.
type hub struct {
	watch Watch
	// build makes a snapshot as JSON.
	build func(context.Context) ([]byte, error)

	mu      sync.Mutex
	clients map[*subscriber]struct{}
	last    message
	stop    context.CancelFunc
	running sync.WaitGroup
}

// subscriber has a mailbox for the newest message: who is slow misses some, and
// keeps nobody waiting.
type subscriber struct{ mail chan message }

func (s *subscriber) put(m message) {
	select {
	case <-s.mail:
	default:
	}
	s.mail <- m // the only writer, under the hub's lock: there is room
}

// subscribe begins the work when this is the first one. The caller unsubscribes.
func (h *hub) subscribe() (*subscriber, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.clients) >= mostClients {
		return nil, errFull
	}
	s := &subscriber{mail: make(chan message, 1)}
	if h.clients == nil {
		h.clients = map[*subscriber]struct{}{}
	}
	h.clients[s] = struct{}{}
	if len(h.clients) == 1 {
		ctx, stop := context.WithCancel(context.Background())
		h.stop = stop
		h.running.Go(func() { h.run(ctx) })
	} else if h.last.data != nil {
		s.put(h.last)
	}
	return s, nil
}

// unsubscribe ends the work when this was the last one.
func (h *hub) unsubscribe(s *subscriber) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, there := h.clients[s]; !there {
		return
	}
	delete(h.clients, s)
	if len(h.clients) == 0 {
		h.stop()
		h.last = message{}
	}
}

// wait returns when the work of all that have unsubscribed has ended.
func (h *hub) wait() { h.running.Wait() }

// run makes snapshots until the context ends.
func (h *hub) run(ctx context.Context) {
	dirty := make(chan struct{}, 1)
	touch := func() {
		select {
		case dirty <- struct{}{}:
		default: // one is due already
		}
	}
	for ctx.Err() == nil {
		stop, err := h.watch(ctx, touch)
		if err != nil {
			h.publish(ctx, message{"trouble", []byte(err.Error())})
			pause(ctx, patience)
			continue
		}
		touch()
		h.follow(ctx, dirty, touch)
		stop()
	}
}

// follow makes a snapshot after each change, and not more of them than pages can show.
func (h *hub) follow(ctx context.Context, dirty <-chan struct{}, touch func()) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-dirty:
		}
		rest := pace
		data, err := h.build(ctx)
		if err != nil {
			h.publish(ctx, message{"trouble", []byte(err.Error())})
			touch()
			rest = patience
		} else {
			h.publish(ctx, message{"snapshot", data})
		}
		pause(ctx, rest)
	}
}

// publish tells everybody, unless it is what they know. A context that has ended
// belongs to pages that are gone.
func (h *hub) publish(ctx context.Context, m message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if ctx.Err() != nil || m.event == h.last.event && bytes.Equal(m.data, h.last.data) {
		return
	}
	h.last = m
	for s := range h.clients {
		s.put(m)
	}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
