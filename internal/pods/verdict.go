// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package pods

import (
	"cmp"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// severity orders troubles; the worst is told.
type severity int

const (
	fine severity = iota
	// Pods that were evicted stay for weeks, beside those that took their place.
	evicted
	notReady
	unschedulable
	cannotStart
	ended
	keepsEnding
)

// trouble is why a pod does not run. The zero value means that nothing is wrong.
type trouble struct {
	severity severity
	// pod is its name where it is the same for ever, else empty: the replicas of a
	// Deployment have the same trouble, and none of their names helps.
	pod string
	// container is "container app" or "init container setup"; empty when the trouble
	// is that of the whole pod.
	container string
	text      string
}

func (t trouble) none() bool { return t.severity == fine }

// String returns the sentence.
func (t trouble) String() string {
	switch {
	case t.none():
		return ""
	case t.container == "" && t.pod == "":
		return "pod " + t.text
	case t.container == "":
		return "pod " + t.pod + " " + t.text
	case t.pod == "":
		return t.container + " " + t.text
	default:
		return "pod " + t.pod + ": " + t.container + " " + t.text
	}
}

// worst returns the graver of two; the first by container, pod and text when they are
// equally grave, so that the choice does not depend on the order of pods.
func worst(a, b trouble) trouble {
	if order := cmp.Or(cmp.Compare(b.severity, a.severity), strings.Compare(a.container, b.container),
		strings.Compare(a.pod, b.pod), strings.Compare(a.text, b.text)); order <= 0 {
		return a
	}
	return b
}

// judge says what is wrong with a pod.
func judge(p *corev1.Pod) trouble {
	found := judgePod(p)
	if !found.none() && controlledBy(p, kindStatefulSet) {
		found.pod = p.Name
	}
	return found
}

func judgePod(p *corev1.Pod) trouble {
	switch {
	case p.DeletionTimestamp != nil, p.Status.Phase == corev1.PodSucceeded, conditionTrue(p, corev1.PodReady):
		return trouble{}
	case p.Status.Phase == corev1.PodFailed && p.Status.Reason != "":
		// Whoever stopped the whole pod says why; how its containers ended does not.
		return stopped(p)
	}
	found := worst(schedule(p), containers(p))
	switch {
	case !found.none():
		return found
	case p.Status.Phase == corev1.PodFailed:
		return trouble{severity: ended, text: colon("failed", short(p.Status.Message))}
	}
	return gate(p)
}

// stopped is the trouble of a pod that was failed as a whole.
func stopped(p *corev1.Pod) trouble {
	message := short(firstSentence(p.Status.Message))
	if p.Status.Reason == "Evicted" {
		return trouble{severity: evicted, text: colon("was evicted", message)}
	}
	return trouble{severity: evicted, text: colon("failed", p.Status.Reason, message)}
}

// schedule is the trouble of a pod that has no node.
func schedule(p *corev1.Pod) trouble {
	for i := range p.Status.Conditions {
		c := &p.Status.Conditions[i]
		if c.Type != corev1.PodScheduled || c.Status != corev1.ConditionFalse {
			continue
		}
		if c.Reason == corev1.PodReasonUnschedulable || c.Reason == corev1.PodReasonSchedulingGated {
			return trouble{severity: unschedulable, text: colon("cannot be scheduled", short(beforePreemption(c.Message)))}
		}
	}
	return trouble{}
}

// gate is the trouble of a pod whose containers are all ready, but not one of its
// readiness gates.
func gate(p *corev1.Pod) trouble {
	for _, g := range p.Spec.ReadinessGates {
		if !conditionTrue(p, g.ConditionType) && conditionTrue(p, corev1.ContainersReady) {
			return trouble{severity: notReady, text: "waits for its readiness gate " + string(g.ConditionType)}
		}
	}
	return trouble{}
}

func conditionTrue(p *corev1.Pod, kind corev1.PodConditionType) bool {
	for i := range p.Status.Conditions {
		if p.Status.Conditions[i].Type == kind {
			return p.Status.Conditions[i].Status == corev1.ConditionTrue
		}
	}
	return false
}
