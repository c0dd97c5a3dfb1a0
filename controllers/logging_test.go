// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"testing"

	"github.com/go-logr/logr/funcr"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

func TestLog(t *testing.T) {
	var lines []string
	log := funcr.New(func(prefix, args string) { lines = append(lines, prefix+" "+args) }, funcr.Options{})
	fake := events.NewFakeRecorder(1)

	bundle := &v1alpha1.PlatformBundle{ObjectMeta: metav1.ObjectMeta{Name: "week1"}}
	LoggedRecorder{EventRecorder: fake, Log: log.WithName("event")}.
		Eventf(bundle, nil, corev1.EventTypeWarning, "Held", "Reconcile", "%s waits for %d", "grafana", 2)
	build := logConstructor(log, "platformbundle")
	build(&reconcile.Request{NamespacedName: types.NamespacedName{Name: "week1"}}).Info("Looked at")
	build(nil).Info("Starting")

	want := []string{
		`event "level"=0 "msg"="grafana waits for 2" "object"="week1" "type"="Warning" "reason"="Held"`,
		`platformbundle "level"=0 "msg"="Looked at" "object"="week1"`,
		`platformbundle "level"=0 "msg"="Starting"`,
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff("Warning Held grafana waits for 2", <-fake.Events); diff != "" {
		t.Error(diff)
	}
}
