// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package v1alpha1 is the platform.groundwork.dev/v1alpha1 API: the
// PlatformBundle that people write, the ComponentRelease that the operator
// writes, and the vocabulary both speak (condition types, reasons, labels).
// It imports apimachinery and the apiextensions JSON type only, so that a
// client can depend on it without depending on Helm or a controller.
//
// +kubebuilder:object:generate=true
// +groupName=platform.groundwork.dev
package v1alpha1
