// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"time"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// StrangerTimeout is how old a pending record of somebody else's must be before
// it counts as left behind: twice Helm's default timeout of five minutes.
const StrangerTimeout = 10 * time.Minute

// Bounds of the delay between attempts at the same inputs.
const (
	firstDelay = 5 * time.Second
	maxDelay   = 5 * time.Minute
)

// Action is what to do with one Helm release.
type Action string

// The actions of a Decision.
const (
	// ActionNone: the release is what it must be, or must be left alone.
	ActionNone Action = "None"
	// ActionWait: something is going on, or it is too early to try again.
	ActionWait Action = "Wait"
	// ActionInstall: make the first deployed revision.
	ActionInstall Action = "Install"
	// ActionUpgrade: make the next revision.
	ActionUpgrade Action = "Upgrade"
	// ActionUninstall: remove the release, or finish removing it.
	ActionUninstall Action = "Uninstall"
	// ActionTakeOver: mark a pending record that nobody works on as failed.
	ActionTakeOver Action = "TakeOver"
	// ActionRemoved: the release is gone, as wanted.
	ActionRemoved Action = "Removed"
)

// RevisionStatus is the status of a Helm record.
type RevisionStatus string

// The statuses that matter here; others count as history.
const (
	RevisionDeployed     RevisionStatus = "deployed"
	RevisionFailed       RevisionStatus = "failed"
	RevisionSuperseded   RevisionStatus = "superseded"
	RevisionUninstalling RevisionStatus = "uninstalling"
	RevisionUninstalled  RevisionStatus = "uninstalled"
	RevisionPending      RevisionStatus = "pending"
)

// Revision is one Helm record as observed.
type Revision struct {
	// Number counts from 1.
	Number int
	// Status of the record.
	Status RevisionStatus
	// Digest of the inputs; empty when the record is not ours.
	Digest string
	// Holder is the operator process that wrote it; empty when it is not ours.
	Holder string
	// Age since it was last written.
	Age time.Duration
}

// Failure is what is remembered of failed attempts.
type Failure struct {
	// Digest that was attempted.
	Digest string
	// Action that was attempted; empty means any, so that it delays all of them.
	Action Action
	// Count of attempts that failed in a row.
	Count int
	// Since the last one.
	Since time.Duration
}

// ReleaseInput is everything that Release decides from.
type ReleaseInput struct {
	// Digest of the approved inputs.
	Digest string
	// Removal says that the release is to be removed.
	Removal bool
	// Suspended says that nothing may be done.
	Suspended bool
	// Running is the action of a job of this process, empty for none.
	Running Action
	// Revisions, oldest first.
	Revisions []Revision
	// Failure of earlier attempts, nil for none.
	Failure *Failure
}

// Decision is what to do with one Helm release now.
type Decision struct {
	// Action to take.
	Action Action
	// Reason for waiting or acting, an API reason.
	Reason string
	// Revision that the action is about: the one to take over, or the deployed
	// one that is up to date.
	Revision int
	// After is when to decide again if nothing happens; 0 means on events only.
	After time.Duration
}

// Release decides what to do with one Helm release. Nobody's record is touched
// without proof that nobody works on it: ours, because this process holds the
// leader lease and runs no job for it; a stranger's, after StrangerTimeout.
func Release(in ReleaseInput) Decision {
	if in.Running != "" {
		return Decision{Action: ActionWait, Reason: runningReason(in.Running)}
	}
	if in.Suspended {
		return Decision{Action: ActionNone, Reason: v1alpha1.ReasonSuspended}
	}
	last, exists := lastOf(in.Revisions)
	if exists && busy(last) {
		if d, taken := decideBusy(last); taken {
			return d
		}
	}
	if in.Removal {
		if !exists {
			return Decision{Action: ActionRemoved, Reason: v1alpha1.ReasonRemoved}
		}
		return in.unlessTooEarly(Decision{Action: ActionUninstall, Reason: v1alpha1.ReasonUninstalling})
	}
	if exists && last.Status == RevisionUninstalling {
		return in.unlessTooEarly(Decision{Action: ActionUninstall, Reason: v1alpha1.ReasonUninstalling})
	}
	if exists && last.Status == RevisionDeployed && last.Digest == in.Digest {
		return Decision{Action: ActionNone, Reason: v1alpha1.ReasonReleased, Revision: last.Number}
	}
	if !everDeployed(in.Revisions) {
		return in.unlessTooEarly(Decision{Action: ActionInstall, Reason: v1alpha1.ReasonInstalling})
	}
	return in.unlessTooEarly(Decision{Action: ActionUpgrade, Reason: v1alpha1.ReasonUpgrading})
}

func lastOf(revisions []Revision) (Revision, bool) {
	if len(revisions) == 0 {
		return Revision{}, false
	}
	return revisions[len(revisions)-1], true
}

func busy(r Revision) bool {
	return r.Status == RevisionPending || r.Status == RevisionUninstalling
}

// decideBusy handles a record that an action left or is still writing.
func decideBusy(last Revision) (Decision, bool) {
	if last.Holder == "" && last.Age < StrangerTimeout {
		return Decision{
			Action: ActionWait, Reason: v1alpha1.ReasonReleasePending,
			Revision: last.Number, After: StrangerTimeout - last.Age,
		}, true
	}
	if last.Status == RevisionPending {
		return Decision{Action: ActionTakeOver, Reason: v1alpha1.ReasonReleasePending, Revision: last.Number}, true
	}
	return Decision{}, false
}

// everDeployed says that a revision was deployed since the release was last
// uninstalled with its history kept. Before that an attempt is an install, with
// its install hooks; after that it is an upgrade.
func everDeployed(revisions []Revision) bool {
	for _, r := range slices.Backward(revisions) {
		if r.Status == RevisionUninstalled {
			return false
		}
		if r.Status == RevisionDeployed || r.Status == RevisionSuperseded {
			return true
		}
	}
	return false
}

// unlessTooEarly waits out the delay after failed attempts at the same action and
// inputs: an install that keeps failing does not delay the removal.
func (in ReleaseInput) unlessTooEarly(d Decision) Decision {
	if in.Failure == nil || in.Failure.Count == 0 || in.Failure.Digest != in.Digest {
		return d
	}
	if in.Failure.Action != "" && in.Failure.Action != d.Action {
		return d
	}
	delay := Delay(in.Failure.Count)
	if in.Failure.Since >= delay {
		return d
	}
	return Decision{Action: ActionWait, Reason: failedReason(d.Action), After: delay - in.Failure.Since}
}

// Delay is the time between the count-th failure in a row and the next attempt.
func Delay(count int) time.Duration {
	delay := firstDelay
	for range count - 1 {
		if delay *= 2; delay >= maxDelay {
			return maxDelay
		}
	}
	return delay
}

func runningReason(action Action) string {
	switch action {
	case ActionUpgrade:
		return v1alpha1.ReasonUpgrading
	case ActionUninstall:
		return v1alpha1.ReasonUninstalling
	default:
		return v1alpha1.ReasonInstalling
	}
}

func failedReason(action Action) string {
	switch action {
	case ActionUpgrade:
		return v1alpha1.ReasonUpgradeFailed
	case ActionUninstall:
		return v1alpha1.ReasonUninstallFailed
	default:
		return v1alpha1.ReasonInstallFailed
	}
}
