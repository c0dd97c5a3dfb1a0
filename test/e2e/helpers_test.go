// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"crypto/tls"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/test/harness"
)

// week1 is the profile, under a name of the spec's own.
func week1(name string) *v1alpha1.PlatformBundle {
	GinkgoHelper()
	bundle := readProfile("week1")
	bundle.Name = name
	return bundle
}

// readProfile reads the file of a profile, which is a bundle.
func readProfile(name string) *v1alpha1.PlatformBundle {
	GinkgoHelper()
	data, err := os.ReadFile(profileFile(name))
	Expect(err).NotTo(HaveOccurred())
	bundle := &v1alpha1.PlatformBundle{}
	Expect(yaml.UnmarshalStrict(data, bundle)).To(Succeed())
	return bundle
}

func profileFile(name string) string {
	return filepath.Join(harness.Root, "bundles", "profiles", name+".yaml")
}

// metrics asks an operator's metrics endpoint. Its certificate is self-signed.
func metrics(ctx context.Context, address, token string) (code int, body string) {
	GinkgoHelper()
	client := &http.Client{Transport: &http.Transport{
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
		DisableKeepAlives: true,
	}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+address+"/metrics", http.NoBody)
	Expect(err).NotTo(HaveOccurred())
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := client.Do(request)
	Expect(err).NotTo(HaveOccurred())
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	Expect(err).NotTo(HaveOccurred())
	return response.StatusCode, string(data)
}

// removeDefinitions deletes what the charts of own_test.go brought. Those of the
// stand-ins stay, as they would: the next bundle takes them over, and the API
// server can take minutes to end dozens of them at once.
func removeDefinitions(ctx context.Context) {
	GinkgoHelper()
	own := func() []string {
		return slices.DeleteFunc(slices.Collect(maps.Keys(sim.Definitions(ctx))), func(name string) bool {
			return !strings.HasSuffix(name, ".e2e.example.com")
		})
	}
	for _, name := range own() {
		definition := &apiextensionsv1.CustomResourceDefinition{ObjectMeta: metav1.ObjectMeta{Name: name}}
		Expect(client.IgnoreNotFound(k8s.Delete(ctx, definition))).To(Succeed())
	}
	Eventually(own).WithTimeout(harness.RolloutTimeout).Should(BeEmpty())
}
