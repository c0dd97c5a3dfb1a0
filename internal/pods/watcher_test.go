// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package pods

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/client-go/tools/cache"
)

var (
	web = Workload{"Deployment", "shop", "web"}
	db  = Workload{"StatefulSet", "shop", "db"}
)

const (
	oomText   = "container app keeps ending (CrashLoopBackOff): OOMKilled, exit code 137"
	readyText = "container app runs, but is not ready: see its readiness probe"
)

// bench is a Watcher over a fake API server, in a bubble of virtual time. Fake API
// servers count no resource versions: set does.
type bench struct {
	*Watcher
	t       *testing.T
	client  *fake.Clientset
	version int

	mu    sync.Mutex
	woken []string
	open  map[string]int // watches by namespace
	begun int
	fault error // what the next lists answer
}

// countedWatch tells when it is stopped.
type countedWatch struct {
	watch.Interface
	stopped func()
}

func (w *countedWatch) Stop() {
	w.stopped()
	w.Interface.Stop()
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, client: fake.NewClientset(), open: map[string]int{}}
	b.client.PrependReactor("list", "pods", func(clienttesting.Action) (bool, runtime.Object, error) {
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.fault != nil, nil, b.fault
	})
	b.client.PrependWatchReactor("pods", func(action clienttesting.Action) (bool, watch.Interface, error) {
		inner, err := b.client.Tracker().Watch(action.GetResource(), action.GetNamespace())
		if err != nil {
			return true, nil, err
		}
		b.count(action.GetNamespace(), 1)
		return true, &countedWatch{inner, sync.OnceFunc(func() { b.count(action.GetNamespace(), -1) })}, nil
	})
	var err error
	b.Watcher, err = New(nil, Options{Client: b.client, Grace: 5 * time.Second, Wake: func(release string) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.woken = append(b.woken, release)
	}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) count(namespace string, by int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.begun += max(0, by)
	if b.open[namespace] += by; b.open[namespace] == 0 {
		delete(b.open, namespace)
	}
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

// pass lets virtual time go by.
func (b *bench) pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// set creates or updates a pod.
func (b *bench) set(options ...func(*corev1.Pod)) {
	b.t.Helper()
	p := aPod(options...)
	b.version++
	p.ResourceVersion = strconv.Itoa(b.version)
	resource := corev1.SchemeGroupVersion.WithResource("pods")
	err := b.client.Tracker().Update(resource, p, p.Namespace)
	if err != nil {
		err = b.client.Tracker().Create(resource, p, p.Namespace)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) remove(name string) {
	b.t.Helper()
	if err := b.client.CoreV1().Pods("shop").Delete(b.t.Context(), name, metav1.DeleteOptions{}); err != nil {
		b.t.Fatal(err)
	}
}

// expectWakes says who must have been woken since the last call.
func (b *bench) expectWakes(want ...string) {
	b.t.Helper()
	synctest.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	slices.Sort(b.woken)
	if got := strings.Join(b.woken, " "); got != strings.Join(want, " ") {
		b.t.Errorf("woken are [%s], want %v", got, want)
	}
	b.woken = nil
}

// expectOpen says in which namespaces pods must be watched now, and how many watches
// were begun so far.
func (b *bench) expectOpen(begun int, want ...string) {
	b.t.Helper()
	synctest.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	open := map[string]int{}
	for _, namespace := range want {
		open[namespace] = 1
	}
	if diff := cmp.Diff(open, b.open); diff != "" || b.begun != begun {
		b.t.Errorf("%d watches were begun, want %d; open are (-want +got)\n%s", b.begun, begun, diff)
	}
}

func (b *bench) expectTrouble(w Workload, want string) {
	b.t.Helper()
	if got := b.Trouble(w); got != want {
		b.t.Errorf("the trouble of %s is %q, want %q", w.Name, got, want)
	}
}

func crashing(restarts int32) func(*corev1.Pod) {
	return with(container("app", restarts, waits("CrashLoopBackOff", backOff), ends(137, "OOMKilled", "")))
}

func isReady(p *corev1.Pod) {
	condition(corev1.PodReady, corev1.ConditionTrue, "", "")(p)
	with(ready(container("app", 0, runs())))(p)
}

func TestWatcherHasGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.set(ofDeployment("web"), crashing(1))
		b.start()
		b.pass(time.Hour)
		b.expectOpen(0)

		b.Follow("week1.web", []Workload{web})
		b.pass(3 * time.Second)
		b.Follow("week1.web", []Workload{web, db}) // does not begin the grace again
		b.pass(1999 * time.Millisecond)
		b.expectOpen(0)
		b.expectTrouble(web, "")
		b.pass(2 * time.Millisecond)
		b.expectOpen(1, "shop")
		b.expectWakes("week1.web")
		b.expectTrouble(web, oomText)
		b.expectTrouble(db, "")

		b.Follow("week1.quick", []Workload{{"Job", "other", "x"}})
		b.pass(4 * time.Second)
		b.Follow("week1.quick", nil)
		b.pass(time.Minute)
		b.expectOpen(1, "shop")
	})
}

func TestWatcherFollowsBeforeStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.Follow("week1.web", []Workload{web})
		b.pass(time.Minute)
		b.expectOpen(0)
		b.start()
		b.pass(4 * time.Second)
		b.expectOpen(0)
		b.pass(2 * time.Second)
		b.expectOpen(1, "shop")
		b.expectWakes() // no pods, no trouble
	})
}

func TestWatcherWakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.Follow("week1.web", []Workload{web})
		b.start()
		b.pass(6 * time.Second)
		b.expectWakes()

		one, two := named("web-1"), named("web-2")
		b.set(ofDeployment("web"), one, with(container("app", 0, runs())))
		b.expectWakes("week1.web")
		b.expectTrouble(web, readyText)
		b.expectTrouble(Workload{"ReplicaSet", "shop", "web-5d9c7"}, readyText)
		b.set(ofDeployment("web"), one, crashing(1))
		b.expectWakes("week1.web")
		b.expectTrouble(web, oomText)

		b.set(ofDeployment("web"), one, crashing(2))
		b.set(ofDeployment("web"), one, with(container("app", 2, runs(), ends(137, "OOMKilled", ""))))
		b.set(ofDeployment("web"), two, crashing(1))                       // another with the same trouble
		b.set(ofDeployment("web"), two, with(container("app", 0, runs()))) // a lesser one
		b.set(ofDeployment("web"), named("old-1"), isReady)                // the old ReplicaSet's
		b.set(of("DaemonSet", "agent"), named("agent-1"), crashing(1))     // nobody follows it
		b.expectWakes()
		b.expectTrouble(web, oomText)
		agent := Workload{"DaemonSet", "shop", "agent"}
		b.expectTrouble(agent, oomText)
		b.Follow("week1.agent", []Workload{agent})
		b.set(of("DaemonSet", "agent"), named("agent-2"), crashing(1)) // what is known already wakes nobody
		b.expectWakes()

		b.remove("web-1")
		b.expectWakes("week1.web")
		b.expectTrouble(web, readyText)
		b.set(ofDeployment("web"), two, isReady)
		b.expectWakes("week1.web")
		b.expectTrouble(web, "")
		b.set(ofDeployment("web"), one, crashing(1), deleted)
		b.expectWakes()
		b.expectTrouble(web, "")
	})
}

// TestWatcherAdoption: a pod that changes hands is the trouble of its new owner.
func TestWatcherAdoption(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.Follow("week1.web", []Workload{web})
		b.start()
		b.pass(6 * time.Second)
		b.set(crashing(1))
		b.expectWakes()
		b.set(ofDeployment("web"), crashing(1))
		b.expectWakes("week1.web")
		b.expectTrouble(web, oomText)
		b.set(crashing(1))
		b.expectWakes("week1.web")
		b.expectTrouble(web, "")
	})
}

