// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Command chartserver is a chart repository in a pod: it serves charts.RunningCharts from memory, counts for hooks that fail a number of
// times, and plays an outage. It imports test/charts and the standard library only.
//
//	GET /index.yaml, /NAME-VERSION.tgz   the repository
//	GET /unsteady/...                    the same, as one that has outages
//	GET /counter/NAME                    how often that was asked, this time included: 1, 2, 3
//	GET /counter/NAME/reset              starts the counter again
//	GET /switch/off, /switch/on          while off, the unsteady repository answers 503
//	GET /healthz
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/groundwork-dev/groundwork/test/charts"
)

func main() {
	listen := flag.String("listen", ":8080", "address to serve at")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	err := run(ctx, *listen)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "chartserver:", err)
		os.Exit(1)
	}
}

// run serves until the context ends.
func run(ctx context.Context, address string) error {
	handler, err := newHandler()
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	log.Printf("chartserver: listening on %s", listener.Addr())
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	ended := context.AfterFunc(ctx, func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = server.Shutdown(ctx)
	})
	defer ended()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// counters are numbers by name. They are safe for concurrent use.
type counters struct {
	mu     sync.Mutex
	counts map[string]int
}

func (c *counters) next(name string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts[name]++
	return c.counts[name]
}

func (c *counters) reset(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.counts, name)
}

func newHandler() (http.Handler, error) {
	running, err := charts.RunningCharts()
	if err != nil {
		return nil, err
	}
	repository, err := charts.RepositoryHandler(running...)
	if err != nil {
		return nil, err
	}
	count := &counters{counts: map[string]int{}}
	var off atomic.Bool
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /counter/{name}", func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintln(w, count.next(r.PathValue("name")))
	})
	mux.HandleFunc("GET /counter/{name}/reset", func(w http.ResponseWriter, r *http.Request) {
		count.reset(r.PathValue("name"))
		_, _ = fmt.Fprintln(w, 0)
	})
	for path, state := range map[string]bool{"/switch/off": true, "/switch/on": false} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			off.Store(state)
			log.Printf("chartserver: %s", r.URL.Path)
			_, _ = fmt.Fprintln(w, "ok")
		})
	}
	logged := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		log.Printf("chartserver: %s %s", r.Method, r.URL.Path)
		repository.ServeHTTP(w, r)
	})
	mux.Handle("/", logged)
	unsteady := http.StripPrefix("/unsteady", logged)
	mux.HandleFunc("/unsteady/", func(w http.ResponseWriter, r *http.Request) {
		if off.Load() {
			http.Error(w, "switched off", http.StatusServiceUnavailable)
			return
		}
		unsteady.ServeHTTP(w, r)
	})
	return mux, nil
}
