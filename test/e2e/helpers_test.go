// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// week1 is the sample, under a name of the spec's own.
func week1(name string) *v1alpha1.PlatformBundle {
	GinkgoHelper()
	data, err := os.ReadFile(filepath.Join(root, "config", "samples", "week1.yaml"))
	Expect(err).NotTo(HaveOccurred())
	bundle := &v1alpha1.PlatformBundle{}
	Expect(yaml.UnmarshalStrict(data, bundle)).To(Succeed())
	bundle.Name = name
	return bundle
}

func bundleOf(name string, components ...v1alpha1.Component) *v1alpha1.PlatformBundle {
	return &v1alpha1.PlatformBundle{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.PlatformBundleSpec{Components: components}}
}

// change edits the newest spec of a bundle and writes it back.
func change(ctx context.Context, name string, edit func(*v1alpha1.PlatformBundleSpec)) {
	GinkgoHelper()
	Eventually(func() error {
		bundle := &v1alpha1.PlatformBundle{}
		if err := k8s.Get(ctx, client.ObjectKey{Name: name}, bundle); err != nil {
			return err
		}
		edit(&bundle.Spec)
		return k8s.Update(ctx, bundle)
	}).Should(Succeed())
}

// component finds one of a spec, to edit it.
func component(spec *v1alpha1.PlatformBundleSpec, name string) *v1alpha1.Component {
	GinkgoHelper()
	at := slices.IndexFunc(spec.Components, func(c v1alpha1.Component) bool { return c.Name == name })
	Expect(at).To(BeNumerically(">=", 0), "the bundle has no component %s", name)
	return &spec.Components[at]
}

func values(object string) *apiextensionsv1.JSON { return &apiextensionsv1.JSON{Raw: []byte(object)} }

func getBundle(ctx context.Context, g Gomega, name string) *v1alpha1.PlatformBundle {
	GinkgoHelper()
	bundle := &v1alpha1.PlatformBundle{}
	g.Expect(k8s.Get(ctx, client.ObjectKey{Name: name}, bundle)).To(Succeed())
	return bundle
}

// expectReady waits until a bundle is Ready at its newest spec, with so many components.
func expectReady(ctx context.Context, name string, components int) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		bundle := getBundle(ctx, g, name)
		ready := meta.FindStatusCondition(bundle.Status.Conditions, v1alpha1.ConditionReady)
		g.Expect(bundle.Status.ObservedGeneration).To(Equal(bundle.Generation), "the newest spec has not been looked at")
		g.Expect(ready).NotTo(BeNil(), "there is no Ready condition")
		g.Expect(ready.Status).To(Equal(metav1.ConditionTrue), "%s %s: %s", bundle.Status.Ready, ready.Reason, ready.Message)
		g.Expect(bundle.Status.Ready).To(Equal(fmt.Sprintf("%d/%d", components, components)))
	}).WithTimeout(rolloutTimeout).Should(Succeed())
}

// awaitCondition waits until a bundle has a condition in a status and returns it.
func awaitCondition(ctx context.Context, name, kind string, status metav1.ConditionStatus) metav1.Condition {
	GinkgoHelper()
	var found metav1.Condition
	Eventually(func(g Gomega) {
		conditions := getBundle(ctx, g, name).Status.Conditions
		g.Expect(meta.IsStatusConditionPresentAndEqual(conditions, kind, status)).To(BeTrue(), "%s=%s is not among %v", kind, status, conditions)
		found = *meta.FindStatusCondition(conditions, kind)
	}).Should(Succeed())
	return found
}

// awaitReason waits until a bundle's Ready condition has a reason and returns it.
func awaitReason(ctx context.Context, name, reason string) metav1.Condition {
	GinkgoHelper()
	var found metav1.Condition
	Eventually(func(g Gomega) {
		ready := meta.FindStatusCondition(getBundle(ctx, g, name).Status.Conditions, v1alpha1.ConditionReady)
		g.Expect(ready).NotTo(BeNil())
		g.Expect(ready.Reason).To(Equal(reason), ready.Message)
		found = *ready
	}).Should(Succeed())
	return found
}

// statusOf is the story of one component.
func statusOf(bundle *v1alpha1.PlatformBundle, name string) v1alpha1.ComponentStatus {
	for _, c := range bundle.Status.Components {
		if c.Name == name {
			return c
		}
	}
	return v1alpha1.ComponentStatus{}
}

// metrics asks an operator's metrics endpoint. Its certificate is self-signed.
func metrics(ctx context.Context, address, token string) (code int, body string) {
	GinkgoHelper()
	client := &http.Client{Transport: &http.Transport{
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
		DisableKeepAlives: true,
	}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+address+"/metrics", http.NoBody)
	Expect(err).NotTo(HaveOccurred())
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := client.Do(request)
	Expect(err).NotTo(HaveOccurred())
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	Expect(err).NotTo(HaveOccurred())
	return response.StatusCode, string(data)
}

// expectGone waits until an object is not there any more.
func expectGone(ctx context.Context, object client.Object) {
	GinkgoHelper()
	Eventually(func() bool {
		return apierrors.IsNotFound(k8s.Get(ctx, client.ObjectKeyFromObject(object), object))
	}).WithTimeout(rolloutTimeout).Should(BeTrue(), "%T %s is still there", object, object.GetName())
}

