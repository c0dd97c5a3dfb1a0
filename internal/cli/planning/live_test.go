// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package planning

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/bundles"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/chart"
	"github.com/groundwork-dev/groundwork/internal/cli"
	"github.com/groundwork-dev/groundwork/internal/cli/planning/rehearsal"
	"github.com/groundwork-dev/groundwork/internal/cluster"
	"github.com/groundwork-dev/groundwork/internal/helm"
)

// bench is a real API server with what an operator would have left there.
type bench struct {
	config     *rest.Config
	client     client.Client
	kubeconfig string
	charts     string
}

func newBench(t *testing.T) *bench {
	t.Helper()
	if os.Getenv("KUBEBUILDER_ASSETS") == "" {
		t.Skip(`KUBEBUILDER_ASSETS is not set: run "make test-envtest", which builds an API server first`)
	}
	server := &envtest.Environment{CRDDirectoryPaths: []string{"../../../config/crd/bases"}, ErrorIfCRDPathMissing: true}
	config, err := server.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	b := &bench{config: config, kubeconfig: filepath.Join(t.TempDir(), "kubeconfig"), charts: shelf(t)}
	if err := os.WriteFile(b.kubeconfig, server.KubeConfig, 0o600); err != nil {
		t.Fatal(err)
	}
	if b.client, err = client.New(config, client.Options{Scheme: cli.Scheme()}); err != nil {
		t.Fatal(err)
	}
	return b
}

// install does what the operator does with a bundle: releases, and what it approved.
func (b *bench) install(t *testing.T, text string) {
	t.Helper()
	catalogs, err := catalog.Load(bundles.FS)
	if err != nil {
		t.Fatal(err)
	}
	read, err := readBundle(&cli.Env{}, write(t, text))
	if err != nil {
		t.Fatal(err)
	}
	served, err := cluster.NewKinds(discovery.NewDiscoveryClientForConfigOrDie(b.config))
	if err != nil {
		t.Fatal(err)
	}
	fetched, err := chart.New(chart.Options{CacheDir: t.TempDir(), Mirror: b.charts})
	if err != nil {
		t.Fatal(err)
	}
	stage, err := rehearsal.New(b.config, rehearsal.Live(served), fetched)
	if err != nil {
		t.Fatal(err)
	}
	s := &side{bundle: read, mask: &mask{}, stage: stage, note: t.Logf, references: live{client: b.client}.reference}
	if err := s.resolve(t.Context(), catalogs); err != nil {
		t.Fatal(err)
	}
	s.render(t.Context())
	engine, err := helm.New(helm.Options{Config: b.config, Kinds: served, Charts: fetched, Identity: "operator",
		Wait: func(context.Context, string, []helm.Applied) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.client.Create(t.Context(), read); err != nil {
		t.Fatal(err)
	}
	for _, c := range s.components {
		if c.Trouble != nil {
			t.Fatal(c.Trouble)
		}
		b.release(t, engine, s, c)
	}
}

func (b *bench) release(t *testing.T, engine *helm.Engine, s *side, c *component) {
	t.Helper()
	if err := b.client.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: c.Namespace}}); err != nil {
		t.Fatal(err)
	}
	request := s.request(c)
	_, err := engine.Install(t.Context(), helm.Request{
		Release: request.Release, Owner: request.Owner, Chart: c.rendered.Chart, Source: c.source, Values: c.merged,
		Capabilities: c.rendered.Capabilities, Digest: c.digest, Timeout: 10 * time.Second, HistoryLimit: 5,
	})
	if err != nil {
		t.Fatal(err)
	}
	release := &v1alpha1.ComponentRelease{ObjectMeta: metav1.ObjectMeta{
		Name: request.Owner, Labels: map[string]string{v1alpha1.BundleLabel: s.bundle.Name},
	}}
	release.Spec = v1alpha1.ComponentReleaseSpec{
		Bundle: s.bundle.Name, Component: c.Name, Namespace: c.Namespace, ReleaseName: c.ReleaseName, InputsDigest: c.digest, DependsOn: c.DependsOn,
		Chart: v1alpha1.PinnedChart{
			Repository: c.Repository, Name: c.ChartName, Constraint: c.Constraint, Version: c.rendered.Chart.Version, Digest: c.rendered.Chart.Digest,
		},
	}
	if err := b.client.Create(t.Context(), release); err != nil {
		t.Fatal(err)
	}
}

