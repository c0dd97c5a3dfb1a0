// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package crds

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/yaml"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/failure"
)

// config of the API server; nil without one.
var config *rest.Config

func TestMain(m *testing.M) {
	if os.Getenv("KUBEBUILDER_ASSETS") == "" {
		os.Exit(m.Run())
	}
	server := &envtest.Environment{}
	var err error
	if config, err = server.Start(); err != nil {
		panic(err)
	}
	config.QPS = -1
	code := m.Run()
	if err := server.Stop(); err != nil {
		panic(err)
	}
	os.Exit(code)
}

const gearSpec = `
type: object
properties:
  replicas: {type: integer}
  mode: {type: string, enum: [a, b, c]}
  unused: {type: string}
  tags: {type: array, items: {type: string}}
  free: {type: object, x-kubernetes-preserve-unknown-fields: true}
  maybe: {type: string, nullable: true}
`

const gearStatus = `
type: object
properties:
  old: {type: string}
`

// gears is a definition of its own for every test: kind Gear in the group <group>.example.com, version v1 with the schemas of spec and
// status. Edit changes it further.
func gears(t *testing.T, group, spec string, edit func(*apiextensionsv1.CustomResourceDefinition)) *apiextensionsv1.CustomResourceDefinition {
	t.Helper()
	var status apiextensionsv1.JSONSchemaProps
	if err := yaml.UnmarshalStrict([]byte(gearStatus), &status); err != nil {
		t.Fatal(err)
	}
	crd := withSpec(t, spec)
	crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["status"] = status
	crd.APIVersion, crd.Kind, crd.Name = apiVersion, kindCRD, "gears."+group+".example.com"
	crd.Spec.Group = group + ".example.com"
	crd.Spec.Names = apiextensionsv1.CustomResourceDefinitionNames{Kind: "Gear", ListKind: "GearList", Plural: "gears", Singular: "gear"}
	if edit != nil {
		edit(crd)
	}
	return crd
}

func definitionOf(t *testing.T, crd *apiextensionsv1.CustomResourceDefinition) *Definition {
	t.Helper()
	text, err := yaml.Marshal(crd)
	if err != nil {
		t.Fatal(err)
	}
	return mustParse(t, string(text))
}

// yard is a cluster with one definition.
type yard struct {
	*inspector
	client client.Client
	name   string
	gvr    schema.GroupVersionResource
}

// newYard installs the definition.
func newYard(t *testing.T, crd *apiextensionsv1.CustomResourceDefinition) *yard {
	t.Helper()
	if config == nil {
		t.Skip("KUBEBUILDER_ASSETS is not set: run \"make test-envtest\", which builds an API server first")
	}
	if _, err := envtest.InstallCRDs(config, envtest.CRDInstallOptions{CRDs: []*apiextensionsv1.CustomResourceDefinition{crd.DeepCopy()}}); err != nil {
		t.Fatal(err)
	}
	i, err := newInspector(config)
	if err != nil {
		t.Fatal(err)
	}
	i.page = 1
	scheme := runtime.NewScheme()
	if err := apiextensionsv1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	c, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	y := &yard{inspector: i, client: c, name: crd.Name}
	y.gvr = schema.GroupVersionResource{Group: crd.Spec.Group, Version: "v1", Resource: "gears"}
	t.Cleanup(func() {
		gears := i.objects.Resource(y.gvr).Namespace("default")
		if err := gears.DeleteCollection(context.WithoutCancel(t.Context()), metav1.DeleteOptions{}, metav1.ListOptions{}); err != nil {
			t.Error(err)
		}
	})
	return y
}

