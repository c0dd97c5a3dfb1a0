// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/failure"
)

// parse reads objects from YAML documents.
func parse(t *testing.T, manifests string) []*unstructured.Unstructured {
	t.Helper()
	var out []*unstructured.Unstructured
	for doc := range strings.SplitSeq(manifests, "\n---\n") {
		u := &unstructured.Unstructured{}
		raw, err := yaml.YAMLToJSON([]byte(doc))
		if err != nil {
			t.Fatal(err)
		}
		if err := u.UnmarshalJSON(raw); err != nil {
			t.Fatalf("%v in:\n%s", err, doc)
		}
		out = append(out, u)
	}
	return out
}

func objectOf(u *unstructured.Unstructured) Object {
	return Object{u.GroupVersionKind(), u.GetNamespace(), u.GetName()}
}

// lookup serves trimmed objects, as the watches do.
func lookup(t *testing.T, objects []*unstructured.Unstructured) Lookup {
	t.Helper()
	seen := map[Object]*unstructured.Unstructured{}
	for _, u := range objects {
		trimmed, err := trim(u)
		if err != nil {
			t.Fatal(err)
		}
		seen[objectOf(u)] = trimmed.(*unstructured.Unstructured)
	}
	return func(o Object) (*unstructured.Unstructured, bool) {
		u, ok := seen[o]
		return u, ok
	}
}

func noEndpoints(string, string) (int, bool) { return 0, false }

const deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d, namespace: ns, generation: 2}\n"

