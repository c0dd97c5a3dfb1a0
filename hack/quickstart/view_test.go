// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

func TestPicture(t *testing.T) {
	rows := []row{
		{name: "cert-manager", version: "v1.21.1", state: v1alpha1.StateReady, started: true, took: 4100 * time.Millisecond, message: "old news"},
		{name: "external-dns", state: v1alpha1.StateWaiting, message: "waits for ingress-nginx"},
		{name: "kyverno", version: "3.9.0", state: v1alpha1.StateInstalling, started: true, took: 2 * time.Second},
		{name: "loki", version: "18.11.0", state: v1alpha1.StateFailed, started: true, took: time.Second, message: "install failed\nonce"},
	}
	for _, tc := range []struct {
		reason string
		view   view
		frame  int
		want   []string
	}{
		{
			reason: "plain and without limits",
			want: []string{
				"week1  1/4 ready  9.0s",
				"✓ cert-manager  v1.21.1   Ready          4.1s",
				"· external-dns            Waiting              waits for ingress-nginx",
				"⠋ kyverno       3.9.0     Installing     2.0s",
				"✗ loki          18.11.0   Failed         1.0s  install failed once",
			},
		},
		{
			reason: "the spinner turns and long messages are cut to the width",
			view:   view{columns: 56},
			frame:  12,
			want: []string{
				"week1  1/4 ready  9.0s",
				"✓ cert-manager  v1.21.1   Ready          4.1s",
				"· external-dns            Waiting              waits fo…",
				"⠹ kyverno       3.9.0     Installing     2.0s",
				"✗ loki          18.11.0   Failed         1.0s  install …",
			},
		},
		{
			reason: "what is Ready makes room on a low terminal",
			view:   view{maxRows: 5},
			want: []string{
				"week1  1/4 ready  9.0s",
				"· external-dns            Waiting              waits for ingress-nginx",
				"⠋ kyverno       3.9.0     Installing     2.0s",
				"  and 2 more",
			},
		},
		{
			reason: "the rest is cut when that is not enough",
			view:   view{maxRows: 4},
			want: []string{
				"week1  1/4 ready  9.0s",
				"· external-dns            Waiting              waits for ingress-nginx",
				"  and 3 more",
			},
		},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			got := tc.view.picture("week1", rows, 9*time.Second, tc.frame)
			if tc.view.maxRows > 0 && len(got) >= tc.view.maxRows {
				t.Errorf("%d lines leave no room for the cursor on a terminal of %d", len(got), tc.view.maxRows)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("picture (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPictureInColour(t *testing.T) {
	rows := []row{{name: "ready-made", version: "1.0.0", state: v1alpha1.StateReady, started: true, took: time.Second}}
	plain := strings.Join(view{}.picture("b", rows, 0, 0), "\n")
	coloured := strings.Join(view{colour: true}.picture("b", rows, 0, 0), "\n")
	want := "\x1b[32m✓\x1b[0m ready-made    1.0.0     \x1b[32mReady\x1b[0m          1.0s"
	if !strings.HasSuffix(coloured, want) {
		t.Errorf("coloured line is %q, want %q", coloured, want)
	}
	if strings.Contains(plain, "\x1b") {
		t.Errorf("an escape sequence without colour: %q", plain)
	}
	for _, code := range []string{green, bold} {
		coloured = strings.ReplaceAll(coloured, "\x1b["+code+"m", "")
	}
	if coloured = strings.ReplaceAll(coloured, "\x1b[0m", ""); coloured != plain {
		t.Errorf("colour changes the text: %q, want %q", coloured, plain)
	}
}

func TestChange(t *testing.T) {
	for _, tc := range []struct {
		row  row
		want string
	}{
		{row{name: "loki", version: "18.11.0", state: v1alpha1.StateInstalling, started: true},
			"    3.2s  loki                     18.11.0    Installing"},
		{row{name: "loki", version: "18.11.0", state: v1alpha1.StateReady, started: true, took: 1500 * time.Millisecond},
			"    3.2s  loki                     18.11.0    Ready after 1.5s"},
		{row{name: "loki", version: "18.11.0", state: v1alpha1.StateReady, message: "stale"},
			"    3.2s  loki                     18.11.0    Ready"},
		{row{name: "grafana", state: v1alpha1.StateWaiting, message: "waits for loki"},
			"    3.2s  grafana                             Waiting: waits for loki"},
	} {
		if diff := cmp.Diff(tc.want, change(tc.row, 3200*time.Millisecond)); diff != "" {
			t.Errorf("change(%s %s) (-want +got):\n%s", tc.row.name, tc.row.state, diff)
		}
	}
}

func TestProgress(t *testing.T) {
	status := func(state v1alpha1.ComponentState) []v1alpha1.ComponentStatus {
		return []v1alpha1.ComponentStatus{{Name: "a", Version: "1.0.0", State: state}}
	}
	p := newProgress()
	steps := []struct {
		state   v1alpha1.ComponentState
		at      time.Duration
		changed bool
		took    time.Duration
		ready   time.Duration
	}{
		{v1alpha1.StateWaiting, 1 * time.Second, true, 0, 0},
		{v1alpha1.StateWaiting, 2 * time.Second, false, 0, 0},
		{v1alpha1.StateInstalling, 3 * time.Second, true, 0, 0},
		{v1alpha1.StateProgressing, 5 * time.Second, true, 2 * time.Second, 0},
		{v1alpha1.StateReady, 7 * time.Second, true, 4 * time.Second, 7 * time.Second},
		{v1alpha1.StateReady, 9 * time.Second, false, 4 * time.Second, 7 * time.Second},
		{v1alpha1.StateUpgrading, 20 * time.Second, true, 0, 0},
		{v1alpha1.StateReady, 21 * time.Second, true, time.Second, 21 * time.Second},
	}
	for i, step := range steps {
		changed := p.observe(status(step.state), step.at)
		if (len(changed) == 1) != step.changed {
			t.Errorf("step %d: %d changes, want changed=%t", i, len(changed), step.changed)
		}
		got := p.rows(step.at)[0]
		if got.took != step.took || got.readyAt != step.ready {
			t.Errorf("step %d (%s): took %s, ready at %s; want %s and %s", i, step.state, got.took, got.readyAt, step.took, step.ready)
		}
	}
	if got := p.observe(nil, time.Minute); got != nil || len(p.rows(time.Minute)) != 0 {
		t.Errorf("a component that left the status is still shown: %v", p.rows(time.Minute))
	}
}
