// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	metadatafake "k8s.io/client-go/metadata/fake"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/client-go/tools/cache"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

func newPartial(t *testing.T) *metadatafake.FakeMetadataClient {
	t.Helper()
	scheme := metadatafake.NewTestScheme()
	if err := metav1.AddMetaToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	return metadatafake.NewSimpleMetadataClient(scheme)
}

// changed implements Options.Changed.
func (w *world) changed(release string, change Change) {
	w.mu.Lock()
	defer w.mu.Unlock()
	line := fmt.Sprintf("%s %s rv=%s generation=%d", release, change.Object, change.ResourceVersion, change.Generation)
	if change.Deleted {
		line = fmt.Sprintf("%s %s uid=%s deleted", release, change.Object, change.UID)
	}
	w.changes = append(w.changes, line)
}

func (w *world) expectChanges(want ...string) {
	w.t.Helper()
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	slices.Sort(w.changes)
	if diff := cmp.Diff(want, w.changes); diff != "" {
		w.t.Errorf("changes (-want +got):\n%s", diff)
	}
	w.changes = nil
}

var configMapResource = schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}

// metadata of a ConfigMap, which has no generation unless it is given one.
func partialAt(name, resourceVersion string, generation int64, annotation string) *metav1.PartialObjectMetadata {
	return &metav1.PartialObjectMetadata{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: "ns", UID: types.UID(name), ResourceVersion: resourceVersion, Generation: generation,
			Labels: map[string]string{v1alpha1.ReleaseLabel: "week1.x"}, Annotations: map[string]string{"note": annotation},
		},
	}
}

func (w *world) put(m *metav1.PartialObjectMetadata) {
	w.t.Helper()
	tracker := w.partial.Tracker()
	err := tracker.Update(configMapResource, m, m.Namespace)
	if apierrors.IsNotFound(err) {
		err = tracker.Create(configMapResource, m, m.Namespace)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// Kinds without a state are followed by their metadata: every write is told, and nobody is woken for it.
func TestTrackerTellsChangesOfStatelessKinds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "")
		w.put(partialAt("a", "1", 0, ""))
		a, b := object("", "v1", "ConfigMap", "ns", "a"), object("", "v1", "ConfigMap", "ns", "b")
		w.Track("r1", []Object{a, b})
		w.Track("r2", []Object{b})
		w.expectWakes()
		w.expect("r1", "") // although b is nowhere: such kinds are not waited for
		w.expectChanges("r1 ConfigMap ns/b uid= deleted", "r2 ConfigMap ns/b uid= deleted")

		w.put(partialAt("a", "2", 0, ""))
		w.put(partialAt("b", "3", 0, ""))
		w.put(partialAt("stranger", "4", 0, ""))
		w.expectChanges("r1 ConfigMap ns/a rv=2 generation=0", "r1 ConfigMap ns/b rv=3 generation=0", "r2 ConfigMap ns/b rv=3 generation=0")

		dying := partialAt("a", "5", 0, "")
		dying.DeletionTimestamp = &metav1.Time{}
		w.put(dying)
		w.expectChanges()
		if err := w.partial.Tracker().Delete(configMapResource, "ns", "a"); err != nil {
			t.Fatal(err)
		}
		w.expectChanges("r1 ConfigMap ns/a uid=a deleted")

		w.Forget("r2")
		w.put(partialAt("b", "6", 0, ""))
		w.expectChanges("r1 ConfigMap ns/b rv=6 generation=0")
		w.expectWakes()
		w.Forget("r1")
		if n := len(w.watches); n != 0 {
			t.Errorf("%d watches are left", n)
		}
	})
}

// Where there is a generation it says what is status and what is not, labels and annotations aside.
func TestTrackerTellsNoStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, workloadAt("a", 0))
		w.put(partialAt("c", "1", 1, "x"))
		w.Track("r1", []Object{object("apps", "v1", "Deployment", "ns", "a"), object("", "v1", "ConfigMap", "ns", "c")})
		w.expectWakes("r1")
		edit := func(old, change string) {
			t.Helper()
			w.update(strings.Replace(workloadAt("a", 1), old, change, 1))
		}

		edit(`"1"}, spec`, `"2"}, spec`) // from 0 to 1 available
		w.put(partialAt("c", "2", 1, "x"))
		w.expectChanges()
		w.expectWakes("r1")

		edit(`"1"}, spec`, `"3", labels: {a: b}}, spec`)
		w.put(partialAt("c", "3", 1, "y"))
		w.expectChanges("r1 ConfigMap ns/c rv=3 generation=1", "r1 Deployment ns/a rv=3 generation=1")
		w.expectWakes() // metadata is no state

		edit(`generation: 1, resourceVersion: "1"}`, `generation: 2, resourceVersion: "4", labels: {a: b}}`)
		w.put(partialAt("c", "4", 2, "y"))
		w.expectChanges("r1 ConfigMap ns/c rv=4 generation=2", "r1 Deployment ns/a rv=4 generation=2")
		w.expectWakes("r1")

		w.delete(object("apps", "v1", "Deployment", "ns", "a"))
		w.expectChanges("r1 Deployment ns/a uid=a deleted")
	})
}

