// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/admission"
	"github.com/groundwork-dev/groundwork/internal/cluster"
	"github.com/groundwork-dev/groundwork/internal/crds"
	"github.com/groundwork-dev/groundwork/internal/drift"
	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/internal/jobs"
	"github.com/groundwork-dev/groundwork/internal/manifests"
	"github.com/groundwork-dev/groundwork/internal/pods"
	"github.com/groundwork-dev/groundwork/internal/prepare"
	"github.com/groundwork-dev/groundwork/internal/readiness"
	"github.com/groundwork-dev/groundwork/internal/refs"
	"github.com/groundwork-dev/groundwork/internal/usage"
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
		Ensure(owner, key string, request prepare.Request) (*prepare.Result, error)
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

	// CRDChecker compares definitions with the cluster's in the background.
	CRDChecker interface {
		Check(bundle string, question crds.Question) (done bool, err error)
		Keep(bundle string, names map[string]bool)
		Retry(bundle, request string)
	}

	// Usage counts live objects of kinds.
	Usage interface {
		Set(owner string, kinds []usage.Kind)
		Count(owner string) (counts []usage.Count, synced bool)
		Trouble(owner string) []string
	}

	// Pods says why the pods of a workload do not run, while somebody asks.
	Pods interface {
		Follow(release string, workloads []pods.Workload)
		Trouble(workload pods.Workload) string
	}

	// Admission knows the admission webhooks of the cluster.
	Admission interface {
		Obstacle(q admission.Question) (message string, synced bool)
		Own(owner string, services []types.NamespacedName, expected []v1alpha1.WebhookReference) (problems []string, synced bool)
		Orphans() []string
		Registered(namespace string) []admission.Registration
	}

	// Engine runs Helm actions.
	Engine interface {
		Observe(ctx context.Context, release helm.Release) ([]helm.Revision, error)
		ObserveNew(ctx context.Context, release helm.Release) ([]helm.Revision, error)
		Inventory(ctx context.Context, release helm.Release, revision int) ([]helm.Object, error)
		TakeOver(ctx context.Context, release helm.Release, revision int) error
		Install(ctx context.Context, request helm.Request) (helm.Result, error)
		Upgrade(ctx context.Context, request helm.Request) (helm.Result, error)
		Rollback(ctx context.Context, request helm.RollbackRequest) (helm.Result, error)
		MarkReady(ctx context.Context, release helm.Release, revision int) error
		Describe(ctx context.Context, release helm.Release, revision int) (helm.Description, error)
		Drift(ctx context.Context, request helm.DriftRequest) ([]helm.Difference, []helm.Applied, error)
		Uninstall(ctx context.Context, request helm.UninstallRequest) error
	}

	// Manifests applies follow-up objects.
	Manifests interface {
		Apply(ctx context.Context, request manifests.Request) (manifests.Result, error)
		Remove(ctx context.Context, owner string, refs []v1alpha1.ObjectReference, allowDelete []string) (left []string, err error)
		Probe(ctx context.Context, namespace string, raw []apiextensionsv1.JSON) error
	}

	// Tracker keeps the objects of releases in view.
	Tracker interface {
		Track(release string, inventory []readiness.Object)
		Forget(release string)
		Expect(objects ...readiness.Applied)
		Status(release string, rules []readiness.Rule) (status readiness.Status, synced bool)
	}

	// Ledger remembers which objects must be compared with their release.
	Ledger interface {
		Known(release string, written ...readiness.Applied)
		Released(release string, written ...readiness.Applied)
		All(release string)
		Begin(release string) (objects []readiness.Object, all bool)
		Learn(release string, found []drift.Finding, written ...readiness.Applied)
		Failed(release string)
		After(release string) time.Duration
		Findings(release string) drift.Report
		Forget(release string)
	}

	// Jobs runs Helm actions in the background.
	Jobs interface {
		BeginWeighted(release, action, digest string, weight int64, run func(context.Context) (any, error)) bool
		Running(release string) (jobs.Running, bool)
		Interrupt(release string) bool
		Outcome(release string) (jobs.Outcome, bool)
		Learned(release string, outcome jobs.Outcome)
		Clear(release string)
	}
)
