// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/values"
	"github.com/groundwork-dev/groundwork/internal/wiring"
)

// bucketUsers are the components that keep objects.
var bucketUsers = []string{"loki", "velero"}

const (
	ingressNginx      = "ingress-nginx"
	ingressNginxClass = "nginx"
	certManager       = "cert-manager"
	// acmeIssuer is the name of the ClusterIssuer that is made, unless clusterIssuer
	// says another one.
	acmeIssuer = "acme"
	// letsEncrypt is the directory of its production service:
	// https://letsencrypt.org/docs/acme-protocol-updates/
	letsEncrypt = "https://acme-v02.api.letsencrypt.org/directory"
)

// checkSettings says what cannot be right about the settings as a whole.
func (r resolver) checkSettings() error {
	settings := r.bundle.Settings
	if settings == nil {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(settings.Hosts)) {
		if r.listed[name] {
			continue
		}
		if _, known := r.catalog.Component(name); known {
			continue // another bundle of the same overlay has it
		}
		hint := "it is no component of this bundle"
		if nearest, ok := r.catalog.Nearest(name); ok {
			hint += fmt.Sprintf(": did you mean %q?", nearest)
		}
		return failure.Terminal(v1alpha1.ReasonSettingsInvalid, "spec.settings.hosts[%s]: %s", name, hint)
	}
	_, nginx := r.enabled[ingressNginx]
	if settings.ACME != nil && settings.IngressClassName == "" && !nginx {
		return failure.Terminal(v1alpha1.ReasonSettingsInvalid,
			`spec.settings.acme proves hosts over an ingress: set spec.settings.ingressClassName, or add "- name: ingress-nginx" to spec.components`)
	}
	if _, there := r.enabled[certManager]; settings.ACME != nil && !there {
		return failure.Terminal(v1alpha1.ReasonSettingsInvalid,
			`spec.settings.acme makes a ClusterIssuer, which needs cert-manager: add "- name: cert-manager" to spec.components, or remove acme`)
	}
	return nil
}

// settings are the bundle's with what follows from them, in JSON types.
func (r resolver) settings() (map[string]any, error) {
	given := v1alpha1.Settings{}
	if r.bundle.Settings != nil {
		given = *r.bundle.Settings.DeepCopy()
	}
	if _, there := r.enabled[ingressNginx]; there {
		given.IngressClassName = cmp.Or(given.IngressClassName, ingressNginxClass)
	}
	if given.ACME != nil {
		given.ACME.Server = cmp.Or(given.ACME.Server, letsEncrypt)
		given.ClusterIssuer = cmp.Or(given.ClusterIssuer, acmeIssuer)
	}
	if given.DNS != nil && len(given.DNS.Zones) == 0 && given.Domain != "" {
		given.DNS.Zones = []v1alpha1.Host{v1alpha1.Host(given.Domain)}
	}
	if storage := given.ObjectStorage; storage != nil && storage.Bucket != "" {
		for _, user := range bucketUsers {
			if storage.Buckets == nil {
				storage.Buckets = map[string]string{}
			}
			storage.Buckets[user] = cmp.Or(storage.Buckets[user], storage.Bucket)
		}
	}
	given.Hosts = nil // templates ask for .host and .hosts
	raw, err := json.Marshal(given)
	if err != nil {
		return nil, err
	}
	return values.FromJSON(&apiextensionsv1.JSON{Raw: raw})
}

// facts are those of the bundle; those of one component are filled in by wire.
func (r resolver) facts(components []Component) (wiring.Facts, error) {
	settings, err := r.settings()
	if err != nil {
		return wiring.Facts{}, err
	}
	facts := wiring.Facts{Settings: settings, Components: map[string]wiring.Peer{}, Hosts: map[string]string{}}
	namespaces := []string{v1alpha1.DefaultNamespace, "kube-system"}
	for _, c := range components {
		facts.Components[c.Name] = wiring.Peer{Namespace: c.Namespace, Release: c.ReleaseName}
		namespaces = append(namespaces, c.Namespace)
		if host := r.hostOf(c.Name); host != "" {
			facts.Hosts[c.Name] = host
		}
	}
	slices.Sort(namespaces)
	facts.Namespaces = slices.Compact(namespaces)
	return facts, nil
}

func (r resolver) hostOf(name string) string {
	settings := r.bundle.Settings
	switch {
	case settings == nil:
		return ""
	case settings.Hosts[name] != "":
		return string(settings.Hosts[name])
	case settings.Domain == "":
		return ""
	}
	return name + "." + settings.Domain
}

// wireAll wires the components, and then says what only the user can give.
func (r resolver) wireAll(components []Component) error {
	facts, err := r.facts(components)
	if err != nil {
		return err
	}
	for i := range components {
		c := &components[i]
		if c.Trouble == nil {
			r.wire(c, facts)
		}
		if known, inCatalog := r.catalog.Component(c.Name); inCatalog && c.Trouble == nil {
			c.Trouble = missingInput(known, *c)
		}
	}
	return nil
}

// wire gives a component what the catalog's rules say. A chart that is not the
// catalog's would not know the values.
func (r resolver) wire(c *Component, facts wiring.Facts) {
	known, inCatalog := r.catalog.Component(c.Name)
	if !inCatalog || c.ChartName != known.Chart.Name {
		return
	}
	facts.Name, facts.Namespace, facts.Release = c.Name, c.Namespace, c.ReleaseName
	layers, err := wiring.Evaluate(known.Wiring, facts)
	if err != nil {
		c.Trouble = failure.Terminal(v1alpha1.ReasonSettingsInvalid, "spec.components[%s]: catalog %s: %w", c.Name, r.catalog.Version, err)
		return
	}
	var manifests []apiextensionsv1.JSON
	for _, layer := range layers {
		for _, name := range layer.After {
			if _, there := r.enabled[name]; there && !slices.Contains(c.DependsOn, name) {
				c.DependsOn = append(c.DependsOn, name)
			}
		}
		if len(layer.Values) > 0 {
			layer.Values = numbers(layer.Values)
			c.Wiring = append(c.Wiring, layer)
		}
		for _, object := range layer.Manifests {
			if raw, err := json.Marshal(object); err == nil && !names(c.Manifests, object) { // JSON types can be written as JSON
				manifests = append(manifests, apiextensionsv1.JSON{Raw: raw})
			}
		}
	}
	c.Manifests = append(manifests, c.Manifests...)
	slices.Sort(c.DependsOn)
}

// identity is what tells manifests apart.
type identity struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Namespace string `json:"namespace"`
		Name      string `json:"name"`
	} `json:"metadata"`
}

// names says whether the user has a manifest of the same kind and name, which then
// stands instead of the catalog's.
func names(manifests []apiextensionsv1.JSON, object map[string]any) bool {
	raw, err := json.Marshal(object)
	if err != nil {
		return false
	}
	var wanted identity
	if json.Unmarshal(raw, &wanted) != nil {
		return false
	}
	return slices.ContainsFunc(manifests, func(m apiextensionsv1.JSON) bool {
		var have identity
		return json.Unmarshal(m.Raw, &have) == nil && have == wanted
	})
}
