// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package dashboard

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr"
)

// desk is a hub over a made-up cluster. In a bubble of synctest a goroutine that is
// left behind fails the test.
type desk struct {
	hub

	lock    sync.Mutex
	changed func()
	watches int // that are open
	begun   int
	builds  int
	content string
	failure error
}

// pass lets time pass, which a bubble has of its own.
func pass(d time.Duration) {
	time.Sleep(d) //nolint:forbidigo // in a bubble of synctest it waits until everybody does, and takes no time
}

func newDesk() *desk {
	d := &desk{content: "first"}
	d.hub.watch = func(_ context.Context, changed func()) (func(), error) {
		d.lock.Lock()
		defer d.lock.Unlock()
		if d.failure != nil {
			return nil, d.failure
		}
		d.watches++
		d.begun++
		d.changed = changed
		return func() {
			d.lock.Lock()
			defer d.lock.Unlock()
			d.watches--
		}, nil
	}
	d.hub.build = func(context.Context) ([]byte, error) {
		d.lock.Lock()
		defer d.lock.Unlock()
		d.builds++
		return []byte(d.content), d.failure
	}
	return d
}

func (d *desk) set(content string) {
	d.lock.Lock()
	d.content = content
	changed := d.changed
	d.lock.Unlock()
	changed()
}

func (d *desk) fail(err error) {
	d.lock.Lock()
	defer d.lock.Unlock()
	d.failure = err
}

func (d *desk) subscribed(t *testing.T) *subscriber {
	t.Helper()
	s, err := d.subscribe()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// next is the message in the mailbox; empty when there is none.
func (s *subscriber) next() string {
	select {
	case m := <-s.mail:
		return m.event + " " + string(m.data)
	default:
		return ""
	}
}

func TestHubCollectsChanges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		s := d.subscribed(t)
		synctest.Wait()
		if got := s.next(); got != "snapshot first" {
			t.Fatalf("at once: %q", got)
		}
		began := time.Now()
		for i := range 1000 { // a thousand changes within a second
			d.set(fmt.Sprint(i))
			pass(time.Millisecond)
		}
		synctest.Wait()
		if most := 1 + int(time.Since(began)/pace) + 1; d.builds > most {
			t.Errorf("%d snapshots in %s, want at most %d", d.builds, time.Since(began), most)
		}
		pass(pace)
		synctest.Wait()
		if got := s.next(); got != "snapshot 999" {
			t.Errorf("the last change is lost: %q", got)
		}
		d.set("999")
		pass(pace)
		synctest.Wait()
		if got := s.next(); got != "" {
			t.Errorf("told the same twice: %q", got)
		}
		d.unsubscribe(s)
		d.wait()
	})
}

func TestHubDoesNothingWhileNobodyLooks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		if d.begun != 0 {
			t.Error("it watches before anybody looks")
		}
		a, b := d.subscribed(t), d.subscribed(t)
		synctest.Wait()
		if a.next() != "snapshot first" || b.next() != "snapshot first" || d.watches != 1 {
			t.Errorf("two pages, %d watches", d.watches)
		}
		late := d.subscribed(t)
		if got := late.next(); got != "snapshot first" {
			t.Errorf("who comes later gets %q", got)
		}
		for _, s := range []*subscriber{a, b, late, late} {
			d.unsubscribe(s)
		}
		d.wait()
		builds := d.builds
		d.set("second")
		pass(time.Hour)
		synctest.Wait()
		if d.watches != 0 || d.builds != builds {
			t.Errorf("with nobody there: %d watches, %d snapshots", d.watches, d.builds-builds)
		}
		again := d.subscribed(t)
		synctest.Wait()
		if got := again.next(); got != "snapshot second" || d.begun != 2 {
			t.Errorf("the next one gets %q from watch %d", got, d.begun)
		}
		d.unsubscribe(again)
		d.wait()
	})
}

func TestHubTellsTroubleAndTriesAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		d.fail(errors.New("no cache"))
		s := d.subscribed(t)
		synctest.Wait()
		if got := s.next(); got != "trouble no cache" {
			t.Errorf("without a watch: %q", got)
		}
		d.fail(nil)
		pass(patience)
		synctest.Wait()
		if got := s.next(); got != "snapshot first" {
			t.Errorf("with a watch: %q", got)
		}
		d.fail(errors.New("no list"))
		pass(pace)
		d.set("second")
		synctest.Wait()
		if got := s.next(); got != "trouble no list" {
			t.Errorf("without a snapshot: %q", got)
		}
		d.fail(nil)
		pass(patience)
		synctest.Wait()
		if got := s.next(); got != "snapshot second" {
			t.Errorf("mended: %q", got)
		}
		d.unsubscribe(s)
		d.wait()
	})
}

func TestHubBoundsPages(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		var all []*subscriber
		for range mostClients {
			all = append(all, d.subscribed(t))
		}
		if _, err := d.subscribe(); !errors.Is(err, errFull) {
			t.Errorf("one too many: %v", err)
		}
		d.unsubscribe(all[0])
		d.unsubscribe(d.subscribed(t))
		for _, s := range all[1:] {
			d.unsubscribe(s)
		}
		d.wait()
	})
}

// writer is a page that takes what it is told, until it is stuck.
type writer struct {
	*httptest.ResponseRecorder

	mu       sync.Mutex
	stuck    bool
	deadline time.Time
}

func (w *writer) SetWriteDeadline(t time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.deadline = t
	return nil
}

func (w *writer) Write(data []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stuck {
		pass(time.Until(w.deadline)) // in the bubble's time
		return 0, os.ErrDeadlineExceeded
	}
	return w.ResponseRecorder.Write(data)
}

func (w *writer) said() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.Body.String()
}

// streaming is a server over a desk with one page; ended is closed when that one is gone.
func streaming(ctx context.Context, d *desk, w *writer) (ended chan struct{}) {
	server := &Server{options: Options{Log: logr.Discard()}, hub: &d.hub}
	ended = make(chan struct{})
	request := httptest.NewRequestWithContext(ctx, http.MethodGet, Path+"/events", http.NoBody)
	go func() {
		defer close(ended)
		server.events(w, request)
	}()
	return ended
}

func TestStreamLivesAndEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, w := newDesk(), &writer{ResponseRecorder: httptest.NewRecorder()}
		began := time.Now()
		ended := streaming(t.Context(), d, w)
		synctest.Wait()
		if got := w.said(); !strings.HasPrefix(got, "event: time\ndata: ") || !strings.HasSuffix(got, "event: snapshot\ndata: first\n\n") {
			t.Errorf("it begins with %q", got)
		}
		pass(4*heartbeat + time.Second)
		synctest.Wait()
		if got := strings.Count(w.said(), "event: time\n"); got != 5 {
			t.Errorf("%d signs of life in four heartbeats", got-1)
		}
		<-ended // so that a page whose user may look no longer is asked again
		if life := time.Since(began); life != streamLife {
			t.Errorf("it lasts %s", life)
		}
		d.wait()
	})
}

func TestStreamEndsWithItsPage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, w := newDesk(), &writer{ResponseRecorder: httptest.NewRecorder()}
		ctx, leave := context.WithCancel(t.Context())
		ended := streaming(ctx, d, w)
		synctest.Wait()
		leave()
		<-ended
		d.wait()
		if d.watches != 0 {
			t.Error("the watch goes on")
		}
	})
}

func TestSlowPageIsDroppedAndHoldsUpNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		slow, quick := &writer{ResponseRecorder: httptest.NewRecorder()}, &writer{ResponseRecorder: httptest.NewRecorder()}
		ctx, leave := context.WithCancel(t.Context())
		slowEnded, quickEnded := streaming(ctx, d, slow), streaming(ctx, d, quick)
		synctest.Wait()
		slow.mu.Lock()
		slow.stuck = true
		slow.mu.Unlock()
		began := time.Now()
		d.set("second")
		pass(pace)
		synctest.Wait()
		if !strings.Contains(quick.said(), "data: second") {
			t.Error("the quick page waits for the slow one")
		}
		<-slowEnded
		if took := time.Since(began); took > writeLimit+pace {
			t.Errorf("dropped after %s", took)
		}
		leave()
		<-quickEnded
		d.wait()
	})
}
