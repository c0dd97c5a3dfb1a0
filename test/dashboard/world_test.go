// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package dashboard

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/bundles"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/dashboard"
	"github.com/groundwork-dev/groundwork/internal/resolve"
	"github.com/groundwork-dev/groundwork/internal/timeline"
	"github.com/groundwork-dev/groundwork/internal/values"
)

// Canaries: none of them may ever reach the browser.
const (
	canarySecret  = "canary-from-a-secret-4711"
	canaryWritten = "canary-written-in-values-0815"
)

// week1 are the components of the first tier.
var week1 = [...]string{
	"cert-manager", "ingress-nginx", "external-dns", "argo-cd", "gatekeeper", "kyverno", "velero",
	"prometheus", "loki", "grafana", "jaeger", "strimzi", "bank-vaults", "vault-secrets-webhook",
}

// world is a made-up cluster with the dashboard before it.
type world struct {
	t        *testing.T
	client   client.Client
	catalogs *catalog.Set
	url      string

	mu      sync.Mutex
	changed map[int]func()
	next    int
	broken  error
	stop    func()
}

// newWorld makes an empty cluster.
func newWorld(t *testing.T) *world {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	catalogs, err := catalog.Load(bundles.FS)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, catalogs: catalogs, changed: map[int]func(){}}
	w.client = fake.NewClientBuilder().WithScheme(scheme).
		WithStatusSubresource(&v1alpha1.PlatformBundle{}, &v1alpha1.ComponentRelease{}).Build()
	return w
}

// serve begins on an address; the end of the test ends it.
func (w *world) serve(address string) {
	w.t.Helper()
	server, err := dashboard.New(dashboard.Options{
		Address: "127.0.0.1:0", Log: logr.Discard(), Watch: w.watch,
		Source: dashboard.Source{Version: "v0.6.0", Reader: reader{w}, Catalogs: w.catalogs, Lookup: lookup},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	var config net.ListenConfig
	listener, err := config.Listen(w.t.Context(), "tcp", address)
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(w.t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx, listener) }()
	w.url = "http://" + listener.Addr().String() + dashboard.Path + "/"
	end := sync.OnceFunc(func() {
		stop()
		if err := <-ended; err != nil {
			w.t.Error(err)
		}
	})
	w.t.Cleanup(end)
	w.mu.Lock()
	w.stop = end
	w.mu.Unlock()
}

// serveProtected begins on a free port and lets in who says good-token-1.
func (w *world) serveProtected() {
	w.t.Helper()
	server, err := dashboard.New(dashboard.Options{
		Address: ":8443", Log: logr.Discard(), Watch: w.watch,
		Source: dashboard.Source{Version: "v0.6.0", Reader: reader{w}, Catalogs: w.catalogs, Lookup: lookup},
		Protect: func(next http.Handler) (http.Handler, error) {
			return http.HandlerFunc(func(answer http.ResponseWriter, r *http.Request) {
				switch r.Header.Get("Authorization") {
				case "Bearer good-token-1":
					next.ServeHTTP(answer, r)
				case "Bearer known":
					http.Error(answer, "Forbidden", http.StatusForbidden)
				case "":
					http.Error(answer, "Unauthorized", http.StatusUnauthorized)
				default:
					http.Error(answer, "Authentication failed", http.StatusInternalServerError)
				}
			}), nil
		},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	// Without TLS: the browser knows no authority that signed the certificate.
	plain := httptest.NewServer(server.Handler())
	w.t.Cleanup(func() {
		plain.CloseClientConnections()
		plain.Close()
	})
	w.url = plain.URL + dashboard.Path + "/"
}

// reader lets the cluster be unreadable.
type reader struct{ w *world }

// Get implements client.Reader.
func (r reader) Get(ctx context.Context, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
	return r.w.client.Get(ctx, key, o, opts...)
}

// List implements client.Reader.
func (r reader) List(ctx context.Context, list client.ObjectList, opts ...client.ListOption) error {
	r.w.mu.Lock()
	broken := r.w.broken
	r.w.mu.Unlock()
	if broken != nil {
		return broken
	}
	return r.w.client.List(ctx, list, opts...)
}

func (w *world) watch(_ context.Context, changed func()) (func(), error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.next++
	id := w.next
	w.changed[id] = changed
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.changed, id)
	}, nil
}

// touch says that something has changed.
func (w *world) touch() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, changed := range w.changed {
		changed()
	}
}

// breakReads makes every list fail; nil mends it.
func (w *world) breakReads(err error) {
	w.mu.Lock()
	w.broken = err
	w.mu.Unlock()
	w.touch()
}

func lookup(ref v1alpha1.ValuesReference) (content []byte, found, known bool) {
	if ref.Kind == "Secret" {
		return []byte("provider: {name: example, token: " + canarySecret + "}\nwebhook: " + canarySecret + "\n"), true, true
	}
	return []byte("logLevel: debug\n"), true, true
}

