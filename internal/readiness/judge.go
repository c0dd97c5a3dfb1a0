// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

const (
	notFound             = "not found"
	selectedNode         = "volume.kubernetes.io/selected-node"
	waitForFirstConsumer = "WaitForFirstConsumer"
)

// Lookup returns an object as it was last seen.
type Lookup func(Object) (*unstructured.Unstructured, bool)

// Endpoints counts the ready endpoints of a Service. known is false when nothing can be said about that Service.
type Endpoints func(namespace, service string) (ready int, known bool)

// verdict about one object.
type verdict int

const (
	current verdict = iota
	waiting
	failed
)

// judge carries what every object is judged by.
type judge struct {
	get       Lookup
	endpoints Endpoints
	rules     []Rule
	services  map[Object]bool // Services of the inventory, without their version
}

// Judge says whether the inventory is current. It is pure: get hands in the objects (and StorageClasses, which claims are judged by),
// endpoints the state of the Services behind webhooks. Kinds that are not Watched count as current. A Job that is not there counts as
// current too: a finished one is deleted when its time is up.
func Judge(inventory []Object, get Lookup, rules []Rule, endpoints Endpoints) Status {
	j := judge{get: get, endpoints: endpoints, rules: rules, services: map[Object]bool{}}
	for _, o := range inventory {
		if o.GroupKind() == serviceKind {
			j.services[Object{Namespace: o.Namespace, Name: o.Name}] = true
		}
	}
	s := Status{Total: len(inventory)}
	for _, o := range inventory {
		switch v, message := j.object(o); v {
		case failed:
			s.Failed = append(s.Failed, Finding{o, message})
		case waiting:
			s.Waiting = append(s.Waiting, Finding{o, message})
		case current:
		}
	}
	return s.finish()
}

func (j judge) object(o Object) (verdict, string) {
	gk := o.GroupKind()
	if !Watched(gk) {
		return current, ""
	}
	u, ok := j.get(o)
	if !ok {
		if gk == jobKind {
			return current, ""
		}
		return waiting, notFound
	}
	v, message := j.state(gk, u)
	if v != current {
		return v, message
	}
	if complaint := checkRules(j.rules, u); complaint != "" {
		return waiting, complaint
	}
	return current, ""
}

// state judges by what is known about the kind, rules left aside.
func (j judge) state(gk schema.GroupKind, u *unstructured.Unstructured) (verdict, string) {
	if u.GetDeletionTimestamp() != nil {
		return waiting, "being deleted"
	}
	switch {
	case gk == claimKind:
		return j.claim(u)
	case gk == apiServiceKind:
		return apiService(u)
	case webhookConfiguration(gk):
		return j.webhooks(u)
	}
	result, err := status.Compute(u)
	switch {
	case err != nil && !builtin(gk.Group):
		// Conditions of a form that kstatus does not know say as much as none at all.
		return current, ""
	case err != nil:
		return waiting, fmt.Sprintf("its status cannot be read: %v", err)
	case result.Status == status.CurrentStatus:
		return current, ""
	case result.Status == status.FailedStatus:
		return failed, orDefault(result.Message, "failed")
	default:
		return waiting, progress(gk, u, result)
	}
}

// claim is current when it is bound, or when its volume is only made for the first Pod and none was scheduled yet: whoever shall
// use it is judged on its own.
func (j judge) claim(u *unstructured.Unstructured) (verdict, string) {
	phase := status.GetStringField(u.Object, ".status.phase", "")
	class := status.GetStringField(u.Object, ".spec.storageClassName", "")
	switch {
	case phase == "Bound":
		return current, ""
	case phase == "Lost":
		return failed, "Lost: its volume does not exist any more"
	case class == "":
		return waiting, "Pending: it has no storage class and no volume fits; set a default StorageClass or name one in the values"
	case !j.firstConsumer(class):
		return waiting, fmt.Sprintf("Pending: no volume of storage class %s is bound yet", class)
	case u.GetAnnotations()[selectedNode] != "":
		return waiting, fmt.Sprintf("Pending: the volume of storage class %s is being made", class)
	default:
		return current, ""
	}
}

func (j judge) firstConsumer(class string) bool {
	sc, ok := j.get(Object{GroupVersionKind: storageClassGVK, Name: class})
	return ok && status.GetStringField(sc.Object, ".volumeBindingMode", "") == waitForFirstConsumer
}

// apiService is current when the aggregated API can be reached; kstatus has no rule for it.
func apiService(u *unstructured.Unstructured) (verdict, string) {
	conditions, err := status.GetObjectWithConditions(u.Object)
	if err != nil {
		return waiting, fmt.Sprintf("its status cannot be read: %v", err)
	}
	for _, c := range conditions.Status.Conditions {
		if c.Type != "Available" {
			continue
		}
		if c.Status == "True" {
			return current, ""
		}
		return waiting, "not available: " + orDefault(c.Message, c.Reason)
	}
	return waiting, "not available yet"
}

// progress words what kstatus says about a workload the way people count.
func progress(gk schema.GroupKind, u *unstructured.Unstructured, result *status.Result) string {
	fallback := orDefault(result.Message, "in progress")
	generation, observed := u.GetGeneration(), int64(status.GetIntField(u.Object, ".status.observedGeneration", 0))
	if observed < generation && workload(gk) && gk != podKind {
		return "its controller has not seen the newest generation yet"
	}
	wanted, have, noun := 0, 0, ""
	switch gk {
	case deploymentKind:
		wanted = status.GetIntField(u.Object, ".spec.replicas", 1)
		// While new pods fail, the old ones are available: what counts are those of the
		// newest revision.
		updated, unavailable := status.GetIntField(u.Object, ".status.updatedReplicas", 0), status.GetIntField(u.Object, ".status.unavailableReplicas", 0)
		have = min(status.GetIntField(u.Object, ".status.availableReplicas", 0), max(0, updated-unavailable))
		noun = "replicas available"
	case statefulSetKind:
		wanted = status.GetIntField(u.Object, ".spec.replicas", 1)
		have, noun = status.GetIntField(u.Object, ".status.readyReplicas", 0), "replicas ready"
	case daemonSetKind:
		wanted = status.GetIntField(u.Object, ".status.desiredNumberScheduled", 0)
		have = min(status.GetIntField(u.Object, ".status.numberAvailable", 0), status.GetIntField(u.Object, ".status.updatedNumberScheduled", 0))
		noun = "pods available"
	}
	if have >= wanted {
		return fallback
	}
	return fmt.Sprintf("%d of %d %s%s", have, wanted, noun, refused(u))
}

// podName is the name, new at every attempt, of a pod that could not be made.
var podName = regexp.MustCompile(`^pods? "[^"]*" `)

// refused is why no pods can be made for a Deployment: a quota, the pod security
// standard, an admission webhook. There is no pod then that could tell.
func refused(u *unstructured.Unstructured) string {
	conditions, err := status.GetObjectWithConditions(u.Object)
	if err != nil {
		return ""
	}
	for _, c := range conditions.Status.Conditions {
		if c.Type == "ReplicaFailure" && c.Status == "True" && c.Message != "" {
			return ": " + cut(podName.ReplaceAllString(strings.Join(strings.Fields(c.Message), " "), "a pod "))
		}
	}
	return ""
}

// cut keeps what somebody else wrote from filling a status.
func cut(message string) string {
	const most = 300
	if len(message) <= most {
		return message
	}
	return strings.ToValidUTF8(message[:most], "") + "…"
}

func orDefault(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}