func TestJudgeOneObject(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		manifest string
		want     string // findings as "waiting: ..." or "failed: ..."; empty: current
	}{
		"deployment, not observed": {deployment + "spec: {replicas: 1}", "waiting: its controller has not seen the newest generation yet"},
		"deployment, older generation observed": {
			deployment + `spec: {replicas: 1, progressDeadlineSeconds: 600}
status: {observedGeneration: 1, replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1, conditions: [{type: Available, status: "True"}]}`,
			"waiting: its controller has not seen the newest generation yet",
		},
		"deployment, progressing": {
			deployment + "spec: {replicas: 3}\nstatus: {observedGeneration: 2, replicas: 3, updatedReplicas: 3, availableReplicas: 1, readyReplicas: 1}",
			"waiting: 1 of 3 replicas available",
		},
		"deployment, old pods are available, new ones are not": {
			deployment + "spec: {replicas: 2}\nstatus: {observedGeneration: 2, replicas: 3, updatedReplicas: 1, availableReplicas: 2, readyReplicas: 2}",
			"waiting: 1 of 2 replicas available",
		},
		"deployment, no pod can be made": {
			deployment + `spec: {replicas: 1}
status: {observedGeneration: 2, conditions: [{type: ReplicaFailure, status: "True", reason: FailedCreate,
  message: 'pods "grafana-7d9-x2k4f" is forbidden: exceeded quota: small, requested: pods=1, used: pods=3, limited: pods=3'}]}`,
			"waiting: 0 of 1 replicas available: a pod is forbidden: exceeded quota: small, requested: pods=1, used: pods=3, limited: pods=3",
		},
		"deployment, the one new pod fails beside the old one": {
			deployment + "spec: {replicas: 1}\nstatus: {observedGeneration: 2, replicas: 2, updatedReplicas: 1, availableReplicas: 1, readyReplicas: 1, unavailableReplicas: 1}",
			"waiting: 0 of 1 replicas available",
		},
		"deployment, old pods terminate": {
			deployment + "spec: {replicas: 2}\nstatus: {observedGeneration: 2, replicas: 3, updatedReplicas: 2, availableReplicas: 2, readyReplicas: 2}",
			"waiting: Pending termination: 1",
		},
		"deployment, current": {
			deployment + `spec: {replicas: 1, progressDeadlineSeconds: 600}
status: {observedGeneration: 2, replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1, conditions: [
  {type: Available, status: "True"}, {type: Progressing, status: "True", reason: NewReplicaSetAvailable}]}`, "",
		},
		"deployment, scaled to nothing": {
			deployment + `spec: {replicas: 0}
status: {observedGeneration: 2, conditions: [{type: Available, status: "True"}]}`, "",
		},
		"deployment, deadline": {
			deployment + `spec: {replicas: 1, progressDeadlineSeconds: 600}
status: {observedGeneration: 2, replicas: 1, conditions: [{type: Progressing, status: "False", reason: ProgressDeadlineExceeded}]}`,
			"failed: Progress deadline exceeded",
		},
		"deployment, being deleted": {
			`{apiVersion: apps/v1, kind: Deployment, metadata: {name: d, namespace: ns, deletionTimestamp: "2026-01-01T00:00:00Z"}}`, "waiting: being deleted",
		},
		"statefulset, progressing": {
			`{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: s, namespace: ns, generation: 1}, spec: {replicas: 2},
 status: {observedGeneration: 1, replicas: 2, readyReplicas: 1, currentReplicas: 2, updatedReplicas: 2}}`, "waiting: 1 of 2 replicas ready",
		},
		"statefulset, current": {
			`{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: s, namespace: ns, generation: 1}, spec: {replicas: 2},
 status: {observedGeneration: 1, replicas: 2, readyReplicas: 2, currentReplicas: 2, updatedReplicas: 2, currentRevision: a, updateRevision: a}}`, "",
		},
		"statefulset, revision": {
			`{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: s, namespace: ns, generation: 1}, spec: {replicas: 2},
 status: {observedGeneration: 1, replicas: 2, readyReplicas: 2, currentReplicas: 2, updatedReplicas: 2, currentRevision: a, updateRevision: b}}`,
			"waiting: Waiting for updated revision to match current",
		},
		"daemonset, progressing": {
			`{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: s, namespace: ns, generation: 1},
 status: {observedGeneration: 1, desiredNumberScheduled: 3, currentNumberScheduled: 3, updatedNumberScheduled: 3, numberAvailable: 2, numberReady: 2}}`,
			"waiting: 2 of 3 pods available",
		},
		"daemonset, no node": {
			`{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: s, namespace: ns, generation: 1}, status: {observedGeneration: 1, desiredNumberScheduled: 0}}`, "",
		},
		"daemonset, new": {
			`{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: s, namespace: ns, generation: 1}}`,
			"waiting: its controller has not seen the newest generation yet",
		},
		"pod, pending": {
			`{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: ns}, status: {phase: Pending}}`, "waiting: Pod is in the Pending phase",
		},
		"pod, ready": {
			`{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: ns}, status: {phase: Running, conditions: [{type: Ready, status: "True"}]}}`, "",
		},
		"pod, crash loop": {
			`{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: ns}, status: {phase: Running, conditions: [{type: Ready, status: "False"}],
 containerStatuses: [{name: c, state: {waiting: {reason: CrashLoopBackOff}}}]}}`, "failed: Containers in CrashLoop state: c",
		},
		"job, not started": {`{apiVersion: batch/v1, kind: Job, metadata: {name: j, namespace: ns}}`, "waiting: Job not started"},
		"job, complete": {
			`{apiVersion: batch/v1, kind: Job, metadata: {name: j, namespace: ns}, status: {succeeded: 1, conditions: [{type: Complete, status: "True"}]}}`, "",
		},
		"job, failed": {
			`{apiVersion: batch/v1, kind: Job, metadata: {name: j, namespace: ns}, status: {failed: 7, conditions: [{type: Failed, status: "True"}]}}`,
			"failed: Job Failed. failed: 7/1",
		},
		"load balancer without cluster address": {
			`{apiVersion: v1, kind: Service, metadata: {name: s, namespace: ns}, spec: {type: LoadBalancer}}`,
			"waiting: ClusterIP not set. Service type: LoadBalancer",
		},
		"load balancer": {
			`{apiVersion: v1, kind: Service, metadata: {name: s, namespace: ns}, spec: {type: LoadBalancer, clusterIP: 10.0.0.1}}`, "",
		},
		"disruption budget, not observed": {
			`{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: b, namespace: ns, generation: 2}, status: {observedGeneration: 1}}`,
			"waiting: PodDisruptionBudget generation is 2, but latest observed generation is 1",
		},
		"disruption budget": {
			`{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: b, namespace: ns, generation: 2}, status: {observedGeneration: 2}}`, "",
		},
		"claim, bound":    {claim("standard", "", "Bound"), ""},
		"claim, lost":     {claim("standard", "", "Lost"), "failed: Lost: its volume does not exist any more"},
		"claim, pending":  {claim("standard", "", "Pending"), "waiting: Pending: no volume of storage class standard is bound yet"},
		"claim, no class": {claim("", "", "Pending"), "waiting: Pending: it has no storage class and no volume fits; set a default StorageClass or name one in the values"},
		"claim, no such class": {
			claim("nope", "", "Pending"), "waiting: Pending: no volume of storage class nope is bound yet",
		},
		"claim, first consumer, none": {claim("lazy", "", "Pending"), ""},
		"claim, first consumer, scheduled": {
			claim("lazy", "node-1", "Pending"), "waiting: Pending: the volume of storage class lazy is being made",
		},
		"api service, new": {apiService1(""), "waiting: not available yet"},
		"api service, unavailable": {
			apiService1(`status: {conditions: [{type: Available, status: "False", reason: MissingEndpoints, message: no endpoints}]}`),
			"waiting: not available: no endpoints",
		},
		"api service": {apiService1(`status: {conditions: [{type: Available, status: "True"}]}`), ""},
		"custom resource without status": {
			`{apiVersion: example.com/v1, kind: Widget, metadata: {name: w, namespace: ns, generation: 1}, spec: {a: 1}}`, "",
		},
		"custom resource, not ready": {widget(`status: {conditions: [{type: Ready, status: "False", reason: Issuing, message: Issuing the certificate}]}`),
			"waiting: Issuing the certificate"},
		"custom resource, not ready without a word": {widget(`status: {conditions: [{type: Ready, status: Unknown}]}`), "waiting: in progress"},
		"custom resource, ready":                    {widget(`status: {conditions: [{type: Ready, status: "True"}]}`), ""},
		"custom resource, stalled": {
			widget(`status: {conditions: [{type: Ready, status: "False"}, {type: Stalled, status: "True", message: bad spec}]}`), "failed: bad spec",
		},
		"custom resource, older generation": {
			widget(`status: {observedGeneration: 3, conditions: [{type: Ready, status: "True"}]}`),
			"waiting: Widget generation is 4, but latest observed generation is 3",
		},
		"custom resource, odd conditions": {widget(`status: {conditions: {ready: false}}`), ""},
		"custom resource, odd generation": {widget(`status: {observedGeneration: "3"}`), ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			objects := parse(t, tc.manifest)
			o := objectOf(objects[0])
			objects = append(objects, parse(t, `{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: lazy}, volumeBindingMode: WaitForFirstConsumer}
---
{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: standard}, volumeBindingMode: Immediate}`)...)
			want := Status{Total: 1, Current: 1, Ready: true}
			if kind, message, ok := strings.Cut(tc.want, ": "); ok {
				want = Status{Total: 1}
				if findings := []Finding{{o, message}}; kind == "failed" {
					want.Failed = findings
				} else {
					want.Waiting = findings
				}
			}
			got := Judge([]Object{o}, lookup(t, objects), nil, noEndpoints)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("status (-want +got):\n%s", diff)
			}
		})
	}
}

