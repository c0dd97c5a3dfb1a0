// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package crds

import (
	"fmt"
	"slices"
	"strings"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/failure"
)

// Action is what is to be done about one definition.
type Action string

const (
	// ActionCreate means that the cluster has no such definition.
	ActionCreate Action = "Create"
	// ActionUpdate means that the cluster has another content, or one that the operator never applied.
	ActionUpdate Action = "Update"
	// ActionKeep means that the cluster has exactly this definition.
	ActionKeep Action = "Keep"
	// ActionForeign means that another component owns the definition, and it serves what is needed.
	ActionForeign Action = "Foreign"
	// ActionWait means that the definition is being deleted; it can be created when it is gone.
	ActionWait Action = "Wait"
)

// Decision is what is to be done, and why.
type Decision struct {
	// Action to take.
	Action Action
	// Message is a sentence for people; empty for Keep.
	Message string
}

// Question is one definition that a component brings, and what the cluster has.
type Question struct {
	// Owner asks: <bundle>.<component>.
	Owner string
	// Current state; nil when the cluster has no such definition.
	Current *State
	// Next is what the component brings.
	Next *Definition
	// Need are the versions of the kind that the component's objects use; the owner of a shared definition must serve them.
	Need []string
	// OwnerExists says whether the component that owns the current definition still exists; a definition whose owner is gone is taken over. Nil
	// means that every owner exists.
	OwnerExists func(owner string) bool
}

// Decide says what to do about one definition. The error is Terminal: a change that loses data (ReasonCRDChangeUnsafe), or a definition of
// another component that does not serve a version that is needed (ReasonKindNotServed).
func Decide(q Question) (Decision, error) {
	current, next := q.Current, q.Next
	if current == nil {
		return Decision{ActionCreate, fmt.Sprintf("CustomResourceDefinition %s is created", next.Name)}, nil
	}
	if q.foreign() {
		return q.decideForeign()
	}
	if current.Terminating {
		return Decision{ActionWait, fmt.Sprintf("CustomResourceDefinition %s is being deleted; it is created again when it is gone",
			next.Name)}, nil
	}
	if current.Owner == q.Owner && current.Digest == next.Digest {
		return Decision{Action: ActionKeep}, nil
	}
	if err := CheckChange(*current, *next); err != nil {
		return Decision{}, err
	}
	return Decision{ActionUpdate, fmt.Sprintf("CustomResourceDefinition %s is updated", next.Name)}, nil
}

// foreign says whether the definition belongs to another component that still exists.
func (q Question) foreign() bool {
	owner := q.Current.Owner
	return owner != "" && owner != q.Owner && (q.OwnerExists == nil || q.OwnerExists(owner))
}

func (q Question) decideForeign() (Decision, error) {
	var missing []string
	for _, version := range q.Need {
		if !serves(q.Current.Versions, version) {
			missing = append(missing, version)
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		return Decision{}, failure.Terminal(v1alpha1.ReasonKindNotServed,
			"CustomResourceDefinition %s belongs to %s, whose definition does not serve %s; choose versions of both charts that go together",
			q.Next.Name, q.Current.Owner, strings.Join(slices.Compact(missing), ", "))
	}
	return Decision{ActionForeign, fmt.Sprintf("CustomResourceDefinition %s belongs to %s", q.Next.Name, q.Current.Owner)}, nil
}

// ConversionChanges says whether next converts versions in another way than current. Such a change goes right before its component is
// upgraded, not ahead of the whole bundle: the new webhook answers only then.
func ConversionChanges(current State, next *Definition) bool {
	return current.Conversion != next.Conversion
}
