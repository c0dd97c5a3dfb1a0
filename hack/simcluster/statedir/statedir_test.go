// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package statedir

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/groundwork-dev/groundwork/hack/simcluster/proc"
)

func TestResolve(t *testing.T) {
	base, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	target, link := filepath.Join(base, "target"), filepath.Join(base, "link")
	if err := os.Mkdir(target, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	for given, want := range map[string]string{
		link:                          target,
		filepath.Join(link, "absent"): filepath.Join(target, "absent"),
	} {
		if got, err := Resolve(given); err != nil || got != want {
			t.Errorf("Resolve(%s) = %s, %v; want %s", given, got, err, want)
		}
	}
	if got, err := Resolve(""); err == nil || !strings.Contains(err.Error(), "--dir") {
		t.Errorf("no folder at all is %s, %v; want an error that names --dir", got, err)
	}
}

func TestReadWrite(t *testing.T) {
	type state struct{ Name string }
	path := filepath.Join(t.TempDir(), "state.json")
	if none, err := Read[state](path); err != nil || none != (state{}) {
		t.Errorf("without a file: %+v, %v", none, err)
	}
	if err := Write(path, state{"a"}); err != nil {
		t.Fatal(err)
	}
	if got, err := Read[state](path); err != nil || got != (state{"a"}) {
		t.Errorf("got %+v, %v", got, err)
	}
	if err := os.WriteFile(path, []byte(`{"name":"half`), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := Read[state](path); err == nil || !strings.Contains(err.Error(), path) || got != (state{}) {
		t.Errorf("a damaged state: %+v, %v; want none, and an error that names the file", got, err)
	}
	// A write that failed half-way leaves what Files names.
	if err := os.Mkdir(path+"-folder", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Write(path+"-folder", state{"b"}); err == nil {
		t.Error("a folder was replaced by a file")
	}
	left, err := filepath.Glob(path + "-folder*")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Files(path+"-folder"), left); diff != "" {
		t.Error(diff)
	}
}

const holderVariable = "STATEDIR_TEST_HOLDS"

// TestMain is the process that holds a lock when it is told to.
func TestMain(m *testing.M) {
	if path := os.Getenv(holderVariable); path != "" {
		if _, _, err := proc.TryAcquire(path); err != nil {
			panic(err)
		}
		_, _ = os.Stdout.WriteString("held\n")
		_, _ = io.Copy(io.Discard, os.Stdin) // until it is ended, or let go
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestTakeOver(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	lock := filepath.Join(dir, "lock")
	if taken, err := TakeOver(t.Context(), dir, lock); taken != nil || err != nil {
		t.Errorf("without a folder: %v, %v", taken, err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder was made: %v", err)
	}
	holder := hold(t, lock)
	taken, err := TakeOver(t.Context(), dir, lock)
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Release()
	var exit *exec.ExitError
	if err := holder.Wait(); !errors.As(err, &exit) || exit.ExitCode() != -1 {
		t.Errorf("the holder ended by itself: %v", err)
	}
}

// TestTakeOverSparesStrangers: the lock file still names a holder that was
// killed, and its process id is another process's by now.
func TestTakeOverSparesStrangers(t *testing.T) {
	dir := t.TempDir()
	lock := filepath.Join(dir, "lock")
	stranger := hold(t, lock)
	if err := os.WriteFile(lock, []byte(strconv.Itoa(stranger.Process.Pid)+" 1"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := TakeOver(ctx, dir, lock); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that nobody waits any more", err)
	}
	if err := errors.Join(stranger.let.Close(), stranger.Wait()); err != nil {
		t.Errorf("a process that only shares the id was ended: %v", err)
	}
}

type holder struct {
	*exec.Cmd
	// let lets the process go when it is closed.
	let io.Closer
}

// hold starts a process that holds the lock at path.
func hold(t *testing.T, path string) holder {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), holderVariable+"="+path)
	let, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "held\n" {
		t.Fatalf("the holder says %q, %v", line, err)
	}
	return holder{Cmd: cmd, let: let}
}
