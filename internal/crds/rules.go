// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package crds

import (
	"fmt"
	"slices"
	"strings"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/failure"
)

// unknownCount says that nobody counted the live objects.
const unknownCount = -1

// CheckChange says whether next may replace current, as far as the trimmed state can tell. It is pure. The error is Terminal with
// ReasonCRDChangeUnsafe and names the definition, the rule and the cure: neither scope nor names may change, and a version in which objects
// may be stored must stay, and stay served when it is served. The Checker compares schemas too and counts the live objects.
func CheckChange(current State, next Definition) error {
	return checkChange(current, next, unknownCount)
}

// checkChange is CheckChange with the number of live objects in the message.
func checkChange(current State, next Definition, live int) error {
	if rule := brokenRule(current, next, live); rule != "" {
		return unsafeChange(next.Name, rule)
	}
	return nil
}

func unsafeChange(name, rule string) error {
	return failure.Terminal(v1alpha1.ReasonCRDChangeUnsafe, "CustomResourceDefinition %s must not be changed: %s", name, rule)
}

// brokenRule returns the first rule that the change breaks, with its cure, or nothing.
func brokenRule(current State, next Definition, live int) string {
	var what, was, becomes string
	switch {
	case current.Group != next.Group:
		what, was, becomes = "group", current.Group, next.Group
	case current.Kind != next.Kind:
		what, was, becomes = "kind", current.Kind, next.Kind
	case current.Plural != next.Plural:
		what, was, becomes = "plural name", current.Plural, next.Plural
	case current.Namespaced != next.Namespaced:
		what, was, becomes = "scope", scope(current.Namespaced), scope(next.Namespaced)
	default:
		return brokenStorageRule(current, next, live)
	}
	return fmt.Sprintf("its %s would change from %s to %s%s; %s", what, was, becomes, liveObjects(live, current.Kind), cureOfNames(next.Name, live))
}

func cureOfNames(name string, live int) string {
	if live == 0 {
		return recreate(name)
	}
	return "choose a chart version that keeps it, or back up the objects, delete the definition and restore them"
}

// brokenStorageRule: status.storedVersions says in which versions objects may lie in etcd. The API server refuses a definition that lacks
// one of them, and one that is no longer served leaves its clients without the objects.
func brokenStorageRule(current State, next Definition, live int) string {
	lost, unserved := lostVersions(current, next)
	switch {
	case len(lost) > 0:
		return fmt.Sprintf("%s stored in %s, which the new definition lacks; %s",
			storedObjects(live, current.Kind), strings.Join(lost, ", "), cureOfStorage(current, next, lost, live))
	case len(unserved) > 0:
		return fmt.Sprintf("%s stored in %s, which the new definition no longer serves; %s",
			storedObjects(live, current.Kind), strings.Join(unserved, ", "), cureOfStorage(current, next, unserved, live))
	}
	return ""
}

// lostVersions returns the stored versions that next lacks, and those that next has but no longer serves. Both are sorted.
func lostVersions(current State, next Definition) (lost, unserved []string) {
	for _, stored := range current.StoredVersions {
		i := slices.IndexFunc(next.Versions, func(v Version) bool { return v.Name == stored })
		switch {
		case i < 0:
			lost = append(lost, stored)
		case !next.Versions[i].Served && serves(current.Versions, stored):
			unserved = append(unserved, stored)
		}
	}
	slices.Sort(lost)
	slices.Sort(unserved)
	return lost, unserved
}

// cureOfStorage says how to get rid of stored versions.
func cureOfStorage(current State, next Definition, versions []string, live int) string {
	storage := current.storageVersion()
	if slices.Contains(versions, storage) {
		return cureOfStorageVersion(current, next, versions, live)
	}
	drop := dropStoredVersions(current, versions, storage)
	if live == 0 {
		return "there is nothing to migrate: run " + drop
	}
	everywhere := ""
	if current.Namespaced {
		everywhere = " -A"
	}
	return fmt.Sprintf("migrate the stored objects to %s (`kubectl get %s.%s.%s%s -o json | kubectl replace -f -` writes each of them again), then run %s",
		storage, current.Plural, storage, current.Group, everywhere, drop)
}

// cureOfStorageVersion: the storage version itself cannot leave status.storedVersions; another one must become it first. No command is given
// for the objects, since nobody converts them when the definition does not: what its project says must be followed.
func cureOfStorageVersion(current State, next Definition, versions []string, live int) string {
	gone, target := strings.Join(versions, ", "), storageVersion(next.Versions)
	switch {
	case live == 0:
		return recreate(current.Name)
	case serves(current.Versions, target):
		return fmt.Sprintf("make %s the storage version of the live definition, write each object in %s as the migration guide of its project says, "+
			"then run %s", target, target, dropStoredVersions(current, versions, target))
	default:
		return fmt.Sprintf("go through a chart version whose definition has both %s and %s, migrate the stored objects to %s as the guide of "+
			"its project says and remove %s from status.storedVersions", gone, target, target, gone)
	}
}

func recreate(name string) string {
	return fmt.Sprintf("nothing would be lost: delete the definition (`kubectl delete crd %s`), and it is created anew", name)
}

// dropStoredVersions is the command that takes versions out of status.storedVersions, where the storage version must be.
func dropStoredVersions(current State, versions []string, storage string) string {
	var rest []string
	for _, stored := range append(slices.Clone(current.StoredVersions), storage) {
		if !slices.Contains(versions, stored) {
			rest = append(rest, fmt.Sprintf("%q", stored))
		}
	}
	slices.Sort(rest)
	return fmt.Sprintf("`kubectl patch crd %s --subresource=status --type=merge -p '{\"status\":{\"storedVersions\":[%s]}}'`",
		current.Name, strings.Join(slices.Compact(rest), ","))
}

func storedObjects(live int, kind string) string {
	switch live {
	case unknownCount:
		return "objects may be"
	case 0:
		return fmt.Sprintf("no %s object is there, but status.storedVersions says that some may be", kind)
	default:
		return countObjects(live, kind) + " may be"
	}
}

func liveObjects(live int, kind string) string {
	if live == unknownCount {
		return ""
	}
	return " under " + countObjects(live, kind)
}

func countObjects(n int, kind string) string {
	if n == 1 {
		return "1 live " + kind + " object"
	}
	return fmt.Sprintf("%d live %s objects", n, kind)
}

func scope(namespaced bool) string {
	if namespaced {
		return "Namespaced"
	}
	return "Cluster"
}
