// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package gitops

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/test/harness"
)

// inGit is what a repository holds: YAML as people write it, which nobody has
// normalized.
func inGit(text string) *unstructured.Unstructured {
	GinkgoHelper()
	object := &unstructured.Unstructured{}
	Expect(yaml.Unmarshal([]byte(text), &object.Object)).To(Succeed())
	return object
}

// sample is an overlay of the sample repository, as Kustomize builds it; the tests of
// config/ keep the file up to date.
func sample(overlay string) *unstructured.Unstructured {
	GinkgoHelper()
	text, err := os.ReadFile(filepath.Join(harness.Root, "config", "testdata", "gitops", overlay+".yaml"))
	Expect(err).NotTo(HaveOccurred())
	return inGit(string(text))
}

// onceApplied is a component that was applied by hand and then left Git.
const onceApplied = `
  - name: reloader-note
    enabled: false
    namespace: notes
    chart: {repository: https://charts.example.com, name: x, version: 1.0.0}
`

// awkward is a bundle whose every field can be written in more than one way, or has a
// default somewhere: what a server, a client or the operator might be tempted to
// normalize.
func awkward(name string, components ...string) string {
	return `apiVersion: platform.groundwork.dev/v1alpha1
kind: PlatformBundle
metadata:
  name: ` + name + `
spec:
  ignoreDifferences: []
  settings:
    retention: {}
  components:
  - name: external-dns
    enabled: true
    version: 1.21.x
    timeout: 600s
    historyLimit: 5
    namespaceLabels: {}
    allowDataLoss: []
    values:
      resources: {limits: {memory: 0.5Gi, cpu: "0.10"}}
      env: []
      nodeSelector: {}
      ratio: 1.0
      count: 1e3
      empty: ""
      nothing: null
  - name: argo-cd
    dependsOn: [external-dns]
    valuesFrom:
    - {kind: ConfigMap, name: not-there, optional: true}
    manifests:
    - {apiVersion: v1, kind: ConfigMap, metadata: {name: ` + name + `-note, labels: {}}, data: {}}
  - name: metrics-note
    enabled: false
    namespace: notes
    dependsOn: [external-dns, argo-cd]
    chart: {repository: https://charts.example.com, name: external-dns, version: 1.21.1}
` + strings.Join(components, "")
}

// live reads a bundle as the API server has it.
func live(ctx context.Context, name string) *unstructured.Unstructured {
	GinkgoHelper()
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("PlatformBundle"))
	Expect(k8s.Get(ctx, client.ObjectKey{Name: name}, object)).To(Succeed())
	return object
}

// writes are the resourceVersions of a bundle and its ComponentReleases, by name.
func writes(ctx context.Context, bundle string) map[string]string {
	GinkgoHelper()
	out := map[string]string{bundle: live(ctx, bundle).GetResourceVersion()}
	for name, release := range sim.Releases(ctx, bundle) {
		out[name] = release.ResourceVersion
	}
	return out
}

// revisions are the states of Helm's records by release: what an upgrade or another
// install would change.
func revisions(ctx context.Context) map[string][]string {
	GinkgoHelper()
	out := map[string][]string{}
	for release, all := range sim.Revisions(ctx) {
		out[release] = harness.Statuses(all)
	}
	return out
}

// expectUnmarked says that none of the labels and annotations that a tool put on a
// bundle is on anything that the operator made from it: a tool that prunes by them
// would prune the platform.
func expectUnmarked(ctx context.Context, marks map[string]string) {
	GinkgoHelper()
	checked := 0
	for _, list := range []client.ObjectList{
		&v1alpha1.ComponentReleaseList{}, &corev1.NamespaceList{}, &appsv1.DeploymentList{}, &corev1.ServiceList{}, &corev1.ConfigMapList{},
		&corev1.SecretList{},
	} {
		Expect(k8s.List(ctx, list)).To(Succeed())
		raw, err := yaml.Marshal(list)
		Expect(err).NotTo(HaveOccurred())
		generic := inGit(string(raw))
		items, _, _ := unstructured.NestedSlice(generic.Object, "items")
		for _, item := range items {
			object := unstructured.Unstructured{Object: item.(map[string]any)}
			checked++
			for key, value := range marks {
				Expect(object.GetLabels()).NotTo(HaveKeyWithValue(key, value), "%s", object.GetName())
				Expect(object.GetAnnotations()).NotTo(HaveKeyWithValue(key, value), "%s", object.GetName())
			}
		}
	}
	Expect(checked).To(BeNumerically(">", 20))
}

// readyCondition is the bundle's; empty when there is none.
func readyCondition(bundle *v1alpha1.PlatformBundle) metav1.Condition {
	if found := meta.FindStatusCondition(bundle.Status.Conditions, v1alpha1.ConditionReady); found != nil {
		return *found
	}
	return metav1.Condition{}
}

func ready(bundle *v1alpha1.PlatformBundle) bool {
	return readyCondition(bundle).Status == metav1.ConditionTrue
}
