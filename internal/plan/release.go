// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import "time"

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

// ActionRollout is the failed action of a rollout that did not become ready in
// time: Helm had done its part.
const ActionRollout Action = "Rollout"

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
	// ActionRollback: go back to the revision that the decision names.
	ActionRollback Action = "Rollback"
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
	// FailedDigest is the digest whose failure this revision, a rollback, answers;
	// empty for other revisions.
	FailedDigest string
	// Ready says that its objects were Ready once.
	Ready bool
	// Holder is the operator process that wrote it; empty when it is not ours.
	Holder string
	// Foreign says that the holder is an operator of another shard that may live.
	Foreign bool
	// Age since it was last written.
	Age time.Duration
}

// Failure is what is remembered of failed attempts.
type Failure struct {
	// Digest that was attempted.
	Digest string
	// Action that was attempted; empty means any, so that it delays all of them.
	Action Action
	// Count of attempts that failed in a row, at the generation of the spec.
	Count int
	// Rejections are those of them that the inputs are to blame for; retries are
	// measured by these.
	Rejections int
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
	// Running is the action of a job of this process, empty for none, and
	// RunningDigest the inputs that it makes true.
	Running       Action
	RunningDigest string
	// Requested says that somebody asked for a reconcile that was not acted on yet.
	Requested bool
	// WasReady says that these inputs were Ready once: if no record of ours is left, a
	// person's have pushed them out of the history.
	WasReady bool
	// ObjectsReady says that the objects of the newest revision are Ready.
	ObjectsReady bool
	// Timeout of a rollout; 0 while nothing is known about the objects.
	Timeout time.Duration
	// Rollout is how long the newest revision has been deployed, and watched by
	// this process: what happened before it started is not held against it.
	Rollout time.Duration
	// Rollback says that a failed upgrade ends with a rollback, after Retries more
	// attempts. False goes on trying.
	Rollback bool
	Retries  int
	// Seed spreads the delays of different releases; its name.
	Seed string
	// Revisions, oldest first.
	Revisions []Revision
	// Failure of earlier attempts, nil for none.
	Failure *Failure
	// RollbackFailure is that of attempts to roll back, nil for none.
	RollbackFailure *Failure
}

// Decision is what to do with one Helm release now.
type Decision struct {
	// Action to take.
	Action Action
	// Reason for waiting or acting, an API reason.
	Reason string
	// Revision that the action is about: the one to take over, to roll back to, or
	// the deployed one that is up to date or held.
	Revision int
	// Interrupt says that what runs should stop waiting: the inputs have changed.
	Interrupt bool
	// After is when to decide again if nothing happens; 0 means on events only.
	After time.Duration
}
