// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package chaos

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"
)

// What is tried: see the package comment.
const (
	modeVariable = "CHAOS"
	onlyVariable = "CHAOS_ONLY"
)

// scores and shared belong to the run as a whole: TestMain prints the one, and
// ends the other.
var (
	scores = &scoreboard{}
	shared struct {
		once  sync.Once
		stage *stage
		err   error
	}
)

func TestMain(m *testing.M) {
	flag.Parse()
	// Points mostly wait: for delays of the operator's and for two seconds in which
	// the API server holds the first object of a new kind back.
	if err := flag.Set("test.parallel", strconv.Itoa(servers())); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	code := m.Run()
	if shared.stage != nil {
		if err := shared.stage.close(); err != nil {
			fmt.Println("close:", err)
			code = max(code, 1)
		}
	}
	os.Exit(max(code, scores.print()))
}

// servers is how many API servers there are, each with one point at a time.
func servers() int {
	switch {
	case os.Getenv(onlyVariable) != "" && strings.Contains(os.Getenv(onlyVariable), "/"):
		return 1
	case os.Getenv(modeVariable) == "all":
		return 4
	default:
		return 2
	}
}

// theStage that all tests share, opened by the first.
func theStage(t *testing.T) *stage {
	t.Helper()
	if os.Getenv("KUBEBUILDER_ASSETS") == "" {
		t.Skip(`KUBEBUILDER_ASSETS is not set: run "make chaos", which builds an API server first`)
	}
	shared.once.Do(func() { shared.stage, shared.err = openStage(servers()) })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.stage
}

// selected says whether a point is tried: the one that CHAOS_ONLY names, all with
// CHAOS=all, or the sample.
func selected(scenario, name string, sample bool) bool {
	if os.Getenv(onlyVariable) != "" {
		return wanted(scenario, name)
	}
	return sample || os.Getenv(modeVariable) == "all"
}

// wanted says whether CHAOS_ONLY, which may name a scenario or a point, allows
// for a point; an empty name asks about any point of the scenario.
func wanted(scenario, name string) bool {
	only := os.Getenv(onlyVariable)
	if only == "" || only == scenario {
		return true
	}
	if name == "" {
		return strings.HasPrefix(only, scenario+"/")
	}
	return only == scenario+"/"+name
}

// scoreboard counts the points that were tried.
type scoreboard struct {
	mu     sync.Mutex
	tables []*table
}

// table is one line: a scenario under one sort of disturbance.
type table struct {
	sort, scenario string
	writes         int

	mu              sync.Mutex
	tried, survived int
	slowest, total  time.Duration
	failed          []string
}

func (s *scoreboard) table(sort, scenario string, writes int) *table {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, known := range s.tables {
		if known.sort == sort && known.scenario == scenario {
			return known
		}
	}
	t := &table{sort: sort, scenario: scenario, writes: writes}
	s.tables = append(s.tables, t)
	return t
}

// try counts a point; what it returns counts the outcome.
func (tab *table) try(t *testing.T, point string) (ended func()) {
	t.Helper()
	began := time.Now()
	return func() {
		tab.mu.Lock()
		defer tab.mu.Unlock()
		took := time.Since(began)
		if t.Skipped() {
			return // nothing was disturbed
		}
		tab.tried++
		tab.total += took
		tab.slowest = max(tab.slowest, took)
		if t.Failed() {
			tab.failed = append(tab.failed, point)
			t.Logf("repeat with %s=%s", onlyVariable, point)
			return
		}
		tab.survived++
	}
}

// print writes the tables and returns 1 if a point did not survive.
func (s *scoreboard) print() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	tried, survived := 0, 0
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	for _, tab := range s.tables {
		if tab.tried == 0 {
			continue
		}
		tried, survived = tried+tab.tried, survived+tab.survived
		_, _ = fmt.Fprintf(out, "%s\t%s\twrites %d\tpoints %d\tsurvived %d\tslowest %.1fs\ttotal %.0fs\n", tab.sort, tab.scenario,
			tab.writes, tab.tried, tab.survived, tab.slowest.Seconds(), tab.total.Seconds())
	}
	_ = out.Flush()
	for _, tab := range s.tables {
		for _, point := range tab.failed {
			fmt.Printf("repeat with %s=%s\n", onlyVariable, point)
		}
	}
	if tried > 0 {
		fmt.Printf("survived %d of %d\n", survived, tried)
	}
	if survived < tried {
		return 1
	}
	return 0
}
