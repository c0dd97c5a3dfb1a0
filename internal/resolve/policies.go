// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"cmp"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/failure"
)

// policyEngines of the catalog, the default one first where both are in the bundle.
var policyEngines = []v1alpha1.PolicyEngine{v1alpha1.PolicyEngineKyverno, v1alpha1.PolicyEngineGatekeeper}

// checkPolicies refuses policies that nobody runs, and bounds that nothing can meet.
func (r resolver) checkPolicies(policies *v1alpha1.PolicySettings) error {
	if policies == nil || policies.Engine == "" && len(presets(policies)) == 0 {
		return nil
	}
	invalid := func(format string, args ...any) error {
		return failure.Terminal(v1alpha1.ReasonSettingsInvalid, "spec.settings.policies"+format, args...)
	}
	switch engine := r.policyEngine(policies); {
	case engine == "":
		return invalid(` need an engine: add "- name: kyverno" or "- name: gatekeeper" to spec.components, or remove the policies`)
	case !r.runs(engine):
		return invalid(`.engine: %s is not in the bundle: add "- name: %[1]s" to spec.components, or name another engine`, engine)
	}
	if bounds := policies.ResourceBounds; bounds != nil {
		if bounds.CPU == nil && bounds.Memory == nil {
			return invalid(".resourceBounds: set cpu or memory, or both")
		}
		for _, one := range []struct {
			name   string
			bounds *v1alpha1.Bounds
		}{{"cpu", bounds.CPU}, {"memory", bounds.Memory}} {
			if b := one.bounds; b != nil && b.Min != nil && b.Max != nil && b.Min.Cmp(*b.Max) > 0 {
				return invalid(".resourceBounds.%s: min %s is more than max %s", one.name, b.Min, b.Max)
			}
		}
	}
	return nil
}

func (r resolver) runs(engine v1alpha1.PolicyEngine) bool {
	_, there := r.enabled[string(engine)]
	return there
}

// policyEngine is the one that runs the policies, empty when nobody does.
func (r resolver) policyEngine(policies *v1alpha1.PolicySettings) v1alpha1.PolicyEngine {
	if policies.Engine != "" {
		return policies.Engine
	}
	for _, engine := range policyEngines {
		if r.runs(engine) {
			return engine
		}
	}
	return ""
}

// settlePolicies fills in what the user left out, and returns the engine.
func (r resolver) settlePolicies(policies *v1alpha1.PolicySettings, namespaces []string) v1alpha1.PolicyEngine {
	if policies == nil {
		return ""
	}
	for _, preset := range presets(policies) {
		preset.Enforcement = cmp.Or(preset.Enforcement, v1alpha1.PolicyAudit)
	}
	if protected := policies.ProtectedNamespaces; protected != nil && len(protected.Namespaces) == 0 {
		protected.Namespaces = namespaces
	}
	return r.policyEngine(policies)
}

// presets are those that are named.
func presets(policies *v1alpha1.PolicySettings) []*v1alpha1.PolicyPreset {
	var out []*v1alpha1.PolicyPreset
	if p := policies.RequiredLabels; p != nil {
		out = append(out, &p.PolicyPreset)
	}
	if p := policies.ServiceTargetPorts; p != nil {
		out = append(out, p)
	}
	if p := policies.AllowedRegistries; p != nil {
		out = append(out, &p.PolicyPreset)
	}
	if p := policies.ResourceBounds; p != nil {
		out = append(out, &p.PolicyPreset)
	}
	if p := policies.NoPrivileged; p != nil {
		out = append(out, p)
	}
	if p := policies.ProtectedNamespaces; p != nil {
		out = append(out, &p.PolicyPreset)
	}
	return out
}
