// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/kustomize/kyaml/openapi"
	"sigs.k8s.io/yaml"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/bundles"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/resolve"
)

const gitops = "samples/gitops"

// build runs Kustomize as a new process of `kustomize build` does, with its default
// restrictions. The schema is a variable of the process, so no test that builds is
// parallel.
func build(t *testing.T, folder string) []byte {
	t.Helper()
	openapi.ResetOpenAPI()
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), folder)
	if err != nil {
		t.Fatalf("%s: %v", folder, err)
	}
	out, err := built.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// live is what live clusters share.
var live = map[string]string{
	"settings.highAvailability":  `true`,
	"settings.storageClassName":  `"gp3"`,
	"settings.retention.metrics": `"30d"`,
	"settings.retention.logs":    `"30d"`,
	"settings.dns.provider":      `"aws"`,
}

// differences of each overlay from the base: all that there may be.
var differences = map[string]map[string]string{
	"testbed": {
		"settings.domain":                  `"testbed.example.com"`,
		"settings.acme.server":             `"https://acme-staging-v02.api.letsencrypt.org/directory"`,
		"settings.appOfApps.path":          `"overlays/testbed"`,
		"components[external-dns].enabled": `false`,
	},
	"dev": {
		"settings.domain":             `"dev.example.com"`,
		"settings.appOfApps.path":     `"overlays/dev"`,
		"components[grafana].version": `"12.x"`,
	},
	"live-a": with(live, map[string]string{
		"settings.domain":                 `"a.live.example.com"`,
		"settings.appOfApps.path":         `"overlays/live-a"`,
		"settings.objectStorage.provider": `"aws"`,
		"settings.objectStorage.region":   `"eu-central-1"`,
		"settings.objectStorage.bucket":   `"platform-live-a"`,
	}),
	"live-b": with(live, map[string]string{
		"settings.domain":                 `"b.live.example.com"`,
		"settings.appOfApps.path":         `"overlays/live-b"`,
		"settings.objectStorage.provider": `"aws"`,
		"settings.objectStorage.region":   `"eu-west-1"`,
		"settings.objectStorage.bucket":   `"platform-live-b"`,
	}),
}

func with(all, more map[string]string) map[string]string {
	out := maps.Clone(all)
	maps.Copy(out, more)
	return out
}

func TestOverlays(t *testing.T) {
	catalogs, err := catalog.Load(bundles.FS)
	if err != nil {
		t.Fatal(err)
	}
	folders, err := os.ReadDir(filepath.Join(gitops, "overlays"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, folder := range folders {
		names = append(names, folder.Name())
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(differences)), names); diff != "" {
		t.Fatalf("overlays (-want +got):\n%s", diff)
	}
	base := leaves(t, build(t, filepath.Join(gitops, "base")))
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			built := build(t, filepath.Join(gitops, "overlays", name))
			golden(t, filepath.Join("testdata", "gitops", name+".yaml"), built)
			bundle := strict[v1alpha1.PlatformBundle](t, name, built)
			for _, err := range schemaErrors(t, bundle) {
				t.Error(err)
			}
			checkResolves(t, catalogs, bundle.Spec)
			got := leaves(t, built)
			for path, value := range base {
				if got[path] == value {
					delete(got, path)
				} else if _, there := got[path]; !there {
					t.Errorf("%s of the base is lost", path)
				}
			}
			if diff := cmp.Diff(differences[name], got); diff != "" {
				t.Errorf("it differs from the base by (-want +got):\n%s", diff)
			}
		})
	}
}

// checkResolves holds a bundle to the catalog: no refusal, no component in trouble, and
// the same whatever the order of its components, which a patch changes.
func checkResolves(t *testing.T, catalogs *catalog.Set, spec v1alpha1.PlatformBundleSpec) {
	t.Helper()
	resolved, err := resolve.Resolve(spec, "", catalogs)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range resolved.Components {
		if c.Trouble != nil {
			t.Error(c.Trouble)
		}
	}
	reversed := *spec.DeepCopy()
	slices.Reverse(reversed.Components)
	other, err := resolve.Resolve(reversed, "", catalogs)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(resolved, other); diff != "" {
		t.Errorf("the order of components matters:\n%s", diff)
	}
}

