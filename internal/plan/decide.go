// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// Release decides what to do with one Helm release. Nobody's record is touched
// without proof that nobody works on it: ours, because this process holds the
// leader lease and runs no job for it; a stranger's, or another shard's, after
// StrangerTimeout. What
// a person released is held, and so is what an upgrade was rolled back to, until
// the inputs change or a reconcile is asked for; both are read from the records.
func Release(in ReleaseInput) Decision {
	if in.Running != "" {
		return Decision{Action: ActionWait, Reason: runningReason(in.Running), Interrupt: in.outdated()}
	}
	if in.Suspended {
		return Decision{Action: ActionNone, Reason: v1alpha1.ReasonSuspended}
	}
	last, exists := lastOf(in.Revisions)
	if in.Removal && (!exists || in.neverOurs()) {
		return Decision{Action: ActionRemoved, Reason: v1alpha1.ReasonRemoved}
	}
	if exists && busy(last) {
		if d, taken := in.decideBusy(last); taken {
			return d
		}
	}
	switch {
	case in.Removal:
		return in.unlessTooEarly(Decision{Action: ActionUninstall, Reason: v1alpha1.ReasonUninstalling})
	case last.Status == RevisionDeployed && last.Digest == in.Digest:
		return in.decideRollout(last)
	case !everDeployed(in.Revisions):
		return in.unlessTooEarly(Decision{Action: ActionInstall, Reason: v1alpha1.ReasonInstalling})
	default:
		return in.decideUpgrade(last)
	}
}

// decideUpgrade is about a release that was deployed before, with other inputs
// than the approved ones or with an attempt at these that failed.
func (in ReleaseInput) decideUpgrade(last Revision) Decision {
	if d, held := in.hold(last); held {
		return d
	}
	if to, failed := in.rollbackTo(last); failed {
		return in.unlessTooEarly(Decision{Action: ActionRollback, Reason: v1alpha1.ReasonRollingBack, Revision: to})
	}
	return in.unlessTooEarly(Decision{Action: ActionUpgrade, Reason: v1alpha1.ReasonUpgrading})
}

// neverOurs says that somebody else installed the release and that it was never
// taken over: it is not ours to uninstall.
func (in ReleaseInput) neverOurs() bool {
	_, own := lastOwn(in.Revisions)
	return !own && !in.WasReady
}

// outdated says that what runs is not what is wanted any more.
func (in ReleaseInput) outdated() bool {
	if in.Removal {
		return in.Running != ActionUninstall
	}
	return in.Running != ActionUninstall && in.RunningDigest != in.Digest
}

// decideRollout is about a revision that Helm calls deployed: it must become
// ready within the timeout. One that was Ready once stays, whatever becomes of it.
func (in ReleaseInput) decideRollout(last Revision) Decision {
	released := Decision{Action: ActionNone, Reason: v1alpha1.ReasonReleased, Revision: last.Number}
	if last.Ready || in.ObjectsReady || in.Timeout <= 0 {
		return released
	}
	if left := in.Timeout - in.Rollout; left > 0 {
		released.After = left
		return released
	}
	if to := lastReady(in.Revisions, in.Digest); in.Rollback && to != 0 {
		return in.unlessTooEarly(Decision{Action: ActionRollback, Reason: v1alpha1.ReasonRollingBack, Revision: to})
	}
	released.Reason = v1alpha1.ReasonRolloutTimedOut
	return released
}

// hold keeps what is deployed although it is not the approved inputs: they were
// tried and rolled back, or a person made the newest revision after them.
func (in ReleaseInput) hold(last Revision) (Decision, bool) {
	if in.Requested {
		return Decision{}, false
	}
	held := Decision{Action: ActionNone, Reason: v1alpha1.ReasonReleasedExternally, Revision: last.Number}
	if last.Digest != "" {
		held.Reason = v1alpha1.ReasonRolledBack
		return held, last.Status == RevisionDeployed && last.FailedDigest == in.Digest
	}
	own, exists := lastOwn(in.Revisions)
	same := exists && (own.Digest == in.Digest || own.FailedDigest == in.Digest)
	if !same && (exists || !in.WasReady) {
		return Decision{}, false
	}
	switch last.Status {
	case RevisionDeployed:
		return held, true
	case RevisionFailed:
		// A person may be about to try again; what they leave behind is repaired.
		held.Revision, held.After = last.Number, StrangerTimeout-last.Age
		return held, held.After > 0
	default:
		return Decision{}, false
	}
}

// rollbackTo is the revision to go back to after an upgrade has failed for good,
// or after a rollback was cut off.
func (in ReleaseInput) rollbackTo(last Revision) (int, bool) {
	if !in.Rollback || in.Requested || last.Status != RevisionFailed {
		return 0, false
	}
	to := lastReady(in.Revisions, in.Digest)
	if to == 0 {
		return 0, false
	}
	if last.FailedDigest == in.Digest {
		return to, true
	}
	if last.Digest != in.Digest || in.Failure == nil || in.Failure.Digest != in.Digest {
		return 0, false
	}
	return to, in.Failure.Rejections > in.Retries
}

// lastReady is the newest revision that was Ready, with other inputs; 0 for none.
func lastReady(revisions []Revision, digest string) int {
	for _, r := range slices.Backward(revisions) {
		if r.Ready && r.Digest != digest && (r.Status == RevisionDeployed || r.Status == RevisionSuperseded) {
			return r.Number
		}
	}
	return 0
}

func lastOf(revisions []Revision) (Revision, bool) {
	if len(revisions) == 0 {
		return Revision{}, false
	}
	return revisions[len(revisions)-1], true
}

// lastOwn is the newest revision that this operator made.
func lastOwn(revisions []Revision) (Revision, bool) {
	for _, r := range slices.Backward(revisions) {
		if r.Digest != "" {
			return r, true
		}
	}
	return Revision{}, false
}

func busy(r Revision) bool {
	return r.Status == RevisionPending || r.Status == RevisionUninstalling
}

// decideBusy handles a record that an action left or is still writing. An
// uninstall that was cut off is finished if the release is to go; if it is wanted,
// what is left of it is taken over and completed again.
func (in ReleaseInput) decideBusy(last Revision) (Decision, bool) {
	if (last.Holder == "" || last.Foreign) && last.Age < StrangerTimeout {
		return Decision{
			Action: ActionWait, Reason: v1alpha1.ReasonReleasePending,
			Revision: last.Number, After: StrangerTimeout - last.Age,
		}, true
	}
	if last.Status == RevisionPending || !in.Removal {
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

func runningReason(action Action) string {
	switch action {
	case ActionUpgrade:
		return v1alpha1.ReasonUpgrading
	case ActionRollback:
		return v1alpha1.ReasonRollingBack
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
	case ActionRollback:
		return v1alpha1.ReasonRollbackFailed
	case ActionUninstall:
		return v1alpha1.ReasonUninstallFailed
	default:
		return v1alpha1.ReasonInstallFailed
	}
}
