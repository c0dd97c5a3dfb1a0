// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package wiring

import (
	"fmt"
	"maps"
	"slices"

	"github.com/groundwork-dev/groundwork/internal/values"
)

// Sample are the facts of a bundle with these components in which every setting is
// given. A rule that evaluates with them asks for nothing that cannot be.
func Sample(name string, components map[string]Peer) Facts {
	facts := Facts{
		Name: name, Namespace: components[name].Namespace, Release: components[name].Release,
		Hosts: map[string]string{}, Components: maps.Clone(components), Settings: sampleSettings(),
	}
	namespaces := map[string]bool{}
	for component, peer := range components {
		facts.Hosts[component] = component + ".example.com"
		namespaces[peer.Namespace] = true
	}
	facts.Namespaces = slices.Sorted(maps.Keys(namespaces))
	return facts
}

func sampleSettings() map[string]any {
	secret := func() map[string]any { return map[string]any{"name": "credentials"} }
	return map[string]any{
		"domain": "example.com", "ingressClassName": "nginx", "clusterIssuer": "letsencrypt", "storageClassName": "standard",
		"acme": map[string]any{"email": "ops@example.com", "server": "https://acme.example.com/directory"},
		"dns":  map[string]any{"provider": "aws", "zones": []any{"example.com"}, "credentialsSecretRef": secret()},
		"objectStorage": map[string]any{
			"provider": "s3", "bucket": "platform", "buckets": map[string]any{"loki": "logs", "tempo": "traces", "velero": "backups"},
			"region": "eu-1", "endpoint": "https://s3.example.com", "credentialsSecretRef": secret(),
		},
		"retention":        map[string]any{"metrics": "15d", "logs": "7d", "traces": "72h"},
		"highAvailability": true, "imageRegistry": "registry.example.com/mirror",
		"appOfApps": map[string]any{
			"repoURL": "https://git.example.com/platform.git", "path": "clusters/live", "targetRevision": "main", "credentialsSecretRef": secret(),
		},
		"policies": samplePolicies(),
	}
}

func samplePolicies() map[string]any {
	preset := func(more map[string]any) map[string]any {
		out := map[string]any{"enforcement": "Audit"}
		maps.Copy(out, more)
		return out
	}
	bounds := func(least, most string) map[string]any { return map[string]any{"min": least, "max": most} }
	return map[string]any{
		"engine": "kyverno", "by": map[string]any{"kyverno": true, "gatekeeper": true},
		"requiredLabels":      preset(map[string]any{"labels": []any{"app.kubernetes.io/name"}}),
		"serviceTargetPorts":  preset(nil),
		"allowedRegistries":   preset(map[string]any{"registries": []any{"registry.example.com"}}),
		"resourceBounds":      preset(map[string]any{"cpu": bounds("10m", "4"), "memory": bounds("16Mi", "8Gi")}),
		"noPrivileged":        preset(nil),
		"protectedNamespaces": preset(map[string]any{"namespaces": []any{"kube-system"}}),
	}
}

// Check says what is wrong with a rule of a catalog, whatever a bundle holds: a
// condition that can never hold, and a template that does not evaluate when every
// fact is there.
func (r Rule) Check(sample Facts) error {
	for _, path := range r.When.Settings {
		if values.At(sample.Settings, path) == nil {
			return fmt.Errorf("wiring %s: when.settings: there is no setting %q", r.Name, path)
		}
	}
	for _, name := range slices.Concat(r.When.Components, r.When.Without, r.After) {
		if _, known := sample.Components[name]; !known {
			return fmt.Errorf("wiring %s: when: the catalog has no component %q", r.Name, name)
		}
	}
	_, err := r.evaluate(sample)
	return err
}