// releasesOf are the ComponentReleases of a bundle, by component.
func releasesOf(ctx context.Context, bundle string) map[string]v1alpha1.ComponentRelease {
	GinkgoHelper()
	var list v1alpha1.ComponentReleaseList
	Expect(k8s.List(ctx, &list, client.MatchingLabels{v1alpha1.BundleLabel: bundle})).To(Succeed())
	out := map[string]v1alpha1.ComponentRelease{}
	for _, release := range list.Items {
		out[release.Spec.Component] = release
	}
	return out
}

// revision is one Helm record.
type revision struct {
	number     int
	status     string
	appearance int64 // Helm's own time of the last write, which marks of ours leave alone
}

// revisions are Helm's records, oldest first, by namespace/release.
func revisions(ctx context.Context) map[string][]revision {
	GinkgoHelper()
	var list metav1.PartialObjectMetadataList
	list.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("SecretList"))
	Expect(k8s.List(ctx, &list, client.MatchingLabels{"owner": "helm"})).To(Succeed())
	out := map[string][]revision{}
	for _, record := range list.Items {
		number, err := strconv.Atoi(record.Labels["version"])
		Expect(err).NotTo(HaveOccurred(), "Helm record %s", record.Name)
		key := record.Namespace + "/" + record.Labels["name"]
		out[key] = append(out[key], revision{number, record.Labels["status"], versionOf(cmp.Or(record.Labels["modifiedAt"], record.Labels["createdAt"]))})
	}
	for _, records := range out {
		slices.SortFunc(records, func(a, b revision) int { return a.number - b.number })
	}
	return out
}

// workloads are the UIDs of what runs for releases, as "Kind namespace/name".
func workloads(ctx context.Context) map[string]string {
	GinkgoHelper()
	out := map[string]string{}
	for _, kind := range []string{"Deployment", "StatefulSet", "DaemonSet"} {
		var list metav1.PartialObjectMetadataList
		list.SetGroupVersionKind(appsv1.SchemeGroupVersion.WithKind(kind + "List"))
		Expect(k8s.List(ctx, &list, client.HasLabels{v1alpha1.ReleaseLabel})).To(Succeed())
		for _, object := range list.Items {
			name := fmt.Sprintf("%s %s/%s of %s", kind, object.Namespace, object.Name, object.Labels[v1alpha1.ReleaseLabel])
			out[name] = string(object.UID)
		}
	}
	return out
}

// definitions are the CRDs that charts brought, without the operator's own.
func definitions(ctx context.Context) map[string]apiextensionsv1.CustomResourceDefinition {
	GinkgoHelper()
	var list apiextensionsv1.CustomResourceDefinitionList
	Expect(k8s.List(ctx, &list)).To(Succeed())
	out := map[string]apiextensionsv1.CustomResourceDefinition{}
	for _, definition := range list.Items {
		if definition.Spec.Group != v1alpha1.GroupVersion.Group {
			out[definition.Name] = definition
		}
	}
	return out
}

// namespaces that exist.
func namespaces(ctx context.Context) []string {
	GinkgoHelper()
	var list corev1.NamespaceList
	Expect(k8s.List(ctx, &list)).To(Succeed())
	var out []string
	for _, namespace := range list.Items {
		out = append(out, namespace.Name)
	}
	return out
}

// versionOf reads a resourceVersion as the number it is: all objects count together.
func versionOf(resourceVersion string) int64 {
	GinkgoHelper()
	n, err := strconv.ParseInt(resourceVersion, 10, 64)
	Expect(err).NotTo(HaveOccurred())
	return n
}

// removeBundle uninstalls everything of a bundle, for the next spec.
func removeBundle(ctx context.Context, name string) {
	GinkgoHelper()
	bundle := &v1alpha1.PlatformBundle{}
	err := k8s.Get(ctx, client.ObjectKey{Name: name}, bundle)
	if apierrors.IsNotFound(err) {
		return
	}
	Expect(err).NotTo(HaveOccurred())
	change(ctx, name, func(spec *v1alpha1.PlatformBundleSpec) { spec.DeletionPolicy = v1alpha1.DeletionPolicyDelete })
	Expect(client.IgnoreNotFound(k8s.Delete(ctx, bundle))).To(Succeed())
	expectGone(ctx, bundle)
}

// removeDefinitions deletes what the charts of own_test.go brought. Those of the
// stand-ins stay, as they would: the next bundle takes them over, and the API
// server can take minutes to end dozens of them at once.
func removeDefinitions(ctx context.Context) {
	GinkgoHelper()
	own := func() []string {
		return slices.DeleteFunc(slices.Collect(maps.Keys(definitions(ctx))), func(name string) bool {
			return !strings.HasSuffix(name, ".e2e.example.com")
		})
	}
	for _, name := range own() {
		definition := &apiextensionsv1.CustomResourceDefinition{ObjectMeta: metav1.ObjectMeta{Name: name}}
		Expect(client.IgnoreNotFound(k8s.Delete(ctx, definition))).To(Succeed())
	}
	Eventually(own).WithTimeout(rolloutTimeout).Should(BeEmpty())
}
