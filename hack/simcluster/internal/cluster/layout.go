// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package cluster brings a simulated Kubernetes control plane up on loopback
// and takes it down again: etcd, kube-apiserver, kube-controller-manager,
// kube-scheduler, kwok as the kubelet of simulated Nodes, and the players that
// stand in for what a cloud would do. All state lives in one folder, so any
// number of clusters run side by side. It imports package proc, client-go and
// the standard library.
package cluster

import (
	"fmt"
	"os"
	"path/filepath"
)

// layout names every file of a cluster's state folder. All paths are absolute.
type layout struct{ dir string }

// newLayout resolves dir, symbolic links included: the path is an identity
// (it marks the processes), so one folder must have one spelling.
func newLayout(dir string) (layout, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return layout{}, fmt.Errorf("resolve the state folder: %w", err)
	}
	if resolved, err := filepath.EvalSymlinks(abs); err == nil {
		return layout{dir: resolved}, nil
	}
	// The folder does not exist (any more); its parent mostly does.
	if parent, err := filepath.EvalSymlinks(filepath.Dir(abs)); err == nil {
		abs = filepath.Join(parent, filepath.Base(abs))
	}
	return layout{dir: abs}, nil
}

func (l layout) path(elem ...string) string {
	return filepath.Join(append([]string{l.dir}, elem...)...)
}

func (l layout) lock() string           { return l.path("lock") }
func (l layout) state() string          { return l.path("state.json") }
func (l layout) kubeconfig() string     { return l.path("kubeconfig") }
func (l layout) logs() string           { return l.path("logs") }
func (l layout) log(name string) string { return l.path("logs", name+".log") }
func (l layout) pki(name string) string { return l.path("pki", name) }
func (l layout) etcdData() string       { return l.path("etcd") }
func (l layout) kwokConfig() string     { return l.path("kwok.yaml") }
func (l layout) webhookCA() string      { return l.pki("webhook-ca.crt") }

// create makes the folders a cluster writes to.
func (l layout) create() error {
	for _, dir := range []string{l.dir, l.logs(), l.path("pki"), l.etcdData()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("create the state folder: %w", err)
		}
	}
	return nil
}

// remove deletes what a cluster wrote, and the folder itself when nothing of
// somebody else is in it. The lock goes last; its holder calls this.
func (l layout) remove() error {
	for _, path := range []string{l.kubeconfig(), l.kwokConfig(), l.etcdData(), l.path("pki"), l.logs(), l.state(), l.lock()} {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("remove the cluster's state: %w", err)
		}
	}
	_ = os.Remove(l.dir) // fails, as it should, when other files are there
	return nil
}
