// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	metadatafake "k8s.io/client-go/metadata/fake"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// bench is a Watcher over fake clients, in a bubble of virtual time. Fake API
// servers count no resource versions: revise does.
type bench struct {
	*Watcher
	t        *testing.T
	client   *fake.Clientset
	metadata *metadatafake.FakeMetadataClient
	changes  atomic.Int64
	version  int
}

func newBench(t *testing.T, objects ...runtime.Object) *bench {
	t.Helper()
	scheme := metadatafake.NewTestScheme()
	if err := metav1.AddMetaToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, client: fake.NewClientset(objects...), metadata: metadatafake.NewSimpleMetadataClient(scheme)}
	var err error
	if b.Watcher, err = New(nil, Options{Client: b.client, Metadata: b.metadata, Changed: func() { b.changes.Add(1) }}); err != nil {
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

// told returns how often Changed was called since the last call.
func (b *bench) told() int64 {
	synctest.Wait()
	return b.changes.Swap(0)
}

func (b *bench) must(_ any, err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) meta(namespace, name string, labels map[string]string) metav1.ObjectMeta {
	b.version++
	return metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: labels, ResourceVersion: strings.Repeat("1", b.version)}
}

func (b *bench) validating(name, release, service string, ca string) *admissionregistrationv1.ValidatingWebhookConfiguration {
	labels := map[string]string{}
	if release != "" {
		labels[v1alpha1.ReleaseLabel] = release
	}
	return &admissionregistrationv1.ValidatingWebhookConfiguration{
		ObjectMeta: b.meta("", name, labels),
		Webhooks: []admissionregistrationv1.ValidatingWebhook{{
			Name: "w.x.io", Rules: []admissionregistrationv1.RuleWithOperations{rule("*", "*", "*", "*", "")},
			ClientConfig: admissionregistrationv1.WebhookClientConfig{
				Service: &admissionregistrationv1.ServiceReference{Namespace: "ns", Name: service}, CABundle: []byte(ca),
			},
		}},
	}
}

func (b *bench) service(name string) *corev1.Service {
	return &corev1.Service{ObjectMeta: b.meta("ns", name, nil)}
}

func (b *bench) slice(name, service string, ready ...bool) *discoveryv1.EndpointSlice {
	s := &discoveryv1.EndpointSlice{ObjectMeta: b.meta("ns", name, map[string]string{discoveryv1.LabelServiceName: service})}
	for _, r := range ready {
		s.Endpoints = append(s.Endpoints, discoveryv1.Endpoint{Conditions: discoveryv1.EndpointConditions{Ready: &r}})
	}
	return s
}

func (b *bench) obstacle() string {
	b.t.Helper()
	got, synced := b.Obstacle(Question{Objects: []Object{pod}})
	if !synced {
		b.t.Error("not synced")
	}
	return got
}

func TestWatcherFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		ctx := t.Context()
		if _, synced := b.Obstacle(Question{}); synced {
			t.Error("synced before the start")
		}
		if _, synced := b.Own("week1.x", nil, nil); synced {
			t.Error("synced before the start")
		}
		b.start()
		if n := b.told(); n != 1 {
			t.Errorf("told %d times of the first lists, want once", n)
		}
		hooks, services := b.client.AdmissionregistrationV1().ValidatingWebhookConfigurations(), b.client.CoreV1().Services("ns")
		slices := b.client.DiscoveryV1().EndpointSlices("ns")

		b.must(services.Create(ctx, b.service("s"), metav1.CreateOptions{}))
		b.must(slices.Create(ctx, b.slice("s-1", "s", false), metav1.CreateOptions{}))
		if n := b.told(); n != 0 {
			t.Errorf("told %d times of a Service that no webhook calls", n)
		}
		b.must(hooks.Create(ctx, b.validating("x", "week1.x", "s", ""), metav1.CreateOptions{}))
		if n, got := b.told(), b.obstacle(); n != 1 || !strings.Contains(got, "Service ns/s has no ready endpoints; start") {
			t.Errorf("told %d times, %q", n, got)
		}
		b.must(slices.Update(ctx, b.slice("s-1", "s", false, true), metav1.UpdateOptions{}))
		if n, got := b.told(), b.obstacle(); n != 1 || !strings.Contains(got, "it has no CA bundle") {
			t.Errorf("told %d times, %q", n, got)
		}
		problems, _ := b.Own("week1.x", nil, nil)
		if diff := cmp.Diff([]string{"webhook w.x.io of ValidatingWebhookConfiguration x cannot answer: it has no CA bundle"}, problems); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		b.must(hooks.Update(ctx, b.validating("x", "week1.x", "s", "CA"), metav1.UpdateOptions{}))
		if n, got := b.told(), b.obstacle(); n != 1 || got != "" {
			t.Errorf("told %d times, %q", n, got)
		}
		if problems, synced := b.Own("week1.x", nil, nil); problems != nil || !synced {
			t.Errorf("own: %v, synced %t", problems, synced)
		}
	})
}

