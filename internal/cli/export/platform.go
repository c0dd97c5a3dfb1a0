// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package export

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/resolve"
	"github.com/groundwork-dev/groundwork/internal/values"
)

// Release is one component as any tool sees it.
type Release struct {
	// Component is the name in the bundle.
	Component string
	// Repository, Chart and Version of the chart; the version may be a range where a
	// file asks for one.
	Repository, Chart, Version string
	// SecretRef names the repository's credentials; nil for none.
	SecretRef *v1alpha1.SecretReference
	// Namespace and Name of the Helm release.
	Namespace, Name string
	// NamespaceLabels of the namespace.
	NamespaceLabels map[string]string
	// DependsOn are other components of the platform, sorted.
	DependsOn []string
	// Defaults are the catalog's values with its wiring merged in; References come over
	// them, and Values over both.
	Defaults   values.Values
	References []v1alpha1.ValuesReference
	Values     values.Values
	// Timeout and HistoryLimit of Helm.
	Timeout      time.Duration
	HistoryLimit int32
	// Retries and Rollback are what follows when an upgrade fails.
	Retries  int32
	Rollback bool
	// Drift and Ignore are about objects that differ.
	Drift  v1alpha1.DriftMode
	Ignore []v1alpha1.IgnoreRule
	// Manifests are applied once the release is ready.
	Manifests []map[string]any
	// Suspended components are left alone.
	Suspended bool
	// Special says what no other tool does for it: readiness rules, webhooks, probes.
	Special []string
}

// Platform is a bundle as any tool sees it.
type Platform struct {
	// Name of the bundle.
	Name string
	// Source says where the versions come from, for the head of a file.
	Source string
	// Releases after what they depend on.
	Releases []Release
	// Warnings are about components that the file asks for and that cannot be right.
	Warnings []string
}

// From returns the platform of a bundle. Where there is a release of a component, it is
// exported as it is installed; nil releases are a bundle of a file.
func From(bundle *v1alpha1.PlatformBundle, releases []v1alpha1.ComponentRelease, catalogs *catalog.Set) (Platform, error) {
	out := Platform{Name: bundle.Name, Source: "as the cluster has them"}
	if releases == nil {
		out.Source = "as the bundle asks for them"
	}
	byName := map[string]Release{}
	resolved, err := resolve.Resolve(bundle.Spec, bundle.Status.CatalogVersion, catalogs)
	if err != nil && len(releases) == 0 {
		return Platform{}, err
	}
	if resolved != nil {
		for _, c := range resolved.Components {
			if c.Trouble != nil {
				out.Warnings = append(out.Warnings, failure.Message(c.Trouble))
			}
			if c.Repository == "" || c.ChartName == "" {
				continue // the warning says why
			}
			if byName[c.Name], err = fromResolved(c); err != nil {
				return Platform{}, err
			}
		}
	}
	for i := range releases {
		spec := releases[i].Spec
		if spec.Removal != "" {
			delete(byName, spec.Component)
			continue
		}
		if byName[spec.Component], err = fromSpec(spec); err != nil {
			return Platform{}, err
		}
	}
	out.Releases, err = inOrder(byName)
	return out, err
}

func fromResolved(c resolve.Component) (Release, error) {
	out := Release{
		Component: c.Name, Repository: c.Repository, Chart: c.ChartName, Version: c.Constraint, SecretRef: c.SecretRef,
		Namespace: c.Namespace, Name: c.ReleaseName, NamespaceLabels: c.NamespaceLabels, DependsOn: c.DependsOn,
		Defaults: c.Wired(), References: c.ValuesFrom, Values: c.Values, Timeout: c.Timeout, HistoryLimit: c.HistoryLimit,
		Drift: c.Drift, Ignore: c.IgnoreDifferences, Suspended: c.Suspend,
		Special: special(len(c.ReadyWhen), len(c.ExpectedWebhooks), len(c.Probes), c.HooksNeedWorkloads),
	}
	out.remediate(&c.Remediation)
	return out, out.follow(c.Manifests)
}

