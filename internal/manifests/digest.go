// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/util/json"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/failure"
)

// Digest names the content of the entries, "sha256:" and 64 hexadecimal digits;
// it is "" when there are none. Neither the order of the entries nor that of
// their fields counts, nor white space. The error is
// failure.Terminal(v1alpha1.ReasonManifestInvalid) and names an entry that is no
// JSON object.
func Digest(raw []apiextensionsv1.JSON) (string, error) {
	if len(raw) == 0 {
		return "", nil
	}
	sums := make([]string, 0, len(raw))
	for i, entry := range raw {
		content, problem := decode(entry)
		if problem != "" {
			return "", failure.Terminal(v1alpha1.ReasonManifestInvalid, "manifests[%d]: %s", i, problem)
		}
		canonical, err := json.Marshal(content)
		if err != nil {
			return "", fmt.Errorf("manifests[%d] cannot be written as JSON", i)
		}
		sum := sha256.Sum256(canonical)
		sums = append(sums, hex.EncodeToString(sum[:]))
	}
	slices.Sort(sums)
	all := sha256.Sum256([]byte(strings.Join(sums, "\n")))
	return "sha256:" + hex.EncodeToString(all[:]), nil
}

// WantedDigest names what must be true for a release to be Ready: its inputs, and
// the follow-up manifests. These are no input of Helm's, and changing them makes
// no revision. The digest of the manifests is read where the release has it.
func WantedDigest(spec v1alpha1.ComponentReleaseSpec) string {
	if len(spec.Manifests) == 0 {
		return spec.InputsDigest
	}
	if spec.ManifestsDigest != "" {
		return spec.InputsDigest + "+" + spec.ManifestsDigest
	}
	digest, err := Digest(spec.Manifests)
	if err != nil {
		digest = "invalid" // was refused before it was approved
	}
	return spec.InputsDigest + "+" + digest
}
