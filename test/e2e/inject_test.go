// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/test/harness"
)

// injury is one way to spoil an object.
type injury struct {
	gvk schema.GroupVersionKind
	// merge is the patch; empty deletes the object.
	merge string
	// healed says whether the object is as it was released.
	healed func(*unstructured.Unstructured) bool
}

func kind(group, version, kind string) schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: group, Version: version, Kind: kind}
}

// field says whether a field of an object has a value, both as Go writes them.
func field(want string, path ...string) func(*unstructured.Unstructured) bool {
	return func(o *unstructured.Unstructured) bool {
		got, _, _ := unstructured.NestedFieldNoCopy(o.Object, path...)
		return fmt.Sprint(got) == want
	}
}

// items says whether a list has so many elements.
func items(want int, path ...string) func(*unstructured.Unstructured) bool {
	return func(o *unstructured.Unstructured) bool {
		got, _, _ := unstructured.NestedSlice(o.Object, path...)
		return len(got) == want
	}
}

// injectAll spoils the objects of a crowd, 40 times in each of five ways and two at
// a time, and measures from the answer to the bad write to the event of a watch
// that shows the object as it was released.
func injectAll(ctx context.Context, namespace string) map[string][]time.Duration {
	GinkgoHelper()
	configMaps, services := kind("", "v1", "ConfigMap"), kind("", "v1", "Service")
	roles, deployments := kind("rbac.authorization.k8s.io", "v1", "Role"), kind("apps", "v1", "Deployment")
	w := watchAll(ctx, namespace, configMaps, services, roles, deployments)
	const label = `{"metadata": {"labels": {"crowd": "stranger"}}}`
	labelled := field("member", "metadata", "labels", "crowd")
	var mu sync.Mutex
	out := map[string][]time.Duration{}
	var lanes sync.WaitGroup
	for lane := range 2 {
		lanes.Go(func() {
			defer GinkgoRecover()
			hurt := func(way string, index int, with injury) {
				took := w.hurt(ctx, namespace, fmt.Sprintf("crowd-%d", index), with)
				mu.Lock()
				defer mu.Unlock()
				out[way] = append(out[way], took)
			}
			for i := lane; i < 2*crowdSize; i += 2 {
				once := i % crowdSize
				hurt("deleted object", i, injury{configMaps, "", field("blue", "data", "color")})
				hurt("changed data", i+2*crowdSize, injury{configMaps, `{"data": {"color": "bad"}}`, field("blue", "data", "color")})
				hurt("scaled Deployment", once, injury{deployments, `{"spec": {"replicas": 2}}`, field("1", "spec", "replicas")})
				if i < crowdSize {
					hurt("changed label", once, injury{services, label, labelled})
					hurt("removed field or item", i+2*crowdSize, injury{configMaps, `{"data": {"size": null}}`, field("large", "data", "size")})
					continue
				}
				hurt("changed label", once, injury{roles, label, labelled})
				hurt("removed field or item", once, injury{services, `{"spec": {"ports": [{"name": "http", "port": 80}]}}`, items(2, "spec", "ports")})
				hurt("removed field or item", once, injury{
					roles, `{"rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}]}`, items(2, "rules")})
			}
		})
	}
	lanes.Wait()
	return out
}

// sight is an object as a watch has shown it.
type sight struct {
	object *unstructured.Unstructured
	at     time.Time
}

// witness keeps what watches show, each object's newest sights.
type witness struct {
	mu    sync.Mutex
	seen  map[string][]sight
	shown chan struct{} // closed and replaced by every event
}

// watchAll begins; it ends with the node.
func watchAll(ctx context.Context, namespace string, kinds ...schema.GroupVersionKind) *witness {
	GinkgoHelper()
	ctx, cancel := context.WithCancel(ctx)
	DeferCleanup(cancel)
	w := &witness{seen: map[string][]sight{}, shown: make(chan struct{})}
	for _, gvk := range kinds {
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(gvk.GroupVersion().WithKind(gvk.Kind + "List"))
		events, err := k8s.Watch(ctx, list, client.InNamespace(namespace))
		Expect(err).NotTo(HaveOccurred())
		go func() {
			defer events.Stop()
			for event := range events.ResultChan() {
				if object, ok := event.Object.(*unstructured.Unstructured); ok && event.Type != watch.Deleted {
					w.note(gvk.Kind+"/"+object.GetName(), sight{object, time.Now()})
				}
			}
		}()
	}
	return w
}

func (w *witness) note(key string, s sight) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen[key] = append(w.seen[key], s)
	close(w.shown)
	w.shown = make(chan struct{})
}

// hurt spoils an object and returns how long it took until it was healed.
func (w *witness) hurt(ctx context.Context, namespace, name string, with injury) time.Duration {
	GinkgoHelper()
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(with.gvk)
	Expect(k8s.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, object)).To(Succeed())
	Expect(with.healed(object)).To(BeTrue(), "%s %s is not as it was released", with.gvk.Kind, name)
	before, uid := harness.VersionOf(object.GetResourceVersion()), object.GetUID()
	if with.merge == "" {
		Expect(k8s.Delete(ctx, object)).To(Succeed())
	} else {
		sim.Patch(ctx, object, with.merge)
		Expect(with.healed(object)).To(BeFalse(), "the write is not bad")
		before = harness.VersionOf(object.GetResourceVersion())
		uid = ""
	}
	began := time.Now()
	timeout := time.After(10 * time.Second)
	for {
		w.mu.Lock()
		shown := w.shown
		at := slices.IndexFunc(w.seen[with.gvk.Kind+"/"+name], func(s sight) bool {
			return harness.VersionOf(s.object.GetResourceVersion()) > before && s.object.GetUID() != uid && with.healed(s.object)
		})
		var healed time.Time
		if at >= 0 {
			healed = w.seen[with.gvk.Kind+"/"+name][at].at
		}
		w.mu.Unlock()
		if at >= 0 {
			return max(0, healed.Sub(began))
		}
		select {
		case <-shown:
		case <-timeout:
			Fail(fmt.Sprintf("%s %s was not healed within 10 s", with.gvk.Kind, name))
		}
	}
}

// quantile by rank.
func quantile(of []time.Duration, q float64) time.Duration {
	sorted := slices.Sorted(slices.Values(of))
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

// table of latencies, for a report.
func table(latencies map[string][]time.Duration) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%-24s %5s %7s %7s %7s %7s\n", "drift", "count", "p50", "p90", "p99", "max")
	row := func(name string, of []time.Duration) {
		fmt.Fprintf(&out, "%-24s %5d", name, len(of))
		for _, q := range []float64{0.5, 0.9, 0.99, 1} {
			fmt.Fprintf(&out, " %4d ms", quantile(of, q).Milliseconds())
		}
		out.WriteString("\n")
	}
	var all []time.Duration
	for _, name := range slices.Sorted(maps.Keys(latencies)) {
		row(name, latencies[name])
		all = append(all, latencies[name]...)
	}
	row("all", all)
	return out.String()
}

// repeat does something at an interval until the function that it returns is
// called, which waits for the end.
func repeat(ctx context.Context, every time.Duration, do func(i int)) (end func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	running.Go(func() {
		defer GinkgoRecover()
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for i := 0; ; i++ {
			do(i)
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
		}
	})
	end = sync.OnceFunc(func() { cancel(); running.Wait() })
	DeferCleanup(end)
	return end
}

func keyOf(object client.Object) client.ObjectKey { return client.ObjectKeyFromObject(object) }