// put creates a Gear in the default namespace, with its status.
func (y *yard) put(t *testing.T, name, fields string) {
	t.Helper()
	object := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(fields), &object.Object); err != nil {
		t.Fatal(err)
	}
	object.SetGroupVersionKind(y.gvr.GroupVersion().WithKind("Gear"))
	object.SetName(name)
	status, has := object.Object["status"]
	gears := y.objects.Resource(y.gvr).Namespace("default")
	created, err := gears.Create(t.Context(), object, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if !has {
		return
	}
	created.Object["status"] = status
	if _, err := gears.UpdateStatus(t.Context(), created, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
}

func (y *yard) live(t *testing.T) *apiextensionsv1.CustomResourceDefinition {
	t.Helper()
	crd := &apiextensionsv1.CustomResourceDefinition{}
	if err := y.client.Get(t.Context(), types.NamespacedName{Name: y.name}, crd); err != nil {
		t.Fatal(err)
	}
	return crd
}

func (y *yard) update(t *testing.T, edit func(*apiextensionsv1.CustomResourceDefinition)) {
	t.Helper()
	crd := y.live(t)
	edit(crd)
	if err := y.client.Update(t.Context(), crd); err != nil {
		t.Fatal(err)
	}
}

// gearVerdicts are new definitions and what is to be said of them, while two Gears live.
var gearVerdicts = map[string]struct {
	spec    []string // gearSpec with these parts replaced: old, new, old, new
	edit    func(*apiextensionsv1.CustomResourceDefinition)
	narrows bool
	refusal string // empty: allowed
}{
	"the same":             {},
	"wider":                {spec: []string{"unused: {type: string}", "unused: {type: string}\n  more: {type: string}"}},
	"an unused field goes": {spec: []string{"  unused: {type: string}", ""}, narrows: true},
	"a used field goes": {spec: []string{"  replicas: {type: integer}", ""}, narrows: true, refusal: "spec.replicas of v1 is removed: 1 of 2 live Gear objects uses what " +
		"the new definition does not allow (default/first); in default/first, spec.replicas would be dropped; change these objects so that they do " +
		"without it, or choose a chart version whose definition still allows it"},
	"a used field and others go": {
		spec: []string{"  replicas: {type: integer}", "", "  unused: {type: string}", "", "[a, b, c]", "[a, b]"}, narrows: true,
		refusal: "spec.replicas of v1 is removed (and 2 more changes): 1 of 2 live Gear objects uses",
	},
	"an unused value goes": {spec: []string{"[a, b, c]", "[a, c]"}, narrows: true},
	"a used value goes": {
		spec: []string{"[a, b, c]", "[a, b]"}, narrows: true,
		refusal: `spec.mode of v1 no longer allows "c": 1 of 2 live Gear objects uses what the new definition does not allow (default/first); ` +
			`in default/first, spec.mode is refused: supported values: "a", "b"; `,
	},
	"a type changes": {spec: []string{"replicas: {type: integer}", "replicas: {type: string}"}, narrows: true, refusal: "spec.replicas of v1 changes its type from integer to string: 1 of 2"},
	"a field becomes required": {
		spec: []string{"properties:", "required: [unused]\nproperties:"}, narrows: true,
		refusal: "spec.unused of v1 becomes required: 2 of 2 live Gear objects use what the new definition does not allow (default/first, default/second); " +
			"in default/first, spec.unused is required;",
	},
	"a field that all have becomes required": {spec: []string{"properties:", "required: [mode]\nproperties:"}, narrows: true},
	"a field with a default becomes required": {narrows: true, spec: []string{
		"[a, b, c]", "[a, c]", "unused: {type: string}", "unused: {type: string, default: x}", "properties:", "required: [unused]\nproperties:",
	}},
	"a bound that all keep": {spec: []string{"{type: integer}", "{type: integer, maximum: 7}"}, narrows: true},
	"a bound":               {spec: []string{"{type: integer}", "{type: integer, maximum: 6}"}, narrows: true, refusal: "spec.replicas of v1 gets the maximum 6: 1 of 2"},
	"a rule that all keep":  {spec: []string{"properties:", "x-kubernetes-validations: [{rule: has(self.mode)}]\nproperties:"}, narrows: true},
	"a rule": {
		spec:    []string{"properties:", "x-kubernetes-validations: [{rule: '!has(self.replicas) || self.replicas < 5', message: too many}]\nproperties:"},
		narrows: true, refusal: `in default/first, spec is refused: too many;`,
	},
	"a rule that does not compile": {spec: []string{"properties:", "x-kubernetes-validations: [{rule: self.nothing > 1}]\nproperties:"}, narrows: true},
	"a set":                        {spec: []string{"tags: {type: array", "tags: {type: array, x-kubernetes-list-type: set"}, narrows: true, refusal: "spec.tags of v1 is a set from now on, which holds no duplicates: 1 of 2"},
	"unknown fields":               {spec: []string{"x-kubernetes-preserve-unknown-fields: true", "properties: {x: {type: string}}"}, narrows: true, refusal: "no longer keeps fields without a schema (and 1 more change): 1 of 2 live Gear objects uses what the new definition does not allow (default/second); in default/second, spec.free.z would be dropped"},
	"null":                         {spec: []string{"nullable: true", "nullable: false"}, narrows: true},
	"status belongs to its controller": {narrows: true, edit: func(crd *apiextensionsv1.CustomResourceDefinition) {
		crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["status"] = apiextensionsv1.JSONSchemaProps{Type: "object", Required: []string{"new"}}
	}},
	"status belongs to everybody": {narrows: true, refusal: "status.old of v1 is removed: 1 of 2", edit: func(crd *apiextensionsv1.CustomResourceDefinition) {
		crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["status"] = apiextensionsv1.JSONSchemaProps{Type: "object"}
		crd.Spec.Versions[0].Subresources = nil
	}},
	"scope": {
		edit:    func(crd *apiextensionsv1.CustomResourceDefinition) { crd.Spec.Scope = apiextensionsv1.ClusterScoped },
		refusal: "its scope would change from Namespaced to Cluster under 2 live Gear objects;",
	},
	"stored version goes": {
		edit:    func(crd *apiextensionsv1.CustomResourceDefinition) { crd.Spec.Versions[0].Name = "v2" },
		refusal: "2 live Gear objects may be stored in v1, which the new definition lacks; go through a chart version whose definition has both v1 and v2",
	},
	"stored in another version that lacks a field": {
		narrows: true, refusal: "spec.replicas of v1 is removed: 1 of 2",
		edit: func(crd *apiextensionsv1.CustomResourceDefinition) {
			v2 := crd.Spec.Versions[0].DeepCopy()
			v2.Name = "v2"
			delete(v2.Schema.OpenAPIV3Schema.Properties["spec"].Properties, "replicas")
			crd.Spec.Versions[0].Storage = false
			crd.Spec.Versions = append(crd.Spec.Versions, *v2)
		},
	},
	"not structural": {narrows: true, edit: func(crd *apiextensionsv1.CustomResourceDefinition) {
		spec := crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"]
		spec.Properties = map[string]apiextensionsv1.JSONSchemaProps{"nothing": {}}
		crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"] = spec
	}},
}

func TestLook(t *testing.T) {
	t.Parallel()
	y := newYard(t, gears(t, "look", gearSpec, nil))
	y.put(t, "first", "spec: {replicas: 7, mode: c, tags: [x, x]}")
	y.put(t, "second", "{spec: {mode: a, maybe: null, free: {x: a, z: 1}}, status: {old: x}}")
	for name, tc := range gearVerdicts {
		t.Run(name, func(t *testing.T) {
			spec := gearSpec
			for i := 0; i < len(tc.spec); i += 2 {
				if !strings.Contains(spec, tc.spec[i]) {
					t.Fatalf("nothing to replace: %q", tc.spec[i])
				}
				spec = strings.Replace(spec, tc.spec[i], tc.spec[i+1], 1)
			}
			got, err := y.look(t.Context(), definitionOf(t, gears(t, "look", spec, tc.edit)))
			if err != nil {
				t.Fatal(err)
			}
			if got.narrows != tc.narrows {
				t.Errorf("narrows = %t", got.narrows)
			}
			expectRefusal(t, got.refusal, y.name, tc.refusal)
		})
	}
}

func expectRefusal(t *testing.T, err error, name, want string) {
	t.Helper()
	if want == "" {
		if err != nil {
			t.Errorf("refused: %v", err)
		}
		return
	}
	if failure.ClassOf(err) != failure.ClassTerminal || failure.ReasonOf(err, "") != v1alpha1.ReasonCRDChangeUnsafe {
		t.Fatalf("error = %v, want Terminal %s", err, v1alpha1.ReasonCRDChangeUnsafe)
	}
	if !strings.HasPrefix(err.Error(), "CustomResourceDefinition "+name+" must not be changed: ") || !strings.Contains(err.Error(), want) {
		t.Errorf("message:\n%s\nwant:\n%s", err, want)
	}
}

// An object that breaks the old definition already is not broken by the new one.
func TestLookLeavesOldTroublesAside(t *testing.T) {
	t.Parallel()
	y := newYard(t, gears(t, "trouble", gearSpec, nil))
	for i := range 5 {
		y.put(t, fmt.Sprintf("g%d", i), "spec: {mode: c, replicas: 3}")
	}
	narrower := strings.Replace(gearSpec, "[a, b, c]", "[a, b]", 1)
	y.update(t, func(crd *apiextensionsv1.CustomResourceDefinition) {
		crd.Spec.Versions = gears(t, "trouble", narrower, nil).Spec.Versions
	})
	next := strings.Replace(narrower, "  unused: {type: string}", "", 1)
	got, err := y.look(t.Context(), definitionOf(t, gears(t, "trouble", next, nil)))
	if err != nil || got.refusal != nil || !got.narrows {
		t.Errorf("look = %+v, %v; want allowed", got, err)
	}
	next = strings.Replace(next, "  replicas: {type: integer}", "", 1)
	got, err = y.look(t.Context(), definitionOf(t, gears(t, "trouble", next, nil)))
	if err != nil {
		t.Fatal(err)
	}
	expectRefusal(t, got.refusal, y.name, "spec.replicas of v1 is removed (and 1 more change): 5 of 5 live Gear objects use what the new definition "+
		"does not allow (default/g0, default/g1, default/g2 and 2 more); in default/g0, spec.replicas would be dropped;")
}

// The cure in the message of a stored version really cures.
func TestLookAtStoredVersions(t *testing.T) {
	t.Parallel()
	both := func(crd *apiextensionsv1.CustomResourceDefinition) {
		v0 := crd.Spec.Versions[0].DeepCopy()
		v0.Name = "v0"
		crd.Spec.Versions[0].Storage = false
		crd.Spec.Versions = append(crd.Spec.Versions, *v0)
	}
	y := newYard(t, gears(t, "stored", gearSpec, both))
	y.update(t, func(crd *apiextensionsv1.CustomResourceDefinition) {
		crd.Spec.Versions[0].Storage, crd.Spec.Versions[1].Storage = true, false
	})
	next := definitionOf(t, gears(t, "stored", gearSpec, nil))
	got, err := y.look(t.Context(), next)
	if err != nil {
		t.Fatal(err)
	}
	expectRefusal(t, got.refusal, y.name, "no Gear object is there, but status.storedVersions says that some may be stored in v0")
	refused := y.live(t)
	refused.Spec = gears(t, "stored", gearSpec, nil).Spec
	if err := y.client.Update(t.Context(), refused); err == nil {
		t.Error("the API server accepts what is refused here")
	}

	command := regexp.MustCompile(`--subresource=status --type=merge -p '(.*)'`).FindStringSubmatch(got.refusal.Error())
	if command == nil {
		t.Fatalf("no command in %v", got.refusal)
	}
	err = y.client.Status().Patch(t.Context(), y.live(t), client.RawPatch(types.MergePatchType, []byte(command[1])))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := y.look(t.Context(), next); err != nil || got.refusal != nil {
		t.Errorf("after the cure: %v, %v", got.refusal, err)
	}
	cured := y.live(t)
	cured.Spec = gears(t, "stored", gearSpec, nil).Spec
	if err := y.client.Update(t.Context(), cured); err != nil {
		t.Errorf("after the cure: %v", err)
	}
}

func TestLookAtNothing(t *testing.T) {
	t.Parallel()
	y := newYard(t, gears(t, "nothing", gearSpec, nil))
	if got, err := y.look(t.Context(), definitionOf(t, gears(t, "elsewhere", gearSpec, nil))); err != nil || got.refusal != nil {
		t.Errorf("a definition that is not there: %v, %v", got.refusal, err)
	}
	if got, err := y.look(t.Context(), definitionOf(t, gears(t, "nothing", "{type: string}", nil))); err != nil || got.refusal != nil || !got.narrows {
		t.Errorf("no live object: %+v, %v", got, err)
	}
	closed, err := newInspector(&rest.Config{Host: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = closed.look(t.Context(), definitionOf(t, gears(t, "nothing", gearSpec, nil)))
	if failure.ClassOf(err) != failure.ClassRetryable || failure.ReasonOf(err, "") != v1alpha1.ReasonPrepareFailed {
		t.Errorf("no API server: %v", err)
	}
}

// The whole way: a refusal is told, and withdrawn when the object is repaired.
func TestCheckerOnAPIServer(t *testing.T) {
	t.Parallel()
	y := newYard(t, gears(t, "checker", gearSpec, nil))
	y.put(t, "first", "spec: {replicas: 7}")
	wakes := make(chan string, 10)
	checker, err := NewChecker(config, CheckerOptions{Wake: func(bundle string) { wakes <- bundle }})
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = checker.Start(t.Context()) }()
	woken := func() {
		t.Helper()
		select {
		case bundle := <-wakes:
			if bundle != "week1" {
				t.Errorf("woke %q", bundle)
			}
		case <-time.After(time.Minute):
			t.Fatal("nobody is woken")
		}
	}
	state := FromObject(y.live(t))
	q := Question{
		Owner: "week1.gears", Current: &state,
		Next: definitionOf(t, gears(t, "checker", strings.Replace(gearSpec, "  replicas: {type: integer}", "", 1), nil)),
	}
	if done, err := checker.Check("week1", q); done || err != nil {
		t.Fatalf("Check = %t, %v", done, err)
	}
	woken()
	done, err := checker.Check("week1", q)
	if !done {
		t.Error("not done")
	}
	expectRefusal(t, err, y.name, "spec.replicas of v1 is removed: 1 of 1 live Gear object uses")

	object := y.objects.Resource(y.gvr).Namespace("default")
	patch := []byte(`{"spec":{"replicas":null}}`)
	if _, err := object.Patch(t.Context(), "first", types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	checker.Retry("week1", "repaired")
	if done, err := checker.Check("week1", q); done || err != nil {
		t.Fatalf("Check = %t, %v", done, err)
	}
	woken()
	if done, err := checker.Check("week1", q); !done || err != nil {
		t.Errorf("after the repair: %t, %v", done, err)
	}
}

func TestConversionNone(t *testing.T) {
	t.Parallel()
	y := newYard(t, gears(t, "conversion", gearSpec, nil))
	webhook := definitionOf(t, gears(t, "conversion", gearSpec, func(crd *apiextensionsv1.CustomResourceDefinition) {
		crd.Spec.Conversion = &apiextensionsv1.CustomResourceConversion{
			Strategy: apiextensionsv1.WebhookConverter,
			Webhook: &apiextensionsv1.WebhookConversion{
				ConversionReviewVersions: []string{"v1"},
				ClientConfig:             &apiextensionsv1.WebhookClientConfig{Service: &apiextensionsv1.ServiceReference{Namespace: "default", Name: "hook"}},
			},
		}
	}))
	apply := func() State {
		t.Helper()
		manifest, err := webhook.Manifest("week1.gears")
		if err != nil {
			t.Fatal(err)
		}
		err = y.client.Patch(t.Context(), y.live(t), client.RawPatch(types.ApplyPatchType, manifest), client.ForceOwnership, client.FieldOwner(v1alpha1.FieldManager))
		if err != nil {
			t.Fatal(err)
		}
		return FromObject(y.live(t))
	}
	if s := apply(); !s.HasConversionWebhook() || s.Digest != webhook.Digest {
		t.Fatalf("state = %+v", s)
	}
	for range 2 {
		if err := ConversionNone(t.Context(), y.client, y.name); err != nil {
			t.Fatal(err)
		}
		s := FromObject(y.live(t))
		if s.HasConversionWebhook() || s.Digest != "" || s.Owner != "week1.gears" {
			t.Errorf("state = %+v", s)
		}
	}
	if s := apply(); !s.HasConversionWebhook() || s.Digest != webhook.Digest {
		t.Errorf("the webhook does not come back: %+v", s)
	}
	if err := ConversionNone(t.Context(), y.client, "gears.nowhere.example.com"); err != nil {
		t.Errorf("a definition that is not there: %v", err)
	}
}
