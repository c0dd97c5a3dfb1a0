// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package usage

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/metadata/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

var (
	kafka = schema.GroupVersionKind{Group: "kafka.example.com", Version: "v1", Kind: "Kafka"}
	topic = schema.GroupVersionKind{Group: "kafka.example.com", Version: "v1", Kind: "Topic"}
)

// fakeMapper serves kinds in one version each.
type fakeMapper struct {
	meta.RESTMapper
	mu     sync.Mutex
	served map[schema.GroupKind]string
}

func (m *fakeMapper) RESTMapping(gk schema.GroupKind, versions ...string) (*meta.RESTMapping, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	version, ok := m.served[gk]
	if !ok || (len(versions) > 0 && !slices.Contains(versions, version)) {
		return nil, &meta.NoKindMatchError{GroupKind: gk, SearchedVersions: versions}
	}
	return &meta.RESTMapping{GroupVersionKind: gk.WithVersion(version), Resource: resource(gk.WithVersion(version))}, nil
}

func (m *fakeMapper) serve(gvk schema.GroupVersionKind) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.served[gvk.GroupKind()] = gvk.Version
}

func resource(gvk schema.GroupVersionKind) schema.GroupVersionResource {
	plural, _ := meta.UnsafeGuessKindToResource(gvk)
	return plural
}

// bench is a Counter over a fake API server, in a bubble of virtual time.
type bench struct {
	*Counter
	t       *testing.T
	client  *fake.FakeMetadataClient
	mapper  *fakeMapper
	version int

	mu    sync.Mutex
	woken []string
	fault error // what the next lists answer
}

func newBench(t *testing.T, served ...schema.GroupVersionKind) *bench {
	t.Helper()
	scheme := fake.NewTestScheme()
	if err := metav1.AddMetaToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, client: fake.NewSimpleMetadataClient(scheme), mapper: &fakeMapper{served: map[schema.GroupKind]string{}}}
	for _, gvk := range served {
		b.mapper.serve(gvk)
	}
	b.client.PrependReactor("list", "*", func(clienttesting.Action) (bool, runtime.Object, error) {
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.fault != nil, nil, b.fault
	})
	var err error
	b.Counter, err = New(nil, b.mapper, Options{Client: b.client, Wake: func(owner string) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.woken = append(b.woken, owner)
	}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) start() {
	b.t.Helper()
	ctx, cancel := context.WithCancel(b.t.Context())
	done := make(chan error, 1)
	go func() { done <- b.Start(ctx) }()
	b.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			b.t.Errorf("Start: %v", err)
		}
	})
}

func (b *bench) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fault = err
}

// wakes returns who was woken since the last call, sorted.
func (b *bench) wakes() string {
	synctest.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	woken := strings.Join(slices.Sorted(slices.Values(b.woken)), " ")
	b.woken = nil
	return woken
}

func (b *bench) object(gvk schema.GroupVersionKind, namespace, name, release string) *metav1.PartialObjectMetadata {
	b.version++
	out := &metav1.PartialObjectMetadata{
		TypeMeta:   metav1.TypeMeta{APIVersion: gvk.GroupVersion().String(), Kind: gvk.Kind},
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, ResourceVersion: strings.Repeat("1", b.version)},
	}
	if release == "an owner" { // made by a controller for another object
		out.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: "x", UID: "1"}}
		return out
	}
	if release != "" {
		out.Labels = map[string]string{v1alpha1.ReleaseLabel: release}
	}
	return out
}

func (b *bench) create(gvk schema.GroupVersionKind, namespace, name, release string) {
	b.t.Helper()
	client := b.client.Resource(resource(gvk)).Namespace(namespace).(fake.MetadataClient)
	if _, err := client.CreateFake(b.object(gvk, namespace, name, release), metav1.CreateOptions{}); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) label(gvk schema.GroupVersionKind, namespace, name, release string) {
	b.t.Helper()
	client := b.client.Resource(resource(gvk)).Namespace(namespace).(fake.MetadataClient)
	if _, err := client.UpdateFake(b.object(gvk, namespace, name, release), metav1.UpdateOptions{}); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) delete(gvk schema.GroupVersionKind, namespace, name string) {
	b.t.Helper()
	if err := b.client.Resource(resource(gvk)).Namespace(namespace).Delete(b.t.Context(), name, metav1.DeleteOptions{}); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) expect(owner string, want ...Count) {
	b.t.Helper()
	got, synced := b.Count(owner)
	if diff := cmp.Diff(want, got); diff != "" || !synced {
		b.t.Errorf("synced %t (-want +got)\n%s", synced, diff)
	}
}

func TestCounterCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, kafka, topic)
		b.create(kafka, "shop", "main", "")
		b.create(kafka, "shop", "own", "week1.strimzi")
		b.create(kafka, "shop", "of-another-release", "week1.billing")
		b.create(kafka, "shop", "derived", "an owner")
		b.Set("week1", []Kind{{topic, "week1.strimzi"}, {kafka, "week1.strimzi"}, {kafka, "week1.strimzi"}})
		if _, synced := b.Count("week1"); synced {
			t.Error("synced before the start")
		}
		b.start()
		if got := b.wakes(); got != "week1" {
			t.Errorf("the lists woke %q, want one wake", got)
		}
		b.expect("week1", Count{kafka, 2, []string{"shop/main", "shop/of-another-release"}}, Count{topic, 0, nil})
		for _, name := range []string{"d", "b", "c", "a"} {
			b.create(topic, "shop", name, "")
		}
		if got := b.wakes(); got != "week1 week1 week1 week1" {
			t.Errorf("four objects woke %q", got)
		}
		b.expect("week1", Count{kafka, 2, []string{"shop/main", "shop/of-another-release"}}, Count{topic, 4, []string{"shop/a", "shop/b", "shop/c"}})

		b.label(topic, "shop", "a", "week1.strimzi")
		if got := b.wakes(); got != "week1" {
			t.Errorf("an object that was adopted woke %q", got)
		}
		b.create(topic, "shop", "z", "week1.strimzi")
		b.delete(kafka, "shop", "own")
		if got := b.wakes(); got != "" {
			t.Errorf("the release's own objects woke %q", got)
		}
		b.delete(kafka, "shop", "main")
		b.delete(kafka, "shop", "of-another-release")
		if got := b.wakes(); got != "week1 week1" {
			t.Errorf("two objects went and woke %q", got)
		}
		b.expect("week1", Count{kafka, 0, nil}, Count{topic, 3, []string{"shop/b", "shop/c", "shop/d"}})
	})
}

func TestCounterShares(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, kafka)
		b.create(kafka, "", "main", "")
		b.start()
		if counts, synced := b.Count("week1"); synced || counts != nil {
			t.Errorf("nobody asked, and the answer is %v, synced %t", counts, synced)
		}
		b.Set("week1", []Kind{{kafka, "week1"}})
		b.Set("week2", []Kind{{kafka, ""}})
		if got := b.wakes(); got != "week1 week2" {
			t.Errorf("the list woke %q", got)
		}
		if n := b.lists(); n != 1 {
			t.Errorf("listed %d times for two owners", n)
		}
		b.Set("week1", []Kind{{kafka, "week1"}})
		b.Set("week1", nil)
		b.create(kafka, "", "second", "")
		if got := b.wakes(); got != "week2" {
			t.Errorf("one owner is left, and woken are %q", got)
		}
		b.expect("week2", Count{kafka, 2, []string{"main", "second"}})
		if _, synced := b.Count("week1"); synced {
			t.Error("counts for an owner that wants nothing")
		}
		b.Set("week2", nil)
		b.create(kafka, "", "third", "")
		if got := b.wakes(); got != "" || b.lists() != 1 {
			t.Errorf("nobody wants anything, and woken are %q after %d lists", got, b.lists())
		}
		b.Set("week2", []Kind{{kafka, ""}})
		b.wakes()
		b.expect("week2", Count{kafka, 3, []string{"main", "second", "third"}})
	})
}

// lists counts the times that a watch was begun.
func (b *bench) lists() int {
	n := 0
	for _, action := range b.client.Actions() {
		if action.GetVerb() == "list" {
			n++
		}
	}
	return n
}

func TestCounterAndKindsThatComeAndGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.create(kafka, "shop", "main", "")
		b.Set("week1", []Kind{{kafka, ""}})
		b.start()
		if got := b.wakes(); got != "week1" {
			t.Errorf("a kind that is not served woke %q", got)
		}
		b.expect("week1", Count{kafka, 0, nil})
		if got := b.Trouble("week1"); got != nil {
			t.Errorf("a kind that is not served is trouble: %v", got)
		}
		b.mapper.serve(kafka)
		b.KindsChanged()
		if got := b.wakes(); got != "week1" {
			t.Errorf("a kind that came woke %q", got)
		}
		b.expect("week1", Count{kafka, 1, []string{"shop/main"}})
	})
}

// TestCounterTakesAnyVersion: objects do not go away with the version that somebody
// remembers.
func TestCounterTakesAnyVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, kafka)
		b.create(kafka, "shop", "main", "")
		old := kafka
		old.Version = "v1beta2"
		b.Set("week1", []Kind{{old, ""}})
		b.start()
		b.wakes()
		b.expect("week1", Count{old, 1, []string{"shop/main"}})
	})
}

func TestCounterInTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, kafka, topic)
		b.fail(errors.New("conversion webhook for kafka.example.com/v1, Kind=Kafka failed"))
		b.Set("week1", []Kind{{kafka, ""}})
		b.start()
		if got := b.wakes(); got != "week1" {
			t.Errorf("a list that fails woke %q", got)
		}
		if counts, synced := b.Count("week1"); synced || counts != nil {
			t.Errorf("a list that fails gave %v, synced %t", counts, synced)
		}
		got := b.Trouble("week1")
		if len(got) != 1 || !strings.HasPrefix(got[0], "cannot list Kafka.kafka.example.com: ") || !strings.Contains(got[0], "conversion webhook") {
			t.Errorf("the trouble is %v", got)
		}
	})
}

// TestCounterAndAStaleMapper: the server knows better than the mapper.
func TestCounterAndAStaleMapper(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, kafka)
		b.fail(apierrors.NewNotFound(schema.GroupResource{}, ""))
		b.Set("week1", []Kind{{kafka, ""}})
		b.start()
		b.wakes()
		b.expect("week1", Count{kafka, 0, nil})
		b.fail(nil)
		b.create(kafka, "shop", "main", "")
		b.KindsChanged()
		b.wakes()
		b.expect("week1", Count{kafka, 1, []string{"shop/main"}})
	})
}

func TestCounterStartsOnce(t *testing.T) {
	b := newBench(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Start(ctx); err != nil {
		t.Errorf("an ended context: %v", err)
	}
	if err := b.Start(ctx); err == nil {
		t.Error("started twice")
	}
}
