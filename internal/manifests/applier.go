// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"context"
	"errors"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/failure"
)

// Applier makes follow-up objects match their entries. It holds no state, waits
// for nothing and is safe for concurrent use.
type Applier struct {
	client dynamic.Interface
	mapper meta.RESTMapper
}

// NewApplier makes an Applier. The mapper must learn of kinds that appear later.
func NewApplier(client dynamic.Interface, mapper meta.RESTMapper) *Applier {
	return &Applier{client: client, mapper: mapper}
}

// Request says what the follow-up objects of one ComponentRelease are.
type Request struct {
	// Owner is the name of the ComponentRelease. It becomes the value of the label
	// v1alpha1.ReleaseLabel on every object. Required.
	Owner string
	// Namespace of the objects of namespaced kinds that name none.
	Namespace string
	// Objects as Parse returns them. They are not changed.
	Objects []*unstructured.Unstructured
	// Prune are objects that have left the list: see Gone. What Objects holds is
	// never pruned, whatever this says.
	Prune []v1alpha1.ObjectReference
	// AllowDelete are the kinds among PersistentVolumeClaim and Namespace that may
	// be pruned.
	AllowDelete []string
	// Only are the objects to apply, when it is not nil: all others are left alone,
	// and nothing is pruned. Drift is healed so.
	Only []v1alpha1.ObjectReference
}

// Applied is an object after it was written.
type Applied struct {
	v1alpha1.ObjectReference
	// UID of the object.
	UID string
	// Generation after the write; 0 for kinds without one.
	Generation int64
	// ResourceVersion after the write.
	ResourceVersion string
}

// Result says what became of a Request. Its lists are sorted, Applied and Failed
// aside: they are in the order in which objects were sent.
type Result struct {
	// Applied are the objects that the API server accepted.
	Applied []Applied
	// Waiting are the kinds that nobody serves yet, each once:
	// "K8sRequiredLabels (constraints.gatekeeper.sh/v1beta1)".
	Waiting []string
	// Pruned are the objects that were deleted now.
	Pruned []v1alpha1.ObjectReference
	// Kept are objects of Prune that do not belong to the owner any more (another
	// label, or a Helm release's). They need not be remembered.
	Kept []v1alpha1.ObjectReference
	// Protected are objects of Prune whose kind is data and is not in AllowDelete.
	Protected []v1alpha1.ObjectReference
	// Left are objects of Prune that are still going away, and why: "Kafka
	// kafka/main (finalizers: example.com/hold)". Apply with the same Prune looks at
	// them again.
	Left []string
	// Failed holds one error for each object that the API server refused or could
	// not delete. Each is a *failure.Error with ReasonManifestsFailed, or with
	// ReasonObjectsExist when the object is part of a Helm release; it names the
	// object.
	Failed []error
}

// Clean reports that every object was accepted and nothing is waited for.
func (r Result) Clean() bool { return len(r.Failed) == 0 && len(r.Waiting) == 0 }

// Err joins the failures; nil when there are none.
func (r Result) Err() error { return errors.Join(r.Failed...) }

// target is an object that is ready to be sent.
type target struct {
	ref     v1alpha1.ObjectReference
	mapping *meta.RESTMapping
	object  *unstructured.Unstructured
}

// Apply sends the objects by server-side apply as v1alpha1.FieldManager, with
// force: Namespaces first, then ServiceAccounts, Secrets and ConfigMaps, then the
// others in their order. The refusal of one stops no other. Only when all were
// accepted is anything pruned: an object that was renamed must be there under its
// new name before the old one goes. The error is that of a request without an
// owner, or of ctx; the result then holds what was done.
func (a *Applier) Apply(ctx context.Context, req Request) (Result, error) {
	var result Result
	if req.Owner == "" {
		return result, errors.New("apply manifests: the owner is missing")
	}
	targets, waiting := a.targets(req)
	result.Waiting = waiting
	sent := map[key]bool{}
	for _, t := range targets {
		if sent[keyOf(t.ref)] {
			result.Failed = append(result.Failed, failure.Terminal(v1alpha1.ReasonManifestInvalid,
				"%s is listed twice, once without metadata.namespace: keep one of them", describe(t.ref)))
			continue
		}
		sent[keyOf(t.ref)] = true
		applied, err := a.apply(ctx, t)
		if ctx.Err() != nil {
			return result, fmt.Errorf("apply manifests: %w", ctx.Err())
		}
		switch {
		case errors.Is(err, errNotServed):
			result.Waiting = append(result.Waiting, a.kindText(t.object))
		case err != nil:
			result.Failed = append(result.Failed, err)
		default:
			result.Applied = append(result.Applied, applied)
		}
	}
	result.Waiting = unique(result.Waiting)
	if req.Only != nil || !result.Clean() {
		return result, nil
	}
	err := a.prune(ctx, req, sent, &result)
	return result, err
}

