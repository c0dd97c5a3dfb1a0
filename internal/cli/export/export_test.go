// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package export_test

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/bundles"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/cli"
	"github.com/groundwork-dev/groundwork/internal/cli/export"
	"github.com/groundwork-dev/groundwork/internal/values"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var update = flag.Bool("update", false, "write the golden files anew")

func run(t *testing.T, args []string, objects ...*v1alpha1.ComponentRelease) (out string, code int, complaints string) {
	t.Helper()
	catalogs, err := catalog.Load(bundles.FS)
	if err != nil {
		t.Fatal(err)
	}
	builder := fake.NewClientBuilder().WithScheme(cli.Scheme())
	if len(objects) > 0 {
		builder.WithObjects(&v1alpha1.PlatformBundle{
			ObjectMeta: metav1.ObjectMeta{Name: "live"},
			Spec:       v1alpha1.PlatformBundleSpec{Components: []v1alpha1.Component{{Name: "loki"}, {Name: "grafana"}}},
		})
	}
	for _, object := range objects {
		builder.WithObjects(object)
	}
	var said, wrong bytes.Buffer
	env := &cli.Env{Out: &said, Err: &wrong, Catalogs: catalogs}
	env.UseClient(builder.Build())
	command := export.Command(env)
	command.SilenceErrors, command.SilenceUsage = true, true
	command.SetArgs(args)
	code = cli.Code(command.ExecuteContext(t.Context()), &wrong)
	return said.String(), code, wrong.String()
}

