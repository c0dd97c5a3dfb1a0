// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	helmrelease "helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"

	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/test/charts"
)

// A record is written when its revision begins and when it ends, however many hooks
// run between; in the end it tells of each that it ran.
func TestHooksDoNotRewriteTheRecord(t *testing.T) {
	var hooks []charts.ChartOption
	for i, event := range []string{"pre-install,pre-upgrade", "pre-install,pre-upgrade", "post-install,post-upgrade"} {
		hooks = append(hooks, charts.WithTemplate(fmt.Sprintf("hook%d.yaml", i), fmt.Sprintf(
			"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: hook%d, annotations: {helm.sh/hook: %q}}\n", i, event)))
	}
	b := newBench(t, hooks...)
	writes := b.counts(t, func(r *http.Request) bool {
		return r.Method != http.MethodGet && strings.Contains(r.URL.Path, "/secrets")
	})
	for revision, step := range []struct {
		act  func() (helm.Result, error)
		want int32
	}{
		{func() (helm.Result, error) { return b.Install(t.Context(), b.request) }, 2},
		{func() (helm.Result, error) { return b.Upgrade(t.Context(), b.request) }, 3}, // and the one before is superseded
	} {
		writes.Store(0)
		if _, err := step.act(); err != nil {
			t.Fatal(err)
		}
		if got := writes.Load(); got != step.want {
			t.Errorf("revision %d took %d writes of records, want %d", revision+1, got, step.want)
		}
		rls, err := driver.NewSecrets(b.client.CoreV1().Secrets(b.request.Namespace)).Get(b.key(revision + 1))
		if err != nil {
			t.Fatal(err)
		}
		if len(rls.Hooks) != len(hooks) {
			t.Errorf("revision %d has %d hooks", revision+1, len(rls.Hooks))
		}
		for _, hook := range rls.Hooks {
			if hook.LastRun.Phase != helmrelease.HookPhaseSucceeded || hook.LastRun.CompletedAt.Before(hook.LastRun.StartedAt) {
				t.Errorf("revision %d: hook %s: %+v", revision+1, hook.Name, hook.LastRun)
			}
		}
	}
}