// A kind that nobody may watch holds no verdict up, and once it can be watched what was lost meanwhile is told.
func TestTrackerStatelessKindInTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "")
		var forbidden atomic.Bool
		forbidden.Store(true)
		w.partial.PrependReactor("list", "*", func(clienttesting.Action) (bool, runtime.Object, error) {
			if !forbidden.Load() {
				return false, nil, nil
			}
			return true, nil, apierrors.NewForbidden(configMapResource.GroupResource(), "", errors.New("no RBAC"))
		})
		w.put(partialAt("kept", "1", 0, ""))
		w.Track("r1", []Object{object("", "v1", "ConfigMap", "ns", "lost"), object("", "v1", "ConfigMap", "ns", "kept")})
		w.expectWakes()
		w.expect("r1", "")
		w.expectChanges()
		forbidden.Store(false)
		w.Forget("r1")
		w.Track("r1", []Object{object("", "v1", "ConfigMap", "ns", "lost"), object("", "v1", "ConfigMap", "ns", "kept")})
		w.expectChanges("r1 ConfigMap ns/lost uid= deleted")
	})
}

// No Secret is ever listed with its data, and a storage class of a release is watched once, whole, for claims and changes alike.
func TestTrackerReadsMetadataOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "")
		var mu sync.Mutex
		var lists []string
		note := func(by string) clienttesting.ReactionFunc {
			return func(action clienttesting.Action) (bool, runtime.Object, error) {
				list, _ := action.(clienttesting.ListAction)
				mu.Lock()
				defer mu.Unlock()
				lists = append(lists, by+" "+action.GetResource().Resource+" "+list.GetListRestrictions().Labels.String())
				return false, nil, nil
			}
		}
		w.client.PrependReactor("list", "*", note("whole"))
		w.partial.PrependReactor("list", "*", note("metadata"))
		w.Track("r1", []Object{object("", "v1", "Secret", "ns", "s"), object("storage.k8s.io", "v1", "StorageClass", "", "fast")})
		w.Track("r2", []Object{object("", "v1", "Secret", "ns", "s"), object("", "v1", "PersistentVolumeClaim", "ns", "c")})
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		slices.Sort(lists)
		want := []string{
			"metadata secrets " + v1alpha1.ReleaseLabel, "whole persistentvolumeclaims " + v1alpha1.ReleaseLabel, "whole storageclasses ",
		}
		if diff := cmp.Diff(want, lists); diff != "" {
			t.Errorf("lists (-want +got):\n%s", diff)
		}
	})
}

func TestTrimPartial(t *testing.T) {
	t.Parallel()
	in := partialAt("a", "7", 3, "x")
	in.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "m"}}
	before := in.DeepCopy()
	kept := func(obj any) *trace {
		t.Helper()
		trimmed, err := trim(obj)
		if err != nil {
			t.Fatal(err)
		}
		return trimmed.(*trace)
	}
	once := kept(in)
	want := &trace{namespace: "ns", name: "a", uid: "a", resourceVersion: "7", generation: 3, hash: hashOf(in)}
	if diff := cmp.Diff(want, once, cmp.AllowUnexported(trace{})); diff != "" {
		t.Errorf("trimmed (-want +got):\n%s", diff)
	}
	if kept(once) != once {
		t.Error("trimming twice changes it")
	}
	if key, err := cache.MetaNamespaceKeyFunc(once); err != nil || key != "ns/a" {
		t.Errorf("an informer finds it as %q, %v", key, err)
	}
	if diff := cmp.Diff(before, in); diff != "" {
		t.Errorf("the original changed (-before +after):\n%s", diff)
	}
	for name, change := range map[string]func(*metav1.PartialObjectMetadata){
		"label":      func(m *metav1.PartialObjectMetadata) { m.Labels["x"] = "" },
		"annotation": func(m *metav1.PartialObjectMetadata) { delete(m.Annotations, "note") },
		"moved":      func(m *metav1.PartialObjectMetadata) { m.Labels, m.Annotations = m.Annotations, m.Labels },
		"finalizer":  func(m *metav1.PartialObjectMetadata) { m.Finalizers = []string{"f"} },
	} {
		other := in.DeepCopy()
		other.ResourceVersion = "8"
		if wrote(once, kept(other)) {
			t.Fatal("a new resourceVersion alone counts")
		}
		change(other)
		if !wrote(once, kept(other)) {
			t.Errorf("%s: not noticed", name)
		}
	}
}
