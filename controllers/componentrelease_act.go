// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/chart"
	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/internal/plan"
	"github.com/groundwork-dev/groundwork/internal/readiness"
	"github.com/groundwork-dev/groundwork/internal/resolve"
	"github.com/groundwork-dev/groundwork/internal/values"
)

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
	}
	if spec.HistoryLimit != nil {
		request.HistoryLimit = int(*spec.HistoryLimit)
	}
	return request
}

func timeoutOf(spec v1alpha1.ComponentReleaseSpec) time.Duration {
	if spec.Timeout != nil && spec.Timeout.Duration > 0 {
		return spec.Timeout.Duration
	}
	return resolve.DefaultTimeout
}

// run is the body of a job.
func (r *ComponentReleaseReconciler) run(
	ctx context.Context, name string, action plan.Action, spec v1alpha1.ComponentReleaseSpec, request helm.Request,
) (any, error) {
	if action == plan.ActionUninstall {
		return nil, r.Engine.Uninstall(ctx, request.Release, name, request.Timeout)
	}
	r.measureHandoff(ctx, name, spec)
	source, _, err := sourceOf(r.References, spec.Chart.Repository, spec.Chart.Name, spec.Chart.Version, spec.Chart.SecretRef)
	if err != nil {
		return nil, err
	}
	request.Source = source
	if err := r.ensureNamespace(ctx, spec); err != nil {
		return nil, err
	}
	if action == plan.ActionUpgrade {
		return r.Engine.Upgrade(ctx, request)
	}
	return r.Engine.Install(ctx, request)
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
// it without them, and validate it against a freshly downloaded schema.
func (r *ComponentReleaseReconciler) ensureNamespace(ctx context.Context, spec v1alpha1.ComponentReleaseSpec) error {
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

// ready judges the objects of the released revision from the watches alone.
func (r *ComponentReleaseReconciler) ready(ctx context.Context, scope *releaseScope) error {
	if scope.decision.Action != plan.ActionNone || scope.decision.Reason != v1alpha1.ReasonReleased {
		return nil
	}
	entry, err := r.inventory(ctx, scope, scope.decision.Revision)
	if err != nil {
		return err
	}
	r.Tracker.Track(scope.release.Name, entry.objects)
	rules := entry.rules
	if !readiness.RulesEqual(rules, scope.release.Spec.ReadyWhen) {
		if rules, err = readiness.CompileRules(scope.release.Spec.ReadyWhen); err != nil {
			return err
		}
		entry.rules = rules
		r.inventories.put(scope.release.Name, entry)
	}
	status, synced := r.Tracker.Status(scope.release.Name, rules)
	switch {
	case !synced:
		scope.objects = &verdict{reason: v1alpha1.ReasonWaitingForObjects, message: "reading the objects of the release"}
	case status.Ready:
		scope.objects = &verdict{ready: true, reason: v1alpha1.ReasonReady, message: fmt.Sprintf("all %d objects are current", status.Total)}
		if !isReady(scope.before) {
			r.Handoff.Ready(scope.release.Name)
		}
	case len(status.Failed) > 0:
		scope.objects = &verdict{reason: v1alpha1.ReasonObjectsFailed, message: status.Message()}
	default:
		scope.objects = &verdict{reason: v1alpha1.ReasonWaitingForObjects, message: status.Message()}
	}
	return nil
}

// inventory is known from the job that made the revision, or read from its record.
func (r *ComponentReleaseReconciler) inventory(ctx context.Context, scope *releaseScope, revision int) (inventory, error) {
	if entry, known := r.inventories.get(scope.release.Name, scope.helm, revision); known {
		return entry, nil
	}
	objects, err := r.Engine.Inventory(ctx, scope.helm, revision)
	if err != nil {
		return inventory{}, err
	}
	return r.remember(scope, revision, objects), nil
}

func (r *ComponentReleaseReconciler) remember(scope *releaseScope, revision int, objects []helm.Object) inventory {
	entry := inventory{release: scope.helm, revision: revision, objects: readinessObjects(objects)}
	r.inventories.put(scope.release.Name, entry)
	return entry
}

func toTime(t time.Time) metav1.Time { return metav1.NewTime(t.Truncate(time.Second)) }