// targets resolves the objects that the request is about, in the order in which
// they are sent, and names the kinds that are not served.
func (a *Applier) targets(req Request) (targets []target, waiting []string) {
	only := keysOf(req.Only)
	for _, object := range req.Objects {
		mapping, err := mappingOf(a.mapper, object)
		if err != nil {
			if req.Only == nil {
				waiting = append(waiting, a.kindText(object))
			}
			continue
		}
		t := target{ref: resolve(object, mapping, req.Namespace), mapping: mapping}
		if req.Only != nil && !only[keyOf(t.ref)] {
			continue
		}
		t.object = object.DeepCopy()
		t.object.SetNamespace(t.ref.Namespace)
		labels := t.object.GetLabels()
		if labels == nil {
			labels = map[string]string{}
		}
		labels[v1alpha1.ReleaseLabel] = req.Owner
		t.object.SetLabels(labels)
		targets = append(targets, t)
	}
	slices.SortStableFunc(targets, func(x, y target) int { return int(phaseOf(x.ref)) - int(phaseOf(y.ref)) })
	return targets, unique(waiting)
}

// apply sends one object. An object of a Helm release is refused: whatever is
// written to it, the release's own drift correction would take back.
func (a *Applier) apply(ctx context.Context, t target) (Applied, error) {
	client := a.resource(t.mapping, t.ref.Namespace)
	live, err := client.Get(ctx, t.ref.Name, metav1.GetOptions{})
	if err == nil {
		if release, part := live.GetAnnotations()[helmReleaseAnnotation]; part {
			return Applied{}, failure.Retryable(v1alpha1.ReasonObjectsExist,
				"%s is part of the Helm release %s: change it by that chart's values, or rename it; if no release holds it any more, remove its annotation %s",
				describe(t.ref), release, helmReleaseAnnotation)
		}
	} else if !apierrors.IsNotFound(err) {
		return Applied{}, failed("read", t.ref, err)
	}
	out, err := client.Apply(ctx, t.ref.Name, t.object, metav1.ApplyOptions{FieldManager: v1alpha1.FieldManager, Force: true})
	if err != nil {
		return Applied{}, failed("apply", t.ref, err)
	}
	return Applied{
		ObjectReference: t.ref, UID: string(out.GetUID()), Generation: out.GetGeneration(), ResourceVersion: out.GetResourceVersion(),
	}, nil
}

func failed(attempt string, ref v1alpha1.ObjectReference, err error) error {
	return failure.Retryable(v1alpha1.ReasonManifestsFailed, "%w", refusal(attempt, ref, err))
}

func (a *Applier) resource(mapping *meta.RESTMapping, namespace string) dynamic.ResourceInterface {
	if mapping.Scope.Name() == meta.RESTScopeNameRoot {
		return a.client.Resource(mapping.Resource)
	}
	return a.client.Resource(mapping.Resource).Namespace(namespace)
}

// kindText names a kind that is not served, and the version that is served in its
// place, if there is one.
func (a *Applier) kindText(object *unstructured.Unstructured) string {
	gvk := object.GroupVersionKind()
	text := fmt.Sprintf("%s (%s)", gvk.Kind, gvk.GroupVersion())
	other, err := a.mapper.RESTMapping(gvk.GroupKind())
	if err != nil || other.GroupVersionKind.Version == gvk.Version {
		return text
	}
	return fmt.Sprintf("%s (%s; the cluster serves %s)", gvk.Kind, gvk.GroupVersion(), other.GroupVersionKind.Version)
}

func unique(texts []string) []string {
	slices.Sort(texts)
	return slices.Compact(texts)
}
