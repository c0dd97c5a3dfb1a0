// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package pods

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-logr/logr"
	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

// defaultGrace is longer than most workloads take to become ready.
const defaultGrace = 5 * time.Second

// The kinds of workloads that are told apart; of others only the controller
// ownerReference counts.
const (
	kindDeployment  = "Deployment"
	kindReplicaSet  = "ReplicaSet"
	kindStatefulSet = "StatefulSet"
	kindJob         = "Job"
	kindPod         = "Pod"
)

// Workload is an object that makes pods: a Deployment, StatefulSet, DaemonSet,
// ReplicaSet or Job.
type Workload struct{ Kind, Namespace, Name string }

func (w Workload) key() string { return w.Kind + "/" + w.Namespace + "/" + w.Name }

// Options of a Watcher.
type Options struct {
	// Wake is called with every release that follows a workload whose Trouble has
	// become another. It must not block; calls are not merged. Default: nobody is
	// told.
	Wake func(release string)
	// Grace is how long somebody must have waited for a workload of a namespace
	// before its pods are watched. Default: 5 seconds; most workloads are ready
	// before, and cost no watch.
	Grace time.Duration
	// Log for watches that fail. Default: none.
	Log logr.Logger
	// Client to watch and list with. Default: made from the rest.Config, without
	// client-side rate limit.
	Client kubernetes.Interface
}

// Watcher keeps in view the pods that somebody waits for. It is safe for concurrent
// use, and no method but Start and Explain blocks or calls the API.
type Watcher struct {
	client kubernetes.Interface
	wake   func(release string)
	grace  time.Duration
	log    logr.Logger

	mu         sync.Mutex
	ctx        context.Context //nolint:containedctx // the lifetime of the watches, which methods without a context begin
	stopped    bool
	running    sync.WaitGroup
	follows    map[string][]Workload
	followers  map[string]map[string]bool // the releases by the namespaces of what they follow
	namespaces map[string]*namespaceWatch
}

// New returns a Watcher that begins to watch with Start; Follow may be called before.
// The error is that of making the client.
func New(config *rest.Config, options Options) (*Watcher, error) {
	if options.Client == nil {
		config = rest.CopyConfig(config)
		config.QPS = -1 // the API server has its own fairness
		config.ContentType = runtime.ContentTypeProtobuf
		config.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
		var err error
		if options.Client, err = kubernetes.NewForConfig(config); err != nil {
			return nil, fmt.Errorf("make the client that watches pods: %w", err)
		}
	}
	if options.Wake == nil {
		options.Wake = func(string) {}
	}
	if options.Grace == 0 {
		options.Grace = defaultGrace
	}
	return &Watcher{
		client: options.Client, wake: options.Wake, grace: options.Grace, log: options.Log,
		follows: map[string][]Workload{}, followers: map[string]map[string]bool{}, namespaces: map[string]*namespaceWatch{},
	}, nil
}

// NeedLeaderElection says that only the leader watches.
func (w *Watcher) NeedLeaderElection() bool { return true }

// Start watches until the context ends. It implements manager.Runnable and can be
// called once.
func (w *Watcher) Start(ctx context.Context) error {
	w.mu.Lock()
	if w.ctx != nil {
		w.mu.Unlock()
		return errors.New("a pod watcher can be started once")
	}
	w.ctx = ctx
	for namespace := range w.followers {
		w.adjust(namespace) //nolint:contextcheck // it begins watches with the context that was just kept
	}
	w.mu.Unlock()

	<-ctx.Done()
	w.mu.Lock()
	w.stopped = true
	w.mu.Unlock()
	w.running.Wait()
	return nil
}

// Follow says what a release waits for, in place of what it said before; nothing ends
// it. The same workloads again change nothing. Ask for Trouble after it, not before:
// what is known already wakes nobody.
func (w *Watcher) Follow(release string, workloads []Workload) {
	workloads = slices.Clone(workloads)
	slices.SortFunc(workloads, func(a, b Workload) int { return strings.Compare(a.key(), b.key()) })
	workloads = slices.Compact(workloads)
	w.mu.Lock()
	defer w.mu.Unlock()
	before := w.follows[release]
	if slices.Equal(before, workloads) {
		return
	}
	if len(workloads) == 0 {
		delete(w.follows, release)
	} else {
		w.follows[release] = workloads
	}
	for _, namespace := range namespacesOf(slices.Concat(before, workloads)) {
		w.enlist(release, namespace)
		w.adjust(namespace)
	}
}

// namespacesOf lists the namespaces of workloads, each once.
func namespacesOf(workloads []Workload) []string {
	var out []string
	for _, workload := range workloads {
		if !slices.Contains(out, workload.Namespace) {
			out = append(out, workload.Namespace)
		}
	}
	return out
}

