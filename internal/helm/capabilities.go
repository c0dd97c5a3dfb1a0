// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"fmt"
	"slices"
	"strings"
	"sync"

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
// use, with the recorder in the place of the list.
type templateCapabilities struct {
	KubeVersion chartutil.KubeVersion
	APIVersions *recorder
	HelmVersion any
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
