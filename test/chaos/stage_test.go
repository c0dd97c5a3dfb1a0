// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package chaos

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/groundwork-dev/groundwork/test/charts"
)

// stage is what all points share: the charts, the journal, the undisturbed runs,
// and the worlds that points take turns in.
type stage struct {
	folder string
	charts *charts.Repository
	log    *journal
	free   chan *world
	worlds []*world
	count  atomic.Int64

	mu         sync.Mutex
	references map[string]*sync.Once
	known      map[string]reference
}

// openStage serves the charts and starts so many API servers.
func openStage(servers int) (*stage, error) {
	folder, err := os.MkdirTemp("", "groundwork-chaos-charts-")
	if err != nil {
		return nil, err
	}
	s := &stage{
		folder: folder, log: openJournal(), free: make(chan *world, servers),
		references: map[string]*sync.Once{}, known: map[string]reference{},
	}
	if err := writeCharts(folder); err != nil {
		return nil, errors.Join(err, s.close())
	}
	if s.charts, err = charts.ServeHTTP(folder); err != nil {
		return nil, errors.Join(err, s.close())
	}
	for range servers {
		w, err := openWorld(s)
		if err != nil {
			return nil, errors.Join(err, s.close())
		}
		s.worlds = append(s.worlds, w)
		s.free <- w
	}
	return s, nil
}

func (s *stage) close() error {
	var errs []error
	for _, w := range s.worlds {
		errs = append(errs, w.close())
	}
	if s.charts != nil {
		errs = append(errs, s.charts.Close())
	}
	return errors.Join(append(errs, os.RemoveAll(s.folder))...)
}

// take waits for a world; it is given back when the test ends.
func (s *stage) take(t *testing.T) *world {
	t.Helper()
	w := <-s.free
	t.Cleanup(func() { s.free <- w })
	return w
}

// name is one that no other point has. All have the same length, and no other
// text in the cluster contains them.
func (s *stage) name() string { return fmt.Sprintf("zq%04d", s.count.Add(1)) }

// reference is the undisturbed run of a scenario; the first who asks makes it.
func (s *stage) reference(t *testing.T, of scenario) reference {
	t.Helper()
	s.mu.Lock()
	once := s.references[of.Name]
	if once == nil {
		once = &sync.Once{}
		s.references[of.Name] = once
	}
	s.mu.Unlock()
	once.Do(func() {
		t.Run("undisturbed", func(t *testing.T) {
			r := s.take(t).undisturbed(t, of)
			s.mu.Lock()
			defer s.mu.Unlock()
			s.known[of.Name] = r
		})
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.known[of.Name]
	if !ok {
		t.Fatalf("there is no undisturbed run of %s to compare with", of.Name)
	}
	return r
}

// journal keeps the newest lines of the operators' logs.
type journal struct {
	mu    sync.Mutex
	lines []string
}

// openJournal makes every operator of this process log into it.
func openJournal() *journal {
	j := &journal{}
	logger := funcr.New(func(prefix, args string) { j.add(prefix + " " + args) }, funcr.Options{Verbosity: 1})
	ctrl.SetLogger(logger)
	klog.SetLogger(logger)
	return j
}

func (j *journal) add(line string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	const most = 4000
	if j.lines = append(j.lines, time.Now().Format("05.000 ")+line); len(j.lines) > most {
		j.lines = j.lines[len(j.lines)-most/2:]
	}
}

// about returns the newest lines that hold a text, at most so many.
func (j *journal) about(text string, most int) string {
	j.mu.Lock()
	defer j.mu.Unlock()
	var out []string
	for _, line := range j.lines {
		if strings.Contains(line, text) {
			out = append(out, line[:min(len(line), 600)])
		}
	}
	return strings.Join(out[max(0, len(out)-most):], "\n")
}