// enlist brings the followers of a namespace up to date with what a release follows.
// The lock is held.
func (w *Watcher) enlist(release, namespace string) {
	if slices.ContainsFunc(w.follows[release], func(f Workload) bool { return f.Namespace == namespace }) {
		if w.followers[namespace] == nil {
			w.followers[namespace] = map[string]bool{}
		}
		w.followers[namespace][release] = true
		return
	}
	delete(w.followers[namespace], release)
	if len(w.followers[namespace]) == 0 {
		delete(w.followers, namespace)
	}
}

// Trouble says in one sentence why the pods of a workload do not run: the worst
// reason that is found in them. It is empty when nothing is wrong, and when nothing is
// known: nobody follows a workload of the namespace, the grace is not over, or the
// pods have not been listed.
func (w *Watcher) Trouble(workload Workload) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.namespaces[workload.Namespace].trouble(workload)
}

// Explain says what Trouble would say, from one request in the workload's namespace: for
// a workload that nobody followed while it failed, like the Job of a hook. Pods that
// are gone by then explain nothing.
func (w *Watcher) Explain(ctx context.Context, workload Workload) (string, error) {
	if workload.Kind == kindPod {
		pod, err := w.client.CoreV1().Pods(workload.Namespace).Get(ctx, workload.Name, metav1.GetOptions{})
		if err != nil {
			return "", fmt.Errorf("read pod %s/%s: %w", workload.Namespace, workload.Name, err)
		}
		return reduce(pod).trouble.String(), nil
	}
	var options metav1.ListOptions
	if workload.Kind == kindJob {
		options.LabelSelector = labels.Set{batchv1.JobNameLabel: workload.Name}.String()
	}
	list, err := w.client.CoreV1().Pods(workload.Namespace).List(ctx, options)
	if err != nil {
		return "", fmt.Errorf("list the pods of %s %s/%s: %w", workload.Kind, workload.Namespace, workload.Name, err)
	}
	var found trouble
	for i := range list.Items {
		if p := reduce(&list.Items[i]); slices.Contains(p.workloads, workload) {
			found = worst(found, p.trouble)
		}
	}
	return found.String(), nil
}

// adjust begins the watch of a namespace if it is missing, or ends it if nobody needs
// it, and remembers what is known of every workload there that is followed. What it
// costs depends on that namespace alone. The lock is held.
func (w *Watcher) adjust(namespace string) {
	if w.ctx == nil || w.stopped {
		return
	}
	var followed []Workload
	for release := range w.followers[namespace] {
		for _, workload := range w.follows[release] {
			if workload.Namespace == namespace {
				followed = append(followed, workload)
			}
		}
	}
	n := w.namespaces[namespace]
	if len(followed) == 0 {
		if n != nil {
			n.cancel()
			delete(w.namespaces, namespace)
		}
		return
	}
	if n == nil {
		n = w.begin(namespace)
	}
	n.follow(followed)
}

// begin starts the watch of a namespace. The lock is held.
func (w *Watcher) begin(namespace string) *namespaceWatch {
	ctx, cancel := context.WithCancel(w.ctx)
	n := &namespaceWatch{
		namespace: namespace, client: w.client, grace: w.grace, events: w, cancel: cancel,
		log: w.log.WithValues("namespace", namespace), told: map[Workload]string{},
	}
	w.namespaces[namespace] = n
	w.running.Go(func() {
		defer cancel()
		n.run(ctx)
	})
	return n
}

// listed implements events.
func (w *Watcher) listed(n *namespaceWatch, store cache.Indexer) {
	w.mu.Lock()
	n.store = store
	woken := w.toWake(n, slices.Collect(maps.Keys(n.told)))
	w.mu.Unlock()
	w.wakeAll(woken)
}

// podChanged implements events.
func (w *Watcher) podChanged(n *namespaceWatch, workloads []Workload) {
	w.mu.Lock()
	woken := w.toWake(n, workloads)
	w.mu.Unlock()
	w.wakeAll(woken)
}

// toWake returns the releases that follow those of the workloads whose trouble has
// become another. The lock is held.
func (w *Watcher) toWake(n *namespaceWatch, workloads []Workload) []string {
	if w.namespaces[n.namespace] != n {
		return nil // this watch has been ended
	}
	changed := n.refresh(workloads)
	if len(changed) == 0 {
		return nil
	}
	var releases []string
	for release := range w.followers[n.namespace] {
		if slices.ContainsFunc(w.follows[release], func(f Workload) bool { return slices.Contains(changed, f) }) {
			releases = append(releases, release)
		}
	}
	return releases
}

func (w *Watcher) wakeAll(releases []string) {
	for _, release := range releases {
		w.wake(release)
	}
}
