// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package micro

import (
	"fmt"
	"sync"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/watch"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	kubernetesfake "k8s.io/client-go/kubernetes/fake"
	metadatafake "k8s.io/client-go/metadata/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// feed is an API server that keeps nothing: every list is empty, and watches show
// what the test tells them. What is on the heap is then the rooms' own.
type feed struct {
	t       testing.TB
	mu      sync.Mutex
	streams map[string]*stream // by resource and namespace
	version int
}

type stream struct {
	events chan watch.Event
	end    func()
	ended  chan struct{}
}

// ResultChan implements watch.Interface.
func (s *stream) ResultChan() <-chan watch.Event { return s.events }

// Stop implements watch.Interface.
func (s *stream) Stop() { s.end() }

func newFeed(t testing.TB) *feed {
	t.Helper()
	return &feed{t: t, streams: map[string]*stream{}}
}

func streamKey(resource, namespace string) string { return resource + " " + namespace }

// serve makes a fake client list nothing and watch the feed.
func (f *feed) serve(client *clienttesting.Fake, empty func(clienttesting.Action) runtime.Object) {
	client.PrependReactor("list", "*", func(action clienttesting.Action) (bool, runtime.Object, error) {
		return true, empty(action), nil
	})
	client.PrependWatchReactor("*", func(action clienttesting.Action) (bool, watch.Interface, error) {
		s := &stream{events: make(chan watch.Event), ended: make(chan struct{})}
		s.end = sync.OnceFunc(func() { close(s.ended) })
		f.mu.Lock()
		f.streams[streamKey(action.GetResource().Resource, action.GetNamespace())] = s
		f.mu.Unlock()
		return true, s, nil
	})
}

// dynamic and partial are the clients of the readiness room.
func (f *feed) dynamic() *dynamicfake.FakeDynamicClient {
	client := dynamicfake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), listKinds())
	f.serve(&client.Fake, func(action clienttesting.Action) runtime.Object {
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(action.(clienttesting.ListActionImpl).Kind)
		list.SetResourceVersion("1")
		return list
	})
	return client
}

func (f *feed) partial() *metadatafake.FakeMetadataClient {
	scheme := metadatafake.NewTestScheme()
	if err := metav1.AddMetaToScheme(scheme); err != nil {
		f.t.Fatal(err)
	}
	client := metadatafake.NewSimpleMetadataClient(scheme)
	f.serve(&client.Fake, func(clienttesting.Action) runtime.Object {
		return &metav1.List{ListMeta: metav1.ListMeta{ResourceVersion: "1"}}
	})
	return client
}

func (f *feed) clientset() *kubernetesfake.Clientset {
	client := kubernetesfake.NewClientset()
	first := metav1.ListMeta{ResourceVersion: "1"}
	f.serve(&client.Fake, func(action clienttesting.Action) runtime.Object {
		switch action.GetResource().Resource {
		case "services":
			return &corev1.ServiceList{ListMeta: first}
		case "endpointslices":
			return &discoveryv1.EndpointSliceList{ListMeta: first}
		case "validatingwebhookconfigurations":
			return &admissionregistrationv1.ValidatingWebhookConfigurationList{ListMeta: first}
		case "mutatingwebhookconfigurations":
			return &admissionregistrationv1.MutatingWebhookConfigurationList{ListMeta: first}
		default:
			return &corev1.PodList{ListMeta: first}
		}
	})
	return client
}

// tell shows an object to whoever watches its resource.
func (f *feed) tell(what watch.EventType, resource, namespace string, object runtime.Object) {
	f.mu.Lock()
	s := f.streams[streamKey(resource, namespace)]
	f.mu.Unlock()
	if s == nil {
		return
	}
	select {
	case s.events <- watch.Event{Type: what, Object: object}:
	case <-s.ended:
	}
}

// next is a new resource version.
func (f *feed) next() int {
	f.version++
	return f.version
}

// mapper knows every kind.
type mapper struct{ meta.RESTMapper }

// RESTMapping implements meta.RESTMapper.
func (mapper) RESTMapping(gk schema.GroupKind, versions ...string) (*meta.RESTMapping, error) {
	gvk := gk.WithVersion(versions[0])
	plural, _ := meta.UnsafeGuessKindToResource(gvk)
	return &meta.RESTMapping{Resource: plural, GroupVersionKind: gvk}, nil
}

