// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/cluster"
	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/test/charts"
)

// Right after an install nothing differs, whatever the manifest leaves to the API
// server.
func TestDriftNone(t *testing.T) {
	b := newDriftBench(t, driftObjects, charts.WithTemplate("more.yaml", normalisedObjects))
	if found, applied := b.drift(t, true, nil); len(found) != 0 || len(applied) != 0 {
		t.Errorf("found %s, applied %v", brief(found), applied)
	}
}

func TestDriftFinds(t *testing.T) {
	b := newDriftBench(t, driftObjects)
	role := b.request.Name + "-plain"
	for _, tc := range []struct{ name, kind, object, patch, want string }{
		{"changed key", "ConfigMap", "conf", `{"data":{"color":"red"}}`, "ConfigMap data.color by kubectl-edit"},
		{"key taken away", "ConfigMap", "conf", `{"data":{"app.yaml":null}}`, `ConfigMap data["app.yaml"]`},
		{"changed label", "ConfigMap", "conf", `{"metadata":{"labels":{"app":"y"}}}`, "ConfigMap metadata.labels.app by kubectl-edit"},
		{"release label", "ConfigMap", "conf", `{"metadata":{"labels":{"` + v1alpha1.ReleaseLabel + `":null}}}`,
			`ConfigMap metadata.labels["` + v1alpha1.ReleaseLabel + `"]`},
		{"Helm's annotation", "ConfigMap", "conf", `{"metadata":{"annotations":{"meta.helm.sh/release-name":"other"}}}`,
			`ConfigMap metadata.annotations["meta.helm.sh/release-name"] by kubectl-edit`},
		{"deleted", "ConfigMap", "conf", "delete", "ConfigMap missing"},
		{"secret", "Secret", "safe", `{"stringData":{"password":"letmein"}}`, "Secret data.password by kubectl-edit"},
		{"image and replicas", "Deployment", "web",
			`[{"op":"replace","path":"/spec/replicas","value":5},{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"x"}]`,
			"Deployment spec.replicas,spec.template.spec.containers[0].image by kubectl-edit"},
		{"quantity", "Deployment", "web", `[{"op":"replace","path":"/spec/template/spec/containers/0/resources/limits/cpu","value":"2"}]`,
			"Deployment spec.template.spec.containers[0].resources.limits.cpu by kubectl-edit"},
		{"list item", "Service", "svc", `[{"op":"remove","path":"/spec/ports/1"}]`, "Service spec.ports"},
		{"whole list", "ClusterRole", role, `{"rules":[{"apiGroups":[""],"resources":["pods"],"verbs":["get"]}]}`,
			"ClusterRole rules[0].verbs by kubectl-edit"},
		{"own CA bundle", "ValidatingWebhookConfiguration", b.request.Name, `[{"op":"replace","path":"/webhooks/1/clientConfig/caBundle","value":"eQ=="}]`,
			"ValidatingWebhookConfiguration webhooks[1].clientConfig.caBundle by kubectl-edit"},
		{"custom resource", "Gadget", "g", `{"spec":{"size":4}}`, "Gadget spec.size by kubectl-edit"},
		{"list of a custom resource", "Gadget", "g", `{"spec":{"parts":[{"name":"a","weight":1}]}}`, "Gadget spec.parts by kubectl-edit"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := b.object(t, tc.kind, tc.object)
			b.edit(t, o, tc.patch, "kubectl-edit")
			found, applied := b.drift(t, false, nil, o)
			if brief(found) != tc.want || len(applied) != 0 || found[0].Corrected {
				t.Fatalf("warn: %s, want %s; applied %v", brief(found), tc.want, applied)
			}
			if found, applied = b.drift(t, true, nil, o); len(found) != 1 || !found[0].Corrected || len(applied) != 1 {
				t.Fatalf("correct: %s; applied %v", brief(found), applied)
			}
			live := b.live(t, o)
			if a := applied[0]; a.Object != o || a.UID != string(live.GetUID()) || a.Generation != live.GetGeneration() || a.ResourceVersion != live.GetResourceVersion() {
				t.Errorf("applied %+v, want what the API server has: %s", a, live.GetUID())
			}
			if live.GetLabels()[v1alpha1.ReleaseLabel] != b.request.Owner || live.GetAnnotations()["meta.helm.sh/release-name"] != b.request.Name {
				t.Errorf("it does not belong to the release: %v, %v", live.GetLabels(), live.GetAnnotations())
			}
			if found, _ = b.drift(t, true, nil, o); len(found) != 0 {
				t.Errorf("after the correction: %s", brief(found))
			}
			managers := map[string]bool{}
			for _, entry := range live.GetManagedFields() {
				managers[entry.Manager] = true
			}
			delete(managers, "kubectl-edit")
			if len(managers) != 1 {
				t.Errorf("the release has two field managers: %v", managers)
			}
		})
	}
}

