// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package pods

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// The reasons that the kubelet gives for a container that waits. They are no part of
// the API, but have been the same for ever.
const (
	waitsForLoop       = "CrashLoopBackOff"
	waitsForCreation   = "ContainerCreating"
	waitsForInit       = "PodInitializing"
	waitsForPull       = "ImagePullBackOff"
	waitsAfterRun      = "RunContainerError"
	waitsAfterPostHook = "PostStartHookError"
	endedUnknown       = "Unknown"
)

// containers is the worst trouble of a pod's containers.
func containers(p *corev1.Pod) trouble {
	var found trouble
	for i := range p.Status.InitContainerStatuses {
		s := &p.Status.InitContainerStatuses[i]
		found = worst(found, part{spec: specOf(p.Spec.InitContainers, s.Name), status: s, init: true}.judge(p))
	}
	for i := range p.Status.ContainerStatuses {
		s := &p.Status.ContainerStatuses[i]
		found = worst(found, part{spec: specOf(p.Spec.Containers, s.Name), status: s}.judge(p))
	}
	return found
}

// specOf returns an empty container for a name that is not there.
func specOf(specs []corev1.Container, name string) *corev1.Container {
	for i := range specs {
		if specs[i].Name == name {
			return &specs[i]
		}
	}
	return &corev1.Container{}
}

// part is one container of a pod.
type part struct {
	spec   *corev1.Container
	status *corev1.ContainerStatus
	init   bool
}

// judge says what is wrong with a container. It goes by the end before the current
// state once there was a restart, or the sentence would change twice in each round of
// a crash loop.
func (c part) judge(p *corev1.Pod) trouble {
	s := c.status
	end := lastEnd(s)
	waiting := s.State.Waiting
	if waiting == nil {
		waiting = &corev1.ContainerStateWaiting{}
	}
	switch {
	case s.Ready, c.completed(p):
		return trouble{}
	case c.cannotStart(waiting):
		return c.trouble(cannotStart, "cannot start: "+startFailure(s.Image, waiting))
	case waiting.Reason == waitsForLoop, c.loops(end):
		return c.trouble(keepsEnding, colon("keeps ending ("+waitsForLoop+")", c.howItEnded(end)))
	case s.State.Terminated != nil:
		return c.trouble(ended, "ended: "+c.howItEnded(end))
	case s.State.Running != nil:
		return c.judgeRunning(p)
	case waiting.Reason == waitsForCreation:
		// The reason stands in events alone: a volume whose Secret is missing, a slow pull.
		return c.trouble(notReady, "is being created: the events of its pod say what it waits for")
	}
	return trouble{}
}

// lately is how long ago the last end of a container may be that counts for one that
// runs again; the kubelet waits five minutes at most before it starts one again.
const lately = 10 * time.Minute

// loops says whether a container that was restarted is in one round of a crash loop.
// A node that was started again restarts everything once, for an unknown reason.
func (c part) loops(end *corev1.ContainerStateTerminated) bool {
	switch {
	case c.status.RestartCount == 0 || end == nil || end.Reason == endedUnknown:
		return false
	case c.status.State.Running == nil:
		return true
	}
	return end.FinishedAt.IsZero() || time.Since(end.FinishedAt.Time) < lately
}

// judgeRunning judges a container that runs, was not restarted and is not ready. That
// is what a Job's container does.
func (c part) judgeRunning(p *corev1.Pod) trouble {
	switch {
	case c.init && !c.sidecar():
		return c.trouble(notReady, "has not finished")
	case controlledBy(p, kindJob):
		return trouble{}
	case c.spec.StartupProbe != nil && (c.status.Started == nil || !*c.status.Started):
		return c.trouble(notReady, "runs, but is not ready: see its startup probe")
	}
	return c.trouble(notReady, "runs, but is not ready: see its readiness probe")
}

func (c part) trouble(s severity, text string) trouble {
	kind := "container "
	if c.init {
		kind = "init container "
	}
	return trouble{severity: s, container: kind + c.status.Name, text: text}
}

// sidecar: an init container that runs as long as the pod.
func (c part) sidecar() bool {
	return c.init && c.spec.RestartPolicy != nil && *c.spec.RestartPolicy == corev1.ContainerRestartPolicyAlways
}

// completed says whether the container has done what it should.
func (c part) completed(p *corev1.Pod) bool {
	if t := c.status.State.Terminated; t == nil || t.ExitCode != 0 {
		return false
	}
	switch {
	case c.init:
		return !c.sidecar()
	case c.spec.RestartPolicy != nil:
		return *c.spec.RestartPolicy != corev1.ContainerRestartPolicyAlways
	}
	return p.Spec.RestartPolicy == corev1.RestartPolicyNever || p.Spec.RestartPolicy == corev1.RestartPolicyOnFailure
}

// cannotStart says whether the container waits for what stands in its way. A container
// that is created and then fails to run goes round in a crash loop, too: once it was
// restarted its end tells more.
func (c part) cannotStart(waiting *corev1.ContainerStateWaiting) bool {
	switch waiting.Reason {
	case "", waitsForLoop, waitsForCreation, waitsForInit:
		return false
	case waitsAfterRun, waitsAfterPostHook:
		return c.status.RestartCount == 0
	}
	return true
}

// lastEnd returns the last end of a container, nil when it never ended.
func lastEnd(s *corev1.ContainerStatus) *corev1.ContainerStateTerminated {
	if s.State.Terminated != nil {
		return s.State.Terminated
	}
	return s.LastTerminationState.Terminated
}

// howItEnded returns "OOMKilled, exit code 137: message".
func (c part) howItEnded(end *corev1.ContainerStateTerminated) string {
	if end == nil {
		return ""
	}
	text := fmt.Sprintf("exit code %d", end.ExitCode)
	if end.Reason != "" && end.Reason != "Error" && end.Reason != "Completed" {
		text = end.Reason + ", " + text
	}
	message := end.Message
	if c.spec.TerminationMessagePolicy == corev1.TerminationMessageFallbackToLogsOnError {
		message = lastLines(message)
	}
	return colon(text, short(logged(message)))
}

// startFailure returns the reason and the message of a container that cannot start.
func startFailure(image string, waiting *corev1.ContainerStateWaiting) string {
	switch waiting.Reason {
	case "ErrImagePull", "RegistryUnavailable", "SignatureValidationFailed", waitsForPull:
		// They take turns with each other.
		return colon(waitsForPull, short(pullFailure(image, waiting.Message)))
	}
	return colon(waiting.Reason, short(waiting.Message))
}
