// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests_test

import (
	"strings"
	"testing"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/failure"
)

func TestProbe(t *testing.T) {
	b := newBench(t)
	widgets := b.define("Widget")
	widget := func(fields string) string {
		return `{apiVersion: ` + widgets.Group + `/v1, kind: Widget, metadata: {name: probe}, ` + fields + `}`
	}
	before := b.create(configMaps, configMap("existing", "theirs"))
	if err := b.Probe(t.Context(), b.namespace, entries(t, widget(`spec: {size: 1}`), configMap("existing", "ours"))); err != nil {
		t.Fatal(err)
	}
	if b.live(widgets, "probe") != nil || b.live(configMaps, "existing").GetResourceVersion() != before.GetResourceVersion() {
		t.Error("a probe was written")
	}
	if err := b.Probe(t.Context(), b.namespace, nil); err != nil {
		t.Errorf("none: %v", err)
	}
	tests := map[string]struct {
		entry string
		class failure.Class
		want  string
	}{
		"schema":    {widget(`spec: {}`), failure.ClassRetryable, `probe Widget probe/probe: Widget.probe.example.com "probe" is invalid: spec.size: Required value`},
		"kind":      {`{apiVersion: cert-manager.io/v1, kind: Issuer, metadata: {name: p}}`, failure.ClassBlocked, "probe Issuer p: the kind Issuer (cert-manager.io/v1) is not served yet"},
		"entry":     {`{kind: Issuer}`, failure.ClassTerminal, "probes[1]: apiVersion is missing"},
		"secret":    {`{apiVersion: v1, kind: Secret, metadata: {name: p, labels: {a: "hunter2 !"}}}`, failure.ClassRetryable, "probe Secret probe/p: the API server answers Invalid; its message is not shown"},
		"namespace": {`{apiVersion: v1, kind: ConfigMap, metadata: {name: p, namespace: nowhere}}`, failure.ClassRetryable, `probe ConfigMap nowhere/p: namespace "nowhere" does not exist`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			err := b.Probe(t.Context(), b.namespace, entries(t, configMap("fine", "1"), tc.entry))
			if err == nil {
				t.Fatal("accepted")
			}
			if !strings.HasPrefix(err.Error(), tc.want) {
				t.Errorf("got  %v\nwant %s", err, tc.want)
			}
			if failure.ClassOf(err) != tc.class || failure.ReasonOf(err, "") != v1alpha1.ReasonProbeFailed {
				t.Errorf("%s %s", failure.ClassOf(err), failure.ReasonOf(err, ""))
			}
		})
	}
	b.know(widgets.GroupVersion().WithResource("gadgets"), "Gadget")
	err := b.Probe(t.Context(), b.namespace, entries(t, strings.Replace(widget(`spec: {}`), "Widget", "Gadget", 1)))
	if failure.ClassOf(err) != failure.ClassBlocked {
		t.Errorf("the mapper is ahead of the API server: %v", err)
	}
}
