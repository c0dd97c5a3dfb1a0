// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"fmt"

	"github.com/Masterminds/semver/v3"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/failure"
)

// Installed is the approved chart of a component that is there already.
type Installed struct {
	// Version that was approved, and the Constraint it was approved for.
	Version, Constraint string
	// Ready at that version.
	Ready bool
}

// Bridge is the stop that an upgrade from what is installed to the target version
// has to make, nil for none. While the release is at the stop and not Ready there,
// it is still the next stop. The error, with ReasonUpgradePath, is for a stop where
// a person has work to do, which the operator cannot walk through by itself.
func (c Component) Bridge(installed Installed, target string) (*catalog.UpgradeBridge, *failure.Error) {
	for i, bridge := range c.Bridges {
		underWay := satisfies(installed.Version, bridge.Via) && !installed.Ready
		leaves := satisfies(installed.Version, bridge.From)
		if satisfies(target, bridge.Via) || satisfies(target, bridge.From) || (!leaves && !underWay) {
			continue
		}
		if bridge.Manual && underWay {
			return nil, failure.Terminal(v1alpha1.ReasonUpgradePath,
				"spec.components[%s]: %s is not Ready at %s yet, from where it can be upgraded to %s: set version back to %s and wait. %s",
				c.Name, c.ChartName, installed.Version, target, bridge.Via, bridge.Note)
		}
		if bridge.Manual {
			return nil, failure.Terminal(v1alpha1.ReasonUpgradePath,
				"spec.components[%s]: %s cannot be upgraded from %s to %s in one step: set version to %s first. %s",
				c.Name, c.ChartName, installed.Version, target, bridge.Via, bridge.Note)
		}
		return &c.Bridges[i], nil
	}
	return nil, nil
}

// Stop says where an upgrade pauses on its way and why.
func Stop(bridge catalog.UpgradeBridge, target string) string {
	note := fmt.Sprintf("goes through %s on the way to %s", bridge.Via, target)
	if bridge.Note != "" {
		note += ": " + bridge.Note
	}
	return note
}

// satisfies says whether a version is in a range; what is neither is not.
func satisfies(version, constraint string) bool {
	v, err := semver.NewVersion(version)
	if err != nil {
		return false
	}
	c, err := semver.NewConstraint(constraint)
	return err == nil && c.Check(v)
}
