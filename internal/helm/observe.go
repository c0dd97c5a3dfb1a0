// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	helmrelease "helm.sh/helm/v3/pkg/release"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// Status of a revision, as Helm spells it.
type Status string

// The statuses that decisions are made from.
const (
	StatusDeployed     Status = "deployed"
	StatusFailed       Status = "failed"
	StatusSuperseded   Status = "superseded"
	StatusUninstalled  Status = "uninstalled"
	StatusUninstalling Status = "uninstalling"
)

// Pending says that the record was left by an action that has not ended.
func (s Status) Pending() bool { return strings.HasPrefix(string(s), "pending-") }

// Revision is one record of a release, read from its metadata alone.
type Revision struct {
	// Number counts from 1.
	Number int
	// Status of the record.
	Status Status
	// Digest of the inputs, empty for records that are not ours.
	Digest string
	// Holder is the process that works or worked on it, empty for strangers.
	Holder string
	// Ready says that its objects were ready once; see MarkReady.
	Ready bool
	// FailedDigest is the digest whose failure this revision, a rollback, answers;
	// empty for other revisions.
	FailedDigest string
	// Changed is when the record was last written by Helm, to the second.
	Changed time.Time
}

// labelPrefix is what the labels of ours begin with.
const labelPrefix = "platform.groundwork.dev/"

// RecordSelector selects the records of all Helm releases, for watches.
func RecordSelector() labels.Selector { return labels.SelectorFromSet(labels.Set{"owner": "helm"}) }

// RecordOf says which release a record belongs to; false if it is not a record.
func RecordOf(object metav1.Object) (Release, bool) {
	lbls := object.GetLabels()
	name, ok := lbls["name"]
	if !ok || lbls["owner"] != "helm" {
		return Release{}, false
	}
	return Release{Namespace: object.GetNamespace(), Name: name}, true
}

// RevisionsFrom reads revisions from the metadata of records, oldest first.
func RevisionsFrom(items []metav1.PartialObjectMetadata) []Revision {
	out := make([]Revision, 0, len(items))
	for _, item := range items {
		revision := Revision{
			Number:  versionOf(item.Labels),
			Status:  Status(item.Labels["status"]),
			Changed: changedAt(item.ObjectMeta),
		}
		if item.Labels[v1alpha1.RevisionLabel] == item.Labels["version"] {
			revision.Digest = item.Labels[v1alpha1.InputsDigestLabel]
			revision.Holder = item.Labels[v1alpha1.HolderLabel]
			revision.Ready = revision.Number > 0 && item.Labels[v1alpha1.ReadyLabel] == item.Labels["version"]
			revision.FailedDigest = item.Labels[v1alpha1.FailedDigestLabel]
		}
		out = append(out, revision)
	}
	slices.SortFunc(out, func(a, b Revision) int { return a.Number - b.Number })
	return out
}

// Observe reads the revisions of a release from the API server, oldest first;
// none is no error. It is the live read before an action; between actions the
// watch on the records is enough.
func (e *Engine) Observe(ctx context.Context, release Release) ([]Revision, error) {
	list, err := e.metadata.Resource(secretsResource).Namespace(release.Namespace).List(ctx, metav1.ListOptions{
		LabelSelector: labels.Set{"owner": "helm", "name": release.Name}.AsSelector().String(),
	})
	if err != nil {
		return nil, fmt.Errorf("list the records of release %s: %w", release, err)
	}
	return RevisionsFrom(list.Items), nil
}

// ObserveNew is Observe for a release of which the watch has shown no record: it asks
// for the first one alone, and for the others where that is there. A list waits until
// the API server's cache is as new as etcd, which was 50 ms of every hand-off. Records
// that neither has shown, because the history limit took the first and the watch lags,
// would be overlooked here; Helm lists them before it installs, and refuses.
func (e *Engine) ObserveNew(ctx context.Context, release Release) ([]Revision, error) {
	_, err := e.metadata.Resource(secretsResource).Namespace(release.Namespace).Get(ctx, recordKey(release.Name, 1), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the first record of release %s: %w", release, err)
	}
	return e.Observe(ctx, release)
}

// Inventory reads the objects of one revision from its record.
func (e *Engine) Inventory(_ context.Context, release Release, revision int) ([]Object, error) {
	rls, err := e.record(release, revision)
	if err != nil {
		return nil, err
	}
	return inventoryOf(rls, e.options.Kinds)
}

func (e *Engine) record(release Release, revision int) (*helmrelease.Release, error) {
	rls, err := e.store(release).Get(recordKey(release.Name, revision))
	if err != nil {
		return nil, fmt.Errorf("read revision %d of release %s: %w", revision, release, err)
	}
	return rls, nil
}

// MarkReady notes on the record of a revision that its objects were ready. It
// changes nothing but a label, and the note is never copied to another revision.
// The caller runs no action on the release meanwhile: Helm writes records whole,
// with the labels that it has read before.
func (e *Engine) MarkReady(ctx context.Context, release Release, revision int) error {
	patch := fmt.Sprintf(`{"metadata":{"labels":{%q:"%d"}}}`, v1alpha1.ReadyLabel, revision)
	_, err := e.metadata.Resource(secretsResource).Namespace(release.Namespace).Patch(
		ctx, recordKey(release.Name, revision), types.MergePatchType, []byte(patch), metav1.PatchOptions{FieldManager: v1alpha1.FieldManager})
	if err != nil {
		return fmt.Errorf("mark revision %d of release %s as ready: %w", revision, release, err)
	}
	return nil
}

// TakeOver marks a record that an action left behind, pending or uninstalling, as
// failed, so that Helm acts on the release again. The caller has proof that nobody
// is working on it. Nothing is deleted.
func (e *Engine) TakeOver(_ context.Context, release Release, revision int) error {
	rls, err := e.record(release, revision)
	if err != nil {
		return err
	}
	if !rls.Info.Status.IsPending() && rls.Info.Status != helmrelease.StatusUninstalling {
		return nil
	}
	rls.SetStatus(helmrelease.StatusFailed, "interrupted: the process that worked on this revision ended; taken over by groundwork")
	return e.store(release).Update(recordKey(release.Name, revision), rls)
}

func recordKey(name string, revision int) string {
	return fmt.Sprintf("sh.helm.release.v1.%s.v%d", name, revision)
}
