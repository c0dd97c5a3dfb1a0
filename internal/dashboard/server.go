// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package dashboard

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/go-logr/logr"
	certutil "k8s.io/client-go/util/cert"
)

// Path is where the page is, and the nonResourceURL that a user needs the verb get
// for. Everything else is below it and needs the same.
const Path = "/dashboard"

// policy lets the page load what this server serves, and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
	"frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

// Options of a Server.
type Options struct {
	// Address to listen on, host:port. On loopback the page is open to everybody who
	// can reach it, over HTTP; elsewhere it is served over HTTPS to authorized users.
	Address string
	// Source of the content.
	Source Source
	// Watch tells about changes.
	Watch Watch
	// Protect puts authentication and authorization before a handler. Required unless
	// Address is loopback, where it is not used.
	Protect func(http.Handler) (http.Handler, error)
	// Log of the server.
	Log logr.Logger
}

// Server serves the dashboard. It implements manager.Runnable.
type Server struct {
	options Options
	assets  map[string]asset
	hub     *hub
	open    bool
	handler http.Handler
}

// New makes a Server. It fails when one that is not on loopback has no protection.
func New(options Options) (*Server, error) {
	s := &Server{options: options, open: IsLoopback(options.Address)}
	if !s.open && options.Protect == nil {
		return nil, fmt.Errorf("the dashboard at %s would be open to everybody: bind it to 127.0.0.1, or protect it", options.Address)
	}
	var err error
	if s.assets, err = loadAssets(); err != nil {
		return nil, fmt.Errorf("the files of the dashboard: %w", err)
	}
	s.hub = &hub{watch: options.Watch, build: s.snapshot}
	s.handler, err = s.routes()
	return s, err
}

// IsLoopback says whether an address is reached from its own machine alone. No host
// is every address.
func IsLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Handler is all that is served.
func (s *Server) Handler() http.Handler { return s.handler }

// NeedLeaderElection says that every replica serves: what is shown is in the cluster.
func (s *Server) NeedLeaderElection() bool { return false }

func (s *Server) routes() (http.Handler, error) {
	data := http.NewServeMux()
	data.HandleFunc(Path+"/events", s.events)
	data.HandleFunc(Path+"/component", s.component)
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.assets["index.html"].serve(w, r, http.StatusOK) })
	guardedData, err := s.guard(data)
	if err != nil {
		return nil, err
	}
	guardedPage, err := s.guard(page)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle(Path+"/events", guardedData)
	mux.Handle(Path+"/component", guardedData)
	mux.Handle(Path+"/{$}", s.signIn(guardedPage))
	mux.HandleFunc(Path+"/assets/{name}", s.asset)
	for _, short := range []string{"/{$}", Path} {
		mux.Handle(short, http.RedirectHandler(Path+"/", http.StatusFound))
	}
	return s.rules(mux), nil
}

// rules hold for every answer.
func (s *Server) rules(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", policy)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("X-Frame-Options", "DENY")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			header.Set("Allow", "GET, HEAD")
			http.Error(w, "the dashboard is read-only", http.StatusMethodNotAllowed)
			return
		}
		// Another site's page could give its own name the address of this machine.
		if s.open && !IsLoopback(withPort(r.Host)) {
			http.Error(w, "open this page as localhost or 127.0.0.1", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func withPort(host string) string {
	if _, _, err := net.SplitHostPort(host); err == nil {
		return host
	}
	return net.JoinHostPort(strings.Trim(host, "[]"), "0")
}

// guard asks who it is and whether they may get the dashboard: one question for all
// of its paths and for HEAD too, so that the answer is remembered once.
func (s *Server) guard(next http.Handler) (http.Handler, error) {
	if s.open {
		return next, nil
	}
	type asked struct{}
	protected, err := s.options.Protect(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		original, isAsked := r.Context().Value(asked{}).(*http.Request)
		answer, isGate := w.(*gate)
		if !isAsked || !isGate {
			http.Error(w, "the request has lost its way", http.StatusInternalServerError)
			return
		}
		next.ServeHTTP(answer.ResponseWriter, original)
	}))
	if err != nil {
		return nil, fmt.Errorf("protect the dashboard: %w", err)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		question := r.Clone(context.WithValue(r.Context(), asked{}, r))
		question.Method, question.URL.Path, question.URL.RawPath = http.MethodGet, Path, ""
		protected.ServeHTTP(&gate{ResponseWriter: w}, question)
	}), nil
}

