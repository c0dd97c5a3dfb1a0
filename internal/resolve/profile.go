// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"reflect"
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
			hint := "it has " + cmp.Or(strings.Join(chosen.Profiles(), ", "), "none")
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

// over lays one entry over another. What the upper one sets comes first, field by
// field; maps and values are merged; what is a set or a list of rules is joined; a
// manifest takes the place of the one with its kind, namespace and name. Two of the
// fields cannot be taken back from above: adopt and suspend.
func over(below, above v1alpha1.Component) v1alpha1.Component {
	below, above = *below.DeepCopy(), *above.DeepCopy()
	out := above
	out.Enabled = cmp.Or(above.Enabled, below.Enabled)
	out.Version = cmp.Or(above.Version, below.Version)
	out.Namespace = cmp.Or(above.Namespace, below.Namespace)
	out.ReleaseName = cmp.Or(above.ReleaseName, below.ReleaseName)
	out.NamespaceLabels = labelsOver(below.NamespaceLabels, above.NamespaceLabels)
	out.Chart = chartOver(below.Chart, above.Chart)
	settleVersion(&out, above)
	out.DependsOn = union(below.DependsOn, above.DependsOn)
	out.ValuesFrom = joined(below.ValuesFrom, above.ValuesFrom)
	out.Values = merged(below.Values, above.Values)
	out.Timeout = cmp.Or(above.Timeout, below.Timeout)
	out.HistoryLimit = cmp.Or(above.HistoryLimit, below.HistoryLimit)
	out.Manifests = replaced(below.Manifests, above.Manifests)
	out.Remediation = remediationOver(below.Remediation, above.Remediation)
	out.Drift = cmp.Or(above.Drift, below.Drift)
	out.IgnoreDifferences = joined(below.IgnoreDifferences, above.IgnoreDifferences)
	out.Adopt = above.Adopt || below.Adopt
	out.AllowDataLoss = union(below.AllowDataLoss, above.AllowDataLoss)
	out.Suspend = above.Suspend || below.Suspend
	return out
}

func labelsOver(below, above map[string]string) map[string]string {
	if below == nil {
		return above
	}
	maps.Copy(below, above)
	return below
}

func chartOver(below, above *v1alpha1.ChartSource) *v1alpha1.ChartSource {
	if below == nil || above == nil {
		return cmp.Or(above, below)
	}
	return &v1alpha1.ChartSource{
		Repository: cmp.Or(above.Repository, below.Repository), Name: cmp.Or(above.Name, below.Name),
		Version: cmp.Or(above.Version, below.Version), SecretRef: cmp.Or(above.SecretRef, below.SecretRef),
	}
}

// settleVersion leaves one of the two fields that a version can be in: the upper one's.
func settleVersion(out *v1alpha1.Component, above v1alpha1.Component) {
	switch {
	case out.Version == "" || out.Chart == nil || out.Chart.Version == "":
	case above.Version != "":
		out.Chart.Version = ""
	default:
		out.Version = ""
	}
}

func remediationOver(below, above *v1alpha1.Remediation) *v1alpha1.Remediation {
	if below == nil || above == nil {
		return cmp.Or(above, below)
	}
	return &v1alpha1.Remediation{Strategy: cmp.Or(above.Strategy, below.Strategy), Retries: cmp.Or(above.Retries, below.Retries)}
}

// union of two sets, the lower one's elements first.
func union(below, above []string) []string {
	return append(below, slices.DeleteFunc(above, func(s string) bool { return slices.Contains(below, s) })...)
}

// joined lists the upper elements after the lower ones, so that they have the last
// word, and each of them once.
func joined[T any](below, above []T) []T {
	below = slices.DeleteFunc(below, func(have T) bool {
		return slices.ContainsFunc(above, func(other T) bool { return reflect.DeepEqual(have, other) })
	})
	return append(below, above...)
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

// replaced joins manifests; one of the same kind, namespace and name takes the place
// of the lower one. What is no object stays where it is, to be refused.
func replaced(below, above []apiextensionsv1.JSON) []apiextensionsv1.JSON {
	out, left := below, slices.Clone(below)
	for _, manifest := range above {
		wanted, known := identityOf(manifest)
		at := slices.IndexFunc(left, func(have apiextensionsv1.JSON) bool {
			found, ok := identityOf(have)
			return ok && known && found == wanted || bytes.Equal(have.Raw, manifest.Raw)
		})
		if at < 0 {
			out = append(out, manifest)
			continue
		}
		out[at], left[at] = manifest, apiextensionsv1.JSON{} // listed twice above, it is refused as it would be alone
	}
	return out
}

func identityOf(manifest apiextensionsv1.JSON) (identity, bool) {
	var object map[string]any
	err := json.Unmarshal(manifest.Raw, &object)
	return identify(object, ""), err == nil && object != nil
}
