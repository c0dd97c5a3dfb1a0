// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"github.com/groundwork-dev/groundwork/internal/cluster"
	"github.com/groundwork-dev/groundwork/internal/drift"
	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/internal/readiness"
)

// copies of each kind of object are changed; one more is for the warm-up.
const copies = 9

const manyObjects = `
{{- range $i := until 10 }}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: c{{ $i }}}
data: {color: blue}
---
apiVersion: v1
kind: Secret
metadata: {name: s{{ $i }}}
stringData: {password: p}
---
apiVersion: v1
kind: Service
metadata: {name: v{{ $i }}, labels: {app: x}}
spec: {ports: [{name: http, port: 80}, {name: metrics, port: 9090}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: d{{ $i }}}
spec:
  selector: {matchLabels: {app: x}}
  template: {metadata: {labels: {app: x}}, spec: {containers: [{name: c, image: x, resources: {limits: {cpu: 1000m}}}]}}
{{- end }}`

// healer is the loop that a controller makes of watches, ledger and engine.
type healer struct {
	engine   *helm.Engine
	ledger   *drift.Ledger
	release  helm.Release
	owner    string
	begun    atomic.Int32 // objects examined
	healed   chan drift.Finding
	trouble  chan error
	nudge    chan struct{}
	idleness chan struct{}
}

func (h *healer) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.nudge:
		case h.idleness <- struct{}{}:
			continue
		}
		for h.ledger.Due(h.owner) {
			due, _ := h.ledger.Begin(h.owner)
			h.begun.Add(int32(len(due)))
			request := helm.DriftRequest{Release: h.release, Owner: h.owner, Revision: 1, Correct: true}
			for _, o := range due {
				request.Objects = append(request.Objects, helm.Object(o))
			}
			found, written, err := h.engine.Drift(ctx, request)
			if err != nil {
				h.trouble <- err
				return
			}
			h.ledger.Learn(h.owner, findings(found), applied(written)...)
			for _, f := range findings(found) {
				h.healed <- f
			}
		}
	}
}

func findings(found []helm.Difference) []drift.Finding {
	var out []drift.Finding
	for _, d := range found {
		f := drift.Finding{Object: readiness.Object(d.Object), Missing: d.Missing, Fields: d.Fields, Writer: d.Writer, Corrected: d.Corrected, Retry: d.Retry}
		if d.Unknown != nil {
			f.Unknown = d.Unknown.Error()
		}
		out = append(out, f)
	}
	return out
}

func applied(written []helm.Applied) []readiness.Applied {
	var out []readiness.Applied
	for _, a := range written {
		out = append(out, readiness.Applied{Object: readiness.Object(a.Object), UID: a.UID, Generation: a.Generation, ResourceVersion: a.ResourceVersion})
	}
	return out
}

func newHealer(t *testing.T, b *driftBench) *healer {
	t.Helper()
	h := &healer{
		engine: b.Engine, release: b.request.Release, owner: b.request.Owner, healed: make(chan drift.Finding, 100), trouble: make(chan error, 1),
		nudge: make(chan struct{}, 1), idleness: make(chan struct{}),
	}
	h.ledger = drift.NewLedger(drift.Options{Wake: func(string) {
		select {
		case h.nudge <- struct{}{}:
		default:
		}
	}})
	inventory, err := b.Inventory(t.Context(), b.request.Release, 1)
	if err != nil {
		t.Fatal(err)
	}
	var tracked []readiness.Object
	for _, o := range inventory {
		tracked = append(tracked, readiness.Object(o))
	}
	h.watch(t, b.kinds, tracked)
	return h
}

