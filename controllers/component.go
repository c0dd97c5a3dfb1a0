// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/chart"
	"github.com/groundwork-dev/groundwork/internal/crds"
	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/manifests"
	"github.com/groundwork-dev/groundwork/internal/prepare"
	"github.com/groundwork-dev/groundwork/internal/resolve"
	"github.com/groundwork-dev/groundwork/internal/values"
)

// component is one enabled component on its way through a pass.
type component struct {
	resolve.Component
	composition
	// known is what earlier passes found out about it.
	known *composed
	// release as approved before; nil when there is none.
	release *v1alpha1.ComponentRelease
	// result of the preparation; nil while there is none, or none was needed.
	result *prepare.Result
	// doubtful says that the trouble is the refusal of a chart that missed kinds.
	doubtful bool
	// stands says that the approved release is what would be found by looking again.
	stands bool
	// guardedBy are components that guard kinds which this one uses.
	guardedBy []string
	// uses are names of CRDs that must be established first.
	uses []string
	// spec that is desired; nil while it is unknown.
	spec *v1alpha1.ComponentReleaseSpec
	// asked is the reconcile request of the bundle.
	asked string
	// obstacle is an admission webhook that would be asked and cannot answer.
	obstacle string
	// warning is for the status; it holds nothing up.
	warning string
}

// composition is what compose makes of a component.
type composition struct {
	// request is the part of the desired release that people and the catalog decide;
	// nobody changes it.
	request *v1alpha1.ComponentReleaseSpec
	// source of the chart with credentials, and the pin.
	source chart.Source
	pinned *chart.Resolved
	// resolvedFor is the request that a range is resolved for; empty when exact.
	resolvedFor string
	// merged values, references included; nobody changes them.
	merged values.Values
	// key of the preparation.
	key string
	// moved says that the user's or the catalog's part differs from the approved.
	moved bool
	// preparing says that something is still being looked at.
	preparing bool
	// refused is what is wrong with it.
	refused *failure.Error
}

// asks builds the part of the desired release that people and the catalog decide;
// everything that preparation adds is left out.
func (c *component) asks(bundle string) (*v1alpha1.ComponentReleaseSpec, error) {
	defaults, err := values.ToJSON(c.Defaults)
	if err != nil {
		return nil, err
	}
	user, err := values.ToJSON(c.Values)
	if err != nil {
		return nil, err
	}
	var wired []v1alpha1.WiredValues
	for _, layer := range c.Wiring {
		given, err := values.ToJSON(layer.Values)
		if err != nil {
			return nil, err
		}
		wired = append(wired, v1alpha1.WiredValues{Rule: layer.Rule, Values: *given})
	}
	return &v1alpha1.ComponentReleaseSpec{
		Bundle: bundle, Component: c.Name, CatalogVersion: c.CatalogVersion,
		Chart: v1alpha1.PinnedChart{
			Repository: c.Repository, Name: c.ChartName, Constraint: c.Constraint, SecretRef: c.SecretRef,
		},
		Namespace: c.Namespace, ReleaseName: c.ReleaseName, NamespaceLabels: c.NamespaceLabels,
		DependsOn: c.DependsOn,
		Defaults:  defaults, Wiring: wired, ValuesFrom: c.ValuesFrom, Values: user,
		ReadyWhen: c.ReadyWhen, HooksNeedWorkloads: c.HooksNeedWorkloads,
		Timeout: &metav1.Duration{Duration: c.Timeout}, HistoryLimit: new(c.HistoryLimit),
		Manifests: c.Manifests, Remediation: new(c.Remediation), Drift: c.Drift, IgnoreDifferences: c.IgnoreDifferences,
		ExpectedWebhooks: c.ExpectedWebhooks, Probes: c.Probes, PolicyEngine: c.PolicyEngine,
		Adopt: c.Adopt, AllowDataLoss: c.AllowDataLoss,
	}, nil
}

// requestOf is the same part of an approved release.
func requestOf(approved v1alpha1.ComponentReleaseSpec) *v1alpha1.ComponentReleaseSpec {
	out := approved // only fields of its own are changed
	out.Chart.Version, out.Chart.Digest, out.Chart.ResolvedFor = "", "", ""
	out.Guards, out.GuardedBy, out.Capabilities, out.CRDs = nil, nil, nil, nil
	out.InputsDigest, out.ManifestsDigest, out.Removal, out.Suspend, out.ReconcileRequest = "", "", "", false, ""
	return &out
}

// ask sets what follows from the wanted version: the pin, and whether anything
// that people or the catalog decide has moved since it was approved.
func (c *component) ask(bundle string) error {
	c.pin()
	var err error
	c.request, err = c.asks(bundle)
	if err == nil && c.release != nil {
		c.moved = !equality.Semantic.DeepEqual(c.request, requestOf(c.release.Spec))
	}
	return err
}

