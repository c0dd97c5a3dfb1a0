// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package lint

import (
	"cmp"
	"fmt"
	"slices"
)

// Levels of a finding.
const (
	LevelError   = "error"
	LevelWarning = "warning"
)

// Rules of our own; the others are the reasons that the operator's conditions show.
const (
	ruleNotYAML        = "NotYAML"
	ruleUnknownField   = "UnknownField"
	ruleInvalidField   = "InvalidField"
	ruleRequiredField  = "RequiredField"
	ruleUnknownKind    = "UnknownKind"
	ruleDuplicateField = "DuplicateField"
	ruleDuplicateName  = "DuplicateName"
	ruleUntested       = "UntestedVersion"
	ruleRetired        = "RetiredComponent"
	ruleUnusedHost     = "UnusedHost"
)

// Finding is one thing that is wrong.
type Finding struct {
	// File as it was named, with slashes; "stdin" for standard input.
	File string `json:"file"`
	// Line and Column of the field concerned, from 1.
	Line   int `json:"line"`
	Column int `json:"column"`
	// Level is error or warning.
	Level string `json:"level"`
	// Rule is a word that stays the same: one of lint's own, or a reason of the operator's.
	Rule string `json:"rule"`
	// Bundle is the name of the bundle, empty when it is not known.
	Bundle string `json:"bundle,omitempty"`
	// Message is a sentence.
	Message string `json:"message"`
}

// String is "file:line: sentence".
func (f Finding) String() string {
	level := ""
	if f.Level == LevelWarning {
		level = "warning: "
	}
	return fmt.Sprintf("%s:%d: %s%s", f.File, f.Line, level, f.Message)
}

// Report is what --output json and yaml show.
type Report struct {
	// Bundles that were read.
	Bundles int `json:"bundles"`
	// Mistakes and Warnings among the findings.
	Mistakes int `json:"mistakes"`
	Warnings int `json:"warnings"`
	// Findings by file and line.
	Findings []Finding `json:"findings"`
}

// sorted is the report of everything that was found.
func (l *linter) sorted() Report {
	out := Report{Bundles: l.bundles, Findings: append([]Finding{}, l.found...)}
	slices.SortStableFunc(out.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Message, b.Message))
	})
	out.Findings = slices.Compact(out.Findings)
	for _, f := range out.Findings {
		if f.Level == LevelWarning {
			out.Warnings++
		} else {
			out.Mistakes++
		}
	}
	return out
}
