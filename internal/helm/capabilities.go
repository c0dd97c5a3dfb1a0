// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// recorder answers .Capabilities.APIVersions.Has in templates and remembers what
// was asked: exactly these answers, and not the cluster as a whole, are inputs of
// a release.
type recorder struct {
	has   func(apiVersion string) bool
	mu    sync.Mutex
	asked map[string]bool
}

// Has is called by templates.
func (r *recorder) Has(apiVersion string) bool {
	answer := r.has(apiVersion)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked[apiVersion] = answer
	return answer
}

// answers are what was asked, sorted.
func (r *recorder) answers() []v1alpha1.CapabilityAnswer {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]v1alpha1.CapabilityAnswer, 0, len(r.asked))
	for apiVersion, available := range r.asked {
		out = append(out, v1alpha1.CapabilityAnswer{APIVersion: apiVersion, Available: available})
	}
	slices.SortFunc(out, func(a, b v1alpha1.CapabilityAnswer) int {
		return strings.Compare(a.APIVersion, b.APIVersion)
	})
	return out
}

// templateCapabilities has the fields of chartutil.Capabilities that templates
// use, with what asks the recorder in the place of the list.
type templateCapabilities struct {
	KubeVersion chartutil.KubeVersion
	APIVersions askedVersions
	HelmVersion any
}

// askedVersions is a list of texts, as in Helm, because some templates search it or
// walk it instead of asking its method Has. Behind its last element, where only Has
// looks, lies the recorder.
type askedVersions []any

// Has is called by templates.
func (v askedVersions) Has(apiVersion string) bool {
	return v[:cap(v)][cap(v)-1].(*recorder).Has(apiVersion)
}

// versionsFor is the list for a chart. Whoever searches it asks for nothing that can
// be seen, so that what its templates name counts as asked.
func versionsFor(loaded *helmchart.Chart, asked *recorder, kinds Kinds) askedVersions {
	var versions []string
	if searched, literals := searches(loaded); searched {
		for _, apiVersion := range literals {
			if asked.Has(apiVersion) {
				versions = append(versions, apiVersion)
			}
		}
		for _, apiVersion := range kinds.APIVersions() {
			if !slices.Contains(literals, apiVersion) {
				versions = append(versions, apiVersion)
			}
		}
	}
	out := make(askedVersions, len(versions)+1)
	for i, apiVersion := range versions {
		out[i] = apiVersion
	}
	out[len(versions)] = asked
	return slices.Clip(out)[:len(versions)]
}

var (
	templateAction    = regexp.MustCompile(`(?s)\{\{.*?\}\}`)
	plainCapabilities = regexp.MustCompile(`Capabilities\.(KubeVersion|HelmVersion|APIVersions\.Has)\b`)
	versionLiteral    = regexp.MustCompile("[\"`]([\\w.-]+/v\\d\\w*(?:/\\w+)?|v\\d\\w*/\\w+)[\"`]")
)

// searches says whether a chart's templates take hold of the capabilities in another
// way than by asking Has, and lists the texts in them that are an API version:
// group/v1 or group/v1/Kind.
func searches(loaded *helmchart.Chart) (found bool, literals []string) {
	for _, file := range loaded.Templates {
		if found || !bytes.Contains(file.Data, []byte("Capabilities")) {
			continue
		}
		for _, text := range templateAction.FindAllString(string(file.Data), -1) {
			found = found || strings.Contains(plainCapabilities.ReplaceAllString(text, ""), "Capabilities")
		}
	}
	for _, file := range loaded.Templates {
		if !found {
			break
		}
		for _, match := range versionLiteral.FindAllStringSubmatch(string(file.Data), -1) {
			literals = append(literals, match[1])
		}
	}
	for _, dependency := range loaded.Dependencies() {
		below, more := searches(dependency)
		found, literals = found || below, append(literals, more...)
	}
	slices.Sort(literals)
	return found, slices.Compact(literals)
}

func kubeVersion(kinds Kinds) chartutil.KubeVersion {
	info := kinds.ServerVersion()
	return chartutil.KubeVersion{Version: info.GitVersion, Major: info.Major, Minor: info.Minor}
}

// capabilitiesFor are the live ones with the approved answers laid over them, so
// that the action renders what was checked.
func capabilitiesFor(kinds Kinds, answers []v1alpha1.CapabilityAnswer) *chartutil.Capabilities {
	forced := make(map[string]bool, len(answers))
	versions := chartutil.VersionSet{}
	for _, answer := range answers {
		forced[answer.APIVersion] = answer.Available
		if answer.Available {
			versions = append(versions, answer.APIVersion)
		}
	}
	for _, apiVersion := range kinds.APIVersions() {
		if _, decided := forced[apiVersion]; !decided {
			versions = append(versions, apiVersion)
		}
	}
	return &chartutil.Capabilities{
		KubeVersion: kubeVersion(kinds),
		APIVersions: versions,
		HelmVersion: chartutil.DefaultCapabilities.HelmVersion,
	}
}

// checkKubeVersion is the chart's own statement of where it runs.
func checkKubeVersion(constraint string, kinds Kinds) error {
	actual := kubeVersion(kinds)
	if constraint == "" || chartutil.IsCompatibleRange(constraint, actual.Version) {
		return nil
	}
	return fmt.Errorf("the chart requires Kubernetes %s and this cluster is %s", constraint, actual.Version)
}
