// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/manifests"
)

// TestParse: types survive, and what kubectl writes by itself is dropped.
func TestParse(t *testing.T) {
	t.Parallel()
	got := parsed(t, `{apiVersion: example.com/v1, kind: Widget, metadata: {name: a, namespace: null, creationTimestamp: null, labels: null}, spec: {size: 3, ratio: 0.5, big: 9007199254740993}, status: {}}`)
	want := map[string]any{
		"apiVersion": "example.com/v1", "kind": "Widget", "metadata": map[string]any{"name": "a"},
		"spec": map[string]any{"size": int64(3), "ratio": 0.5, "big": int64(9007199254740993)},
	}
	if len(got) != 1 {
		t.Fatalf("got %d objects", len(got))
	}
	if diff := cmp.Diff(want, got[0].Object); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got, err := manifests.Parse("x", nil); len(got) != 0 || err != nil {
		t.Errorf("no entries: %v, %v", got, err)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	const cm = `apiVersion: v1, kind: ConfigMap`
	tests := map[string]struct {
		entry string
		want  string
	}{
		"list of values":   {`[1, 2]`, "must be an object with apiVersion, kind and metadata.name"},
		"null":             {`null`, "must be an object with apiVersion, kind and metadata.name"},
		"no apiVersion":    {`{kind: ConfigMap, metadata: {name: a}}`, "apiVersion is missing or not a string: set it"},
		"bad apiVersion":   {`{apiVersion: a/b/c, kind: ConfigMap, metadata: {name: a}}`, "apiVersion must be group/version, or v1 for the core group"},
		"number as kind":   {`{apiVersion: v1, kind: 5, metadata: {name: a}}`, "kind is missing or not a string: set it"},
		"no metadata":      {`{` + cm + `}`, "metadata.name is missing: set it"},
		"no name":          {`{` + cm + `, metadata: {namespace: ns}}`, "metadata.name is missing or not a string: set it"},
		"number as name":   {`{` + cm + `, metadata: {name: 7}}`, "metadata.name is missing or not a string: set it"},
		"namespace":        {`{` + cm + `, metadata: {name: a, namespace: 7}}`, "metadata.namespace must be a string: put it in quotes"},
		"generateName":     {`{` + cm + `, metadata: {name: a, generateName: a-}}`, "metadata.generateName makes a new object each time: set metadata.name in its place"},
		"List":             {`{apiVersion: v1, kind: List, items: []}`, "List is a list: write one object per entry"},
		"typed list":       {`{apiVersion: v1, kind: ConfigMapList, metadata: {}, items: null}`, "ConfigMapList is a list: write one object per entry"},
		"CRD":              {`{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: a.b}}`, "CustomResourceDefinition a.b: CRDs must be there before anything that uses them: bring them with a chart, in a component of its own"},
		"our own kind":     {`{apiVersion: platform.groundwork.dev/v1, kind: PlatformBundle, metadata: {name: b}}`, "PlatformBundle b: a component cannot hold objects of platform.groundwork.dev: apply it by itself"},
		"status":           {`{` + cm + `, metadata: {name: a}, status: {phase: x}}`, "ConfigMap a: status is written by controllers: remove it"},
		"uid":              {`{` + cm + `, metadata: {name: a, uid: u}}`, "ConfigMap a: metadata.uid is written by the API server: remove it"},
		"managedFields":    {`{` + cm + `, metadata: {name: a, managedFields: []}}`, "ConfigMap a: metadata.managedFields is written by the API server: remove it"},
		"created":          {`{` + cm + `, metadata: {name: a, creationTimestamp: "2026-01-01T00:00:00Z"}}`, "ConfigMap a: metadata.creationTimestamp is written by the API server: remove it"},
		"boolean label":    {`{` + cm + `, metadata: {name: a, labels: {x: true}}}`, "ConfigMap a: metadata.labels must map strings to strings: put numbers and booleans in quotes"},
		"annotations":      {`{` + cm + `, metadata: {name: a, annotations: [x]}}`, "ConfigMap a: metadata.annotations must map strings to strings: put numbers and booleans in quotes"},
		"our label":        {`{` + cm + `, metadata: {name: a, labels: {platform.groundwork.dev/release: z}}}`, "ConfigMap a: the label platform.groundwork.dev/release is set by the operator: remove it"},
		"Helm's":           {`{` + cm + `, metadata: {name: a, namespace: ns, annotations: {meta.helm.sh/release-name: z}}}`, "ConfigMap ns/a: the annotation meta.helm.sh/release-name is for objects of Helm releases: remove it"},
		"listed twice":     {`{apiVersion: example.com/v2, kind: Widget, metadata: {name: first, namespace: ns}}`, "Widget ns/first is listed already as entry [0]: keep one of them"},
		"no content shown": {`{apiVersion: v1, kind: Secret, metadata: {name: a, labels: {x: 1}}, data: {password: aHVudGVyMg==}}`, "Secret a: metadata.labels must map strings to strings: put numbers and booleans in quotes"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first := `{apiVersion: example.com/v1, kind: Widget, metadata: {name: first, namespace: ns}}`
			_, err := manifests.Parse("kafka", entries(t, first, tc.entry))
			if err == nil {
				t.Fatal("accepted")
			}
			if diff := cmp.Diff("spec.components[kafka].manifests[1]: "+tc.want, err.Error()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if failure.ClassOf(err) != failure.ClassTerminal || failure.ReasonOf(err, "") != v1alpha1.ReasonManifestInvalid {
				t.Errorf("%s %s", failure.ClassOf(err), failure.ReasonOf(err, ""))
			}
		})
	}
}

// TestParseNamesEveryEntry: one round is enough to mend them all.
func TestParseNamesEveryEntry(t *testing.T) {
	t.Parallel()
	_, err := manifests.Parse("x", append(entries(t, `{}`, `{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}`, `7`), apiextensionsv1.JSON{Raw: []byte(`{"hunter2`)}))
	want := "spec.components[x].manifests[0]: apiVersion is missing or not a string: set it; " +
		"spec.components[x].manifests[2]: must be an object with apiVersion, kind and metadata.name; " +
		"spec.components[x].manifests[3]: is not valid JSON"
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

func TestDigest(t *testing.T) {
	t.Parallel()
	digest := func(documents ...string) string {
		out, err := manifests.Digest(entries(t, documents...))
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if got := digest(); got != "" {
		t.Errorf("none: got %q", got)
	}
	base := digest(`{a: 1, b: {c: x}}`, `{d: 2}`)
	// It is stored in a status: another way to compute it would apply everything anew.
	if want := "sha256:"; !strings.HasPrefix(base, want) || len(base) != len(want)+64 {
		t.Errorf("got %q", base)
	}
	if got := digest(`{d: 2}`, `{b: {c: x}, a: 1}`); got != base {
		t.Error("the order counts")
	}
	for name, other := range map[string]string{
		"value": digest(`{a: 2, b: {c: x}}`, `{d: 2}`), "type": digest(`{a: "1", b: {c: x}}`, `{d: 2}`),
		"fewer": digest(`{a: 1, b: {c: x}}`), "twice": digest(`{a: 1, b: {c: x}}`, `{d: 2}`, `{d: 2}`), "big": digest(`{a: 1, b: {c: x}}`, `{d: 9007199254740993}`),
	} {
		if other == base {
			t.Errorf("%s does not count", name)
		}
	}
	if digest(`{a: 9007199254740993}`) == digest(`{a: 9007199254740992}`) {
		t.Error("large integers lose digits")
	}
	_, err := manifests.Digest(entries(t, `{}`, `5`))
	if failure.ReasonOf(err, "") != v1alpha1.ReasonManifestInvalid || !strings.HasPrefix(err.Error(), "manifests[1]: ") {
		t.Errorf("got %v", err)
	}
}