// watch begins the watches and returns when the release's verdict is known; the other kinds are listed at the same time.
func (h *healer) watch(t *testing.T, kinds *cluster.Kinds, inventory []readiness.Object) {
	t.Helper()
	woken := make(chan struct{}, 100)
	tracker := readiness.NewTracker(config, kinds, readiness.Options{
		Wake:    func(string) { woken <- struct{}{} },
		Changed: h.ledger.Changed,
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := tracker.Start(ctx); err != nil {
			t.Error(err)
		}
	}()
	go h.run(ctx)
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	tracker.Track(h.owner, inventory)
	<-woken
}

// From the write of a stranger to the object put back, with real watches: every kind of change, each object by itself, and not one examination more
// than there were changes, because the echoes of our own writes are known.
func TestHeal(t *testing.T) {
	b := newDriftBench(t, manyObjects)
	h := newHealer(t, b)
	h.warmUp(t, b.dynamic)

	kinds := map[string]struct{ prefix, group, resource, patch string }{
		"changed ConfigMap": {"c", "", "configmaps", `{"data":{"color":"red"}}`},
		"changed Secret":    {"s", "", "secrets", `{"data":{"password":"eA=="}}`},
		"changed label":     {"v", "", "services", `{"metadata":{"labels":{"app":"y"}}}`},
		"scaled Deployment": {"d", "apps", "deployments", `{"spec":{"template":{"spec":{"containers":[{"name":"c","image":"y"}]}}}}`},
		"deleted Service":   {"v", "", "services", ""},
	}
	var latencies []time.Duration
	for name, kind := range kinds {
		for i := range copies {
			objects := b.dynamic.Resource(schema.GroupVersionResource{Group: kind.group, Version: "v1", Resource: kind.resource}).Namespace(h.release.Namespace)
			var err error
			begin := time.Now()
			if kind.patch == "" {
				err = objects.Delete(t.Context(), fmt.Sprint(kind.prefix, i), metav1.DeleteOptions{})
			} else {
				_, err = objects.Patch(t.Context(), fmt.Sprint(kind.prefix, i), types.StrategicMergePatchType, []byte(kind.patch), metav1.PatchOptions{FieldManager: "kubectl-edit"})
			}
			if err != nil {
				t.Fatal(err)
			}
			f := h.next(t)
			latencies = append(latencies, time.Since(begin))
			if f.Name != fmt.Sprint(kind.prefix, i) || !f.Corrected || f.Missing != (kind.patch == "") {
				t.Fatalf("%s: %+v", name, f)
			}
		}
	}
	<-h.idleness
	slices.Sort(latencies)
	n := len(latencies)
	t.Logf("%d drifts healed: p50 %v, p99 %v, max %v", n, latencies[n/2], latencies[n*99/100], latencies[n-1])
	if examined := int(h.begun.Load()); examined != n {
		t.Errorf("%d examinations for %d changes", examined, n)
	}
	if latencies[n*99/100] > time.Second {
		t.Error("healing takes more than a second")
	}
	if r := h.ledger.Findings(h.owner); r.Reason() != "NoDrift" || strings.Contains(r.Message(), "again") {
		t.Errorf("%s: %s", r.Reason(), r.Message())
	}
}

func (h *healer) next(t *testing.T) drift.Finding {
	t.Helper()
	select {
	case f := <-h.healed:
		return f
	case err := <-h.trouble:
		t.Fatal(err)
	case <-time.After(20 * time.Second):
		t.Fatalf("nothing was healed; due: %t, %d examined", h.ledger.Due(h.owner), h.begun.Load())
	}
	return drift.Finding{}
}

// warmUp waits until the watches that no verdict depends on have listed, too: a change before that is not told. An object that nothing else
// touches is changed until it is healed.
func (h *healer) warmUp(t *testing.T, client dynamic.Interface) {
	t.Helper()
	for resource, name := range map[string]string{"configmaps": "c9", "secrets": "s9"} {
		for try := range 10 {
			patch := fmt.Appendf(nil, `{"data":{"color":"eA==","password":"eA==","try":"%d000"}}`, try)
			objects := client.Resource(schema.GroupVersionResource{Version: "v1", Resource: resource}).Namespace(h.release.Namespace)
			if _, err := objects.Patch(t.Context(), name, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
				t.Fatal(err)
			}
			select {
			case f := <-h.healed:
				if f.Name != name || !f.Corrected {
					t.Fatalf("healed: %+v", f)
				}
			case <-time.After(2 * time.Second):
				continue
			}
			break
		}
	}
	<-h.idleness
	h.begun.Store(0)
}