func (b *bench) plan(t *testing.T, text string) string {
	t.Helper()
	catalogs, err := catalog.Load(bundles.FS)
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	flags := genericclioptions.NewConfigFlags(false)
	flags.KubeConfig = &b.kubeconfig
	env := &cli.Env{Out: &stdout, Err: &stderr, Config: flags, Catalogs: catalogs, Now: time.Now}
	command := Command(env)
	command.SilenceErrors, command.SilenceUsage = true, true
	command.SetArgs([]string{"-f", write(t, text), "--chart-mirror", b.charts, "--chart-cache", t.TempDir()})
	if code := cli.Code(command.ExecuteContext(t.Context()), &stderr); code != cli.ExitOK {
		t.Fatalf("exit code %d: %s", code, stderr.String())
	}
	return stdout.String()
}

// state is the version of everything that a plan could have written.
func (b *bench) state(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, list := range []client.ObjectList{
		&corev1.SecretList{}, &corev1.ConfigMapList{}, &corev1.NamespaceList{}, &v1alpha1.PlatformBundleList{}, &v1alpha1.ComponentReleaseList{},
	} {
		if err := b.client.List(t.Context(), list); err != nil {
			t.Fatal(err)
		}
		items, err := meta.ExtractList(list)
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range items {
			object, err := meta.Accessor(item)
			if err != nil {
				t.Fatal(err)
			}
			out[fmt.Sprintf("%T %s/%s", item, object.GetNamespace(), object.GetName())] = object.GetResourceVersion()
		}
	}
	return out
}

func TestLive(t *testing.T) {
	b := newBench(t)
	web := func(version, more string) string {
		return own("web", version, ", values: {pin: canary-live-1"+more+"}")
	}
	fresh := b.plan(t, bundle(web("1.0.0", "")+own("car", "1.0.0", "")))
	if !strings.HasPrefix(fresh, "Bundle cars against the cluster: 2 installs") {
		t.Errorf("nothing is there yet:\n%s", fresh)
	}
	b.install(t, bundle(web("1.0.0", "")+own("car", "1.0.0", "")))
	before := b.state(t)
	for name, tc := range map[string]struct {
		text string
		want []string
	}{
		"nothing changes": {bundle(web("1.0.0", "") + own("car", "1.0.0", "")), []string{"against the cluster: no changes", "Unchanged: car, web"}},
		"an upgrade": {bundle(web("1.1.0", ", replicas: 3") + own("car", "1.0.0", "")), []string{
			"against the cluster: 1 upgrade", "~ web 1.0.0 → 1.1.0 (web/web)", "spec.replicas: 1 → 3", "Restart: Deployment web/web", "Unchanged: car",
		}},
		"a removal": {bundle(web("1.0.0", "")), []string{"1 removal", "- car 1.0.0 (car/car)", "- ConfigMap car/car"}},
		"an installation": {bundle(web("1.0.0", "") + own("car", "1.0.0", "") + own("wheels", "1.0.0", "")), []string{
			"+ wheels 1.0.0", "+ CustomResourceDefinition wheels.cars.example.com", "~ car 1.0.0", "+ Wheel car/front",
		}},
		"a move": {bundle(own("web", "1.0.0", ", namespace: elsewhere")), []string{"1 removal, 1 refusal", "cannot move to elsewhere/web"}},
	} {
		t.Run(name, func(t *testing.T) {
			out := b.plan(t, tc.text)
			for _, want := range tc.want {
				if !strings.Contains(out, want) {
					t.Errorf("%q is missing:\n%s", want, out)
				}
			}
			if strings.Contains(out, "canary") {
				t.Errorf("it shows a secret:\n%s", out)
			}
		})
	}
	if diff := cmp.Diff(before, b.state(t)); diff != "" {
		t.Errorf("a plan has written something (-before +after)\n%s", diff)
	}
}
