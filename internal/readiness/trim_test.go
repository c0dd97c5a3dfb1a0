// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func trimmed(t *testing.T, manifest string) *unstructured.Unstructured {
	t.Helper()
	out, err := trim(parse(t, manifest)[0])
	if err != nil {
		t.Fatal(err)
	}
	u := out.(*unstructured.Unstructured)
	if _, ok := u.Object[metadataHash].(int64); !ok {
		t.Error("it has no hash of its metadata")
	}
	return u
}

func TestTrim(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("x", specBudget)
	tests := map[string]struct{ in, want string }{
		"deployment": {
			`{apiVersion: apps/v1, kind: Deployment, metadata: {name: d, namespace: ns, generation: 3, uid: u, resourceVersion: "7",
 labels: {a: b}, annotations: {a: b}, managedFields: [{manager: m}]},
 spec: {replicas: 2, progressDeadlineSeconds: 600, selector: {matchLabels: {a: b}}, template: {spec: {containers: [{name: c}]}}},
 status: {replicas: 2, conditions: [{type: Available, status: "True", lastUpdateTime: x, lastTransitionTime: y, reason: r}]}}`,
			`{apiVersion: apps/v1, kind: Deployment, metadata: {name: d, namespace: ns, generation: 3, uid: u, resourceVersion: "7"},
 spec: {replicas: 2, progressDeadlineSeconds: 600}, status: {replicas: 2, conditions: [{type: Available, status: "True", reason: r}]}}`,
		},
		"custom resource": {
			`{apiVersion: example.com/v1, kind: Widget, metadata: {name: w}, spec: {a: [{b: 1}]}, status: {phase: Up}, data: {x: y}}`,
			`{apiVersion: example.com/v1, kind: Widget, metadata: {name: w}, spec: {a: [{b: 1}]}, status: {phase: Up}}`,
		},
		"large custom resource": {
			`{apiVersion: example.com/v1, kind: Widget, metadata: {name: w}, spec: {a: [{b: ` + big + `}]}, status: {phase: Up}}`,
			`{apiVersion: example.com/v1, kind: Widget, metadata: {name: w}, status: {phase: Up}}`,
		},
		"endpoint slice": {
			`{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: e, namespace: ns, labels: {kubernetes.io/service-name: s, x: z}},
 endpoints: [{addresses: [1.2.3.4], conditions: {ready: true}}, {conditions: {ready: false}}, {addresses: [a]}]}`,
			`{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: e, namespace: ns, labels: {kubernetes.io/service-name: s}}, readyEndpoints: 2}`,
		},
		"webhook configuration": {
			hook("ValidatingWebhookConfiguration", "{caBundle: bGFyZ2U=, service: {namespace: ns, name: s, path: /x}}", ", rules: [{operations: [CREATE]}]"),
			`{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingWebhookConfiguration, metadata: {name: h, generation: 1}, webhooks: [
 {name: ignored.example.com, failurePolicy: Ignore, clientConfig: {service: {namespace: ns, name: nobody}}},
 {name: w.example.com, failurePolicy: Fail, clientConfig: {caBundle: c2V0, service: {namespace: ns, name: s}}}]}`,
		},
		"storage class": {
			`{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: c, annotations: {a: b}}, provisioner: p, volumeBindingMode: Immediate}`,
			`{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: c}, volumeBindingMode: Immediate}`,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := trimmed(t, tc.in)
			want := parse(t, tc.want)[0]
			want.Object[metadataHash] = got.Object[metadataHash]
			if diff := cmp.Diff(want.Object, got.Object); diff != "" {
				t.Errorf("trimmed (-want +got):\n%s", diff)
			}
			again, err := trim(got)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(got.Object, again.(*unstructured.Unstructured).Object); diff != "" {
				t.Errorf("trimming twice changes it (-once +twice):\n%s", diff)
			}
		})
	}
}

func TestTrimLeavesTheOriginal(t *testing.T) {
	t.Parallel()
	in := parse(t, widget(`status: {conditions: [{type: Ready, status: "True", lastTransitionTime: x}]}`))[0]
	before := in.DeepCopy()
	if _, err := trim(in); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before.Object, in.Object); diff != "" {
		t.Errorf("the original changed (-before +after):\n%s", diff)
	}
}

func TestSameState(t *testing.T) {
	t.Parallel()
	const base = `{apiVersion: apps/v1, kind: Deployment, metadata: {name: d, namespace: ns, generation: 3, resourceVersion: "7", annotations: {a: b}},
 spec: {replicas: 2, template: {a: b}}, status: {replicas: 2, conditions: [{type: Available, status: "True", lastTransitionTime: y}]}}`
	tests := map[string]struct {
		old, new string
		same     bool
	}{
		"resourceVersion": {`"7"`, `"8"`, true},
		"annotation":      {"{a: b}},\n", "{a: c}},\n", true},
		"time":            {"lastTransitionTime: y", "lastTransitionTime: z", true},
		"generation":      {"generation: 3", "generation: 4", false},
		"status":          {"status: {replicas: 2", "status: {replicas: 1", false},
		"condition":       {`"True"`, `"False"`, false},
		"deletion":        {"generation: 3", `generation: 3, deletionTimestamp: "2026-01-01T00:00:00Z"`, false},
		"no status":       {"status:", "other:", false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			changed := strings.Replace(base, tc.old, tc.new, 1)
			if changed == base {
				t.Fatal("the test changes nothing")
			}
			a, b := trimmed(t, base), trimmed(t, changed)
			if sameState(a, b) != tc.same || sameState(b, a) != tc.same {
				t.Errorf("sameState = %t, want %t both ways", sameState(a, b), tc.same)
			}
		})
	}
}