// TestWatcherIsQuiet: what changes no verdict tells nobody.
func TestWatcherIsQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		ctx := t.Context()
		hooks, slices := b.client.AdmissionregistrationV1().ValidatingWebhookConfigurations(), b.client.DiscoveryV1().EndpointSlices("ns")
		b.must(b.client.CoreV1().Services("ns").Create(ctx, b.service("s"), metav1.CreateOptions{}))
		b.must(slices.Create(ctx, b.slice("s-1", "s", true), metav1.CreateOptions{}))
		b.must(hooks.Create(ctx, b.validating("x", "", "s", "CA"), metav1.CreateOptions{}))
		b.start()
		if n := b.told(); n != 1 {
			t.Fatalf("told %d times of the first lists", n)
		}
		b.must(slices.Update(ctx, b.slice("s-1", "s", true, true, false), metav1.UpdateOptions{}))
		b.must(slices.Create(ctx, b.slice("s-2", "s", true), metav1.CreateOptions{}))
		renewed := b.validating("x", "", "s", "another CA")
		renewed.Annotations = map[string]string{"a": "b"}
		b.must(hooks.Update(ctx, renewed, metav1.UpdateOptions{}))
		b.must(b.metadata.Resource(namespaces).(metadatafake.MetadataClient).CreateFake(partial(b.meta("", "web", nil)), metav1.CreateOptions{}))
		b.must(nil, slices.Delete(ctx, "s-1", metav1.DeleteOptions{}))
		if n := b.told(); n != 0 {
			t.Errorf("told %d times of nothing", n)
		}
		b.must(nil, slices.Delete(ctx, "s-2", metav1.DeleteOptions{}))
		if n, got := b.told(), b.obstacle(); n != 1 || got == "" {
			t.Errorf("the last endpoint went: told %d times, %q", n, got)
		}
		b.must(nil, hooks.Delete(ctx, "x", metav1.DeleteOptions{}))
		if n, got := b.told(), b.obstacle(); n != 1 || got != "" {
			t.Errorf("the webhook went: told %d times, %q", n, got)
		}
	})
}

var namespaces = corev1.SchemeGroupVersion.WithResource("namespaces")

func partial(m metav1.ObjectMeta) *metav1.PartialObjectMetadata {
	return &metav1.PartialObjectMetadata{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"}, ObjectMeta: m}
}

func TestWatcherReadsNamespaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		ctx := t.Context()
		guarded := b.validating("x", "", "gone", "CA")
		guarded.Webhooks[0].NamespaceSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"guard": "yes"}}
		b.must(b.client.AdmissionregistrationV1().ValidatingWebhookConfigurations().Create(ctx, guarded, metav1.CreateOptions{}))
		b.start()
		if n, got := b.told(), b.obstacle(); n != 1 || got != "" {
			t.Errorf("told %d times, %q", n, got)
		}
		fake := b.metadata.Resource(namespaces).(metadatafake.MetadataClient)
		b.must(fake.CreateFake(partial(b.meta("", "web", map[string]string{"guard": "yes"})), metav1.CreateOptions{}))
		if n, got := b.told(), b.obstacle(); n != 1 || !strings.Contains(got, "Pod web/p, but its Service ns/gone is gone") {
			t.Errorf("told %d times, %q", n, got)
		}
		b.must(fake.UpdateFake(partial(b.meta("", "web", map[string]string{"guard": "yes"})), metav1.UpdateOptions{}))
		if n := b.told(); n != 0 {
			t.Errorf("told %d times of the same labels", n)
		}
		b.must(fake.UpdateFake(partial(b.meta("", "web", nil)), metav1.UpdateOptions{}))
		if n, got := b.told(), b.obstacle(); n != 1 || got != "" {
			t.Errorf("told %d times, %q", n, got)
		}
	})
}

// TestWatcherWaitsForOrphans: a Service that is only a little later than the webhook
// that calls it is not gone.
func TestWatcherWaitsForOrphans(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		ctx := t.Context()
		b.start()
		b.told()
		b.must(b.client.AdmissionregistrationV1().ValidatingWebhookConfigurations().Create(ctx, b.validating("x", "", "s", "CA"), metav1.CreateOptions{}))
		if n, got := b.told(), b.Orphans(); n != 1 || got != nil {
			t.Errorf("told %d times, orphans at once: %v", n, got)
		}
		b.Orphans()
		<-time.After(orphanGrace) // of virtual time
		want := []string{"ValidatingWebhookConfiguration x is fail-closed, but its Service ns/s is gone: what it asks about is refused; " +
			"delete the configuration, or bring back what stands behind it"}
		if n, diff := b.told(), cmp.Diff(want, b.Orphans()); n != 1 || diff != "" {
			t.Errorf("told %d times (-want +got)\n%s", n, diff)
		}
		b.must(b.client.CoreV1().Services("ns").Create(ctx, b.service("s"), metav1.CreateOptions{}))
		if n, got := b.told(), b.Orphans(); n != 1 || got != nil {
			t.Errorf("told %d times, orphans with a Service: %v", n, got)
		}
		b.must(nil, b.client.CoreV1().Services("ns").Delete(ctx, "s", metav1.DeleteOptions{}))
		b.told()
		if got := b.Orphans(); got != nil {
			t.Errorf("gone for a moment only, and called so: %v", got)
		}
	})
}

func TestWatcherStartsOnce(t *testing.T) {
	b := newBench(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Start(ctx); err != nil {
		t.Errorf("an ended context: %v", err)
	}
	if err := b.Start(ctx); err == nil {
		t.Error("started twice")
	}
	if !b.NeedLeaderElection() {
		t.Error("everybody watches")
	}
}
