// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

func release(component, namespace string, dependsOn ...string) v1alpha1.ComponentRelease {
	return v1alpha1.ComponentRelease{
		ObjectMeta: metav1.ObjectMeta{Name: v1alpha1.ReleaseName("week1", component)},
		Spec: v1alpha1.ComponentReleaseSpec{
			Component: component, Namespace: namespace, ReleaseName: component, DependsOn: dependsOn,
			Chart: v1alpha1.PinnedChart{Name: component + "-chart", Version: "1.0.0"},
		},
		Status: v1alpha1.ComponentReleaseStatus{Revision: 1},
	}
}

func TestReleaseTable(t *testing.T) {
	created := metav1.NewTime(time.Unix(1000, 0))
	bundle := &v1alpha1.PlatformBundle{ObjectMeta: metav1.ObjectMeta{CreationTimestamp: created}}
	unseen := release("loki", "logs")
	unseen.Status.Conditions = []metav1.Condition{{
		Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, LastTransitionTime: metav1.NewTime(time.Unix(1004, 0)),
	}}
	got := releaseTable(bundle, []v1alpha1.ComponentRelease{release("grafana", "monitoring", "loki"), unseen},
		map[string]time.Duration{"grafana": 7250 * time.Millisecond})
	want := "" +
		"COMPONENT   NAMESPACE    CHART           VERSION   REVISION   READY AFTER\n" +
		"loki        logs         loki-chart      1.0.0     1          4.0 s\n" +
		"grafana     monitoring   grafana-chart   1.0.0     1          7.2 s\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("releaseTable (-want +got):\n%s", diff)
	}
}

func TestNextSteps(t *testing.T) {
	bundle := &v1alpha1.PlatformBundle{ObjectMeta: metav1.ObjectMeta{Name: "week1"}}
	off := false
	bundle.Spec.Components = []v1alpha1.Component{{Name: "cert-manager"}, {Name: "argo-cd"}, {Name: "velero", Enabled: &off}, {Name: "jaeger"}}
	bundle.Status.Components = []v1alpha1.ComponentStatus{{Name: "cert-manager"}, {Name: "argo-cd"}, {Name: "jaeger"}}
	l := layout{".cluster/quickstart"}
	for _, tc := range []struct {
		reason        string
		state         state
		has, hasNot   []string
		kubectl, helm string
	}{
		{
			reason: "the simulated cluster has a kubeconfig of its own", kubectl: "bin/k8s/kubectl", helm: "bin/helm",
			has: []string{
				"export KUBECONFIG=$PWD/.cluster/quickstart/kubeconfig", "bin/k8s/kubectl get pb,crel", "bin/helm list -A",
				`[{"op":"add","path":"/spec/components/1/values","value":{"server":{"replicas":2}}}]`,
				`[{"op":"add","path":"/spec/components/3/enabled","value":false}]`, "removal of jaeger",
			},
		},
		{
			reason: "a context of the user's is named every time", state: state{Context: "kind-a"}, kubectl: "kubectl", helm: "helm",
			has:    []string{"kubectl --context kind-a get pb,crel", "helm --kube-context kind-a list -A", "kubectl --context kind-a patch pb week1"},
			hasNot: []string{"KUBECONFIG"},
		},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			got := nextSteps(bundle, commandsFor(tc.state, l, tc.kubectl, tc.helm))
			for _, text := range tc.has {
				if !strings.Contains(got, text) {
					t.Errorf("%q is missing in:\n%s", text, got)
				}
			}
			for _, text := range tc.hasNot {
				if strings.Contains(got, text) {
					t.Errorf("%q does not belong in:\n%s", text, got)
				}
			}
		})
	}
}

func TestLookAt(t *testing.T) {
	const typed = "or type:     kubectl platform status week1     (with bin/kubectl-platform on the PATH)\n"
	if got, want := lookAt("week1", commands{}, "http://127.0.0.1:1/dashboard/"), "Look at it:  http://127.0.0.1:1/dashboard/\n"+typed; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := lookAt("week1", commands{context: "kind-a"}, ""); !strings.HasPrefix(got, "or type:     kubectl platform status week1 --context kind-a ") {
		t.Errorf("got %q", got)
	}
}

