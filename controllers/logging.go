// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"fmt"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// logConstructor gives the lines of a controller the name of their object, once:
// both kinds are cluster-scoped, so a name says everything.
func logConstructor(log logr.Logger, kind string) func(*reconcile.Request) logr.Logger {
	log = log.WithName(kind)
	return func(request *reconcile.Request) logr.Logger {
		if request == nil {
			return log
		}
		return log.WithValues("object", request.Name)
	}
}

// LoggedRecorder records events and writes each of them into the log as well, so
// that `kubectl logs` tells the story of `kubectl get events` - also when an
// admission webhook refuses the events themselves. The wiring of the operator uses
// it.
type LoggedRecorder struct {
	events.EventRecorder
	// Log receives a line for every event: its note, and what it is about.
	Log logr.Logger
}

// Eventf implements events.EventRecorder.
func (r LoggedRecorder) Eventf(regarding, related runtime.Object, kind, reason, action, note string, args ...any) {
	r.EventRecorder.Eventf(regarding, related, kind, reason, action, note, args...)
	name := ""
	if object, err := meta.Accessor(regarding); err == nil {
		name = object.GetName()
	}
	r.Log.Info(fmt.Sprintf(note, args...), "object", name, "type", kind, "reason", reason)
}
