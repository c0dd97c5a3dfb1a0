// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package dashboard

import (
	"time"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// View is everything that the page shows before a component is opened.
type View struct {
	// Version of the operator.
	Version string `json:"version"`
	// Bundles sorted by name; never nil.
	Bundles []Bundle `json:"bundles"`
}

// The states of a bundle as the page names them.
const (
	BundleReady     = "Ready"
	BundleWorking   = "Progressing"
	BundleStalled   = "Stalled"
	BundleSuspended = "Suspended"
	BundleAwaiting  = "Awaiting"
	BundleRemoving  = "Removing"
)

// Bundle is one PlatformBundle.
type Bundle struct {
	// Name of the bundle.
	Name string `json:"name"`
	// State in one word: one of the constants above.
	State string `json:"state"`
	// Reason and Message of its Ready condition.
	Reason  string `json:"reason,omitempty"`
	Message string `json:"message,omitempty"`
	// Ready counts Ready components over enabled ones: "9/13".
	Ready string `json:"ready,omitempty"`
	// Catalog is the version in use, NewerCatalog a newer one of the operator.
	Catalog      string `json:"catalog,omitempty"`
	NewerCatalog string `json:"newerCatalog,omitempty"`
	// Behind says that the newest spec has not been looked at yet.
	Behind bool `json:"behind,omitempty"`
	// Approval is Automatic or Manual.
	Approval string `json:"approval,omitempty"`
	// Conditions other than Ready that say something.
	Conditions []Condition `json:"conditions,omitempty"`
	// Warnings hold nothing up.
	Warnings []Warning `json:"warnings,omitempty"`
	// Plan waits for somebody; nil for none.
	Plan *Plan `json:"plan,omitempty"`
	// NextWindow is when the maintenance window opens.
	NextWindow *time.Time `json:"nextWindow,omitempty"`
	// Summary of the newest change that has come to its end.
	Summary *Summary `json:"summary,omitempty"`
	// Components sorted by name; never nil.
	Components []Component `json:"components"`
	// Graph says where to draw them.
	Graph Graph `json:"graph"`
}

// Warning is a sentence about a component, or about the whole bundle.
type Warning struct {
	// Component is empty when it is about the bundle.
	Component string `json:"component,omitempty"`
	// Text of the warning.
	Text string `json:"text"`
}

// Condition is a condition of an object.
type Condition struct {
	Type    string    `json:"type"`
	Status  string    `json:"status"`
	Reason  string    `json:"reason,omitempty"`
	Message string    `json:"message,omitempty"`
	Since   time.Time `json:"since"`
}

// Plan is what waits for an approval or a window.
type Plan struct {
	Digest   string                   `json:"digest"`
	Summary  string                   `json:"summary,omitempty"`
	Approved bool                     `json:"approved,omitempty"`
	Changes  []v1alpha1.PlannedChange `json:"changes,omitempty"`
	// Command lets it begin.
	Command string `json:"command"`
	// Waits says for what: approval or window.
	Waits string `json:"waits"`
}

// Summary says how long a change took and what its end waited for.
type Summary struct {
	Began  time.Time `json:"began"`
	TookMS int64     `json:"tookMs"`
	IdleMS int64     `json:"idleMs"`
	// Path are the components on the critical path, in their order.
	Path []Step `json:"path,omitempty"`
}

// Step is one component of a critical path.
type Step struct {
	Component string `json:"component"`
	IdleMS    int64  `json:"idleMs"`
	TookMS    int64  `json:"tookMs"`
}

// Component is one component of a bundle.
type Component struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	// State in one word, as in the bundle's status.
	State   v1alpha1.ComponentState `json:"state"`
	Reason  string                  `json:"reason,omitempty"`
	Message string                  `json:"message,omitempty"`
	// Namespace of the Helm release; empty before it is approved.
	Namespace string `json:"namespace,omitempty"`
	// DependsOn are all its dependencies that are in the bundle, sorted.
	DependsOn []string `json:"dependsOn,omitempty"`
	// Since is when its Ready condition changed last.
	Since *time.Time `json:"since,omitempty"`
	// Critical says that it is on the critical path of the newest change.
	Critical bool `json:"critical,omitempty"`
	// Warns says that there is a warning about it.
	Warns bool `json:"warns,omitempty"`
	// Stages of the newest change.
	Stages *Stages `json:"stages,omitempty"`
	// Revision of the details: they are worth being read again when it changes.
	Revision string `json:"revision,omitempty"`
}

// Stages are the times at which a change went through its stages; nil is not
// reached, or not seen.
type Stages struct {
	// Generation of the bundle that asked for the change.
	Generation int64      `json:"generation,omitempty"`
	Queued     *time.Time `json:"queued,omitempty"`
	Prepared   *time.Time `json:"prepared,omitempty"`
	Approved   *time.Time `json:"approved,omitempty"`
	Began      *time.Time `json:"began,omitempty"`
	Released   *time.Time `json:"released,omitempty"`
	Ready      *time.Time `json:"ready,omitempty"`
	// HooksMS is how much of began to released hooks were waited for.
	HooksMS int64    `json:"hooksMs,omitempty"`
	GatedBy []string `json:"gatedBy,omitempty"`
}

// Detail is what the page shows when a component is opened.
type Detail struct {
	Bundle    string `json:"bundle"`
	Component string `json:"component"`
	// Title, Description and Homepage of the catalog.
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	Homepage    string `json:"homepage,omitempty"`
	// Facts are names and values, in the order in which people ask.
	Facts []Fact `json:"facts,omitempty"`
	// GuardedBy are components whose webhooks stand before its kinds.
	GuardedBy  []string    `json:"guardedBy,omitempty"`
	Conditions []Condition `json:"conditions,omitempty"`
	// Failure is the newest failed attempt, in a sentence.
	Failure string  `json:"failure,omitempty"`
	Stages  *Stages `json:"stages,omitempty"`
	// History are the Helm revisions, the newest first.
	History []Revision `json:"history,omitempty"`
	// Values are the effective values, one leaf each, sorted by path.
	Values []Value `json:"values,omitempty"`
	// Notes say which values could not be read here.
	Notes []string `json:"notes,omitempty"`
	// Commands to look closer with.
	Commands []string `json:"commands,omitempty"`
}

// Fact is one line of a table.
type Fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Revision is one record of Helm.
type Revision struct {
	Number  int       `json:"number"`
	Status  string    `json:"status"`
	Changed time.Time `json:"changed"`
	// Note says what is worth knowing of it: ready, foreign, rollback.
	Note string `json:"note,omitempty"`
	// Digest of the inputs, shortened.
	Digest string `json:"digest,omitempty"`
}

// The kinds of sources of a value.
const (
	SourceCatalog   = "catalog"
	SourceWiring    = "wiring"
	SourceConfigMap = "configmap"
	SourceSecret    = "secret"
	SourceUser      = "values"
)

// Value is one leaf of the effective values.
type Value struct {
	Path string `json:"path"`
	// Value as JSON; the mask where it is secret.
	Value string `json:"value"`
	// Source as people read it, and its kind.
	Source string `json:"source"`
	Kind   string `json:"kind"`
	// Masked says that the value is not shown, or not all of it.
	Masked bool `json:"masked,omitempty"`
}