// TestNextStepsOfProfiles: what a profile brings is not in the list that is patched.
func TestNextStepsOfProfiles(t *testing.T) {
	bundle := &v1alpha1.PlatformBundle{ObjectMeta: metav1.ObjectMeta{Name: "mine"}}
	how := commands{kubectl: "kubectl", helm: "helm"}
	if got := nextSteps(bundle, how); strings.Contains(got, "patch") {
		t.Errorf("there is nothing to change, but:\n%s", got)
	}
	bundle.Status.Components = []v1alpha1.ComponentStatus{{Name: "argo-cd"}}
	if got, want := nextSteps(bundle, how), `[{"op":"add","path":"/spec/components","value":[{"name":"argo-cd","values":{"server":{"replicas":2}}}]}]`; !strings.Contains(got, want) {
		t.Errorf("%s is missing in:\n%s", want, got)
	}
	bundle.Spec.Components = []v1alpha1.Component{{Name: "cert-manager"}}
	if got, want := nextSteps(bundle, how), `[{"op":"add","path":"/spec/components/-","value":{"name":"argo-cd","values":{"server":{"replicas":2}}}}]`; !strings.Contains(got, want) {
		t.Errorf("%s is missing in:\n%s", want, got)
	}
}

func TestStatusReport(t *testing.T) {
	if got := statusReport(nil); !strings.Contains(got, "no status yet") {
		t.Errorf("without a bundle: %q", got)
	}
	got := statusReport(&v1alpha1.PlatformBundle{Status: v1alpha1.PlatformBundleStatus{
		Conditions: []metav1.Condition{
			{Type: "Ready", Status: "False", Reason: "Held", Message: "why"},
			{Type: "Stalled", Status: "True", Reason: "Held", Message: "why"},
		},
		Components: []v1alpha1.ComponentStatus{
			{Name: "a", State: v1alpha1.StateReady}, {Name: "a", State: v1alpha1.StateHeld, Message: "why"}, {Name: "b", State: v1alpha1.StateHeld, Message: "held until a is corrected"},
		},
	}})
	if want := "Ready=False Held: why\n  a: Held\n  b: Held: held until a is corrected\n"; got != want {
		t.Errorf("statusReport = %q, want %q", got, want)
	}
}

func TestVerdict(t *testing.T) {
	with := func(observed int64, conditions ...string) *v1alpha1.PlatformBundle {
		b := &v1alpha1.PlatformBundle{ObjectMeta: metav1.ObjectMeta{Generation: 2}}
		b.Status.ObservedGeneration = observed
		for _, c := range conditions {
			b.Status.Conditions = append(b.Status.Conditions, metav1.Condition{Type: c, Status: metav1.ConditionTrue})
		}
		return b
	}
	for _, tc := range []struct {
		reason string
		bundle *v1alpha1.PlatformBundle
		done   bool
		want   error
	}{
		{"nothing yet", with(2), false, nil},
		{"ready", with(2, "Ready"), true, nil},
		{"ready, but at the spec before this one", with(1, "Ready"), false, nil},
		{"stalled", with(2, "Stalled"), true, errStalled},
	} {
		if done, got := verdictOf(tc.bundle); got != tc.want || done != tc.done { //nolint:errorlint // the very value
			t.Errorf("%s: verdict %v, done %t; want %v, %t", tc.reason, got, done, tc.want, tc.done)
		}
	}
}

func TestLeftovers(t *testing.T) {
	releases := []v1alpha1.ComponentRelease{release("loki", "logs"), release("grafana", "monitoring", "loki", "prometheus"), release("prometheus", "monitoring")}
	s := state{Context: "kind-a", Bundle: "week1"}
	got := leftoverText(s, commandsFor(s, layout{"x"}, "kubectl", "helm"), releases)
	last := -1
	for _, text := range []string{
		`kubectl --context kind-a patch pb week1 --type=merge -p '{"spec":{"deletionPolicy":"Delete"}}'`,
		"helm --kube-context kind-a uninstall -n monitoring grafana\n", "uninstall -n logs loki\n", "uninstall -n monitoring prometheus\n",
		"kubectl --context kind-a delete -f config/crd/bases",
	} {
		at := strings.Index(got, text)
		if at <= last {
			t.Errorf("%q is missing or too early in:\n%s", text, got)
		}
		last = at
	}
}

func TestRemovalOrderEndsInSpiteOfACycle(t *testing.T) {
	got := removalOrder([]v1alpha1.ComponentRelease{release("a", "x", "b"), release("b", "x", "a")})
	if len(got) != 2 {
		t.Errorf("%d releases, want both", len(got))
	}
}
