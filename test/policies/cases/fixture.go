// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/resolve"
)

// Fixture is one file: what is asked of the API server, and what should be answered.
type Fixture struct {
	// About says what is special about it. Required.
	About string `json:"about"`
	// Settings of the preset, over those of its settings.yaml.
	Settings map[string]any `json:"settings,omitempty"`
	// Message that a failing one must get, or a part of it.
	Message string `json:"message,omitempty"`
	// Operation: CREATE (the default), UPDATE or DELETE.
	Operation string `json:"operation,omitempty"`
	// Subresource that is asked for, such as ephemeralcontainers.
	Subresource string `json:"subresource,omitempty"`
	// Object as it would be, absent for DELETE; OldObject as it is.
	Object    map[string]any `json:"object,omitempty"`
	OldObject map[string]any `json:"oldObject,omitempty"`
	// Cluster holds what else is there.
	Cluster []map[string]any `json:"cluster,omitempty"`

	preset, name string
	allowed      bool
	defaults     map[string]any
}

// Case is a fixture for one engine.
type Case struct {
	Fixture
	// Name is preset/file/enforcement.
	Name string `json:"name"`
	// Allowed says what the engine must find.
	Allowed bool `json:"allowed"`
	// Enforcement that the manifests are for: Audit or Enforce.
	Enforcement v1alpha1.PolicyEnforcement `json:"enforcement"`
	// Manifests that the engine's component gets for the preset, in their order.
	Manifests []json.RawMessage `json:"manifests"`
}

// load reads all fixtures, in the order of their names.
func load(dir string) ([]Fixture, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*", "*-*.yaml"))
	if err != nil {
		return nil, err
	}
	var out []Fixture
	for _, file := range files {
		f, err := read(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		out = append(out, f)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s holds no fixtures", dir)
	}
	return out, nil
}

func read(file string) (Fixture, error) {
	f := Fixture{name: strings.TrimSuffix(filepath.Base(file), ".yaml"), preset: filepath.Base(filepath.Dir(file))}
	if err := decode(file, &f); err != nil {
		return f, err
	}
	verdict, _, _ := strings.Cut(f.name, "-")
	f.allowed = verdict == "pass"
	switch {
	case verdict != "pass" && verdict != "fail":
		return f, fmt.Errorf("the name must begin with pass- or fail-")
	case f.About == "":
		return f, fmt.Errorf("about: say what is special about it")
	case f.allowed == (f.Message != ""):
		return f, fmt.Errorf("message: what must fail says with which message, and nothing else does")
	case (f.Operation == "DELETE") != (f.Object == nil):
		return f, fmt.Errorf("object: it is there unless it is deleted")
	case (f.Operation == "UPDATE" || f.Operation == "DELETE") != (f.OldObject != nil):
		return f, fmt.Errorf("oldObject: it is there when it is changed or deleted")
	}
	if f.Operation == "" {
		f.Operation = "CREATE"
	}
	return f, decode(filepath.Join(filepath.Dir(file), "settings.yaml"), &f.defaults)
}

func decode(file string, into any) error {
	content, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		return err
	}
	return yaml.UnmarshalStrict(content, into)
}

// resolve gives the fixture the manifests of a bundle that has the engine and the
// preset.
func (f Fixture) resolve(engine v1alpha1.PolicyEngine, enforcement v1alpha1.PolicyEnforcement, catalogs *catalog.Set) (Case, error) {
	out := Case{Fixture: f, Name: f.preset + "/" + f.name + "/" + string(enforcement), Allowed: f.allowed, Enforcement: enforcement}
	settings := f.Settings
	if settings == nil {
		settings = f.defaults
	}
	preset := map[string]any{"enforcement": string(enforcement)}
	maps.Copy(preset, settings)
	raw, err := json.Marshal(map[string]any{"policies": map[string]any{f.preset: preset}})
	if err != nil {
		return out, err
	}
	spec := v1alpha1.PlatformBundleSpec{Components: []v1alpha1.Component{{Name: string(engine)}}}
	if err := yaml.UnmarshalStrict(raw, &spec.Settings); err != nil {
		return out, fmt.Errorf("settings: %w", err)
	}
	bundle, err := resolve.Resolve(spec, "", catalogs)
	if err != nil {
		return out, err
	}
	for _, component := range bundle.Components {
		if component.Trouble != nil {
			return out, component.Trouble
		}
		for _, manifest := range component.Manifests {
			out.Manifests = append(out.Manifests, manifest.Raw)
		}
	}
	if len(out.Manifests) == 0 {
		return out, fmt.Errorf("the preset gives %s no manifests", engine)
	}
	return out, nil
}
