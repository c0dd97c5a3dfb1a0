// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package operator_test

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/operator"
	"github.com/groundwork-dev/groundwork/internal/shard"
)

// patience is for machines that are busy.
const patience = time.Minute

// TestShards runs the operators of two shards and the one without, each with a lease and
// a cache of its own, on one API server and with Helm.
func TestShards(t *testing.T) {
	if os.Getenv("KUBEBUILDER_ASSETS") == "" {
		t.Skip("KUBEBUILDER_ASSETS is not set: run \"make test-envtest\", which builds an API server first")
	}
	w := newShardWorld(t)
	for _, name := range []string{"a", "b", ""} {
		w.members[name] = w.run(t, name)
	}
	t.Run("EachBundleHasOneOperator", w.eachHasOne)
	t.Run("AMoveDuringAnInstall", w.moveDuringInstall)
	t.Run("ThereAndBack", w.thereAndBack)
	t.Run("OneHelmReleaseIsClaimedOnce", w.claimedOnce)
	t.Run("AnOperatorThatHasEnded", w.ended)
}

// eachHasOne: every bundle becomes Ready by the writes of one operator alone, and one of
// a shard that nobody serves is left alone by all.
func (w *shardWorld) eachHasOne(t *testing.T) {
	shards := map[string]string{"first-of-a": "a", "second-of-a": "a", "only-of-b": "b", "of-nobody-in-particular": "", "unserved": "zz"}
	for name, of := range shards {
		w.create(t, name, of, "plain")
	}
	for name, of := range shards {
		if of != "zz" {
			w.ready(t, name, of)
		}
	}
	for name, of := range shards {
		for is, member := range w.members {
			if wrote := member.wrote(name); len(wrote) > 0 && is != of {
				t.Errorf("the operator %q wrote about %s, which is of %q: %v", is, name, of, wrote)
			} else if len(wrote) == 0 && is == of {
				t.Errorf("the operator %q wrote nothing about %s", is, name)
			}
		}
	}
	if bundle := w.bundle(t, "unserved"); len(bundle.Finalizers) > 0 || len(bundle.Status.Conditions) > 0 {
		t.Errorf("somebody has looked at the bundle of nobody: %+v", bundle)
	}
}

// moveDuringInstall moves a bundle while Helm waits for a hook: the old operator ends
// what it has begun, the new one does nothing before, and nothing after that is done twice.
func (w *shardWorld) moveDuringInstall(t *testing.T) {
	w.create(t, "moving", "a", "hooked")
	hook := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "moving", Name: "hooked-hook"}}
	w.until(t, "the hook is there", func() bool { return w.Get(t.Context(), client.ObjectKeyFromObject(hook), hook) == nil })
	w.move(t, "moving", "b")
	w.until(t, "the new operator waits", func() bool {
		ready := meta.FindStatusCondition(w.bundle(t, "moving").Status.Conditions, v1alpha1.ConditionReady)
		return ready != nil && ready.Reason == v1alpha1.ReasonHandingOver
	})
	if release := w.release(t, "moving.hooked"); shard.Of(release) != "a" {
		t.Errorf("the release was handed over during the install: it is of %q", shard.Of(release))
	}
	if wrote := slices.DeleteFunc(w.members["b"].wrote("moving"), about("platformbundles/moving", "/events")); len(wrote) > 0 {
		t.Errorf("the new operator has written: %v", wrote)
	}
	records := w.records(t, "moving")
	if len(records) != 1 || records[0].status != "pending-install" || records[0].shard != "a" {
		t.Errorf("the records are %+v", records)
	}

	hook.Status.Phase = corev1.PodSucceeded
	if err := w.Status().Update(t.Context(), hook); err != nil {
		t.Fatal(err)
	}
	w.ready(t, "moving", "b")
	want := []record{{"v1", "deployed", "a"}}
	if diff := cmp.Diff(want, w.records(t, "moving"), cmp.AllowUnexported(record{})); diff != "" {
		t.Errorf("records after the move (-want +got):\n%s", diff)
	}
	if release := w.release(t, "moving.hooked"); shard.Of(release) != "b" || release.Status.Timeline == nil || release.Status.Timeline.Released == nil {
		t.Errorf("it is of %q, and what the job of the old operator left was lost: %+v", shard.Of(release), release.Status)
	}

	bundle := w.bundle(t, "moving")
	bundle.Spec.Components[0].Values = values(`{"text":"changed"}`)
	if err := w.Update(t.Context(), bundle); err != nil {
		t.Fatal(err)
	}
	want = []record{{"v1", "superseded", "a"}, {"v2", "deployed", "b"}}
	w.until(t, "the new operator has upgraded", func() bool {
		return cmp.Equal(want, w.records(t, "moving"), cmp.AllowUnexported(record{}))
	})
}