func TestWatcherShares(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.start()
		b.Follow("week1.web", []Workload{web})
		b.Follow("week1.shop", []Workload{db, web, db})
		b.Follow("week1.other", []Workload{{"Job", "other", "x"}})
		b.pass(6 * time.Second)
		b.expectOpen(2, "other", "shop")

		b.set(ofDeployment("web"), named("web-1"), crashing(1))
		b.expectWakes("week1.shop", "week1.web")
		b.set(of("StatefulSet", "db"), named("db-0"), with(container("app", 0, runs())))
		b.expectWakes("week1.shop")
		b.expectTrouble(db, "pod db-0: "+readyText)

		b.Follow("week1.shop", []Workload{web, db}) // the same again
		b.Follow("week1.shop", []Workload{db})
		b.set(ofDeployment("web"), named("web-1"), isReady)
		b.expectWakes("week1.web")
		b.set(ofDeployment("web"), named("web-1"), crashing(1))
		b.expectWakes("week1.web")
		b.Follow("week1.shop", []Workload{web})
		b.expectWakes()
		b.expectTrouble(web, oomText)

		b.Follow("week1.web", nil)
		b.expectOpen(2, "other", "shop")
		b.Follow("week1.shop", nil)
		b.expectOpen(2, "other")
		b.expectTrouble(web, "")
		b.set(ofDeployment("web"), named("web-1"), isReady)
		b.expectWakes()
		b.Follow("week1.other", nil)
		b.expectOpen(2)

		b.set(ofDeployment("web"), named("web-1"), crashing(1))
		b.Follow("week1.web", []Workload{web})
		b.expectTrouble(web, "") // a grace again
		b.pass(6 * time.Second)
		b.expectOpen(3, "shop")
		b.expectWakes("week1.web")
		b.expectTrouble(web, oomText)
	})
}

func TestWatcherEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- b.Start(ctx) }()
		b.Follow("week1.web", []Workload{web})
		b.pass(6 * time.Second)
		b.Follow("week1.late", []Workload{{"Job", "other", "x"}}) // still in its grace
		b.expectOpen(1, "shop")
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Start: %v", err)
		}
		b.expectOpen(1)
		b.Follow("week1.later", []Workload{{"Job", "third", "x"}})
		b.pass(time.Minute)
		b.expectOpen(1)
		if err := b.Start(t.Context()); err == nil {
			t.Error("started twice")
		}
	})
}

func TestWatcherSurvivesErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.fault = errors.New("pods is forbidden")
		b.set(ofDeployment("web"), crashing(1))
		b.Follow("week1.web", []Workload{web})
		b.start()
		b.pass(10 * time.Second)
		b.expectWakes()
		b.expectTrouble(web, "")
		b.mu.Lock()
		b.fault = nil
		b.mu.Unlock()
		b.pass(time.Minute)
		b.expectWakes("week1.web")
		b.expectTrouble(web, oomText)
	})
}

func TestExplain(t *testing.T) {
	b := newBench(t)
	job := Workload{"Job", "shop", "init"}
	label := func(p *corev1.Pod) { p.Labels = map[string]string{"batch.kubernetes.io/job-name": "init"} }
	b.set(of("Job", "init"), label, named("init-1"), phase(corev1.PodSucceeded, "", ""))
	b.set(of("Job", "init"), label, named("init-2"), phase(corev1.PodFailed, "", ""), with(container("app", 0, ends(3, "Error", "no route"))))
	b.set(of("Job", "other"), label, named("other-1"), crashing(1)) // the label alone says nothing
	b.set(of("StatefulSet", "db"), named("db-0"), crashing(1))
	tests := []struct {
		workload       Workload
		want, selector string
	}{
		{job, "container app ended: exit code 3: no route", "batch.kubernetes.io/job-name=init"},
		{db, "pod db-0: " + oomText, ""},
		{Workload{"Job", "else", "init"}, "", "batch.kubernetes.io/job-name=init"},
		{Workload{"Job", "shop", "other"}, "", "batch.kubernetes.io/job-name=other"},
	}
	for _, test := range tests {
		b.client.ClearActions()
		if got, err := b.Explain(t.Context(), test.workload); err != nil || got != test.want {
			t.Errorf("%v is explained by %q, %v; want %q", test.workload, got, err, test.want)
		}
		actions := b.client.Actions()
		if len(actions) != 1 || !actions[0].Matches("list", "pods") || actions[0].GetNamespace() != test.workload.Namespace {
			t.Fatalf("%v took the requests %v, want one LIST in its namespace", test.workload, actions)
		}
		if got := actions[0].(clienttesting.ListAction).GetListRestrictions().Labels.String(); got != test.selector {
			t.Errorf("%v selects by %q, want %q", test.workload, got, test.selector)
		}
	}
	b.set(named("check"), phase(corev1.PodFailed, "", ""), with(container("app", 0, ends(2, "Error", ""))))
	if got, err := b.Explain(t.Context(), Workload{"Pod", "shop", "check"}); err != nil || got != "container app ended: exit code 2" {
		t.Errorf("a pod is explained by %q, %v", got, err)
	}
	b.fault = errors.New("forbidden")
	if _, err := b.Explain(t.Context(), job); !errors.Is(err, b.fault) || !strings.Contains(err.Error(), "Job shop/init") {
		t.Errorf("a list that fails gave %v", err)
	}
}

