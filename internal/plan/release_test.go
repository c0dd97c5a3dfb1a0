// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/plan"
)

// ours is a record of this operator with the digest, stranger's is somebody else's.
func ours(number int, status plan.RevisionStatus, digest string) plan.Revision {
	return plan.Revision{Number: number, Status: status, Digest: digest, Holder: "us"}
}

func strangers(number int, status plan.RevisionStatus, age time.Duration) plan.Revision {
	return plan.Revision{Number: number, Status: status, Age: age}
}

// foreign is a record of the operator of another shard that may live.
func foreign(number int, status plan.RevisionStatus, digest string, age time.Duration) plan.Revision {
	return plan.Revision{Number: number, Status: status, Digest: digest, Holder: "them", Foreign: true, Age: age}
}

func revisions(r ...plan.Revision) []plan.Revision { return r }

func TestRelease(t *testing.T) {
	const d = "new"
	deployed, old := ours(1, plan.RevisionDeployed, d), ours(1, plan.RevisionDeployed, "old")
	failed := func(count int, since time.Duration) *plan.Failure {
		return &plan.Failure{Digest: d, Count: count, Since: since}
	}
	install := plan.Decision{Action: plan.ActionInstall, Reason: v1alpha1.ReasonInstalling}
	upgrade := plan.Decision{Action: plan.ActionUpgrade, Reason: v1alpha1.ReasonUpgrading}
	uninstall := plan.Decision{Action: plan.ActionUninstall, Reason: v1alpha1.ReasonUninstalling}
	wait := func(reason string, after time.Duration) plan.Decision {
		return plan.Decision{Action: plan.ActionWait, Reason: reason, After: after}
	}
	for name, tc := range map[string]struct {
		reason string
		in     plan.ReleaseInput
		want   plan.Decision
	}{
		"Nothing":          {"no record: install", plan.ReleaseInput{}, install},
		"Done":             {"the newest record holds the inputs", plan.ReleaseInput{Revisions: revisions(deployed)}, plan.Decision{Action: plan.ActionNone, Reason: v1alpha1.ReasonReleased, Revision: 1}},
		"OtherInputs":      {"deployed with other inputs", plan.ReleaseInput{Revisions: revisions(old)}, upgrade},
		"NotOurs":          {"a release that somebody installed by hand is upgraded", plan.ReleaseInput{Revisions: revisions(strangers(1, plan.RevisionDeployed, time.Second))}, upgrade},
		"OlderAgain":       {"the newest record holds what was wanted before", plan.ReleaseInput{Revisions: revisions(ours(1, plan.RevisionSuperseded, "old"), ours(2, plan.RevisionSuperseded, d), ours(3, plan.RevisionDeployed, "old"))}, upgrade},
		"FailedUpgrade":    {"a failed upgrade is tried again, also though an older record holds the inputs", plan.ReleaseInput{Revisions: revisions(deployed, ours(2, plan.RevisionFailed, d))}, upgrade},
		"FailedInstall":    {"a first install that failed is an install again, with its hooks", plan.ReleaseInput{Revisions: revisions(ours(1, plan.RevisionFailed, d))}, install},
		"FailedInstalls":   {"however often", plan.ReleaseInput{Revisions: revisions(ours(1, plan.RevisionFailed, "old"), ours(2, plan.RevisionFailed, d))}, install},
		"OnceDeployed":     {"a superseded record was deployed once", plan.ReleaseInput{Revisions: revisions(ours(1, plan.RevisionSuperseded, "old"), ours(2, plan.RevisionFailed, d))}, upgrade},
		"KeptHistory":      {"after helm uninstall --keep-history nothing is deployed: an upgrade would be refused", plan.ReleaseInput{Revisions: revisions(ours(1, plan.RevisionSuperseded, "old"), ours(2, plan.RevisionUninstalled, d))}, install},
		"KeptHistoryAnew":  {"and what was deployed after that counts", plan.ReleaseInput{Revisions: revisions(ours(1, plan.RevisionUninstalled, "old"), ours(2, plan.RevisionDeployed, "old"))}, upgrade},
		"UnknownStatus":    {"a status that says nothing is history", plan.ReleaseInput{Revisions: revisions(ours(1, "unknown", d))}, install},
		"LeftUninstalling": {"what an uninstall that was cut off has left is taken over: the release is wanted", plan.ReleaseInput{Revisions: revisions(ours(1, plan.RevisionUninstalling, d))}, plan.Decision{Action: plan.ActionTakeOver, Reason: v1alpha1.ReasonReleasePending, Revision: 1}},

		"Suspended":           {"nothing is done", plan.ReleaseInput{Suspended: true}, plan.Decision{Action: plan.ActionNone, Reason: v1alpha1.ReasonSuspended}},
		"SuspendedPending":    {"not even taking over", plan.ReleaseInput{Suspended: true, Revisions: revisions(ours(1, plan.RevisionPending, d))}, plan.Decision{Action: plan.ActionNone, Reason: v1alpha1.ReasonSuspended}},
		"SuspendedRemoval":    {"nor removing", plan.ReleaseInput{Suspended: true, Removal: true, Revisions: revisions(deployed)}, plan.Decision{Action: plan.ActionNone, Reason: v1alpha1.ReasonSuspended}},
		"SuspendedButRunning": {"what runs is said first: it cannot be stopped", plan.ReleaseInput{Suspended: true, Running: plan.ActionUpgrade, RunningDigest: d}, wait(v1alpha1.ReasonUpgrading, 0)},

		"RunningInstall":   {"a job is under way", plan.ReleaseInput{Running: plan.ActionInstall, RunningDigest: d}, wait(v1alpha1.ReasonInstalling, 0)},
		"RunningUninstall": {"its own pending record is not taken over", plan.ReleaseInput{Running: plan.ActionUninstall, Revisions: revisions(ours(1, plan.RevisionUninstalling, d))}, wait(v1alpha1.ReasonUninstalling, 0)},
		"RunningPending":   {"nor is that of an upgrade", plan.ReleaseInput{Running: plan.ActionUpgrade, RunningDigest: d, Revisions: revisions(old, ours(2, plan.RevisionPending, d))}, wait(v1alpha1.ReasonUpgrading, 0)},

		"Remove":             {"a release goes", plan.ReleaseInput{Removal: true, Revisions: revisions(deployed)}, uninstall},
		"RemoveFailed":       {"also one that never worked", plan.ReleaseInput{Removal: true, Revisions: revisions(ours(1, plan.RevisionFailed, d))}, uninstall},
		"RemoveKeptHistory":  {"records that were kept go, too", plan.ReleaseInput{Removal: true, Revisions: revisions(ours(1, plan.RevisionUninstalled, d))}, uninstall},
		"RemoveUninstalling": {"an uninstall that was cut off is finished", plan.ReleaseInput{Removal: true, Revisions: revisions(ours(1, plan.RevisionUninstalling, d))}, uninstall},
		"Removed":            {"no record is left", plan.ReleaseInput{Removal: true}, plan.Decision{Action: plan.ActionRemoved, Reason: v1alpha1.ReasonRemoved}},
		"RemovedAfterFault":  {"what is gone needs no retry", plan.ReleaseInput{Removal: true, Failure: failed(9, 0)}, plan.Decision{Action: plan.ActionRemoved, Reason: v1alpha1.ReasonRemoved}},

		"OurPending":           {"our record and no job: the process that wrote it is dead", plan.ReleaseInput{Revisions: revisions(ours(1, plan.RevisionPending, d))}, plan.Decision{Action: plan.ActionTakeOver, Reason: v1alpha1.ReasonReleasePending, Revision: 1}},
		"OurPendingRemoval":    {"before a removal as well", plan.ReleaseInput{Removal: true, Revisions: revisions(deployed, ours(2, plan.RevisionPending, d))}, plan.Decision{Action: plan.ActionTakeOver, Reason: v1alpha1.ReasonReleasePending, Revision: 2}},
		"StrangerPending":      {"somebody may be working on it", plan.ReleaseInput{Revisions: revisions(strangers(3, plan.RevisionPending, 4*time.Minute))}, plan.Decision{Action: plan.ActionWait, Reason: v1alpha1.ReasonReleasePending, Revision: 3, After: 6 * time.Minute}},
		"StrangerPendingOld":   {"nobody works for that long", plan.ReleaseInput{Revisions: revisions(strangers(3, plan.RevisionPending, plan.StrangerTimeout))}, plan.Decision{Action: plan.ActionTakeOver, Reason: v1alpha1.ReasonReleasePending, Revision: 3}},
		"ShardPending":         {"the operator of another shard may be working on it", plan.ReleaseInput{Revisions: revisions(foreign(3, plan.RevisionPending, d, 4*time.Minute))}, plan.Decision{Action: plan.ActionWait, Reason: v1alpha1.ReasonReleasePending, Revision: 3, After: 6 * time.Minute}},
		"ShardPendingOld":      {"nobody works for that long", plan.ReleaseInput{Revisions: revisions(foreign(3, plan.RevisionPending, d, plan.StrangerTimeout))}, plan.Decision{Action: plan.ActionTakeOver, Reason: v1alpha1.ReasonReleasePending, Revision: 3}},
		"ShardUninstalling":    {"or removing it", plan.ReleaseInput{Removal: true, Revisions: revisions(foreign(3, plan.RevisionUninstalling, d, time.Minute))}, plan.Decision{Action: plan.ActionWait, Reason: v1alpha1.ReasonReleasePending, Revision: 3, After: 9 * time.Minute}},
		"ShardDone":            {"what another shard has made is ours", plan.ReleaseInput{Revisions: revisions(foreign(3, plan.RevisionDeployed, d, 0))}, plan.Decision{Action: plan.ActionNone, Reason: v1alpha1.ReasonReleased, Revision: 3}},
		"ShardFailed":          {"and what it left failed is tried again at once", plan.ReleaseInput{Revisions: revisions(foreign(1, plan.RevisionFailed, d, 0))}, install},
		"StrangerUninstalling": {"somebody uninstalls it by hand", plan.ReleaseInput{Revisions: revisions(strangers(3, plan.RevisionUninstalling, time.Minute))}, plan.Decision{Action: plan.ActionWait, Reason: v1alpha1.ReasonReleasePending, Revision: 3, After: 9 * time.Minute}},
		"StrangerLeftBehind":   {"and did not finish", plan.ReleaseInput{Removal: true, Revisions: revisions(ours(2, plan.RevisionSuperseded, d), strangers(3, plan.RevisionUninstalling, time.Hour))}, uninstall},
		"StrangersRelease":     {"a release that was never taken over is not ours to remove", plan.ReleaseInput{Removal: true, Revisions: revisions(strangers(3, plan.RevisionDeployed, time.Hour))}, plan.Decision{Action: plan.ActionRemoved, Reason: v1alpha1.ReasonRemoved}},
		"StrangerSkewedClock":  {"a record of the future is young", plan.ReleaseInput{Revisions: revisions(strangers(3, plan.RevisionPending, -time.Minute))}, plan.Decision{Action: plan.ActionWait, Reason: v1alpha1.ReasonReleasePending, Revision: 3, After: 11 * time.Minute}},
		"OldPendingIsHistory":  {"only the newest record can be worked on", plan.ReleaseInput{Revisions: revisions(strangers(1, plan.RevisionPending, 0), ours(2, plan.RevisionDeployed, d))}, plan.Decision{Action: plan.ActionNone, Reason: v1alpha1.ReasonReleased, Revision: 2}},

		"InstallDelay":     {"after the first failure five seconds", plan.ReleaseInput{Failure: failed(1, 2*time.Second)}, wait(v1alpha1.ReasonInstallFailed, 3*time.Second)},
		"InstallDelayOver": {"and then again", plan.ReleaseInput{Failure: failed(1, 5*time.Second)}, install},
		"UpgradeDelay":     {"the delay doubles", plan.ReleaseInput{Revisions: revisions(old), Failure: failed(3, time.Second)}, wait(v1alpha1.ReasonUpgradeFailed, 19*time.Second)},
		"UninstallDelay":   {"removing is retried the same way", plan.ReleaseInput{Removal: true, Revisions: revisions(old), Failure: failed(1, 0)}, wait(v1alpha1.ReasonUninstallFailed, 5*time.Second)},
		"LeftoverDelay":    {"and so is finishing an uninstall", plan.ReleaseInput{Removal: true, Revisions: revisions(ours(1, plan.RevisionUninstalling, d)), Failure: failed(1, 0)}, wait(v1alpha1.ReasonUninstallFailed, 5*time.Second)},
		"NewInputs":        {"failures of other inputs delay nothing", plan.ReleaseInput{Failure: &plan.Failure{Digest: "old", Count: 9}}, install},
		"OtherAction":      {"an install that keeps failing does not delay the removal", plan.ReleaseInput{Removal: true, Revisions: revisions(ours(1, plan.RevisionFailed, d)), Failure: &plan.Failure{Digest: d, Action: plan.ActionInstall, Count: 9}}, uninstall},
		"SameAction":       {"but the next install", plan.ReleaseInput{Failure: &plan.Failure{Digest: d, Action: plan.ActionInstall, Count: 1}}, wait(v1alpha1.ReasonInstallFailed, 5*time.Second)},
		"NoAttempt":        {"no count is no failure", plan.ReleaseInput{Failure: failed(0, 0)}, install},
		"DoneAfterFailure": {"what is done needs no retry", plan.ReleaseInput{Revisions: revisions(deployed), Failure: failed(3, 0)}, plan.Decision{Action: plan.ActionNone, Reason: v1alpha1.ReasonReleased, Revision: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			tc.in.Digest = d
			if diff := cmp.Diff(tc.want, plan.Release(tc.in)); diff != "" {
				t.Errorf("%s (-want +got)\n%s", tc.reason, diff)
			}
		})
	}
}