// TestGolden holds the files to what a reader has looked at. The catalog's values are
// left out of the golden files: they change with the catalog.
func TestGolden(t *testing.T) {
	for _, target := range export.Targets() {
		t.Run(target, func(t *testing.T) {
			got, code, complaints := run(t, []string{"-f", "testdata/bundle.yaml", "--to", target})
			if code != cli.ExitOK || complaints != "" {
				t.Fatalf("exit code %d: %s", code, complaints)
			}
			own := got[strings.LastIndex(got[:strings.Index(got, "own-chart")], "\n")+1:] // the last release
			path := filepath.Join("testdata", target+".golden")
			if *update {
				if err := os.WriteFile(path, []byte(own), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), own); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// decode reads documents and refuses a field that the type does not have; of kinds
// besides these only what the type has is read.
func decode[T any](t *testing.T, text string, kinds ...string) []T {
	t.Helper()
	decoder := yaml.NewDecoder(strings.NewReader(text))
	var out []T
	for {
		var whole struct {
			Kind string
			Rest map[string]any `yaml:",inline"`
		}
		err := decoder.Decode(&whole)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		one := yaml.NewDecoder(strings.NewReader(flat(t, whole)))
		one.KnownFields(slices.Contains(kinds, whole.Kind))
		var object T
		if err := one.Decode(&object); err != nil {
			t.Fatal(err)
		}
		out = append(out, object)
	}
}

// helmfileFile are the fields of Helmfile that are used, by its documentation.
type helmfileFile struct {
	Repositories []struct {
		Name, URL string
		OCI       bool
	}
	HelmDefaults map[string]bool `yaml:"helmDefaults"`
	Releases     []struct {
		Name, Namespace, Chart, Version string
		Timeout                         int
		HistoryMax                      int  `yaml:"historyMax"`
		NoValidation                    bool `yaml:"disableValidationOnInstall"`
		Needs                           []string
		Values                          []any
		Hooks                           []struct {
			Events  []string
			Command string
			Args    []string
		}
	}
}

func decodeHelmfile(t *testing.T, text string) helmfileFile {
	t.Helper()
	decoder := yaml.NewDecoder(strings.NewReader(text))
	decoder.KnownFields(true)
	var out helmfileFile
	if err := decoder.Decode(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestHelmfile(t *testing.T) {
	text, _, _ := run(t, []string{"-f", "testdata/bundle.yaml", "--to", "helmfile"})
	file := decodeHelmfile(t, text)
	names := map[string]bool{}
	for _, r := range file.Repositories {
		names[r.Name] = true
	}
	seen := map[string]bool{}
	for _, r := range file.Releases {
		repository, _, _ := strings.Cut(r.Chart, "/")
		if !names[repository] {
			t.Errorf("%s: no repository %s", r.Name, repository)
		}
		for _, need := range r.Needs {
			if !seen[need] {
				t.Errorf("%s needs %s, which does not come before it", r.Name, need)
			}
		}
		seen[r.Namespace+"/"+r.Name] = true
	}
	prometheus, own := file.Releases[1], file.Releases[2]
	if len(prometheus.Values) != 4 || prometheus.Values[1] != "values/configmap.groundwork-system.prometheus-values.yaml" {
		t.Fatalf("layers of prometheus: %d, %v", len(prometheus.Values), prometheus.Values[1])
	}
	layer, isMap := prometheus.Values[2].(map[string]any)
	if !isMap || !strings.Contains(flat(t, layer), "ref+k8s://v1/Secret/groundwork-system/alertmanager/token") {
		t.Errorf("the Secret's string: %v", prometheus.Values[2])
	}
	if diff := cmp.Diff([]string{"cert-manager/cert-manager", "monitoring/" + prometheus.Name}, own.Needs); diff != "" {
		t.Errorf("needs (-want +got)\n%s", diff)
	}
	if !strings.Contains(own.Hooks[0].Args[1], "{{`{{`}} kept }}") {
		t.Errorf("braces in a hook: %s", own.Hooks[0].Args[1])
	}
}

func flat(t *testing.T, value any) string {
	t.Helper()
	raw, err := yaml.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// fluxObject are the fields of Flux that are used, by its documentation.
type fluxObject struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string
	Metadata   struct {
		Name, Namespace     string
		Labels, Annotations map[string]string
	}
	Data map[string]string
	Spec struct {
		URL, Type, Interval, Timeout string
		SecretRef                    map[string]string `yaml:"secretRef"`
		Chart                        struct {
			Spec struct {
				Chart, Version string
				SourceRef      map[string]string `yaml:"sourceRef"`
			}
		}
		ReleaseName      string              `yaml:"releaseName"`
		TargetNamespace  string              `yaml:"targetNamespace"`
		StorageNamespace string              `yaml:"storageNamespace"`
		DependsOn        []map[string]string `yaml:"dependsOn"`
		MaxHistory       int                 `yaml:"maxHistory"`
		Install          struct {
			CreateNamespace bool `yaml:"createNamespace"`
			CRDs            string
		}
		Upgrade struct {
			CRDs        string
			Remediation struct {
				Retries              int
				RemediateLastFailure bool `yaml:"remediateLastFailure"`
				Strategy             string
			}
		}
		DriftDetection struct {
			Mode   string
			Ignore []struct {
				Paths  []string
				Target map[string]string
			}
		} `yaml:"driftDetection"`
		ValuesFrom []struct {
			Kind, Name string
			ValuesKey  string `yaml:"valuesKey"`
			TargetPath string `yaml:"targetPath"`
			Optional   bool
		} `yaml:"valuesFrom"`
		Values map[string]any
	}
}

func TestFlux(t *testing.T) {
	text, _, _ := run(t, []string{"-f", "testdata/bundle.yaml", "--to", "flux", "--tool-namespace", "gitops"})
	there := map[string]fluxObject{}
	var order []string
	for _, o := range decode[fluxObject](t, text, "HelmRelease", "HelmRepository", "Namespace") {
		there[o.Kind+" "+o.Metadata.Name] = o
		order = append(order, o.Kind+" "+o.Metadata.Name)
		if o.Kind == "HelmRelease" && there["HelmRepository "+o.Spec.Chart.Spec.SourceRef["name"]].Kind == "" {
			t.Errorf("%s: no repository", o.Metadata.Name)
		}
	}
	own := there["HelmRelease own"]
	if diff := cmp.Diff([]map[string]string{{"name": "cert-manager"}, {"name": "prometheus"}}, own.Spec.DependsOn); diff != "" {
		t.Errorf("dependsOn (-want +got)\n%s", diff)
	}
	if own.Spec.StorageNamespace != "own-system" || own.Metadata.Namespace != "gitops" || own.Spec.Timeout != "1m30s" {
		t.Errorf("own: %+v", own)
	}
	var from []string
	for _, ref := range there["HelmRelease prometheus"].Spec.ValuesFrom {
		from = append(from, ref.Kind+" "+ref.Name+" "+ref.TargetPath)
	}
	want := []string{"ConfigMap prometheus-defaults ", "ConfigMap prometheus-values ", "Secret alertmanager alertmanager.config.receivers[0].token"}
	if diff := cmp.Diff(want, from); diff != "" {
		t.Errorf("layers of prometheus (-want +got)\n%s", diff)
	}
	if there["ConfigMap prometheus-defaults"].Data["values.yaml"] == "" || there["Namespace own-system"].Metadata.Labels == nil {
		t.Errorf("objects: %v", order)
	}
	if there["ConfigMap after"].Metadata.Namespace != "own-system" || there["ClusterIssuer own"].Metadata.Namespace != "" {
		t.Error("namespaces of follow-up manifests")
	}
}

// argoObject are the fields of Argo CD that are used, by its documentation.
type argoObject struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string
	Metadata   struct {
		Name, Namespace string
		Annotations     map[string]string
	}
	Data map[string]string
	Spec struct {
		Project     string
		Destination map[string]string
		Source      struct {
			RepoURL        string `yaml:"repoURL"`
			Chart          string
			TargetRevision string `yaml:"targetRevision"`
			Helm           struct {
				ReleaseName  string         `yaml:"releaseName"`
				ValuesObject map[string]any `yaml:"valuesObject"`
			}
		}
		RevisionHistoryLimit int `yaml:"revisionHistoryLimit"`
		IgnoreDifferences    []struct {
			Group, Kind, Name string
			JSONPointers      []string `yaml:"jsonPointers"`
			JQ                []string `yaml:"jqPathExpressions"`
		} `yaml:"ignoreDifferences"`
		SyncPolicy struct {
			Automated                map[string]bool
			SyncOptions              []string                           `yaml:"syncOptions"`
			ManagedNamespaceMetadata struct{ Labels map[string]string } `yaml:"managedNamespaceMetadata"`
			Retry                    struct {
				Limit   int
				Backoff map[string]string
			}
		} `yaml:"syncPolicy"`
	}
}

func TestArgoCD(t *testing.T) {
	text, _, _ := run(t, []string{"-f", "testdata/bundle.yaml", "--to", "argocd"})
	waves := map[string]string{}
	for _, o := range decode[argoObject](t, text, "Application") {
		waves[o.Metadata.Name+" "+o.Kind] = o.Metadata.Annotations["argocd.argoproj.io/sync-wave"]
		if o.Metadata.Name == "own" && o.Kind == "Application" {
			if o.Spec.Source.RepoURL != "registry.example.test/charts" || o.Spec.Source.Helm.ValuesObject["limit"] != 1000000 {
				t.Errorf("own: %+v", o.Spec.Source)
			}
			if diff := cmp.Diff([]string{`."webhooks"[]."clientConfig"`}, o.Spec.IgnoreDifferences[0].JQ); diff != "" {
				t.Errorf("paths (-want +got)\n%s", diff)
			}
		}
	}
	want := map[string]string{"cert-manager Application": "0", "prometheus Application": "0", "own Application": "2", "after ConfigMap": "3", "own ClusterIssuer": "3"}
	for name, wave := range want {
		if waves[name] != wave {
			t.Errorf("%s is in wave %q, want %q", name, waves[name], wave)
		}
	}
	if !strings.Contains(text, "Not here: values of Secret own-system/own-values, key values.yaml") {
		t.Error("it does not say that values of a Secret are lost")
	}
}

// TestLive exports what is installed, not what the catalog has by now.
func TestLive(t *testing.T) {
	raw := func(v values.Values) *apiextensionsv1.JSON {
		out, err := values.ToJSON(v)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	release := func(name, version string, removal v1alpha1.RemovalPolicy) *v1alpha1.ComponentRelease {
		return &v1alpha1.ComponentRelease{
			ObjectMeta: metav1.ObjectMeta{Name: "live." + name, Labels: map[string]string{v1alpha1.BundleLabel: "live"}},
			Spec: v1alpha1.ComponentReleaseSpec{
				Bundle: "live", Component: name, Namespace: name + "-ns", ReleaseName: name + "-release", Removal: removal,
				Chart:    v1alpha1.PinnedChart{Repository: "https://charts.example.test", Name: name + "-chart", Version: version},
				Defaults: raw(values.Values{"a": 1.0, "b": 1.0, "c": 1.0}),
				Wiring:   []v1alpha1.WiredValues{{Rule: "x", Values: *raw(values.Values{"b": 2.0, "c": 2.0})}},
				Values:   raw(values.Values{"c": 3.0}),
			},
		}
	}
	out, code, complaints := run(t, []string{"live", "--to", "helmfile"}, release("loki", "0.0.7", ""), release("velero", "0.0.8", v1alpha1.RemovalUninstall))
	if code != cli.ExitOK {
		t.Fatalf("exit code %d: %s", code, complaints)
	}
	var got []string
	for _, r := range decodeHelmfile(t, out).Releases {
		got = append(got, r.Name+" "+r.Chart)
		if r.Name == "loki-release" {
			if diff := cmp.Diff([]any{map[string]any{"a": 1, "b": 2, "c": 3}}, r.Values); diff != "" || r.Version != "0.0.7" {
				t.Errorf("%s (-want +got)\n%s", r.Version, diff)
			}
		}
	}
	// grafana has no release yet: the catalog's; velero is on its way out
	if len(got) != 2 || !slices.Contains(got, "loki-release charts-example-test/loki-chart") {
		t.Errorf("releases: %v", got)
	}
}

func TestRefusals(t *testing.T) {
	for name, tc := range map[string]struct {
		args []string
		says string
	}{
		"no target": {[]string{"-f", "testdata/bundle.yaml"}, `--to "" is none of helmfile, flux, argocd`},
		"no file":   {[]string{"-f", "testdata/none.yaml", "--to", "flux"}, "no such file"},
		"no bundle": {[]string{"--to", "flux"}, "the cluster has no PlatformBundle"},
	} {
		if _, code, complaints := run(t, tc.args); code != cli.ExitFailed || !strings.Contains(complaints, tc.says) {
			t.Errorf("%s: exit code %d, %s", name, code, complaints)
		}
	}
}
