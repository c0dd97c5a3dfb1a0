// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package catalogs_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/bundles"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/cli"
	"github.com/groundwork-dev/groundwork/internal/cli/catalogs"
)

func run(t *testing.T, objects []client.Object, args ...string) (code int, out, said string) {
	t.Helper()
	set, err := catalog.Load(bundles.FS)
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	env := &cli.Env{Out: &stdout, Err: &stderr, Catalogs: set}
	env.UseClient(fake.NewClientBuilder().WithScheme(cli.Scheme()).WithObjects(objects...).Build())
	command := catalogs.Command(env)
	command.SilenceErrors, command.SilenceUsage = true, true
	command.SetArgs(args)
	code = cli.Code(command.ExecuteContext(t.Context()), &stderr)
	return code, stdout.String(), stderr.String()
}

func TestList(t *testing.T) {
	_, out, _ := run(t, nil, "list", "-o", "json")
	var entries []catalogs.Entry
	if err := json.Unmarshal([]byte(out), &entries); err != nil {
		t.Fatal(err)
	}
	set, err := catalog.Load(bundles.FS)
	if err != nil {
		t.Fatal(err)
	}
	newest, err := set.Get(set.Newest())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name)
		if e.Version == "" || e.Category == "" || e.Lifecycle == "" {
			t.Errorf("%s is incomplete: %+v", e.Name, e)
		}
	}
	if diff := cmp.Diff(newest.Names(), names); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if _, table, _ := run(t, nil, "list"); strings.Count(table, "\n") != len(names)+1 {
		t.Errorf("the table has other lines:\n%s", table)
	}
}

func TestShow(t *testing.T) {
	code, out, _ := run(t, nil, "show", "ingress-nginx")
	for _, want := range []string{"lifecycle    Retired since 2026-03-31", "Successors: envoy-gateway, traefik", "release      ingress-nginx/ingress-nginx"} {
		if code != cli.ExitOK || !strings.Contains(out, want) {
			t.Errorf("%q is missing:\n%s", want, out)
		}
	}
	code, _, said := run(t, nil, "show", "cert-manger")
	if code != cli.ExitFailed || !strings.Contains(said, `did you mean "cert-manager"?`) {
		t.Errorf("exit code %d, it says %s", code, said)
	}
}

func TestOutdated(t *testing.T) {
	bundle := &v1alpha1.PlatformBundle{ObjectMeta: metav1.ObjectMeta{Name: "week1"}}
	bundle.Spec.Components = []v1alpha1.Component{{Name: "cert-manager", Version: "v1.0.x"}, {Name: "loki"}, {Name: "own"}}
	release := func(component, chart, version string) *v1alpha1.ComponentRelease {
		out := &v1alpha1.ComponentRelease{ObjectMeta: metav1.ObjectMeta{
			Name: v1alpha1.ReleaseName("week1", component), Labels: map[string]string{v1alpha1.BundleLabel: "week1"},
		}}
		out.Spec.Component, out.Spec.CatalogVersion = component, "2026.08"
		out.Spec.Chart = v1alpha1.PinnedChart{Name: chart, Version: version}
		return out
	}
	set, err := catalog.Load(bundles.FS)
	if err != nil {
		t.Fatal(err)
	}
	newest, err := set.Get(set.Newest())
	if err != nil {
		t.Fatal(err)
	}
	version := func(name string) string {
		c, _ := newest.Component(name)
		return c.Chart.Version
	}
	objects := []client.Object{
		bundle, release("cert-manager", "cert-manager", "v1.0.4"), release("loki", "loki", "99.0.0"),
		release("kyverno", "kyverno", version("kyverno")), release("own", "own", "1.0.0"),
	}
	code, out, _ := run(t, objects, "outdated", "--exit-code", "-o", "json")
	var got []catalogs.Outdated
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	want := []catalogs.Outdated{
		{Component: "cert-manager", Installed: "v1.0.4", Catalog: version("cert-manager"), Change: "minor", By: "version v1.0.x"},
		{Component: "loki", Installed: "99.0.0", Catalog: version("loki"), Change: "older", By: "catalog 2026.08"},
	}
	if diff := cmp.Diff(want, got); diff != "" || code != cli.ExitNo {
		t.Errorf("exit code %d (-want +got)\n%s", code, diff)
	}
	code, out, _ = run(t, []client.Object{bundle, release("kyverno", "kyverno", version("kyverno"))}, "outdated", "--exit-code")
	if code != cli.ExitOK || !strings.HasPrefix(out, "everything has the version of catalog") {
		t.Errorf("exit code %d: %s", code, out)
	}
}
