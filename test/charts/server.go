// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package charts

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

type serveOptions struct{ user, password string }

// ServeOption changes how charts are served.
type ServeOption func(*serveOptions)

// BasicAuth asks every request for this account.
func BasicAuth(user, password string) ServeOption {
	return func(o *serveOptions) { o.user, o.password = user, password }
}

// Server is an HTTP server on a free port of 127.0.0.1 that serves charts from a folder. It looks at the folder with every request, so
// that charts may come and go. It is safe for concurrent use.
type Server struct {
	// URL is the repository as a bundle or --chart-mirror names it.
	URL string

	options serveOptions
	http    *http.Server
	done    chan struct{}

	mu          sync.Mutex
	unavailable bool
	requests    []string
}

func (s *Server) start(handler http.HandlerFunc, opts []ServeOption) (address string, err error) {
	for _, opt := range opts {
		opt(&s.options)
	}
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("serve charts: %w", err)
	}
	s.http = &http.Server{Handler: s.guard(handler), ReadHeaderTimeout: 10 * time.Second}
	s.done = make(chan struct{})
	go func() {
		defer close(s.done)
		_ = s.http.Serve(listener) // always an error: that of Close
	}()
	return listener.Addr().String(), nil
}

// Close stops the server and ends open connections. Until then its port is taken.
func (s *Server) Close() error {
	err := s.http.Close()
	<-s.done
	return err
}

// SetUnavailable makes the server answer 503 to everything, or ends that.
func (s *Server) SetUnavailable(unavailable bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unavailable = unavailable
}

// Requests lists the requests that were let in, oldest first, as "GET /index.yaml".
func (s *Server) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Count tells how many of Requests end in a suffix, such as "/index.yaml" or ".tgz".
func (s *Server) Count(suffix string) int {
	count := 0
	for _, request := range s.Requests() {
		if strings.HasSuffix(request, suffix) {
			count++
		}
	}
	return count
}

func (s *Server) guard(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if s.options.user != "" {
			user, password, _ := r.BasicAuth()
			if !same(user, s.options.user) || !same(password, s.options.password) {
				w.Header().Set("WWW-Authenticate", `Basic realm="charts"`)
				http.Error(w, "unauthorized", http.StatusUnauthorized)
				return
			}
		}
		s.mu.Lock()
		s.requests = append(s.requests, r.Method+" "+r.URL.Path)
		unavailable := s.unavailable
		s.mu.Unlock()
		if unavailable {
			http.Error(w, "unavailable", http.StatusServiceUnavailable)
			return
		}
		next(w, r)
	}
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// archive is a file of the folder. Its name says which chart it is; whether that is true is for the client to find out.
type archive struct {
	name, version, path string
	digest              string // hexadecimal SHA-256
	size                int64
}

// folder lists archives, and reads one only when it has changed.
type folder struct {
	dir  string
	mu   sync.Mutex
	seen map[string]archive // by path, size and time of change
}

func newFolder(dir string) (*folder, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("serve charts: %w", err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("serve charts: %s is not a folder", dir)
	}
	return &folder{dir: dir, seen: map[string]archive{}}, nil
}

// list returns the archives in the order of their file names.
func (f *folder) list() ([]archive, error) {
	paths, err := filepath.Glob(filepath.Join(f.dir, "*.tgz"))
	if err != nil {
		return nil, err
	}
	fileName := regexp.MustCompile(`^(.+?)-(v?[0-9]+\.[0-9]+\.[0-9]+.*)\.tgz$`)
	f.mu.Lock()
	defer f.mu.Unlock()
	out := make([]archive, 0, len(paths))
	for _, path := range paths {
		parts := fileName.FindStringSubmatch(filepath.Base(path))
		if parts == nil {
			continue
		}
		a, err := f.read(path)
		if err != nil {
			return nil, err
		}
		a.name, a.version = parts[1], parts[2]
		out = append(out, a)
	}
	return out, nil
}

func (f *folder) read(path string) (archive, error) {
	info, err := os.Stat(path)
	if err != nil {
		return archive{}, err
	}
	key := fmt.Sprintf("%s\x00%d\x00%d", path, info.Size(), info.ModTime().UnixNano())
	if a, ok := f.seen[key]; ok {
		return a, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return archive{}, err
	}
	sum := sha256.Sum256(data)
	a := archive{path: path, digest: hex.EncodeToString(sum[:]), size: int64(len(data))}
	f.seen[key] = a
	return a, nil
}