func claim(class, node, phase string) string {
	m := "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata:\n  name: c\n  namespace: ns\n"
	if node != "" {
		m += "  annotations: {volume.kubernetes.io/selected-node: " + node + "}\n"
	}
	if class != "" {
		m += "spec: {storageClassName: " + class + "}\n"
	}
	return m + "status: {phase: " + phase + "}"
}

func apiService1(status string) string {
	return "apiVersion: apiregistration.k8s.io/v1\nkind: APIService\nmetadata: {name: v1.example.com}\n" + status
}

func widget(rest string) string {
	return "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w, namespace: ns, generation: 4}\n" + rest
}

func TestJudgeMissing(t *testing.T) {
	t.Parallel()
	object := func(group, version, kind string) Object {
		return Object{schema.GroupVersionKind{Group: group, Version: version, Kind: kind}, "ns", "x"}
	}
	inventory := []Object{
		object("apps", "v1", "Deployment"), object("example.com", "v1", "Widget"), object("", "v1", "Service"),
		// Of these nothing is watched, and a Job that is not there may be finished long since.
		object("", "v1", "ConfigMap"), object("", "v1", "Secret"), object("", "v1", "ServiceAccount"), object("networking.k8s.io", "v1", "Ingress"),
		object("rbac.authorization.k8s.io", "v1", "Role"), object("scheduling.k8s.io", "v1", "PriorityClass"), object("batch", "v1", "Job"),
		object("apiextensions.k8s.io", "v1", "CustomResourceDefinition"),
	}
	got := Judge(inventory, lookup(t, nil), nil, noEndpoints)
	want := Status{Total: 11, Current: 8, Waiting: []Finding{{inventory[0], "not found"}, {inventory[2], "not found"}, {inventory[1], "not found"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
	if s := Judge(nil, lookup(t, nil), nil, noEndpoints); !s.Ready {
		t.Error("an empty inventory is not ready")
	}
}

func hook(kind, clientConfig, policy string) string {
	return `{apiVersion: admissionregistration.k8s.io/v1, kind: ` + kind + `, metadata: {name: h, generation: 1}, webhooks: [
 {name: ignored.example.com, failurePolicy: Ignore, clientConfig: {service: {namespace: ns, name: nobody}}},
 {name: w.example.com, clientConfig: ` + clientConfig + policy + `}]}`
}

func TestJudgeWebhooks(t *testing.T) {
	t.Parallel()
	const (
		service   = `service: {namespace: ns, name: svc}`
		ca        = `{caBundle: c2VjcmV0, ` + service + `}`
		noCA      = `{` + service + `}`
		blankCA   = `{caBundle: Cg==, ` + service + `}`
		noAnswer  = "webhook w.example.com: Service ns/svc has no ready endpoint"
		noCAYet   = "webhook w.example.com has no CA bundle yet"
		validator = "ValidatingWebhookConfiguration"
		mutator   = "MutatingWebhookConfiguration"
	)
	tests := map[string]struct {
		manifest string
		ready    int
		known    bool
		owned    bool // the Service is part of the inventory
		want     string
	}{
		"answers":                         {hook(validator, ca, ""), 1, true, true, ""},
		"no CA":                           {hook(validator, noCA, ""), 1, true, true, noCAYet},
		"a placeholder for a CA":          {hook(mutator, blankCA, ""), 1, true, true, noCAYet},
		"no endpoint":                     {hook(mutator, ca, ""), 0, true, true, noAnswer},
		"no endpoint, Fail is said":       {hook(mutator, ca, ", failurePolicy: Fail"), 0, true, true, noAnswer},
		"no endpoint, Ignore":             {hook(validator, noCA, ", failurePolicy: Ignore"), 0, true, true, ""},
		"own Service has no slices yet":   {hook(validator, ca, ""), 0, false, true, noAnswer},
		"Service of another release":      {hook(validator, ca, ""), 0, true, false, noAnswer},
		"Service that nothing is said of": {hook(validator, ca, ""), 0, false, false, ""},
		"called by URL":                   {hook(validator, `{url: "https://example.com/hook"}`, ""), 0, false, false, ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			objects := parse(t, tc.manifest)
			inventory := []Object{objectOf(objects[0])}
			if tc.owned {
				svc := parse(t, `{apiVersion: v1, kind: Service, metadata: {name: svc, namespace: ns}, spec: {clusterIP: 10.0.0.1}}`)
				objects = append(objects, svc...)
				inventory = append(inventory, objectOf(svc[0]))
			}
			endpoints := func(namespace, service string) (int, bool) {
				if namespace != "ns" || service != "svc" {
					t.Errorf("asked for the endpoints of %s/%s", namespace, service)
				}
				return tc.ready, tc.known
			}
			got := Judge(inventory, lookup(t, objects), nil, endpoints)
			var want []Finding
			if tc.want != "" {
				want = []Finding{{inventory[0], tc.want}}
			}
			if diff := cmp.Diff(want, got.Waiting); diff != "" || got.Ready != (tc.want == "") {
				t.Errorf("ready = %t, waiting (-want +got):\n%s", got.Ready, diff)
			}
		})
	}
}

func TestJudgeRules(t *testing.T) {
	t.Parallel()
	const phase = `has(object.status) && object.status.phase == "Available"`
	tests := map[string]struct {
		rule, message, manifest, want string
	}{
		"true":                  {phase, "", widget("status: {phase: Available}"), ""},
		"false":                 {phase, "not available", widget("status: {phase: Unavailable}"), "not available"},
		"no status, has":        {phase, "not available", widget("spec: {}"), "not available"},
		"optional":              {`object.?status.?phase.orValue("") == "Available"`, "", widget("spec: {}"), `waiting for object.?status.?phase.orValue("") == "Available"`},
		"error":                 {`object.status.phase == "Available"`, "", widget("spec: {}"), `waiting for object.status.phase == "Available" (no such key: status)`},
		"spec and status":       {`object.status.ready == object.spec.replicas`, "", widget("spec: {replicas: 2}\nstatus: {ready: 2}"), ""},
		"not a bool":            {`object.status.phase`, "m", widget("status: {phase: Available}"), "m (the expression returned string, not a bool)"},
		"a dynamic bool":        {`object.status.up`, "m", widget("status: {up: true}"), ""},
		"conditions come first": {phase, "rule", widget(`status: {phase: Available, conditions: [{type: Ready, status: "False", message: condition}]}`), "condition"},
		"too expensive": {
			`object.spec.l.all(a, object.spec.l.all(b, object.spec.l.all(c, a + b + c >= 0)))`, "m",
			widget("spec: {l: [" + strings.Repeat("1,", 99) + "1]}"), "m (operation cancelled: actual cost limit exceeded)",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// The rule is for another version of the kind, and there is one for another kind.
			source := []v1alpha1.ReadyRule{
				{APIVersion: "example.com/v1beta1", Kind: "Widget", Expression: tc.rule, Message: tc.message},
				{APIVersion: "example.com/v1", Kind: "Gadget", Expression: "false"},
			}
			rules, err := CompileRules(source)
			if err != nil {
				t.Fatal(err)
			}
			if !RulesEqual(rules, source) || RulesEqual(rules, source[:1]) {
				t.Error("RulesEqual does not tell rules apart")
			}
			objects := parse(t, tc.manifest)
			got := Judge([]Object{objectOf(objects[0])}, lookup(t, objects), rules, noEndpoints)
			message := ""
			if len(got.Waiting) > 0 {
				message = got.Waiting[0].Message
			}
			if message != tc.want || got.Ready != (tc.want == "") {
				t.Errorf("ready = %t, message = %q, want %q", got.Ready, message, tc.want)
			}
		})
	}
}

func TestCompileRulesRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		rule v1alpha1.ReadyRule
		want string
	}{
		"syntax":          {v1alpha1.ReadyRule{APIVersion: "example.com/v1", Kind: "Widget", Expression: "object."}, "Syntax error"},
		"not a bool":      {v1alpha1.ReadyRule{APIVersion: "example.com/v1", Kind: "Widget", Expression: "1 + 1"}, "must return a bool and returns int"},
		"unknown name":    {v1alpha1.ReadyRule{APIVersion: "example.com/v1", Kind: "Widget", Expression: "self.a == 1"}, "undeclared reference"},
		"unwatched kind":  {v1alpha1.ReadyRule{APIVersion: "v1", Kind: "ConfigMap", Expression: "true"}, "no state that is watched"},
		"odd API version": {v1alpha1.ReadyRule{APIVersion: "a/b/c", Kind: "Widget", Expression: "true"}, "apiVersion"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := CompileRules([]v1alpha1.ReadyRule{tc.rule})
			if failure.ClassOf(err) != failure.ClassTerminal || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), tc.rule.Kind) {
				t.Errorf("error = %v, want Terminal, the kind and %q", err, tc.want)
			}
		})
	}
}

