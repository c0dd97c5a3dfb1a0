// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/values"
)

// Listed are the components of a bundle: those of its profiles with the bundle's own
// entries laid over them, then the rest of its own. The error is terminal: an unknown
// catalog version or profile. Then the bundle's own entries are returned with it.
func Listed(spec v1alpha1.PlatformBundleSpec, sticky string, catalogs *catalog.Set) ([]v1alpha1.Component, error) {
	if len(spec.Profiles) == 0 {
		return spec.Components, nil
	}
	chosen, err := choose(spec, sticky, catalogs)
	if err != nil {
		return spec.Components, err
	}
	var out []v1alpha1.Component
	for _, name := range spec.Profiles {
		profile, known := chosen.Profile(name)
		if !known {
			hint := "it has " + strings.Join(chosen.Profiles(), ", ")
			if nearest, ok := chosen.NearestProfile(name); ok {
				hint = "did you mean \"" + nearest + "\"?"
			}
			return spec.Components, failure.Terminal(v1alpha1.ReasonUnknownProfile,
				"spec.profiles[%s]: catalog %s has no profile %[1]q: %[3]s", name, chosen.Version, hint)
		}
		out = overlay(out, profile.Components)
	}
	return overlay(out, spec.Components), nil
}

// choose returns the catalog that the spec, or else the sticky version, or else the
// newest, names.
func choose(spec v1alpha1.PlatformBundleSpec, sticky string, catalogs *catalog.Set) (*catalog.Catalog, error) {
	chosen, err := catalogs.Get(cmp.Or(spec.CatalogVersion, sticky, catalogs.Newest()))
	if err != nil {
		return nil, failure.Terminal(v1alpha1.ReasonUnknownCatalog, "spec.catalogVersion: %w", err)
	}
	return chosen, nil
}

// overlay lays components over others of the same names, and adds the rest.
func overlay(below, above []v1alpha1.Component) []v1alpha1.Component {
	out := slices.Clone(below)
	for _, c := range above {
		at := slices.IndexFunc(out, func(have v1alpha1.Component) bool { return have.Name == c.Name })
		if at < 0 {
			out = append(out, c)
			continue
		}
		out[at] = over(out[at], c)
	}
	return out
}

// over lays one entry over another: what it sets comes first, maps are merged, and
// lists are joined.
func over(below, above v1alpha1.Component) v1alpha1.Component {
	out := *above.DeepCopy()
	out.Enabled = cmp.Or(above.Enabled, below.Enabled)
	out.Version = cmp.Or(above.Version, below.Version)
	out.Namespace = cmp.Or(above.Namespace, below.Namespace)
	out.ReleaseName = cmp.Or(above.ReleaseName, below.ReleaseName)
	out.Chart = cmp.Or(above.Chart, below.Chart)
	if out.Version != "" && out.Chart != nil && out.Chart.Version != "" { // one of the two versions is said above
		out.Chart = out.Chart.DeepCopy()
		if above.Version != "" {
			out.Chart.Version = ""
		} else {
			out.Version = ""
		}
	}
	out.NamespaceLabels = maps.Clone(below.NamespaceLabels)
	if out.NamespaceLabels == nil {
		out.NamespaceLabels = above.NamespaceLabels
	} else {
		maps.Copy(out.NamespaceLabels, above.NamespaceLabels)
	}
	out.DependsOn = union(below.DependsOn, above.DependsOn)
	out.ValuesFrom = slices.Concat(below.ValuesFrom, above.ValuesFrom)
	out.Values = merged(below.Values, above.Values)
	out.Timeout = cmp.Or(above.Timeout, below.Timeout)
	out.HistoryLimit = cmp.Or(above.HistoryLimit, below.HistoryLimit)
	out.Manifests = replaced(below.Manifests, above.Manifests)
	out.Remediation = cmp.Or(above.Remediation, below.Remediation)
	out.Drift = cmp.Or(above.Drift, below.Drift)
	out.IgnoreDifferences = slices.Concat(below.IgnoreDifferences, above.IgnoreDifferences)
	out.Adopt = above.Adopt || below.Adopt
	out.AllowDataLoss = union(below.AllowDataLoss, above.AllowDataLoss)
	out.Suspend = above.Suspend || below.Suspend
	return out
}

func union(below, above []string) []string {
	all := slices.Concat(below, above)
	slices.Sort(all)
	return slices.Compact(all)
}

// merged merges values. What is no object is left for the component to be blamed for.
func merged(below, above *apiextensionsv1.JSON) *apiextensionsv1.JSON {
	if below == nil || above == nil {
		return cmp.Or(above, below)
	}
	under, err := values.FromJSON(below)
	if err != nil {
		return below
	}
	upper, err := values.FromJSON(above)
	if err != nil {
		return above
	}
	out, err := values.ToJSON(values.Merge(under, upper))
	if err != nil {
		return above
	}
	return out
}

// replaced joins manifests; one of the same kind and name is replaced.
func replaced(below, above []apiextensionsv1.JSON) []apiextensionsv1.JSON {
	var out []apiextensionsv1.JSON
	for _, manifest := range below {
		var object map[string]any
		if json.Unmarshal(manifest.Raw, &object) == nil && names(above, object) {
			continue
		}
		out = append(out, manifest)
	}
	return append(out, above...)
}
