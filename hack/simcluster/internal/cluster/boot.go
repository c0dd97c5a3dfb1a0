// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"k8s.io/client-go/kubernetes"

	"github.com/groundwork-dev/groundwork/hack/simcluster/connect"
	"github.com/groundwork-dev/groundwork/hack/simcluster/proc"
)

const (
	pollEvery = 25 * time.Millisecond
	logLines  = 15
)

// booter is one attempt to start a cluster.
type booter struct {
	layout
	Options
	ports   ports
	state   state
	started []*proc.Process
}

// boot starts everything in order of need. After an error the caller ends what
// b.state names.
func (b *booter) boot(ctx context.Context) error {
	if err := b.prepare(ctx); err != nil {
		return err
	}
	if err := b.startServers(ctx); err != nil {
		return err
	}
	return b.startActors(ctx)
}

// prepare writes every file the processes read.
func (b *booter) prepare(ctx context.Context) error {
	if err := b.create(); err != nil {
		return err
	}
	var err error
	if b.ports, err = freePorts(ctx); err != nil {
		return err
	}
	b.state = state{Server: url("https", b.ports.apiserver), Nodes: b.Nodes}
	if err := writePKI(b.layout, time.Now()); err != nil {
		return err
	}
	if err := writeKubeconfig(b.layout, b.state.Server); err != nil {
		return err
	}
	return writeKwokConfig(b.layout, b.Bin)
}

// startServers starts etcd and the API server, and waits for each.
func (b *booter) startServers(ctx context.Context) error {
	if err := b.spawn("etcd", b.binary("etcd"), etcdArgs(b.layout, b.ports)); err != nil {
		return err
	}
	if err := b.await(ctx, "etcd", b.etcdHealthy); err != nil {
		return err
	}
	args := slices.Concat(apiserverArgs(b.layout, b.ports), auditArgs(b.layout, b.AuditPolicy))
	if err := b.spawn("kube-apiserver", b.binary("kube-apiserver"), args); err != nil {
		return err
	}
	client, err := b.client()
	if err != nil {
		return err
	}
	return b.await(ctx, "kube-apiserver", func(ctx context.Context) error {
		return client.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
	})
}

// startActors starts all that acts on the API, and waits for usable Nodes.
func (b *booter) startActors(ctx context.Context) error {
	actors := []struct {
		name, path string
		args       []string
	}{
		{"kube-controller-manager", b.binary("kube-controller-manager"), controllerManagerArgs(b.layout)},
		{"kube-scheduler", b.binary("kube-scheduler"), schedulerArgs(b.layout)},
		{"kwok", b.binary("kwok"), kwokArgs(b.layout)},
		{"players", b.Self, []string{"play", "--kubeconfig=" + b.kubeconfig(), "--webhook-ca=" + b.webhookCA()}},
	}
	for _, a := range actors {
		if err := b.spawn(a.name, a.path, a.args); err != nil {
			return err
		}
	}
	client, err := b.client()
	if err != nil {
		return err
	}
	if err := createObjects(ctx, client, b.Nodes); err != nil {
		return err
	}
	err = b.await(ctx, "the Nodes", func(ctx context.Context) error { return usable(ctx, client, b.Nodes) })
	if err != nil {
		return err
	}
	b.state.Ready = true
	return b.state.write(b.layout.state())
}

func (b *booter) binary(name string) string { return filepath.Join(b.Bin, name) }

func (b *booter) client() (kubernetes.Interface, error) {
	config, err := clientConfig(b.kubeconfig())
	if err != nil {
		return nil, err
	}
	return kubernetes.NewForConfig(config)
}

// spawn starts a process and writes it down at once.
func (b *booter) spawn(name, path string, args []string) error {
	p, err := proc.Start(proc.Command{Name: name, Path: path, Args: args, Log: b.log(name), Owner: b.dir})
	if err != nil {
		return err
	}
	b.started = append(b.started, p)
	b.state.Processes = append(b.state.Processes, p.Identity)
	return b.state.write(b.layout.state())
}

// await polls check until it returns nil. It fails when a process of the
// cluster ends, with the end of that process's log.
func (b *booter) await(ctx context.Context, what string, check func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		err := check(ctx)
		if err == nil {
			return nil
		}
		if ended := b.ended(); ended != nil {
			return ended
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w (last seen: %w); logs in %s", what, ctx.Err(), err, b.logs())
		case <-tick.C:
		}
	}
}

// ended returns an error about the first process that ended, or nil.
func (b *booter) ended() error {
	for _, p := range b.started {
		select {
		case <-p.Exited:
			return endedError(p.Name, p.Log)
		default:
		}
	}
	return nil
}

func endedError(name, log string) error {
	tail := proc.Tail(log, logLines)
	err := fmt.Errorf("%s ended; the end of %s:\n%s", name, log, tail)
	if strings.Contains(tail, "address already in use") {
		return errors.Join(errPortTaken, err)
	}
	return err
}

func (b *booter) etcdHealthy(ctx context.Context) error {
	return connect.EtcdHealthy(ctx, url("http", b.ports.etcd))
}
