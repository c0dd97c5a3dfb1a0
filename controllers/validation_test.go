// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

var _ = Describe("What the schema refuses", func() {
	chart := &v1alpha1.ChartSource{Repository: "https://charts.example.com", Version: "1.0.0"}

	DescribeTable("a PlatformBundle",
		func(ctx context.Context, name string, change func(*v1alpha1.PlatformBundleSpec), want string) {
			bundle := &v1alpha1.PlatformBundle{ObjectMeta: metav1.ObjectMeta{Name: name}}
			bundle.Spec.Components = []v1alpha1.Component{{Name: "alpha"}}
			change(&bundle.Spec)
			err := k8s.Create(ctx, bundle, client.DryRunAll)
			if want == "" {
				Expect(err).NotTo(HaveOccurred())
				return
			}
			Expect(err).To(MatchError(ContainSubstring(want)))
		},
		Entry("nothing wrong", "good", func(*v1alpha1.PlatformBundleSpec) {}, ""),
		Entry("no components", "good", func(s *v1alpha1.PlatformBundleSpec) { s.Components = nil }, ""),
		Entry("a chart of one's own", "good", func(s *v1alpha1.PlatformBundleSpec) { s.Components[0].Chart = chart }, ""),
		Entry("any values", "good", func(s *v1alpha1.PlatformBundleSpec) {
			s.Components[0].Values = &apiextensionsv1.JSON{Raw: []byte(`{"a":{"b":[1,null]}}`)}
		}, ""),
		Entry("a name with dots", "not.good", func(*v1alpha1.PlatformBundleSpec) {}, "metadata.name must not contain dots"),
		Entry("a long name with profiles", "a-name-of-forty-one-characters-is-too-long", func(s *v1alpha1.PlatformBundleSpec) {
			s.Profiles = []string{"minimal"}
		}, "metadata.name must have at most 40 characters where spec.profiles are used"),
		Entry("a region that is two lines", "bad", func(s *v1alpha1.PlatformBundleSpec) {
			s.Settings = &v1alpha1.Settings{ObjectStorage: &v1alpha1.ObjectStorageSettings{Provider: "aws", Bucket: "b", Region: "r\n  x: true"}}
		}, "spec.settings.objectStorage.region"),
		Entry("an endpoint of Google's", "bad", func(s *v1alpha1.PlatformBundleSpec) {
			s.Settings = &v1alpha1.Settings{ObjectStorage: &v1alpha1.ObjectStorageSettings{Provider: "gcp", Bucket: "b", Endpoint: "https://x"}}
		}, "objectStorage.endpoint is for services other than Google's own"),
		Entry("the same component twice", "bad", func(s *v1alpha1.PlatformBundleSpec) {
			s.Components = append(s.Components, v1alpha1.Component{Name: "alpha"})
		}, "Duplicate value"),
		Entry("a component that depends on itself", "bad", func(s *v1alpha1.PlatformBundleSpec) {
			s.Components[0].DependsOn = []string{"alpha"}
		}, "a component cannot depend on itself"),
		Entry("two versions", "bad", func(s *v1alpha1.PlatformBundleSpec) {
			s.Components[0].Version, s.Components[0].Chart = "1.0.0", chart
		}, "set version or chart.version, not both"),
		Entry("a component name with dots", "bad", func(s *v1alpha1.PlatformBundleSpec) { s.Components[0].Name = "a.b" }, "components[0].name"),
		Entry("a version that is no range", "bad", func(s *v1alpha1.PlatformBundleSpec) { s.Components[0].Version = "1.0; rm" }, "components[0].version"),
		Entry("a repository without a scheme", "bad", func(s *v1alpha1.PlatformBundleSpec) {
			s.Components[0].Chart = &v1alpha1.ChartSource{Repository: "charts.example.com"}
		}, "chart.repository"),
		Entry("values that are a list", "bad", func(s *v1alpha1.PlatformBundleSpec) {
			s.Components[0].Values = &apiextensionsv1.JSON{Raw: []byte(`[1]`)}
		}, "components[0].values"),
		Entry("a reference to a Pod", "bad", func(s *v1alpha1.PlatformBundleSpec) {
			s.Components[0].ValuesFrom = []v1alpha1.ValuesReference{{Kind: "Pod", Name: "x"}}
		}, "Unsupported value: \"Pod\""),
		Entry("an unknown deletion policy", "bad", func(s *v1alpha1.PlatformBundleSpec) { s.DeletionPolicy = "Burn" }, "deletionPolicy"),
		Entry("settings", "good", func(s *v1alpha1.PlatformBundleSpec) {
			s.Settings = &v1alpha1.Settings{
				Domain: "platform.example.com", Hosts: map[string]v1alpha1.Host{"alpha": "www.example.com"},
				ACME: &v1alpha1.ACMESettings{Email: "ops@example.com"}, DNS: &v1alpha1.DNSSettings{Provider: "aws"},
				ObjectStorage: &v1alpha1.ObjectStorageSettings{Provider: "s3", Bucket: "b", Endpoint: "https://s3.example.com"},
				Retention:     &v1alpha1.RetentionSettings{Metrics: "15d"},
			}
		}, ""),
		Entry("a domain that is a URL", "bad", func(s *v1alpha1.PlatformBundleSpec) {
			s.Settings = &v1alpha1.Settings{Domain: "https://example.com"}
		}, "settings.domain"),
		Entry("a host with a port", "bad", func(s *v1alpha1.PlatformBundleSpec) {
			s.Settings = &v1alpha1.Settings{Hosts: map[string]v1alpha1.Host{"alpha": "a.b:80"}}
		}, "settings.hosts"),
		Entry("an account without an address", "bad", func(s *v1alpha1.PlatformBundleSpec) {
			s.Settings = &v1alpha1.Settings{ACME: &v1alpha1.ACMESettings{}}
		}, "settings.acme.email"),
		Entry("a bucket nobody serves", "bad", func(s *v1alpha1.PlatformBundleSpec) {
			s.Settings = &v1alpha1.Settings{ObjectStorage: &v1alpha1.ObjectStorageSettings{Provider: "s3", Bucket: "b"}}
		}, "objectStorage.endpoint is missing"),
		Entry("a place without a bucket", "bad", func(s *v1alpha1.PlatformBundleSpec) {
			s.Settings = &v1alpha1.Settings{ObjectStorage: &v1alpha1.ObjectStorageSettings{Provider: "gcp"}}
		}, "objectStorage needs bucket, or buckets by component"),
		Entry("a bucket of aws anywhere", "bad", func(s *v1alpha1.PlatformBundleSpec) {
			s.Settings = &v1alpha1.Settings{ObjectStorage: &v1alpha1.ObjectStorageSettings{Provider: "aws", Bucket: "b"}}
		}, "objectStorage.region is missing"),
		Entry("logs for an hour", "bad", func(s *v1alpha1.PlatformBundleSpec) {
			s.Settings = &v1alpha1.Settings{Retention: &v1alpha1.RetentionSettings{Logs: "1h"}}
		}, "settings.retention.logs"),
		Entry("a retention without a unit", "bad", func(s *v1alpha1.PlatformBundleSpec) {
			s.Settings = &v1alpha1.Settings{Retention: &v1alpha1.RetentionSettings{Metrics: "15"}}
		}, "settings.retention.metrics"),
		Entry("a catalog version of another form", "bad", func(s *v1alpha1.PlatformBundleSpec) { s.CatalogVersion = "latest" }, "catalogVersion"),
	)
})
