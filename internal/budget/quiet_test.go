// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package budget_test

import (
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/groundwork-dev/groundwork/internal/budget"
)

func TestWhenQuiet(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := budget.New(0)
		calls := 0
		b.WhenQuiet(10*time.Second, func() { calls++ })
		want := func(after time.Duration, n int, when string) {
			t.Helper()
			<-time.After(after) // on the bubble's clock
			synctest.Wait()
			if calls != n {
				t.Fatalf("called %d times, want %d %s", calls, n, when)
			}
		}
		want(9*time.Second, 0, "before the time is up")
		gate := b.Gate(1)
		first, second := gate.Join(1), gate.Join(1)
		want(time.Minute, 0, "while something is at work")
		first.Done()
		want(time.Minute, 0, "while the next is at work")
		second.Done()
		want(9*time.Second, 0, "right after")
		third := gate.Join(1)
		third.Done()
		want(9*time.Second, 0, "because the time counts from the last one")
		want(2*time.Second, 1, "when it has been quiet")
		want(time.Hour, 1, "as long as nothing happens")
	})
}

// TestRelease gives back what the test's own program takes, again and again, while it
// is at work in many threads: with a C library, and a linker that has written to what
// is read only now, where the test is built so.
func TestRelease(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux says how much of a file is mapped")
	}
	before := residentFile(t)
	if err := budget.Release(); err != nil {
		t.Fatal(err)
	}
	after := residentFile(t)
	if after >= before {
		t.Errorf("%d kB of files are resident, %d kB before", after, before)
	}
	done := make(chan struct{})
	var busy sync.WaitGroup
	for range 8 {
		busy.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					if _, err := net.DefaultResolver.LookupPort(t.Context(), "tcp", strconv.Itoa(time.Now().Nanosecond()%1000+1)); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	for range 10 {
		if err := budget.Release(); err != nil {
			t.Error(err)
		}
	}
	close(done)
	busy.Wait()
}

func residentFile(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "RssFile:"); ok {
			size, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				t.Fatal(err)
			}
			return size
		}
	}
	t.Skip("this kernel does not tell RssFile")
	return 0
}
