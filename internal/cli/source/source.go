// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package source reads a bundle from a file for the commands that need no cluster. It
// imports the API.
package source

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// kind is what the documents are looked for.
const kind = "PlatformBundle"

// Read returns the bundle of a file, "-" being stdin. Other kinds are skipped. A file
// with several bundles needs a name; without one it has to hold exactly one. A field
// that the API does not have is an error.
func Read(path, name string, stdin io.Reader) (*v1alpha1.PlatformBundle, error) {
	raw, err := content(path, stdin)
	if err != nil {
		return nil, err
	}
	shown := path
	if path == "-" {
		shown = "standard input"
	}
	var found []*v1alpha1.PlatformBundle
	var names []string
	documents := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(raw)))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", shown, err)
		}
		bundle, err := parse(document)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", shown, err)
		}
		if bundle != nil && (name == "" || bundle.Name == name) {
			found = append(found, bundle)
			names = append(names, bundle.Name)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) == 0 && name != "":
		return nil, fmt.Errorf("%s: no %s %q", shown, kind, name)
	case len(found) == 0:
		return nil, fmt.Errorf("%s: no %s", shown, kind)
	default:
		return nil, fmt.Errorf("%s: several bundles, so name one of them: %s", shown, strings.Join(names, ", "))
	}
}

func content(path string, stdin io.Reader) ([]byte, error) {
	if path == "-" {
		return io.ReadAll(stdin)
	}
	return os.ReadFile(path) //nolint:gosec // the user's own file
}

// parse returns nil for a document of another kind.
func parse(document []byte) (*v1alpha1.PlatformBundle, error) {
	var head struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
	}
	if err := yaml.Unmarshal(document, &head); err != nil {
		return nil, err
	}
	if head.Kind != kind || !strings.HasPrefix(head.APIVersion, v1alpha1.GroupVersion.Group+"/") {
		return nil, nil //nolint:nilnil // another kind is no mistake
	}
	bundle := &v1alpha1.PlatformBundle{}
	if err := yaml.UnmarshalStrict(document, bundle); err != nil {
		return nil, fmt.Errorf("%s %s: %w (kubectl platform lint says where)", kind, cmp.Or(bundle.Name, "without a name"), err)
	}
	return bundle, nil
}
