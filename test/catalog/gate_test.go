// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/bundles"
	"github.com/groundwork-dev/groundwork/internal/catalog"
)

const (
	chartsVariable = "CATALOG_CHARTS"
	profilesFolder = "../../bundles/profiles"
)

// TestRealCharts renders every component alone, and then every profile. It is one
// test because both judge kinds by what the whole catalog provides.
func TestRealCharts(t *testing.T) {
	mirror := os.Getenv(chartsVariable)
	if mirror == "" {
		t.Skipf("%s is empty: name a mirror of the real charts, or run make catalog-test CHARTS=<folder, http(s) repository or oci://host/path>", chartsVariable)
	}
	set, err := catalog.Load(bundles.FS)
	if err != nil {
		t.Fatal(err)
	}
	newest, err := set.Get(set.Newest())
	if err != nil {
		t.Fatal(err)
	}
	update := os.Getenv("UPDATE_GOLDEN") != ""
	l := newLab(t, mirror, set)
	runs := l.alone(t, newest)
	known := providers{}
	for _, r := range runs {
		for _, c := range r.once {
			known.learn(c)
		}
	}
	for _, name := range newest.Names() {
		t.Run("component/"+name, func(t *testing.T) {
			if r, ok := runs[name]; ok {
				l.judgeAlone(t, r, known, update)
			} else {
				t.Error("it was not rendered, as said above")
			}
		})
	}
	t.Run("owners", func(t *testing.T) {
		for _, problem := range ownedTwice(known) {
			t.Error(problem)
		}
	})
	l.profiles(t, known, update)
	noStrays(t, newest)
}

// run is one component rendered twice, together with what it requires.
type run struct {
	name        string
	once, again []component
}

func (r run) component() (once, again component) {
	mine := func(c component) bool { return c.Name == r.name }
	return r.once[slices.IndexFunc(r.once, mine)], r.again[slices.IndexFunc(r.again, mine)]
}

// alone renders every component twice; what cannot be rendered has failed its test.
func (l *lab) alone(t *testing.T, c *catalog.Catalog) map[string]run {
	t.Helper()
	out := map[string]run{}
	for _, name := range c.Names() {
		t.Run("render/"+name, func(t *testing.T) {
			spec, err := smallest(c, name, filepath.Join("testdata", "inputs"))
			if err != nil {
				t.Fatal(err)
			}
			r := run{name: name}
			for _, into := range []*[]component{&r.once, &r.again} {
				if *into, err = l.bundle(t, spec); err != nil {
					t.Fatal(err)
				}
			}
			out[name] = r
		})
	}
	return out
}

// smallest is the smallest bundle that has a component: with what it requires, or
// the one that a file of the folder gives.
func smallest(c *catalog.Catalog, name, inputs string) (v1alpha1.PlatformBundleSpec, error) {
	var spec v1alpha1.PlatformBundleSpec
	file := filepath.Join(inputs, name+".yaml")
	text, err := goldenText(file)
	if err != nil {
		return spec, err
	}
	if text != "" {
		if err := yaml.UnmarshalStrict([]byte(text), &spec); err != nil {
			return spec, fmt.Errorf("%s: %w", file, err)
		}
		if !slices.ContainsFunc(spec.Components, func(c v1alpha1.Component) bool { return c.Name == name && c.IsEnabled() }) {
			return spec, fmt.Errorf("%s: it has no component %s", file, name)
		}
		return spec, nil
	}
	needed := []string{name}
	for i := 0; i < len(needed); i++ {
		known, ok := c.Component(needed[i])
		if !ok {
			return spec, fmt.Errorf("the catalog has no component %s", needed[i])
		}
		for _, other := range known.Requires {
			if !slices.Contains(needed, other) {
				needed = append(needed, other)
			}
		}
	}
	for _, name := range needed {
		spec.Components = append(spec.Components, v1alpha1.Component{Name: name})
	}
	return spec, nil
}

