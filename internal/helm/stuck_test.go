// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/internal/plan" //nolint:depguard // the two rooms together must get a release unstuck
)

// Whatever an action left behind, ours or a person's, the decider and the engine
// lead to one deployed revision with the wanted inputs: no record is deleted, and
// what was there is updated and not made anew.
func TestStuck(t *testing.T) {
	tests := map[string]struct {
		statuses string
	}{
		"PendingInstall":      {statuses: "pending-install"},
		"PendingUpgrade":      {statuses: "deployed pending-upgrade"},
		"PendingRollback":     {statuses: "superseded deployed pending-rollback"},
		"PendingAfterNothing": {statuses: "failed pending-upgrade"},
		"Uninstalling":        {statuses: "superseded uninstalling"},
		"FailedOnly":          {statuses: "failed failed"},
		"FailedAfterDeployed": {statuses: "deployed failed"},
		"SupersededOnly":      {statuses: "superseded superseded"},
		"Uninstalled":         {statuses: "superseded uninstalled"},
	}
	for name, tt := range tests {
		for _, by := range []string{"Ours", "Strangers"} {
			t.Run(name+by, func(t *testing.T) {
				b := newBench(t)
				b.request.HistoryLimit = 10
				b.stick(t, strings.Fields(tt.statuses), by == "Strangers")
				uid, before := b.configMap(t).UID, b.statuses(t)
				if got := strings.Join(before, " "); got != tt.statuses {
					t.Fatalf("the release is %s", got)
				}
				b.request.Digest = "wanted"
				if by == "Strangers" && strings.Contains(tt.statuses, "ing") && b.decide(t, time.Minute).Action != plan.ActionWait {
					t.Error("a person may be working on it")
				}
				b.settle(t)
				after := b.revisions(t)
				if last := after[len(after)-1]; last.Status != helm.StatusDeployed || last.Digest != "wanted" {
					t.Errorf("revisions %+v", after)
				}
				if n := strings.Count(strings.Join(b.statuses(t), " "), "deployed"); n != 1 {
					t.Errorf("%d revisions are deployed: %v", n, b.statuses(t))
				}
				if len(after) < len(before)+1 || after[0].Number != 1 {
					t.Errorf("records are gone: %+v", after)
				}
				b.sameObject(t, uid)
			})
		}
	}
}

// What an uninstall left can be taken over as well, without a reinstall.
func TestTakeOverUninstalling(t *testing.T) {
	b := newBench(t)
	b.stick(t, []string{"superseded", "uninstalling"}, false)
	uid := b.configMap(t).UID
	if err := b.TakeOver(t.Context(), b.request.Release, 2); err != nil {
		t.Fatal(err)
	}
	b.request.Digest = "wanted"
	b.settle(t)
	if got := strings.Join(b.statuses(t), " "); got != "superseded superseded deployed" {
		t.Errorf("statuses %s", got)
	}
	b.sameObject(t, uid)
}

// stick makes a history and rewrites its statuses.
func (b *bench) stick(t *testing.T, statuses []string, byAStranger bool) {
	t.Helper()
	for i := range statuses {
		switch {
		case !byAStranger:
			b.release(t, "old")
		case i == 0:
			b.helmInstall(t)
		default:
			b.helmUpgrade(t)
		}
	}
	for i, status := range statuses {
		b.leave(t, i+1, status)
	}
}

func (b *bench) sameObject(t *testing.T, uid types.UID) {
	t.Helper()
	if got := b.configMap(t); got.UID != uid || got.Labels["platform.groundwork.dev/release"] != b.request.Owner {
		t.Errorf("the object was made anew, or is not ours: %v", got.ObjectMeta)
	}
}

// decide asks the decider about the records as they are after a time.
func (b *bench) decide(t *testing.T, age time.Duration) plan.Decision {
	t.Helper()
	in := plan.ReleaseInput{Digest: b.request.Digest}
	for _, r := range b.revisions(t) {
		status := plan.RevisionStatus(r.Status)
		if r.Status.Pending() {
			status = plan.RevisionPending
		}
		in.Revisions = append(in.Revisions, plan.Revision{
			Number: r.Number, Status: status, Digest: r.Digest, FailedDigest: r.FailedDigest, Ready: r.Ready, Holder: r.Holder, Age: age,
		})
	}
	return plan.Release(in)
}

// settle does what is decided until nothing is left to do.
func (b *bench) settle(t *testing.T) {
	t.Helper()
	const steps = 5
	for range steps {
		decision := b.decide(t, time.Hour)
		t.Logf("%v: %s %d", b.statuses(t), decision.Action, decision.Revision)
		if decision.Action == plan.ActionNone {
			return
		}
		if err := b.act(t.Context(), decision); err != nil {
			t.Fatalf("%s: %v", decision.Action, err)
		}
	}
	t.Errorf("not settled after %d steps: %v", steps, b.statuses(t))
}

func (b *bench) act(ctx context.Context, decision plan.Decision) error {
	var err error
	switch decision.Action {
	case plan.ActionTakeOver:
		err = b.TakeOver(ctx, b.request.Release, decision.Revision)
	case plan.ActionInstall:
		_, err = b.Install(ctx, b.request)
	case plan.ActionUpgrade:
		_, err = b.Upgrade(ctx, b.request)
	case plan.ActionUninstall:
		err = b.Uninstall(ctx, b.uninstall(b.request.Timeout))
	default:
	}
	return err
}
