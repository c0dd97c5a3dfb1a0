// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"time"

	"github.com/groundwork-dev/groundwork/internal/cluster"
	"github.com/groundwork-dev/groundwork/internal/crds"
	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/internal/jobs"
	"github.com/groundwork-dev/groundwork/internal/prepare"
	"github.com/groundwork-dev/groundwork/internal/readiness"
	"github.com/groundwork-dev/groundwork/internal/refs"
)

// The reconcilers see the rooms through these, so that specs can stand in for
// them where a room is not what is being tested.
type (
	// References gives the content of watched Secrets and ConfigMaps.
	References interface {
		SetRefs(owner string, refs []refs.Ref)
		Get(ref refs.Ref) (content refs.Content, found, synced bool)
	}

	// Preparer looks before the leap.
	Preparer interface {
		Peek(owner, key string) *prepare.Result
		Ensure(owner, key string, request helm.RenderRequest) (*prepare.Result, error)
		Keep(owner string, keys map[string]bool)
		Retry(owner, request string)
	}

	// Kinds answers what the API server serves.
	Kinds interface {
		Has(apiVersion string) bool
		SetCustom(kinds []cluster.CustomKind) bool
	}

	// CRDApplier applies definitions in order of need.
	CRDApplier interface {
		Ensure(owner string, requests []crds.Request)
		Errors(owner string) map[string]error
	}

	// Engine runs Helm actions.
	Engine interface {
		Observe(ctx context.Context, release helm.Release) ([]helm.Revision, error)
		Inventory(ctx context.Context, release helm.Release, revision int) ([]helm.Object, error)
		TakeOver(ctx context.Context, release helm.Release, revision int) error
		Install(ctx context.Context, request helm.Request) (helm.Result, error)
		Upgrade(ctx context.Context, request helm.Request) (helm.Result, error)
		Uninstall(ctx context.Context, release helm.Release, owner string, timeout time.Duration) error
	}

	// Tracker keeps the objects of releases in view.
	Tracker interface {
		Track(release string, inventory []readiness.Object)
		Forget(release string)
		Expect(objects ...readiness.Applied)
		Status(release string, rules []readiness.Rule) (status readiness.Status, synced bool)
	}

	// Jobs runs Helm actions in the background.
	Jobs interface {
		Begin(release, action, digest string, run func(context.Context) (any, error)) bool
		Running(release string) (jobs.Running, bool)
		Outcome(release string) (jobs.Outcome, bool)
		Clear(release string)
	}
)
