// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// conditioned is an object with conditions and a generation.
type conditioned interface {
	GetGeneration() int64
	GetConditions() []metav1.Condition
	SetConditions([]metav1.Condition)
}

// verdict is what Ready, Reconciling and Stalled are made from.
type verdict struct {
	ready   bool
	stalled bool
	// unread says that it is not known yet, because watches have not answered: what was
	// known before stands.
	unread  bool
	reason  string
	message string
}

// The longest messages, in bytes. That of a condition is the API's limit; a bundle of a
// hundred components has to fit into etcd with what each of them says.
const (
	maxMessage          = 32768
	maxComponentMessage = 2048
)

// cut shortens a text to a number of bytes.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most-3], "") + "..."
}

// setVerdict writes the three standard conditions by kstatus rules: exactly one
// of ready, reconciling and stalled holds, and the two abnormal ones are absent
// when they do not. Suspended objects are neither.
func setVerdict(object conditioned, v verdict) {
	status := metav1.ConditionFalse
	if v.ready {
		status = metav1.ConditionTrue
	}
	setCondition(object, v1alpha1.ConditionReady, status, v.reason, v.message)
	setAbnormal(object, v1alpha1.ConditionStalled, v.stalled, v)
	moving := !v.ready && !v.stalled && v.reason != v1alpha1.ReasonSuspended
	setAbnormal(object, v1alpha1.ConditionReconciling, moving, v)
}

func setAbnormal(object conditioned, conditionType string, holds bool, v verdict) {
	if holds {
		setCondition(object, conditionType, metav1.ConditionTrue, v.reason, v.message)
		return
	}
	conditions := object.GetConditions()
	meta.RemoveStatusCondition(&conditions, conditionType)
	object.SetConditions(conditions)
}

func setCondition(object conditioned, conditionType string, status metav1.ConditionStatus, reason, message string) {
	message = cut(message, maxMessage)
	conditions := object.GetConditions()
	meta.SetStatusCondition(&conditions, metav1.Condition{
		Type: conditionType, Status: status, Reason: reason, Message: message,
		ObservedGeneration: object.GetGeneration(),
	})
	object.SetConditions(conditions)
}
