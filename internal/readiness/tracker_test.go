// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic/fake"
	metadatafake "k8s.io/client-go/metadata/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// fakeMapper knows kinds that can be taken from it and given to it.
type fakeMapper struct {
	meta.RESTMapper
	mu      sync.Mutex
	unknown map[string]bool
	asked   int
}

func (m *fakeMapper) RESTMapping(gk schema.GroupKind, versions ...string) (*meta.RESTMapping, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked++
	if m.unknown[gk.Kind] {
		return nil, &meta.NoKindMatchError{GroupKind: gk, SearchedVersions: versions}
	}
	gvk := gk.WithVersion(versions[0])
	plural, _ := meta.UnsafeGuessKindToResource(gvk)
	return &meta.RESTMapping{Resource: plural, GroupVersionKind: gvk}, nil
}

func (m *fakeMapper) know(kind string, known bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.unknown[kind] = !known
}

// world is a Tracker over a fake API server, in a bubble of virtual time.
type world struct {
	*Tracker
	t       *testing.T
	client  *fake.FakeDynamicClient
	partial *metadatafake.FakeMetadataClient
	mapper  *fakeMapper

	mu      sync.Mutex
	woken   []string
	changes []string
}

func newWorld(t *testing.T, manifests string) *world {
	t.Helper()
	lists := map[schema.GroupVersionResource]string{}
	for kind, gvr := range map[string]schema.GroupVersionResource{
		"Deployment":                     {Group: "apps", Version: "v1", Resource: "deployments"},
		"PersistentVolumeClaim":          {Version: "v1", Resource: "persistentvolumeclaims"},
		"Service":                        {Version: "v1", Resource: "services"},
		"StorageClass":                   {Group: "storage.k8s.io", Version: "v1", Resource: "storageclasses"},
		"EndpointSlice":                  {Group: "discovery.k8s.io", Version: "v1", Resource: "endpointslices"},
		"ValidatingWebhookConfiguration": {Group: "admissionregistration.k8s.io", Version: "v1", Resource: "validatingwebhookconfigurations"},
		"Widget":                         {Group: "example.com", Version: "v1", Resource: "widgets"},
	} {
		lists[gvr] = kind + "List"
	}
	var objects []runtime.Object
	if manifests != "" {
		for _, u := range parse(t, manifests) {
			objects = append(objects, labelled(u))
		}
	}
	w := &world{
		t: t, client: fake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), lists, objects...),
		partial: newPartial(t),
		mapper:  &fakeMapper{unknown: map[string]bool{}},
	}
	w.Tracker = NewTracker(nil, w.mapper, Options{Client: w.client, Metadata: w.partial, Changed: w.changed, Wake: func(release string) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.woken = append(w.woken, release)
	}})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.Start(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Start: %v", err)
		}
	})
	return w
}

func labelled(u *unstructured.Unstructured) *unstructured.Unstructured {
	labels := u.GetLabels()
	if labels == nil {
		labels = map[string]string{}
	}
	labels[v1alpha1.ReleaseLabel] = "week1.x"
	u.SetLabels(labels)
	return u
}

// wakes returns who was woken since the last call, each once.
func (w *world) wakes() []string {
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	woken := slices.Compact(slices.Sorted(slices.Values(w.woken)))
	w.woken = nil
	return woken
}

func (w *world) resource(u *unstructured.Unstructured) schema.GroupVersionResource {
	plural, _ := meta.UnsafeGuessKindToResource(u.GroupVersionKind())
	return plural
}