func TestMessage(t *testing.T) {
	t.Parallel()
	at := func(kind, ns, name string) Object { return Object{schema.GroupVersionKind{Kind: kind}, ns, name} }
	five := Status{
		Total: 9, Failed: []Finding{{at("Job", "b", "z"), "Job Failed"}, {at("Deployment", "b", "a"), "deadline"}},
		Waiting: []Finding{{at("Deployment", "monitoring", "grafana"), "0 of 1 replicas available"}, {at("Issuer", "", "i"), "not found"}, {at("DaemonSet", "a", "a"), "w"}},
	}
	tests := map[string]struct {
		status Status
		want   string
	}{
		"many":  {five, "Deployment b/a: deadline; Job b/z: Job Failed; DaemonSet a/a: w; 2 more objects"},
		"four":  {Status{Total: 4, Failed: slices.Clone(five.Failed), Waiting: slices.Clone(five.Waiting[:2])}, "Deployment b/a: deadline; Job b/z: Job Failed; Deployment monitoring/grafana: 0 of 1 replicas available; 1 more object"},
		"one":   {Status{Total: 4, Waiting: slices.Clone(five.Waiting[1:2])}, "Issuer i: not found"},
		"ready": {Status{Total: 4}, "4 objects current"},
		"empty": {Status{}, "0 objects current"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := tc.status.finish().Message(); got != tc.want {
				t.Errorf("message = %q, want %q", got, tc.want)
			}
		})
	}
}
