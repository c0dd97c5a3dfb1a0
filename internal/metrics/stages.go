// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// The stages of a change, in their order.
const (
	// StagePrepare is from being asked for until the chart had been fetched, rendered
	// and checked.
	StagePrepare = "prepare"
	// StageWait is from then until Helm began: for dependencies, kinds and its turn.
	StageWait = "wait"
	// StageApply is what Helm took, without hooks.
	StageApply = "apply"
	// StageHooks is what hooks took.
	StageHooks = "hooks"
	// StageRollout is from Helm's end until it was Ready.
	StageRollout = "rollout"
)

// Stages are the times that a change spent in its stages. One that was not seen, by an
// operator that was started in the middle for example, is left out; so is the wait of
// a change that people let wait, whose days would say nothing about the operator.
func Stages(t v1alpha1.Timeline) map[string]time.Duration {
	out := map[string]time.Duration{}
	between := func(stage string, from, to *metav1.MicroTime, less time.Duration) {
		if from != nil && to != nil {
			out[stage] = max(0, to.Sub(from.Time)-less)
		}
	}
	between(StagePrepare, t.Queued, t.Prepared, 0)
	if !slices.ContainsFunc(t.GatedBy, func(by string) bool {
		return by == v1alpha1.ReasonAwaitingApproval || by == v1alpha1.ReasonAwaitingWindow
	}) {
		between(StageWait, t.Prepared, t.Began, 0)
	}
	if t.Released == nil { // follow-up manifests alone: Helm had nothing to do
		between(StageRollout, t.Began, t.Ready, 0)
		return out
	}
	var hooks time.Duration
	if t.Hooks != nil {
		hooks = t.Hooks.Duration
		out[StageHooks] = hooks
	}
	between(StageApply, t.Began, t.Released, hooks)
	between(StageRollout, t.Released, t.Ready, 0)
	return out
}
