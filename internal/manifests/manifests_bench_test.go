// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests_test

import (
	"fmt"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/manifests"
)

// followUps are n objects, every fifth of them a dashboard of 40 kB.
func followUps(n int) []apiextensionsv1.JSON {
	out := make([]apiextensionsv1.JSON, n)
	for i := range out {
		text := "small"
		if i%5 == 0 {
			text = strings.Repeat("{panels: [a, b, c]} ", 2000)
		}
		out[i].Raw = fmt.Appendf(nil, `{"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "d%d", "labels": {"a": "b", "c": "d"}}, "data": {"text": %q}}`, i, text)
	}
	return out
}

// BenchmarkWantedDigest names what must be true of a release: the reconcilers ask
// for it in every pass. With a release that was approved before its manifests had a
// digest of their own, they are digested each time.
func BenchmarkWantedDigest(b *testing.B) {
	for _, n := range []int{0, 3, 20} {
		spec := v1alpha1.ComponentReleaseSpec{InputsDigest: "d", Manifests: followUps(n)}
		known := spec
		known.ManifestsDigest = "sha256:0"
		for name, spec := range map[string]v1alpha1.ComponentReleaseSpec{"known": known, "digested": spec} {
			b.Run(fmt.Sprintf("%s/objects=%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if manifests.WantedDigest(spec) == "" {
						b.Fatal("no digest")
					}
				}
			})
		}
	}
}
