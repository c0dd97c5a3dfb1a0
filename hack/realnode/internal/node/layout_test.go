// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/groundwork-dev/groundwork/hack/simcluster/proc"
)

func TestLayout(t *testing.T) {
	dir := t.TempDir()
	folder := filepath.Join(dir, "real")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(folder, link); err != nil {
		t.Fatal(err)
	}
	for _, sub := range []string{"", "absent"} { // the rest is statedir's
		one, err := newLayout(filepath.Join(folder, sub))
		if err != nil {
			t.Fatal(err)
		}
		other, err := newLayout(filepath.Join(link, sub))
		if err != nil {
			t.Fatal(err)
		}
		if one != other || one.cgroup() != other.cgroup() {
			t.Errorf("one folder has two identities: %v and %v", one, other)
		}
	}
	if a, b := (layout{"/a"}), (layout{"/b"}); a.cgroup() == b.cgroup() {
		t.Error("two nodes share a cgroup")
	}
	if _, err := newLayout("/" + strings.Repeat("x", maxDir)); err == nil || !strings.Contains(err.Error(), "--dir") {
		t.Errorf("a path too long for a socket: %v", err)
	}
	longest := layout{"/" + strings.Repeat("x", maxDir-1)}
	if socket := longest.socket() + ".ttrpc"; len(socket) > 107 {
		t.Errorf("the longest folder allowed has a socket path of %d bytes", len(socket))
	}
}

func TestRemove(t *testing.T) {
	l := layout{dir: filepath.Join(t.TempDir(), "node")}
	if err := l.create(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{l.state(), l.kubeconfig(), l.log("etcd"), l.path("theirs")} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.clear(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(l.log("etcd")); err != nil {
		t.Errorf("the logs tell why a start failed: %v", err)
	}
	if err := l.remove(); err != nil {
		t.Fatal(err)
	}
	left, err := filepath.Glob(l.path("*"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{l.path("theirs")}, left); diff != "" {
		t.Errorf("what is not the node's stays, and nothing else: %s", diff)
	}
}

// TestClaimed: a folder is a node's when its lock says so, or when it is empty.
func TestClaimed(t *testing.T) {
	l := layout{dir: filepath.Join(t.TempDir(), "node")}
	if err := l.claimed(); err != nil {
		t.Errorf("absent: %v", err)
	}
	if err := os.MkdirAll(l.etcdData(), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := l.claimed(); err == nil || !strings.Contains(err.Error(), l.dir) || !strings.Contains(err.Error(), "etcd") {
		t.Errorf("an etcd of somebody else's: %v, want an error that names the folder and what it holds", err)
	}
	if err := os.WriteFile(l.lock(), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := l.claimed(); err != nil {
		t.Errorf("with a node's lock: %v", err)
	}
	if err := l.remove(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(l.dir); !os.IsNotExist(err) {
		t.Errorf("the lock's folder stays: %v", err)
	}
}

func TestState(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.json")
	if s, err := readState(path); err != nil || s.running() {
		t.Errorf("without a state: %+v, %v", s, err)
	}
	want := state{Ready: true, Server: "https://127.0.0.1:1", Init: proc.Identity{Name: "init", PID: 1 << 30, Start: "1"}}
	if err := want.write(path); err != nil {
		t.Fatal(err)
	}
	got, err := readState(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got.running() {
		t.Error("a node whose first process ended is not running")
	}
	if err := os.WriteFile(path, []byte("{half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readState(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("a damaged state: %v", err)
	}
}
