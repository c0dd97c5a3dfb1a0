// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package dashboard

import (
	"fmt"
	"slices"
	"strings"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/internal/resolve"
)

// shownDigest is how much of a digest people compare.
const shownDigest = 12

// Describe computes the details of a component; false when the bundle has none of
// that name. Revisions are those of its Helm release, the oldest first. It is pure.
func Describe(world World, bundleName, component string, revisions []helm.Revision) (Detail, bool) {
	index := slices.IndexFunc(world.Bundles, func(b v1alpha1.PlatformBundle) bool { return b.Name == bundleName })
	if index < 0 {
		return Detail{}, false
	}
	bundle := &world.Bundles[index]
	listed := slices.ContainsFunc(bundle.Status.Components, func(c v1alpha1.ComponentStatus) bool { return c.Name == component })
	release := world.releasesOf(bundleName)[component]
	resolved, written := world.resolvedOf(bundle)[component]
	if !listed && release == nil && !written {
		return Detail{}, false
	}
	from := layersOf(release, resolved, world.Lookup)
	s := &scrubber{}
	from.teach(s)
	out := Detail{Bundle: bundleName, Component: component, Values: from.effective(s), Notes: from.notes, Facts: facts(release, resolved)}
	world.describe(&out, bundle, release)
	if release == nil {
		return out, true
	}
	out.GuardedBy = release.Spec.GuardedBy
	out.Conditions = conditionsOf(release.Status.Conditions, s)
	out.Stages = stagesOf(release.Status.Timeline)
	out.Failure = failureOf(release, s)
	out.History = historyOf(revisions)
	out.Commands = []string{
		"kubectl describe crel " + release.Name,
		fmt.Sprintf("helm history %s -n %s", release.Spec.ReleaseName, release.Spec.Namespace),
	}
	return out, true
}

// describe adds what the catalog says to people.
func (w World) describe(out *Detail, bundle *v1alpha1.PlatformBundle, release *v1alpha1.ComponentRelease) {
	version := bundle.Status.CatalogVersion
	if release != nil {
		version = release.Spec.CatalogVersion
	}
	if w.Catalogs == nil || version == "" {
		return
	}
	chosen, err := w.Catalogs.Get(version)
	if err != nil {
		return // an older operator's; the page does without
	}
	if known, ok := chosen.Component(out.Component); ok {
		out.Title, out.Description, out.Homepage = known.Title, known.Description, known.Homepage
	}
}

// facts are about the release; about what is written when there is none.
func facts(release *v1alpha1.ComponentRelease, resolved resolve.Component) []Fact {
	var out []Fact
	add := func(name, value string) {
		if value != "" {
			out = append(out, Fact{name, value})
		}
	}
	if release == nil {
		add("Chart", strings.TrimSpace(resolved.ChartName+" "+resolved.Constraint))
		add("Repository", scrubText(resolved.Repository))
		add("Namespace", resolved.Namespace)
		add("Helm release", resolved.ReleaseName)
		return out
	}
	spec, status := release.Spec, release.Status
	add("Chart", spec.Chart.Name+" "+spec.Chart.Version)
	if spec.Chart.Constraint != spec.Chart.Version {
		add("Asked for", spec.Chart.Constraint)
	}
	add("Repository", scrubText(spec.Chart.Repository))
	add("Namespace", spec.Namespace)
	add("Helm release", spec.ReleaseName)
	if status.Revision > 0 {
		add("Revision", fmt.Sprint(status.Revision))
	}
	add("Catalog", spec.CatalogVersion)
	add("Chart digest", short(spec.Chart.Digest))
	add("Inputs digest", short(spec.InputsDigest))
	add("Drift", string(spec.Drift))
	if spec.Timeout != nil {
		add("Timeout", spec.Timeout.Duration.String())
	}
	if count := len(spec.CRDs); count > 0 {
		add("CRDs", fmt.Sprint(count))
	}
	if count := len(spec.Manifests); count > 0 {
		add("Follow-up manifests", fmt.Sprint(count))
	}
	add("Adopted", status.Adopted)
	return out
}

// failureOf is the newest failed attempt at what is wanted now.
func failureOf(release *v1alpha1.ComponentRelease, s *scrubber) string {
	f := release.Status.RollbackFailure
	if f == nil {
		f = release.Status.Failure
	}
	if f == nil {
		return ""
	}
	times := "once"
	if f.Count > 1 {
		times = fmt.Sprintf("%d times", f.Count)
	}
	return s.text(fmt.Sprintf("%s failed %s: %s", f.Action, times, f.Message))
}

// historyOf are the revisions, the newest first.
func historyOf(revisions []helm.Revision) []Revision {
	out := make([]Revision, 0, len(revisions))
	for _, r := range slices.Backward(revisions) {
		note := ""
		switch {
		case r.FailedDigest != "":
			note = "rollback"
		case r.Digest == "":
			note = "made by another Helm client"
		case r.Ready:
			note = "was Ready"
		}
		out = append(out, Revision{Number: r.Number, Status: string(r.Status), Changed: r.Changed.UTC(), Note: note, Digest: short(r.Digest)})
	}
	return out
}

// short is the beginning of a digest.
func short(digest string) string {
	digest = strings.TrimPrefix(digest, "sha256:")
	return digest[:min(len(digest), shownDigest)]
}
