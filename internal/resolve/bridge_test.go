// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package resolve_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/resolve"
)

func TestBridge(t *testing.T) {
	walked := catalog.UpgradeBridge{From: "<0.51.0", Via: "0.51.x", Note: "Because."}
	manual := catalog.UpgradeBridge{From: "<0.51.0", Via: "0.51.x", Note: "Convert first.", Manual: true}
	second := catalog.UpgradeBridge{From: ">=0.51.0 <1.0.0", Via: "1.0.x"}
	for name, tc := range map[string]struct {
		reason    string
		bridges   []catalog.UpgradeBridge
		installed resolve.Installed
		target    string
		via       string
		refused   string
	}{
		"Jump":        {"the versions do not go together", []catalog.UpgradeBridge{walked}, resolve.Installed{Version: "0.47.0", Ready: true}, "1.2.0", "0.51.x", ""},
		"Near":        {"both are before the bridge", []catalog.UpgradeBridge{walked}, resolve.Installed{Version: "0.47.0"}, "0.48.0", "", ""},
		"ToTheStop":   {"the stop itself is the target", []catalog.UpgradeBridge{walked}, resolve.Installed{Version: "0.47.0"}, "0.51.3", "", ""},
		"After":       {"nothing is in the way", []catalog.UpgradeBridge{walked}, resolve.Installed{Version: "0.51.0", Constraint: "0.51.0", Ready: true}, "1.2.0", "", ""},
		"New":         {"a first install goes anywhere", []catalog.UpgradeBridge{walked}, resolve.Installed{}, "1.2.0", "", ""},
		"AtTheStop":   {"it has not become Ready at the stop", []catalog.UpgradeBridge{walked}, resolve.Installed{Version: "0.51.0", Constraint: "0.51.x"}, "1.2.0", "0.51.x", ""},
		"LeaveIt":     {"it is Ready there, and goes on", []catalog.UpgradeBridge{walked}, resolve.Installed{Version: "0.51.0", Constraint: "0.51.x", Ready: true}, "1.2.0", "", ""},
		"NextStop":    {"one stop after the other", []catalog.UpgradeBridge{walked, second}, resolve.Installed{Version: "0.51.0", Constraint: "0.51.x", Ready: true}, "1.2.0", "1.0.x", ""},
		"FirstStop":   {"the first that applies", []catalog.UpgradeBridge{walked, second}, resolve.Installed{Version: "0.47.0", Ready: true}, "1.2.0", "0.51.x", ""},
		"Back":        {"a downgrade across the bridge is not an upgrade through it", []catalog.UpgradeBridge{walked}, resolve.Installed{Version: "1.2.0", Constraint: "1.2.0"}, "0.47.0", "", ""},
		"Manual":      {"a person has work to do", []catalog.UpgradeBridge{manual}, resolve.Installed{Version: "0.47.0", Ready: true}, "1.2.0", "", "spec.components[certs]: certs cannot be upgraded from 0.47.0 to 1.2.0 in one step: set version to 0.51.x first. Convert first."},
		"ManualStop":  {"and goes there by hand", []catalog.UpgradeBridge{manual}, resolve.Installed{Version: "0.47.0", Ready: true}, "0.51.0", "", ""},
		"ManualLeave": {"and away from there", []catalog.UpgradeBridge{manual}, resolve.Installed{Version: "0.51.0", Constraint: "0.51.x", Ready: true}, "1.2.0", "", ""},
		"ManualWait":  {"but only when it works there", []catalog.UpgradeBridge{manual}, resolve.Installed{Version: "0.51.0", Constraint: "0.51.0"}, "1.2.0", "", "spec.components[certs]: certs is not Ready at 0.51.0 yet, from where it can be upgraded to 1.2.0: set version back to 0.51.x and wait. Convert first."},
		"GiveUp":      {"the stop failed, and the way back is open", []catalog.UpgradeBridge{walked}, resolve.Installed{Version: "0.51.0", Constraint: "0.51.x"}, "0.47.0", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := resolve.Component{Name: "certs", ChartName: "certs", Bridges: tc.bridges}
			stop, refused := c.Bridge(tc.installed, tc.target)
			via, message := "", ""
			if stop != nil {
				via = stop.Via
			}
			if refused != nil {
				message = failure.Message(refused)
				if refused.Class != failure.ClassTerminal || refused.Reason != v1alpha1.ReasonUpgradePath {
					t.Errorf("%s: class %s, reason %s", tc.reason, refused.Class, refused.Reason)
				}
			}
			if via != tc.via || message != tc.refused {
				t.Errorf("%s: via %q, refused %q", tc.reason, via, message)
			}
		})
	}
	if got, want := resolve.Stop(walked, "1.2.0"), "goes through 0.51.x on the way to 1.2.0: Because."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestDayTwoFields(t *testing.T) {
	retries := int32(0)
	rule := func(kind string) v1alpha1.IgnoreRule {
		return v1alpha1.IgnoreRule{Kind: kind, JSONPointers: []string{"/spec"}}
	}
	spec := v1alpha1.PlatformBundleSpec{
		Drift: v1alpha1.DriftWarn, IgnoreDifferences: []v1alpha1.IgnoreRule{rule("OfTheBundle")},
		Components: []v1alpha1.Component{
			own("a", func(c *v1alpha1.Component) {
				c.Drift, c.IgnoreDifferences = v1alpha1.DriftOff, []v1alpha1.IgnoreRule{rule("OfTheComponent")}
				c.Remediation = &v1alpha1.Remediation{Retries: &retries}
				c.Adopt, c.AllowDataLoss = true, []string{"Kafka", "Bucket"}
				c.Manifests = append(c.Manifests, *raw(`{"kind":"Kafka"}`))
			}),
			own("b", func(c *v1alpha1.Component) {
				c.Remediation = &v1alpha1.Remediation{Strategy: v1alpha1.RemediationNone}
			}),
		},
	}
	bundle, err := resolve.Resolve(spec, "", testCatalogs(t))
	if err != nil {
		t.Fatal(err)
	}
	a, b := bundle.Components[0], bundle.Components[1]
	if a.Drift != v1alpha1.DriftOff || b.Drift != v1alpha1.DriftWarn {
		t.Errorf("a component's drift goes before the bundle's: %s, %s", a.Drift, b.Drift)
	}
	if diff := cmp.Diff([]v1alpha1.IgnoreRule{rule("OfTheBundle"), rule("OfTheComponent")}, a.IgnoreDifferences); diff != "" {
		t.Errorf("both count (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(rollback(0), a.Remediation); diff != "" {
		t.Errorf("no retries are some (-want +got)\n%s", diff)
	}
	if b.Remediation.Strategy != v1alpha1.RemediationNone || *b.Remediation.Retries != resolve.DefaultRetries {
		t.Errorf("remediation of b is %+v", b.Remediation)
	}
	if !a.Adopt || len(a.Manifests) != 1 {
		t.Errorf("adopt %v, %d manifests", a.Adopt, len(a.Manifests))
	}
	if diff := cmp.Diff([]string{"Bucket", "Kafka"}, a.AllowDataLoss); diff != "" {
		t.Errorf("allowDataLoss (-want +got)\n%s", diff)
	}
	if changed := one(t, "certs", own("certs", nil)); changed.TestedVersion != "" {
		t.Errorf("another chart was tested by nobody, not %s", changed.TestedVersion)
	}
}
