// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/selection"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// state is what is in the cluster of one point, by kind and name, with everything
// taken out that differs between two runs that ended alike: the point's name
// stands as ID, digests that follow from it are only compared with each other,
// and numbers of revisions are left out, because an action that was cut off
// leaves a failed one in the history.
type state map[string]string

// kinds of objects that the charts bring, besides the custom resource.
func kinds() []schema.GroupVersionKind {
	rbac := schema.GroupVersion{Group: "rbac.authorization.k8s.io", Version: "v1"}
	core := schema.GroupVersion{Version: "v1"}
	return []schema.GroupVersionKind{
		core.WithKind("ConfigMap"), core.WithKind("Secret"), core.WithKind("Service"), core.WithKind("ServiceAccount"),
		rbac.WithKind("ClusterRole"), rbac.WithKind("ClusterRoleBinding"),
	}
}

// dump reads the state of a point.
func (w *world) dump(ctx context.Context, id string) (state, error) {
	out := state{}
	wanted := map[string]string{} // digest by Helm release
	for _, read := range []func(context.Context, string, state, map[string]string) error{
		w.dumpBundle, w.dumpReleases, w.dumpRecords, w.dumpDefinition, w.dumpObjects,
	} {
		if err := read(ctx, id, out, wanted); err != nil {
			return nil, err
		}
	}
	revisions, otherDigests := regexp.MustCompile(`revision \d+`), regexp.MustCompile(`\b[0-9a-f]{40}\b`)
	normal := state{}
	for key, text := range out {
		text = revisions.ReplaceAllString(strings.ReplaceAll(text, id, "ID"), "revision N")
		text = otherDigests.ReplaceAllString(text, "OTHER")
		normal[strings.ReplaceAll(key, id, "ID")] = text
	}
	return normal, nil
}

func (w *world) dumpBundle(ctx context.Context, id string, out state, _ map[string]string) error {
	b := &v1alpha1.PlatformBundle{}
	if err := w.k8s.Get(ctx, client.ObjectKey{Name: id}, b); err != nil {
		return client.IgnoreNotFound(err)
	}
	var lines []string
	for _, c := range b.Status.Conditions {
		lines = append(lines, fmt.Sprintf("%s=%s %s: %s", c.Type, c.Status, c.Reason, c.Message))
	}
	for _, c := range b.Status.Components {
		lines = append(lines, fmt.Sprintf("%s %s is %s, %s: %s", c.Name, c.Version, c.State, c.Reason, c.Message))
	}
	out["PlatformBundle "+id] = strings.Join(append(lines, b.Status.Ready), "\n")
	return nil
}

func (w *world) dumpReleases(ctx context.Context, id string, out state, wanted map[string]string) error {
	var list v1alpha1.ComponentReleaseList
	if err := w.k8s.List(ctx, &list, client.MatchingLabels{v1alpha1.BundleLabel: id}); err != nil {
		return err
	}
	for _, r := range list.Items {
		digest := r.Spec.InputsDigest
		wanted[r.Spec.ReleaseName] = digest
		for i := range r.Spec.CRDs {
			r.Spec.CRDs[i].Digest = ""
		}
		spec, err := json.MarshalIndent(r.Spec, "", " ")
		if err != nil {
			return err
		}
		lines := []string{string(spec), "ready: " + r.Status.ReadyDigest, "released: " + r.Status.ReleasedDigest}
		if c := meta.FindStatusCondition(r.Status.Conditions, v1alpha1.ConditionReady); c != nil {
			lines = append(lines, fmt.Sprintf("Ready=%s %s: %s", c.Status, c.Reason, c.Message))
		}
		if r.Status.Failure != nil {
			lines = append(lines, "remembers that it failed: "+r.Status.Failure.Action)
		}
		out["ComponentRelease "+r.Name] = strings.ReplaceAll(strings.Join(lines, "\n"), digest, "WANTED")
	}
	return nil
}

// dumpRecords reads what Helm knows: which revision is deployed, whether it is
// the newest, and whether any is stuck.
func (w *world) dumpRecords(ctx context.Context, id string, out state, wanted map[string]string) error {
	history, err := w.history(ctx, id)
	if err != nil {
		return err
	}
	for name, records := range history {
		var lines []string
		for i, r := range records {
			switch r.status {
			case "deployed":
				digest := strings.ReplaceAll(r.digest, wanted[name], "WANTED")
				lines = append(lines, fmt.Sprintf("deployed with %s, newest %t, ours %t", digest, i == len(records)-1, r.ours))
			case "failed", "superseded":
			default:
				lines = append(lines, "stuck: "+r.status)
			}
		}
		out["Helm release "+name] = strings.Join(lines, "\n")
	}
	return nil
}