// gate is what the protection answers to. A token that the API server does not take
// is a failure to it, like an API server that does not answer; to the person it is
// the first until they have tried again.
type gate struct{ http.ResponseWriter }

// WriteHeader makes a refusal of a failure.
func (g *gate) WriteHeader(status int) {
	if status == http.StatusInternalServerError {
		status = http.StatusUnauthorized
	}
	g.ResponseWriter.WriteHeader(status)
}

// signIn answers a browser that has not said who it is with the page all the same,
// and with the status of the refusal: a browser cannot send a token with its first
// request. The page holds no data; it asks for a token, and sends it along when it
// asks for some.
func (s *Server) signIn(page http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := &refusal{ResponseWriter: w}
		page.ServeHTTP(answer, r)
		if answer.status != 0 {
			s.assets["index.html"].serve(w, r, answer.status)
		}
	})
}

// refusal holds back an answer that says who may not.
type refusal struct {
	http.ResponseWriter
	status int
}

// WriteHeader lets everything through but refusals.
func (a *refusal) WriteHeader(status int) {
	if status == http.StatusUnauthorized || status == http.StatusForbidden {
		a.status = status
		return
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write drops the text of a refusal.
func (a *refusal) Write(data []byte) (int, error) {
	if a.status != 0 {
		return len(data), nil
	}
	return a.ResponseWriter.Write(data)
}

func (s *Server) asset(w http.ResponseWriter, r *http.Request) {
	file, ok := s.assets[r.PathValue("name")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	file.serve(w, r, http.StatusOK)
}

func (s *Server) snapshot(ctx context.Context) ([]byte, error) {
	world, err := s.options.Source.World(ctx)
	if err != nil {
		return nil, err
	}
	return encode(Snapshot(world))
}

// component serves the details of the component that the query names.
func (s *Server) component(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	detail, found, err := s.options.Source.Detail(r.Context(), query.Get("bundle"), query.Get("component"))
	if err != nil {
		s.options.Log.Error(err, "Cannot describe a component")
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if !found {
		http.Error(w, "there is no such component", http.StatusNotFound)
		return
	}
	data, err := encode(detail)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if r.Method != http.MethodHead {
		_, _ = w.Write(data) //nolint:gosec // G705: it is JSON by its type, and nosniff is set; the error is a browser that went away
	}
}

func encode(value any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return bytes.TrimRight(b.Bytes(), "\n"), err
}

// Start listens and serves until the context ends.
func (s *Server) Start(ctx context.Context) error {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", s.options.Address)
	if err != nil {
		return fmt.Errorf("serve the dashboard: %w; --dashboard-bind-address names the address", err)
	}
	return s.Serve(ctx, listener)
}

// Serve serves on a listener until the context ends, and closes it.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	scheme := "http"
	if !s.open {
		config, err := selfSigned()
		if err != nil {
			return errors.Join(fmt.Errorf("serve the dashboard: %w", err), listener.Close())
		}
		listener, scheme = tls.NewListener(listener, config), "https"
	}
	server := &http.Server{
		// No ReadTimeout: it would end streams, whose requests were read long ago.
		Handler: s.handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 90 * time.Second,
		MaxHeaderBytes: 64 << 10, BaseContext: func(net.Listener) context.Context { return ctx },
	}
	s.options.Log.Info("Serving the dashboard", "address", scheme+"://"+listener.Addr().String()+Path+"/")
	ended := context.AfterFunc(ctx, func() {
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if err := server.Shutdown(grace); err != nil {
			_ = server.Close() // it was given time
		}
	})
	err := server.Serve(listener)
	ended()
	s.hub.wait()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve the dashboard: %w", err)
}

// selfSigned is what the metrics endpoint does without a certificate: it is about
// encryption; a proxy before it has one that people trust.
func selfSigned() (*tls.Config, error) {
	certificate, key, err := certutil.GenerateSelfSignedCertKeyWithFixtures("localhost", []net.IP{net.IPv4(127, 0, 0, 1)}, nil, "")
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return nil, err
	}
	// Not HTTP/2, as for metrics: its rapid resets have no cure.
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}, nil
}