func fromSpec(spec v1alpha1.ComponentReleaseSpec) (Release, error) {
	out := Release{
		Component: spec.Component, Repository: spec.Chart.Repository, Chart: spec.Chart.Name, Version: spec.Chart.Version,
		SecretRef: spec.Chart.SecretRef, Namespace: spec.Namespace, Name: spec.ReleaseName, NamespaceLabels: spec.NamespaceLabels,
		DependsOn:  slices.Concat(spec.DependsOn, spec.GuardedBy),
		References: spec.ValuesFrom, Timeout: resolve.DefaultTimeout, HistoryLimit: resolve.DefaultHistoryLimit,
		Drift: cmp.Or(spec.Drift, v1alpha1.DriftCorrect), Ignore: spec.IgnoreDifferences, Suspended: spec.Suspend,
		Special: special(len(spec.ReadyWhen), len(spec.ExpectedWebhooks), len(spec.Probes), spec.HooksNeedWorkloads),
	}
	if spec.Timeout != nil {
		out.Timeout = spec.Timeout.Duration
	}
	if spec.HistoryLimit != nil {
		out.HistoryLimit = *spec.HistoryLimit
	}
	layers := []*apiextensionsv1.JSON{spec.Defaults}
	for i := range spec.Wiring {
		layers = append(layers, &spec.Wiring[i].Values)
	}
	for _, layer := range layers {
		above, err := values.FromJSON(layer)
		if err != nil {
			return Release{}, fmt.Errorf("%s: values of the catalog: %w", spec.Component, err)
		}
		out.Defaults = values.Merge(out.Defaults, above)
	}
	var err error
	if out.Values, err = values.FromJSON(spec.Values); err != nil {
		return Release{}, fmt.Errorf("%s: values: %w", spec.Component, err)
	}
	out.remediate(spec.Remediation)
	return out, out.follow(spec.Manifests)
}

func (r *Release) remediate(how *v1alpha1.Remediation) {
	r.Retries, r.Rollback = resolve.DefaultRetries, true
	if how == nil {
		return
	}
	if how.Retries != nil {
		r.Retries = *how.Retries
	}
	r.Rollback = how.Strategy != v1alpha1.RemediationNone
}

func (r *Release) follow(manifests []apiextensionsv1.JSON) error {
	for _, manifest := range manifests {
		object := map[string]any{}
		if err := json.Unmarshal(manifest.Raw, &object); err != nil {
			return fmt.Errorf("%s: manifests: %w", r.Component, err)
		}
		r.Manifests = append(r.Manifests, object)
	}
	return nil
}

func special(readyWhen, webhooks, probes int, hooksWait bool) []string {
	var out []string
	for what, there := range map[string]bool{
		"rules for when its objects are ready": readyWhen > 0, "webhooks that it registers when it runs": webhooks > 0,
		"probes of its webhooks": probes > 0, "hooks that wait for its workloads": hooksWait,
	} {
		if there {
			out = append(out, what)
		}
	}
	slices.Sort(out)
	return out
}

// inOrder sorts releases so that each comes after what it depends on, and drops
// dependencies that are not there.
func inOrder(byName map[string]Release) ([]Release, error) {
	var out []Release
	done := map[string]bool{}
	for len(out) < len(byName) {
		before := len(out)
		for _, name := range slices.Sorted(maps.Keys(byName)) {
			r := byName[name]
			r.DependsOn = slices.Compact(slices.Sorted(slices.Values(r.DependsOn)))
			r.DependsOn = slices.DeleteFunc(r.DependsOn, func(d string) bool { _, there := byName[d]; return !there || d == name })
			if done[name] || slices.ContainsFunc(r.DependsOn, func(d string) bool { return !done[d] }) {
				continue
			}
			done[name] = true
			out = append(out, r)
		}
		if len(out) == before {
			return nil, fmt.Errorf("the releases depend on each other in a circle; wait until the change that is under way is done")
		}
	}
	return out, nil
}

// merged are all values but the referenced ones.
func (r Release) merged() values.Values { return values.Merge(r.Defaults, r.Values) }

// notes are comments about what a target cannot express for a release.
func (r Release) notes() []string {
	var out []string
	if len(r.Special) > 0 {
		out = append(out, "Not here: "+strings.Join(r.Special, ", ")+".")
	}
	if r.Suspended {
		out = append(out, "suspend was set: it was left alone.")
	}
	return out
}

// repositoryName is a name for a repository: its host and path with
// dashes, after oci- for a registry.
func repositoryName(address string) string {
	_, rest, _ := strings.Cut(address, "://")
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(rest))
	if isOCI(address) {
		return "oci-" + strings.Trim(name, "-")
	}
	return strings.Trim(name, "-")
}

// isOCI says whether a repository is a registry.
func isOCI(address string) bool { return strings.HasPrefix(address, "oci://") }