func (w *world) create(manifest string) {
	w.t.Helper()
	u := labelled(parse(w.t, manifest)[0])
	if _, err := w.client.Resource(w.resource(u)).Namespace(u.GetNamespace()).Create(w.t.Context(), u, metav1.CreateOptions{}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) update(manifest string) {
	w.t.Helper()
	u := labelled(parse(w.t, manifest)[0])
	if _, err := w.client.Resource(w.resource(u)).Namespace(u.GetNamespace()).Update(w.t.Context(), u, metav1.UpdateOptions{}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) delete(o Object) {
	w.t.Helper()
	plural, _ := meta.UnsafeGuessKindToResource(o.GroupVersionKind)
	if err := w.client.Resource(plural).Namespace(o.Namespace).Delete(w.t.Context(), o.Name, metav1.DeleteOptions{}); err != nil {
		w.t.Fatal(err)
	}
}

// expect checks the verdict about a release: the message, when it is not ready.
func (w *world) expect(release, message string) {
	w.t.Helper()
	synctest.Wait()
	status, synced := w.Status(release, nil)
	got := status.Message()
	if status.Ready {
		got = ""
	}
	if !synced || got != message {
		w.t.Errorf("%s: synced = %t, message = %q, want synced and %q", release, synced, got, message)
	}
}

func (w *world) expectWakes(want ...string) {
	w.t.Helper()
	if diff := cmp.Diff(want, w.wakes()); diff != "" {
		w.t.Errorf("wakes (-want +got):\n%s", diff)
	}
}

func object(group, version, kind, namespace, name string) Object {
	return Object{schema.GroupVersionKind{Group: group, Version: version, Kind: kind}, namespace, name}
}

// workloadAt is a Deployment with a number of available replicas.
func workloadAt(name string, available int) string {
	return fmt.Sprintf(`{apiVersion: apps/v1, kind: Deployment, metadata: {name: %s, namespace: ns, uid: %s, generation: 1, resourceVersion: "1"}, spec: {replicas: 1},
 status: {observedGeneration: 1, replicas: 1, updatedReplicas: 1, readyReplicas: %d, availableReplicas: %d, conditions: [{type: Available, status: "True"}]}}`,
		name, name, available, available)
}

func TestTrackerFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, workloadAt("a", 0))
		a, b := object("apps", "v1", "Deployment", "ns", "a"), object("apps", "v1", "Deployment", "ns", "b")
		if _, synced := w.Status("r1", nil); synced {
			t.Error("a release that is not tracked is synced")
		}
		w.Track("r1", []Object{a, object("", "v1", "ConfigMap", "ns", "c")})
		w.Track("r2", []Object{b})
		w.expectWakes("r1", "r2")
		w.expect("r1", "Deployment ns/a: 0 of 1 replicas available")
		w.expect("r2", "Deployment ns/b: not found")

		w.update(workloadAt("a", 1))
		w.expectWakes("r1")
		w.expect("r1", "")

		w.create(workloadAt("b", 1))
		w.expectWakes("r2")
		w.expect("r2", "")

		w.delete(b)
		w.expectWakes("r2")
		w.expect("r2", "Deployment ns/b: not found")

		// The inventory changes: r1 lets go of a.
		w.Track("r1", []Object{b})
		w.update(workloadAt("a", 0))
		w.expectWakes()
		w.create(workloadAt("b", 1))
		w.expectWakes("r1", "r2")

		w.Forget("r1")
		w.update(workloadAt("b", 0))
		w.expectWakes("r2")
	})
}

func TestTrackerIgnoresWhatDoesNotMatter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, workloadAt("a", 1)+"\n---\n"+workloadAt("other", 1))
		w.Track("r1", []Object{object("apps", "v1", "Deployment", "ns", "a")})
		w.expectWakes("r1")
		for i := range 500 {
			// New resourceVersions and annotations of an object of the release, and real changes of one that belongs to nobody.
			w.update(strings.Replace(workloadAt("a", 1), `"1"`, fmt.Sprintf(`"%d", annotations: {a: "%d"}`, i+2, i), 1))
			w.update(workloadAt("other", i%2))
			synctest.Wait() // the fake server keeps few events
		}
		w.expectWakes()
		w.update(workloadAt("a", 0))
		w.expectWakes("r1")
	})
}

// Watches are shared between releases, and there are none but those that are needed.
func TestTrackerWatchesOncePerKind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "")
		var mu sync.Mutex
		selectors := map[string]string{}
		w.client.PrependReactor("list", "*", func(action clienttesting.Action) (bool, runtime.Object, error) {
			list, _ := action.(clienttesting.ListAction)
			kind := action.GetResource().Resource
			mu.Lock()
			defer mu.Unlock()
			selectors[kind] += list.GetListRestrictions().Labels.String() + ";"
			return false, nil, nil
		})
		for i := range 5 {
			w.Track(fmt.Sprint("r", i), []Object{
				object("apps", "v1", "Deployment", "ns", fmt.Sprint("d", i)), object("", "v1", "ConfigMap", "ns", "c"),
				object("", "v1", "PersistentVolumeClaim", "ns", "c"), object("example.com", "v1", "Widget", "ns", "w"),
			})
		}
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		want := map[string]string{
			"deployments": v1alpha1.ReleaseLabel + ";", "persistentvolumeclaims": v1alpha1.ReleaseLabel + ";", "widgets": v1alpha1.ReleaseLabel + ";", "storageclasses": ";",
		}
		if diff := cmp.Diff(want, selectors); diff != "" {
			t.Errorf("selectors of lists by kind (-want +got):\n%s", diff)
		}
		for i := range 5 {
			w.Forget(fmt.Sprint("r", i))
		}
		synctest.Wait()
		if n := len(w.watches); n != 0 || len(w.byObject) != 0 {
			t.Errorf("%d watches and %d objects are left when nothing is tracked", n, len(w.byObject))
		}
	})
}

func TestTrackerKindComesAndGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, widget("status: {}"))
		w.mapper.know("Widget", false)
		w.Track("r1", []Object{object("example.com", "v1", "Widget", "ns", "w")})
		w.expectWakes("r1")
		w.expect("r1", "Widget ns/w: kind Widget (example.com/v1) is not served")

		// It does not spin: a handful of questions in an hour, and nobody is woken by them.
		<-time.After(time.Hour)
		w.expectWakes()
		if w.mapper.asked > 80 {
			t.Errorf("the mapper was asked %d times in an hour", w.mapper.asked)
		}

		w.mapper.know("Widget", true)
		w.KindsChanged()
		w.expectWakes("r1")
		w.expect("r1", "")

		// The CRD is deleted: the server does not know the resource any more, though the mapper still does.
		var gone atomic.Bool
		gone.Store(true)
		w.client.PrependReactor("list", "widgets", func(clienttesting.Action) (bool, runtime.Object, error) {
			if !gone.Load() {
				return false, nil, nil
			}
			return true, nil, apierrors.NewGenericServerResponse(404, "list", schema.GroupResource{Resource: "widgets"}, "", "", 0, true)
		})
		w.Forget("r1")
		w.Track("r1", []Object{object("example.com", "v1", "Widget", "ns", "w")})
		w.expectWakes("r1")
		w.expect("r1", "Widget ns/w: kind Widget (example.com/v1) is not served")
		<-time.After(time.Hour)
		w.expectWakes() // still the same, however often the mapper is wrong
		gone.Store(false)
		w.KindsChanged()
		w.expectWakes("r1")
		w.expect("r1", "")
	})
}

func TestTrackerSaysWhyItCannotWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, workloadAt("a", 1))
		var forbidden atomic.Bool
		forbidden.Store(true)
		w.client.PrependReactor("list", "deployments", func(clienttesting.Action) (bool, runtime.Object, error) {
			if !forbidden.Load() {
				return false, nil, nil
			}
			return true, nil, apierrors.NewForbidden(schema.GroupResource{Resource: "deployments"}, "", errors.New("no RBAC"))
		})
		w.Track("r1", []Object{object("apps", "v1", "Deployment", "ns", "a")})
		w.expectWakes("r1")
		status, synced := w.Status("r1", nil)
		if synced || status.Ready || !strings.Contains(status.Message(), "cannot be watched") || !strings.Contains(status.Message(), "no RBAC") {
			t.Errorf("synced = %t, ready = %t, message = %q", synced, status.Ready, status.Message())
		}
		<-time.After(10 * time.Minute)
		w.expectWakes() // the same trouble again is no news
		forbidden.Store(false)
		<-time.After(2 * time.Minute)
		w.expectWakes("r1")
		w.expect("r1", "")
	})
}

func TestTrackerWebhooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const slice = `{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: %s, namespace: ns, labels: {kubernetes.io/service-name: svc}},
 endpoints: [{conditions: {ready: %t}}]}`
		const config = "{caBundle: c2VjcmV0, service: {namespace: ns, name: svc}}"
		w := newWorld(t, hook("ValidatingWebhookConfiguration", strings.Replace(config, "c2VjcmV0", "Cg==", 1), "")+
			"\n---\n{apiVersion: v1, kind: Service, metadata: {name: svc, namespace: ns}, spec: {clusterIP: 10.0.0.1}}")
		w.Track("r1", []Object{
			object("admissionregistration.k8s.io", "v1", "ValidatingWebhookConfiguration", "", "h"), object("", "v1", "Service", "ns", "svc"),
		})
		w.Track("r2", []Object{object("", "v1", "Service", "ns", "svc")})
		w.expectWakes("r1", "r2")
		w.expect("r1", "ValidatingWebhookConfiguration h: webhook w.example.com has no CA bundle yet")
		w.update(hook("ValidatingWebhookConfiguration", config, ""))
		w.expectWakes("r1")
		w.expect("r1", "ValidatingWebhookConfiguration h: webhook w.example.com: Service ns/svc has no ready endpoint")
		w.create(fmt.Sprintf(slice, "s1", false))
		w.create(fmt.Sprintf(slice, "s2", true))
		w.expectWakes("r1")
		w.expect("r1", "")
		w.update(fmt.Sprintf(slice, "s2", false))
		w.expectWakes("r1")
		w.expect("r1", "ValidatingWebhookConfiguration h: webhook w.example.com: Service ns/svc has no ready endpoint")
	})
}

