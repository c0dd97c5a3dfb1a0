// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/chart"
	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/internal/plan"
	"github.com/groundwork-dev/groundwork/internal/resolve"
	"github.com/groundwork-dev/groundwork/internal/values"
)

// call is one Helm action, with everything that it needs: it runs while passes go on.
type call struct {
	// release as it was when the action began.
	release *v1alpha1.ComponentRelease
	action  plan.Action
	// revision to roll back to.
	revision int
	request  helm.Request
}

// request is what Helm needs for the approved inputs. Credentials are read when
// the job runs, should the cache have lost the chart.
func (r *ComponentReleaseReconciler) request(scope *releaseScope) helm.Request {
	spec := scope.release.Spec
	request := helm.Request{
		Release: scope.helm,
		Owner:   scope.release.Name,
		Chart: chart.Resolved{
			Repository: spec.Chart.Repository, Name: spec.Chart.Name, Version: spec.Chart.Version, Digest: spec.Chart.Digest,
		},
		Values:             values.Merge(scope.merged),
		Capabilities:       spec.Capabilities,
		Digest:             spec.InputsDigest,
		Timeout:            timeoutOf(spec),
		HistoryLimit:       resolve.DefaultHistoryLimit,
		HooksNeedWorkloads: spec.HooksNeedWorkloads,
		HookPatience:       hookPatience(spec),
		Adopt:              spec.Adopt,
		AllowDelete:        spec.AllowDataLoss,
	}
	if spec.HistoryLimit != nil {
		request.HistoryLimit = int(*spec.HistoryLimit)
	}
	return request
}

// hookPatience is for charts that the catalog knows nothing about. Their post hooks
// wait for the release's workloads, as a "helm install --wait" makes them, but only
// for so long: some workloads wait for the hook.
func hookPatience(spec v1alpha1.ComponentReleaseSpec) time.Duration {
	const atMost = time.Minute
	if spec.CatalogVersion != "" {
		return 0
	}
	return min(atMost, timeoutOf(spec)/2)
}

func timeoutOf(spec v1alpha1.ComponentReleaseSpec) time.Duration {
	if spec.Timeout != nil && spec.Timeout.Duration > 0 {
		return spec.Timeout.Duration
	}
	return resolve.DefaultTimeout
}

// run is the body of a job.
func (r *ComponentReleaseReconciler) run(ctx context.Context, c call) (any, error) {
	request, spec := c.request, c.release.Spec
	switch c.action {
	case plan.ActionUninstall:
		return nil, r.Engine.Uninstall(ctx, helm.UninstallRequest{
			Release: request.Release, Owner: request.Owner, Timeout: request.Timeout, AllowDelete: request.AllowDelete,
		})
	case plan.ActionRollback:
		return r.Engine.Rollback(ctx, helm.RollbackRequest{
			Release: request.Release, Owner: request.Owner, To: c.revision, FailedDigest: request.Digest,
			Timeout: request.Timeout, HistoryLimit: request.HistoryLimit, HooksNeedWorkloads: request.HooksNeedWorkloads,
			AllowDelete: request.AllowDelete,
		})
	default: // an install or an upgrade
	}
	r.measureHandoff(ctx, request.Owner, spec)
	source, _, err := sourceOf(r.References, spec.Chart.Repository, spec.Chart.Name, spec.Chart.Version, spec.Chart.SecretRef)
	if err != nil {
		return nil, err
	}
	request.Source = source
	if err := r.ensureNamespace(ctx, spec, c.action == plan.ActionInstall); err != nil {
		return nil, err
	}
	if c.action == plan.ActionUpgrade {
		return r.Engine.Upgrade(ctx, request)
	}
	return r.Engine.Install(ctx, request)
}

// removeWebhooks deletes the webhook configurations that a release registered at
// run time, when it is gone: without what stood behind them, fail-closed ones lock
// the cluster. It comes before the release is reported as removed, so that a crash
// repeats it.
func (r *ComponentReleaseReconciler) removeWebhooks(ctx context.Context, scope *releaseScope) (bool, error) {
	spec := scope.release.Spec
	if scope.decision.Action != plan.ActionRemoved || len(scope.revisions) > 0 || scope.claimed || len(spec.ExpectedWebhooks) == 0 {
		return false, nil // somebody else's release stays, with all that it registered
	}
	left := slices.Clone(spec.ExpectedWebhooks)
	// The catalog names those that a component always registers. Kyverno adds others
	// with its policies.
	for _, registered := range r.Admission.Registered(spec.Namespace) {
		dead, err := r.gone(ctx, registered.Services)
		if err != nil {
			return true, err
		}
		if dead {
			left = append(left, registered.WebhookReference)
		}
	}
	for _, webhook := range left {
		configuration := &unstructured.Unstructured{}
		configuration.SetGroupVersionKind(schema.GroupVersionKind{Group: "admissionregistration.k8s.io", Version: "v1", Kind: webhook.Kind})
		configuration.SetName(webhook.Name)
		if err := r.Delete(ctx, configuration); client.IgnoreNotFound(err) != nil {
			return true, fmt.Errorf("delete %s %s, which has lost its Service: %w", webhook.Kind, webhook.Name, err)
		}
	}
	return false, nil
}

// gone says that none of the Services is there. It asks the API server: a watch may
// still show what was deleted a moment ago.
func (r *ComponentReleaseReconciler) gone(ctx context.Context, services []types.NamespacedName) (bool, error) {
	for _, name := range services {
		err := r.Get(ctx, name, &corev1.Service{})
		if !apierrors.IsNotFound(err) {
			return false, err
		}
	}
	return true, nil
}

func (r *ComponentReleaseReconciler) measureHandoff(ctx context.Context, name string, spec v1alpha1.ComponentReleaseSpec) {
	var dependencies []string
	for _, dependency := range union(spec.DependsOn, spec.GuardedBy) {
		dependencies = append(dependencies, v1alpha1.ReleaseName(spec.Bundle, dependency))
	}
	if elapsed, known := r.Handoff.Begun(name, dependencies); known {
		log.FromContext(ctx).V(1).Info("Handed off", "release", name, "seconds", elapsed.Seconds())
	}
}

// ensureNamespace makes the release's namespace with its labels. Each release
// applies as a field manager of its own, for several may share a namespace and
// none may take away the labels of another. Helm would make
// it without them, and validate it against a freshly downloaded schema. One that is
// there and has no labels but its name is left alone: there are none to take off.
func (r *ComponentReleaseReconciler) ensureNamespace(ctx context.Context, spec v1alpha1.ComponentReleaseSpec, first bool) error {
	if first && len(spec.NamespaceLabels) == 0 {
		there := namespaces()
		if err := r.Records.Get(ctx, client.ObjectKey{Name: spec.Namespace}, there); err == nil && there.DeletionTimestamp.IsZero() && len(there.Labels) <= 1 {
			return nil
		}
	}
	namespace := &unstructured.Unstructured{}
	namespace.SetGroupVersionKind(schema.GroupVersionKind{Version: "v1", Kind: "Namespace"})
	namespace.SetName(spec.Namespace)
	namespace.SetLabels(spec.NamespaceLabels)
	err := r.Apply(ctx, client.ApplyConfigurationFromUnstructured(namespace), client.ForceOwnership, client.FieldOwner(v1alpha1.FieldManager+"/"+v1alpha1.ReleaseName(spec.Bundle, spec.Component)))
	if err != nil {
		return fmt.Errorf("apply namespace %s: %w", spec.Namespace, err)
	}
	return nil
}