// TestOverlaysNeedTheMergeKey: without the file, an overlay that names one component
// loses the others. So the file is what the sample says it is.
func TestOverlaysNeedTheMergeKey(t *testing.T) {
	repository := t.TempDir()
	if err := os.CopyFS(repository, os.DirFS(gitops)); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(repository, "base", "kustomization.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, _, found := bytes.Cut(text, []byte("openapi:"))
	if !found {
		t.Fatal("the base names no openapi file")
	}
	if err := os.WriteFile(file, before, 0o600); err != nil {
		t.Fatal(err)
	}
	bundle := strict[v1alpha1.PlatformBundle](t, "dev", build(t, filepath.Join(repository, "overlays", "dev")))
	if len(bundle.Spec.Components) != 1 {
		t.Errorf("%d components without the merge key: Kustomize merges by itself now, and the file is not needed any more", len(bundle.Spec.Components))
	}
}

// TestOtherKinds: with the file in a build, a patch of a Deployment merges its containers
// as ever, and `namespace:` leaves the bundle alone, which is cluster-scoped.
func TestOtherKinds(t *testing.T) {
	repository := t.TempDir()
	if err := os.CopyFS(repository, os.DirFS(gitops)); err != nil {
		t.Fatal(err)
	}
	write := func(file, text string) {
		if err := os.WriteFile(filepath.Join(repository, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	deployment := "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: app}\nspec: {template: {spec: {containers: [%s]}}}\n"
	write("base/app.yaml", fmt.Sprintf(deployment, "{name: app, image: 'app:1'}, {name: sidecar, image: 'sidecar:1'}"))
	write("overlays/dev/app.yaml", fmt.Sprintf(deployment, "{name: app, image: 'app:2'}"))
	write("base/kustomization.yaml", "resources: [bundle.yaml, app.yaml]\nopenapi: {path: platformbundle.openapi.json}\n")
	write("overlays/dev/kustomization.yaml", "resources: [../../base]\nnamespace: apps\npatches: [{path: bundle.yaml}, {path: app.yaml}]\n")
	write("built.yaml", string(build(t, filepath.Join(repository, "overlays", "dev"))))

	app := find[appsv1.Deployment](t, filepath.Join(repository, "built.yaml"), "Deployment", "app")
	images := map[string]string{}
	for _, container := range app.Spec.Template.Spec.Containers {
		images[container.Name] = container.Image
	}
	if diff := cmp.Diff(map[string]string{"app": "app:2", "sidecar": "sidecar:1"}, images); diff != "" || app.Namespace != "apps" {
		t.Errorf("namespace %s, images (-want +got):\n%s", app.Namespace, diff)
	}
	bundle := find[v1alpha1.PlatformBundle](t, filepath.Join(repository, "built.yaml"), "PlatformBundle", "platform")
	if bundle.Namespace != "" || len(bundle.Spec.Components) < 2 {
		t.Errorf("the bundle is in namespace %q and has %d components", bundle.Namespace, len(bundle.Spec.Components))
	}
}

// leaves of a bundle's spec by path, as JSON; elements of lists by name where they
// have one.
func leaves(t *testing.T, doc []byte) map[string]string {
	t.Helper()
	object := struct {
		Spec map[string]any `json:"spec"`
	}{}
	if err := yaml.Unmarshal(doc, &object); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	collect(t, out, "", object.Spec)
	return out
}

func collect(t *testing.T, out map[string]string, path string, node any) {
	t.Helper()
	switch n := node.(type) {
	case map[string]any:
		for key, child := range n {
			below := path + "." + key
			if path == "" {
				below = key
			}
			collect(t, out, below, child)
		}
	case []any:
		for i, child := range n {
			key := fmt.Sprint(i)
			if object, ok := child.(map[string]any); ok && object["name"] != nil {
				key = fmt.Sprint(object["name"])
			}
			collect(t, out, path+"["+key+"]", child)
		}
	default:
		text, err := json.Marshal(n)
		if err != nil {
			t.Fatal(err)
		}
		out[path] = string(text)
	}
}
