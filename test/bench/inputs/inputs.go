// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package inputs prepares what every installer of the bench is given: one bundle,
// and the charts, versions, values, order and follow-up manifests that
// `kubectl platform export` writes for it. It renders the charts with Helm's own
// program, to know what has to run in the end. It imports the API, the catalog, the
// plugin's export, and no client.
package inputs

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"sigs.k8s.io/yaml"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/bundles"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/cli/export"
	"github.com/groundwork-dev/groundwork/internal/values"
)

// Options say what is to be prepared.
type Options struct {
	// Helm is the path of Helm's program.
	Helm string
	// Charts is a folder of <name>-<version>.tgz.
	Charts string
	// Folder takes the files that are written; it exists.
	Folder string
	// KubeVersion that the charts are rendered for, such as v1.36.3.
	KubeVersion string
	// Bundle that everybody installs.
	Bundle *v1alpha1.PlatformBundle
}

// Release is one component as Helm is told about it.
type Release struct {
	export.Release
	// Archive is the path of the chart, ValuesFile that of its values.
	Archive, ValuesFile string
	// ManifestsFile is the path of the follow-up manifests; empty: none.
	ManifestsFile string
	// Objects are what its chart renders, hooks left out, its CRDs included.
	Objects []Object
}

// Set is one state of the platform, for all installers.
type Set struct {
	// Bundle is the state as Groundwork reads it.
	Bundle *v1alpha1.PlatformBundle
	// Releases after what they depend on.
	Releases []Release
	// Helmfile is the path of the same for helmfile.
	Helmfile string
	// CRDsFirst is the path of definitions that a release uses and that another one,
	// which it does not wait for, brings: Helm and helmfile have to be given them
	// before anything else. Empty: there are none.
	CRDsFirst string
}

// Prepare writes a set in a folder below o.Folder.
func Prepare(ctx context.Context, name string, o Options) (*Set, error) {
	o.Folder = filepath.Join(o.Folder, name)
	if err := os.MkdirAll(o.Folder, 0o700); err != nil {
		return nil, fmt.Errorf("prepare the inputs: %w", err)
	}
	platform, err := exported(o.Bundle)
	if err != nil {
		return nil, err
	}
	set := &Set{Bundle: o.Bundle}
	for _, r := range platform.Releases {
		release, err := o.release(r)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.Component, err)
		}
		set.Releases = append(set.Releases, release)
	}
	if err := o.render(ctx, set.Releases); err != nil {
		return nil, err
	}
	if set.CRDsFirst, err = o.definitionsFirst(set.Releases); err != nil {
		return nil, err
	}
	set.Helmfile, err = o.helmfile(platform, set.Releases)
	return set, err
}

// exported is the bundle as any tool sees it; what cannot be right is an error.
func exported(bundle *v1alpha1.PlatformBundle) (export.Platform, error) {
	catalogs, err := catalog.Load(bundles.FS)
	if err != nil {
		return export.Platform{}, err
	}
	platform, err := export.From(bundle, nil, catalogs)
	if err != nil {
		return export.Platform{}, fmt.Errorf("export the bundle: %w", err)
	}
	if len(platform.Warnings) > 0 {
		return export.Platform{}, fmt.Errorf("export the bundle: %s", platform.Warnings[0])
	}
	return platform, nil
}

// release finds the chart and writes the files of one release.
func (o Options) release(r export.Release) (Release, error) {
	out := Release{Release: r, Archive: filepath.Join(o.Charts, r.Chart+"-"+r.Version+".tgz")}
	if _, err := os.Stat(out.Archive); err != nil {
		return Release{}, fmt.Errorf("its chart is not in the mirror: %w", err)
	}
	if len(r.References) > 0 {
		return Release{}, fmt.Errorf("it has valuesFrom, which the bench does not compare: put the values into the bundle")
	}
	out.ValuesFile = filepath.Join(o.Folder, r.Component+".values.yaml")
	if err := writeYAML(out.ValuesFile, values.Merge(r.Defaults, r.Values)); err != nil {
		return Release{}, err
	}
	if len(r.Manifests) == 0 {
		return out, nil
	}
	out.ManifestsFile = filepath.Join(o.Folder, r.Component+".manifests.yaml")
	return out, writeYAML(out.ManifestsFile, map[string]any{"apiVersion": "v1", "kind": "List", "items": r.Manifests})
}

// Edges are the dependencies of each release, by component.
func (s *Set) Edges() map[string][]string {
	out := map[string][]string{}
	for _, r := range s.Releases {
		if len(r.DependsOn) > 0 {
			out[r.Component] = r.DependsOn
		}
	}
	return out
}

// Namespaces of the releases, sorted.
func (s *Set) Namespaces() []string {
	var out []string
	for _, r := range s.Releases {
		out = append(out, r.Namespace)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Key is how Helm knows the release: namespace/name.
func (r Release) Key() string { return r.Namespace + "/" + r.Name }

// Workloads of the release.
func (r Release) Workloads() []Object {
	return slices.DeleteFunc(slices.Clone(r.Objects), func(o Object) bool { return !o.Workload() })
}

// Definitions are the names of the CRDs that the release brings.
func (r Release) Definitions() []string {
	var out []string
	for _, o := range r.Objects {
		if o.Kind == definitionKind {
			out = append(out, o.Name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func writeYAML(path string, content any) error {
	raw, err := yaml.Marshal(content)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return os.WriteFile(path, raw, 0o600)
}
