// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package values

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// DigestLength is the number of hexadecimal digits of an inputs digest: 160
// bits, which fits a label value.
const DigestLength = 40

// Inputs is everything that decides what a release is made of. What is not in
// here (the Kubernetes version, the archive's bytes, the rendered text) never
// causes an upgrade.
type Inputs struct {
	// ChartDigest names the chart's content, not its archive.
	ChartDigest string
	// Namespace and ReleaseName of the Helm release.
	Namespace, ReleaseName string
	// NamespaceLabels are written together with the release.
	NamespaceLabels map[string]string
	// Values are the merged values, references included.
	Values Values
	// Capabilities are the questions of the templates with their answers.
	Capabilities []v1alpha1.CapabilityAnswer
}

// Digest names the inputs by content. It does not depend on the order of maps
// or of capabilities. The error is that of values that JSON cannot hold.
func (in Inputs) Digest() (string, error) {
	answers := slices.Clone(in.Capabilities)
	slices.SortFunc(answers, func(a, b v1alpha1.CapabilityAnswer) int {
		return strings.Compare(a.APIVersion, b.APIVersion)
	})
	// Empty and absent are the same: the API server stores neither.
	content := struct {
		Format       int                         `json:"format"`
		Chart        string                      `json:"chart"`
		Namespace    string                      `json:"namespace"`
		ReleaseName  string                      `json:"releaseName"`
		Labels       map[string]string           `json:"labels,omitempty"`
		Values       Values                      `json:"values,omitempty"`
		Capabilities []v1alpha1.CapabilityAnswer `json:"capabilities,omitempty"`
	}{1, in.ChartDigest, in.Namespace, in.ReleaseName, in.NamespaceLabels, in.Values, answers}
	raw, err := json.Marshal(content)
	if err != nil {
		return "", fmt.Errorf("values cannot be written as JSON: %w", err)
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])[:DigestLength], nil
}
