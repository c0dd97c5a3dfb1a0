// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// ApprovalMode says whether changes begin by themselves.
// +kubebuilder:validation:Enum=Automatic;Manual
type ApprovalMode string

const (
	// ApprovalAutomatic lets changes begin when they have been checked. It is the
	// default.
	ApprovalAutomatic ApprovalMode = "Automatic"
	// ApprovalManual lets nothing begin before the annotation
	// platform.groundwork.dev/approved-plan names the digest of the plan.
	ApprovalManual ApprovalMode = "Manual"
)

// Maintenance is a window that opens again and again.
type Maintenance struct {
	// schedule of its openings: five cron fields, for example "0 2 * * 6" for two
	// o'clock on Saturdays, or @daily.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=100
	Schedule string `json:"schedule"`
	// duration for which it stays open; a Go duration such as "2h".
	// +required
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Pattern=`^([0-9]+(\.[0-9]+)?(s|m|h))+$`
	Duration metav1.Duration `json:"duration"`
	// timeZone of the schedule by its IANA name, for example Europe/Berlin.
	// Default: UTC.
	// +optional
	// +kubebuilder:validation:MaxLength=100
	TimeZone string `json:"timeZone,omitempty"`
}

// ChangeKind is what a change does to a component.
// +kubebuilder:validation:Enum=Install;Upgrade;Remove
type ChangeKind string

// The kinds of changes.
const (
	// ChangeInstall installs a component.
	ChangeInstall ChangeKind = "Install"
	// ChangeUpgrade brings other inputs to a component, or other follow-up manifests.
	ChangeUpgrade ChangeKind = "Upgrade"
	// ChangeRemove uninstalls a component.
	ChangeRemove ChangeKind = "Remove"
)

// PlanStatus is what is going to be done, while somebody has to consent to it.
type PlanStatus struct {
	// digest names what the changes lead to. It stays the same while they are carried
	// out, and is another one as soon as an input changes.
	// +required
	Digest string `json:"digest"`
	// approved says that the annotation platform.groundwork.dev/approved-plan names
	// the digest, or need not.
	// +optional
	Approved bool `json:"approved,omitempty"`
	// summary counts the changes, for example "1 install, 2 upgrades".
	// +optional
	Summary string `json:"summary,omitempty"`
	// changes that have not begun, sorted by component.
	// +optional
	// +listType=map
	// +listMapKey=component
	Changes []PlannedChange `json:"changes,omitempty"`
}

// PlannedChange is one change of a plan.
type PlannedChange struct {
	// component that changes.
	// +required
	Component string `json:"component"`
	// kind of the change: Install, Upgrade or Remove.
	// +required
	Kind ChangeKind `json:"kind"`
	// from is the version of the chart that is installed.
	// +optional
	From string `json:"from,omitempty"`
	// to is the version of the chart that is wanted.
	// +optional
	To string `json:"to,omitempty"`
	// what differs: version, chart content, values, wiring, manifests, CRDs.
	// +optional
	// +listType=atomic
	What []string `json:"what,omitempty"`
}
