// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"fmt"
	"strings"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/failure"
)

// verdict sums the components up in one sentence, the most important first.
func (scope *bundleScope) verdict(ready int) verdict {
	status := scope.bundle.Status
	if scope.bundle.Spec.Suspend {
		return verdict{reason: v1alpha1.ReasonSuspended, message: "spec.suspend is set: nothing is changed"}
	}
	if v, found := scope.troubleVerdict(); found {
		return v
	}
	if refusals := scope.refusals(); len(refusals) > 0 {
		return verdict{stalled: true, reason: v1alpha1.ReasonDataLoss, message: strings.Join(refusals, "; ")}
	}
	if scope.removing {
		return verdict{reason: v1alpha1.ReasonUninstalling, message: "deleting: " + sentenceOf(status.Components)}
	}
	if ready == len(status.Components) {
		if ready == 0 {
			return verdict{ready: true, reason: v1alpha1.ReasonReady, message: "the bundle lists no components"}
		}
		return verdict{ready: true, reason: v1alpha1.ReasonReady, message: fmt.Sprintf("all %d components are ready", ready)}
	}
	if v, found := scope.consentVerdict(); found {
		return v
	}
	if held, reason := heldReleases(status.Components); held != "" {
		return verdict{stalled: true, reason: reason, message: held}
	}
	return verdict{reason: v1alpha1.ReasonProgressing, message: sentenceOf(status.Components)}
}

// troubleVerdict is about errors in the spec, which stall the bundle, or else
// about trouble that time may cure, which does not.
func (scope *bundleScope) troubleVerdict() (verdict, bool) {
	var terminal, other []string
	reason, otherReason := "", ""
	for _, c := range scope.components {
		if c.Trouble == nil {
			continue
		}
		if c.Trouble.Class == failure.ClassTerminal {
			terminal = append(terminal, failure.Message(c.Trouble))
			reason = firstOf(reason, c.Trouble.Reason)
			continue
		}
		other = append(other, failure.Message(c.Trouble))
		otherReason = firstOf(otherReason, c.Trouble.Reason)
	}
	switch {
	case len(terminal) > 0:
		return verdict{stalled: true, reason: reason, message: strings.Join(terminal, "; ")}, true
	case len(other) > 0:
		message := strings.Join(other, "; ")
		if rest := sentenceOf(withoutState(scope.bundle.Status.Components, v1alpha1.StateHeld)); rest != "" {
			message += "; " + rest
		}
		return verdict{reason: otherReason, message: message}, true
	}
	return verdict{}, false
}

// refusals say which components are not removed, sorted.
func (scope *bundleScope) refusals() []string {
	var out []string
	for _, name := range sortedKeys(scope.plan.Waits) {
		if scope.plan.Waits[name].Reason == v1alpha1.ReasonDataLoss {
			out = append(out, scope.losses[name].refusal(name, scope.removing))
		}
	}
	return out
}

// heldReleases says which components are held at other inputs than the wanted
// ones, when nothing else is going on: then only a person gets it moving.
func heldReleases(components []v1alpha1.ComponentStatus) (message, reason string) {
	var held []string
	for _, c := range components {
		switch c.State {
		case v1alpha1.StateReady, v1alpha1.StateSuspended:
		case v1alpha1.StateHeld:
			held = append(held, c.Name+": "+c.Message)
			reason = firstOf(reason, c.Reason)
		case v1alpha1.StateWaiting: // for what is held, if it is for a dependency
			if c.Reason != v1alpha1.ReasonWaitingForDependencies {
				return "", ""
			}
		default:
			return "", ""
		}
	}
	if len(held) == 0 {
		return "", "" // what is waited for may come by itself
	}
	return strings.Join(append(held, waiting(components)...), "; "), reason
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func withoutState(components []v1alpha1.ComponentStatus, state v1alpha1.ComponentState) []v1alpha1.ComponentStatus {
	var out []v1alpha1.ComponentStatus
	for _, c := range components {
		if c.State != state {
			out = append(out, c)
		}
	}
	return out
}

// sentenceOf says what everybody does: failures first, then what moves, then who
// waits for whom.
func sentenceOf(components []v1alpha1.ComponentStatus) string {
	var parts []string
	for _, c := range components {
		switch c.State {
		case v1alpha1.StateFailed:
			parts = append(parts, c.Name+" failed: "+c.Message)
		case v1alpha1.StateHeld:
			parts = append(parts, c.Name+" is held: "+c.Message)
		default: // what moves and what waits follows
		}
	}
	for _, group := range []struct {
		state v1alpha1.ComponentState
		verb  string
	}{
		{v1alpha1.StateRemoving, "removing"},
		{v1alpha1.StateInstalling, "installing"},
		{v1alpha1.StateUpgrading, "upgrading"},
		{v1alpha1.StateProgressing, "waiting for the objects of"},
		{v1alpha1.StatePreparing, "preparing"},
		{v1alpha1.StateSuspended, "suspended:"},
	} {
		var names []string
		for _, c := range components {
			if c.State == group.state {
				names = append(names, c.Name)
			}
		}
		if len(names) > 0 {
			parts = append(parts, group.verb+" "+listNames(names))
		}
	}
	return strings.Join(append(parts, waiting(components)...), "; ")
}

// waiting names at most three components that wait, each with what it waits for.
func waiting(components []v1alpha1.ComponentStatus) []string {
	const most = 3
	var parts []string
	more := 0
	for _, c := range components {
		if c.State != v1alpha1.StateWaiting {
			continue
		}
		if len(parts) == most {
			more++
			continue
		}
		separator := " " // "grafana waits for loki"
		if !strings.HasPrefix(c.Message, "waits ") {
			separator = ": "
		}
		parts = append(parts, strings.TrimSuffix(c.Name+separator+c.Message, separator))
	}
	if more > 0 {
		parts = append(parts, fmt.Sprintf("%d more wait", more))
	}
	return parts
}