// thereAndBack moves a bundle again and again as fast as it goes: it ends where its
// label says, and Helm is not called for that.
func (w *shardWorld) thereAndBack(t *testing.T) {
	w.create(t, "restless", "a", "plain")
	w.ready(t, "restless", "a")
	for _, to := range []string{"b", "a", "", "b", "", "a", "b", "a"} {
		w.move(t, "restless", to)
	}
	w.ready(t, "restless", "a")
	for _, to := range []string{"b", ""} {
		w.move(t, "restless", to)
		w.ready(t, "restless", to)
	}
	if diff := cmp.Diff([]record{{"v1", "deployed", "a"}}, w.records(t, "restless"), cmp.AllowUnexported(record{})); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

// claimedOnce: a Helm release belongs to the bundle that claimed it first, whichever
// operators they have; also when the other one could not see it in time.
func (w *shardWorld) claimedOnce(t *testing.T) {
	ctx := t.Context()
	w.create(t, "claims-first", "a", "plain")
	w.ready(t, "claims-first", "a")
	second := w.newBundle("claims-second", "b", "plain")
	second.Spec.Components[0].Namespace = "claims-first"
	if err := w.Create(ctx, second); err != nil {
		t.Fatal(err)
	}
	w.until(t, "the second claim is refused", func() bool {
		stalled := meta.FindStatusCondition(w.bundle(t, "claims-second").Status.Conditions, v1alpha1.ConditionStalled)
		return stalled != nil && stalled.Reason == v1alpha1.ReasonReleaseClaimedTwice
	})
	if err := w.Get(ctx, client.ObjectKey{Name: "claims-second.plain"}, &v1alpha1.ComponentRelease{}); !apierrors.IsNotFound(err) {
		t.Errorf("its release was approved: %v", err)
	}

	// As approved by an operator that had not seen the first one yet.
	late := &v1alpha1.ComponentRelease{
		ObjectMeta: metav1.ObjectMeta{Name: "late.plain", Labels: map[string]string{v1alpha1.ShardLabel: "b"}},
		Spec:       w.release(t, "claims-first.plain").Spec,
	}
	late.Spec.Bundle = "late"
	if err := w.Create(ctx, late); err != nil {
		t.Fatal(err)
	}
	reason := func(kind string) string {
		if found := meta.FindStatusCondition(w.release(t, "late.plain").Status.Conditions, kind); found != nil {
			return found.Reason
		}
		return ""
	}
	w.until(t, "the late claim gives way", func() bool {
		return reason(v1alpha1.ConditionStalled) == v1alpha1.ReasonReleaseClaimedTwice
	})
	first := w.bundle(t, "claims-first")
	if err := w.Delete(ctx, first); err != nil { // its release is orphaned
		t.Fatal(err)
	}
	w.until(t, "the late claim is served when the first is gone", func() bool { return reason(v1alpha1.ConditionReady) == v1alpha1.ReasonReady })

	rival := &v1alpha1.ComponentRelease{
		ObjectMeta: metav1.ObjectMeta{Name: "later.plain", Labels: map[string]string{v1alpha1.ShardLabel: "a"}}, Spec: *late.Spec.DeepCopy(),
	}
	rival.Spec.Bundle, rival.Spec.Removal = "later", v1alpha1.RemovalUninstall
	if err := w.Create(ctx, rival); err != nil {
		t.Fatal(err)
	}
	w.until(t, "what never had the release is removed", func() bool { return w.release(t, "later.plain").Status.Removed })
	if diff := cmp.Diff([]record{{"v1", "deployed", "a"}}, w.records(t, "claims-first"), cmp.AllowUnexported(record{})); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

// ended moves a bundle away from an operator that has given its lease back.
func (w *shardWorld) ended(t *testing.T) {
	w.create(t, "left-behind", "a", "plain")
	w.ready(t, "left-behind", "a")
	w.members["a"].stop(t)
	w.move(t, "left-behind", "b")
	w.ready(t, "left-behind", "b")
	release := w.release(t, "left-behind.plain")
	if giver := release.Annotations[v1alpha1.HandedOverAnnotation]; giver != "a" {
		t.Errorf("taken over from %q", giver)
	}
	if diff := cmp.Diff([]record{{"v1", "deployed", "a"}}, w.records(t, "left-behind"), cmp.AllowUnexported(record{})); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

// shardWorld is an API server with operators, and a folder of charts.
type shardWorld struct {
	client.Client
	config  *rest.Config
	charts  string
	members map[string]*member // by shard
}

func newShardWorld(t *testing.T) *shardWorld {
	t.Helper()
	environment := &envtest.Environment{CRDDirectoryPaths: []string{"../../config/crd/bases"}, ErrorIfCRDPathMissing: true}
	config, err := environment.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := environment.Stop(); err != nil {
			t.Error(err)
		}
	})
	scheme := runtime.NewScheme()
	if err := errors.Join(v1alpha1.AddToScheme(scheme), clientgoscheme.AddToScheme(scheme)); err != nil {
		t.Fatal(err)
	}
	config.QPS = -1
	w := &shardWorld{config: config, charts: t.TempDir(), members: map[string]*member{}}
	if w.Client, err = client.New(config, client.Options{Scheme: scheme}); err != nil {
		t.Fatal(err)
	}
	const configMap = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Chart.Name }}}\ndata: {text: '{{ .Values.text }}'}\n"
	const hook = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: hooked-hook\n  annotations: {helm.sh/hook: pre-install}\n" +
		"spec: {containers: [{name: a, image: a}]}\n"
	packChart(t, w.charts, "plain", map[string]string{"configmap": configMap})
	packChart(t, w.charts, "hooked", map[string]string{"configmap": configMap, "hook": hook})
	return w
}

