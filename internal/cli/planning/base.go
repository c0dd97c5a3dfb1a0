// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package planning

import (
	"context"
	"encoding/json"
	"fmt"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/crds"
	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/internal/manifests"
	"github.com/groundwork-dev/groundwork/internal/plan"

	corev1 "k8s.io/api/core/v1"
)

// installed is one component as it is, or as the other file has it.
type installed struct {
	state   plan.ReleaseState
	version string
	release string
	objects map[string]object
}

// base is what the bundle is compared with.
type base struct {
	components map[string]installed
	// definition returns the one that is there; nil for none.
	definition func(ctx context.Context, name string) (*apiextensionsv1.CustomResourceDefinition, error)
	// check says why the operator would refuse a definition; nil error for none.
	check func(ctx context.Context, q crds.Question) error
}

// baseOf is another file, rendered.
func baseOf(old *side) *base {
	out := &base{components: map[string]installed{}, check: func(_ context.Context, q crds.Question) error {
		_, err := crds.Decide(q)
		return err
	}}
	definitions := map[string]*crds.Definition{}
	for _, c := range old.components {
		if c.Trouble != nil {
			old.note("%s is not compared: the other file has trouble with it: %s", c.Name, old.mask.text(c.Trouble.Error()))
			continue
		}
		state := plan.ReleaseState{Name: c.Name, DependsOn: c.DependsOn, GuardedBy: c.guardedBy, Digest: c.digest, Ready: true, PolicyEngine: c.PolicyEngine}
		for _, definition := range c.crds {
			definitions[definition.Name] = definition
			state.CRDs = append(state.CRDs, definition.Name)
		}
		out.components[c.Name] = installed{state, c.rendered.Chart.Version, c.Namespace + "/" + c.ReleaseName, c.objects}
	}
	out.definition = func(_ context.Context, name string) (*apiextensionsv1.CustomResourceDefinition, error) {
		if definitions[name] == nil {
			return nil, nil //nolint:nilnil // there is none
		}
		return full(definitions[name])
	}
	return out
}

// full is a definition with its schemas.
func full(definition *crds.Definition) (*apiextensionsv1.CustomResourceDefinition, error) {
	raw, err := definition.Manifest("")
	if err != nil {
		return nil, err
	}
	out := &apiextensionsv1.CustomResourceDefinition{}
	return out, json.Unmarshal(raw, out)
}

// live is the cluster: the records of Helm, and what was approved.
type live struct {
	client  client.Client
	checker *checker
}

func (l live) base(ctx context.Context, s *side) (*base, error) {
	out := &base{components: map[string]installed{}, definition: l.definition, check: l.checker.check}
	for name, release := range s.releases {
		spec := release.Spec
		record, found, err := s.stage.Live(ctx, helm.Release{Namespace: spec.Namespace, Name: spec.ReleaseName}, l.record)
		if err != nil {
			return nil, err
		}
		if !found {
			s.note("%s is approved and has no Helm release yet", name)
		}
		objects, err := objectsOf(record, spec.Manifests, spec.Namespace, s.namespaced)
		if err != nil {
			return nil, fmt.Errorf("component %s: %w", name, err)
		}
		out.components[name] = installed{stateOf(release), spec.Chart.Version, spec.Namespace + "/" + spec.ReleaseName, objects}
	}
	return out, nil
}

// record reads the key that holds the record.
func (l live) record(ctx context.Context, namespace, name string) ([]byte, error) {
	var secret corev1.Secret
	err := l.client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, &secret)
	return secret.Data["release"], err
}

func (l live) definition(ctx context.Context, name string) (*apiextensionsv1.CustomResourceDefinition, error) {
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(crds.GVK)
	err := l.client.Get(ctx, client.ObjectKey{Name: name}, u)
	if client.IgnoreNotFound(err) != nil {
		return nil, fmt.Errorf("read CustomResourceDefinition %s: %w", name, err)
	}
	if err != nil {
		return nil, nil //nolint:nilnil,nilerr // there is none
	}
	out := &apiextensionsv1.CustomResourceDefinition{}
	return out, runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, out)
}

// reference reads a key of a referenced object.
func (l live) reference(ctx context.Context, ref v1alpha1.ValuesReference) (content []byte, object, there bool, err error) {
	key := client.ObjectKey{Namespace: ref.Namespace, Name: ref.Name}
	if ref.Kind == "Secret" {
		var secret corev1.Secret
		err = l.client.Get(ctx, key, &secret)
		content, there = secret.Data[ref.Key]
		return content, err == nil, there && err == nil, client.IgnoreNotFound(err)
	}
	var config corev1.ConfigMap
	err = l.client.Get(ctx, key, &config)
	text, there := config.Data[ref.Key]
	return []byte(text), err == nil, there && err == nil, client.IgnoreNotFound(err)
}

// stateOf is an approved release as the planner sees it: as if it were Ready.
func stateOf(release *v1alpha1.ComponentRelease) plan.ReleaseState {
	spec := release.Spec
	out := plan.ReleaseState{
		Name: spec.Component, DependsOn: spec.DependsOn, GuardedBy: spec.GuardedBy, Digest: manifests.WantedDigest(spec), Ready: true,
		Removing: spec.Removal != "", Removed: release.Status.Removed, PolicyEngine: spec.PolicyEngine,
	}
	for _, ref := range spec.CRDs {
		out.CRDs = append(out.CRDs, ref.Name)
	}
	return out
}

func ready(release *v1alpha1.ComponentRelease) bool {
	return release.Status.ReadyDigest == manifests.WantedDigest(release.Spec) &&
		meta.IsStatusConditionTrue(release.Status.Conditions, v1alpha1.ConditionReady)
}
