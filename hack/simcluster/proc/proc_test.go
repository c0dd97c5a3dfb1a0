// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package proc

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	rest := strings.Repeat(" 0", 18) + " 4711 0 0"
	tests := map[string]struct {
		stat  string
		start string
		alive bool
	}{
		"running":                {"12 (etcd) S" + rest, "4711", true},
		"blanks and parentheses": {"12 (a) R (b c) S" + rest, "4711", true},
		"zombie":                 {"12 (etcd) Z" + rest, "", false},
		"cut short":              {"12 (etcd) S 1 2", "", false},
		"not a stat file at all": {"hello", "", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			start, alive := parseStat([]byte(tt.stat))
			if start != tt.start || alive != tt.alive {
				t.Errorf("got %q, %t; want %q, %t", start, alive, tt.start, tt.alive)
			}
		})
	}
}

func sleeper(t *testing.T, owner string, script string) *Process {
	t.Helper()
	p, err := Start(Command{
		Name: "sh", Path: "/bin/sh", Args: []string{"-c", script},
		Log: filepath.Join(t.TempDir(), "log"), Owner: owner,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := Stop(t.Context(), 0, p.Identity); err != nil {
			t.Error(err)
		}
	})
	return p
}

func TestStop(t *testing.T) {
	willing := sleeper(t, "/nowhere", "exec sleep 600")
	if !willing.Alive() {
		t.Fatal("not alive after the start")
	}
	if err := Stop(t.Context(), time.Minute, willing.Identity); err != nil {
		t.Fatal(err)
	}
	<-willing.Exited
	if willing.Alive() {
		t.Error("still alive after Stop")
	}

	stubborn := sleeper(t, "/nowhere", `trap "" TERM; echo ready; while :; do sleep 600; done`)
	for !strings.Contains(Tail(stubborn.Log, 1), "ready") {
		if !stubborn.Alive() {
			t.Fatal("the shell ended")
		}
	}
	if err := Stop(t.Context(), 50*time.Millisecond, stubborn.Identity); err != nil {
		t.Fatal(err)
	}
	if stubborn.Alive() {
		t.Error("a process that ignores the signal survived")
	}
	for _, orphan := range Owned("/nowhere") { // the shell's own child
		if err := Stop(t.Context(), 0, orphan); err != nil {
			t.Error(err)
		}
	}
}

// TestStopSparesStrangers: the id was given to another process since.
func TestStopSparesStrangers(t *testing.T) {
	p := sleeper(t, "/nowhere", "exec sleep 600")
	stranger := p.Identity
	stranger.Start = "an earlier time"
	if stranger.Alive() {
		t.Fatal("a process with another start time counts as the same")
	}
	if err := Stop(t.Context(), time.Minute, stranger); err != nil {
		t.Fatal(err)
	}
	if !p.Alive() {
		t.Error("a process that only shares the id was ended")
	}
}

func TestOwned(t *testing.T) {
	if _, err := os.Stat("/proc/self/environ"); err != nil {
		t.Skip("no procfs")
	}
	mine, other := t.TempDir(), t.TempDir()
	p := sleeper(t, mine, "exec sleep 600")
	sleeper(t, other, "exec sleep 600")
	sleeper(t, mine+"-2", "exec sleep 600")
	owned := Owned(mine)
	if len(owned) != 1 || owned[0].PID != p.PID || !owned[0].Alive() {
		t.Errorf("got %+v, want the one with pid %d", owned, p.PID)
	}
}

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "not", "yet", "lock")
	first, _, err := TryAcquire(path)
	if err != nil {
		t.Fatal(err)
	}
	_, holder, err := TryAcquire(path)
	if !errors.Is(err, ErrLocked) || holder.PID != os.Getpid() || !holder.Alive() {
		t.Errorf("got holder %+v and %v, want this process and ErrLocked", holder, err)
	}
	first.Release()
	second, err := Acquire(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	// Removed while held: whoever comes next must get a lock others see.
	if err := os.RemoveAll(filepath.Dir(path)); err != nil {
		t.Fatal(err)
	}
	second.Release()
	third, err := Acquire(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer third.Release()
	if _, _, err := TryAcquire(path); !errors.Is(err, ErrLocked) {
		t.Errorf("got %v, want ErrLocked", err)
	}
}

func TestTail(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, []byte("a\nb\nc\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := Tail(path, 2); got != "b\nc" {
		t.Errorf("got %q", got)
	}
	if got := Tail(path, 9); got != "a\nb\nc" {
		t.Errorf("got %q", got)
	}
}

// TestStartPassesOn checks what a process is given, and what it is not: the
// environment of its starter.
func TestStartPassesOn(t *testing.T) {
	t.Setenv("STARTERS_OWN", "x")
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = read.Close() }()
	p, err := Start(Command{
		Name: "sh", Path: "/bin/sh", Args: []string{"-c", "env; echo through the pipe >&3"},
		Log: filepath.Join(t.TempDir(), "log"), Owner: "/nowhere",
		Env: []string{"GIVEN=yes"}, Files: []*os.File{write},
	})
	if err = errors.Join(err, write.Close()); err != nil {
		t.Fatal(err)
	}
	<-p.Exited
	env := Tail(p.Log, 100)
	for _, want := range []string{"GIVEN=yes", OwnerVariable + "=/nowhere"} {
		if !strings.Contains(env, want) {
			t.Errorf("the environment lacks %s:\n%s", want, env)
		}
	}
	if strings.Contains(env, "STARTERS_OWN") {
		t.Errorf("the starter's environment was passed on:\n%s", env)
	}
	if said, err := io.ReadAll(read); err != nil || string(said) != "through the pipe\n" {
		t.Errorf("the file handed on received %q, %v", said, err)
	}
}