func (w *world) put(objects ...client.Object) {
	w.t.Helper()
	for _, object := range objects {
		wanted, ok := object.DeepCopyObject().(client.Object)
		if !ok {
			w.t.Fatalf("%T is no object", object)
		}
		err := w.client.Create(w.t.Context(), object)
		if _, record := object.(*corev1.Secret); record && (err == nil || apierrors.IsAlreadyExists(err)) {
			continue // bundles of the same components share these
		}
		if err != nil {
			w.t.Fatal(err)
		}
		wanted.SetResourceVersion(object.GetResourceVersion())
		if err := w.client.Status().Update(w.t.Context(), wanted); err != nil {
			w.t.Fatal(err)
		}
	}
}

// setState changes what a component of a bundle does.
func (w *world) setState(bundle, component string, state v1alpha1.ComponentState, message string) {
	w.t.Helper()
	var b v1alpha1.PlatformBundle
	if err := w.client.Get(w.t.Context(), client.ObjectKey{Name: bundle}, &b); err != nil {
		w.t.Fatal(err)
	}
	for i := range b.Status.Components {
		if b.Status.Components[i].Name == component {
			b.Status.Components[i].State, b.Status.Components[i].Message = state, message
		}
	}
	if err := w.client.Status().Update(w.t.Context(), &b); err != nil {
		w.t.Fatal(err)
	}
	w.touch()
}

// story is how a component of a made-up bundle is.
type story struct {
	state   v1alpha1.ComponentState
	message string
}

// bundle makes a PlatformBundle of components of the real catalog and their
// releases; stories are of those that are not Ready. Those that wait have no release.
func (w *world) bundle(name string, components []string, stories map[string]story, change func(*v1alpha1.PlatformBundle), own ...v1alpha1.Component) {
	w.t.Helper()
	b := &v1alpha1.PlatformBundle{ObjectMeta: metav1.ObjectMeta{Name: name, Generation: 3}}
	for _, c := range components {
		b.Spec.Components = append(b.Spec.Components, v1alpha1.Component{Name: c})
	}
	b.Spec.Components = append(b.Spec.Components, own...)
	resolved, err := resolve.Resolve(*b.Spec.DeepCopy(), "", w.catalogs)
	if err != nil {
		w.t.Fatal(err)
	}
	began := time.Now().Add(-40 * time.Second)
	finished := map[string]time.Time{}
	ready := 0
	b.Status.ObservedGeneration, b.Status.CatalogVersion = 3, resolved.CatalogVersion
	var releases []client.Object
	var timed []timeline.Component
	for _, c := range inOrder(resolved.Components) {
		told, other := stories[c.Name]
		if !other {
			told = story{state: v1alpha1.StateReady}
			ready++
		}
		b.Status.Components = append(b.Status.Components, v1alpha1.ComponentStatus{
			Name: c.Name, Version: c.TestedVersion, State: told.state, Reason: string(told.state), Message: told.message, Lifecycle: c.Lifecycle,
		})
		if told.state == v1alpha1.StateWaiting || told.state == v1alpha1.StatePreparing {
			continue
		}
		stages, end := stagesOf(c, began, finished, told.state)
		finished[c.Name] = end
		timed = append(timed, timeline.Component{Name: c.Name, DependsOn: c.DependsOn, Timeline: stages})
		releases = append(releases, w.release(name, c, told, stages))
		releases = append(releases, records(c)...)
	}
	slices.SortFunc(b.Status.Components, func(x, y v1alpha1.ComponentStatus) int {
		if x.Name < y.Name {
			return -1
		}
		return 1
	})
	b.Status.Ready = fmt.Sprintf("%d/%d", ready, len(resolved.Components))
	b.Status.Conditions = []metav1.Condition{{
		Type: "Ready", Status: "True", Reason: "Ready", Message: fmt.Sprintf("all %d components are ready", ready), LastTransitionTime: metav1.Now(),
	}}
	b.Status.Timeline = timeline.Sum(timed)
	if change != nil {
		change(b)
	}
	w.put(b)
	w.put(releases...)
}

// forty makes a bundle of the first tier and 26 charts of the user's own, which wait
// for each other in all sorts of ways, and returns the number of these.
func (w *world) forty() int {
	w.t.Helper()
	var own []v1alpha1.Component
	for i := range 26 {
		c := v1alpha1.Component{
			Name: fmt.Sprintf("team-%02d-service", i), Version: fmt.Sprintf("1.%d.0", i),
			Chart: &v1alpha1.ChartSource{Repository: "oci://registry.example.com/charts"},
		}
		switch {
		case i%5 == 0:
			c.DependsOn = []string{"cert-manager", "ingress-nginx"}
		case i%5 == 1:
			c.DependsOn = []string{own[i-1].Name, "prometheus"}
		case i%5 == 2:
			c.DependsOn = []string{"strimzi", "cert-manager"}
		case i%5 == 3:
			c.DependsOn = []string{own[i/2].Name, own[i-1].Name}
		}
		own = append(own, c)
	}
	w.bundle("everything", week1[:], nil, nil, own...)
	return len(own)
}

