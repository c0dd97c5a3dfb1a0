// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package resolve turns what a person wrote in a PlatformBundle into what is
// meant: every enabled component with its source, namespace, release, merged
// defaults and dependencies, and an error with a reason for what cannot be
// right. It is pure and imports the catalog, graph, values and failure rooms and
// the API only.
package resolve

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/values"
	"github.com/groundwork-dev/groundwork/internal/wiring"
)

// Defaults for what neither the user nor the catalog says.
const (
	DefaultTimeout      = 5 * time.Minute
	DefaultHistoryLimit = 5
	DefaultRetries      = 2
)

// policyCategory is the catalog's category of policy engines.
const policyCategory = "policy"

// Component is one enabled component, resolved.
type Component struct {
	// Name in the bundle.
	Name string
	// CatalogVersion is empty for a component that is not in the catalog.
	CatalogVersion string
	// Repository, ChartName and Constraint say where the chart comes from.
	Repository, ChartName, Constraint string
	// SecretRef names the repository's credentials; nil for none.
	SecretRef *v1alpha1.SecretReference
	// Namespace and ReleaseName of the Helm release.
	Namespace, ReleaseName string
	// NamespaceLabels of the catalog and the user.
	NamespaceLabels map[string]string
	// DependsOn are names of enabled components, sorted.
	DependsOn []string
	// Defaults are the catalog's values, Values the user's.
	Defaults, Values values.Values
	// Wiring are the layers of the catalog's rules that apply, between the two.
	Wiring []wiring.Layer
	// ValuesFrom are the user's references, normalized.
	ValuesFrom []v1alpha1.ValuesReference
	// ReadyWhen are the catalog's rules.
	ReadyWhen []v1alpha1.ReadyRule
	// HooksNeedWorkloads is the catalog's.
	HooksNeedWorkloads bool
	// Timeout and HistoryLimit are never zero.
	Timeout      time.Duration
	HistoryLimit int32
	// Suspend is the user's.
	Suspend bool
	// Manifests are the user's follow-up objects, as written.
	Manifests []apiextensionsv1.JSON
	// Drift is never empty.
	Drift v1alpha1.DriftMode
	// IgnoreDifferences are the catalog's, the bundle's and the component's.
	IgnoreDifferences []v1alpha1.IgnoreRule
	// ExpectedWebhooks and Probes are the catalog's.
	ExpectedWebhooks []v1alpha1.WebhookReference
	Probes           []apiextensionsv1.JSON
	// Remediation has both fields set.
	Remediation v1alpha1.Remediation
	// Adopt and AllowDataLoss are the user's.
	Adopt         bool
	AllowDataLoss []string
	// PolicyEngine says that its webhooks judge the objects of others.
	PolicyEngine bool
	// TestedVersion is the one that the catalog was tested with; empty when the
	// chart is not the catalog's.
	TestedVersion string
	// Bridges are versions that upgrades of the catalog's chart must pass through.
	Bridges []catalog.UpgradeBridge
	// Required are values that only the user has; the catalog's.
	Required []catalog.RequiredInput
	// Lifecycle is a sentence when the component is not active upstream.
	Lifecycle string
	// Retired says that there will be no fixes.
	Retired bool
	// Trouble is why this component cannot be right; nil for none.
	Trouble *failure.Error
}

// Bundle is a resolved bundle.
type Bundle struct {
	// CatalogVersion that was used.
	CatalogVersion string
	// Components that are enabled, sorted by name.
	Components []Component
}

// Resolve resolves a bundle with the catalog that spec, or else the sticky
// version, or else the newest, names. The error is terminal and about the bundle
// as a whole (unknown catalog version or profile, dependency cycle); an error about one
// component is its Trouble.
func Resolve(spec v1alpha1.PlatformBundleSpec, sticky string, catalogs *catalog.Set) (*Bundle, error) {
	chosen, err := choose(spec, sticky, catalogs)
	if err != nil {
		return nil, err
	}
	if spec.Components, err = Listed(spec, sticky, catalogs); err != nil {
		return nil, err
	}
	r := resolver{catalog: chosen, bundle: spec, enabled: map[string]v1alpha1.Component{}, listed: map[string]bool{}}
	for _, c := range spec.Components {
		r.listed[c.Name] = true
		if c.IsEnabled() {
			r.enabled[c.Name] = c
		}
	}
	out := &Bundle{CatalogVersion: chosen.Version}
	if err := r.checkSettings(); err != nil {
		return nil, err
	}
	for _, c := range spec.Components {
		if c.IsEnabled() {
			out.Components = append(out.Components, r.component(c))
		}
	}
	if err := r.wireAll(out.Components); err != nil {
		return nil, err
	}
	slices.SortFunc(out.Components, func(a, b Component) int { return strings.Compare(a.Name, b.Name) })
	claims(out.Components)
	return out, acyclic(out.Components)
}

// Merged are the defaults with wiring and the user's values over them, references
// aside.
func (c Component) Merged() values.Values { return values.Merge(c.Wired(), c.Values) }

// Wired are the defaults with wiring over them.
func (c Component) Wired() values.Values {
	layers := []values.Values{c.Defaults}
	for _, layer := range c.Wiring {
		layers = append(layers, layer.Values)
	}
	return values.Merge(layers...)
}

// Layers are the sources of the values, the last one on top, references aside: what
// values.Provenance needs to tell where each comes from.
func (c Component) Layers() []values.Layer {
	layers := []values.Layer{{Source: "catalog " + c.CatalogVersion, Values: c.Defaults}}
	for _, layer := range c.Wiring {
		layers = append(layers, values.Layer{Source: "wiring " + layer.Rule, Values: layer.Values})
	}
	return append(layers, values.Layer{Source: "values", Values: c.Values})
}

