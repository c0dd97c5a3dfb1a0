// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package drift

import (
	"fmt"
	"slices"
	"strings"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/readiness"
)

const (
	// namedObjects is how many objects a message names, and namedFields how many fields of each.
	namedObjects = 3
	namedFields  = 3
)

// Finding is what an examination says about one object. An object that is as it was released has none.
type Finding struct {
	readiness.Object
	// Missing says that the object does not exist.
	Missing bool
	// Fields that differ, sorted, without their values.
	Fields []string
	// Writer is the field manager that changed them; empty when unknown.
	Writer string
	// Corrected says that the object was put back.
	Corrected bool
	// Unknown is why it could not be compared, or not be put back; empty if it could.
	Unknown string
	// Retry says that Unknown may pass without a change of the object.
	Retry bool
}

// Report is what is to be said about a release. Objects that were put back and do not flap are not in it.
type Report struct {
	// Flapping are objects that somebody changes again and again.
	Flapping []Finding
	// Differing are objects that differ and were not put back, because nobody wants it.
	Differing []Finding
	// Unknown are objects that could not be compared or not be put back.
	Unknown []Finding
}

// Findings reports about a release: sorted by object, and the same for as long as the same is true.
func (l *Ledger) Findings(release string) Report {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, ok := l.books[release]
	if !ok {
		return Report{}
	}
	now := l.opts.Clock.Now()
	var report Report
	for _, e := range b.objects {
		switch {
		case e.finding != nil && e.finding.Unknown != "":
			report.Unknown = append(report.Unknown, *e.finding)
		case e.pace.flapping(now):
			report.Flapping = append(report.Flapping, *e.put)
		case e.finding != nil && !e.finding.Corrected:
			report.Differing = append(report.Differing, *e.finding)
		}
	}
	for _, list := range [][]Finding{report.Flapping, report.Differing, report.Unknown} {
		slices.SortFunc(list, func(a, b Finding) int { return compareObjects(a.Object, b.Object) })
	}
	return report
}

// Reason is that of the condition Drifted: DriftFlapping, Drifted, DriftUnknown or NoDrift, the first that applies.
func (r Report) Reason() string {
	switch {
	case len(r.Flapping) > 0:
		return v1alpha1.ReasonDriftFlapping
	case len(r.Differing) > 0:
		return v1alpha1.ReasonDrifted
	case len(r.Unknown) > 0:
		return v1alpha1.ReasonDriftUnknown
	}
	return v1alpha1.ReasonNoDrift
}

// Message is one stable sentence, at most three objects by name: "Deployment web/api: spec.replicas (written by kubectl)".
func (r Report) Message() string {
	var parts []string
	for _, f := range r.Flapping {
		parts = append(parts, f.flapping())
	}
	for _, f := range slices.Concat(r.Differing, r.Unknown) {
		parts = append(parts, f.String())
	}
	if len(parts) == 0 {
		return "every object is as it was released"
	}
	more := len(parts) - namedObjects
	if more <= 0 {
		return strings.Join(parts, "; ")
	}
	return strings.Join(parts[:namedObjects], "; ") + "; " + counted(more, "more object")
}

// String says what differs, for messages and events.
func (f Finding) String() string {
	name := f.Object.String()
	switch {
	case f.Unknown != "":
		return name + " " + f.Unknown
	case f.Missing:
		return name + ": missing"
	case f.Writer != "":
		return fmt.Sprintf("%s: %s (written by %s)", name, f.fields(), f.Writer)
	}
	return name + ": " + f.fields()
}

func (f Finding) flapping() string {
	verb, what := "changed", ""
	if f.Missing {
		verb = "deleted"
	}
	if len(f.Fields) > 0 {
		what = " (" + f.fields() + ")"
	}
	by := ""
	if f.Writer != "" {
		by = " by " + f.Writer
	}
	return fmt.Sprintf("%s is %s again and again%s%s and is put back less and less often", f.Object, verb, by, what)
}

func (f Finding) fields() string {
	more := len(f.Fields) - namedFields
	if more <= 0 {
		return strings.Join(f.Fields, ", ")
	}
	return strings.Join(f.Fields[:namedFields], ", ") + " and " + counted(more, "more field")
}

func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