// kinds of a release's ten objects, by what is kept of each.
var kinds = []schema.GroupVersionKind{
	{Group: "apps", Version: "v1", Kind: "Deployment"}, {Group: "apps", Version: "v1", Kind: "Deployment"},
	{Version: "v1", Kind: "Service"}, {Version: "v1", Kind: "Service"}, {Group: "monitoring.coreos.com", Version: "v1", Kind: "ServiceMonitor"},
	{Version: "v1", Kind: "ConfigMap"}, {Version: "v1", Kind: "ConfigMap"}, {Version: "v1", Kind: "Secret"},
	{Version: "v1", Kind: "ServiceAccount"}, {Group: "rbac.authorization.k8s.io", Version: "v1", Kind: "Role"},
}

// whole are those of them of which readiness reads more than the metadata.
const whole = 5

func listKinds() map[schema.GroupVersionResource]string {
	out := map[schema.GroupVersionResource]string{}
	for _, gvk := range kinds {
		plural, _ := meta.UnsafeGuessKindToResource(gvk)
		out[plural] = gvk.Kind + "List"
	}
	return out
}

// state is an object as an API server has it.
type state struct {
	namespace, name, release, uid string
	kind, version, available      int
}

// text of the object as it comes over the wire: strings are made anew for every
// object, as decoding makes them.
func (s state) text() []byte {
	gvk := kinds[s.kind]
	body := `"data": {"key": "value"}`
	switch gvk.Kind {
	case "Deployment":
		body = fmt.Sprintf(`"spec": {"replicas": 1, "progressDeadlineSeconds": 600, "selector": {"matchLabels": {"app": %[1]q}}, "template": {"metadata": {"labels": {"app": %[1]q}},
"spec": {"containers": [{"name": "app", "image": "registry.example.com/app:1.2.3", "resources": {"requests": {"cpu": "10m"}}}]}}},
"status": {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "readyReplicas": %[2]d, "availableReplicas": %[2]d, "conditions": [
{"type": "Available", "status": "True", "reason": "MinimumReplicasAvailable", "message": "Deployment has minimum availability.", "lastUpdateTime": "2026-11-01T00:00:00Z", "lastTransitionTime": "2026-11-01T00:00:00Z"},
{"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable", "message": "ReplicaSet has successfully progressed.", "lastUpdateTime": "2026-11-01T00:00:00Z", "lastTransitionTime": "2026-11-01T00:00:00Z"}]}`, s.name, s.available)
	case "Service":
		body = `"spec": {"type": "ClusterIP", "clusterIP": "10.0.0.1", "ports": [{"port": 80, "targetPort": "http"}]}, "status": {"loadBalancer": {}}`
	case "ServiceMonitor":
		body = `"spec": {"endpoints": [{"port": "http", "interval": "30s"}], "selector": {"matchLabels": {"app": "x"}}}`
	}
	return fmt.Appendf(nil, `{"apiVersion": %q, "kind": %q, "metadata": {"namespace": %q, "name": %q, "uid": %q, "resourceVersion": "%d", "generation": 1,
"creationTimestamp": "2026-11-01T00:00:00Z", "labels": {"app.kubernetes.io/name": "app", "app.kubernetes.io/managed-by": "Helm", %q: %q},
"annotations": {"meta.helm.sh/release-name": %q, "meta.helm.sh/release-namespace": %q, "revision": "%d"},
"managedFields": [{"manager": "groundwork", "operation": "Apply", "fieldsType": "FieldsV1", "fieldsV1": {"f:metadata": {"f:labels": {}}}}]}, %s}`,
		gvk.GroupVersion().String(), gvk.Kind, s.namespace, s.name, s.uid, s.version, v1alpha1.ReleaseLabel, s.release, s.release, s.namespace, s.version, body)
}

// show tells the watch of the object's kind.
func (f *feed) show(what watch.EventType, s state) {
	plural, _ := meta.UnsafeGuessKindToResource(kinds[s.kind])
	if s.kind < whole {
		u := &unstructured.Unstructured{}
		f.decode(s.text(), &u.Object)
		f.tell(what, plural.Resource, "", u)
		return
	}
	partial := &metav1.PartialObjectMetadata{}
	f.decode(s.text(), partial)
	f.tell(what, plural.Resource, "", partial)
}

func (f *feed) decode(raw []byte, into any) {
	if err := json.Unmarshal(raw, into); err != nil {
		f.t.Fatal(err)
	}
}