// inOrder puts dependencies first.
func inOrder(components []resolve.Component) []resolve.Component {
	var out []resolve.Component
	done := map[string]bool{}
	for len(out) < len(components) {
		for _, c := range components {
			waits := slices.ContainsFunc(c.DependsOn, func(on string) bool { return !done[on] })
			if !done[c.Name] && !waits {
				done[c.Name] = true
				out = append(out, c)
			}
		}
	}
	return out
}

func stagesOf(c resolve.Component, began time.Time, finished map[string]time.Time, state v1alpha1.ComponentState) (*v1alpha1.Timeline, time.Time) {
	at := func(t time.Time) *metav1.MicroTime { return &metav1.MicroTime{Time: t} }
	prepared := began.Add(time.Duration(900+70*len(c.Name)) * time.Millisecond)
	start := prepared.Add(50 * time.Millisecond)
	for _, on := range c.DependsOn {
		if finished[on].After(start) {
			start = finished[on].Add(20 * time.Millisecond)
		}
	}
	out := &v1alpha1.Timeline{
		Digest: "d", Generation: 3, Queued: at(began), Prepared: at(prepared), GatedBy: c.DependsOn,
		Approved: at(start), Began: at(start.Add(10 * time.Millisecond)),
	}
	if state == v1alpha1.StateInstalling || state == v1alpha1.StateFailed {
		return out, time.Now()
	}
	helm := start.Add(time.Duration(700+230*(len(c.Name)%7)) * time.Millisecond)
	out.Released, out.Hooks = at(helm), &metav1.Duration{Duration: time.Duration(len(c.Name)%3) * 400 * time.Millisecond}
	end := helm.Add(time.Duration(400+310*(len(c.Name)%5)) * time.Millisecond)
	if state == v1alpha1.StateProgressing {
		return out, time.Now()
	}
	out.Ready = at(end)
	return out, end
}

func (w *world) release(bundle string, c resolve.Component, told story, stages *v1alpha1.Timeline) *v1alpha1.ComponentRelease {
	w.t.Helper()
	defaults, err := values.ToJSON(c.Defaults)
	if err != nil {
		w.t.Fatal(err)
	}
	status := metav1.ConditionTrue
	if told.state != v1alpha1.StateReady {
		status = metav1.ConditionFalse
	}
	user := `{"adminPassword":"` + canaryWritten + `","replicas":2,"extraArgs":["--log-level=info","--api-token=` + canaryWritten + `"],"config":"a: 1\npassword: ` + canaryWritten + `\n"}`
	out := &v1alpha1.ComponentRelease{
		ObjectMeta: metav1.ObjectMeta{Name: v1alpha1.ReleaseName(bundle, c.Name)},
		Spec: v1alpha1.ComponentReleaseSpec{
			Bundle: bundle, Component: c.Name, CatalogVersion: c.CatalogVersion, Namespace: c.Namespace, ReleaseName: c.ReleaseName, DependsOn: c.DependsOn,
			Chart: v1alpha1.PinnedChart{
				Repository: c.Repository, Name: c.ChartName, Constraint: c.Constraint, Version: c.TestedVersion, Digest: "sha256:4c1f0a6d2b7e9c55",
			},
			InputsDigest: "91b2c07d55e1aa", Defaults: defaults, Values: &apiextensionsv1.JSON{Raw: []byte(user)},
			ValuesFrom: []v1alpha1.ValuesReference{{Kind: "ConfigMap", Name: "common"}, {Kind: "Secret", Name: c.Name + "-credentials"}},
			Drift:      v1alpha1.DriftCorrect, Timeout: &metav1.Duration{Duration: c.Timeout},
		},
		Status: v1alpha1.ComponentReleaseStatus{
			Revision: 2, Timeline: stages,
			Conditions: []metav1.Condition{
				{Type: "Ready", Status: status, Reason: string(told.state), Message: told.message, LastTransitionTime: metav1.NewTime(time.Now().Add(-31 * time.Second))},
				{Type: "Released", Status: "True", Reason: "Released", Message: "Helm revision 2 holds the approved inputs", LastTransitionTime: metav1.NewTime(time.Now().Add(-33 * time.Second))},
			},
		},
	}
	for _, layer := range c.Wiring {
		given, err := values.ToJSON(layer.Values)
		if err != nil {
			w.t.Fatal(err)
		}
		if given != nil {
			out.Spec.Wiring = append(out.Spec.Wiring, v1alpha1.WiredValues{Rule: layer.Rule, Values: *given})
		}
	}
	return out
}

// records are two Helm revisions.
func records(c resolve.Component) []client.Object {
	var out []client.Object
	for i, status := range []string{"superseded", "deployed"} {
		version := fmt.Sprint(i + 1)
		out = append(out, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{
			Namespace: c.Namespace, Name: fmt.Sprintf("sh.helm.release.v1.%s.v%s", c.ReleaseName, version),
			Labels: map[string]string{
				"owner": "helm", "name": c.ReleaseName, "version": version, "status": status, "modifiedAt": fmt.Sprint(time.Now().Unix() - 3600 + int64(i)*3500),
				v1alpha1.RevisionLabel: version, v1alpha1.InputsDigestLabel: "91b2c07d55e1aa", v1alpha1.ReadyLabel: version,
			},
		}})
	}
	return out
}