func TestDelay(t *testing.T) {
	for count, want := range map[int]time.Duration{
		0: 5 * time.Second, 1: 5 * time.Second, 2: 10 * time.Second, 6: 160 * time.Second,
		7: 5 * time.Minute, 100: 5 * time.Minute, 1 << 30: 5 * time.Minute,
	} {
		if got := plan.Delay(count); got != want {
			t.Errorf("after %d failures: got %v, want %v", count, got, want)
		}
	}
}

// TestReleaseConverges: from any history of records, carrying out decisions ends
// with the wanted inputs deployed, or held at what was rolled back to or what a
// person released unless somebody asks, or with nothing left, in a few steps; a
// young record of a stranger is never touched; and a Wait says when to look again.
func TestReleaseConverges(t *testing.T) {
	statuses := []plan.RevisionStatus{
		plan.RevisionDeployed, plan.RevisionFailed, plan.RevisionSuperseded,
		plan.RevisionUninstalling, plan.RevisionUninstalled, plan.RevisionPending,
	}
	rapid.Check(t, func(t *rapid.T) {
		in := plan.ReleaseInput{
			Digest: "new", Removal: rapid.Bool().Draw(t, "removal"), Requested: rapid.Bool().Draw(t, "requested"),
			Rollback: rapid.Bool().Draw(t, "rollback"), Seed: "b.c",
		}
		for number := range rapid.IntRange(0, 4).Draw(t, "revisions") {
			in.Revisions = append(in.Revisions, plan.Revision{
				Number: number + 1, Status: rapid.SampledFrom(statuses).Draw(t, "status"),
				Digest: rapid.SampledFrom([]string{"", "old", "new"}).Draw(t, "digest"),
				Holder: rapid.SampledFrom([]string{"", "us"}).Draw(t, "holder"),
				Age:    time.Duration(rapid.IntRange(0, 1200).Draw(t, "age")) * time.Second,

				Foreign:      rapid.Bool().Draw(t, "foreign"),
				FailedDigest: rapid.SampledFrom([]string{"", "", "old", "new"}).Draw(t, "failed digest"),
				Ready:        rapid.Bool().Draw(t, "ready"),
			})
		}
		failures := rapid.IntRange(0, 3).Draw(t, "failures")
		for range 12 + 3*failures {
			if carryOut(t, &in, plan.Release(in), &failures) {
				return
			}
		}
		t.Fatalf("no end: %+v", in)
	})
}