// pin reuses the version of the approved release while the same is asked for.
func (c *component) pin() {
	c.pinned, c.resolvedFor = nil, ""
	if !exactVersion(c.Constraint) {
		c.resolvedFor = c.asked
	}
	if c.release == nil {
		return
	}
	approved := c.release.Spec.Chart
	if c.asked == "" && c.resolvedFor == "" && !exactVersion(c.Constraint) {
		c.resolvedFor = approved.ResolvedFor // taking a request back asks for nothing
	}
	same := approved.Repository == c.Repository && approved.Name == c.ChartName &&
		approved.Constraint == c.Constraint && approved.ResolvedFor == c.resolvedFor
	if same {
		c.pinned = &chart.Resolved{
			Repository: approved.Repository, Name: approved.Name, Version: approved.Version, Digest: approved.Digest,
		}
	}
}

func exactVersion(constraint string) bool {
	_, err := semver.StrictNewVersion(strings.TrimPrefix(constraint, "v"))
	return err == nil
}

// setKey names everything that a preparation depends on, answers aside. The pin is
// not part of it: approving a result must not make it be prepared again.
func (c *component) setKey() error {
	raw, err := json.Marshal(map[string]any{
		"repository": c.Repository, "name": c.ChartName, "constraint": c.Constraint,
		"resolvedFor": c.resolvedFor, "auth": c.source.Auth, "ca": c.source.CA,
		"namespace": c.Namespace, "releaseName": c.ReleaseName, "values": c.merged, "adopt": c.Adopt,
	})
	if err != nil {
		return failure.Terminal(v1alpha1.ReasonValuesInvalid, "values cannot be written as JSON: %w", err)
	}
	sum := sha256.Sum256(raw)
	c.key = hex.EncodeToString(sum[:])
	return nil
}

// settle builds the desired release from what preparation found, or from the
// approved release when that is still exactly what would be found.
func (c *component) settle(pinned chart.Resolved, answers []v1alpha1.CapabilityAnswer, refs []v1alpha1.CRDReference) error {
	next := settled{
		request: c.request, pinned: pinned, answers: answers, definitions: refs, guardedBy: c.guardedBy, guards: c.guards(),
	}
	if c.known.settled.from(next) {
		c.spec = c.known.settled.spec
		return nil
	}
	spec := *c.request
	spec.Chart.Version, spec.Chart.Digest, spec.Chart.ResolvedFor = pinned.Version, pinned.Digest, c.resolvedFor
	spec.Capabilities, spec.CRDs, spec.GuardedBy, spec.Guards = answers, refs, next.guardedBy, next.guards
	var err error
	if spec.InputsDigest, err = (values.Inputs{
		ChartDigest: pinned.Digest, Namespace: c.Namespace, ReleaseName: c.ReleaseName,
		NamespaceLabels: c.NamespaceLabels, Values: c.merged, Capabilities: answers,
	}).Digest(); err != nil {
		return failure.Terminal(v1alpha1.ReasonValuesInvalid, "%w", err)
	}
	if spec.ManifestsDigest, err = manifests.Digest(spec.Manifests); err != nil {
		return err
	}
	spec.Suspend, spec.ReconcileRequest = c.Suspend, c.asked
	c.spec, next.spec = &spec, &spec
	c.known.settled = next
	return nil
}

// unchanged says whether the approved release stands without looking again: the
// request is the same, the answers to its questions are the same, and every CRD
// it brings is in place.
func (c *component) unchanged(has func(string) bool, definitions crds.Index) bool {
	if c.release == nil || c.moved || c.pinned == nil || c.release.Spec.Removal != "" {
		return false
	}
	approved := c.release.Spec
	for _, answer := range approved.Capabilities {
		if has(answer.APIVersion) != answer.Available {
			return false
		}
	}
	for _, ref := range approved.CRDs {
		state, ok := definitions.Get(ref.Name)
		if !ok || state.Owner == "" || (state.Owner == c.release.Name && state.Digest != ref.Digest) {
			return false
		}
	}
	if err := c.settle(*c.pinned, approved.Capabilities, approved.CRDs); err != nil {
		return false
	}
	if c.spec.InputsDigest != approved.InputsDigest {
		c.spec = nil
		return false
	}
	return true
}

// inPlace says that the approved release stands, and that whatever it brings for
// others is served: they need not know what its chart became.
func (c *component) inPlace(definitions crds.Index) bool {
	return c.stands && !slices.ContainsFunc(c.release.Spec.CRDs, func(ref v1alpha1.CRDReference) bool {
		state, _ := definitions.Get(ref.Name)
		return !state.Established || state.Terminating
	})
}

// guards are the API groups that the component stands before: as prepared, or as
// approved when nothing had to be prepared.
func (c *component) guards() []string {
	switch {
	case c.result != nil:
		return c.result.Guarded
	case c.release != nil:
		return c.release.Spec.Guards
	}
	return nil
}

// specChanged says whether the approved release must be written.
func (c *component) specChanged() bool {
	if c.spec == nil || c.release == nil {
		return true
	}
	return c.known.differs(c.spec, c.release)
}

func union(a, b []string) []string {
	out := slices.Concat(a, b)
	slices.Sort(out)
	return slices.Compact(out)
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
