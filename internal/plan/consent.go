// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// Consent says which changes may begin now.
type Consent struct {
	// Manual lets nothing begin before Approved names the plan's digest.
	Manual bool
	// Approved is the digest of the plan that a person has approved.
	Approved string
	// Closed lets upgrades and removals wait for a maintenance window; installs go on.
	Closed bool
	// Exempted is the digest of the plan that a person lets through outside of one.
	Exempted string
}

// Change is one difference between what is wanted and what was approved for the
// cluster, that has not begun.
type Change struct {
	// Name of the component.
	Name string
	// Kind of the change.
	Kind v1alpha1.ChangeKind
}

// digestLength in hexadecimal digits: short enough to be typed, and no secret.
const digestLength = 16

// changes lists what has not begun, and names the whole by what it leads to: the
// digest stays the same while the changes are carried out one after the other, and is
// another one as soon as anything else is wanted.
func (p *planner) changes() {
	var target []string
	for _, name := range p.order {
		c := p.wanted[name]
		if c.Preparing && c.Trouble == nil && !c.Suspended {
			p.unknown = append(p.unknown, name)
		}
		target = append(target, name+"="+c.state())
		if kind, changes := p.change(c); changes {
			p.plan.Changes = append(p.plan.Changes, Change{Name: name, Kind: kind})
		}
	}
	for name := range p.leaving() {
		if !p.releases[name].Removing {
			p.plan.Changes = append(p.plan.Changes, Change{Name: name, Kind: v1alpha1.ChangeRemove})
		}
	}
	slices.SortFunc(p.plan.Changes, func(a, b Change) int { return strings.Compare(a.Name, b.Name) })
	slices.Sort(p.unknown)
	if len(p.unknown) > 0 {
		return
	}
	slices.Sort(target)
	sum := sha256.Sum256([]byte(strings.Join(target, "\n")))
	p.plan.Digest = hex.EncodeToString(sum[:])[:digestLength]
	p.plan.Approved = !p.in.Consent.Manual || p.in.Consent.Approved == p.plan.Digest
}

// state is what the digest of a plan says of a component.
func (c Component) state() string {
	switch {
	case c.Suspended:
		return "suspended"
	case c.Trouble != nil:
		return c.Trouble.Reason
	default:
		return c.Digest
	}
}

// change says whether a component is to be installed or upgraded. What differs in
// nothing that reaches the cluster, such as a timeout, is no change.
func (p *planner) change(c Component) (v1alpha1.ChangeKind, bool) {
	release, exists := p.releases[c.Name]
	switch {
	case c.Suspended || c.Trouble != nil || c.Digest == "":
		return "", false
	case !exists || release.Removing:
		return v1alpha1.ChangeInstall, true
	default:
		return v1alpha1.ChangeUpgrade, release.Digest != c.Digest
	}
}

// consent says what a change waits for that nobody has consented to.
func (p *planner) consent(kind v1alpha1.ChangeKind) (Wait, bool) {
	consent := p.in.Consent
	switch {
	case consent.Manual && p.plan.Digest == "":
		return Wait{Reason: v1alpha1.ReasonPreparing, On: p.unknown}, true
	case !p.plan.Approved && consent.Manual:
		return Wait{Reason: v1alpha1.ReasonAwaitingApproval, On: []string{p.plan.Digest}}, true
	case consent.Closed && kind != v1alpha1.ChangeInstall && (p.plan.Digest == "" || consent.Exempted != p.plan.Digest):
		return Wait{Reason: v1alpha1.ReasonAwaitingWindow}, true
	}
	return Wait{}, false
}

// withheld says what a component waits for that nobody has consented to.
func (p *planner) withheld(c Component) (Wait, bool) {
	kind, changes := p.change(c)
	if !changes {
		return Wait{}, false
	}
	return p.consent(kind)
}

// String is for messages and tests.
func (c Change) String() string { return fmt.Sprintf("%s %s", strings.ToLower(string(c.Kind)), c.Name) }
