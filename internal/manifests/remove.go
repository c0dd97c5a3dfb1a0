// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/failure"
)

// phase orders objects: what others are put into or read comes first, and goes
// last.
type phase int

const (
	phaseNamespaces phase = iota
	phaseConfiguration
	phaseOthers
)

func phaseOf(ref v1alpha1.ObjectReference) phase {
	if groupVersionOf(ref).Group != "" {
		return phaseOthers
	}
	switch ref.Kind {
	case "Namespace":
		return phaseNamespaces
	case "ServiceAccount", "Secret", "ConfigMap":
		return phaseConfiguration
	default:
		return phaseOthers
	}
}

// reversed is the order of deletion.
func reversed(refs []v1alpha1.ObjectReference) []v1alpha1.ObjectReference {
	out := slices.Clone(refs)
	slices.Reverse(out)
	slices.SortStableFunc(out, func(a, b v1alpha1.ObjectReference) int { return int(phaseOf(b)) - int(phaseOf(a)) })
	return out
}

// fate is what became of an object that should go.
type fate int

const (
	fateGone      fate = iota // it was not there
	fateDeleted               // it was deleted now, and may still be going away
	fateGoing                 // it was deleted before and still is there
	fateForeign               // it belongs to somebody else
	fateProtected             // it is data that nobody allowed to delete
)

// ending is the fate of an object, and why it still is there; "" when it is not.
type ending struct {
	fate fate
	left string
}

// Remove deletes the objects of an owner in the reverse order of refs, and what
// others read (ServiceAccounts, Secrets, ConfigMaps) and their Namespaces only
// when everything else is gone, since finalizers may need them. It waits for
// nothing: left names what still exists and why, sorted, and the caller calls
// again when one of these objects changes. It is done when left is empty and err
// is nil. Objects that do not carry the owner's label, and data (see
// Request.AllowDelete) that allowDelete does not name, are left behind without a
// word. The error joins one failure for each object that could not be deleted.
func (a *Applier) Remove(ctx context.Context, owner string, refs []v1alpha1.ObjectReference, allowDelete []string) (left []string, err error) {
	if owner == "" {
		return nil, errors.New("remove manifests: the owner is missing")
	}
	var errs []error
	current := phaseOthers
	for _, ref := range reversed(refs) {
		if p := phaseOf(ref); p != current {
			if len(left) > 0 || len(errs) > 0 {
				break
			}
			current = p
		}
		end, err := a.delete(ctx, owner, ref, allowDelete)
		if ctx.Err() != nil {
			return unique(left), fmt.Errorf("remove manifests: %w", ctx.Err())
		}
		if err != nil {
			errs = append(errs, err)
			left = append(left, describe(ref)+" (could not be deleted)")
		} else if end.left != "" {
			left = append(left, end.left)
		}
	}
	return unique(left), errors.Join(errs...)
}

// prune deletes what has left the list. The error is that of ctx.
func (a *Applier) prune(ctx context.Context, req Request, wanted map[key]bool, result *Result) error {
	for _, ref := range reversed(req.Prune) {
		if wanted[keyOf(ref)] {
			continue
		}
		end, err := a.delete(ctx, req.Owner, ref, req.AllowDelete)
		if ctx.Err() != nil {
			return fmt.Errorf("prune manifests: %w", ctx.Err())
		}
		if err != nil {
			result.Failed = append(result.Failed, err)
			continue
		}
		switch end.fate {
		case fateGone, fateGoing:
		case fateDeleted:
			result.Pruned = append(result.Pruned, ref)
		case fateForeign:
			result.Kept = append(result.Kept, ref)
		case fateProtected:
			result.Protected = append(result.Protected, ref)
		}
		if end.left != "" {
			result.Left = append(result.Left, end.left)
		}
	}
	result.Pruned, result.Kept, result.Protected = sorted(result.Pruned), sorted(result.Kept), sorted(result.Protected)
	result.Left = unique(result.Left)
	return nil
}

// delete deletes one object of the owner, and looks what is left of it.
func (a *Applier) delete(ctx context.Context, owner string, ref v1alpha1.ObjectReference, allowDelete []string) (ending, error) {
	mapping, err := a.mappingOfReference(ref)
	if meta.IsNoMatchError(err) {
		return ending{fate: fateGone}, nil // nobody serves the kind: its objects went with its definition
	}
	if err != nil {
		return ending{}, failure.Retryable(v1alpha1.ReasonManifestsFailed, "delete %s: %w", describe(ref), err)
	}
	client := a.resource(mapping, ref.Namespace)
	live, err := client.Get(ctx, ref.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return ending{fate: fateGone}, nil
	case err != nil:
		return ending{}, failed("read", ref, err)
	case !belongsTo(live, owner):
		return ending{fate: fateForeign}, nil
	case isProtected(live, ref, allowDelete):
		return ending{fate: fateProtected}, nil
	case live.GetDeletionTimestamp() != nil:
		return ending{fate: fateGoing, left: going(ref, live)}, nil
	}
	background, uid := metav1.DeletePropagationBackground, live.GetUID()
	err = client.Delete(ctx, ref.Name, metav1.DeleteOptions{
		PropagationPolicy: &background, Preconditions: &metav1.Preconditions{UID: &uid},
	})
	if apierrors.IsNotFound(err) {
		return ending{fate: fateGone}, nil
	}
	if err != nil {
		return ending{}, failed("delete", ref, err)
	}
	left, err := a.remains(ctx, client, ref)
	return ending{fate: fateDeleted, left: left}, err
}

// remains says why a deleted object still is there; "" when it is not, or when
// it is somebody's new one.
func (a *Applier) remains(ctx context.Context, client dynamic.ResourceInterface, ref v1alpha1.ObjectReference) (string, error) {
	live, err := client.Get(ctx, ref.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return "", nil
	case err != nil:
		return "", failed("read", ref, err)
	case live.GetDeletionTimestamp() == nil:
		return "", nil
	}
	return going(ref, live), nil
}

// mappingOfReference finds the kind in another version when its own is served no
// more.
func (a *Applier) mappingOfReference(ref v1alpha1.ObjectReference) (*meta.RESTMapping, error) {
	gk := groupVersionOf(ref).WithKind(ref.Kind).GroupKind()
	mapping, err := a.mapper.RESTMapping(gk, groupVersionOf(ref).Version)
	if meta.IsNoMatchError(err) {
		return a.mapper.RESTMapping(gk)
	}
	return mapping, err
}

func belongsTo(live *unstructured.Unstructured, owner string) bool {
	_, helm := live.GetAnnotations()[helmReleaseAnnotation]
	return !helm && live.GetLabels()[v1alpha1.ReleaseLabel] == owner
}

// isProtected reports that an object is data: deleting a claim loses its volume,
// deleting a namespace everything in it, and of others their author says so.
func isProtected(live *unstructured.Unstructured, ref v1alpha1.ObjectReference, allowDelete []string) bool {
	data := groupVersionOf(ref).Group == "" && (ref.Kind == "PersistentVolumeClaim" || ref.Kind == "Namespace")
	return (data || isKept(live)) && !slices.Contains(allowDelete, ref.Kind)
}

func going(ref v1alpha1.ObjectReference, live *unstructured.Unstructured) string {
	finalizers := live.GetFinalizers()
	if len(finalizers) == 0 {
		return describe(ref) + " (is being deleted)"
	}
	slices.Sort(finalizers)
	return fmt.Sprintf("%s (finalizers: %s)", describe(ref), strings.Join(finalizers, ", "))
}
