// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// fakeWorld is a world of a test: Services by "namespace/name".
type fakeWorld struct {
	hooks      []*configuration
	ready      map[string]int // Services, and their ready endpoints
	external   map[string]bool
	namespaces map[string]map[string]string
	asked      *int // how often a plural was looked up
}

func (w fakeWorld) configurations() []*configuration { return w.hooks }

func (w fakeWorld) endpoints(s types.NamespacedName) (ready int, external, known bool) {
	n, ok := w.ready[s.String()]
	return n, w.external[s.String()], ok || w.external[s.String()]
}

func (w fakeWorld) namespace(name string) (map[string]string, bool) {
	l, ok := w.namespaces[name]
	return l, ok
}

func (w fakeWorld) resource(o Object) string {
	if w.asked != nil {
		*w.asked++
	}
	plural, _ := meta.UnsafeGuessKindToResource(o.GroupVersionKind)
	return plural.Resource
}

// config makes a configuration whose webhooks ask about everything.
func config(kind, name, release string, hooks ...webhook) *configuration {
	for i := range hooks {
		if hooks[i].rules == nil {
			hooks[i].rules = []admissionregistrationv1.RuleWithOperations{rule("*", "*", "*", "*", "")}
		}
	}
	return &configuration{ObjectMeta: metav1.ObjectMeta{Name: name}, kind: kind, release: release, hooks: hooks}
}

// behind makes a webhook behind a Service of namespace ns.
func behind(name, service string) webhook {
	return webhook{name: name, service: &types.NamespacedName{Namespace: "ns", Name: service}, hasCA: true}
}