// carryOut does what was decided and says whether that was the end of it.
func carryOut(t *rapid.T, in *plan.ReleaseInput, d plan.Decision, failures *int) bool {
	next := len(in.Revisions) + 1
	if acting := d.Action == plan.ActionInstall || d.Action == plan.ActionUpgrade ||
		d.Action == plan.ActionRollback || d.Action == plan.ActionUninstall; acting {
		if next > 1 {
			last := in.Revisions[next-2]
			if last.Status == plan.RevisionPending || last.Status == plan.RevisionUninstalling && (last.Holder == "" || last.Foreign) && last.Age < plan.StrangerTimeout {
				t.Fatalf("%s while somebody works on %+v", d.Action, last)
			}
		}
		if *failures > 0 {
			*failures--
			in.Failure = &plan.Failure{Digest: in.Digest, Action: d.Action, Count: 1}
			return false
		}
		in.Failure = nil
	}
	switch d.Action {
	case plan.ActionRollback:
		to := in.Revisions[d.Revision-1]
		if in.Requested || !in.Rollback || !to.Ready || to.Digest == in.Digest {
			t.Fatalf("rollback to %+v from %+v", to, in)
		}
		in.Revisions = append(in.Revisions, plan.Revision{
			Number: next, Status: plan.RevisionDeployed, Holder: "us", Digest: to.Digest, FailedDigest: in.Digest,
		})
	case plan.ActionNone:
		if d.After > 0 {
			pass(in, d.After)
			return false
		}
		if d.Reason == v1alpha1.ReasonRolledBack || d.Reason == v1alpha1.ReasonReleasedExternally {
			return !in.Removal && !in.Requested
		}
		return !in.Removal && in.Revisions[next-2].Digest == in.Digest && in.Revisions[next-2].Status == plan.RevisionDeployed
	case plan.ActionRemoved:
		return in.Removal && !slices.ContainsFunc(in.Revisions, func(r plan.Revision) bool { return r.Digest != "" })
	case plan.ActionWait:
		if d.After <= 0 {
			t.Fatalf("nothing runs, and nobody says when to look again: %+v", d)
		}
		pass(in, d.After)
	case plan.ActionTakeOver:
		in.Revisions[d.Revision-1].Status = plan.RevisionFailed
	case plan.ActionUninstall:
		in.Revisions = nil
	default:
		in.Revisions = append(in.Revisions, ours(next, plan.RevisionDeployed, in.Digest))
	}
	return false
}

func pass(in *plan.ReleaseInput, d time.Duration) {
	for i := range in.Revisions {
		in.Revisions[i].Age += d
	}
	if in.Failure != nil {
		in.Failure.Since += d
	}
}
