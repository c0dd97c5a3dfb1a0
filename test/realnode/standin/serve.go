// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// The reasons of a server not to be ready.
const (
	waitStart   = "start"
	waitInject  = "injected CA"
	waitObjects = "first list of objects"
	waitFailure = "failure"
	terminating = "terminating"
)

// server is the part that the long-running modes have in common: answers on a plain port, and misbehaviour on demand.
type server struct {
	listen     string
	version    string
	dataDir    string
	startAfter time.Duration
	crashAfter time.Duration
	drain      time.Duration
	crash      bool
	eatMemory  bool

	ready  *readiness
	starts int
	log    *log.Logger
}

func newServer(flags *flag.FlagSet, log *log.Logger, reasons ...string) *server {
	s := &server{log: log, ready: newReadiness(append(reasons, waitStart)...)}
	flags.StringVar(&s.listen, "listen", ":8080", "address of /healthz, /readyz, /whoami and /starts")
	flags.StringVar(&s.version, "version", "", "what /whoami says")
	flags.StringVar(&s.dataDir, "data-dir", "", "folder in which starts are counted")
	flags.DurationVar(&s.startAfter, "start-after", 0, "time until ready")
	flags.DurationVar(&s.crashAfter, "crash-after", 0, "time until --crash")
	flags.DurationVar(&s.drain, "drain", 500*time.Millisecond, "time to go on answering after SIGTERM, while endpoints are taken away")
	flags.BoolVar(&s.crash, "crash", false, "exit with 1")
	flags.BoolVar(&s.eatMemory, "eat-memory", false, "allocate memory until the kernel ends it")
	return s
}

func serve(ctx context.Context, arguments []string, log *log.Logger) error {
	flags := newFlags("serve")
	s := newServer(flags, log)
	if _, err := parse(flags, arguments); err != nil {
		return err
	}
	return s.run(ctx)
}

// run serves until the context ends, and everything else that was asked for with it. What fails at once is never ready, not even for the
// moment between two probes: a rollout would pass for complete.
func (s *server) run(ctx context.Context, more ...func(context.Context) error) error {
	if s.dataDir != "" {
		starts, err := countStart(filepath.Join(s.dataDir, "starts"))
		if err != nil {
			return fmt.Errorf("--data-dir: %w", err)
		}
		s.starts = starts
		s.log.Printf("start %d with this data", starts)
	}
	functions := append([]func(context.Context) error{
		func(ctx context.Context) error { return s.answer(ctx, s.listen, s.handler(), nil) },
		s.start,
	}, more...)
	if s.crash {
		if s.crashAfter <= s.startAfter {
			s.ready.wait(waitFailure)
		}
		functions = append(functions, s.fail)
	}
	if s.eatMemory {
		s.ready.wait(waitFailure)
		functions = append(functions, func(ctx context.Context) error { return eat(ctx, plenty) })
	}
	return together(ctx, functions...)
}

func (s *server) start(ctx context.Context) error {
	if pause(ctx, s.startAfter) {
		s.ready.done(waitStart)
		if s.startAfter > 0 {
			s.log.Printf("started after %s", s.startAfter)
		}
	}
	return nil
}

func (s *server) fail(ctx context.Context) error {
	if pause(ctx, s.crashAfter) {
		s.log.Print("configured to fail")
		return exitCode(1)
	}
	return nil
}

// answer serves on an address until the context ends. Then it is no longer ready, and goes on until nobody sends requests any more.
func (s *server) answer(ctx context.Context, address string, handler http.Handler, certificates *tls.Config) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	s.log.Printf("listening on %s", listener.Addr())
	if certificates != nil {
		listener = tls.NewListener(listener, certificates)
	}
	h := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, ErrorLog: s.log}
	return together(ctx,
		func(context.Context) error {
			if err := h.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		},
		func(ctx context.Context) error {
			<-ctx.Done()
			s.ready.wait(terminating)
			ctx = context.WithoutCancel(ctx)
			pause(ctx, s.drain)
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			if err := h.Shutdown(ctx); err != nil {
				return h.Close()
			}
			return nil
		})
}

func (s *server) handler() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if missing := s.ready.missing(); missing != "" {
			http.Error(w, "waiting for "+missing, http.StatusServiceUnavailable)
			return
		}
		_, _ = fmt.Fprintln(w, "ok")
	})
	mux.HandleFunc("GET /whoami", func(w http.ResponseWriter, _ *http.Request) {
		name, _ := os.Hostname() // the name of the pod
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"name": name, "version": s.version, "starts": s.starts})
	})
	mux.HandleFunc("GET /starts", func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprintln(w, s.starts) })
	return mux
}

// countStart adds one to the number in a file, which need not be there, and returns it.
func countStart(path string) (int, error) {
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return 0, err
	}
	count := 0
	if len(data) > 0 {
		if count, err = strconv.Atoi(strings.TrimSpace(string(data))); err != nil {
			return 0, fmt.Errorf("%s: %w", path, err)
		}
	}
	count++
	temporary := path + ".new" // a crash leaves the old number or the new one
	if err := os.WriteFile(temporary, []byte(strconv.Itoa(count)+"\n"), 0o600); err != nil {
		return 0, err
	}
	return count, os.Rename(temporary, path)
}

// plenty is far more than the limit of any stand-in, and less than what would hurt a machine.
const plenty = 1 << 30

// eat takes memory, a mebibyte at a time, and touches it, so that it counts. It gives up after so many bytes.
func eat(ctx context.Context, most int) error {
	var eaten [][]byte
	for len(eaten)<<20 < most {
		chunk := make([]byte, 1<<20)
		for i := 0; i < len(chunk); i += 4096 {
			chunk[i] = 1
		}
		eaten = append(eaten, chunk)
		if !pause(ctx, time.Millisecond) {
			return nil
		}
	}
	return fmt.Errorf("--eat-memory: nothing stopped it at %d MiB: the container has no memory limit", len(eaten))
}
