// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package crds

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/failure"
)

const widgets = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: widgets.example.com
  creationTimestamp: null
  labels: {app.kubernetes.io/managed-by: Helm}
  annotations:
    meta.helm.sh/release-name: widgets
    note: '"platform.groundwork.dev/crd-owner":"" & <b>'
spec:
  group: example.com
  names: {kind: Widget, plural: widgets, listKind: WidgetList}
  scope: Namespaced
  conversion:
    strategy: Webhook
    webhook:
      conversionReviewVersions: [v1]
      clientConfig:
        caBundle: Cg==
        service: {namespace: w, name: hook, path: /convert}
  versions:
  - name: v1beta1
    served: true
    storage: false
    schema: {openAPIV3Schema: {type: object, description: "a < b"}}
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object}}
  - name: v1alpha1
    served: false
    storage: false
    schema: {openAPIV3Schema: {type: object}}
status:
  storedVersions: [v1]
`

func mustParse(t *testing.T, manifest string) *Definition {
	t.Helper()
	d, err := Parse([]byte(manifest))
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	return d
}

func sent(t *testing.T, d *Definition, owner string) *unstructured.Unstructured {
	t.Helper()
	raw, err := d.Manifest(owner)
	if err != nil {
		t.Fatalf("Manifest: %v", err)
	}
	u := &unstructured.Unstructured{}
	if err := json.Unmarshal(raw, &u.Object); err != nil {
		t.Fatalf("what is sent is not JSON: %v", err)
	}
	return u
}

func TestParse(t *testing.T) {
	t.Parallel()
	d := mustParse(t, widgets)
	want := &Definition{
		Name: "widgets.example.com", Group: "example.com", Kind: "Widget", ListKind: "WidgetList", Plural: "widgets", Namespaced: true,
		Versions:             []Version{{"v1beta1", true, false}, {"v1", true, true}, {"v1alpha1", false, false}},
		HasConversionWebhook: true, Conversion: "Webhook w/hook/convert",
	}
	if diff := cmp.Diff(want, d, cmpopts.IgnoreUnexported(Definition{}), cmpopts.IgnoreFields(Definition{}, "Digest")); diff != "" {
		t.Errorf("definition (-want +got):\n%s", diff)
	}
	for version, serves := range map[string]bool{"v1": true, "v1beta1": true, "v1alpha1": false, "v2": false} {
		if got := d.Serves(schema.GroupVersionKind{Group: "example.com", Version: version, Kind: "Widget"}); got != serves {
			t.Errorf("Serves(%s) = %t, want %t", version, got, serves)
		}
	}
	if d.Serves(schema.GroupVersionKind{Group: "example.com", Version: "v1", Kind: "Gadget"}) {
		t.Error("serves a kind it does not define")
	}
}

func TestManifest(t *testing.T) {
	t.Parallel()
	d := mustParse(t, widgets)
	u := sent(t, d, "week1.widgets")
	if _, ok := u.Object["status"]; ok {
		t.Error("status is sent")
	}
	wantLabels := map[string]string{"app.kubernetes.io/managed-by": "Helm", v1alpha1.CRDOwnerLabel: "week1.widgets"}
	if diff := cmp.Diff(wantLabels, u.GetLabels()); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	wantAnnotations := map[string]string{
		"meta.helm.sh/release-name": "widgets", "note": `"platform.groundwork.dev/crd-owner":"" & <b>`,
		"helm.sh/resource-policy": "keep", v1alpha1.CRDDigestAnnotation: d.Digest,
	}
	if diff := cmp.Diff(wantAnnotations, u.GetAnnotations()); diff != "" {
		t.Errorf("annotations (-want +got):\n%s", diff)
	}
	metadata, _ := u.Object["metadata"].(map[string]any)
	if _, ok := metadata["creationTimestamp"]; ok {
		t.Error("creationTimestamp is sent")
	}
	config, _, _ := unstructured.NestedMap(u.Object, "spec", "conversion", "webhook", "clientConfig")
	if _, ok := config["caBundle"]; ok || config["service"] == nil {
		t.Errorf("clientConfig = %v: want the service without caBundle", config)
	}
	versions, _, _ := unstructured.NestedSlice(u.Object, "spec", "versions")
	description, _, _ := unstructured.NestedString(versions[0].(map[string]any), "schema", "openAPIV3Schema", "description")
	if description != "a < b" {
		t.Errorf("the schema did not survive: description = %q", description)
	}
}

func TestDigest(t *testing.T) {
	t.Parallel()
	base := mustParse(t, widgets).Digest
	tests := map[string]struct {
		manifest string
		same     bool
	}{
		"again":              {widgets, true},
		"other CA":           {strings.ReplaceAll(widgets, "Cg==", "c2VjcmV0"), true},
		"other status":       {strings.ReplaceAll(widgets, "storedVersions: [v1]", "storedVersions: [v1beta1]"), true},
		"comment":            {"# a comment\n" + widgets, true},
		"other schema":       {strings.ReplaceAll(widgets, "a < b", "a > b"), false},
		"other served":       {strings.ReplaceAll(widgets, "served: false", "served: true"), false},
		"other helm release": {strings.ReplaceAll(widgets, "release-name: widgets", "release-name: w"), false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := mustParse(t, tc.manifest).Digest; (got == base) != tc.same {
				t.Errorf("digest %s, base %s, want same = %t", got, base, tc.same)
			}
		})
	}
	again, err := mustParse(t, widgets).Manifest("a.b")
	if err != nil {
		t.Fatal(err)
	}
	if got := mustParse(t, string(again)); got.Digest != mustParse(t, widgets).Digest {
		t.Error("parsing what was sent, as JSON, gives another digest")
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	upToVersions, _, _ := strings.Cut(widgets, "  versions:")
	tests := map[string]struct{ manifest, reason, message string }{
		"not YAML":      {"a: [", v1alpha1.ReasonRenderFailed, "not YAML"},
		"another kind":  {"apiVersion: v1\nkind: Secret\nmetadata: {name: x}", v1alpha1.ReasonRenderFailed, `Secret "x" is not`},
		"v1beta1":       {strings.ReplaceAll(widgets, "k8s.io/v1", "k8s.io/v1beta1"), v1alpha1.ReasonKindNotServed, "apiextensions.k8s.io/v1beta1"},
		"wrong name":    {strings.ReplaceAll(widgets, "name: widgets.example.com", "name: w.example.com"), v1alpha1.ReasonRenderFailed, "widgets.example.com"},
		"no group":      {strings.ReplaceAll(widgets, "group: example.com", "group: ''"), v1alpha1.ReasonRenderFailed, "spec.group is empty"},
		"no versions":   {upToVersions, v1alpha1.ReasonRenderFailed, "spec.versions is empty"},
		"odd versions":  {strings.ReplaceAll(widgets, "served: false", "served: maybe"), v1alpha1.ReasonRenderFailed, "spec.versions"},
		"nothing":       {"", v1alpha1.ReasonRenderFailed, "is not a CustomResourceDefinition"},
		"a YAML scalar": {"hello", v1alpha1.ReasonRenderFailed, "does not parse"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse([]byte(tc.manifest))
			if failure.ClassOf(err) != failure.ClassTerminal || failure.ReasonOf(err, "") != tc.reason || !strings.Contains(err.Error(), tc.message) {
				t.Errorf("error = %v (%s, %s), want Terminal %s with %q", err, failure.ClassOf(err), failure.ReasonOf(err, ""), tc.reason, tc.message)
			}
		})
	}
}

// What the cluster returns is decoded into the full type by some and into Object by others; both must tell the same.
func TestStateOfBothTypes(t *testing.T) {
	t.Parallel()
	u := sent(t, mustParse(t, widgets), "week1.widgets")
	u.Object["status"] = map[string]any{
		"storedVersions": []any{"v1beta1", "v1"},
		"conditions": []any{
			map[string]any{"type": "NamesAccepted", "status": "True"},
			map[string]any{"type": "Established", "status": "True"},
		},
	}
	raw, err := u.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	full, small := &apiextensionsv1.CustomResourceDefinition{}, &Object{}
	for _, into := range []any{full, small} {
		if err := json.Unmarshal(raw, into); err != nil {
			t.Fatal(err)
		}
	}
	want := State{
		Name: "widgets.example.com", Group: "example.com", Kind: "Widget", Plural: "widgets", Namespaced: true,
		Versions:       []Version{{"v1beta1", true, false}, {"v1", true, true}, {"v1alpha1", false, false}},
		StoredVersions: []string{"v1beta1", "v1"}, Established: true, Owner: "week1.widgets", Digest: mustParse(t, widgets).Digest,
		Conversion: "Webhook w/hook/convert",
	}
	for range 2 { // before and after Trim
		if diff := cmp.Diff(want, FromObject(full)); diff != "" {
			t.Errorf("full type (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(want, small.State()); diff != "" {
			t.Errorf("Object (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(want, small.DeepCopyObject().(*Object).State()); diff != "" {
			t.Errorf("copy of Object (-want +got):\n%s", diff)
		}
		for _, o := range []any{full, small} {
			if _, err := Trim(o); err != nil {
				t.Fatal(err)
			}
		}
	}
	if full.Spec.Versions[0].Schema != nil || full.Annotations["note"] != "" {
		t.Error("Trim left the schema or a foreign annotation")
	}
}

func BenchmarkParse(b *testing.B) {
	big := strings.ReplaceAll(widgets, `description: "a < b"`, `description: "`+strings.Repeat("word ", 20000)+`"`)
	b.SetBytes(int64(len(big)))
	for b.Loop() {
		if _, err := Parse([]byte(big)); err != nil {
			b.Fatal(err)
		}
	}
}
