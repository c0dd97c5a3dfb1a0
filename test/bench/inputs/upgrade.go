// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package inputs

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/values"
)

// Thirteen are the components of the design's yardstick.
func Thirteen() []string {
	return []string{"argo-cd", "bank-vaults", "cert-manager", "external-dns", "gatekeeper", "grafana", "ingress-nginx", "jaeger",
		"kyverno", "loki", "prometheus", "strimzi", "velero"}
}

// upgrades are the values that give a component another image, and so its workloads
// another pod template: what most upgrades do. Real charts and stand-ins take them.
func upgrades() map[string]string {
	return map[string]string{
		"argo-cd":       `{"global":{"image":{"tag":"v3.99.0"}}}`,
		"bank-vaults":   `{"image":{"tag":"1.99.0"}}`,
		"cert-manager":  `{"image":{"tag":"v1.99.0"}}`,
		"external-dns":  `{"image":{"tag":"v0.99.0"}}`,
		"gatekeeper":    `{"image":{"release":"v3.99.0","tag":"v3.99.0"}}`,
		"grafana":       `{"image":{"tag":"99.0.0"}}`,
		"ingress-nginx": `{"controller":{"image":{"tag":"v1.99.0"}}}`,
		"jaeger":        `{"jaeger":{"image":{"tag":"2.99.0"}}}`,
		"kyverno":       `{"admissionController":{"container":{"image":{"tag":"v1.99.0"}}}}`,
		"loki":          `{"loki":{"image":{"tag":"3.99.0"}}}`,
		"prometheus":    `{"prometheusOperator":{"image":{"tag":"v0.99.0"}}}`,
		"strimzi":       `{"image":{"tag":"1.99.0"}}`,
		"velero":        `{"image":{"tag":"v1.99.0"}}`,
	}
}

// Upgraded is the bundle with another image for each component. One that the bench
// knows no value for is an error.
func Upgraded(bundle *v1alpha1.PlatformBundle) (*v1alpha1.PlatformBundle, error) {
	out := bundle.DeepCopy()
	for i := range out.Spec.Components {
		c := &out.Spec.Components[i]
		upgrade, ok := upgrades()[c.Name]
		if !ok {
			return nil, fmt.Errorf("%s: the bench has no upgrade for it: it knows those of %v", c.Name, slices.Sorted(maps.Keys(upgrades())))
		}
		own, err := values.FromJSON(c.Values)
		if err != nil {
			return nil, fmt.Errorf("%s: values: %w", c.Name, err)
		}
		above, err := values.FromJSON(&apiextensionsv1.JSON{Raw: []byte(upgrade)})
		if err != nil {
			return nil, err
		}
		raw, err := json.Marshal(values.Merge(own, above))
		if err != nil {
			return nil, err
		}
		c.Values = &apiextensionsv1.JSON{Raw: raw}
	}
	return out, nil
}

// Changed are the workloads (Object.Key, sorted) whose spec is another one in the
// second set.
func Changed(before, after *Set) []string {
	specs := map[string]any{}
	for _, r := range before.Releases {
		for _, o := range r.Workloads() {
			specs[o.Key()] = o.Content["spec"]
		}
	}
	var out []string
	for _, r := range after.Releases {
		for _, o := range r.Workloads() {
			if spec, there := specs[o.Key()]; there && !reflect.DeepEqual(spec, o.Content["spec"]) {
				out = append(out, o.Key())
			}
		}
	}
	slices.Sort(out)
	return out
}
