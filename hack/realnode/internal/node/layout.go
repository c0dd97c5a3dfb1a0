// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package node brings a real Kubernetes node, control plane included, up in
// namespaces of its own, and takes it down again, all of it: etcd and the
// Kubernetes programs, containerd, CoreDNS, and a provisioner of local volumes.
// All its files are in one folder and nothing of it is on the host's network,
// so any number of nodes run side by side. It imports client-go and the
// packages of hack/simcluster; what needs Linux is in files of its own.
package node

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/groundwork-dev/groundwork/hack/simcluster/statedir"
)

// maxDir is how long the path of the state folder may be: the path of a socket
// below it has room for 107 bytes.
const maxDir = 80

// layout names every file of a node's state folder. All paths are absolute.
type layout struct{ dir string }

// newLayout resolves dir; see statedir.Resolve.
func newLayout(dir string) (layout, error) {
	abs, err := statedir.Resolve(dir)
	if err != nil {
		return layout{}, err
	}
	if len(abs) > maxDir {
		return layout{}, fmt.Errorf("the state folder %s: a path of %d bytes leaves no room for the sockets in it; choose one of at most %d (--dir)",
			abs, len(abs), maxDir)
	}
	return layout{dir: abs}, nil
}

func (l layout) path(elem ...string) string {
	return filepath.Join(append([]string{l.dir}, elem...)...)
}

func (l layout) state() string                 { return l.path("state.json") }
func (l layout) config() string                { return l.path("node.json") }
func (l layout) kubeconfig() string            { return l.path("kubeconfig") }
func (l layout) logs() string                  { return l.path("logs") }
func (l layout) log(name string) string        { return l.path("logs", name+".log") }
func (l layout) pki(name string) string        { return l.path("pki", name) }
func (l layout) conf(name string) string       { return l.path("conf", name) }
func (l layout) userConfig(user string) string { return l.conf(user + ".kubeconfig") }
func (l layout) image(name string) string      { return l.path("images", name+".tar") }
func (l layout) etcdData() string              { return l.path("etcd") }
func (l layout) volumes() string               { return l.path("volumes") }
func (l layout) kubelet() string               { return l.path("kubelet") }
func (l layout) podLogs() string               { return l.path("podlogs") }
func (l layout) containerd() string            { return l.path("containerd") }

// lock is also what shows that a folder is a node's: the first file made in
// it, and the last removed.
func (l layout) lock() string { return l.path("realnode.lock") }

// socket is containerd's: a socket in the file system belongs to no network,
// so it serves the host too.
func (l layout) socket() string { return l.path("run", "containerd.sock") }

// cgroup is the name of the node's cgroup in every hierarchy.
func (l layout) cgroup() string {
	sum := sha256.Sum256([]byte(l.dir))
	return "realnode-" + hex.EncodeToString(sum[:6])
}

// folders are all that a node writes to; only the administrator looks inside.
func (l layout) folders() []string {
	return []string{
		l.logs(), l.path("pki"), l.path("conf"), l.path("conf", "cni"), l.path("images"), l.path("run"),
		l.etcdData(), l.volumes(), l.kubelet(), l.podLogs(), l.containerd(), l.path("plugins"),
	}
}

// claimed returns an error when the folder holds something and is no node's.
// What a node removes has names that others use, too.
func (l layout) claimed() error {
	entries, err := os.ReadDir(l.dir)
	if errors.Is(err, fs.ErrNotExist) || (err == nil && len(entries) == 0) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look into the state folder: %w", err)
	}
	if _, err := os.Stat(l.lock()); err == nil {
		return nil
	}
	return fmt.Errorf("%s is not the folder of a node: it holds %s but no %s; no file in it was touched; choose a new or an empty folder (--dir)",
		l.dir, entries[0].Name(), filepath.Base(l.lock()))
}

// create makes the folders; there are keys in them.
func (l layout) create() error {
	for _, dir := range append([]string{l.dir}, l.folders()...) {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("create the state folder: %w", err)
		}
	}
	return nil
}

// clear deletes what a node wrote, but for the logs: they tell why it failed.
func (l layout) clear() error {
	files := append(statedir.Files(l.state()), l.kubeconfig(), l.config())
	for _, path := range append(l.folders(), files...) {
		if path == l.logs() {
			continue
		}
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("remove the node's state: %w", err)
		}
	}
	return nil
}

// remove deletes what a node wrote, and the folder itself when nothing of
// somebody else is in it. The lock goes last; its holder calls this.
func (l layout) remove() error {
	if err := l.clear(); err != nil {
		return err
	}
	for _, path := range []string{l.logs(), l.lock()} {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("remove the node's state: %w", err)
		}
	}
	_ = os.Remove(l.dir) // fails, as it should, when other files are there
	return nil
}
