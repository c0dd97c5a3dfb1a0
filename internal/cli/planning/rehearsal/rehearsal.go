// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package rehearsal lets the operator's own engine install or upgrade a release
// against an API server that accepts no write, and reads what would have been written:
// the record of a release, which Helm writes before anything else, holds its manifest
// and its hooks. So a plan shows what the very code of the operator renders. Nothing
// can be changed by it, whatever a chart does: every request but a read ends in this
// process. It imports internal/helm, internal/chart, internal/crds and clients.
package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/chart"
	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/helm"
)

// identity of the process, which no record ever shows.
const identity = "rehearsal"

// Stage is where releases are rehearsed. One release at a time.
type Stage struct {
	engine *helm.Engine
	kinds  *Kinds
	guard  *guard
}

// New makes a stage. Reads go to the cluster of the configuration; nil: there is none,
// nothing is found, and kinds say what it would serve.
func New(config *rest.Config, kinds *Kinds, charts helm.ChartFetcher) (*Stage, error) {
	s := &Stage{kinds: kinds, guard: &guard{kinds: kinds}}
	if config == nil {
		config = &rest.Config{Host: "http://nowhere.invalid", Transport: s.guard}
	} else {
		config = rest.CopyConfig(config)
		config.Wrap(s.guard.over)
	}
	config.QPS = -1
	// The guard reads what Helm writes.
	config.ContentType, config.AcceptContentTypes = runtime.ContentTypeJSON, runtime.ContentTypeJSON
	var err error
	s.engine, err = helm.New(helm.Options{
		Config: config, Kinds: kinds, Charts: charts, Identity: identity, Log: logr.Discard(),
		Wait: func(context.Context, string, []helm.Applied) error {
			return errors.New("a rehearsal waits for nothing")
		},
	})
	return s, err
}

// Kinds that are served.
func (s *Stage) Kinds() *Kinds { return s.kinds }

// Request is one release.
type Request struct {
	helm.Release
	// Owner is the ComponentRelease.
	Owner string
	// Source of the chart, and what its range was resolved to before; nil resolves it.
	Source chart.Source
	Pinned *chart.Resolved
	// Values are merged and final.
	Values map[string]any
	// Adopt takes over objects that belong to nobody.
	Adopt bool
}

// Result is what would be written.
type Result struct {
	// Rendered is what the operator learns before it begins.
	*helm.Rendered
	// Record of the release.
	Record Record
}

// Render fetches a chart and renders it, as the operator does before it approves.
func (s *Stage) Render(ctx context.Context, r Request) (*helm.Rendered, error) {
	return s.engine.Render(ctx, helm.RenderRequest{Release: r.Release, Source: r.Source, Pinned: r.Pinned, Values: r.Values, Has: s.kinds.Has})
}

// Rehearse makes the record that an install, or an upgrade where there is a release,
// would begin with. The error is Helm's: also that objects exist already.
func (s *Stage) Rehearse(ctx context.Context, r Request, rendered *helm.Rendered) (Record, error) {
	known, err := s.engine.Observe(ctx, r.Release)
	if err != nil {
		return Record{}, err
	}
	s.guard.reset()
	request := helm.Request{
		Release: r.Release, Owner: r.Owner, Chart: rendered.Chart, Source: r.Source, Values: r.Values, Capabilities: rendered.Capabilities,
		Timeout: time.Minute, HistoryLimit: 0, Adopt: r.Adopt,
	}
	if slices.ContainsFunc(known, func(r helm.Revision) bool { return r.Status == helm.StatusDeployed }) {
		_, err = s.engine.Upgrade(ctx, request)
	} else {
		_, err = s.engine.Install(ctx, request)
	}
	record, recorded := s.guard.taken()
	switch {
	case recorded:
		return decode(record)
	case err == nil:
		err = errors.New("the engine wrote no record")
	}
	return Record{}, failure.Retryable(v1alpha1.ReasonPrepareFailed, "rehearse %s: %w", r.Release, err)
}

// Live reads the record of the revision that is deployed, or else of the newest one;
// false when there is none.
func (s *Stage) Live(ctx context.Context, release helm.Release, read func(ctx context.Context, namespace, name string) ([]byte, error)) (Record, bool, error) {
	known, err := s.engine.Observe(ctx, release)
	if err != nil || len(known) == 0 {
		return Record{}, false, err
	}
	chosen := known[len(known)-1]
	for _, revision := range known {
		if revision.Status == helm.StatusDeployed {
			chosen = revision
		}
	}
	raw, err := read(ctx, release.Namespace, fmt.Sprintf("sh.helm.release.v1.%s.v%d", release.Name, chosen.Number))
	if err != nil {
		return Record{}, false, fmt.Errorf("read revision %d of release %s: %w", chosen.Number, release, err)
	}
	record, err := decode(raw)
	return record, err == nil, err
}
