// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/admission"
	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/internal/plan"
	"github.com/groundwork-dev/groundwork/internal/pods"
	"github.com/groundwork-dev/groundwork/internal/readiness"
)

// judge looks at the objects of the newest revision, if Helm calls it deployed,
// from the watches alone. A release that never was ours has no labels to find its
// objects by.
func (r *ComponentReleaseReconciler) judge(ctx context.Context, scope *releaseScope) error {
	spec := scope.release.Spec
	if spec.Suspend {
		r.inventories.forget(scope.release.Name) // the time in which nobody looked on does not count
	}
	last := scope.newest()
	if last == nil || last.Status != helm.StatusDeployed || r.isBeingMade(scope, *last) || spec.Removal != "" || spec.Suspend || adopting(scope) {
		r.Pods.Follow(scope.release.Name, nil)
		return nil
	}
	scope.deployed = last
	entry, err := r.inventory(ctx, scope, last.Number)
	if err != nil {
		return err
	}
	r.Tracker.Track(scope.release.Name, entry.objects)
	scope.release.Status.Data = dataOf(entry.objects)
	status, synced, err := r.look(scope.release, scope.release.Name, entry)
	if err != nil {
		return err
	}
	scope.known, scope.current = synced, synced && status.Ready
	scope.objects = r.objectsVerdict(scope.release, entry, r.explained(scope.release, status), synced)
	return nil
}

// isBeingMade says that the job under way has recorded this revision and not ended yet:
// what it wrote is told when it has.
func (r *ComponentReleaseReconciler) isBeingMade(scope *releaseScope, revision helm.Revision) bool {
	_, known := r.inventories.get(scope.release.Name, scope.helm, revision.Number)
	return !known && scope.busy() && acts(plan.Action(scope.running.Action)) &&
		revision.Holder == r.Identity && revision.Digest == scope.running.Digest
}

// explained adds to what is said of workloads why their pods do not run. The pods
// are looked at only while there is something to explain.
func (r *ComponentReleaseReconciler) explained(release *v1alpha1.ComponentRelease, status readiness.Status) readiness.Status {
	status.Failed, status.Waiting = slices.Clone(status.Failed), slices.Clone(status.Waiting)
	unready := map[pods.Workload]*readiness.Finding{}
	for _, findings := range [][]readiness.Finding{status.Failed, status.Waiting} {
		for i, f := range findings {
			if readiness.MakesPods(f.GroupKind()) {
				unready[pods.Workload{Kind: f.Kind, Namespace: f.Namespace, Name: f.Name}] = &findings[i]
			}
		}
	}
	// What is known already wakes nobody, so it is asked for after.
	r.Pods.Follow(release.Name, slices.Collect(maps.Keys(unready)))
	for workload, finding := range unready {
		if trouble := r.Pods.Trouble(workload); trouble != "" {
			finding.Message += ": " + redact(r.References, release.Spec.ValuesFrom, trouble)
		}
	}
	return status
}

// newest revision that Helm has a record of; nil when there is none.
func (scope *releaseScope) newest() *helm.Revision {
	if len(scope.revisions) == 0 {
		return nil
	}
	return &scope.revisions[len(scope.revisions)-1]
}

// look judges what is tracked under a key by the release's rules.
func (r *ComponentReleaseReconciler) look(release *v1alpha1.ComponentRelease, key string, entry inventory) (readiness.Status, bool, error) {
	rules := entry.rules
	if !readiness.RulesEqual(rules, release.Spec.ReadyWhen) {
		var err error
		if rules, err = readiness.CompileRules(release.Spec.ReadyWhen); err != nil {
			return readiness.Status{}, false, err
		}
		entry.rules = rules
		r.inventories.put(release.Name, entry)
	}
	status, synced := r.Tracker.Status(key, rules)
	return status, synced, nil
}

