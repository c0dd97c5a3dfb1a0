// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	guardPath  = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/guard"
	gadgetPath = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/gadgets.example.com"
)

var guardService = service{"guard", "apps"}

// newCA makes one; the same seed gives no two alike.
func newCA(t *testing.T, seed int64) []byte {
	t.Helper()
	ca, _, err := authority(guardService.host(), time.Unix(1_800_000_000+seed, 0))
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

func in64(ca []byte) string { return base64.StdEncoding.EncodeToString(ca) }

// hook is a webhook in JSON that calls a Service of the namespace "apps".
func hook(service string, bundle []byte) string {
	return fmt.Sprintf(`{"name": "x.example.com", "clientConfig": {"caBundle": %q, "service": {"name": %q, "namespace": "apps"}}}`,
		in64(bundle), service)
}

func hooks(hooks ...string) string {
	return `{"metadata": {"resourceVersion": "41"}, "webhooks": [` + strings.Join(hooks, ", ") + `]}`
}

func gadgets(bundle []byte) string {
	return `{"metadata": {"resourceVersion": "42"}, "spec": {"conversion": {"strategy": "Webhook", "webhook": ` + hook("guard", bundle) + `}}}`
}

func TestInject(t *testing.T) {
	mine, other := newCA(t, 0), newCA(t, 1)
	tests := []struct {
		reason, guard, gadgets string
		want                   []write
		err                    string
	}{
		{
			reason: "both are empty, and a webhook of somebody else",
			guard:  hooks(hook("guard", nil), hook("somebody", nil), hook("guard", nil)), gadgets: gadgets(nil),
			want: []write{
				{http.MethodPatch, guardPath + "?fieldManager=standin", jsonPatch, []any{
					map[string]any{"op": "test", "path": "/metadata/resourceVersion", "value": "41"},
					map[string]any{"op": "add", "path": "/webhooks/0/clientConfig/caBundle", "value": in64(mine)},
					map[string]any{"op": "add", "path": "/webhooks/2/clientConfig/caBundle", "value": in64(mine)},
				}},
				{http.MethodPatch, gadgetPath + "?fieldManager=standin", jsonPatch, []any{
					map[string]any{"op": "test", "path": "/metadata/resourceVersion", "value": "42"},
					map[string]any{"op": "add", "path": "/spec/conversion/webhook/clientConfig/caBundle", "value": in64(mine)},
				}},
			},
		},
		{reason: "both hold it", guard: hooks(hook("guard", append([]byte("\n"), mine...))), gadgets: gadgets(mine)},
		{
			reason: "the CA of the pod before stays",
			guard:  hooks(hook("guard", other)), gadgets: gadgets(mine),
			want: []write{{http.MethodPatch, guardPath + "?fieldManager=standin", jsonPatch, []any{
				map[string]any{"op": "test", "path": "/metadata/resourceVersion", "value": "41"},
				map[string]any{"op": "add", "path": "/webhooks/0/clientConfig/caBundle", "value": in64(append(other, mine...))},
			}}},
		},
		{
			reason: "one is not there yet: the other is done",
			guard:  "", gadgets: gadgets(nil),
			want: []write{{http.MethodPatch, gadgetPath + "?fieldManager=standin", jsonPatch, []any{
				map[string]any{"op": "test", "path": "/metadata/resourceVersion", "value": "42"},
				map[string]any{"op": "add", "path": "/spec/conversion/webhook/clientConfig/caBundle", "value": in64(mine)},
			}}},
			err: "404",
		},
		{reason: "nothing that calls us", guard: hooks(hook("somebody", nil)), gadgets: gadgets(mine), err: "no webhook calls guard.apps.svc"},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			server, client := newAPI(t, map[string]string{gadgetPath: test.gadgets})
			if test.guard != "" {
				server.set(guardPath, test.guard)
			}
			i, err := newInjector(client, guardService, mine, quiet(), []string{"validating/guard"}, []string{"gadgets.example.com"})
			if err != nil {
				t.Fatal(err)
			}
			err = i.inject(t.Context())
			if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("got %v, want %q", err, test.err)
			}
			if diff := cmp.Diff(test.want, server.taken()); diff != "" {
				t.Errorf("writes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestInjectTargets(t *testing.T) {
	for _, ref := range []string{"guard", "validating/", "other/guard"} {
		if _, err := newInjector(nil, guardService, nil, quiet(), []string{ref}, nil); err == nil {
			t.Errorf("%q was taken", ref)
		}
	}
}

// A bundle does not grow with every restart of a pod.
func TestBundleIsBounded(t *testing.T) {
	var bundle []byte
	var cas [][]byte
	for i := range int64(5) {
		cas = append(cas, newCA(t, i))
		bundle, _ = bundleWith(bundle, cas[i])
	}
	if want := string(cas[2]) + string(cas[3]) + string(cas[4]); string(bundle) != want {
		t.Errorf("%d certificates, want the last three", strings.Count(string(bundle), "BEGIN"))
	}
}

func catchAll(bundle []byte) string {
	return hooks(fmt.Sprintf(`{"clientConfig": {"caBundle": %q, "service": {"name": "guard", "namespace": "apps"}}}`, in64(bundle)))
}

func newRegistrar(t *testing.T, client *api, ca []byte, o engineOptions) *registrar {
	t.Helper()
	if o.selector == "" {
		o.selector = `{"matchLabels": {"a": "b"}, "matchExpressions": [
			{"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["kube-system"]}]}`
	}
	o.catchAll, o.resources = "engine-resources", "pods,*/scale"
	o.guards = list{"mutating/engine-policies=policies.example.com"}
	r, err := o.registrar(client, guardService, ca, quiet())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// registered is the body of the write that makes a configuration.
func registered(kind, name, hook, path string, bundle []byte, rule, selector any) any {
	webhook := map[string]any{
		"name": hook, "admissionReviewVersions": []any{"v1"}, "sideEffects": "None", "failurePolicy": "Fail", "timeoutSeconds": 5.0,
		"clientConfig": map[string]any{
			"caBundle": in64(bundle),
			"service":  map[string]any{"name": "guard", "namespace": "apps", "path": path, "port": 8443.0},
		},
		"rules": []any{rule},
	}
	if selector != nil {
		webhook["namespaceSelector"] = selector
	}
	return map[string]any{
		"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind,
		"metadata": map[string]any{"name": name, "labels": map[string]any{"app.kubernetes.io/managed-by": "standin-engine"}},
		"webhooks": []any{webhook},
	}
}

func TestRegister(t *testing.T) {
	const prefix = "/apis/admissionregistration.k8s.io/v1/"
	mine, other := newCA(t, 0), newCA(t, 1)
	rule := func(group string, resources ...any) any {
		return map[string]any{
			"apiGroups": []any{group}, "apiVersions": []any{"*"}, "resources": resources,
			"operations": []any{"CREATE", "UPDATE"}, "scope": "*",
		}
	}
	notIn := func(name string) any {
		return map[string]any{"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": []any{name}}
	}
	excluding := map[string]any{"matchLabels": map[string]any{"a": "b"}, "matchExpressions": []any{notIn("kube-system"), notIn("apps")}}
	tests := []struct {
		reason   string
		options  engineOptions
		have     []byte // the bundle that is there
		bundle   []byte // the bundle afterwards; nil: nothing is written
		selector any
	}{
		{"new", engineOptions{}, nil, mine, excluding},
		{"of the pod before", engineOptions{}, other, append(other, mine...), excluding},
		{"right", engineOptions{}, mine, nil, nil},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			server, client := newAPI(t, nil)
			if test.have != nil {
				server.set(prefix+"validatingwebhookconfigurations/engine-resources", catchAll(test.have))
				server.set(prefix+"mutatingwebhookconfigurations/engine-policies", catchAll(test.have))
			}
			r := newRegistrar(t, client, mine, test.options)
			for _, register := range []func() error{
				func() error { return r.registerGuards(t.Context()) }, func() error { return r.registerCatchAll(t.Context()) },
			} {
				if err := register(); err != nil {
					t.Fatal(err)
				}
			}
			var want []write
			if test.bundle != nil {
				const query = "?force=true&fieldManager=standin"
				want = []write{
					{http.MethodPatch, prefix + "mutatingwebhookconfigurations/engine-policies" + query, serverApply, registered(
						"MutatingWebhookConfiguration", "engine-policies", "policies.standin.groundwork.dev", "/allow", test.bundle,
						rule("policies.example.com", "*"), nil)},
					{http.MethodPatch, prefix + "validatingwebhookconfigurations/engine-resources" + query, serverApply, registered(
						"ValidatingWebhookConfiguration", "engine-resources", "resources.standin.groundwork.dev", "/validate", test.bundle,
						rule("*", "pods", "*/scale"), test.selector)},
				}
			}
			if diff := cmp.Diff(want, server.taken()); diff != "" {
				t.Errorf("writes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEngineAsksUnderConditions(t *testing.T) {
	server, client := newAPI(t, nil)
	conditions := `[{"name":"some","expression":"request.resource.group != 'a'"}]`
	r := newRegistrar(t, client, newCA(t, 0), engineOptions{conditions: conditions})
	if err := r.registerCatchAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []any{map[string]any{"name": "some", "expression": "request.resource.group != 'a'"}}
	webhook := server.taken()[0].Body.(map[string]any)["webhooks"].([]any)[0].(map[string]any)
	if diff := cmp.Diff(want, webhook["matchConditions"]); diff != "" {
		t.Error(diff)
	}
}

func TestEngineOptionsThatMakeNoSense(t *testing.T) {
	for _, o := range []engineOptions{
		{guards: list{"validating/x"}}, {guards: list{"other/x=example.com"}}, {selector: "{"},
	} {
		if o.selector == "" {
			o.selector = "{}"
		}
		if _, err := o.registrar(nil, guardService, nil, quiet()); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
	selector, err := excluding("{}", "apps")
	if err != nil || !json.Valid(selector) {
		t.Errorf("%s, %v", selector, err)
	}
}
