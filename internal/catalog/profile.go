// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// profilesRoot is the folder of the profiles.
const profilesRoot = "profiles"

// DescriptionAnnotation of a profile holds the sentence that says what it is for.
const DescriptionAnnotation = "platform.groundwork.dev/description"

// Profile is a list of components that make sense together. Its file is a
// PlatformBundle, so that it can be applied as it is.
type Profile struct {
	// Name is what spec.profiles calls it, and the name of its file.
	Name string
	// Description is a sentence for people.
	Description string
	// Components as the file lists them.
	Components []v1alpha1.Component
}

// Profile returns a copy of the profile of that name.
func (c *Catalog) Profile(name string) (Profile, bool) {
	found, ok := c.profiles[name]
	if !ok {
		return Profile{}, false
	}
	components := make([]v1alpha1.Component, len(found.Components))
	for i := range found.Components {
		components[i] = *found.Components[i].DeepCopy()
	}
	found.Components = components
	return found, true
}

// Profiles returns the names of all profiles, sorted.
func (c *Catalog) Profiles() []string { return slices.Sorted(maps.Keys(c.profiles)) }

// NearestProfile returns the profile whose name is most like name; false when none is.
func (c *Catalog) NearestProfile(name string) (string, bool) { return nearest(name, c.Profiles()) }

// loadProfiles reads the profiles into the catalogs that they belong to.
func (s *Set) loadProfiles(fsys fs.FS, found *problems) error {
	entries, err := fs.ReadDir(fsys, profilesRoot)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot read the profiles: %w", err)
	}
	for _, entry := range entries {
		file := path.Join(profilesRoot, entry.Name())
		if !entry.IsDir() {
			if err := s.catalogs[s.Newest()].loadProfile(fsys, file, found); err != nil {
				return err
			}
			continue
		}
		chosen, known := s.catalogs[entry.Name()]
		switch {
		case !known:
			found.add(file, 0, "there is no catalog of this version")
			continue
		case chosen.Version == s.Newest():
			found.add(file, 0, "the profiles of the newest catalog belong into %s itself", profilesRoot)
			continue
		}
		files, err := fs.ReadDir(fsys, file)
		if err != nil {
			return fmt.Errorf("cannot read the profiles: %w", err)
		}
		for _, f := range files {
			if err := chosen.loadProfile(fsys, path.Join(file, f.Name()), found); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *Catalog) loadProfile(fsys fs.FS, file string, found *problems) error {
	if info, err := fs.Stat(fsys, file); path.Ext(file) != ".yaml" || (err == nil && info.IsDir()) {
		found.add(file, 0, "only files named <profile>.yaml belong here")
		return nil
	}
	content, err := fs.ReadFile(fsys, file)
	if err != nil {
		return fmt.Errorf("cannot read the profile %s: %w", file, err)
	}
	// kubectl would apply every document of the file, and take a plain y for true.
	before := len(found.list)
	if n, ok := parse(file, content, found); ok {
		(&decoder{file: file, found: found}).value(n)
	}
	if len(found.list) > before {
		return nil
	}
	var bundle v1alpha1.PlatformBundle
	if err := yaml.UnmarshalStrict(content, &bundle); err != nil {
		found.add(file, 0, "%s", strings.TrimPrefix(err.Error(), "error unmarshaling JSON: while decoding JSON: json: "))
		return nil
	}
	fail := func(format string, args ...any) { found.add(file, 0, format, args...) }
	checkBundle(bundle, strings.TrimSuffix(path.Base(file), ".yaml"), fail)
	profile := Profile{Name: bundle.Name, Description: bundle.Annotations[DescriptionAnnotation], Components: bundle.Spec.Components}
	c.checkProfile(profile, fail)
	c.profiles[profile.Name] = profile
	return nil
}

// checkBundle finds what a profile of that name may not be, its components aside.
func checkBundle(bundle v1alpha1.PlatformBundle, name string, fail func(format string, args ...any)) {
	if bundle.APIVersion != v1alpha1.GroupVersion.String() || bundle.Kind != "PlatformBundle" {
		fail("a profile is a PlatformBundle of %s, not a %s of %q", v1alpha1.GroupVersion, bundle.Kind, bundle.APIVersion)
	}
	if bundle.Name != name {
		fail("metadata.name %q must be the name of the file, %q", bundle.Name, name)
	}
	if len(name) > maxLabel || !regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`).MatchString(name) {
		fail("the name %q must be lower case letters, digits and dashes, at most %d of them", name, maxLabel)
	}
	if bundle.Annotations[DescriptionAnnotation] == "" {
		fail("the annotation %s is missing: say in a sentence what the profile is for", DescriptionAnnotation)
	}
	bundle.Spec.Components = nil
	if rest, err := yaml.Marshal(bundle.Spec); err != nil || strings.TrimSpace(string(rest)) != "{}" {
		fail("a profile lists components and nothing else: everything else is the bundle's own business")
	}
}

// checkProfile finds what would keep the components from being a bundle of their own.
func (c *Catalog) checkProfile(profile Profile, fail func(format string, args ...any)) {
	if len(profile.Components) == 0 {
		fail("a profile needs components")
	}
	listed := map[string]bool{}
	for _, component := range profile.Components {
		name := component.Name
		if listed[name] {
			fail("component %q is there twice", name)
		}
		listed[name] = true
		if _, known := c.components[name]; !known && component.Chart == nil {
			fail("no component %q in this catalog%s", name, didYouMean(name, c.names))
		}
		// What overrules a refusal is said by those whose data it is, in their own bundle.
		if !component.IsEnabled() || component.Suspend || component.Adopt || len(component.AllowDataLoss) > 0 {
			fail("%s: enabled, suspend, adopt and allowDataLoss are the bundle's own business", name)
		}
	}
	for _, component := range profile.Components {
		c.checkEdges(component, listed, fail)
	}
}

func (c *Catalog) checkEdges(component v1alpha1.Component, listed map[string]bool, fail func(format string, args ...any)) {
	known := c.components[component.Name]
	for _, needed := range known.Requires {
		if !listed[needed] {
			fail("%s requires %s, which the profile does not list", component.Name, needed)
		}
	}
	for _, needed := range component.DependsOn {
		if !listed[needed] {
			fail("%s depends on %s, which the profile does not list", component.Name, needed)
		}
	}
	for _, other := range known.Conflicts {
		if listed[other] {
			fail("%s conflicts with %s", component.Name, other)
		}
	}
}
