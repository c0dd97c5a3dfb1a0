// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"helm.sh/helm/v3/pkg/action"
	helmrelease "helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/test/charts"
)

// stranger is Helm's own client, as a person runs it.
type stranger struct{ namespace string }

func (stranger) ToRESTConfig() (*rest.Config, error) { return rest.CopyConfig(config), nil }

func (stranger) ToDiscoveryClient() (discovery.CachedDiscoveryInterface, error) {
	return memory.NewMemCacheClient(discovery.NewDiscoveryClientForConfigOrDie(config)), nil
}

func (s stranger) ToRESTMapper() (meta.RESTMapper, error) {
	client, err := s.ToDiscoveryClient()
	return restmapper.NewDeferredDiscoveryRESTMapper(client), err
}

func (s stranger) ToRawKubeConfigLoader() clientcmd.ClientConfig {
	return clientcmd.NewDefaultClientConfig(clientcmdapi.Config{}, &clientcmd.ConfigOverrides{
		Context: clientcmdapi.Context{Namespace: s.namespace},
	})
}

func (b *bench) helmClient(t *testing.T) *action.Configuration {
	t.Helper()
	out := &action.Configuration{}
	if err := out.Init(stranger{b.request.Namespace}, b.request.Namespace, "secret", t.Logf); err != nil {
		t.Fatal(err)
	}
	return out
}

// helmInstall and helmUpgrade are what a person does.
func (b *bench) helmInstall(t *testing.T) {
	t.Helper()
	install := action.NewInstall(b.helmClient(t))
	install.ReleaseName, install.Namespace, install.DisableOpenAPIValidation = b.request.Name, b.request.Namespace, true
	loaded, err := b.shelf.build()
	if err != nil {
		t.Fatal(err)
	}
	_, err = install.RunWithContext(t.Context(), loaded, b.request.Values)
	if err != nil && strings.Contains(err.Error(), "accessor error") {
		// The SDK reads a definition of crds/ before it has conditions and gives up;
		// nothing is recorded yet.
		_, err = install.RunWithContext(t.Context(), loaded, b.request.Values)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (b *bench) helmUpgrade(t *testing.T) {
	t.Helper()
	upgrade := action.NewUpgrade(b.helmClient(t))
	upgrade.Namespace, upgrade.DisableOpenAPIValidation = b.request.Namespace, true
	loaded, err := b.shelf.build()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := upgrade.RunWithContext(t.Context(), b.request.Name, loaded, b.request.Values); err != nil {
		t.Fatal(err)
	}
}

// leave rewrites the status of a record with the SDK's own driver.
func (b *bench) leave(t *testing.T, revision int, status string) {
	t.Helper()
	store := driver.NewSecrets(b.client.CoreV1().Secrets(b.request.Namespace))
	rls, err := store.Get(b.key(revision))
	if err != nil {
		t.Fatal(err)
	}
	rls.Info.Status = helmrelease.Status(status)
	if err := store.Update(b.key(revision), rls); err != nil {
		t.Fatal(err)
	}
}

func (b *bench) key(revision int) string {
	return fmt.Sprintf("sh.helm.release.v1.%s.v%d", b.request.Name, revision)
}

// extra is a template with one more ConfigMap.
func extra(name string) charts.ChartOption {
	return charts.WithTemplate(name+".yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "+name+"}\ndata: {from: chart}\n")
}

// broken is a template that the API server refuses, after all ConfigMaps.
func broken() charts.ChartOption {
	return charts.WithTemplate("broken.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: broken}\nspec: {type: Nonsense}\n")
}

func object(kind, namespace, name string) helm.Object {
	return helm.Object{GroupVersionKind: schema.GroupVersionKind{Version: "v1", Kind: kind}, Namespace: namespace, Name: name}
}

func (b *bench) has(t *testing.T, name string) bool {
	t.Helper()
	_, err := b.client.CoreV1().ConfigMaps(b.request.Namespace).Get(t.Context(), name, metav1.GetOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		t.Fatal(err)
	}
	return err == nil
}

// put makes a ConfigMap by hand.
func (b *bench) put(t *testing.T, name string, change func(*corev1.ConfigMap)) *corev1.ConfigMap {
	t.Helper()
	made := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}, Data: map[string]string{"from": "hand"}}
	if change != nil {
		change(made)
	}
	out, err := b.client.CoreV1().ConfigMaps(b.request.Namespace).Create(t.Context(), made, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (b *bench) patch(t *testing.T, name, patch string) {
	t.Helper()
	_, err := b.client.CoreV1().ConfigMaps(b.request.Namespace).Patch(
		t.Context(), name, types.MergePatchType, []byte(patch), metav1.PatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

// release installs or upgrades with these inputs and fails the test on error.
func (b *bench) release(t *testing.T, digest string, opts ...charts.ChartOption) helm.Result {
	t.Helper()
	b.stock(opts...)
	b.request.Digest = digest
	act := b.Upgrade
	if len(b.revisions(t)) == 0 {
		act = b.Install
	}
	result, err := act(t.Context(), b.request)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// counts makes the bench's engine count the requests that match.
func (b *bench) counts(t *testing.T, match func(*http.Request) bool) *atomic.Int32 {
	t.Helper()
	counter := &atomic.Int32{}
	counted := rest.CopyConfig(config)
	counted.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return counting{RoundTripper: next, match: match, counter: counter}
	})
	engine, err := helm.New(helm.Options{Config: counted, Kinds: b.kinds, Charts: b.shelf, Identity: "me"})
	if err != nil {
		t.Fatal(err)
	}
	b.Engine = engine
	return counter
}

// counting is a transport that counts.
type counting struct {
	http.RoundTripper
	match   func(*http.Request) bool
	counter *atomic.Int32
}

func (c counting) RoundTrip(request *http.Request) (*http.Response, error) {
	if c.match(request) {
		c.counter.Add(1)
	}
	return c.RoundTripper.RoundTrip(request)
}

func (b *bench) rollback(to int, failed string) helm.RollbackRequest {
	return helm.RollbackRequest{
		Release: b.request.Release, Owner: b.request.Owner, To: to, FailedDigest: failed,
		Timeout: b.request.Timeout, HistoryLimit: b.request.HistoryLimit,
	}
}

// statuses of all records, oldest first.
func (b *bench) statuses(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, revision := range b.revisions(t) {
		out = append(out, string(revision.Status))
	}
	return out
}
