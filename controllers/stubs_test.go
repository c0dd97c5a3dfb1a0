// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"cmp"
	"context"
	"fmt"
	"sync"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/admission"
	"github.com/groundwork-dev/groundwork/internal/chart"
	"github.com/groundwork-dev/groundwork/internal/cluster"
	"github.com/groundwork-dev/groundwork/internal/crds"
	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/internal/manifests"
	"github.com/groundwork-dev/groundwork/internal/prepare"
	"github.com/groundwork-dev/groundwork/internal/refs"
	"github.com/groundwork-dev/groundwork/internal/usage"
)

// stubPreparer gives every chart a result at once, or the error it was told.
type stubPreparer struct {
	errors      map[string]error // by chart
	pending     map[string]bool  // by chart
	definitions map[string][]*crds.Definition
	guarded     map[string][]string
	kinds       map[string][]schema.GroupVersionKind
	objects     map[string][]helm.Object
	versions    map[string]string // that a range resolves to
	calls       int
}

func (s *stubPreparer) Peek(string, string) *prepare.Result { return nil }
func (s *stubPreparer) Keep(string, map[string]bool)        {}
func (s *stubPreparer) Retry(string, string)                {}

func (s *stubPreparer) Ensure(_, _ string, request prepare.Request) (*prepare.Result, error) {
	s.calls++
	name := request.Source.Name
	if err := s.errors[name]; err != nil {
		return nil, err
	}
	if s.pending[name] {
		return nil, nil
	}
	version := cmp.Or(s.versions[request.Source.Version], request.Source.Version)
	return &prepare.Result{
		Chart: chart.Resolved{
			Repository: request.Source.Repository, Name: name, Version: version, Digest: "sha256:" + name + version,
		},
		CRDs: s.definitions[name], Guarded: s.guarded[name], Kinds: s.kinds[name], Objects: s.objects[name],
	}, nil
}

// stubReferences holds the objects it was given.
type stubReferences map[refs.Ref]refs.Content

func (stubReferences) SetRefs(string, []refs.Ref) {}

func (s stubReferences) Get(ref refs.Ref) (refs.Content, bool, bool) {
	content, found := s[ref]
	return content, found, true
}

// stubKinds serves what the API server itself serves.
type stubKinds struct{}

func (stubKinds) Has(string) bool                     { return false }
func (stubKinds) SetCustom([]cluster.CustomKind) bool { return false }

// stubApplier notes what it was asked to apply.
type stubApplier struct{ asked []string }

func (s *stubApplier) Errors(string) map[string]error { return nil }
func (s *stubApplier) Ensure(_ string, requests []crds.Request) {
	s.asked = nil
	for _, request := range requests {
		s.asked = append(s.asked, request.Owner+" "+request.Definition.Name)
	}
}

// stubChecks finds every change of a definition safe, or looks at it still.
type stubChecks struct {
	pending bool
	refuse  error
	asked   []crds.Question
}

func (s *stubChecks) Check(_ string, question crds.Question) (bool, error) {
	s.asked = append(s.asked, question)
	return !s.pending, s.refuse
}
func (*stubChecks) Keep(string, map[string]bool) {}
func (*stubChecks) Retry(string, string)         {}

// stubUsage counts what it was told.
type stubUsage struct {
	asked   []usage.Kind
	counts  []usage.Count
	listed  bool
	trouble []string
}

func (s *stubUsage) Set(_ string, kinds []usage.Kind)   { s.asked = kinds }
func (s *stubUsage) Count(string) ([]usage.Count, bool) { return s.counts, s.listed }

// stubAdmission knows the obstacles it was told.
type stubAdmission struct {
	obstacle string
	own      []string
	orphans  []string
	asked    []admission.Question

	registered []admission.Registration
}

func (s *stubAdmission) Obstacle(question admission.Question) (string, bool) {
	s.asked = append(s.asked, question)
	return s.obstacle, true
}
func (s *stubAdmission) Orphans() []string { return s.orphans }
func (s *stubAdmission) Registered(string) []admission.Registration {
	return s.registered
}
func (s *stubAdmission) Own(string, []types.NamespacedName, []v1alpha1.WebhookReference) ([]string, bool) {
	return s.own, true
}

// stubManifests notes what it was asked to apply.
type stubManifests struct {
	calls  []string
	only   []v1alpha1.ObjectReference // of the last Apply
	result manifests.Result
	left   []string
	fail   error
}

func (s *stubManifests) Apply(_ context.Context, request manifests.Request) (manifests.Result, error) {
	call := "apply"
	for _, object := range request.Objects {
		call += " " + object.GetName()
	}
	for _, ref := range request.Prune {
		call += " -" + ref.Name
	}
	s.calls, s.only = append(s.calls, call), request.Only
	return s.result, s.fail
}

func (s *stubManifests) Remove(_ context.Context, _ string, refs []v1alpha1.ObjectReference, _ []string) ([]string, error) {
	s.calls = append(s.calls, fmt.Sprintf("remove %d", len(refs)))
	return s.left, s.fail
}

func (s *stubManifests) Probe(context.Context, string, []apiextensionsv1.JSON) error {
	s.calls = append(s.calls, "probe")
	return s.fail
}

// recorder notes events.
type recorder struct {
	mu    sync.Mutex
	notes []string
}

func (r *recorder) Eventf(_, _ runtime.Object, kind, reason, _, note string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.notes = append(r.notes, kind+" "+reason+" "+fmt.Sprintf(note, args...))
}

// staleReader shows one bundle as it was.
type staleReader struct {
	client.Client
	bundle *v1alpha1.PlatformBundle
}

func (s *staleReader) Get(ctx context.Context, key client.ObjectKey, into client.Object, opts ...client.GetOption) error {
	if out, ok := into.(*v1alpha1.PlatformBundle); ok {
		s.bundle.DeepCopyInto(out)
		return nil
	}
	return s.Client.Get(ctx, key, into, opts...)
}

func (s *stubUsage) Trouble(string) []string { return s.trouble }

// indexed answers what the manager's cache answers from its indexes: which releases a
// bundle has, and who has a Helm release.
type indexed struct{ client.Client }

func (c indexed) List(ctx context.Context, list client.ObjectList, options ...client.ListOption) error {
	asked := (&client.ListOptions{}).ApplyOptions(options)
	releases, ok := list.(*v1alpha1.ComponentReleaseList)
	if !ok || asked.FieldSelector == nil {
		return c.Client.List(ctx, list, options...)
	}
	var all v1alpha1.ComponentReleaseList
	if err := c.Client.List(ctx, &all); err != nil {
		return err
	}
	for _, release := range all.Items {
		if asked.FieldSelector.Matches(fields.Set{
			"bundle": release.Spec.Bundle, "helmRelease": release.Spec.Namespace + "/" + release.Spec.ReleaseName,
		}) {
			releases.Items = append(releases.Items, release)
		}
	}
	return nil
}
