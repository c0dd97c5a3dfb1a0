// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"helm.sh/helm/v3/pkg/kube"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/cli-runtime/pkg/resource"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/flowcontrol"
)

// absentFor is how long an object that was looked for and not found is taken for
// absent. Between a look and the install that follows lie seconds; Helm's own
// question and its own writes are as far apart in a large chart.
const absentFor = 30 * time.Second

// absences remembers which objects Conflicts did not find, until a Helm action of this
// operator makes them, so that an install does not ask for each of them again. Creating
// is never overwriting: what somebody made meanwhile is an error of that write, and
// Uninstall spares it. Where Helm would update, it is asked again (refuseNewcomers).
type absences struct {
	mu  sync.Mutex
	now func() time.Time
	// at is when the look began that did not find the object.
	at map[objectKey]time.Time
	// made is when an object was about to be made: a look that began before says
	// nothing any more.
	made map[objectKey]time.Time
}

// objectKey is an object in whatever version.
type objectKey struct {
	schema.GroupKind
	namespace, name string
}

func newAbsences() *absences {
	return &absences{now: time.Now, at: map[objectKey]time.Time{}, made: map[objectKey]time.Time{}}
}

func (o Object) key() objectKey { return objectKey{o.GroupKind(), o.Namespace, o.Name} }

func keyOf(info *resource.Info) objectKey {
	return objectKey{info.Mapping.GroupVersionKind.GroupKind(), info.Namespace, info.Name}
}

// note takes what a look which began at that time found, and what it did not find.
func (a *absences) note(at time.Time, found, missing []Object) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sweep()
	for _, object := range found {
		delete(a.at, object.key())
	}
	for _, object := range missing {
		key := object.key()
		if made, known := a.made[key]; !known || made.Before(at) {
			a.at[key] = at
		}
	}
}

// comeWithNamespace are kinds of which controllers put objects into a new namespace:
// that it is absent does not say that they will be when the release is installed.
var comeWithNamespace = []schema.GroupKind{
	{Kind: "ServiceAccount"}, {Kind: "ConfigMap"}, {Kind: "Secret"}, {Kind: "LimitRange"}, {Kind: "ResourceQuota"},
	{Group: "rbac.authorization.k8s.io", Kind: "Role"}, {Group: "rbac.authorization.k8s.io", Kind: "RoleBinding"},
	{Group: "networking.k8s.io", Kind: "NetworkPolicy"},
}

// staysAbsent says that what a look did not find may be taken for absent when the release is
// installed. Before that, its namespace is made.
func staysAbsent(object Object, namespaceAbsent bool) bool {
	if object.GroupKind() == (schema.GroupKind{Kind: "Namespace"}) {
		return false
	}
	return !namespaceAbsent || !slices.Contains(comeWithNamespace, object.GroupKind())
}

// forget is for what is about to be made.
func (a *absences) forget(list kube.ResourceList) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sweep()
	for _, info := range list {
		key := keyOf(info)
		delete(a.at, key)
		a.made[key] = a.now()
	}
}

// sweep drops what is past its time; the caller holds the lock. No look lasts longer.
func (a *absences) sweep() {
	past := func(_ objectKey, at time.Time) bool { return a.now().Sub(at) > absentFor }
	maps.DeleteFunc(a.at, past)
	maps.DeleteFunc(a.made, past)
}

func (a *absences) has(info *resource.Info) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	at, known := a.at[keyOf(info)]
	return known && a.now().Sub(at) <= absentFor
}

// unseen is the client of an object that is known to be absent: until the action
// writes, the question whether it is there is answered without the API server.
type unseen struct {
	resource.RESTClient
	written *bool
}

// Get implements resource.RESTClient.
func (u unseen) Get() *rest.Request {
	request := u.RESTClient.Get()
	if *u.written {
		return request
	}
	return request.Throttle(notFound{flowcontrol.NewFakeAlwaysRateLimiter()})
}

// refuseNewcomers asks after all for what was taken for absent: where some objects of a
// release are left from before, Helm updates instead of creating, and would write over
// what somebody has made meanwhile.
func (d *decorator) refuseNewcomers(target kube.ResourceList) error {
	for _, info := range target {
		client, taken := info.Client.(unseen)
		if !taken {
			continue
		}
		live, err := liveOf(client.RESTClient, info)
		if err != nil {
			return err
		}
		if live != nil && !ownedBy(live, d.release) {
			return apierrors.NewAlreadyExists(info.Mapping.Resource.GroupResource(), info.Name)
		}
	}
	return nil
}

// notFound is a rate limiter that lets no request through: it is the one place where
// client-go takes an answer before it sends a question.
type notFound struct{ flowcontrol.RateLimiter }

// Wait implements flowcontrol.RateLimiter.
func (notFound) Wait(context.Context) error { return apierrors.NewNotFound(schema.GroupResource{}, "") }