// packChart writes a chart's archive into a folder.
func packChart(t *testing.T, folder, name string, templates map[string]string) {
	t.Helper()
	file, err := os.Create(filepath.Join(folder, name+"-1.0.0.tgz"))
	if err != nil {
		t.Fatal(err)
	}
	zipped := gzip.NewWriter(file)
	archive := tar.NewWriter(zipped)
	add := func(path, data string) {
		header := &tar.Header{Typeflag: tar.TypeReg, Name: name + "/" + path, Mode: 0o600, Size: int64(len(data))}
		if err := archive.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(archive, data); err != nil {
			t.Fatal(err)
		}
	}
	add("Chart.yaml", "apiVersion: v2\nname: "+name+"\nversion: 1.0.0\n")
	add("values.yaml", "text: plain\n")
	for template, data := range templates {
		add("templates/"+template+".yaml", data)
	}
	if err := errors.Join(archive.Close(), zipped.Close(), file.Close()); err != nil {
		t.Fatal(err)
	}
}

// member is the operator of a shard, and what it has written.
type member struct {
	cancel context.CancelFunc
	ended  chan error

	mu     sync.Mutex
	writes []string
}

// run runs the operator of a shard until the test ends.
func (w *shardWorld) run(t *testing.T, name string) *member {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	m := &member{cancel: cancel, ended: make(chan error, 1)}
	config := rest.CopyConfig(w.config)
	config.WrapTransport = func(next http.RoundTripper) http.RoundTripper { return &observed{next, m} }
	folder := t.TempDir()
	go func() {
		m.ended <- operator.Run(ctx, config, operator.Options{
			Shard: name, LeaderElection: true, LeaderNamespace: "default", ChartMirror: w.charts, ChartCache: folder,
			MetricsAddress: "0", ProbeAddress: "0", SkipNameValidation: true, Registry: prometheus.NewRegistry(), ActionGrace: time.Second,
		})
	}()
	t.Cleanup(func() { m.stop(t) })
	return m
}

// stop ends it in good order, once.
func (m *member) stop(t *testing.T) {
	t.Helper()
	m.cancel()
	if err := <-m.ended; err != nil {
		t.Error(err)
	}
	m.ended <- nil
}

// wrote are its writes that name a bundle; each is a method, a path and a body.
func (m *member) wrote(bundle string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(m.writes), func(write string) bool { return !strings.Contains(write, bundle) })
}