// What others add, what the cluster writes itself and what is ignored by rule is
// neither found nor put back.
func TestDriftLeaves(t *testing.T) {
	b := newDriftBench(t, driftObjects)
	pointers := func(kind string, p ...string) []v1alpha1.IgnoreRule {
		return []v1alpha1.IgnoreRule{{Kind: kind, JSONPointers: p}}
	}
	sidecar := `[{"op":"add","path":"/spec/template/spec/containers/0","value":{"name":"injected","image":"i"}}]`
	for _, tc := range []struct {
		name, kind, object, patch, manager, sub string
		ignore                                  []v1alpha1.IgnoreRule
	}{
		{name: "added key", kind: "ConfigMap", object: "conf", patch: `{"data":{"more":"x"},"metadata":{"labels":{"team":"a"}}}`},
		{name: "added list item", kind: "Service", object: "svc", patch: `[{"op":"add","path":"/spec/ports/0","value":{"name":"extra","port":81,"protocol":"TCP","targetPort":81}}]`},
		{name: "added field", kind: "Gadget", object: "g", patch: `{"spec":{"other":{"a":1}},"status":{"phase":"Up"}}`},
		{name: "injected container", kind: "Deployment", object: "web", patch: sidecar},
		{name: "restart", kind: "Deployment", object: "web", patch: `{"spec":{"template":{"metadata":{"annotations":{"kubectl.kubernetes.io/restartedAt":"now"}}}}}`},
		{name: "aggregated rules", kind: "ClusterRole", object: b.request.Name + "-sum", patch: `{"rules":[{"apiGroups":[""],"resources":["pods"],"verbs":["get"]}]}`},
		{name: "injected CA", kind: "ValidatingWebhookConfiguration", object: b.request.Name, patch: `[{"op":"replace","path":"/webhooks/0/clientConfig/caBundle","value":"eQ=="}]`},
		{name: "rule with a star", kind: "ValidatingWebhookConfiguration", object: b.request.Name,
			patch:  `[{"op":"replace","path":"/webhooks/1/clientConfig/caBundle","value":"eg=="},{"op":"replace","path":"/webhooks/1/failurePolicy","value":"Fail"}]`,
			ignore: pointers("ValidatingWebhookConfiguration", "/webhooks/*/clientConfig/caBundle", "/webhooks/*/failurePolicy")},
		{name: "rule", kind: "ConfigMap", object: "conf", patch: `{"data":{"color":"green","app.yaml":null}}`, ignore: pointers("ConfigMap", "/data/color", "/data/app.yaml")},
		{name: "rule for a Secret", kind: "Secret", object: "safe", patch: `{"stringData":{"password":"new"}}`, ignore: pointers("Secret", "/data/password")},
		{name: "rule in a list of a custom resource", kind: "Gadget", object: "g", patch: `{"spec":{"parts":[{"name":"a","weight":9},{"name":"b","color":{"r":1}}]}}`,
			ignore: pointers("Gadget", "/spec/parts/*/weight", "/spec/parts/*/color/r")},
		{name: "autoscaler", kind: "Deployment", object: "web", patch: `{"spec":{"replicas":7}}`, manager: "kube-controller-manager", sub: "scale"},
		{name: "deleted job", kind: "Job", object: "once", patch: "delete"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := b.object(t, tc.kind, tc.object)
			var sub []string
			if tc.sub != "" {
				sub = append(sub, tc.sub)
			}
			b.edit(t, o, tc.patch, tc.manager, sub...)
			var before *unstructured.Unstructured
			if tc.patch != "delete" {
				before = b.live(t, o)
			}
			if found, applied := b.drift(t, true, tc.ignore, o); len(found) != 0 || len(applied) != 0 {
				t.Fatalf("found %s", brief(found))
			}
			if before != nil {
				if diff := cmp.Diff(before.Object, b.live(t, o).Object); diff != "" {
					t.Errorf("it was written (-before +after):\n%s", diff)
				}
			}
		})
	}
	t.Run("a rule protects its field from a correction", func(t *testing.T) {
		o := b.object(t, "ConfigMap", "conf")
		b.edit(t, o, `{"data":{"color":"pink","app.yaml":"b"}}`, "")
		found, _ := b.drift(t, true, pointers("ConfigMap", "/data/color"), o)
		data := b.live(t, o).Object["data"].(map[string]any)
		if len(found) != 1 || !slices.Equal(found[0].Fields, []string{`data["app.yaml"]`}) || data["color"] != "pink" || data["app.yaml"] != "a: 1" {
			t.Errorf("found %s, data %v", brief(found), data)
		}
	})
}

