// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package resolve_test

import (
	"encoding/json"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/resolve"
	"github.com/groundwork-dev/groundwork/internal/values"
	"github.com/groundwork-dev/groundwork/internal/wiring"
)

// wired is a catalog with the names that settings know, and a page that uses them.
func wired(t *testing.T) *catalog.Set {
	t.Helper()
	chart := func(name, more string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte("name: " + name + "\n" + head +
			"lifecycle: {phase: Active}\nchart: {repository: https://example.com/charts, name: " + name + ", version: 1.0.0}\n" + more)}
	}
	set, err := catalog.Load(fstest.MapFS{
		"catalog/2026.11/ingress-nginx.yaml": chart("ingress-nginx", ""),
		"catalog/2026.11/cert-manager.yaml": chart("cert-manager", `
wiring:
- name: issuer
  when: {settings: [acme]}
  manifests:
  - {apiVersion: cert-manager.io/v1, kind: ClusterIssuer, metadata: {name: "{{ .settings.clusterIssuer }}"}, spec: {acme: {email: "{{ .settings.acme.email }}", server: "{{ .settings.acme.server }}"}}}
`),
		"catalog/2026.11/page.yaml": chart("page", `
namespace: pages
values: {ingress: {enabled: false}, replicas: 2}
required:
- {path: ingress.host, when: ingress.enabled, message: say which host}
wiring:
- name: host
  when: {settings: [domain]}
  after: [ingress-nginx]
  values: {ingress: {enabled: true, host: "{{ .host }}"}}
- name: class
  when: {settings: [domain, ingressClassName]}
  values: {ingress: {class: "{{ .settings.ingressClassName }}", hosts: "{{ .settings.dns.zones }}", peers: "{{ .namespaces }}"}}
- name: tls
  when: {settings: [domain, clusterIssuer], components: [cert-manager]}
  values: {ingress: {issuer: "{{ .settings.clusterIssuer }}"}}
- name: no-tls
  when: {without: [cert-manager]}
  values: {ingress: {issuer: none}}
`),
	})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestWiring(t *testing.T) {
	zones := &v1alpha1.DNSSettings{Provider: "aws"}
	for name, tc := range map[string]struct {
		settings   *v1alpha1.Settings
		components []v1alpha1.Component
		want       values.Values
		rules      []string
		after      []string
	}{
		"no settings": {
			components: named("page"),
			want:       values.Values{"replicas": json.Number("2"), "ingress": map[string]any{"enabled": false, "issuer": "none"}},
			rules:      []string{"no-tls"},
		},
		"a domain": {
			settings: &v1alpha1.Settings{Domain: "example.com"}, components: named("page", "cert-manager"),
			want:  values.Values{"replicas": json.Number("2"), "ingress": map[string]any{"enabled": true, "host": "page.example.com"}},
			rules: []string{"host"},
		},
		"a domain, a class that follows, an issuer that is made": {
			settings:   &v1alpha1.Settings{Domain: "example.com", ACME: &v1alpha1.ACMESettings{Email: "a@b.c"}, DNS: zones},
			components: named("page", "cert-manager", "ingress-nginx"),
			want: values.Values{"replicas": json.Number("2"), "ingress": map[string]any{
				"enabled": true, "host": "page.example.com", "class": "nginx", "issuer": "acme", "hosts": []any{"example.com"},
				"peers": []any{"cert-manager", "groundwork-system", "ingress-nginx", "kube-system", "pages"},
			}},
			rules: []string{"host", "class", "tls"}, after: []string{"ingress-nginx"},
		},
		"the user's word is the last": {
			settings:   &v1alpha1.Settings{Domain: "example.com", Hosts: map[string]v1alpha1.Host{"page": "www.example.org"}},
			components: []v1alpha1.Component{{Name: "page", Values: raw(`{"ingress": {"enabled": false}}`)}},
			want:       values.Values{"replicas": json.Number("2"), "ingress": map[string]any{"enabled": false, "host": "www.example.org", "issuer": "none"}},
			rules:      []string{"host", "no-tls"},
		},
		"another chart of the name": {
			settings: &v1alpha1.Settings{Domain: "example.com"},
			components: []v1alpha1.Component{{Name: "page", Chart: &v1alpha1.ChartSource{
				Repository: "https://example.com/mine", Name: "mine", Version: "1.0.0",
			}, Values: raw(`{"ingress": {"host": "x"}}`)}},
			want: values.Values{"replicas": json.Number("2"), "ingress": map[string]any{"enabled": false, "host": "x"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			bundle, err := resolve.Resolve(v1alpha1.PlatformBundleSpec{Settings: tc.settings, Components: tc.components}, "", wired(t))
			if err != nil {
				t.Fatal(err)
			}
			page := find(t, bundle, "page")
			if page.Trouble != nil {
				t.Fatal(page.Trouble)
			}
			if diff := cmp.Diff(tc.want, page.Merged()); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tc.after, page.DependsOn); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tc.rules, rulesOf(page.Wiring)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWiredManifests(t *testing.T) {
	settings := &v1alpha1.Settings{ClusterIssuer: "mine", ACME: &v1alpha1.ACMESettings{Email: "a@b.c", Server: "https://acme.example.com"}}
	made := `{"apiVersion":"cert-manager.io/v1","kind":"ClusterIssuer","metadata":{"name":"mine"},"spec":{"acme":{"email":"a@b.c","server":"https://acme.example.com"}}}`
	other, same := `{"kind":"ClusterIssuer","metadata":{"name":"other"}}`, `{"apiVersion":"cert-manager.io/v1","kind":"ClusterIssuer","metadata":{"name":"mine"},"spec":{}}`
	for name, tc := range map[string]struct{ user, want []string }{
		"alone":             {nil, []string{made}},
		"beside the user's": {[]string{other}, []string{made, other}},
		"not twice":         {[]string{same}, []string{same}},
	} {
		t.Run(name, func(t *testing.T) {
			c := v1alpha1.Component{Name: "cert-manager"}
			for _, text := range tc.user {
				c.Manifests = append(c.Manifests, *raw(text))
			}
			all := append(named("ingress-nginx"), c)
			bundle, err := resolve.Resolve(v1alpha1.PlatformBundleSpec{Settings: settings, Components: all}, "", wired(t))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, texts(find(t, bundle, "cert-manager").Manifests)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSettingsInvalid(t *testing.T) {
	for want, settings := range map[string]*v1alpha1.Settings{
		`spec.settings.hosts[pge]: it is no component of this bundle: did you mean "page"?`: {Hosts: map[string]v1alpha1.Host{"pge": "a.b"}},
		`spec.settings.acme makes a ClusterIssuer, which needs cert-manager: add "- name: cert-manager" to spec.components, or remove the setting`: {
			ACME: &v1alpha1.ACMESettings{Email: "a@b.c"}, IngressClassName: "mine",
		},
		`spec.settings.appOfApps makes an Application, which needs argo-cd: add "- name: argo-cd" to spec.components, or remove the setting`: {
			AppOfApps: &v1alpha1.AppOfAppsSettings{RepoURL: "https://git.example.com/x"},
		},
		`spec.settings.policies need an engine: add "- name: kyverno" or "- name: gatekeeper" to spec.components, or remove the policies`: {
			Policies: &v1alpha1.PolicySettings{NoPrivileged: &v1alpha1.PolicyPreset{}},
		},
	} {
		_, err := resolve.Resolve(v1alpha1.PlatformBundleSpec{Settings: settings, Components: named("page")}, "", wired(t))
		if err == nil || failure.Message(err) != want || failure.ReasonOf(err, "") != v1alpha1.ReasonSettingsInvalid {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestACMENeedsAnIngressClass(t *testing.T) {
	spec := v1alpha1.PlatformBundleSpec{Settings: &v1alpha1.Settings{ACME: &v1alpha1.ACMESettings{Email: "a@b.c"}}, Components: named("cert-manager")}
	_, err := resolve.Resolve(spec, "", wired(t))
	const want = `spec.settings.acme proves hosts over an ingress: set spec.settings.ingressClassName, or add "- name: ingress-nginx" to spec.components`
	if err == nil || failure.Message(err) != want {
		t.Errorf("got %v, want %q", err, want)
	}
}

func TestOneBucketForAll(t *testing.T) {
	set, err := catalog.Load(fstest.MapFS{"catalog/2026.11/loki.yaml": &fstest.MapFile{Data: []byte("name: loki\n" + head +
		"lifecycle: {phase: Active}\nchart: {repository: https://example.com/charts, name: loki, version: 1.0.0}\n" +
		"wiring:\n- name: b\n  when: {settings: [objectStorage.buckets.loki]}\n  values: {bucket: '{{ .settings.objectStorage.buckets.loki }}'}\n")}})
	if err != nil {
		t.Fatal(err)
	}
	for want, storage := range map[string]*v1alpha1.ObjectStorageSettings{
		"shared": {Provider: "gcp", Bucket: "shared"},
		"own":    {Provider: "gcp", Bucket: "shared", Buckets: map[string]v1alpha1.BucketName{"loki": "own"}},
	} {
		spec := v1alpha1.PlatformBundleSpec{Settings: &v1alpha1.Settings{ObjectStorage: storage}, Components: named("loki")}
		bundle, err := resolve.Resolve(spec, "", set)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(values.Values{"bucket": want}, bundle.Components[0].Merged()); diff != "" {
			t.Error(diff)
		}
	}
}

// TestSettingsAreInTheSample: what a bundle can say, a rule of the catalog may ask for.
func TestSettingsAreInTheSample(t *testing.T) {
	everything := v1alpha1.Settings{
		Domain: "a.b", IngressClassName: "c", ClusterIssuer: "i", StorageClassName: "s",
		ACME: &v1alpha1.ACMESettings{Email: "a@b.c", Server: "https://x"},
		DNS:  &v1alpha1.DNSSettings{Provider: "p", Zones: []v1alpha1.Host{"a.b"}, CredentialsSecretRef: &v1alpha1.LocalSecretReference{Name: "n"}},
		ObjectStorage: &v1alpha1.ObjectStorageSettings{
			Provider: "s3", Bucket: "b", Buckets: map[string]v1alpha1.BucketName{"loki": "l", "tempo": "t", "velero": "v"}, Region: "r", Endpoint: "https://e",
			CredentialsSecretRef: &v1alpha1.LocalSecretReference{Name: "n"},
		},
		Retention: &v1alpha1.RetentionSettings{Metrics: "1d", Logs: "1d", Traces: "1h"}, HighAvailability: true, ImageRegistry: "r",
		AppOfApps: &v1alpha1.AppOfAppsSettings{RepoURL: "u", Path: "p", TargetRevision: "t", CredentialsSecretRef: &v1alpha1.LocalSecretReference{Name: "n"}},
		Policies:  allPolicies(),
	}
	data, err := json.Marshal(everything)
	if err != nil {
		t.Fatal(err)
	}
	var said map[string]any
	if err := json.Unmarshal(data, &said); err != nil {
		t.Fatal(err)
	}
	said["policies"].(map[string]any)["by"] = map[string]any{"kyverno": true, "gatekeeper": true} // which engine runs them
	if diff := cmp.Diff(shape(said), shape(wiring.Sample("x", nil).Settings)); diff != "" {
		t.Error(diff)
	}
}

// shape is a tree without its leaves.
func shape(node any) any {
	object, ok := node.(map[string]any)
	if !ok {
		return nil
	}
	out := map[string]any{}
	for key, value := range object {
		out[key] = shape(value)
	}
	return out
}

func find(t *testing.T, bundle *resolve.Bundle, name string) resolve.Component {
	t.Helper()
	for _, c := range bundle.Components {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("there is no component %s", name)
	return resolve.Component{}
}

func rulesOf(layers []wiring.Layer) []string {
	var out []string
	for _, layer := range layers {
		out = append(out, layer.Rule)
	}
	return out
}

func texts(manifests []apiextensionsv1.JSON) []string {
	var out []string
	for _, m := range manifests {
		out = append(out, string(m.Raw))
	}
	return out
}
