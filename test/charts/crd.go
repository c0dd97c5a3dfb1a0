// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package charts

import (
	"fmt"
	"hash/fnv"
	"strings"
)

// The texts that pad schemas and dashboards.
var sentences = [...]string{
	"The value is read once, when the object is first seen by its controller, and later changes of it take effect with the next rollout.",
	"An empty value means that the default of the controller is used; it is written back to the status, so that it can be read there.",
	"It may be left out. If it is given, it must be the name of an object of the right kind in the namespace of this object.",
	"A list that is compared by the names of its elements: the order has no meaning, and a name must not be used more than once.",
	"The number of seconds after which an attempt is given up and the next one begins, with a longer pause between the two.",
	"A selector over labels; one that is empty matches every object, and one that is not there matches none at all.",
	"This field is kept so that objects of earlier versions can still be read, and new objects should make no use of it.",
}

// crdText writes the definition. Annotations are template text that is indented by four.
func crdText(c CRD, scale float64, annotations string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: %s\n", c.Name())
	fmt.Fprintf(&b, "  annotations:\n    standin.groundwork.dev/kilobytes: \"%d\"\n", c.KB)
	if strings.HasSuffix(c.Group, ".k8s.io") || strings.HasSuffix(c.Group, ".kubernetes.io") {
		// Without this the API server refuses the group. It takes any address.
		b.WriteString("    api-approved.kubernetes.io: https://example.com/a-stand-in-for-tests\n")
	}
	b.WriteString(annotations)
	fmt.Fprintf(&b, "spec:\n  group: %s\n  scope: %s\n  names:\n    kind: %s\n    listKind: %sList\n    plural: %s\n    singular: %s\n",
		c.Group, c.Scope, c.Kind, c.Kind, c.Plural, strings.ToLower(c.Kind))
	writeWords(&b, "shortNames", c.ShortNames)
	writeWords(&b, "categories", c.Categories)
	b.WriteString("  versions:\n")
	versions := strings.Fields(c.Versions)
	for _, version := range versions {
		writeVersion(&b, c, version, int(float64(c.KB<<10)*scale)/len(versions))
	}
	return b.String()
}

func writeWords(b *strings.Builder, key, words string) {
	if words != "" {
		fmt.Fprintf(b, "    %s: [%s]\n", key, strings.Join(strings.Fields(words), ", "))
	}
}

// writeVersion writes one version; see CRD.Versions.
func writeVersion(b *strings.Builder, c CRD, version string, size int) {
	name, subresources, _ := strings.Cut(version, "/")
	fmt.Fprintf(b, "  - name: %s\n    served: %t\n    storage: %t\n",
		strings.TrimRight(name, "*-"), !strings.Contains(name, "-"), strings.Contains(name, "*"))
	if subresources != "" {
		b.WriteString("    subresources:\n")
	}
	for subresource := range strings.SplitSeq(subresources, "/") {
		switch subresource {
		case "status":
			b.WriteString("      status: {}\n")
		case "scale":
			b.WriteString("      scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas}\n")
		}
	}
	b.WriteString("    schema:\n      openAPIV3Schema:\n        type: object\n        x-kubernetes-preserve-unknown-fields: true\n        properties:\n")
	b.WriteString("          status:\n            type: object\n            x-kubernetes-preserve-unknown-fields: true\n")
	b.WriteString("          spec:\n            type: object\n            x-kubernetes-preserve-unknown-fields: true\n")
	if c.Required != "" {
		fmt.Fprintf(b, "            required: [%s]\n", c.Required)
	}
	b.WriteString("            properties:\n")
	if c.Required != "" {
		fmt.Fprintf(b, "              %s: {type: string}\n", c.Required)
	}
	writePadding(b, c.Name()+name, size-450) // what is above is about 450 bytes as JSON
}

// writePadding writes properties of about so many bytes as JSON, and at least one. They lie two deep, as most fields of real kinds do.
func writePadding(b *strings.Builder, seed string, size int) {
	const perGroup = 20
	source := newSource(seed)
	for i := 0; i == 0 || size > 0; i++ {
		if i%perGroup == 0 {
			fmt.Fprintf(b, "              standin%03d:\n                type: object\n                properties:\n", i/perGroup)
			size -= len(`"standin000":{"properties":{},"type":"object"},`)
		}
		text := source.description()
		fmt.Fprintf(b, "                  field%d:\n                    description: \"%s\"\n                    type: string\n", i, text)
		size -= len(`"field00":{"description":"","type":"string"},`) + len(text)
	}
}

// source makes text that is the same for the same seed.
type source struct {
	state uint64
	words []string
}

func newSource(seed string) *source {
	h := fnv.New64a()
	_, _ = h.Write([]byte(seed))
	return &source{state: h.Sum64(), words: strings.Fields(strings.Join(sentences[:], " "))}
}

// next is a number below n, from a linear congruential generator.
func (s *source) next(n int) int {
	s.state = s.state*6364136223846793005 + 1442695040888963407
	return int((s.state >> 33) % uint64(n))
}

// description is a whole sentence one time in five, and words by chance otherwise: they pack about as well as real descriptions, so that a
// release of a chart at full size takes about as much of its Secret as the real one does.
func (s *source) description() string {
	if s.next(5) == 0 {
		return sentences[s.next(len(sentences))]
	}
	const words = 26
	var b strings.Builder
	for range words {
		b.WriteString(s.words[s.next(len(s.words))] + " ")
	}
	return strings.TrimRight(b.String(), " ")
}

// crdRow is a line of a table of CRDs of one group.
type crdRow struct {
	kind, plural, scope, versions string
	kb                            int
	shortNames                    string
}

// The scopes, short, for the tables.
const (
	ns = "Namespaced"
	cl = "Cluster"
)

// inGroup makes the CRDs of a group, which have the same categories.
func inGroup(group, categories string, rows ...crdRow) []CRD {
	out := make([]CRD, 0, len(rows))
	for _, r := range rows {
		out = append(out, CRD{
			Group: group, Kind: r.kind, Plural: r.plural, Scope: r.scope, Versions: r.versions, KB: r.kb,
			ShortNames: r.shortNames, Categories: categories,
		})
	}
	return out
}
