// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package micro

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/groundwork-dev/groundwork/internal/admission"
	"github.com/groundwork-dev/groundwork/internal/pods"
)

// watcherLimit is what pods and admission may keep of a release with two pods, a
// Service and a webhook, and watcherGrowth what 20 rounds of events may add, in bytes.
const (
	watcherLimit  = 12 << 10
	watcherGrowth = 1 << 10
)

// watchers are the rooms that watch what is not of our releases.
type watchers struct {
	*feed
	pods      *pods.Watcher
	admission *admission.Watcher
}

func newWatchers(t *testing.T) *watchers {
	t.Helper()
	w := &watchers{feed: newFeed(t)}
	var err error
	if w.pods, err = pods.New(nil, pods.Options{Client: w.clientset(), Grace: time.Second}); err != nil {
		t.Fatal(err)
	}
	if w.admission, err = admission.New(nil, admission.Options{Client: w.clientset(), Metadata: w.partial()}); err != nil {
		t.Fatal(err)
	}
	start(t, w.pods)
	start(t, w.admission)
	return w
}

func namespaceOf(i int) string { return fmt.Sprintf("namespace%d", i/10) }

// meta is an object's, with what the API server and others write there.
func (w *watchers) meta(i int, name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Namespace: namespaceOf(i), Name: strings.Clone(name), ResourceVersion: fmt.Sprint(w.next()),
		Labels:        map[string]string{discoveryv1.LabelServiceName: fmt.Sprintf("service%d", i), "app": "x"},
		Annotations:   map[string]string{"note": strings.Repeat("x", 500)},
		ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "m", FieldsV1: metav1.NewFieldsV1(strings.Repeat("x", 500))}},
	}
}

// showPod is a pod that keeps ending; number tells apart those of one release.
func (w *watchers) showPod(what watch.EventType, i, number, restarts int) {
	pod := &corev1.Pod{ObjectMeta: w.meta(i, fmt.Sprintf("pod%d-%d", i, number))}
	controller := true
	pod.OwnerReferences = []metav1.OwnerReference{{Kind: "StatefulSet", Name: fmt.Sprintf("set%d", i), Controller: &controller}}
	pod.Spec.Containers = []corev1.Container{{Name: "app", Image: "registry.example.com/app:1", Args: []string{strings.Repeat("x", 500)}}}
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{
		Name: "app", RestartCount: int32(restarts),
		State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff", Message: strings.Repeat("x", 500)}},
	}}
	w.tell(what, "pods", pod.Namespace, pod)
}

// showWebhook tells of a Service, its endpoints and a webhook that calls it.
func (w *watchers) showWebhook(what watch.EventType, i int, ready bool) {
	service := fmt.Sprintf("service%d", i)
	w.tell(what, "services", "", &corev1.Service{ObjectMeta: w.meta(i, service), Spec: corev1.ServiceSpec{Ports: make([]corev1.ServicePort, 4)}})
	w.tell(what, "endpointslices", "", &discoveryv1.EndpointSlice{
		ObjectMeta: w.meta(i, service+"-abcde"),
		Endpoints:  []discoveryv1.Endpoint{{Addresses: []string{"10.0.0.1"}, Conditions: discoveryv1.EndpointConditions{Ready: &ready}}},
	})
	configuration := &admissionregistrationv1.ValidatingWebhookConfiguration{ObjectMeta: w.meta(i, fmt.Sprintf("hook%d", i))}
	configuration.Namespace = ""
	configuration.Webhooks = []admissionregistrationv1.ValidatingWebhook{{Name: "w.x.io", ClientConfig: admissionregistrationv1.WebhookClientConfig{
		Service:  &admissionregistrationv1.ServiceReference{Namespace: namespaceOf(i), Name: service},
		CABundle: []byte(strings.Repeat("x", 2000)),
	}}}
	w.tell(what, "validatingwebhookconfigurations", "", configuration)
}

// round lets pods restart and be replaced, and Services come and go.
func (w *watchers) round(number, several int) {
	for i := range several {
		w.showPod(watch.Modified, i, number, number+1)
		w.showPod(watch.Deleted, i, number, 0)
		w.showPod(watch.Added, i, number+2, 0)
		if i%10 == number%10 {
			w.showWebhook(watch.Modified, i, number%2 == 0)
			w.showWebhook(watch.Deleted, i, true)
			w.showWebhook(watch.Added, i, true)
		}
	}
	synctest.Wait()
}

// TestMemoryOfWatchers holds the pods and webhooks of 200 releases through 20 rounds:
// 2 pods, a Service, its endpoints and a configuration each.
func TestMemoryOfWatchers(t *testing.T) {
	const several = 200
	synctest.Test(t, func(t *testing.T) {
		w := newWatchers(t)
		synctest.Wait()
		before := heap()
		for i := range several {
			w.pods.Follow(releaseName(i), []pods.Workload{{Kind: "StatefulSet", Namespace: namespaceOf(i), Name: fmt.Sprintf("set%d", i)}})
		}
		<-time.After(time.Minute) // of virtual time: the grace is over
		synctest.Wait()
		for i := range several {
			w.showPod(watch.Added, i, 0, 0)
			w.showPod(watch.Added, i, 1, 0)
			w.showWebhook(watch.Added, i, true)
		}
		w.round(0, several)
		if w.pods.Trouble(pods.Workload{Kind: "StatefulSet", Namespace: namespaceOf(7), Name: "set7"}) == "" {
			t.Error("the pods are not in view")
		}
		first := heap() - before
		t.Logf("%d bytes a release", first/several)
		if first > several*watcherLimit {
			t.Errorf("%d bytes a release, want at most %d", first/several, watcherLimit)
		}
		for number := 1; number < rounds; number++ {
			w.round(number, several)
		}
		last := heap() - before
		t.Logf("%d bytes a release after %d rounds", last/several, rounds)
		if last > first+several*watcherGrowth {
			t.Errorf("%d bytes a release after the first round, %d after %d", first/several, last/several, rounds)
		}
		for i := range several {
			w.pods.Follow(releaseName(i), nil)
			w.showWebhook(watch.Deleted, i, true)
		}
		synctest.Wait()
		if left := heap() - before; left > rest {
			t.Errorf("%d bytes are left when nobody follows anything and everything is gone", left)
		}
		runtime.KeepAlive(w)
	})
}
