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
)

// bucketUsers are the components that keep objects.
var bucketUsers = []string{"loki", "tempo", "velero"}

// ingressClasses are the classes of components that serve them, the first one that is
// in the bundle being the default.
var ingressClasses = []struct{ component, class string }{{"ingress-nginx", "nginx"}, {"traefik", "traefik"}}

const (
	certManager = "cert-manager"
	argoCD      = "argo-cd"
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
	if err := r.checkHosts(settings.Hosts); err != nil {
		return err
	}
	for _, need := range []struct {
		given     bool
		component string
		sentence  string
	}{
		{settings.ACME != nil, certManager, "acme makes a ClusterIssuer, which needs cert-manager"},
		{settings.AppOfApps != nil, argoCD, "appOfApps makes an Application, which needs argo-cd"},
	} {
		if _, there := r.enabled[need.component]; need.given && !there {
			return failure.Terminal(v1alpha1.ReasonSettingsInvalid, `spec.settings.%s: add "- name: %s" to spec.components, or remove the setting`,
				need.sentence, need.component)
		}
	}
	if settings.ACME != nil && settings.IngressClassName == "" && r.ingressClass() == "" {
		return failure.Terminal(v1alpha1.ReasonSettingsInvalid,
			`spec.settings.acme proves hosts over an ingress: set spec.settings.ingressClassName, or add "- name: ingress-nginx" to spec.components`)
	}
	return r.checkPolicies(settings.Policies)
}

func (r resolver) checkHosts(hosts map[string]v1alpha1.Host) error {
	for _, name := range slices.Sorted(maps.Keys(hosts)) {
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
	return nil
}

// settings are the bundle's with what follows from them, in JSON types.
func (r resolver) settings(namespaces []string) (map[string]any, error) {
	given := v1alpha1.Settings{}
	if r.bundle.Settings != nil {
		given = *r.bundle.Settings.DeepCopy()
	}
	given.IngressClassName = cmp.Or(given.IngressClassName, r.ingressClass())
	if given.ACME != nil {
		given.ACME.Server = cmp.Or(given.ACME.Server, letsEncrypt)
		given.ClusterIssuer = cmp.Or(given.ClusterIssuer, acmeIssuer)
	}
	if given.DNS != nil && len(given.DNS.Zones) == 0 && given.Domain != "" {
		given.DNS.Zones = []v1alpha1.Host{v1alpha1.Host(given.Domain)}
	}
	shareBucket(given.ObjectStorage)
	if given.AppOfApps != nil {
		given.AppOfApps.Path = cmp.Or(given.AppOfApps.Path, ".")
		given.AppOfApps.TargetRevision = cmp.Or(given.AppOfApps.TargetRevision, "HEAD")
	}
	engine := r.settlePolicies(given.Policies, namespaces)
	given.Hosts = nil // templates ask for .host and .hosts
	raw, err := json.Marshal(given)
	if err != nil {
		return nil, err
	}
	facts, err := values.FromJSON(&apiextensionsv1.JSON{Raw: raw})
	if err != nil || engine == "" {
		return facts, err
	}
	return values.SetPath(facts, "policies.by", map[string]any{string(engine): true})
}

// shareBucket gives the one bucket to all who have none of their own.
func shareBucket(storage *v1alpha1.ObjectStorageSettings) {
	if storage == nil || storage.Bucket == "" {
		return
	}
	if storage.Buckets == nil {
		storage.Buckets = map[string]v1alpha1.BucketName{}
	}
	for _, user := range bucketUsers {
		storage.Buckets[user] = cmp.Or(storage.Buckets[user], v1alpha1.BucketName(storage.Bucket))
	}
}

// ingressClass is the class that the bundle itself serves, empty for none.
func (r resolver) ingressClass() string {
	for _, server := range ingressClasses {
		if _, there := r.enabled[server.component]; there {
			return server.class
		}
	}
	return ""
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
