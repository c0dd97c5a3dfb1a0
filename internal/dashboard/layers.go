// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package dashboard

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/resolve"
	"github.com/groundwork-dev/groundwork/internal/values"
)

// Lookup returns the content of a key of a referenced object from memory, whether it
// is there, and whether this process has looked at it at all. Namespace and key are
// filled in.
type Lookup func(ref v1alpha1.ValuesReference) (content []byte, found, known bool)

// layer is one source of values.
type layer struct {
	kind, source string
	values       values.Values
}

// layers are the sources of a component's values, the last one on top.
type layers struct {
	list []layer
	// notes say what could not be read.
	notes []string
}

// layersOf are those of the approved release, or of the component as it is written
// when there is none.
func layersOf(release *v1alpha1.ComponentRelease, resolved resolve.Component, lookup Lookup) layers {
	var out layers
	if release == nil {
		out.add(SourceCatalog, catalogSource(resolved.CatalogVersion), resolved.Defaults)
		for _, wired := range resolved.Wiring {
			out.add(SourceWiring, "wiring "+wired.Rule, wired.Values)
		}
		out.addReferences(resolved.ValuesFrom, lookup)
		out.add(SourceUser, "values", resolved.Values)
		return out
	}
	spec := release.Spec
	out.addField(SourceCatalog, catalogSource(spec.CatalogVersion), spec.Defaults)
	for i := range spec.Wiring {
		out.addField(SourceWiring, "wiring "+spec.Wiring[i].Rule, &spec.Wiring[i].Values)
	}
	out.addReferences(spec.ValuesFrom, lookup)
	out.addField(SourceUser, "values", spec.Values)
	return out
}

func catalogSource(version string) string { return strings.TrimSpace("catalog " + version) }

func (l *layers) add(kind, source string, v values.Values) {
	if len(v) > 0 {
		l.list = append(l.list, layer{kind, source, v})
	}
}

func (l *layers) addField(kind, source string, field *apiextensionsv1.JSON) {
	v, err := values.FromJSON(field)
	if err != nil {
		l.notes = append(l.notes, source+" cannot be read")
		return
	}
	l.add(kind, source, v)
}

func (l *layers) addReferences(refs []v1alpha1.ValuesReference, lookup Lookup) {
	for _, ref := range refs {
		ref = values.Normalize(ref)
		kind := SourceConfigMap
		if ref.Kind == "Secret" {
			kind = SourceSecret
		}
		source := fmt.Sprintf("%s %s/%s %s", ref.Kind, ref.Namespace, ref.Name, ref.Key)
		v, note := l.reference(ref, lookup)
		if note != "" {
			l.notes = append(l.notes, source+" "+note)
		}
		l.add(kind, source, v)
	}
}

// reference is the layer of one reference, or a note why there is none. Nothing of
// the content is in the note.
func (l *layers) reference(ref v1alpha1.ValuesReference, lookup Lookup) (out values.Values, note string) {
	var content []byte
	var found, known bool
	if lookup != nil {
		content, found, known = lookup(ref)
	}
	switch {
	case !known && ref.TargetPath != "":
		content = []byte(mask) // that there is something is known, and where
	case !known:
		return nil, "is not in the memory of this replica, which does not lead: what it gives is not shown"
	case !found && ref.Optional:
		return nil, "is not there; it is optional"
	case !found:
		return nil, "is not there"
	}
	if ref.TargetPath == "" {
		v, err := values.Parse(content)
		if err != nil {
			return nil, "is not a YAML object"
		}
		return v, ""
	}
	below, err := values.SetPath(l.merged(), ref.TargetPath, string(content))
	if err != nil {
		return nil, "does not fit: targetPath " + ref.TargetPath
	}
	// A list is replaced as a whole: the layer holds all of it.
	list, _, _ := strings.Cut(ref.TargetPath, "[")
	out, err = values.SetPath(values.Values{}, list, at(below, list))
	if err != nil {
		return nil, "does not fit: targetPath " + ref.TargetPath
	}
	return out, ""
}

func (l *layers) merged() values.Values {
	all := make([]values.Values, 0, len(l.list))
	for _, one := range l.list {
		all = append(all, one.values)
	}
	return values.Merge(all...)
}

// teach tells a scrubber the secrets among the values.
func (l layers) teach(s *scrubber) {
	for _, one := range l.list {
		if one.kind == SourceSecret {
			s.learn(one.values, shortestSecret)
			continue
		}
		s.learnGuessed(one.values)
	}
}

// effective are the merged values, one leaf each, with their sources, sorted by
// path. What came from a Secret or sits under a telling key is masked.
func (l layers) effective(s *scrubber) []Value {
	sources := make([]values.Layer, 0, len(l.list))
	for i, one := range l.list {
		sources = append(sources, values.Layer{Source: fmt.Sprint(i), Values: one.values})
	}
	merged := l.merged()
	provenance := values.Provenance(sources...)
	var out []Value
	for _, path := range slices.Sorted(maps.Keys(provenance)) {
		var index int
		if _, err := fmt.Sscan(provenance[path], &index); err != nil {
			continue // it is one of the numbers written above
		}
		from := l.list[index]
		hide := from.kind == SourceSecret || slices.ContainsFunc(split(path), sensitive)
		shown, masked := s.value(at(merged, path), hide)
		if list, isList := shown.([]any); isList && hide && len(list) > 0 {
			shown, masked = mask, true
		}
		if from.kind == SourceSecret {
			shown, masked = mask, true // a boolean, too: the person put it into a Secret
		}
		out = append(out, Value{Path: path, Value: compact(shown), Source: from.source, Kind: from.kind, Masked: masked})
	}
	return out
}

// compact is a value as JSON, without the escapes that are for HTML.
func compact(v any) string {
	if v == mask {
		return mask
	}
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return mask // it came from JSON; if ever not, nothing is shown
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// at returns what stands at a path as values.Provenance writes them: a dot in a key
// is written \. there.
func at(v values.Values, path string) any {
	var node any = v
	for _, key := range split(path) {
		object, ok := node.(map[string]any)
		if !ok {
			return nil
		}
		node = object[key]
	}
	return node
}

// split returns the keys of a path.
func split(path string) []string {
	const dot = "\x00"
	keys := strings.Split(strings.ReplaceAll(path, `\.`, dot), ".")
	for i := range keys {
		keys[i] = strings.ReplaceAll(keys[i], dot, ".")
	}
	return keys
}
