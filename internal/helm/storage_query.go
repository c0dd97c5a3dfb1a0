// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	helmrelease "helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// Query answers from the labels of the records. Asked for a status, it decodes
// the records of that status; asked for the history, only the newest, and gives
// the others as stubs that hold what Helm reads of them: version, status, labels.
func (r *records) Query(query map[string]string) ([]*helmrelease.Release, error) {
	items, err := r.matching(query)
	if err != nil {
		return nil, fmt.Errorf("list the records of release %q: %w", query["name"], err)
	}
	if len(items) == 0 {
		return nil, driver.ErrReleaseNotFound
	}
	newest := slices.MaxFunc(items, func(a, b metav1.PartialObjectMetadata) int {
		return versionOf(a.Labels) - versionOf(b.Labels)
	})
	_, byStatus := query["status"]
	if !byStatus {
		r.learn(items)
	}
	out := make([]*helmrelease.Release, 0, len(items))
	for _, item := range items {
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

// matching are the records with these labels. Helm asks several times in an action; it
// is listed once, for nobody else works on the release meanwhile.
func (r *records) matching(query map[string]string) ([]metav1.PartialObjectMetadata, error) {
	if r.items == nil {
		selector := labels.Set{"owner": query["owner"], "name": query["name"]}.AsSelector().String()
		list, err := r.metadata.List(context.Background(), metav1.ListOptions{LabelSelector: selector})
		if err != nil {
			return nil, err
		}
		r.items = append([]metav1.PartialObjectMetadata{}, list.Items...)
	}
	wanted := labels.SelectorFromSet(query)
	var out []metav1.PartialObjectMetadata
	for _, item := range r.items {
		if wanted.Matches(labels.Set(item.Labels)) {
			out = append(out, item)
		}
	}
	return out, nil
}

// noteItem keeps in the list what was written, with the labels that the driver gives
// to a record.
func (r *records) noteItem(key string, rls *helmrelease.Release) {
	if r.items == nil {
		return
	}
	lbls := maps.Clone(rls.Labels)
	if lbls == nil {
		lbls = map[string]string{}
	}
	maps.Copy(lbls, map[string]string{
		"name": rls.Name, "owner": "helm", "status": rls.Info.Status.String(), "version": strconv.Itoa(rls.Version),
	})
	item := metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Name: key, Namespace: r.namespace, Labels: lbls}}
	at := slices.IndexFunc(r.items, func(known metav1.PartialObjectMetadata) bool { return known.Name == key })
	if at < 0 {
		r.items = append(r.items, item)
		return
	}
	r.items[at] = item
}

func (r *records) learn(items []metav1.PartialObjectMetadata) {
	revisions := RevisionsFrom(items)
	if r.known == nil {
		r.known = revisions
	}
	for _, revision := range revisions {
		if revision.Ready {
			r.keep = revision.Number
		}
	}
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
