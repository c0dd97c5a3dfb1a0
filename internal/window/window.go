// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package window says when a maintenance window is open. It is pure: it takes the
// time and has no clock of its own; schedules are read by robfig/cron, which knows
// cron's rules about days and clock changes better than we would. It imports the API.
package window

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// Window opens again and again and stays open for a while.
type Window struct {
	schedule cron.Schedule
	zone     *time.Location
	duration time.Duration
}

// Parse reads a window. The error names the field and what would be right.
func Parse(given v1alpha1.Maintenance) (Window, error) {
	out := Window{zone: time.UTC, duration: given.Duration.Duration}
	if strings.Contains(given.Schedule, "TZ=") {
		return Window{}, errors.New("schedule: write the time zone into timeZone")
	}
	if strings.HasPrefix(given.Schedule, "@every") {
		return Window{}, errors.New("schedule: @every has no fixed times: write five cron fields, for example \"0 2 * * 6\"")
	}
	schedule, err := cron.ParseStandard(given.Schedule)
	if err != nil {
		return Window{}, fmt.Errorf("schedule: %w: write five cron fields, for example \"0 2 * * 6\"", err)
	}
	out.schedule = schedule
	if out.duration <= 0 {
		return Window{}, errors.New("duration: must be more than nothing, for example 2h")
	}
	if given.TimeZone != "" {
		if out.zone, err = time.LoadLocation(given.TimeZone); err != nil || given.TimeZone == "Local" {
			return Window{}, fmt.Errorf("timeZone: %q is no IANA name such as Europe/Berlin", given.TimeZone)
		}
	}
	if out.schedule.Next(time.Unix(0, 0).In(out.zone)).IsZero() {
		return Window{}, fmt.Errorf("schedule: %q never comes", given.Schedule)
	}
	return out, nil
}

// At says whether the window is open, and when that changes: the time of its end, or
// of its next opening. Openings before the end of another one lengthen it.
func (w Window) At(now time.Time) (open bool, change time.Time) {
	opening := w.schedule.Next(now.Add(-w.duration).In(w.zone))
	if opening.After(now) {
		return false, opening
	}
	end := opening.Add(w.duration)
	for range 1000 { // a window that never closes is bounded by when it is looked at again
		next := w.schedule.Next(opening)
		if next.IsZero() || next.After(end) {
			break
		}
		opening, end = next, next.Add(w.duration)
	}
	return true, end
}