func TestTrackerStorageClass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, claim("lazy", "", "Pending"))
		w.Track("r1", []Object{object("", "v1", "PersistentVolumeClaim", "ns", "c")})
		w.expectWakes("r1")
		w.expect("r1", "PersistentVolumeClaim ns/c: Pending: no volume of storage class lazy is bound yet")
		w.create("{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: lazy}, volumeBindingMode: WaitForFirstConsumer}")
		w.expectWakes("r1")
		w.expect("r1", "")
	})
}

// An upgrade has been written, and the watch still shows the state before it.
func TestTrackerExpect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, workloadAt("a", 1))
		a := object("apps", "v1", "Deployment", "ns", "a")
		w.Track("r1", []Object{a})
		w.expect("r1", "")
		w.Expect(Applied{Object: a, UID: "a", Generation: 2})
		w.expect("r1", "Deployment ns/a: its newest change was not seen yet")
		w.wakes()
		w.update(strings.ReplaceAll(workloadAt("a", 1), "eneration: 1", "eneration: 2"))
		w.expectWakes("r1")
		w.expect("r1", "")
		if len(w.applied) != 0 {
			t.Error("what was seen is still remembered")
		}
		// It was seen before it was told, and what is another object by now says nothing.
		w.Expect(Applied{Object: a, UID: "a", Generation: 2})
		w.expect("r1", "")
		w.Expect(Applied{Object: a, UID: "former", Generation: 7})
		w.expect("r1", "")
		if len(w.applied) != 0 {
			t.Error("what was seen before is still remembered")
		}
	})
}

func TestTrackerWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, workloadAt("a", 0))
		inventory := []Object{object("apps", "v1", "Deployment", "ns", "a"), object("example.com", "v1", "Widget", "ns", "w"), object("", "v1", "Secret", "ns", "s")}
		result := make(chan error, 2)
		go func() { result <- w.Wait(t.Context(), "r1", inventory, true) }()
		synctest.Wait()
		if len(result) != 0 {
			t.Fatal("Wait returned before the workload was current")
		}
		w.update(workloadAt("a", 1))
		if err := <-result; err != nil {
			t.Errorf("Wait for workloads: %v", err)
		}

		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		err := w.Wait(ctx, "r1", inventory, false)
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "release r1: Widget ns/w: not found") {
			t.Errorf("error = %v, want the deadline and the missing object", err)
		}
		if err := w.Wait(ctx, "r1", inventory[2:], false); err != nil {
			t.Errorf("nothing to wait for: %v", err)
		}
		w.expectWakes() // a wait is nobody else's business
		synctest.Wait()
		if len(w.subs) != 0 || len(w.watches) != 0 {
			t.Errorf("left behind: %v, %v", slices.Collect(maps.Keys(w.subs)), slices.Collect(maps.Keys(w.watches)))
		}
	})
}

func TestTrackerBeforeStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, workloadAt("a", 1))
		early := NewTracker(nil, w.mapper, Options{Client: w.client, Metadata: w.partial})
		early.Track("r1", []Object{object("apps", "v1", "Deployment", "ns", "a")})
		synctest.Wait()
		if _, synced := early.Status("r1", nil); synced {
			t.Error("synced before Start")
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- early.Start(ctx) }()
		synctest.Wait()
		if status, synced := early.Status("r1", nil); !synced || !status.Ready {
			t.Errorf("after Start: synced = %t, %s", synced, status.Message())
		}
		if err := early.Start(ctx); err == nil {
			t.Error("it can be started twice")
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// TestWatchesOutliveInventories: a release that is upgraded goes on with the watches
// that it has, also when nobody else needs them.
func TestWatchesOutliveInventories(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, workloadAt("a", 1))
		a, b := object("apps", "v1", "Deployment", "ns", "a"), object("apps", "v1", "Deployment", "ns", "b")
		w.Track("r", []Object{a, object("", "v1", "Service", "ns", "s")})
		synctest.Wait()
		before := w.watches[a.GroupVersionKind]
		w.Track("r", []Object{a, b})
		synctest.Wait()
		if before == nil || w.watches[a.GroupVersionKind] != before {
			t.Error("the watch of a kind that is still needed was begun again")
		}
		if kinds := slices.Collect(maps.Keys(w.watches)); len(kinds) != 1 || len(w.users) != 1 {
			t.Errorf("watched are %v, used are %v; want Deployments alone", kinds, w.users)
		}
		w.Forget("r")
		synctest.Wait()
		if len(w.watches)+len(w.users)+len(w.byObject) != 0 {
			t.Errorf("left behind: %v, %v, %v", w.watches, w.users, w.byObject)
		}
	})
}
