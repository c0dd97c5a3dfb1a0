// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/plan"
)

// wasReady is a record that was Ready once; rolledBack answers the failure of d.
func wasReady(r plan.Revision) plan.Revision {
	r.Ready = true
	return r
}

func rolledBack(r plan.Revision, failed string) plan.Revision {
	r.FailedDigest = failed
	return r
}

func TestRemediation(t *testing.T) {
	const d, minute = "new", time.Minute
	good := wasReady(ours(1, plan.RevisionSuperseded, "old"))
	deployedGood := wasReady(ours(1, plan.RevisionDeployed, "old"))
	failedUpgrade := ours(2, plan.RevisionFailed, d)
	failed := func(count int) *plan.Failure {
		return &plan.Failure{Digest: d, Action: plan.ActionUpgrade, Count: count, Rejections: count, Since: time.Hour}
	}
	none := func(reason string, revision int, after time.Duration) plan.Decision {
		return plan.Decision{Action: plan.ActionNone, Reason: reason, Revision: revision, After: after}
	}
	upgrade := plan.Decision{Action: plan.ActionUpgrade, Reason: v1alpha1.ReasonUpgrading}
	rollback := func(to int) plan.Decision {
		return plan.Decision{Action: plan.ActionRollback, Reason: v1alpha1.ReasonRollingBack, Revision: to}
	}
	for name, tc := range map[string]struct {
		reason string
		in     plan.ReleaseInput
		want   plan.Decision
	}{
		"Retry":          {"retries are left", plan.ReleaseInput{Rollback: true, Retries: 2, Revisions: revisions(deployedGood, failedUpgrade), Failure: failed(2)}, upgrade},
		"UsedUp":         {"no retry is left", plan.ReleaseInput{Rollback: true, Retries: 2, Revisions: revisions(deployedGood, failedUpgrade), Failure: failed(3)}, rollback(1)},
		"NoRetries":      {"none was wanted", plan.ReleaseInput{Rollback: true, Revisions: revisions(deployedGood, failedUpgrade), Failure: failed(1)}, rollback(1)},
		"StrategyNone":   {"it goes on trying", plan.ReleaseInput{Retries: 2, Revisions: revisions(deployedGood, failedUpgrade), Failure: failed(9)}, upgrade},
		"NeverReady":     {"there is nothing good to go back to", plan.ReleaseInput{Rollback: true, Revisions: revisions(ours(1, plan.RevisionDeployed, "old"), failedUpgrade), Failure: failed(9)}, upgrade},
		"SameInputs":     {"a Ready revision of the same inputs is no way out", plan.ReleaseInput{Rollback: true, Revisions: revisions(wasReady(ours(1, plan.RevisionDeployed, d)), failedUpgrade), Failure: failed(9)}, upgrade},
		"NewestReady":    {"the newest Ready one", plan.ReleaseInput{Rollback: true, Revisions: revisions(good, wasReady(ours(2, plan.RevisionDeployed, "newer")), ours(3, plan.RevisionFailed, d)), Failure: failed(3)}, rollback(2)},
		"FirstInstall":   {"a failed first install is tried again, never rolled back or uninstalled", plan.ReleaseInput{Rollback: true, Revisions: revisions(ours(1, plan.RevisionFailed, d)), Failure: failed(9)}, plan.Decision{Action: plan.ActionInstall, Reason: v1alpha1.ReasonInstalling}},
		"OtherFailure":   {"failures of other inputs do not count", plan.ReleaseInput{Rollback: true, Revisions: revisions(deployedGood, failedUpgrade), Failure: &plan.Failure{Digest: "other", Count: 9, Rejections: 9}}, upgrade},
		"RollbackFailed": {"a rollback that failed is tried again", plan.ReleaseInput{Rollback: true, Revisions: revisions(deployedGood, failedUpgrade, rolledBack(ours(3, plan.RevisionFailed, "old"), d))}, rollback(1)},
		"Outage":         {"an API server that does not answer is no reason to roll back", plan.ReleaseInput{Rollback: true, Revisions: revisions(deployedGood, failedUpgrade), Failure: &plan.Failure{Digest: d, Action: plan.ActionUpgrade, Count: 9, Since: time.Hour}}, upgrade},
		"RollbackLost":   {"also one that left no record", plan.ReleaseInput{Rollback: true, Retries: 2, Revisions: revisions(deployedGood, failedUpgrade), Failure: failed(3), RollbackFailure: &plan.Failure{Digest: d, Action: plan.ActionRollback, Count: 1, Since: time.Hour}}, rollback(1)},
		"RollbackDelay":  {"with a delay of its own", plan.ReleaseInput{Rollback: true, Revisions: revisions(deployedGood, rolledBack(ours(3, plan.RevisionFailed, "old"), d)), RollbackFailure: &plan.Failure{Digest: d, Action: plan.ActionRollback, Count: 1}}, plan.Decision{Action: plan.ActionWait, Reason: v1alpha1.ReasonRollbackFailed, Revision: 1, After: 5 * time.Second}},

		"Held":          {"what was rolled back to stays", plan.ReleaseInput{Rollback: true, Revisions: revisions(good, failedUpgrade, rolledBack(ours(3, plan.RevisionDeployed, "old"), d))}, none(v1alpha1.ReasonRolledBack, 3, 0)},
		"HeldRequested": {"until somebody asks", plan.ReleaseInput{Rollback: true, Requested: true, Revisions: revisions(good, failedUpgrade, rolledBack(ours(3, plan.RevisionDeployed, "old"), d))}, upgrade},
		"HeldNewInputs": {"or the inputs change", plan.ReleaseInput{Rollback: true, Revisions: revisions(good, failedUpgrade, rolledBack(ours(3, plan.RevisionDeployed, "old"), "bad"))}, upgrade},
		"HeldOldInputs": {"back to the old inputs needs nothing", plan.ReleaseInput{Rollback: true, Revisions: revisions(good, wasReady(rolledBack(ours(3, plan.RevisionDeployed, d), "bad")))}, none(v1alpha1.ReasonReleased, 3, 0)},

		"RolloutYoung":     {"it has time left", plan.ReleaseInput{Rollback: true, Timeout: 5 * minute, Rollout: minute, Revisions: revisions(good, ours(2, plan.RevisionDeployed, d))}, none(v1alpha1.ReasonReleased, 2, 4*minute)},
		"RolloutTimedOut":  {"it never became ready", plan.ReleaseInput{Rollback: true, Timeout: 5 * minute, Rollout: 5 * minute, Revisions: revisions(good, ours(2, plan.RevisionDeployed, d))}, rollback(1)},
		"RolloutReady":     {"its objects are ready", plan.ReleaseInput{Rollback: true, ObjectsReady: true, Timeout: minute, Rollout: 5 * minute, Revisions: revisions(good, ours(2, plan.RevisionDeployed, d))}, none(v1alpha1.ReasonReleased, 2, 0)},
		"RolloutWasReady":  {"what was Ready once is not rolled back when a node fails", plan.ReleaseInput{Rollback: true, Timeout: minute, Rollout: 5 * minute, Revisions: revisions(good, wasReady(ours(2, plan.RevisionDeployed, d)))}, none(v1alpha1.ReasonReleased, 2, 0)},
		"RolloutUnknown":   {"nothing is known about its objects yet", plan.ReleaseInput{Rollback: true, Rollout: 5 * minute, Revisions: revisions(good, ours(2, plan.RevisionDeployed, d))}, none(v1alpha1.ReasonReleased, 2, 0)},
		"RolloutNone":      {"the strategy is None", plan.ReleaseInput{Timeout: minute, Rollout: 5 * minute, Revisions: revisions(good, ours(2, plan.RevisionDeployed, d))}, none(v1alpha1.ReasonRolloutTimedOut, 2, 0)},
		"RolloutFirst":     {"a first install has nothing to go back to", plan.ReleaseInput{Rollback: true, Timeout: minute, Rollout: 5 * minute, Revisions: revisions(ours(1, plan.RevisionDeployed, d))}, none(v1alpha1.ReasonRolloutTimedOut, 1, 0)},
		"RolloutInterrupt": {"a newer spec does not wait for a bad rollout", plan.ReleaseInput{Rollback: true, Timeout: 5 * minute, Rollout: minute, Revisions: revisions(good, ours(2, plan.RevisionDeployed, "bad"))}, upgrade},

		"External":          {"a person upgraded or rolled back", plan.ReleaseInput{Revisions: revisions(ours(1, plan.RevisionSuperseded, d), strangers(2, plan.RevisionDeployed, 0))}, none(v1alpha1.ReasonReleasedExternally, 2, 0)},
		"ExternalTwice":     {"twice", plan.ReleaseInput{Revisions: revisions(ours(1, plan.RevisionSuperseded, d), strangers(2, plan.RevisionSuperseded, 0), strangers(3, plan.RevisionDeployed, 0))}, none(v1alpha1.ReasonReleasedExternally, 3, 0)},
		"ExternalRequested": {"until somebody asks", plan.ReleaseInput{Requested: true, Revisions: revisions(ours(1, plan.RevisionSuperseded, d), strangers(2, plan.RevisionDeployed, 0))}, upgrade},
		"ExternalNewInputs": {"or the inputs change", plan.ReleaseInput{Revisions: revisions(ours(1, plan.RevisionSuperseded, "old"), strangers(2, plan.RevisionDeployed, 0))}, upgrade},
		"ExternalOnHold":    {"a person mends what was rolled back", plan.ReleaseInput{Revisions: revisions(good, rolledBack(ours(3, plan.RevisionSuperseded, "old"), d), strangers(4, plan.RevisionDeployed, 0))}, none(v1alpha1.ReasonReleasedExternally, 4, 0)},
		"ExternalFailed":    {"a person's attempt that failed a minute ago", plan.ReleaseInput{Revisions: revisions(ours(1, plan.RevisionDeployed, d), strangers(2, plan.RevisionFailed, minute))}, none(v1alpha1.ReasonReleasedExternally, 2, 9*minute)},
		"ExternalLeft":      {"and was left behind", plan.ReleaseInput{Revisions: revisions(ours(1, plan.RevisionDeployed, d), strangers(2, plan.RevisionFailed, time.Hour))}, upgrade},
		"ExternalOnly":      {"a person's revisions have pushed ours out of the history", plan.ReleaseInput{WasReady: true, Revisions: revisions(strangers(8, plan.RevisionSuperseded, 0), strangers(9, plan.RevisionDeployed, 0))}, none(v1alpha1.ReasonReleasedExternally, 9, 0)},
		"Adopt":             {"a release that never was ours is no person's change of ours", plan.ReleaseInput{Revisions: revisions(strangers(1, plan.RevisionDeployed, time.Hour))}, upgrade},

		"Outdated":        {"a fix does not wait for the hooks of what it mends", plan.ReleaseInput{Running: plan.ActionUpgrade, RunningDigest: "bad"}, plan.Decision{Action: plan.ActionWait, Reason: v1alpha1.ReasonUpgrading, Interrupt: true}},
		"OutdatedRemoval": {"nor does a removal", plan.ReleaseInput{Removal: true, Running: plan.ActionInstall, RunningDigest: d}, plan.Decision{Action: plan.ActionWait, Reason: v1alpha1.ReasonInstalling, Interrupt: true}},
		"RemovalGoesOn":   {"an uninstall is finished", plan.ReleaseInput{Running: plan.ActionUninstall, RunningDigest: "old"}, plan.Decision{Action: plan.ActionWait, Reason: v1alpha1.ReasonUninstalling}},
	} {
		t.Run(name, func(t *testing.T) {
			tc.in.Digest = d
			if diff := cmp.Diff(tc.want, plan.Release(tc.in)); diff != "" {
				t.Errorf("%s (-want +got)\n%s", tc.reason, diff)
			}
		})
	}
}

func TestJittered(t *testing.T) {
	seen := map[time.Duration]bool{}
	for _, seed := range []string{"week1.argo-cd", "week1.grafana", "week1.loki", "week1.velero"} {
		for count := 1; count < 9; count++ {
			delay, got := plan.Delay(count), plan.Jittered(count, seed)
			if got < delay-delay/5 || got > delay+delay/5 {
				t.Errorf("%s after %d failures: %v is more than a fifth from %v", seed, count, got, delay)
			}
			if got != plan.Jittered(count, seed) {
				t.Errorf("%s after %d failures: another delay at the second look", seed, count)
			}
			seen[got] = true
		}
	}
	if len(seen) < 20 {
		t.Errorf("32 delays have only %d values", len(seen))
	}
	if got := plan.Jittered(1, ""); got != 5*time.Second {
		t.Errorf("no seed spreads nothing: %v", got)
	}
}
