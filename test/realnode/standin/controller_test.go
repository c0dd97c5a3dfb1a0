// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestController(t *testing.T) {
	const (
		group = "/apis/example.com"
		all   = "/apis/example.com/v1/widgets"
		one   = "/apis/example.com/v1/namespaces/apps/widgets/a"
		query = "?fieldManager=standin"
		mark  = `"standin.groundwork.dev/cleanup"`
	)
	now := time.Date(2026, 11, 2, 10, 0, 30, 0, time.UTC)
	object := func(finalizers, more, status string) string {
		return fmt.Sprintf(`{"metadata": {"name": "a", "namespace": "apps", "resourceVersion": "7", "finalizers": [%s]%s}, "status": %s}`,
			finalizers, more, status)
	}
	deleted := func(at string) string { return `, "deletionTimestamp": "2026-11-02T10:00:` + at + `Z"` }
	finalizers := func(names ...any) any {
		return map[string]any{"metadata": map[string]any{"resourceVersion": "7", "finalizers": append([]any{}, names...)}}
	}
	tests := []struct {
		reason, object string
		want           []write
	}{
		{"new", object("", "", "null"), []write{{http.MethodPatch, one + query, mergePatch, finalizers("standin.groundwork.dev/cleanup")}}},
		{"new, with another finalizer", object(`"x/y"`, "", "null"),
			[]write{{http.MethodPatch, one + query, mergePatch, finalizers("x/y", "standin.groundwork.dev/cleanup")}}},
		{"without status", object(mark, "", "{}"),
			[]write{{http.MethodPatch, one + "/status" + query, mergePatch, map[string]any{"status": map[string]any{"ready": true}}}}},
		{"ready", object(mark, "", `{"ready": true}`), nil},
		{"deleted just now", object(mark, deleted("21"), `{"ready": true}`), nil},
		{"deleted long enough ago", object(mark, deleted("20"), "null"), []write{{http.MethodPatch, one + query, mergePatch, finalizers()}}},
		{"deleted, with another finalizer", object(`"x/y", `+mark, deleted("00"), "null"),
			[]write{{http.MethodPatch, one + query, mergePatch, finalizers("x/y")}}},
		{"deleted, and somebody else's", object(`"x/y"`, deleted("00"), "null"), nil},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			server, client := newAPI(t, map[string]string{
				group: `{"preferredVersion": {"groupVersion": "example.com/v1"}}`, all: `{"items": [` + test.object + `]}`,
			})
			k, err := newKeeper(client, "widgets.example.com", 10*time.Second, quiet())
			if err != nil {
				t.Fatal(err)
			}
			k.now = func() time.Time { return now }
			if err := k.reconcile(t.Context()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, server.taken()); diff != "" {
				t.Errorf("writes (-want +got):\n%s", diff)
			}
		})
	}
}

// A conflict is looked at again, everything else is told; and the kind may come and go.
func TestControllerErrors(t *testing.T) {
	const one = "/apis/example.com/v1/widgets/a"
	server, client := newAPI(t, nil)
	k, err := newKeeper(client, "widgets.example.com", 0, quiet())
	if err != nil {
		t.Fatal(err)
	}
	if err := k.reconcile(t.Context()); !isStatus(err, http.StatusNotFound) {
		t.Errorf("without the group: %v", err)
	}
	server.set("/apis/example.com", `{"preferredVersion": {"groupVersion": "example.com/v1"}}`)
	server.set("/apis/example.com/v1/widgets", `{"items": [{"metadata": {"name": "a"}}]}`)
	for code, fails := range map[int]bool{http.StatusConflict: false, http.StatusNotFound: false, http.StatusForbidden: true} {
		server.refuseWith(one, code)
		if err := k.reconcile(t.Context()); (err != nil) != fails {
			t.Errorf("%d: %v", code, err)
		}
	}
	if _, err := newKeeper(client, "widgets", 0, quiet()); err == nil || !strings.Contains(err.Error(), "PLURAL.GROUP") {
		t.Errorf("a resource without a group: %v", err)
	}
}
