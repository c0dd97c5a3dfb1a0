// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package drift

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

func object(t *testing.T, text string) map[string]any {
	t.Helper()
	out := map[string]any{}
	if err := yaml.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestChanges(t *testing.T) {
	tests := map[string]struct {
		reason string
		object string
		want   []string
	}{
		"deployment": {
			"one replica more, and annotations of the pods", `
kind: Deployment
spec: {replicas: 1, template: {metadata: {annotations: {b: x, a: z}}}}`,
			[]string{".spec.replicas", ".spec.template.metadata.annotations.a", ".spec.template.metadata.annotations.b"},
		},
		"replicas are somebody else's": {"an autoscaler sets them", "{kind: Deployment, spec: {template: {}}}", nil},
		"scaled to nothing":            {"one pod would start something that must not run", "{kind: StatefulSet, spec: {replicas: 0}}", nil},
		"service":                      {"its selector", "{kind: Service, spec: {selector: {app: x}}}", []string{".spec.selector.app"}},
		"config map":                   {"its data", "{kind: ConfigMap, data: {k: v}}", []string{".data.k"}},
		"role":                         {"its rules", "{kind: Role, rules: [{verbs: [get]}]}", []string{".rules"}},
		"aggregated role":              {"a controller writes the rules", "{kind: ClusterRole, aggregationRule: {}, rules: [{verbs: [get]}]}", nil},
		"labels": {"but not who it belongs to", "{kind: ServiceAccount, metadata: {labels: {a: b, app.kubernetes.io/managed-by: Helm}}}",
			[]string{".metadata.labels.a"}},
		"secret": {"nobody's business", "{kind: Secret, data: {k: dg==}}", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, change := range Changes(object(t, tt.object)) {
				got = append(got, change.String())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s: %s", tt.reason, diff)
			}
		})
	}
}

// TestMade applies patches, as a server would, and looks for them.
func TestMade(t *testing.T) {
	for _, text := range []string{
		"{kind: Deployment, spec: {replicas: 2, template: {metadata: {annotations: {a.b/c: d}}}}}",
		"{kind: ClusterRoleBinding, subjects: [{name: a}]}",
		"{kind: ConfigMap, data: {k.yaml: v}}",
	} {
		before := object(t, text)
		for _, change := range Changes(before) {
			if change.Made(before) {
				t.Errorf("%s: made before it was", change)
			}
			var patch map[string]any
			if err := json.Unmarshal(change.Patch(), &patch); err != nil {
				t.Fatal(err)
			}
			if !change.Made(merged(before, patch)) {
				t.Errorf("%s: not made by %s", change, change.Patch())
			}
		}
	}
}

func merged(below, above map[string]any) map[string]any {
	out := map[string]any{}
	maps.Copy(out, below)
	for key, value := range above {
		over, ok := value.(map[string]any)
		under, both := out[key].(map[string]any)
		if ok && both {
			value = merged(under, over)
		}
		out[key] = value
	}
	return out
}

func TestPick(t *testing.T) {
	objects := []map[string]any{
		object(t, "{kind: Secret}"), object(t, "{kind: ConfigMap, data: {a: b, c: d}}"), object(t, "{kind: Service, spec: {selector: {a: b}}}"),
	}
	picked := Pick(rand.New(rand.NewPCG(1, 2)), objects, 5)
	if len(picked) != 5 {
		t.Fatalf("%d changes", len(picked))
	}
	count := map[int]int{}
	for _, p := range picked {
		count[p.Object]++
	}
	if count[0] != 0 || count[1] < 2 || count[2] < 2 {
		t.Errorf("changes by object: %v", count)
	}
	if again := Pick(rand.New(rand.NewPCG(1, 2)), objects, 5); !cmp.Equal(picked, again) {
		t.Error("the same seed picks others")
	}
	if got := Pick(rand.New(rand.NewPCG(1, 2)), objects[:1], 5); got != nil {
		t.Errorf("a Secret was picked: %v", got)
	}
}