func (l *lab) judgeAlone(t *testing.T, r run, known providers, update bool) {
	t.Helper()
	once, again := r.component()
	kinds, _ := servedKinds(t, newestMinor)
	served := kinds.Has
	for _, problem := range append(judge(once, again, served, known), l.accepts(t, once)...) {
		t.Error(problem)
	}
	var with []string
	for _, c := range r.once {
		if c.Name != r.name {
			with = append(with, c.Name)
		}
	}
	file := filepath.Join("testdata", r.name+".txt")
	before, err := goldenText(file)
	if err != nil {
		t.Fatal(err)
	}
	text := summary(once, again, with, served, known, before)
	if err := compareGolden(file, text, update && !t.Failed()); err != nil {
		t.Error(err)
	}
	t.Logf("release record: %d KB, %.1f %% of what a Secret holds", once.record.size>>10, 100*float64(once.record.size)/recordLimit)
}

// ownedTwice finds kinds that two components bring: whichever is upgraded last would
// decide what they are.
func ownedTwice(known providers) []string {
	var problems []string
	for gvk, owners := range known {
		if len(owners) > 1 {
			problems = append(problems, fmt.Sprintf("%s is brought by %s: one component must own it", apiVersionKind(gvk), strings.Join(owners, " and ")))
		}
	}
	slices.Sort(problems)
	return problems
}

func (l *lab) profiles(t *testing.T, known providers, update bool) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(profilesFolder, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		t.Run("profile/"+name, func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var profile v1alpha1.PlatformBundle
			if err := yaml.UnmarshalStrict(raw, &profile); err != nil {
				t.Fatal(err)
			}
			l.judgeProfile(t, name, profile.Spec, known, update)
		})
	}
}

func (l *lab) judgeProfile(t *testing.T, name string, spec v1alpha1.PlatformBundleSpec, known providers, update bool) {
	t.Helper()
	once, err := l.bundle(t, spec)
	if err != nil {
		t.Fatal(err)
	}
	again, err := l.bundle(t, spec)
	if err != nil {
		t.Fatal(err)
	}
	kinds, _ := servedKinds(t, newestMinor)
	served := kinds.Has
	var text strings.Builder
	for i, c := range once {
		for _, problem := range append(judge(c, again[i], served, known), missing(once, c, served)...) {
			t.Errorf("component %s: %s", c.Name, problem)
		}
		text.WriteString(c.line() + "\n")
	}
	if err := compareGolden(filepath.Join("testdata", "profiles", name+".txt"), text.String(), update && !t.Failed()); err != nil {
		t.Error(err)
	}
}

// missing are kinds that a component of a bundle uses and nobody in the bundle
// provides: it would wait for ever.
func missing(bundle []component, c component, served func(string) bool) []string {
	inBundle := providers{}
	for _, other := range bundle {
		inBundle.learn(other)
	}
	var problems []string
	for _, gvk := range c.usedKinds() {
		from, ok := inBundle.of(gvk)
		there := ok && slices.ContainsFunc(bundle, func(other component) bool { return slices.Contains(from, other.Name) })
		if !there && !served(apiVersionKind(gvk)) {
			problems = append(problems, "nobody in the bundle provides "+apiVersionKind(gvk))
		}
	}
	return problems
}

// noStrays finds files of components and profiles that are gone.
func noStrays(t *testing.T, c *catalog.Catalog) {
	t.Helper()
	profiles, err := filepath.Glob(filepath.Join(profilesFolder, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range profiles {
		profiles[i] = strings.TrimSuffix(filepath.Base(profiles[i]), ".yaml")
	}
	for pattern, wanted := range map[string][]string{
		"testdata/*.txt": append(c.Names(), "kinds"), "testdata/inputs/*.yaml": c.Names(), "testdata/profiles/*.txt": profiles,
	} {
		left, err := strays(pattern, wanted)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range left {
			t.Errorf("%s belongs to nothing: delete it", file)
		}
	}
}