type resolver struct {
	catalog *catalog.Catalog
	bundle  v1alpha1.PlatformBundleSpec
	enabled map[string]v1alpha1.Component
	listed  map[string]bool
}

func (r resolver) component(c v1alpha1.Component) Component {
	out := Component{
		Name: c.Name, ReleaseName: c.Name, Namespace: c.Name, ChartName: c.Name,
		Timeout: DefaultTimeout, HistoryLimit: DefaultHistoryLimit, Suspend: c.Suspend,
		Manifests: c.Manifests, Adopt: c.Adopt, AllowDataLoss: slices.Sorted(slices.Values(c.AllowDataLoss)),
		Drift: cmp.Or(c.Drift, r.bundle.Drift, v1alpha1.DriftCorrect), Remediation: remediation(c.Remediation),
	}
	known, inCatalog := r.catalog.Component(c.Name)
	if inCatalog {
		out.fromCatalog(known, r.catalog.Version)
	}
	out.fromUser(c)
	out.IgnoreDifferences = slices.Concat(out.IgnoreDifferences, r.bundle.IgnoreDifferences, c.IgnoreDifferences)
	if out.Repository != known.Chart.Repository || out.ChartName != known.Chart.Name {
		out.TestedVersion, out.Bridges = "", nil
	}
	user, err := values.FromJSON(c.Values)
	out.Values = user
	switch {
	case err != nil:
		out.Trouble = failure.Terminal(v1alpha1.ReasonValuesInvalid, "spec.components[%s].values: %w", c.Name, err)
	case !inCatalog && c.Chart == nil:
		out.Trouble = r.unknown(c.Name)
	default:
		out.Trouble = out.checkSource(inCatalog)
	}
	trouble := r.dependencies(&out, c, known)
	if out.Trouble == nil {
		out.Trouble = trouble
	}
	return out
}

func (c *Component) fromCatalog(known catalog.Component, version string) {
	c.CatalogVersion = version
	c.Repository, c.ChartName, c.Constraint = known.Chart.Repository, known.Chart.Name, known.Chart.Version
	c.Namespace, c.ReleaseName = known.Namespace, known.ReleaseName
	c.NamespaceLabels = known.NamespaceLabels
	c.Defaults = numbers(known.Values)
	c.HooksNeedWorkloads = known.HooksNeedWorkloads
	for _, rule := range known.ReadyWhen {
		c.ReadyWhen = append(c.ReadyWhen, v1alpha1.ReadyRule{
			APIVersion: rule.APIVersion, Kind: rule.Kind, Expression: rule.Expression, Message: rule.Message,
		})
	}
	for _, webhook := range known.ExpectedWebhooks {
		c.ExpectedWebhooks = append(c.ExpectedWebhooks, v1alpha1.WebhookReference{Kind: webhook.Kind, Name: webhook.Name})
	}
	for _, rule := range known.IgnoreDifferences {
		c.IgnoreDifferences = append(c.IgnoreDifferences, v1alpha1.IgnoreRule{
			Group: rule.Group, Kind: rule.Kind, Name: rule.Name, JSONPointers: rule.JSONPointers,
		})
	}
	for _, probe := range known.Probes {
		if raw, err := json.Marshal(probe); err == nil { // what came out of YAML can be written as JSON
			c.Probes = append(c.Probes, apiextensionsv1.JSON{Raw: raw})
		}
	}
	c.PolicyEngine = known.Category == policyCategory
	c.TestedVersion, c.Bridges = known.Chart.Version, known.Upgrades
	if d, err := time.ParseDuration(known.Timeout); err == nil && d > 0 {
		c.Timeout = d
	}
	c.Required = known.Required
	c.Lifecycle = lifecycleNote(known.Lifecycle)
	c.Retired = known.Lifecycle.Phase == catalog.PhaseRetired
}

func (c *Component) fromUser(u v1alpha1.Component) {
	if u.Chart != nil {
		override(&c.Repository, u.Chart.Repository)
		override(&c.ChartName, u.Chart.Name)
		override(&c.Constraint, u.Chart.Version)
		c.SecretRef = u.Chart.SecretRef.DeepCopy()
		if c.SecretRef != nil && c.SecretRef.Namespace == "" {
			c.SecretRef.Namespace = v1alpha1.DefaultNamespace
		}
	}
	override(&c.Constraint, u.Version)
	override(&c.Namespace, u.Namespace)
	override(&c.ReleaseName, u.ReleaseName)
	if len(u.NamespaceLabels) > 0 {
		merged := map[string]string{}
		for _, labels := range []map[string]string{c.NamespaceLabels, u.NamespaceLabels} {
			maps.Copy(merged, labels)
		}
		c.NamespaceLabels = merged
	}
	for _, ref := range u.ValuesFrom {
		c.ValuesFrom = append(c.ValuesFrom, values.Normalize(ref))
	}
	if u.Timeout != nil && u.Timeout.Duration > 0 {
		c.Timeout = u.Timeout.Duration
	}
	if u.HistoryLimit != nil {
		c.HistoryLimit = *u.HistoryLimit
	}
}

// remediation fills in what the user left out.
func remediation(r *v1alpha1.Remediation) v1alpha1.Remediation {
	retries := int32(DefaultRetries)
	out := v1alpha1.Remediation{Strategy: v1alpha1.RemediationRollback, Retries: &retries}
	if r == nil {
		return out
	}
	if r.Retries != nil {
		retries = *r.Retries
	}
	out.Strategy = cmp.Or(r.Strategy, out.Strategy)
	return out
}

func override(field *string, value string) {
	if value != "" {
		*field = value
	}
}
