// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	helmchart "helm.sh/helm/v3/pkg/chart"
	helmrelease "helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/metadata"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// retellAfter is how old a pending record may be when a hook begins, a fraction of the
// plan's patience with records of others.
const retellAfter = 2 * time.Minute

var secretsResource = schema.GroupVersionResource{Version: "v1", Resource: "secrets"}

// records wraps Helm's Secrets driver. It exists because the driver decodes the
// whole history for every question, because each revision stores the chart's
// templates and files, and because Helm swallows errors of its last write.
type records struct {
	*driver.Secrets
	metadata  metadata.ResourceInterface
	namespace string

	// stamp are the labels of ours on the record that this action makes.
	stamp map[string]string
	// beforeDeployed is called once, right before the record that this action made
	// is written as deployed.
	beforeDeployed func(*helmrelease.Release)
	// purging lets the records go that the history limit must leave.
	purging bool

	mu        sync.Mutex
	lastError error
	// created is the record that this action made; Helm changes it as it goes on.
	created *helmrelease.Release
	// written is the status of created that is stored, and writtenAt since when.
	written   helmrelease.Status
	writtenAt time.Time
	// unsaved are earlier records whose last write failed; Helm only logs that.
	unsaved []*helmrelease.Release
	// known is the history as it was first asked for.
	known []Revision
	// keep is the newest revision that was ready: the way back.
	keep int
	// removed by the history limit during this action.
	removed map[int]*helmrelease.Release
	// items is the metadata of the release's records: listed once, and then what this
	// action made of it. Nil is not listed yet.
	items []metav1.PartialObjectMetadata
}

func newRecords(secrets *driver.Secrets, client metadata.Interface, namespace string) *records {
	return &records{
		Secrets:   secrets,
		metadata:  client.Resource(secretsResource).Namespace(namespace),
		namespace: namespace,
	}
}

// Create stores a revision without the chart's templates and files, stamped as
// ours. Helm copies labels from one revision to the next, and in a rollback from
// the target: what is ours among them was said of another revision and goes.
func (r *records) Create(key string, rls *helmrelease.Release) error {
	lbls := maps.Clone(rls.Labels)
	maps.DeleteFunc(lbls, func(label, _ string) bool { return strings.HasPrefix(label, labelPrefix) })
	if len(r.stamp) > 0 {
		if lbls == nil {
			lbls = map[string]string{}
		}
		maps.Copy(lbls, r.stamp)
		lbls[v1alpha1.RevisionLabel] = strconv.Itoa(rls.Version)
	}
	rls.Labels = lbls
	if err := r.remember(r.Secrets.Create(key, slim(rls))); err != nil {
		return err
	}
	r.noteItem(key, rls)
	r.created, r.written, r.writtenAt = rls, rls.Info.Status, time.Now()
	return nil
}

// Update stores a revision without the chart's templates and files. Once there is
// a new revision, the earlier ones change in one way only, to superseded, and not
// because of a revision that failed, as Helm would have it: what is deployed
// would be nowhere on record. Helm also writes the whole record, up to a megabyte,
// whenever a hook begins, only to say so: the last write says it of all hooks. Until
// then "helm status" does not show which hook runs; this operator never reads it. What it
// reads is how old a pending record is: after a while it is written again.
func (r *records) Update(key string, rls *helmrelease.Release) error {
	if r.passesOver(rls) {
		return nil
	}
	if rls == r.created && rls.Info.Status == helmrelease.StatusDeployed && r.beforeDeployed != nil {
		r.beforeDeployed(rls)
		r.beforeDeployed = nil
	}
	err := r.Secrets.Update(key, slim(rls))
	if err == nil {
		r.noteItem(key, rls)
	}
	if r.created != nil && rls != r.created {
		if err != nil {
			r.unsaved = append(r.unsaved, rls)
		}
		return err
	}
	if err == nil {
		r.written, r.writtenAt = rls.Info.Status, time.Now()
	}
	return r.remember(err)
}

// passesOver says that a write of Helm's is left out.
func (r *records) passesOver(rls *helmrelease.Release) bool {
	switch status := rls.Info.Status; {
	case r.created == nil:
		return false
	case rls == r.created:
		return status.IsPending() && status == r.written && time.Since(r.writtenAt) < retellAfter
	default:
		return status != helmrelease.StatusSuperseded || r.created.Info.Status == helmrelease.StatusFailed
	}
}

// Get reads and decodes a record; one that is damaged is an error.
func (r *records) Get(key string) (rls *helmrelease.Release, err error) {
	defer recovered(&err) // the driver dereferences what it could not decode
	return r.Secrets.Get(key)
}

// Delete is asked for by the history limit, and by the purge after an uninstall.
// The newest revision that was ready outlives the limit.
func (r *records) Delete(key string) (rls *helmrelease.Release, err error) {
	defer recovered(&err)
	if !r.purging && r.keep > 0 && strings.HasSuffix(key, ".v"+strconv.Itoa(r.keep)) {
		return nil, nil //nolint:nilnil // Helm looks at the error alone
	}
	rls, err = r.Secrets.Delete(key)
	r.items = slices.DeleteFunc(r.items, func(item metav1.PartialObjectMetadata) bool { return err == nil && item.Name == key })
	if err == nil && !r.purging {
		if r.removed == nil {
			r.removed = map[int]*helmrelease.Release{}
		}
		r.removed[rls.Version] = rls
	}
	return rls, err
}

// revision reads a record, also one that this action has removed.
func (r *records) revision(name string, number int) (*helmrelease.Release, error) {
	if rls := r.removed[number]; rls != nil {
		return rls, nil
	}
	return r.Get(recordKey(name, number))
}

// LastError is the error of the last write of the new record, which Helm only logs.
func (r *records) LastError() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lastError
}

func (r *records) remember(err error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lastError = err
	return err
}

// slim is a shallow copy whose chart keeps what rollback, history and "helm get"
// read: metadata, values and the lock.
func slim(rls *helmrelease.Release) *helmrelease.Release {
	out := *rls
	if rls.Chart != nil {
		out.Chart = &helmchart.Chart{
			Metadata: rls.Chart.Metadata,
			Lock:     rls.Chart.Lock,
			Values:   rls.Chart.Values,
		}
	}
	return &out
}
