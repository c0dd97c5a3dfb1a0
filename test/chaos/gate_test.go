// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package chaos

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"time"
)

// effect is what happens to one write.
type effect int

const (
	pass effect = iota
	// killBefore: the operator dies before the request leaves it.
	killBefore
	// killAfter: the operator dies when the request has been carried out, before
	// the answer arrives.
	killAfter
	// conflict, throttle and broken are answers of the API server: 409, 429, 500.
	conflict
	throttle
	broken
	// timeout: the request is lost, and nobody answers.
	timeout
	// lost: the request is carried out, and the answer is lost.
	lost
	// outage: connections are refused for a while, and all that are open break.
	outage
)

// How long a lost request hangs, and an outage lasts.
const (
	hangTime   = 2 * time.Second
	outageTime = 2 * time.Second
)

// rule says what happens to the n-th write, counting from 1.
type rule func(n int) effect

// gate is the way of one operator process to the API server. When it is dead,
// nothing passes any more in either direction: that is what a killed process is.
type gate struct {
	mu      sync.Mutex
	rule    rule
	writes  []string
	changed time.Time
	refuse  bool
	dead    bool
	died    chan struct{}
	// life of the connections that are open now.
	life  context.Context
	sever context.CancelFunc
}

func newGate() *gate {
	g := &gate{died: make(chan struct{})}
	g.life, g.sever = context.WithCancel(context.Background()) //nolint:forbidigo // outlives the test that started the operator
	return g
}

// wrap is for rest.Config.WrapTransport.
func (g *gate) wrap(next http.RoundTripper) http.RoundTripper { return &passage{gate: g, next: next} }

// arm counts writes from here on and breaks them by a rule; nil breaks none.
func (g *gate) arm(r rule) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.rule, g.writes = r, nil
}

// counted are the writes since arm.
func (g *gate) counted() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]string(nil), g.writes...)
}

// idle is the time since the last write began or ended.
func (g *gate) idle() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return time.Since(g.changed)
}

// kill cuts every connection for good.
func (g *gate) kill() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.dead {
		g.dead = true
		g.sever()
		close(g.died)
	}
}

// interrupt cuts every connection and refuses new ones for a while.
func (g *gate) interrupt(d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.refuse = true
	g.sever()
	time.AfterFunc(d, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.refuse = false
		if !g.dead {
			g.life, g.sever = context.WithCancel(context.Background()) //nolint:forbidigo // see newGate
		}
	})
}

// admit decides about a request and counts it if it is a write.
func (g *gate) admit(r *http.Request) (effect, context.Context, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.dead || g.refuse {
		return pass, nil, refused()
	}
	if !isWrite(r) {
		return pass, g.life, nil
	}
	g.changed = time.Now()
	g.writes = append(g.writes, r.Method+" "+r.URL.Path)
	if g.rule == nil {
		return pass, g.life, nil
	}
	return g.rule(len(g.writes)), g.life, nil
}

func (g *gate) wrote() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.changed = time.Now()
}

// isWrite says whether a request changes something that counts. Events and leases
// do not: nothing is decided from the former, and the latter are leader election's.
func isWrite(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return false
	}
	return !strings.HasPrefix(r.URL.Path, "/apis/coordination.k8s.io/") &&
		!strings.HasPrefix(r.URL.Path, "/apis/events.k8s.io/") &&
		!strings.HasSuffix(r.URL.Path, "/events") && r.URL.Query().Get("dryRun") == ""
}

// passage is one transport through the gate.
type passage struct {
	gate *gate
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (p *passage) RoundTrip(r *http.Request) (*http.Response, error) {
	what, life, err := p.gate.admit(r)
	if err != nil {
		return nil, err
	}
	if isWrite(r) {
		defer p.gate.wrote()
	}
	switch what {
	case killBefore:
		p.gate.kill()
		return nil, refused()
	case killAfter:
		p.deliver(r)
		p.gate.kill()
		return nil, reset()
	case conflict:
		return answer(r, http.StatusConflict, "Conflict", "the object has been modified; please apply your changes to the latest version and try again"), nil
	case throttle:
		return answer(r, http.StatusTooManyRequests, "TooManyRequests", "the server is too busy"), nil
	case broken:
		return answer(r, http.StatusInternalServerError, "InternalError", "an error on the server has prevented the request from succeeding"), nil
	case timeout:
		return nil, hang(r.Context())
	case lost:
		p.deliver(r)
		return nil, hang(r.Context())
	case outage:
		p.gate.interrupt(outageTime)
		return nil, refused()
	default:
		return p.send(life, r) //nolint:contextcheck // the process's life ends requests as well as their own
	}
}

// deliver carries a request out, whatever becomes of who asked.
func (p *passage) deliver(r *http.Request) {
	response, err := p.next.RoundTrip(r.WithContext(context.WithoutCancel(r.Context())))
	if err == nil {
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
	}
}

// send carries a request out on a connection that lasts as long as life does.
func (p *passage) send(life context.Context, r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(r.Context())
	unlink := context.AfterFunc(life, cancel)
	done := func() {
		unlink()
		cancel()
	}
	response, err := p.next.RoundTrip(r.WithContext(ctx)) //nolint:contextcheck // derived from the request's own
	if err != nil {
		done()
		if life.Err() != nil {
			return nil, reset()
		}
		return nil, err
	}
	response.Body = &stream{ReadCloser: response.Body, life: life, done: done}
	return response, nil
}

// stream is the body of an answer, a watch for example, that breaks with its connection.
type stream struct {
	io.ReadCloser
	life context.Context
	done func()
}

// Read implements io.Reader.
func (s *stream) Read(b []byte) (int, error) {
	n, err := s.ReadCloser.Read(b)
	if err != nil && !errors.Is(err, io.EOF) && s.life.Err() != nil {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// Close implements io.Closer.
func (s *stream) Close() error {
	defer s.done()
	return s.ReadCloser.Close()
}

func refused() error {
	return &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
}

func reset() error { return &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET} }

// hang waits as long as a lost request hangs, and no longer than its caller does.
func hang(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(hangTime):
		return &net.OpError{Op: "read", Net: "tcp", Err: syscall.ETIMEDOUT}
	}
}

// answer is one that the API server gives.
func answer(r *http.Request, code int, reason, message string) *http.Response {
	body := fmt.Sprintf(`{"kind":"Status","apiVersion":"v1","status":"Failure","reason":%q,"message":%q,"code":%d}`, reason, message, code)
	header := http.Header{"Content-Type": {"application/json"}}
	if code == http.StatusTooManyRequests {
		header.Set("Retry-After", "1")
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", code, http.StatusText(code)), StatusCode: code, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, ContentLength: int64(len(body)), Body: io.NopCloser(bytes.NewReader([]byte(body))), Request: r,
	}
}
