// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package pods says why the pods of a workload do not run, in one sentence that does
// not change while a container goes round in its crash loop. It watches the pods of
// a namespace only while somebody waits for a workload there, and keeps of each pod
// no more than its owner and its trouble. It imports client-go and API types only.
package pods
