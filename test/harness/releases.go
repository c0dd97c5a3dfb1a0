// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// Releases are the ComponentReleases of a bundle, by component.
func (c *Cluster) Releases(ctx context.Context, bundle string) map[string]v1alpha1.ComponentRelease {
	GinkgoHelper()
	var list v1alpha1.ComponentReleaseList
	c.list(ctx, &list, client.MatchingLabels{v1alpha1.BundleLabel: bundle})
	out := map[string]v1alpha1.ComponentRelease{}
	for _, release := range list.Items {
		out[release.Spec.Component] = release
	}
	return out
}

// ReleaseCondition reads a condition of a component's release.
func (c *Cluster) ReleaseCondition(ctx context.Context, bundle, name, kind string) metav1.Condition {
	release := &v1alpha1.ComponentRelease{}
	if err := c.Client.Get(ctx, client.ObjectKey{Name: v1alpha1.ReleaseName(bundle, name)}, release); err != nil {
		return metav1.Condition{}
	}
	if found := meta.FindStatusCondition(release.Status.Conditions, kind); found != nil {
		return *found
	}
	return metav1.Condition{}
}

// Revision is one Helm record.
type Revision struct {
	Number     int
	Status     string
	Appearance int64 // Helm's own time of the last write, which marks of ours leave alone
}

// Revisions are Helm's records, oldest first, by namespace/release.
func (c *Cluster) Revisions(ctx context.Context) map[string][]Revision {
	GinkgoHelper()
	var list metav1.PartialObjectMetadataList
	list.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("SecretList"))
	c.list(ctx, &list, client.MatchingLabels{"owner": "helm"})
	out := map[string][]Revision{}
	for _, record := range list.Items {
		number, err := strconv.Atoi(record.Labels["version"])
		Expect(err).NotTo(HaveOccurred(), "Helm record %s", record.Name)
		key := record.Namespace + "/" + record.Labels["name"]
		appearance := VersionOf(cmp.Or(record.Labels["modifiedAt"], record.Labels["createdAt"]))
		out[key] = append(out[key], Revision{number, record.Labels["status"], appearance})
	}
	for _, records := range out {
		slices.SortFunc(records, func(a, b Revision) int { return a.Number - b.Number })
	}
	return out
}

// LastRevision is the newest Helm record of a release, which must have one.
func (c *Cluster) LastRevision(ctx context.Context, release string) Revision {
	GinkgoHelper()
	records := c.Revisions(ctx)[release]
	Expect(records).NotTo(BeEmpty(), "no Helm record of %s", release)
	return records[len(records)-1]
}

// Statuses are those of Helm records, oldest first.
func Statuses(records []Revision) []string {
	var out []string
	for _, r := range records {
		out = append(out, r.Status)
	}
	return out
}

// Workloads are the UIDs of what runs for releases, as "Kind namespace/name".
func (c *Cluster) Workloads(ctx context.Context) map[string]string {
	GinkgoHelper()
	out := map[string]string{}
	for _, kind := range []string{"Deployment", "StatefulSet", "DaemonSet"} {
		var list metav1.PartialObjectMetadataList
		list.SetGroupVersionKind(appsv1.SchemeGroupVersion.WithKind(kind + "List"))
		c.list(ctx, &list, client.HasLabels{v1alpha1.ReleaseLabel})
		for _, object := range list.Items {
			name := fmt.Sprintf("%s %s/%s of %s", kind, object.Namespace, object.Name, object.Labels[v1alpha1.ReleaseLabel])
			out[name] = string(object.UID)
		}
	}
	return out
}

// Definitions are the CRDs that charts brought, without the operator's own.
func (c *Cluster) Definitions(ctx context.Context) map[string]apiextensionsv1.CustomResourceDefinition {
	GinkgoHelper()
	var list apiextensionsv1.CustomResourceDefinitionList
	c.list(ctx, &list)
	out := map[string]apiextensionsv1.CustomResourceDefinition{}
	for _, definition := range list.Items {
		if definition.Spec.Group != v1alpha1.GroupVersion.Group {
			out[definition.Name] = definition
		}
	}
	return out
}

// ConfigMap names one, to read or to delete it.
func ConfigMap(namespace, name string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
}

// VersionOf reads a resourceVersion as the number it is: all objects count together.
func VersionOf(resourceVersion string) int64 {
	GinkgoHelper()
	n, err := strconv.ParseInt(resourceVersion, 10, 64)
	Expect(err).NotTo(HaveOccurred())
	return n
}
