// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package planning

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/plan"
)

func TestMaskText(t *testing.T) {
	m := &mask{}
	m.learn("user: long-secret\npin: 123456\nshort: yes\n")
	m.add("long-secret-and-more")
	m.settle()
	for given, want := range map[string]string{
		"a long-secret-and-more b":           "a *** b",
		"a long-secret b":                    "a *** b",
		"pin=123456":                         "pin=***",
		"yes":                                "yes",
		"bG9uZy1zZWNyZXQ=":                   "***",
		"see https://u:p@example.com/x?y=@":  "see https://***@example.com/x?y=@",
		"a://b c://d:e@f g":                  "a://b c://***@f g",
		"registry.example.com/app@sha256:12": "registry.example.com/app@sha256:12",
	} {
		if got := m.text(given); got != want {
			t.Errorf("%q is shown as %q, want %q", given, got, want)
		}
	}
}

func TestDiffer(t *testing.T) {
	type m = map[string]any
	for name, tc := range map[string]struct {
		kind          string
		before, after any
		want          []FieldChange
	}{
		"same":             {"X", m{"a": []any{m{"name": "b"}}}, m{"a": []any{m{"name": "b"}}}, nil},
		"by name":          {"X", m{"c": []any{m{"name": "a", "x": 1}, m{"name": "b"}}}, m{"c": []any{m{"name": "b"}, m{"name": "a", "x": 2}}}, []FieldChange{{"c[a].x", "1", "2"}}},
		"by place":         {"X", m{"c": []any{"a", "b"}}, m{"c": []any{"a"}}, []FieldChange{{"c[1]", "b", ""}}},
		"null is a value":  {"X", m{"a": nil}, m{}, []FieldChange{{"a", "null", ""}}},
		"key with dots":    {"X", m{}, m{"metadata": m{"a.b/c": "d"}}, []FieldChange{{"metadata", "", `{"a.b/c":"d"}`}}},
		"Secret":           {"Secret", m{"data": m{"a": "QQ=="}}, m{"data": m{"a": "Qg==", "b": "Qw=="}}, []FieldChange{{"data.a", "***", "*** (changed)"}, {"data.b", "", "***"}}},
		"whole Secret":     {"Secret", m{}, m{"stringData": m{"a": "x"}}, []FieldChange{{"stringData", "", "***"}}},
		"named secret":     {"X", m{"spec": m{"password": "a"}}, m{"spec": m{"password": "b"}}, []FieldChange{{"spec.password", "***", "*** (changed)"}}},
		"below it":         {"X", m{"token": m{"a": "b"}}, m{"token": m{"a": "c"}}, []FieldChange{{"token.a", "***", "*** (changed)"}}},
		"a new tree of it": {"X", m{}, m{"a": m{"password": "b", "c": "d"}}, []FieldChange{{"a", "", `{"c":"d","password":"***"}`}}},
		"named element":    {"X", m{"c": []any{m{"name": "token", "image": "a"}}}, m{"c": []any{m{"name": "token", "image": "b"}}}, []FieldChange{{"c[token].image", "a", "b"}}},
		"lines":            {"X", m{"a": "1\n2\n"}, m{"a": "1\n3\ntoken: x\n"}, []FieldChange{{"a", "2", "3\ntoken: ***"}}},
		"order of lines":   {"X", m{"a": "1\n2\n"}, m{"a": "2\n1\n"}, []FieldChange{{"a", "(the same lines)", "(in another order, or with other blanks)"}}},
		"environment":      {"X", m{"env": []any{m{"name": "A_TOKEN", "value": "a"}}}, m{"env": []any{m{"name": "A_TOKEN", "value": "b"}}}, []FieldChange{{"env[A_TOKEN].value", "***", "*** (changed)"}}},
	} {
		t.Run(name, func(t *testing.T) {
			d := differ{mask: &mask{}, kind: tc.kind}
			d.compare(nil, nil, tc.before, tc.after)
			if diff := cmp.Diff(tc.want, d.out); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestImmutable(t *testing.T) {
	for name, tc := range map[string]struct {
		gk     schema.GroupKind
		path   string
		frozen bool
		want   bool
	}{
		"selector":            {schema.GroupKind{Group: "apps", Kind: "Deployment"}, "spec.selector.matchLabels.a", false, true},
		"strategy":            {schema.GroupKind{Group: "apps", Kind: "Deployment"}, "spec.strategy.type", false, false},
		"claim template":      {schema.GroupKind{Group: "apps", Kind: "StatefulSet"}, "spec.volumeClaimTemplates[0].spec", false, true},
		"replicas":            {schema.GroupKind{Group: "apps", Kind: "StatefulSet"}, "spec.replicas", false, false},
		"no prefix of a word": {schema.GroupKind{Group: "apps", Kind: "StatefulSet"}, "spec.replicasOther", false, true},
		"role":                {schema.GroupKind{Group: "rbac.authorization.k8s.io", Kind: "ClusterRoleBinding"}, "roleRef.name", false, true},
		"size of a claim":     {schema.GroupKind{Kind: "PersistentVolumeClaim"}, "spec.resources.requests.storage", false, false},
		"ConfigMap":           {schema.GroupKind{Kind: "ConfigMap"}, "data.a", false, false},
		"frozen ConfigMap":    {schema.GroupKind{Kind: "ConfigMap"}, "data.a", true, true},
	} {
		t.Run(name, func(t *testing.T) {
			before := object{content: map[string]any{"immutable": tc.frozen}}
			if got := immutable(tc.gk, before, []FieldChange{{Path: tc.path}}); (len(got) > 0) != tc.want {
				t.Errorf("%v", got)
			}
		})
	}
}

func TestSimulate(t *testing.T) {
	wanted := func(name string, trouble *failure.Error, after ...string) plan.Component {
		return plan.Component{Name: name, DependsOn: after, Digest: "new", SpecChanged: true, RequestChanged: true, Trouble: trouble}
	}
	have := func(name, digest string, after ...string) plan.ReleaseState {
		return plan.ReleaseState{Name: name, Digest: digest, DependsOn: after, Ready: true}
	}
	for name, tc := range map[string]struct {
		in   plan.Input
		want map[string]int
		held string
	}{
		"a chain": {plan.Input{Components: []plan.Component{wanted("a", nil), wanted("b", nil, "a"), wanted("c", nil, "b"), wanted("d", nil)}},
			map[string]int{"a": 1, "d": 1, "b": 2, "c": 3}, ""},
		"removals backwards": {plan.Input{Releases: []plan.ReleaseState{have("a", "old"), have("b", "old", "a")}}, map[string]int{"b": 1, "a": 2}, ""},
		"nothing but words":  {plan.Input{Components: []plan.Component{wanted("a", nil)}, Releases: []plan.ReleaseState{have("a", "new")}}, map[string]int{}, ""},
		"held":               {plan.Input{Components: []plan.Component{wanted("a", nil), wanted("b", failure.Terminal("X", "no"))}}, map[string]int{}, "b"},
		"blocked alone": {plan.Input{Components: []plan.Component{wanted("a", nil), wanted("b", failure.Blocked("X", "no")), wanted("c", nil, "b")}},
			map[string]int{"a": 1}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := simulate(tc.in)
			if diff := cmp.Diff(tc.want, got.step); diff != "" || got.held != tc.held {
				t.Errorf("held by %q (-want +got)\n%s", got.held, diff)
			}
		})
	}
}
