// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	helmchart "helm.sh/helm/v3/pkg/chart"
	helmrelease "helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/metadata"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

var secretsResource = schema.GroupVersionResource{Version: "v1", Resource: "secrets"}

// records wraps Helm's Secrets driver. It exists because the driver decodes the
// whole history for every question, because each revision stores the chart's
// templates and files, and because Helm swallows errors of its last write.
type records struct {
	*driver.Secrets
	metadata  metadata.ResourceInterface
	namespace string

	mu        sync.Mutex
	lastError error
}

func newRecords(secrets *driver.Secrets, client metadata.Interface, namespace string) *records {
	return &records{
		Secrets:   secrets,
		metadata:  client.Resource(secretsResource).Namespace(namespace),
		namespace: namespace,
	}
}

// Create stores a revision without the chart's templates and files, stamped as
// ours: Helm copies labels to revisions that others make, this one included.
func (r *records) Create(key string, rls *helmrelease.Release) error {
	rls.Labels = maps.Clone(rls.Labels)
	if rls.Labels[v1alpha1.HolderLabel] != "" {
		rls.Labels[v1alpha1.RevisionLabel] = strconv.Itoa(rls.Version)
	}
	return r.remember(r.Secrets.Create(key, slim(rls)))
}

// Update stores a revision without the chart's templates and files.
func (r *records) Update(key string, rls *helmrelease.Release) error {
	return r.remember(r.Secrets.Update(key, slim(rls)))
}

// LastError is the error of the last write, which Helm only logs.
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

// Query answers from the labels of the records. Asked for a status, it decodes
// the records of that status; asked for the history, only the newest, and gives
// the others as stubs that hold what Helm reads of them: version, status, labels.
func (r *records) Query(query map[string]string) ([]*helmrelease.Release, error) {
	list, err := r.metadata.List(context.Background(), metav1.ListOptions{
		LabelSelector: labels.Set(query).AsSelector().String(),
	})
	if err != nil {
		return nil, fmt.Errorf("list the records of release %q: %w", query["name"], err)
	}
	if len(list.Items) == 0 {
		return nil, driver.ErrReleaseNotFound
	}
	newest := slices.MaxFunc(list.Items, func(a, b metav1.PartialObjectMetadata) int {
		return versionOf(a.Labels) - versionOf(b.Labels)
	})
	_, byStatus := query["status"]
	out := make([]*helmrelease.Release, 0, len(list.Items))
	for _, item := range list.Items {
		if !byStatus && item.Name != newest.Name {
			out = append(out, stub(item, r.namespace))
			continue
		}
		rls, err := r.Get(item.Name)
		if err != nil {
			return nil, fmt.Errorf("read the record %s: %w", item.Name, err)
		}
		out = append(out, rls)
	}
	return out, nil
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

func stub(item metav1.PartialObjectMetadata, namespace string) *helmrelease.Release {
	return &helmrelease.Release{
		Name:      item.Labels["name"],
		Namespace: namespace,
		Version:   versionOf(item.Labels),
		Labels:    item.Labels,
		Info:      &helmrelease.Info{Status: helmrelease.Status(item.Labels["status"])},
	}
}

func versionOf(lbls map[string]string) int {
	v, err := strconv.Atoi(lbls["version"])
	if err != nil {
		return 0
	}
	return v
}

// changedAt is when a record was last written, from Helm's own labels in
// seconds, or else when it was created.
func changedAt(item metav1.ObjectMeta) time.Time {
	for _, key := range []string{"modifiedAt", "createdAt"} {
		if seconds, err := strconv.ParseInt(item.Labels[key], 10, 64); err == nil {
			return time.Unix(seconds, 0)
		}
	}
	return item.CreationTimestamp.Time
}
