// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	helmrelease "helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/releaseutil"
)

// joined is the manifest of a record: the documents as Helm joins them, without
// definitions.
func joined(sorted []releaseutil.Manifest) (string, error) {
	var all bytes.Buffer
	for _, m := range sorted {
		fmt.Fprintf(&all, "---\n# Source: %s\n%s\n", m.Name, m.Content)
	}
	kept, err := withoutCRDs{}.Run(&all)
	if err != nil {
		return "", err
	}
	return kept.String(), nil
}

// namedParts is how many parts of a record a refusal names.
const namedParts = 3

// part of a record, with what it takes packed by itself.
type part struct {
	name  string
	bytes int
}

// largest names the largest parts of a record with their shares: objects, hooks,
// notes, and values by their first key. Of values nothing but the key is said.
func largest(rls *helmrelease.Release) string {
	var parts []part
	total := 0
	add := func(name, text string) {
		p := part{name: name, bytes: packed(text)}
		parts, total = append(parts, p), total+p.bytes
	}
	for _, document := range documents(rls.Manifest) {
		add(titleOf(document), document)
	}
	for _, hook := range rls.Hooks {
		add("the hook "+hook.Kind+" "+hook.Name, hook.Manifest)
	}
	add("NOTES.txt", rls.Info.Notes)
	for key, value := range rls.Config {
		add("values."+key, asJSON(value))
	}
	for key, value := range rls.Chart.Values {
		add("the chart's own values."+key, asJSON(value))
	}
	slices.SortFunc(parts, func(a, b part) int {
		return cmp.Or(cmp.Compare(b.bytes, a.bytes), strings.Compare(a.name, b.name))
	})
	var out []string
	for _, p := range parts[:min(namedParts, len(parts))] {
		out = append(out, fmt.Sprintf("%s (%d %%)", p.name, p.bytes*100/total))
	}
	return strings.Join(out, ", ")
}

// titleOf names a document's object, or the first of several.
func titleOf(document string) string {
	heads, err := headsOf(document)
	if err != nil || len(heads) == 0 {
		return "a document without a kind"
	}
	title := heads[0].Kind + " " + heads[0].Metadata.Name
	if len(heads) > 1 {
		title += fmt.Sprintf(" and %d more", len(heads)-1)
	}
	return title
}

func asJSON(value any) string {
	encoded, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	return string(encoded)
}

// packed is what a text takes by itself. Nothing can go wrong in memory.
func packed(text string) int {
	out := &length{}
	w := gzip.NewWriter(out)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return out.bytes
}