// about says which writes have one of these in their path.
func about(parts ...string) func(write string) bool {
	return func(write string) bool {
		path, _, _ := strings.Cut(write, "\n")
		return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(path, part) })
	}
}

// observed notes what a member writes.
type observed struct {
	next http.RoundTripper
	m    *member
}

func (o *observed) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Method != http.MethodGet && request.Body != nil {
		body, err := io.ReadAll(request.Body)
		if err != nil {
			return nil, err
		}
		request = request.Clone(request.Context())
		request.Body = io.NopCloser(strings.NewReader(string(body)))
		o.m.mu.Lock()
		o.m.writes = append(o.m.writes, fmt.Sprintf("%s %s\n%s", request.Method, request.URL.Path, body))
		o.m.mu.Unlock()
	}
	return o.next.RoundTrip(request)
}

// record is one of Helm's: its version, its status, and the shard of its holder.
type record struct{ version, status, shard string }

func (w *shardWorld) records(t *testing.T, namespace string) []record {
	t.Helper()
	var list corev1.SecretList
	if err := w.List(t.Context(), &list, client.InNamespace(namespace), client.MatchingLabels{"owner": "helm"}); err != nil {
		t.Fatal(err)
	}
	var out []record
	for i := range list.Items {
		labels := list.Items[i].Labels
		out = append(out, record{"v" + labels["version"], labels["status"], shard.OfHolder(labels[v1alpha1.HolderLabel])})
	}
	slices.SortFunc(out, func(a, b record) int { return strings.Compare(a.version, b.version) })
	return out
}

// newBundle has one component, in a namespace of the bundle's name.
func (w *shardWorld) newBundle(name, of, chart string) *v1alpha1.PlatformBundle {
	bundle := &v1alpha1.PlatformBundle{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if of != "" {
		bundle.Labels = map[string]string{v1alpha1.ShardLabel: of}
	}
	bundle.Spec.Components = []v1alpha1.Component{{
		Name: chart, Namespace: name, Version: "1.0.0", Chart: &v1alpha1.ChartSource{Repository: "https://charts.example.com"},
	}}
	return bundle
}

func (w *shardWorld) create(t *testing.T, name, of, chart string) {
	t.Helper()
	if err := w.Create(t.Context(), w.newBundle(name, of, chart)); err != nil {
		t.Fatal(err)
	}
}

func values(raw string) *apiextensionsv1.JSON { return &apiextensionsv1.JSON{Raw: []byte(raw)} }

func (w *shardWorld) move(t *testing.T, name, to string) {
	t.Helper()
	patch := fmt.Sprintf(`{"metadata":{"labels":{%q:%q}}}`, v1alpha1.ShardLabel, to)
	if err := w.Patch(t.Context(), w.bundle(t, name), client.RawPatch("application/merge-patch+json", []byte(patch))); err != nil {
		t.Fatal(err)
	}
}

func (w *shardWorld) bundle(t *testing.T, name string) *v1alpha1.PlatformBundle {
	t.Helper()
	out := &v1alpha1.PlatformBundle{}
	if err := w.Get(t.Context(), client.ObjectKey{Name: name}, out); err != nil {
		t.Fatal(err)
	}
	return out
}

func (w *shardWorld) release(t *testing.T, name string) *v1alpha1.ComponentRelease {
	t.Helper()
	out := &v1alpha1.ComponentRelease{}
	if err := w.Get(t.Context(), client.ObjectKey{Name: name}, out); err != nil {
		t.Fatal(err)
	}
	return out
}

// ready waits until a bundle is Ready and its release is of a shard.
func (w *shardWorld) ready(t *testing.T, name, of string) {
	t.Helper()
	w.until(t, fmt.Sprintf("%s is Ready in shard %q", name, of), func() bool {
		bundle := w.bundle(t, name)
		var releases v1alpha1.ComponentReleaseList
		if err := w.List(t.Context(), &releases, client.MatchingLabels{v1alpha1.BundleLabel: name}); err != nil {
			t.Fatal(err)
		}
		return len(releases.Items) == 1 && shard.Of(&releases.Items[0]) == of &&
			meta.IsStatusConditionTrue(bundle.Status.Conditions, v1alpha1.ConditionReady)
	})
}

func (w *shardWorld) until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	err := wait.PollUntilContextTimeout(t.Context(), 20*time.Millisecond, patience, true, func(context.Context) (bool, error) { return holds(), nil })
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}