func (r *ComponentReleaseReconciler) objectsVerdict(
	release *v1alpha1.ComponentRelease, entry inventory, status readiness.Status, synced bool,
) *verdict {
	waiting := func(message string) *verdict {
		return &verdict{reason: v1alpha1.ReasonWaitingForObjects, message: message}
	}
	unread := func(message string) *verdict {
		return &verdict{unread: r.isFresh(entry), reason: v1alpha1.ReasonWaitingForObjects, message: message}
	}
	switch {
	case len(status.Failed) > 0: // whatever is not known yet
		return &verdict{reason: v1alpha1.ReasonObjectsFailed, message: status.Message()}
	case !synced:
		return unread("reading the objects of the release")
	}
	problems, listed := r.Admission.Own(release.Name, servicesOf(entry.objects), release.Spec.ExpectedWebhooks)
	switch {
	case !status.Ready:
		return waiting(status.Message() + refusals(release, problems))
	case !listed:
		return unread("reading the admission webhooks of the cluster")
	case len(problems) > 0:
		return waiting(strings.Join(problems, "; "))
	}
	return &verdict{ready: true, reason: v1alpha1.ReasonReady, message: fmt.Sprintf("all %d objects are current", status.Total)}
}

// unreadPatience is how long watches may take to answer before a release that was Ready
// is said not to be known any more.
const unreadPatience = 30 * time.Second

// isFresh says that this process has begun to look at a release a moment ago.
func (r *ComponentReleaseReconciler) isFresh(entry inventory) bool {
	return r.Clock.Since(entry.since) < unreadPatience
}

// refusals is about a component that was ready and went down: the webhooks that it
// registered refuse the writes of others now. Those that its chart brings are among
// its objects, and what is not registered refuses nothing.
func refusals(release *v1alpha1.ComponentRelease, problems []string) string {
	if release.Status.ReadyDigest == "" || len(release.Spec.ExpectedWebhooks) == 0 {
		return ""
	}
	dead := slices.DeleteFunc(slices.Clone(problems), func(p string) bool { return !strings.Contains(p, admission.CannotAnswer) })
	if len(dead) == 0 {
		return ""
	}
	return "; until it is back, or its webhook configurations are deleted, writes are refused: " + strings.Join(dead, "; ")
}

// servicesOf are the Services of an inventory: a webhook that calls one of them
// belongs to the release, whoever registered it.
func servicesOf(objects []readiness.Object) []types.NamespacedName {
	var out []types.NamespacedName
	for _, o := range objects {
		if o.Group == "" && o.Kind == "Service" {
			out = append(out, types.NamespacedName{Namespace: o.Namespace, Name: o.Name})
		}
	}
	return out
}

// dataOf are the objects that count as data by themselves, sorted.
func dataOf(objects []readiness.Object) []v1alpha1.ObjectReference {
	var out []v1alpha1.ObjectReference
	for _, o := range objects {
		if helm.IsData(o.GroupKind()) {
			out = append(out, referenceTo(o))
		}
	}
	slices.SortFunc(out, func(a, b v1alpha1.ObjectReference) int {
		return strings.Compare(a.Kind+"/"+a.Namespace+"/"+a.Name, b.Kind+"/"+b.Namespace+"/"+b.Name)
	})
	return out
}

func referenceTo(o readiness.Object) v1alpha1.ObjectReference {
	return v1alpha1.ObjectReference{APIVersion: o.GroupVersion().String(), Kind: o.Kind, Namespace: o.Namespace, Name: o.Name}
}

// inventory is known from the job that made the revision, or read from its
// record. What was not seen being written must be compared once.
func (r *ComponentReleaseReconciler) inventory(ctx context.Context, scope *releaseScope, revision int) (inventory, error) {
	if entry, known := r.inventories.get(scope.release.Name, scope.helm, revision); known {
		return entry, nil
	}
	objects, err := r.Engine.Inventory(ctx, scope.helm, revision)
	if err != nil {
		return inventory{}, err
	}
	r.Ledger.All(scope.release.Name)
	return r.remember(scope, helm.Revision{Number: revision}, objects), nil
}

func (r *ComponentReleaseReconciler) remember(scope *releaseScope, made helm.Revision, objects []helm.Object) inventory {
	entry := inventory{release: scope.helm, revision: made.Number, made: made, since: r.Clock.Now(), objects: readinessObjects(objects)}
	r.inventories.put(scope.release.Name, entry)
	return entry
}
