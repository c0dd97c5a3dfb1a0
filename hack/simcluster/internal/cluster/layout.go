// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package cluster brings a simulated Kubernetes control plane up on loopback
// and takes it down again: etcd, kube-apiserver, kube-controller-manager,
// kube-scheduler, kwok as the kubelet of simulated Nodes, and the players that
// stand in for what a cloud would do. All state lives in one folder, so any
// number of clusters run side by side. It imports the other packages of this
// module, client-go and the standard library.
package cluster

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/groundwork-dev/groundwork/hack/simcluster/statedir"
)

// layout names every file of a cluster's state folder. All paths are absolute.
type layout struct{ dir string }

// newLayout resolves dir; see statedir.Resolve.
func newLayout(dir string) (layout, error) {
	abs, err := statedir.Resolve(dir)
	return layout{dir: abs}, err
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
	paths := append(statedir.Files(l.state()), l.kubeconfig(), l.kwokConfig(), l.etcdData(), l.path("pki"), l.logs(), l.lock())
	for _, path := range paths {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("remove the cluster's state: %w", err)
		}
	}
	_ = os.Remove(l.dir) // fails, as it should, when other files are there
	return nil
}
