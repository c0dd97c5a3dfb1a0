// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"context"
	"fmt"
	"slices"
	"time"

	"helm.sh/helm/v3/pkg/action"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// RollbackRequest is everything a rollback needs.
type RollbackRequest struct {
	Release
	// Owner is the ComponentRelease; it labels every object.
	Owner string
	// To is the revision whose manifest is released again.
	To int
	// FailedDigest of the inputs whose failure is the reason. It stays on the
	// record of the new revision, so that those inputs are not tried again at once.
	FailedDigest string
	// Timeout of the action and of each hook.
	Timeout time.Duration
	// HistoryLimit is the number of revisions kept.
	HistoryLimit int
	// HooksNeedWorkloads makes post hooks wait for running workloads.
	HooksNeedWorkloads bool
	// AllowDelete are kinds that count as data and may be deleted nevertheless.
	AllowDelete []string
}

// Rollback makes a new revision with the manifest of an earlier one. Its digest
// is that of the target, for that is what is released then. Definitions of custom
// resources in either manifest are neither applied nor deleted, and objects that
// belong to another Helm release by now are not taken from it: the error names
// them. On failure the result still tells the revision, if one was recorded, and
// what was written.
func (e *Engine) Rollback(ctx context.Context, request RollbackRequest) (Result, error) {
	target, err := e.rollbackTarget(ctx, request)
	if err != nil {
		return Result{}, err
	}
	s := e.operation(ctx, request.Release, request.Owner)
	s.kube.allowDelete = request.AllowDelete
	var why map[string]string
	if request.FailedDigest != "" {
		why = map[string]string{v1alpha1.FailedDigestLabel: request.FailedDigest}
	}
	s.makes(e.stamp(target.Digest, why), lastRevision)
	rollback := action.NewRollback(s.config)
	rollback.Version = request.To
	rollback.Timeout = request.Timeout
	rollback.MaxHistory = request.HistoryLimit
	rollback.Wait = request.HooksNeedWorkloads
	return e.finish(s, rollback.Run(request.Name))
}

// rollbackTarget checks what Helm's rollback does not: that nobody works on the
// release, and that no object of the target belongs to another one by now.
func (e *Engine) rollbackTarget(ctx context.Context, request RollbackRequest) (Revision, error) {
	known, err := e.Observe(ctx, request.Release)
	if err != nil {
		return Revision{}, err
	}
	at := slices.IndexFunc(known, func(r Revision) bool { return r.Number == request.To })
	if at < 0 {
		return Revision{}, fmt.Errorf("roll back release %s: it has no revision %d any more", request.Release, request.To)
	}
	if last := known[len(known)-1]; last.Status.Pending() {
		return Revision{}, fmt.Errorf("roll back release %s: another Helm operation is in progress: revision %d is %s",
			request.Release, last.Number, last.Status)
	}
	objects, err := e.Inventory(ctx, request.Release, request.To)
	if err != nil {
		return Revision{}, err
	}
	return known[at], e.refuseForeign(ctx, request.Release, request.Owner, objects)
}

// The revision whose manifest an action of Helm takes for what is there.
func noRevision([]Revision) int { return 0 }

func lastRevision(known []Revision) int {
	if len(known) == 0 {
		return 0
	}
	return known[len(known)-1].Number
}

func deployedOrLast(known []Revision) int {
	for _, r := range slices.Backward(known) {
		if r.Status == StatusDeployed {
			return r.Number
		}
	}
	return lastRevision(known)
}
