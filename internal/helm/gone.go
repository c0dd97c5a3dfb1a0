// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"helm.sh/helm/v3/pkg/kube"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/groundwork-dev/groundwork/internal/jobs"
)

// WaitForDelete waits by watch until every object is gone; Helm polls every two
// seconds.
func (d *decorator) WaitForDelete(resources kube.ResourceList, timeout time.Duration) error {
	ctx, cancel := d.waiting(timeout)
	defer cancel()
	for _, info := range resources {
		if d.keeps(info) {
			continue
		}
		err := waitGone(ctx, info)
		if err != nil && errors.Is(context.Cause(ctx), jobs.ErrInterrupted) {
			return d.cutShort(ctx, describe(info)+" to be gone")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func waitGone(ctx context.Context, info *resource.Info) error {
	helper := resource.NewHelper(info.Client, info.Mapping)
	for {
		object, err := helper.Get(info.Namespace, info.Name)
		if apierrors.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("wait until %s is gone: %w", describe(info), err)
		}
		accessor, err := meta.Accessor(object)
		if err != nil {
			return err
		}
		// It was made again after it had been deleted, or never was deleted.
		if accessor.GetDeletionTimestamp() == nil {
			background := metav1.DeletePropagationBackground
			_, err := helper.DeleteWithOptions(info.Namespace, info.Name, &metav1.DeleteOptions{PropagationPolicy: &background})
			if err != nil && !apierrors.IsNotFound(err) {
				return fmt.Errorf("delete %s: %w", describe(info), err)
			}
		}
		gone, err := watchGone(ctx, helper, info, accessor)
		if gone || err != nil {
			return err
		}
	}
}

// watchGone reports false when the watch ended by itself and must be begun anew.
func watchGone(ctx context.Context, helper *resource.Helper, info *resource.Info, object metav1.Object) (bool, error) {
	watcher, err := helper.WatchSingle(info.Namespace, info.Name, object.GetResourceVersion())
	if err != nil {
		return false, fmt.Errorf("watch %s: %w", describe(info), err)
	}
	defer watcher.Stop()
	for {
		select {
		case <-ctx.Done():
			return false, stillThere(ctx, info, object)
		case event, open := <-watcher.ResultChan():
			if !open || event.Type == watch.Error {
				return false, ctx.Err()
			}
			if event.Type == watch.Deleted {
				return true, nil
			}
		}
	}
}

func stillThere(ctx context.Context, info *resource.Info, object metav1.Object) error {
	why := "its deletion has not ended"
	if finalizers := object.GetFinalizers(); len(finalizers) > 0 {
		why = "it has the finalizers " + strings.Join(finalizers, ", ")
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("%s is still there: %s", describe(info), why)
	}
	return ctx.Err()
}

func describe(info *resource.Info) string {
	name := info.Name
	if info.Namespace != "" {
		name = info.Namespace + "/" + name
	}
	return info.Mapping.GroupVersionKind.Kind + " " + name
}
