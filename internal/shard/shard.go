// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package shard is how several operators share the bundles of a cluster: the names of
// shards, of their leases and of their processes, and whether anybody acts for one. It
// imports the API and client-go's leases; it changes nothing.
package shard

import (
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// MaxLength of a name: with the identity of a process behind it, it is the value of a
// label on Helm's records, which may have 63 characters.
const MaxLength = 63 - 1 - identityLength

// identityLength is that of crypto/rand.Text.
const identityLength = 26

// leaseName of the operator without a shard, and how those of the others begin.
const leaseName = "groundwork.platform.groundwork.dev"

// Of is the shard of a bundle or of a release; empty is the operator's without one.
func Of(object metav1.Object) string { return object.GetLabels()[v1alpha1.ShardLabel] }

// Validate says what is wrong with the name of a shard. Empty is right: no shard.
func Validate(name string) error {
	if name == "" {
		return nil
	}
	problems := validation.IsDNS1123Label(name)
	if len(name) > MaxLength {
		problems = append(problems, fmt.Sprintf("must be no more than %d characters", MaxLength))
	}
	if len(problems) > 0 {
		return fmt.Errorf("%q cannot be a shard: %s", name, strings.Join(problems, "; "))
	}
	return nil
}

// LeaseName is the lease of the operators of a shard, of which one leads.
func LeaseName(name string) string {
	if name == "" {
		return leaseName
	}
	return leaseName + "-" + name
}

// Identity names a process of a shard by a random text of its own. It is fit for
// v1alpha1.HolderLabel.
func Identity(name, random string) string {
	if name == "" {
		return random
	}
	return name + "." + random
}

// OfHolder is the shard of the process that an Identity names.
func OfHolder(identity string) string {
	name, _, found := strings.Cut(identity, ".")
	if !found {
		return ""
	}
	return name
}

// Words names a shard in a sentence.
func Words(name string) string {
	if name == "" {
		return "the operator without a shard"
	}
	return "the operator of shard " + name
}