func TestDriftUnknown(t *testing.T) {
	b := newDriftBench(t, driftObjects)
	conf, job := b.object(t, "ConfigMap", "conf"), b.object(t, "Job", "once")

	// An immutable field: the job was made again by somebody, with another image.
	b.edit(t, job, "delete", "")
	other := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "batch/v1", "kind": "Job", "metadata": map[string]any{"name": "once", "namespace": job.Namespace},
		"spec": map[string]any{"template": map[string]any{"spec": map[string]any{
			"restartPolicy": "Never", "containers": []any{map[string]any{"name": "c", "image": "other"}},
		}}},
	}}
	if _, err := b.resource(t, job).Create(t.Context(), other, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	b.edit(t, conf, `{"data":{"color":"red"}}`, "")
	found, applied := b.drift(t, true, nil, job, conf)
	if len(found) != 2 || len(applied) != 1 {
		t.Fatalf("found %s, applied %v", brief(found), applied)
	}
	byKind := map[string]helm.Difference{found[0].Kind: found[0], found[1].Kind: found[1]}
	if d := byKind["Job"]; d.Unknown == nil || !strings.Contains(d.Unknown.Error(), "field is immutable") || d.Retry || d.Corrected {
		t.Errorf("job: %s", brief(found))
	}
	if !byKind["ConfigMap"].Corrected {
		t.Errorf("one object stood in the way of another: %s", brief(found))
	}

	// It is being deleted: nothing to be done until it is gone.
	b.edit(t, conf, `{"metadata":{"finalizers":["example.com/hold"]}}`, "")
	b.edit(t, conf, "delete", "")
	if found, _ = b.drift(t, true, nil, conf); brief(found) != "ConfigMap unknown: cannot be compared: it is being deleted" || found[0].Retry {
		t.Errorf("being deleted: %s", brief(found))
	}
	b.edit(t, conf, `{"metadata":{"finalizers":null}}`, "")
	if found, _ = b.drift(t, true, nil, conf); brief(found) != "ConfigMap missing" || !found[0].Corrected {
		t.Errorf("gone: %s", brief(found))
	}

	// A namespace that ends takes everything along, and says so.
	if err := b.client.CoreV1().Namespaces().Delete(t.Context(), b.request.Namespace, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	b.edit(t, conf, "delete", "")
	found, _ = b.drift(t, true, nil, conf)
	if len(found) != 1 || !found[0].Missing || found[0].Corrected || found[0].Unknown == nil || !found[0].Retry ||
		!strings.Contains(found[0].Unknown.Error(), "is being terminated") {
		t.Errorf("in a namespace that ends: %s", brief(found))
	}
}

// Neither what differs nor an error shows what a Secret holds.
func TestDriftKeepsSecrets(t *testing.T) {
	b := newDriftBench(t, "apiVersion: v1\nkind: Secret\nimmutable: true\nmetadata: {name: safe}\nstringData: {password: hunter2}\n")
	safe := b.object(t, "Secret", "safe")
	b.edit(t, safe, "delete", "")
	other := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Secret", "immutable": true, "metadata": map[string]any{"name": "safe", "namespace": safe.Namespace},
		"stringData": map[string]any{"password": "letmein"},
	}}
	if _, err := b.resource(t, safe).Create(t.Context(), other, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	found, _ := b.drift(t, true, nil, safe)
	const want = "Secret unknown: cannot be compared: Invalid (the details of a Secret are not shown)"
	if brief(found) != want {
		t.Errorf("found %s, want %s", brief(found), want)
	}
	text := fmt.Sprintf("%+v", found)
	for _, value := range []string{"hunter2", "letmein", "aHVudGVyMg", "bGV0bWVpbg"} {
		if strings.Contains(text, value) {
			t.Errorf("the value is told: %s", text)
		}
	}
}

