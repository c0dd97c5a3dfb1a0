// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package resolve_test

import (
	"fmt"
	"testing"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/bundles"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/resolve"
)

// BenchmarkResolve resolves the week-1 platform with the names alone, with every
// setting, and a bundle of 100 components with charts of the user's own around it.
func BenchmarkResolve(b *testing.B) {
	set, err := catalog.Load(bundles.FS)
	if err != nil {
		b.Fatal(err)
	}
	newest, err := set.Get(set.Newest())
	if err != nil {
		b.Fatal(err)
	}
	week1, ok := newest.Profile("week1")
	if !ok {
		b.Fatal("there is no profile week1")
	}
	hundred := append([]v1alpha1.Component{}, week1.Components...)
	for i := len(hundred); i < 100; i++ {
		hundred = append(hundred, own(fmt.Sprintf("app-%03d", i), func(c *v1alpha1.Component) {
			c.DependsOn = []string{hundred[i%15].Name, hundred[i-1].Name}
			c.Values = raw(`{"replicas": 2, "image": {"repository": "registry.example.com/app", "tag": "1.2.3"}, "resources": {"requests": {"cpu": "100m"}}}`)
		}))
	}
	for name, spec := range map[string]v1alpha1.PlatformBundleSpec{
		"week1":            {Components: week1.Components},
		"week1-everything": {Components: week1.Components, Settings: allSettings("s3")},
		"components=100":   {Components: hundred, Settings: allSettings("s3")},
		"profile=week1":    {Profiles: []string{"week1"}},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				bundle, err := resolve.Resolve(spec, "", set)
				if err != nil || len(bundle.Components) < 15 {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkMerged merges the layers of every component of the week-1 platform.
func BenchmarkMerged(b *testing.B) {
	set, err := catalog.Load(bundles.FS)
	if err != nil {
		b.Fatal(err)
	}
	bundle, err := resolve.Resolve(v1alpha1.PlatformBundleSpec{Profiles: []string{"week1"}, Settings: allSettings("s3")}, "", set)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, c := range bundle.Components {
			if len(c.Merged()) == 0 {
				b.Fatalf("%s has no values", c.Name)
			}
		}
	}
}
