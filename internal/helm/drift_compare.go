// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"helm.sh/helm/v3/pkg/kube"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/jsonmergepatch"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/cli-runtime/pkg/resource"
)

var (
	errBeingDeleted = errors.New("it is being deleted")
	errNotServed    = errors.New("its kind is not served")
)

// patch leads from the live object to the manifest.
type patch struct {
	kind types.PatchType
	data []byte
}

func (p patch) empty() bool {
	return len(p.data) == 0 || string(p.data) == "{}" || string(p.data) == "null"
}

// examine sets what was found about the target. It writes nothing.
func (x *examination) examine(ctx context.Context, t *target) {
	var err error
	defer func() {
		if err != nil {
			t.found = t.unknown("cannot be compared", err)
		}
	}()
	defer recovered(&err)
	live, err := t.client.Get(ctx, t.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err) && apierrors.HasStatusCause(err, metav1.CauseTypeUnexpectedServerResponse):
		err = errNotServed
		return
	case apierrors.IsNotFound(err):
		err = nil
		if t.GroupKind() != jobKind { // a finished Job is deleted when its time is up
			t.found = &Difference{Object: t.Object, Missing: true}
		}
		return
	case err != nil || finished(live):
		return
	case live.GetDeletionTimestamp() != nil:
		err = errBeingDeleted
		return
	}
	measure := t.desired.DeepCopy()
	x.ignore(measure, live)
	if t.patch, err = patchFor(t.info, measure, live); err != nil || t.patch.empty() {
		return
	}
	var paths []fieldPath
	if paths, err = t.trial(ctx, live); err != nil || len(paths) == 0 {
		return
	}
	t.found = &Difference{Object: t.Object, Fields: fieldNames(paths), Writer: writerOf(live, paths, fieldManager())}
}

// trial sends the patch as a dry run and returns what it would change. What
// admission webhooks do to any write, and what the API server spells in another
// way, is taken off.
func (t *target) trial(ctx context.Context, live *unstructured.Unstructured) ([]fieldPath, error) {
	var sent map[string]any
	if err := json.Unmarshal(t.patch.data, &sent); err != nil {
		return nil, fmt.Errorf("read the patch: %w", err)
	}
	wanted, err := t.send(ctx, t.patch, metav1.DryRunAll)
	if err != nil {
		return nil, err
	}
	paths := differing(live, wanted, sent)
	if len(paths) == 0 {
		return nil, nil
	}
	// Something differs: see what a write that changes nothing would do. Where that
	// cannot be told, what was found stands.
	untouched, err := t.send(ctx, patch{kind: t.patch.kind, data: []byte("{}")}, metav1.DryRunAll)
	if err != nil {
		return paths, nil //nolint:nilerr // the first answer stands
	}
	return common(paths, differing(untouched, wanted, sent)), nil
}

// send patches as Helm does; dryRun is metav1.DryRunAll or nothing.
func (t *target) send(ctx context.Context, p patch, dryRun ...string) (*unstructured.Unstructured, error) {
	return t.client.Patch(ctx, t.Name, p.kind, p.data, metav1.PatchOptions{FieldManager: fieldManager(), DryRun: dryRun})
}

// correct puts the object back and says whether it did.
func (x *examination) correct(ctx context.Context, t *target) bool {
	if err := x.write(ctx, t); err != nil {
		failed := t.unknown("cannot be put back", err)
		t.found.Unknown, t.found.Retry = failed.Unknown, failed.Retry
		return false
	}
	t.found.Corrected = true
	return true
}

func (x *examination) write(ctx context.Context, t *target) (err error) {
	defer recovered(&err)
	if t.found.Missing {
		t.info.Object = t.desired
		_, err = x.kube.Create(kube.ResourceList{t.info})
		return err
	}
	written, err := t.send(ctx, t.patch)
	if err != nil {
		return err
	}
	return t.info.Refresh(written, true)
}

// fieldManager is the name under which Helm writes in this process, so that a
// correction is a write of the release and not of a second owner.
func fieldManager() string {
	if kube.ManagedFieldsManager != "" {
		return kube.ManagedFieldsManager
	}
	return filepath.Base(os.Args[0])
}

// patchFor is the three-way merge of an upgrade to the same manifest: fields of
// the manifest come back, fields that it does not have stay as they are. Types
// that the API server defines are merged by their rules, all others as JSON.
func patchFor(info *resource.Info, desired, live *unstructured.Unstructured) (patch, error) {
	want, err := json.Marshal(desired)
	if err != nil {
		return patch{}, err
	}
	have, err := json.Marshal(live)
	if err != nil {
		return patch{}, err
	}
	versioned := kube.AsVersioned(info)
	if _, ok := versioned.(runtime.Unstructured); ok {
		data, err := jsonmergepatch.CreateThreeWayJSONMergePatch(want, want, have)
		return patch{types.MergePatchType, data}, err
	}
	rules, err := strategicpatch.NewPatchMetaFromStruct(versioned)
	if err != nil {
		return patch{}, err
	}
	data, err := strategicpatch.CreateThreeWayMergePatch(want, want, have, rules, true)
	return patch{types.StrategicMergePatchType, data}, err
}

// unknown words a failure. What the API server says about a Secret may quote its
// values, so there only the reason is told.
func (t *target) unknown(what string, err error) *Difference {
	out := &Difference{Object: t.Object, Retry: passing(err)}
	if t.GroupKind() == secretKind && !errors.Is(err, errBeingDeleted) {
		reason := apierrors.ReasonForError(err)
		if reason == metav1.StatusReasonUnknown {
			reason = "the request failed"
		}
		out.Unknown = fmt.Errorf("%s: %s (the details of a Secret are not shown)", what, reason)
		return out
	}
	out.Unknown = fmt.Errorf("%s: %w", what, translate(err))
	return out
}

// passing says whether a failure may pass by itself. What the API server or a
// webhook refuses stays refused until something is changed.
func passing(err error) bool {
	if errors.Is(err, errBeingDeleted) {
		return false // the watch tells when it is gone
	}
	if apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
		return true
	}
	return !apierrors.IsInvalid(err) && !apierrors.IsForbidden(err) && !apierrors.IsBadRequest(err) &&
		!apierrors.IsMethodNotSupported(err) && !apierrors.IsUnsupportedMediaType(err) && !apierrors.IsRequestEntityTooLargeError(err)
}