func TestObstacle(t *testing.T) {
	noCA := behind("ca.x.io", "up")
	noCA.hasCA = false
	byURL := webhook{name: "url.x.io"}
	self := webhook{name: "self.x.io", service: &types.NamespacedName{Namespace: "default", Name: "kubernetes"}}
	pods := behind("pods.x.io", "down")
	pods.rules = []admissionregistrationv1.RuleWithOperations{rule("", "v1", "pods", "CREATE", "")}
	updates := behind("updates.x.io", "down")
	updates.rules = []admissionregistrationv1.RuleWithOperations{rule("*", "*", "*", "UPDATE", "")}
	guarded := behind("guarded.x.io", "down")
	guarded.namespaces, _ = selector(&metav1.LabelSelector{MatchLabels: map[string]string{"guard": "yes"}})
	both := []Object{deploy, pod}
	tests := map[string]struct {
		hooks    []*configuration
		question Question
		want     string
	}{
		"nothing registered": {nil, Question{Objects: both}, ""},
		"all can answer":     {[]*configuration{config(ValidatingKind, "a", "", behind("w.x.io", "up"), byURL, self)}, Question{Objects: both}, ""},
		"an external Service needs no endpoints": {
			[]*configuration{config(ValidatingKind, "a", "", behind("w.x.io", "external"))}, Question{Objects: both}, "",
		},
		"no endpoints": {
			[]*configuration{config(ValidatingKind, "a", "", behind("w.x.io", "down"))}, Question{Objects: both},
			"webhook w.x.io of ValidatingWebhookConfiguration a is fail-closed and would be asked about Deployment web/d, " +
				"but its Service ns/down has no ready endpoints; start what stands behind it, or delete the configuration",
		},
		"no Service": {
			[]*configuration{config(MutatingKind, "a", "", behind("w.x.io", "gone"))}, Question{Objects: []Object{namespace}},
			"webhook w.x.io of MutatingWebhookConfiguration a is fail-closed and would be asked about Namespace web, " +
				"but its Service ns/gone is gone; bring the Service back, or delete the configuration",
		},
		"one's own, of a release that has gone": {
			[]*configuration{config(ValidatingKind, "a", "", behind("w.x.io", "gone"))},
			Question{Objects: both, OwnServices: []types.NamespacedName{{Namespace: "ns", Name: "gone"}}},
			"webhook w.x.io of ValidatingWebhookConfiguration a is fail-closed and would be asked about Deployment web/d, " +
				"but its Service ns/gone is gone; bring the Service back, or delete the configuration",
		},
		"no CA bundle": {
			[]*configuration{config(ValidatingKind, "a", "", noCA)}, Question{Objects: both},
			"webhook ca.x.io of ValidatingWebhookConfiguration a is fail-closed and would be asked about Deployment web/d, " +
				"but it has no CA bundle; start what writes the bundle, or delete the configuration",
		},
		"the first by name, and the first object that it asks about": {
			[]*configuration{config(ValidatingKind, "b", "", behind("w.x.io", "down")), config(ValidatingKind, "a", "", behind("up.x.io", "up"), pods)},
			Question{Objects: both},
			"webhook pods.x.io of ValidatingWebhookConfiguration a is fail-closed and would be asked about Pod web/p, " +
				"but its Service ns/down has no ready endpoints; start what stands behind it, or delete the configuration",
		},
		"asked about other objects": {[]*configuration{config(ValidatingKind, "a", "", pods)}, Question{Objects: []Object{deploy, node}}, ""},
		"no objects":                {[]*configuration{config(ValidatingKind, "a", "", pods)}, Question{}, ""},
		"asked about other operations": {
			[]*configuration{config(ValidatingKind, "a", "", updates)},
			Question{Objects: both, Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create}}, "",
		},
		"updates count unless told otherwise": {
			[]*configuration{config(ValidatingKind, "a", "", updates)}, Question{Objects: both[:1]},
			"webhook updates.x.io of ValidatingWebhookConfiguration a is fail-closed and would be asked about Deployment web/d, " +
				"but its Service ns/down has no ready endpoints; start what stands behind it, or delete the configuration",
		},
		"one's own by label": {
			[]*configuration{config(ValidatingKind, "a", "week1.x", behind("w.x.io", "down"))}, Question{Owner: "week1.x", Objects: both}, "",
		},
		"another's by label": {
			[]*configuration{config(ValidatingKind, "a", "week1.y", behind("w.x.io", "down"))}, Question{Owner: "week1.x", Objects: both[:1]},
			"webhook w.x.io of ValidatingWebhookConfiguration a is fail-closed and would be asked about Deployment web/d, " +
				"but its Service ns/down has no ready endpoints; start what stands behind it, or delete the configuration",
		},
		"one's own by Service": {
			[]*configuration{config(ValidatingKind, "a", "", behind("w.x.io", "down"))},
			Question{Owner: "week1.x", OwnServices: []types.NamespacedName{{Namespace: "ns", Name: "down"}}, Objects: both}, "",
		},
		"no label is nobody's": {
			[]*configuration{config(ValidatingKind, "a", "", pods)}, Question{Objects: []Object{pod}},
			"webhook pods.x.io of ValidatingWebhookConfiguration a is fail-closed and would be asked about Pod web/p, " +
				"but its Service ns/down has no ready endpoints; start what stands behind it, or delete the configuration",
		},
		"the labels of a namespace": {[]*configuration{config(ValidatingKind, "a", "", guarded)}, Question{Objects: both}, ""},
		"a namespace to come, and its labels": {
			[]*configuration{config(ValidatingKind, "a", "", guarded)},
			Question{
				Objects:         []Object{object("", "v1", "Pod", "", "new", "p")},
				NamespaceLabels: map[string]map[string]string{"new": {"guard": "yes"}},
			},
			"webhook guarded.x.io of ValidatingWebhookConfiguration a is fail-closed and would be asked about Pod new/p, " +
				"but its Service ns/down has no ready endpoints; start what stands behind it, or delete the configuration",
		},
		"what a namespace has beats what it would get": {
			[]*configuration{config(ValidatingKind, "a", "", guarded)},
			Question{Objects: both, NamespaceLabels: map[string]map[string]string{"web": {"guard": "yes"}}}, "",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			in := fakeWorld{
				hooks: tt.hooks, ready: map[string]int{"ns/up": 2, "ns/down": 0}, external: map[string]bool{"ns/external": true},
				namespaces: map[string]map[string]string{"web": {"kubernetes.io/metadata.name": "web"}},
			}
			if diff := cmp.Diff(tt.want, obstacle(in, tt.question)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestObstacleAsksLate: while everything can answer, no plural is looked up.
func TestObstacleAsksLate(t *testing.T) {
	asked := 0
	in := fakeWorld{hooks: []*configuration{config(ValidatingKind, "a", "", behind("w.x.io", "s"))}, ready: map[string]int{"ns/s": 1}, asked: &asked}
	q := Question{Objects: []Object{object("", "v1", "Pod", "", "web", "p")}}
	if got := obstacle(in, q); got != "" || asked != 0 {
		t.Errorf("got %q after %d look-ups", got, asked)
	}
	in.ready["ns/s"] = 0
	if got := obstacle(in, q); got == "" || asked != 1 {
		t.Errorf("got %q after %d look-ups", got, asked)
	}
}

func TestRegistered(t *testing.T) {
	in := fakeWorld{hooks: []*configuration{
		config(ValidatingKind, "b", "", behind("w", "up"), behind("v", "gone")),
		config(MutatingKind, "a", "", behind("w", "gone")),
		config(ValidatingKind, "of-a-release", "week1.x", behind("w", "gone")),
		config(ValidatingKind, "fails-open", ""),
		config(ValidatingKind, "by-url", "", webhook{name: "url"}),
		config(ValidatingKind, "elsewhere", "", webhook{name: "e", service: &types.NamespacedName{Namespace: "other", Name: "s"}}),
	}}
	at := func(name string) types.NamespacedName { return types.NamespacedName{Namespace: "ns", Name: name} }
	want := []Registration{
		{v1alpha1.WebhookReference{Kind: MutatingKind, Name: "a"}, []types.NamespacedName{at("gone")}},
		{v1alpha1.WebhookReference{Kind: ValidatingKind, Name: "b"}, []types.NamespacedName{at("up"), at("gone")}},
	}
	if diff := cmp.Diff(want, registered(in, "ns")); diff != "" {
		t.Error(diff)
	}
}

func TestOwn(t *testing.T) {
	noCA := behind("ca.x.io", "up")
	noCA.hasCA = false
	expected := func(names ...string) []v1alpha1.WebhookReference {
		var out []v1alpha1.WebhookReference
		for _, name := range names {
			out = append(out, v1alpha1.WebhookReference{Kind: ValidatingKind, Name: name})
		}
		return out
	}
	tests := map[string]struct {
		hooks    []*configuration
		services []types.NamespacedName
		expected []v1alpha1.WebhookReference
		want     []string
	}{
		"none":              {nil, nil, nil, nil},
		"those of others":   {[]*configuration{config(ValidatingKind, "a", "week1.y", behind("w", "down"))}, nil, nil, nil},
		"by label, well":    {[]*configuration{config(ValidatingKind, "a", "week1.x", behind("w", "up"), webhook{name: "url"})}, nil, nil, nil},
		"by label, without": {[]*configuration{config(MutatingKind, "a", "week1.x", noCA)}, nil, nil, []string{"webhook ca.x.io of MutatingWebhookConfiguration a cannot answer: it has no CA bundle"}},
		"by Service": {
			[]*configuration{config(ValidatingKind, "a", "", behind("w", "down"), behind("v", "up"))},
			[]types.NamespacedName{{Namespace: "ns", Name: "down"}}, nil,
			[]string{"webhook w of ValidatingWebhookConfiguration a cannot answer: its Service ns/down has no ready endpoints"},
		},
		"expected and there":      {[]*configuration{config(ValidatingKind, "e", "", behind("w", "up"))}, nil, expected("e"), nil},
		"expected and fails open": {[]*configuration{config(ValidatingKind, "e", "")}, nil, expected("e"), nil},
		"expected, of other kind": {[]*configuration{config(MutatingKind, "e", "")}, nil, expected("e"), []string{"ValidatingWebhookConfiguration e is not registered yet"}},
		"expected, and not ready": {[]*configuration{config(ValidatingKind, "e", "", behind("w", "gone"))}, nil, expected("e"), []string{"webhook w of ValidatingWebhookConfiguration e cannot answer: its Service ns/gone is gone"}},
		"several, in one order": {
			[]*configuration{config(ValidatingKind, "b", "week1.x", behind("w", "down")), config(ValidatingKind, "a", "week1.x", noCA)}, nil, expected("z", "y"),
			[]string{
				"ValidatingWebhookConfiguration y is not registered yet",
				"ValidatingWebhookConfiguration z is not registered yet",
				"webhook ca.x.io of ValidatingWebhookConfiguration a cannot answer: it has no CA bundle",
				"webhook w of ValidatingWebhookConfiguration b cannot answer: its Service ns/down has no ready endpoints",
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			in := fakeWorld{hooks: tt.hooks, ready: map[string]int{"ns/up": 2, "ns/down": 0}}
			if diff := cmp.Diff(tt.want, own(in, "week1.x", tt.services, tt.expected)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestOrphans(t *testing.T) {
	in := fakeWorld{
		hooks: []*configuration{
			config(ValidatingKind, "two", "", behind("a", "gone2"), behind("b", "gone1"), behind("c", "gone1")),
			config(MutatingKind, "one", "week1.x", behind("a", "gone1"), behind("b", "up")),
			config(ValidatingKind, "down", "", behind("a", "down")),
			config(ValidatingKind, "url", "", webhook{name: "u"}),
		},
		ready: map[string]int{"ns/up": 1, "ns/down": 0},
	}
	var got []string
	for _, o := range orphans(in) {
		got = append(got, o.String())
	}
	want := []string{
		"MutatingWebhookConfiguration one is fail-closed, but its Service ns/gone1 is gone: what it asks about is refused; " +
			"delete the configuration, or bring back what stands behind it",
		"ValidatingWebhookConfiguration two is fail-closed, but its Services ns/gone1, ns/gone2 are gone: what it asks about is refused; " +
			"delete the configuration, or bring back what stands behind it",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
