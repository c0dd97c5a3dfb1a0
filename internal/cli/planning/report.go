// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package planning

import (
	"fmt"
	"strings"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// Report is what --output json and yaml show.
type Report struct {
	// Bundle by name.
	Bundle string `json:"bundle"`
	// Against is what it was compared with: the cluster, or a file.
	Against string `json:"against"`
	// Summary counts the changes, for example "1 install, 2 upgrades".
	Summary string `json:"summary"`
	// Changes in the order in which they begin.
	Changes []Change `json:"changes"`
	// Unchanged components, sorted.
	Unchanged []string `json:"unchanged,omitempty"`
	// Held says why nothing would begin.
	Held string `json:"held,omitempty"`
	// Notes are what the plan could not know.
	Notes []string `json:"notes,omitempty"`
}

// Change is what would be done to one component.
type Change struct {
	// Step counts from 1: changes of one step may run at the same time. 0: it would not begin.
	Step int `json:"step"`
	// Component and Kind of the change; Trouble is why it would be refused instead.
	Component string              `json:"component"`
	Kind      v1alpha1.ChangeKind `json:"kind,omitempty"`
	Trouble   string              `json:"trouble,omitempty"`
	// Release as namespace/name.
	Release string `json:"release,omitempty"`
	// From and To are versions of the chart.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
	// Through says that an upgrade stops on its way.
	Through string `json:"through,omitempty"`
	// After are the changes that come before it because it depends on them.
	After []string `json:"after,omitempty"`
	// Objects that are made, changed or removed.
	Objects []ObjectChange `json:"objects,omitempty"`
	// CRDs that are made or changed.
	CRDs []CRDChange `json:"crds,omitempty"`
	// ImagesAdded and ImagesRemoved, sorted.
	ImagesAdded   []string `json:"imagesAdded,omitempty"`
	ImagesRemoved []string `json:"imagesRemoved,omitempty"`
	// Disruption are sentences about what people may notice.
	Disruption []Disruption `json:"disruption,omitempty"`
}

// Action is what happens to an object.
type Action string

// The actions.
const (
	ActionCreate Action = "create"
	ActionChange Action = "change"
	ActionDelete Action = "delete"
)

// sign is how an action is drawn.
func (a Action) sign() string {
	switch a {
	case ActionCreate:
		return "+"
	case ActionDelete:
		return "-"
	case ActionChange:
		return "~"
	default:
		return "?"
	}
}

// ObjectChange is what would be done to one object.
type ObjectChange struct {
	Action Action `json:"action"`
	// Kind, Namespace and Name of the object; Hook says that it runs at these events.
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
	Hook      string `json:"hook,omitempty"`
	// Fields that change, of an object that is changed.
	Fields []FieldChange `json:"fields,omitempty"`

	key string
}

// String names the object.
func (o ObjectChange) String() string {
	name := strings.TrimPrefix(o.Namespace+"/"+o.Name, "/")
	if o.Hook != "" {
		return fmt.Sprintf("%s %s (hook %s)", o.Kind, name, o.Hook)
	}
	return o.Kind + " " + name
}

// FieldChange is one field. An absent side is "".
type FieldChange struct {
	Path string `json:"path"`
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
}

// CRDChange is what would be done to a definition, and what it risks.
type CRDChange struct {
	Action Action `json:"action"`
	Name   string `json:"name"`
	// Narrows are the ways in which the new definition allows less.
	Narrows []string `json:"narrows,omitempty"`
	// Refused is why the operator would not apply it.
	Refused string `json:"refused,omitempty"`
}

// Disruption is something that people may notice.
type Disruption struct {
	// Kind is one word: Restart, Immutable, Webhook or Data.
	Kind string `json:"kind"`
	// Message is a sentence.
	Message string `json:"message"`
}

// The kinds of disruption.
const (
	DisruptionRestart   = "Restart"
	DisruptionImmutable = "Immutable"
	DisruptionWebhook   = "Webhook"
	DisruptionData      = "Data"
)