func TestDriftPassesOver(t *testing.T) {
	b := newDriftBench(t, driftObjects)
	stranger := b.object(t, "Gadget", "g")
	stranger.Name = "stranger"
	if found, _ := b.drift(t, true, nil, stranger); len(found) != 0 {
		t.Errorf("an object that is not in the manifest: %s", brief(found))
	}
	if _, _, err := b.Drift(t.Context(), helm.DriftRequest{Release: b.request.Release, Owner: b.request.Owner, Revision: 9}); err == nil {
		t.Error("a revision that does not exist was examined")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := b.Drift(ctx, helm.DriftRequest{Release: b.request.Release, Owner: b.request.Owner, Revision: 1})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v, want that of the context", err)
	}
}

// A kind that went away holds nobody else up, before and after discovery knows.
func TestDriftUnservedKind(t *testing.T) {
	b := newDriftBench(t, driftObjects)
	gadget := b.object(t, "Gadget", "g")
	if err := envtest.UninstallCRDs(config, envtest.CRDInstallOptions{CRDs: []*apiextensionsv1.CustomResourceDefinition{
		{ObjectMeta: metav1.ObjectMeta{Name: "gadgets.gadgets.example.com"}},
	}}); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); ; {
		found, _ := b.drift(t, true, nil, gadget)
		if len(found) == 1 && found[0].Unknown != nil && found[0].Retry && brief(found) == "Gadget unknown: cannot be compared: its kind is not served" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("found %s", brief(found))
		}
	}
	b.kinds.SetCustom([]cluster.CustomKind{{GVK: gadget.GroupVersionKind, Plural: "gadgets", Namespaced: true}})
	b.kinds.SetCustom(nil)
	conf := b.object(t, "ConfigMap", "conf")
	b.edit(t, conf, "delete", "")
	found, _ := b.drift(t, true, nil)
	if len(found) != 2 || brief(found) != "Gadget unknown: kind Gadget (gadgets.example.com/v1) is not served; ConfigMap missing" || !found[1].Corrected {
		t.Errorf("found %s", brief(found))
	}
}

// One changed object: the time from the call to the object put back.
func TestDriftTakes(t *testing.T) {
	b := newDriftBench(t, driftObjects)
	conf := b.object(t, "ConfigMap", "conf")
	var none, healed []time.Duration
	for range 40 {
		begin := time.Now()
		b.drift(t, true, nil, conf)
		none = append(none, time.Since(begin))
		b.edit(t, conf, `{"data":{"color":"red"}}`, "kubectl-edit")
		begin = time.Now()
		if found, _ := b.drift(t, true, nil, conf); len(found) != 1 || !found[0].Corrected {
			t.Fatalf("found %s", brief(found))
		}
		healed = append(healed, time.Since(begin))
	}
	slices.Sort(none)
	slices.Sort(healed)
	t.Logf("no drift: p50 %v, max %v; healed: p50 %v, max %v", none[20], none[39], healed[20], healed[39])
}
