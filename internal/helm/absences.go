// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"context"
	"maps"
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

// absences remembers which objects Conflicts did not find, until this operator makes
// them, so that an install does not ask for each of them again. Creating is never
// overwriting: what somebody made meanwhile is an error of that write, and Uninstall
// spares it.
type absences struct {
	mu  sync.Mutex
	now func() time.Time
	at  map[objectKey]time.Time
}

// objectKey is an object in whatever version.
type objectKey struct {
	schema.GroupKind
	namespace, name string
}

func newAbsences() *absences { return &absences{now: time.Now, at: map[objectKey]time.Time{}} }

func (o Object) key() objectKey { return objectKey{o.GroupKind(), o.Namespace, o.Name} }

func keyOf(info *resource.Info) objectKey {
	return objectKey{info.Mapping.GroupVersionKind.GroupKind(), info.Namespace, info.Name}
}

// note remembers objects that were not there at that time, which is when the look
// began.
func (a *absences) note(at time.Time, objects []Object) {
	a.mu.Lock()
	defer a.mu.Unlock()
	maps.DeleteFunc(a.at, func(_ objectKey, at time.Time) bool { return a.now().Sub(at) > absentFor })
	for _, object := range objects {
		a.at[object.key()] = at
	}
}

// forget is for what is about to be made.
func (a *absences) forget(list kube.ResourceList) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, info := range list {
		delete(a.at, keyOf(info))
	}
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

// notFound is a rate limiter that lets no request through: it is the one place where
// client-go takes an answer before it sends a question.
type notFound struct{ flowcontrol.RateLimiter }

// Wait implements flowcontrol.RateLimiter.
func (notFound) Wait(context.Context) error { return apierrors.NewNotFound(schema.GroupResource{}, "") }
