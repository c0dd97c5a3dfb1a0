// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package inputs

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// definitionKind is the kind of a CRD.
const definitionKind = "CustomResourceDefinition"

// renderers run at once.
const renderers = 2

// Object is one that a chart renders.
type Object struct {
	// APIVersion and Kind as written.
	APIVersion, Kind string
	// Namespace as written or the release's; kinds of the cluster have it, too.
	Namespace, Name string
	// Content is the whole object.
	Content map[string]any
}

// Workload says whether it is a Deployment, a StatefulSet or a DaemonSet.
func (o Object) Workload() bool {
	return o.APIVersion == "apps/v1" && (o.Kind == "Deployment" || o.Kind == "StatefulSet" || o.Kind == "DaemonSet")
}

// Key is "Kind namespace/name".
func (o Object) Key() string { return o.Kind + " " + o.Namespace + "/" + o.Name }

// render fills in what every chart renders: once to learn which kinds there will
// be, once with these as what the cluster serves. Charts ask for that.
func (o Options) render(ctx context.Context, releases []Release) error {
	var served []string
	for pass := range 2 {
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(renderers)
		for i := range releases {
			group.Go(func() error {
				var err error
				releases[i].Objects, err = o.template(ctx, releases[i], served)
				return err
			})
		}
		if err := group.Wait(); err != nil {
			return err
		}
		if pass == 0 {
			served = servedBy(releases)
		}
	}
	return nil
}

// template runs helm template for one release.
func (o Options) template(ctx context.Context, r Release, served []string) ([]Object, error) {
	args := []string{"template", r.Name, r.Archive, "--namespace", r.Namespace, "--values", r.ValuesFile,
		"--include-crds", "--no-hooks", "--kube-version", o.KubeVersion}
	for _, api := range served {
		args = append(args, "--api-versions", api)
	}
	var out, complaint bytes.Buffer
	cmd := exec.CommandContext(ctx, o.Helm, args...)
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s: helm template: %w: %s", r.Component, err, bytes.TrimSpace(complaint.Bytes()))
	}
	objects, err := parse(&out, r.Namespace)
	if err != nil {
		return nil, fmt.Errorf("%s: what helm template wrote: %w", r.Component, err)
	}
	return objects, nil
}

// parse reads YAML documents; hooks that slipped through are left out.
func parse(in io.Reader, namespace string) ([]Object, error) {
	var out []Object
	for documents := utilyaml.NewYAMLReader(bufio.NewReader(in)); ; {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		object := unstructured.Unstructured{}
		if err := yaml.Unmarshal(document, &object.Object); err != nil {
			return nil, err
		}
		if object.GetKind() == "" || object.GetAnnotations()["helm.sh/hook"] != "" {
			continue
		}
		if !object.IsList() {
			out = append(out, newObject(object, namespace))
			continue
		}
		err = object.EachListItem(func(item runtime.Object) error {
			if one, ok := item.(*unstructured.Unstructured); ok {
				out = append(out, newObject(*one, namespace))
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
}

func newObject(u unstructured.Unstructured, namespace string) Object {
	if u.GetNamespace() != "" {
		namespace = u.GetNamespace()
	}
	return Object{APIVersion: u.GetAPIVersion(), Kind: u.GetKind(), Namespace: namespace, Name: u.GetName(), Content: u.Object}
}

// Definition is what a CRD says about its kind.
type Definition struct {
	// Group and Kind, and Resource: the plural.
	Group, Kind, Resource string
	// Namespaced says where its objects are.
	Namespaced bool
	// Versions that are served.
	Versions []string
}

// Definition reads a CRD; false for any other kind.
func (o Object) Definition() (Definition, bool) {
	if o.Kind != definitionKind {
		return Definition{}, false
	}
	text := func(path ...string) string {
		found, _, _ := unstructured.NestedString(o.Content, append([]string{"spec"}, path...)...) // empty is the answer then
		return found
	}
	out := Definition{Group: text("group"), Kind: text("names", "kind"), Resource: text("names", "plural"), Namespaced: text("scope") == "Namespaced"}
	versions, _, _ := unstructured.NestedSlice(o.Content, "spec", "versions") // none is the answer then
	for _, v := range versions {
		if version, ok := v.(map[string]any); ok && version["served"] == true {
			if name, ok := version["name"].(string); ok {
				out.Versions = append(out.Versions, name)
			}
		}
	}
	return out, true
}

// servedBy is what --api-versions takes for the kinds of all CRDs, sorted.
func servedBy(releases []Release) []string {
	found := map[string]bool{}
	for _, r := range releases {
		for _, o := range r.Objects {
			definition, _ := o.Definition()
			for _, version := range definition.Versions {
				found[definition.Group+"/"+version] = true
				found[definition.Group+"/"+version+"/"+definition.Kind] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// definitionsFirst writes the CRDs that a release uses and that come from one which
// it does not wait for.
func (o Options) definitionsFirst(releases []Release) (string, error) {
	wanted := foreignDefinitions(releases)
	if len(wanted) == 0 {
		return "", nil
	}
	path := o.Folder + "/crds-first.yaml"
	var out bytes.Buffer
	for _, object := range wanted {
		raw, err := yaml.Marshal(object.Content)
		if err != nil {
			return "", err
		}
		out.WriteString("---\n")
		out.Write(raw)
	}
	return path, os.WriteFile(path, out.Bytes(), 0o600)
}

// foreignDefinitions are these, by name.
func foreignDefinitions(releases []Release) []Object {
	before := closure(releases)
	found := map[string]Object{}
	for _, owner := range releases {
		for _, object := range owner.Objects {
			definition, ok := object.Definition()
			if !ok {
				continue
			}
			for _, user := range releases {
				if user.Component != owner.Component && !before[user.Component][owner.Component] && uses(user, definition) {
					found[object.Name] = object
				}
			}
		}
	}
	var out []Object
	for _, name := range slices.Sorted(maps.Keys(found)) {
		out = append(out, found[name])
	}
	return out
}

// uses says whether a release has an object of a kind.
func uses(r Release, d Definition) bool {
	of := func(apiVersion, kind string) bool {
		group, _, _ := cutLast(apiVersion)
		return kind == d.Kind && group == d.Group
	}
	return slices.ContainsFunc(r.Objects, func(o Object) bool { return of(o.APIVersion, o.Kind) }) ||
		slices.ContainsFunc(r.Manifests, func(m map[string]any) bool {
			u := unstructured.Unstructured{Object: m}
			return of(u.GetAPIVersion(), u.GetKind())
		})
}

// closure is everything that each component waits for, in order.
func closure(releases []Release) map[string]map[string]bool {
	out := map[string]map[string]bool{}
	for _, r := range releases {
		all := map[string]bool{}
		for _, direct := range r.DependsOn {
			all[direct] = true
			maps.Copy(all, out[direct])
		}
		out[r.Component] = all
	}
	return out
}
