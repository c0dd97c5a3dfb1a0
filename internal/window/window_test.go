// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package window_test

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/window"
)

func maintenance(schedule string, duration time.Duration, zone string) v1alpha1.Maintenance {
	return v1alpha1.Maintenance{Schedule: schedule, Duration: metav1.Duration{Duration: duration}, TimeZone: zone}
}

func TestAt(t *testing.T) {
	for name, tc := range map[string]struct {
		given  v1alpha1.Maintenance
		now    string
		open   bool
		change string
	}{
		"before it":              {maintenance("0 2 * * 6", 2*time.Hour, ""), "2026-11-20T12:00:00Z", false, "2026-11-21T02:00:00Z"},
		"as it opens":            {maintenance("0 2 * * 6", 2*time.Hour, ""), "2026-11-21T02:00:00Z", true, "2026-11-21T04:00:00Z"},
		"within it":              {maintenance("0 2 * * 6", 2*time.Hour, ""), "2026-11-21T03:59:59Z", true, "2026-11-21T04:00:00Z"},
		"as it closes":           {maintenance("0 2 * * 6", 2*time.Hour, ""), "2026-11-21T04:00:00Z", false, "2026-11-28T02:00:00Z"},
		"over midnight":          {maintenance("0 23 * * *", 3*time.Hour, ""), "2026-11-21T01:00:00Z", true, "2026-11-21T02:00:00Z"},
		"in winter":              {maintenance("0 2 * * *", time.Hour, "Europe/Berlin"), "2026-01-10T00:30:00Z", false, "2026-01-10T01:00:00Z"},
		"in summer":              {maintenance("0 2 * * *", time.Hour, "Europe/Berlin"), "2026-07-10T00:30:00Z", true, "2026-07-10T01:00:00Z"},
		"the hour that is not":   {maintenance("30 2 * * *", time.Hour, "Europe/Berlin"), "2026-03-29T00:00:00Z", false, "2026-03-30T00:30:00Z"},
		"one that follows":       {maintenance("0 * * * *", 90*time.Minute, ""), "2026-11-21T00:10:00Z", true, ""},
		"two that overlap":       {maintenance("0 1,2 * * *", 90*time.Minute, ""), "2026-11-21T01:10:00Z", true, "2026-11-21T03:30:00Z"},
		"another day of a month": {maintenance("@monthly", time.Hour, ""), "2026-11-21T00:00:00Z", false, "2026-12-01T00:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			now, err := time.Parse(time.RFC3339, tc.now)
			if err != nil {
				t.Fatal(err)
			}
			w, err := window.Parse(tc.given)
			if err != nil {
				t.Fatal(err)
			}
			open, change := w.At(now)
			if open != tc.open || tc.change != "" && change.UTC().Format(time.RFC3339) != tc.change {
				t.Errorf("open %v until %s, want %v until %s", open, change.UTC().Format(time.RFC3339), tc.open, tc.change)
			}
			if !change.After(now) {
				t.Errorf("the next change at %s is not after %s: nobody would look again", change, now)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for want, given := range map[string]v1alpha1.Maintenance{
		`schedule: expected exactly 5 fields, found 2: [0 2]: write five cron fields, for example "0 2 * * 6"`: maintenance("0 2", time.Hour, ""),
		`schedule: end of range (25) above maximum (23)`:                                                       maintenance("0 25 * * *", time.Hour, ""),
		`schedule: @every has no fixed times`:                                                                  maintenance("@every 1h", time.Hour, ""),
		`schedule: write the time zone into timeZone`:                                                          maintenance("CRON_TZ=UTC 0 2 * * *", time.Hour, ""),
		`schedule: "0 0 30 2 *" never comes`:                                                                   maintenance("0 0 30 2 *", time.Hour, ""),
		`duration: must be more than nothing`:                                                                  maintenance("@daily", 0, ""),
		`timeZone: "Berlin" is no IANA name such as Europe/Berlin`:                                             maintenance("@daily", time.Hour, "Berlin"),
		`timeZone: "Local" is no IANA name such as Europe/Berlin`:                                              maintenance("@daily", time.Hour, "Local"),
	} {
		_, err := window.Parse(given)
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

// TestAtIsConsistent: until the time of the next change it stays as it is, and then it
// is otherwise, whatever the schedule.
func TestAtIsConsistent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		schedule := rapid.SampledFrom([]string{"0 2 * * *", "*/30 1-4 * * 1-5", "15 3 1 * *", "0 0 * * 0"}).Draw(t, "schedule")
		zone := rapid.SampledFrom([]string{"", "Europe/Berlin", "America/New_York", "Asia/Kolkata"}).Draw(t, "zone")
		duration := time.Duration(rapid.IntRange(1, 600).Draw(t, "minutes")) * time.Minute
		now := time.Unix(rapid.Int64Range(1_700_000_000, 1_900_000_000).Draw(t, "now"), 0)
		w, err := window.Parse(maintenance(schedule, duration, zone))
		if err != nil {
			t.Fatal(err)
		}
		open, change := w.At(now)
		if still, _ := w.At(change.Add(-time.Second)); still != open && change.Sub(now) > time.Second {
			t.Fatalf("%v at %s, but %v right before %s", open, now, still, change)
		}
		if then, _ := w.At(change); then == open {
			t.Fatalf("%v at %s, and still at %s", open, now, change)
		}
	})
}
