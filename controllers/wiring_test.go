// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/values"
)

var _ = Describe("The layers of a release's values", func() {
	layer := func(text string) apiextensionsv1.JSON { return apiextensionsv1.JSON{Raw: []byte(text)} }

	It("are the catalog's, its rules' in their order, and the user's", func(ctx context.Context) {
		f := newReleaseFixture()
		defaults, user := layer(`{"a":"catalog","b":"catalog"}`), layer(`{"d":"user"}`)
		f.release.Spec.Defaults, f.release.Spec.Values = &defaults, &user
		f.release.Spec.Wiring = []v1alpha1.WiredValues{
			{Rule: "one", Values: layer(`{"b":"one","c":"one","d":"one"}`)}, {Rule: "two", Values: layer(`{"c":"two"}`)},
		}
		// Another sum of the layers would have another digest, and not be released.
		f.release.Spec.InputsDigest = f.digest("sha256:one", values.Values{"a": "catalog", "b": "one", "c": "two", "d": "user"})
		f.install(ctx)
		Expect(f.ready(ctx).Status).To(Equal(metav1.ConditionTrue))
		Expect(f.observed(ctx).Spec.Wiring).To(HaveLen(2), "one can tell where each came from")
	})
})
