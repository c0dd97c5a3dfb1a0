// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	helmchart "helm.sh/helm/v3/pkg/chart"
	helmrelease "helm.sh/helm/v3/pkg/release"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"pgregory.net/rapid"
)

func testMapper() meta.RESTMapper {
	mapper := meta.NewDefaultRESTMapper(nil)
	mapper.Add(schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}, meta.RESTScopeNamespace)
	mapper.Add(schema.GroupVersionKind{Version: "v1", Kind: "Namespace"}, meta.RESTScopeRoot)
	return mapper
}

func TestDocuments(t *testing.T) {
	tests := map[string]struct {
		stream string
		want   []string
	}{
		"empty":                       {"", nil},
		"blank documents":             {"---\n\n---\n  \n", nil},
		"one without separator":       {"a: 1\n", []string{"a: 1\n"}},
		"two":                         {"---\na: 1\n---\nb: 2\n", []string{"\na: 1", "\nb: 2\n"}},
		"trimmed template":            {"a: 1\n---apiVersion: v1\nkind: X\n", []string{"\na: 1", "apiVersion: v1\nkind: X\n"}},
		"dashes inside a value":       {"a: x---y\nb: |\n  ---\n  z\n", []string{"a: x---y\nb: |\n  ---\n  z\n"}},
		"comment after the separator": {"--- # Source: x\na: 1\n", []string{"# Source: x\na: 1\n"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, document := range documents(tt.stream) {
				got = append(got, strings.TrimSpace(document))
			}
			var want []string
			for _, document := range tt.want {
				want = append(want, strings.TrimSpace(document))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestIsCRD(t *testing.T) {
	tests := map[string]struct {
		document string
		want     bool
	}{
		"plain":                 {"apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n", true},
		"quoted":                {"kind: \"CustomResourceDefinition\"\n", true},
		"with a comment":        {"kind: CustomResourceDefinition # yes\n", true},
		"in a field":            {"kind: ConfigMap\ndata:\n  kind: CustomResourceDefinition\n", false},
		"in a role's resources": {"kind: ClusterRole\nresources: [CustomResourceDefinition]\n", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := isCRD(tt.document); got != tt.want {
				t.Errorf("isCRD = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestKindLines(t *testing.T) {
	t.Parallel()
	line := rapid.SampledFrom([]string{
		"kind: CustomResourceDefinition", "kind: 'CustomResourceDefinition' # yes", "kind: CustomResourceDefinition\r", "kind:CustomResourceDefinition",
		"kind: CustomResourceDefinitionList", "kind: Secret", " kind: CustomResourceDefinition", "kinds: a", "kind:", "", "---", "a: kind: b",
	})
	anyKind := regexp.MustCompile(`(?m)^kind:`)
	crd := regexp.MustCompile(`(?m)^kind:[ \t]*["']?CustomResourceDefinition["']?[ \t\r]*(#.*)?$`)
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(line).Draw(t, "lines"), "\n")
		all, definitions := kindLines(text)
		if want := len(anyKind.FindAllString(text, -1)); all != want {
			t.Errorf("%d lines with a kind, want %d", all, want)
		}
		if want := len(crd.FindAllString(text, -1)); definitions != want {
			t.Errorf("%d definitions, want %d", definitions, want)
		}
	})
}

func TestPostRendererDropsDefinitionsOnly(t *testing.T) {
	in := "---\n# Source: a\nkind: ConfigMap\n---\nkind: CustomResourceDefinition\nspec: {}\n---\nkind: Secret\n"
	out, err := withoutCRDs{}.Run(bytes.NewBufferString(in))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"kind: ConfigMap", "kind: Secret"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is lost in %q", want, out)
		}
	}
	if strings.Contains(out.String(), "CustomResourceDefinition") {
		t.Errorf("the definition is still in %q", out)
	}
	if got := len(documents(out.String())); got != 2 {
		t.Errorf("%d documents, want 2", got)
	}
}

func TestDropCRDTemplates(t *testing.T) {
	file := func(name, data string) *helmchart.File { return &helmchart.File{Name: name, Data: []byte(data)} }
	loaded := &helmchart.Chart{Metadata: &helmchart.Metadata{Name: "parent"}, Templates: []*helmchart.File{
		file("crd.yaml", "{{ if .Values.crds }}\nkind: CustomResourceDefinition\n{{ end }}"),
		file("two-crds.yaml", "kind: CustomResourceDefinition\n---\nkind: CustomResourceDefinition\n"),
		file("mixed.yaml", "kind: CustomResourceDefinition\n---\nkind: ConfigMap\n"),
		file("helper.yaml", "{{- define \"x\" }}{{ end }}\nkind: CustomResourceDefinition\n"),
		file("role.yaml", "kind: ClusterRole\n# CustomResourceDefinition\n"),
		file("dynamic.yaml", "{{ .Files.Get \"crds/CustomResourceDefinition.yaml\" }}"),
	}}
	child := &helmchart.Chart{Metadata: &helmchart.Metadata{Name: "child"}, Templates: []*helmchart.File{
		file("crd.yaml", "kind: CustomResourceDefinition\n"),
	}}
	loaded.AddDependency(child)
	dropCRDTemplates(loaded)
	var kept []string
	for _, template := range loaded.Templates {
		kept = append(kept, template.Name)
	}
	if diff := cmp.Diff([]string{"mixed.yaml", "helper.yaml", "role.yaml", "dynamic.yaml"}, kept); diff != "" {
		t.Error(diff)
	}
	if len(child.Templates) != 0 {
		t.Errorf("the subchart keeps %d templates", len(child.Templates))
	}
}

func TestInventory(t *testing.T) {
	rls := &helmrelease.Release{Name: "r", Namespace: "ns", Manifest: strings.Join([]string{
		"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
		"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b, namespace: other}\n",
		"apiVersion: v1\nkind: Namespace\nmetadata: {name: c, namespace: ignored}\n",
		"apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: d}\n",
		"apiVersion: gone.example.com/v1\nkind: Gone\nmetadata: {name: e, namespace: ns}\n",
		"apiVersion: v1\nkind: ConfigMapList\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: f}\n",
	}, "---\n")}
	got, err := inventoryOf(rls, testMapper())
	if err != nil {
		t.Fatal(err)
	}
	configMap := schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}
	want := []Object{
		{configMap, "ns", "a"},
		{configMap, "other", "b"},
		{schema.GroupVersionKind{Version: "v1", Kind: "Namespace"}, "", "c"},
		{schema.GroupVersionKind{Group: "gone.example.com", Version: "v1", Kind: "Gone"}, "ns", "e"},
		{configMap, "ns", "f"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestMappedLeavesOutWhatNobodyServes(t *testing.T) {
	stream := "kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\n---\napiVersion: gone.example.com/v1\nkind: Gone\nmetadata: {name: b}\n"
	kept, unmapped := mapped(stream, testMapper())
	if strings.Contains(kept, "Gone") || !strings.Contains(kept, "ConfigMap") {
		t.Errorf("kept %q", kept)
	}
	if diff := cmp.Diff([]string{"gone.example.com/v1, Kind=Gone b"}, unmapped); diff != "" {
		t.Error(diff)
	}
}
