// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests_test

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/cluster"
	"github.com/groundwork-dev/groundwork/internal/manifests"
)

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

var (
	configMaps = schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}
	secrets    = schema.GroupVersionResource{Version: "v1", Resource: "secrets"}
	namespaces = schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}
	claims     = schema.GroupVersionResource{Version: "v1", Resource: "persistentvolumeclaims"}
)

// bench is an Applier with a namespace of its own on a real API server.
type bench struct {
	*manifests.Applier
	t         *testing.T
	client    dynamic.Interface
	kinds     *cluster.Kinds
	namespace string
	owner     string

	mu   sync.Mutex
	sent []string // writes: "PATCH /api/v1/... body"
}

func newBench(t *testing.T) *bench {
	t.Helper()
	if config == nil {
		t.Skip("KUBEBUILDER_ASSETS is not set: run \"make test-envtest\", which builds an API server first")
	}
	b := &bench{t: t, namespace: strings.ToLower(t.Name()[len("Test"):]), owner: "week1." + strings.ToLower(t.Name()[len("Test"):])}
	recorded := rest.CopyConfig(config)
	recorded.Wrap(func(next http.RoundTripper) http.RoundTripper { return recorder{b, next} })
	b.client = dynamic.NewForConfigOrDie(config)
	var err error
	if b.kinds, err = cluster.NewKinds(discovery.NewDiscoveryClientForConfigOrDie(config)); err != nil {
		t.Fatal(err)
	}
	b.Applier = manifests.NewApplier(dynamic.NewForConfigOrDie(recorded), b.kinds)
	b.create(namespaces, `{apiVersion: v1, kind: Namespace, metadata: {name: `+b.namespace+`}}`)
	return b
}

// recorder remembers the writes of the Applier.
type recorder struct {
	*bench
	next http.RoundTripper
}

func (r recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Method != http.MethodGet && request.Body != nil {
		body, err := io.ReadAll(request.Body)
		if err != nil {
			return nil, err
		}
		request.Body = io.NopCloser(bytes.NewReader(body))
		r.mu.Lock()
		r.sent = append(r.sent, request.Method+" "+request.URL.RequestURI()+" "+string(body))
		r.mu.Unlock()
	}
	return r.next.RoundTrip(request)
}

// writes returns what the Applier has written since the last call.
func (b *bench) writes() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := b.sent
	b.sent = nil
	return out
}

// in is the resource in the bench's namespace, or in none for Namespaces.
func (b *bench) in(resource schema.GroupVersionResource) dynamic.ResourceInterface {
	if resource == namespaces {
		return b.client.Resource(resource)
	}
	return b.client.Resource(resource).Namespace(b.namespace)
}

func (b *bench) create(resource schema.GroupVersionResource, document string) *unstructured.Unstructured {
	b.t.Helper()
	object := &unstructured.Unstructured{}
	if err := object.UnmarshalJSON(entries(b.t, document)[0].Raw); err != nil {
		b.t.Fatal(err)
	}
	out, err := b.in(resource).Create(b.t.Context(), object, metav1.CreateOptions{})
	if err != nil {
		b.t.Fatal(err)
	}
	return out
}

// live returns an object of the bench's namespace; nil when it is not there.
func (b *bench) live(resource schema.GroupVersionResource, name string) *unstructured.Unstructured {
	b.t.Helper()
	list, err := b.in(resource).List(b.t.Context(), metav1.ListOptions{FieldSelector: "metadata.name=" + name})
	if err != nil {
		b.t.Fatal(err)
	}
	if len(list.Items) == 0 {
		return nil
	}
	return &list.Items[0]
}

// patch changes an object by a JSON merge patch.
func (b *bench) patch(resource schema.GroupVersionResource, name, patch string) {
	b.t.Helper()
	_, err := b.in(resource).Patch(b.t.Context(), name, "application/merge-patch+json", entries(b.t, patch)[0].Raw, metav1.PatchOptions{})
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) request(documents ...string) manifests.Request {
	b.t.Helper()
	return manifests.Request{Owner: b.owner, Namespace: b.namespace, Objects: parsed(b.t, documents...)}
}

func (b *bench) apply(req manifests.Request) manifests.Result {
	b.t.Helper()
	result, err := b.Apply(b.t.Context(), req)
	if err != nil {
		b.t.Fatal(err)
	}
	return result
}

// mustApply applies and requires that everything was accepted.
func (b *bench) mustApply(req manifests.Request) manifests.Result {
	b.t.Helper()
	result := b.apply(req)
	if !result.Clean() {
		b.t.Fatalf("not clean: %+v", result)
	}
	return result
}

// ref is a reference into the bench's namespace.
func (b *bench) ref(apiVersion, kind, name string) v1alpha1.ObjectReference {
	return ref(apiVersion, kind, b.namespace, name)
}

// define creates a definition of a namespaced kind with a required integer
// spec.size, and tells the mapper as the operator's watch would.
func (b *bench) define(kind string) schema.GroupVersionResource {
	b.t.Helper()
	plural := strings.ToLower(kind) + "s"
	gvr := schema.GroupVersionResource{Group: b.namespace + ".example.com", Version: "v1", Resource: plural}
	integer := apiextensionsv1.JSONSchemaProps{Type: "integer"}
	_, err := envtest.InstallCRDs(config, envtest.CRDInstallOptions{CRDs: []*apiextensionsv1.CustomResourceDefinition{{
		ObjectMeta: metav1.ObjectMeta{Name: plural + "." + gvr.Group},
		Spec: apiextensionsv1.CustomResourceDefinitionSpec{
			Group: gvr.Group, Scope: apiextensionsv1.NamespaceScoped,
			Names: apiextensionsv1.CustomResourceDefinitionNames{Kind: kind, Plural: plural},
			Versions: []apiextensionsv1.CustomResourceDefinitionVersion{{
				Name: "v1", Served: true, Storage: true,
				Schema: &apiextensionsv1.CustomResourceValidation{OpenAPIV3Schema: &apiextensionsv1.JSONSchemaProps{
					Type: "object", Properties: map[string]apiextensionsv1.JSONSchemaProps{
						"spec": {Type: "object", Required: []string{"size"}, Properties: map[string]apiextensionsv1.JSONSchemaProps{"size": integer}},
					},
				}},
			}},
		},
	}}})
	if err != nil {
		b.t.Fatal(err)
	}
	b.know(gvr, kind)
	return gvr
}

func (b *bench) know(gvr schema.GroupVersionResource, kind string) {
	b.kinds.SetCustom([]cluster.CustomKind{{GVK: gvr.GroupVersion().WithKind(kind), Plural: gvr.Resource, Namespaced: true}})
}
