// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm_test

import (
	"context"
	"errors"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/test/charts"
)

// A post hook of a chart that nobody knows waits for workloads, but not for ever.
func TestHookPatience(t *testing.T) {
	hook := func(events string) charts.ChartOption {
		return charts.WithHook(charts.Hook{Kinds: "ConfigMap", Name: "check", Events: events})
	}
	for name, tc := range map[string]struct {
		events   string
		patience time.Duration
		waits    int
		running  error
	}{
		"PostInstall":        {events: "post-install", patience: time.Hour, waits: 1},
		"SeveralEvents":      {events: "post-install, post-upgrade", patience: time.Hour, waits: 1},
		"PreInstall":         {events: "pre-install", patience: time.Hour},
		"FirstAsPreInstall":  {events: "pre-install, post-install", patience: time.Hour, waits: 1},
		"NoPatience":         {events: "post-install"},
		"WorkloadsDoNotCome": {events: "post-install", patience: 50 * time.Millisecond, waits: 1, running: errors.New("Deployment a: 0 of 1")},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, hook(tc.events))
			b.request.HookPatience = tc.patience
			waits := 0
			b.wait = func(ctx context.Context, _ string, objects []helm.Applied) error {
				waits++
				_, err := b.client.CoreV1().ConfigMaps(b.request.Namespace).Get(ctx, "check", metav1.GetOptions{})
				if !apierrors.IsNotFound(err) {
					t.Errorf("the hook is there before its time: %v", err)
				}
				if len(objects) != 1 || objects[0].Name != b.request.Name {
					t.Errorf("waits for %v, want what the release holds", objects)
				}
				if tc.running != nil {
					<-ctx.Done()
				}
				return tc.running
			}
			if _, err := b.Install(t.Context(), b.request); err != nil {
				t.Fatal(err)
			}
			if waits != tc.waits {
				t.Errorf("waited %d times, want %d", waits, tc.waits)
			}
		})
	}
}