type record struct {
	version        int
	status, digest string
	ours           bool
}

// history is Helm's, by release, oldest first.
func (w *world) history(ctx context.Context, id string) (map[string][]record, error) {
	var list corev1.SecretList
	if err := w.k8s.List(ctx, &list, client.InNamespace(id), client.MatchingLabels{"owner": "helm"}); err != nil {
		return nil, err
	}
	out := map[string][]record{}
	for _, item := range list.Items {
		r := record{status: item.Labels["status"], digest: item.Labels[v1alpha1.InputsDigestLabel]}
		r.ours = item.Labels[v1alpha1.RevisionLabel] == item.Labels["version"]
		if _, err := fmt.Sscan(item.Labels["version"], &r.version); err != nil {
			return nil, fmt.Errorf("record %s: version: %w", item.Name, err)
		}
		out[item.Labels["name"]] = append(out[item.Labels["name"]], r)
	}
	for _, records := range out {
		slices.SortFunc(records, func(a, b record) int { return a.version - b.version })
	}
	return out, nil
}

func (w *world) dumpDefinition(ctx context.Context, id string, out state, _ map[string]string) error {
	crd := &unstructured.Unstructured{}
	crd.SetGroupVersionKind(apiextensionsv1.SchemeGroupVersion.WithKind("CustomResourceDefinition"))
	if err := w.k8s.Get(ctx, client.ObjectKey{Name: "widgets." + groupOf(id)}, crd); err != nil {
		return client.IgnoreNotFound(err)
	}
	annotations := crd.GetAnnotations()
	delete(annotations, v1alpha1.CRDDigestAnnotation)
	return put(out, "CustomResourceDefinition", crd.GetName(), crd.GetLabels(), annotations, crd.Object["spec"])
}

// dumpObjects reads every object that carries the release label of the point, of
// whatever namespace, and the namespace.
func (w *world) dumpObjects(ctx context.Context, id string, out state, _ map[string]string) error {
	objects, err := w.objects(ctx, id)
	if err != nil {
		return err
	}
	for _, o := range objects {
		unstructured.RemoveNestedField(o.Object, "spec", "clusterIP")
		unstructured.RemoveNestedField(o.Object, "spec", "clusterIPs")
		name := o.GetNamespace() + "/" + o.GetName()
		content := map[string]any{}
		for key, value := range o.Object {
			if !slices.Contains([]string{"metadata", "status", "kind"}, key) {
				content[key] = value
			}
		}
		if err := put(out, o.GetKind(), name, o.GetLabels(), o.GetAnnotations(), content); err != nil {
			return err
		}
	}
	namespace := &corev1.Namespace{}
	if err := w.k8s.Get(ctx, client.ObjectKey{Name: id}, namespace); err != nil {
		return client.IgnoreNotFound(err)
	}
	return put(out, "Namespace", id, namespace.Labels, namespace.Annotations, namespace.DeletionTimestamp)
}

// objects of a point, hooks included.
func (w *world) objects(ctx context.Context, id string) ([]unstructured.Unstructured, error) {
	owned, err := labels.NewRequirement(v1alpha1.ReleaseLabel, selection.In,
		[]string{v1alpha1.ReleaseName(id, "base"), v1alpha1.ReleaseName(id, "app")})
	if err != nil {
		return nil, err
	}
	var out []unstructured.Unstructured
	for _, kind := range append(kinds(), schema.GroupVersionKind{Group: groupOf(id), Version: "v1", Kind: "Widget"}) {
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(kind)
		err := w.k8s.List(ctx, list, client.MatchingLabelsSelector{Selector: labels.NewSelector().Add(*owned)})
		if meta.IsNoMatchError(err) || apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", kind.Kind, err)
		}
		out = append(out, list.Items...)
	}
	return out, nil
}

func put(out state, kind, name string, parts ...any) error {
	text, err := json.MarshalIndent(parts, "", " ")
	if err != nil {
		return err
	}
	out[kind+" "+name] = string(text)
	return nil
}
