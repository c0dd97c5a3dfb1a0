// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Timeline says when the newest change of a component went through its stages. A stage
// that is not there has not been reached, or was not seen by this operator.
type Timeline struct {
	// digest of what the change leads to: the inputs, and the follow-up manifests.
	// +required
	Digest string `json:"digest"`
	// generation of the bundle that asked for it.
	// +optional
	Generation int64 `json:"generation,omitempty"`
	// queued is when it was first asked for.
	// +optional
	Queued *metav1.MicroTime `json:"queued,omitempty"`
	// prepared is when its chart had been fetched, rendered and checked.
	// +optional
	Prepared *metav1.MicroTime `json:"prepared,omitempty"`
	// gatedBy is what it waited for last before it was approved: components, or CRDs.
	// +optional
	// +listType=atomic
	GatedBy []string `json:"gatedBy,omitempty"`
	// approved is when its turn had come.
	// +optional
	Approved *metav1.MicroTime `json:"approved,omitempty"`
	// began is when Helm began with it, for the first time.
	// +optional
	Began *metav1.MicroTime `json:"began,omitempty"`
	// released is when Helm was done with it: its objects are written and its hooks
	// have run.
	// +optional
	Released *metav1.MicroTime `json:"released,omitempty"`
	// hooks is how much of the time from began to released hooks were waited for.
	// +optional
	Hooks *metav1.Duration `json:"hooks,omitempty"`
	// ready is when it was Ready.
	// +optional
	Ready *metav1.MicroTime `json:"ready,omitempty"`
}

// BundleTimeline sums up the newest change of a bundle that has come to its end.
type BundleTimeline struct {
	// generation of the bundle.
	// +optional
	Generation int64 `json:"generation,omitempty"`
	// began is when the first component was asked for.
	// +required
	Began metav1.MicroTime `json:"began"`
	// ended is when the last one was Ready.
	// +required
	Ended metav1.MicroTime `json:"ended"`
	// took is the time between the two.
	// +required
	Took metav1.Duration `json:"took"`
	// idle is how much of it passed on the critical path although the next component
	// could have begun.
	// +required
	Idle metav1.Duration `json:"idle"`
	// criticalPath are the components that the end waited for, in their order.
	// +optional
	// +listType=atomic
	CriticalPath []PathStep `json:"criticalPath,omitempty"`
}

// PathStep is one component of a critical path.
type PathStep struct {
	// component of the bundle.
	// +required
	Component string `json:"component"`
	// idle is the time in which it could have begun and did not.
	// +required
	Idle metav1.Duration `json:"idle"`
	// took is the time from its beginning until it was Ready.
	// +required
	Took metav1.Duration `json:"took"`
}
