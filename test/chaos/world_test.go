// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/crds"
)

// world is an API server with at most one operator. One point at a time has it.
type world struct {
	server  *envtest.Environment
	config  *rest.Config
	k8s     client.Client
	scratch string
	*stage

	process *process
}

// openWorld starts everything but an operator.
func openWorld(s *stage) (*world, error) {
	scratch, err := os.MkdirTemp("", "groundwork-chaos-")
	if err != nil {
		return nil, err
	}
	w := &world{scratch: scratch, stage: s}
	if err := w.open(); err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

func (w *world) open() (err error) {
	w.server = &envtest.Environment{
		CRDDirectoryPaths:       []string{filepath.Join("..", "..", "config", "crd", "bases")},
		ErrorIfCRDPathMissing:   true,
		ControlPlaneStopTimeout: 5 * time.Second,
	}
	// A folder of our own for the API server's certificates lets it be started again with the same ones.
	certificates := filepath.Join(w.scratch, "certificates")
	if err := os.MkdirAll(certificates, 0o700); err != nil {
		return err
	}
	w.server.ControlPlane.GetAPIServer().CertDir = certificates
	if w.config, err = w.server.Start(); err != nil {
		return fmt.Errorf("start the API server: %w", err)
	}
	w.config.QPS = -1
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme, crds.AddToScheme} {
		if err := add(scheme); err != nil {
			return err
		}
	}
	// Without a cache, and with a mapper that asks for a kind it does not know.
	w.k8s, err = client.New(w.config, client.Options{Scheme: scheme})
	return err
}

func (w *world) close() error {
	var errs []error
	if w.process != nil {
		errs = append(errs, w.process.kill())
	}
	if w.server != nil {
		errs = append(errs, w.server.Stop())
	}
	return errors.Join(append(errs, os.RemoveAll(w.scratch))...)
}

// operator is the one that runs; it is started if there is none.
func (w *world) operator(t *testing.T) *process {
	t.Helper()
	if w.process == nil {
		var err error
		if w.process, err = startOperator(w.config, filepath.Join(w.scratch, "cache")); err != nil {
			t.Fatal(err)
		}
	}
	return w.process
}

// replace kills the operator and starts the next.
func (w *world) replace(t *testing.T) {
	t.Helper()
	if err := w.drop(); err != nil {
		t.Fatal(err)
	}
	w.operator(t)
}

func (w *world) drop() error {
	old := w.process
	w.process = nil
	if old == nil {
		return nil
	}
	return old.kill()
}

// eventually asks until there is no error, and returns the last one at the end of
// the limit.
func eventually(ctx context.Context, limit time.Duration, check func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(15 * time.Millisecond)
	defer tick.Stop()
	var why error
	for {
		err := check(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() == nil || why == nil { // how a request ended that the limit cut off explains nothing
			why = err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not within %s: %w", limit, why)
		case <-tick.C:
		}
	}
}
