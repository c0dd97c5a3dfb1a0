// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package rehearsal

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
)

// Record is what Helm stores of a revision, as far as a plan shows it.
type Record struct {
	// Manifest is a stream of YAML documents.
	Manifest string `json:"manifest"`
	// Hooks are kept apart from it.
	Hooks []Hook `json:"hooks"`
	// Chart that was rendered.
	Chart struct {
		Metadata struct {
			Name    string `json:"name"`
			Version string `json:"version"`
		} `json:"metadata"`
	} `json:"chart"`
}

// Hook is an object that runs at certain moments.
type Hook struct {
	// Manifest is one YAML document.
	Manifest string `json:"manifest"`
	// Events at which it runs, such as pre-install.
	Events []string `json:"events"`
}

// decode reads the key "release" of a record: JSON, compressed, in base64
// (https://helm.sh/docs/topics/advanced/#storage-backends).
func decode(raw []byte) (Record, error) {
	packed, err := base64.StdEncoding.DecodeString(string(raw))
	if err != nil {
		return Record{}, fmt.Errorf("the record of a release is not base64: %w", err)
	}
	var from io.Reader = bytes.NewReader(packed)
	if bytes.HasPrefix(packed, []byte{0x1f, 0x8b}) {
		if from, err = gzip.NewReader(from); err != nil {
			return Record{}, fmt.Errorf("the record of a release does not unpack: %w", err)
		}
	}
	var out Record
	if err := json.NewDecoder(from).Decode(&out); err != nil {
		return Record{}, fmt.Errorf("the record of a release does not parse: %w", err)
	}
	return out, nil
}
