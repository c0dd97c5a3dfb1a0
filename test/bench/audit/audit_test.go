// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const lines = `{"stage":"ResponseStarted","verb":"watch","requestURI":"/api/v1/secrets?watch=1","objectRef":{"resource":"secrets"}}
{"stage":"ResponseComplete","verb":"watch","requestURI":"/api/v1/secrets?watch=1","objectRef":{"resource":"secrets"}}
{"stage":"ResponseComplete","verb":"get","requestURI":"/api"}
{"stage":"ResponseComplete","verb":"update","objectRef":{"resource":"leases","apiGroup":"coordination.k8s.io"}}
{"stage":"ResponseComplete","verb":"patch","objectRef":{"resource":"deployments"},"responseStatus":{"code":200}}
{"stage":"Panic","verb":"create","objectRef":{"resource":"tokenreviews"}}
`

func TestCount(t *testing.T) {
	events, err := Parse([]byte(lines))
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		want   func(Event) bool
		counts Counts
		writes int
	}{
		"all":             {nil, Counts{"watch": 1, "get": 1, "update": 1, "patch": 1, "create": 1}, 3},
		"without leases":  {func(e Event) bool { return !e.Lease() }, Counts{"watch": 1, "get": 1, "patch": 1, "create": 1}, 2},
		"without reviews": {func(e Event) bool { return !e.Review() }, Counts{"watch": 1, "get": 1, "update": 1, "patch": 1}, 2},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := Count(events, tt.want)
			if diff := cmp.Diff(tt.counts, got); diff != "" {
				t.Error(diff)
			}
			if got.Writes() != tt.writes {
				t.Errorf("writes: %d, want %d", got.Writes(), tt.writes)
			}
		})
	}
	if got := Count(events, nil).Total(); got != 5 {
		t.Errorf("total: %d, want 5", got)
	}
}

func TestParseRefusesWhatIsNoLog(t *testing.T) {
	if _, err := Parse([]byte("{\n")); err == nil || !strings.Contains(err.Error(), "audit log") {
		t.Errorf("%v", err)
	}
}

// TestNext reads a log while it is written, the last line half done.
func TestNext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	log := Open(path)
	write := func(text string) {
		t.Helper()
		file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.WriteString(text); err != nil {
			t.Fatal(err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(want int) {
		t.Helper()
		events, err := log.Next()
		if err != nil || len(events) != want {
			t.Errorf("%d events, want %d; %v", len(events), want, err)
		}
	}
	expect(0)
	whole := strings.Index(lines, "\n") + 1
	write(lines[:whole+20])
	expect(1)
	expect(0)
	write(lines[whole+20:])
	expect(4)
}

func TestPolicyNamesTheUser(t *testing.T) {
	if got := Policy("system:serviceaccount:kube-system:bench"); !strings.Contains(got, `users: ["system:serviceaccount:kube-system:bench"]`) {
		t.Error(got)
	}
}

func TestSorts(t *testing.T) {
	events, err := Parse([]byte(lines + `{"stage":"ResponseComplete","verb":"get","requestURI":"/api?timeout=1s"}
{"stage":"ResponseComplete","verb":"patch","objectRef":{"resource":"deployments","apiGroup":"apps","subresource":"status"}}
`))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{
		"watch secrets": 1, "get /api": 2, "update leases.coordination.k8s.io": 1, "patch deployments": 1, "patch deployments.apps/status": 1, "create tokenreviews": 1,
	}
	if diff := cmp.Diff(want, Sorts(events)); diff != "" {
		t.Error(diff)
	}
}