// TestFollowKeepsWhatWasTold: a change that is in the store and on its way to its
// followers is not swallowed by somebody who begins to follow.
func TestFollowKeepsWhatWasTold(t *testing.T) {
	n := &namespaceWatch{store: cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{byWorkload: indexTrouble})}
	n.follow([]Workload{web})
	if err := n.store.Add(reduce(aPod(ofDeployment("web"), crashing(1)))); err != nil {
		t.Fatal(err)
	}
	n.follow([]Workload{web, db})
	if diff := cmp.Diff([]Workload{web}, n.refresh([]Workload{web, db})); diff != "" {
		t.Errorf("changed are (-want +got)\n%s", diff)
	}
}

// TestWatcherForgetsEndedWatches: what a watch still says after its end is not heard.
func TestWatcherForgetsEndedWatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.set(ofDeployment("web"), crashing(1))
		b.start()
		b.Follow("week1.web", []Workload{web})
		b.pass(6 * time.Second)
		b.expectWakes("week1.web")
		b.Watcher.mu.Lock()
		ended := b.namespaces["shop"]
		b.Watcher.mu.Unlock()
		b.Follow("week1.web", nil)
		b.Follow("week1.web", []Workload{web})
		ended.told[web] = "something else"
		b.podChanged(ended, []Workload{web})
		b.expectWakes()
	})
}

// TestTrim: nothing but the verdict is kept, and trimming twice changes nothing.
func TestTrim(t *testing.T) {
	p := aPod(ofDeployment("web"), crashing(1), func(p *corev1.Pod) {
		p.ResourceVersion, p.Annotations = "7", map[string]string{"big": "x"}
	})
	want := &pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: p.Name, ResourceVersion: "7"},
		workloads:  []Workload{{"ReplicaSet", "shop", "web-5d9c7"}, web},
		trouble:    trouble{severity: keepsEnding, container: "container app", text: strings.TrimPrefix(oomText, "container app ")},
	}
	once, err := trim(p)
	if err != nil {
		t.Fatal(err)
	}
	twice, err := trim(once)
	if diff := cmp.Diff(want, twice, cmp.AllowUnexported(pod{}, trouble{})); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
}

// TestNothingIsLeftOfFollowers: whoever moves to another namespace, or ends, is not
// remembered where it was.
func TestNothingIsLeftOfFollowers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.start()
		other := Workload{"Deployment", "elsewhere", "web"}
		b.Follow("week1.web", []Workload{web, other})
		b.Follow("week1.db", []Workload{db})
		b.Follow("week1.web", []Workload{other})
		want := map[string]map[string]bool{"shop": {"week1.db": true}, "elsewhere": {"week1.web": true}}
		if diff := cmp.Diff(want, b.followers); diff != "" {
			t.Errorf("followers (-want +got):\n%s", diff)
		}
		b.Follow("week1.db", nil)
		b.Follow("week1.web", nil)
		if len(b.followers)+len(b.follows)+len(b.namespaces) != 0 {
			t.Errorf("left behind: %v, %v, %v", b.followers, b.follows, b.namespaces)
		}
	})
}
