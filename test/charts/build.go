// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package charts

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
)

// Build makes the stand-in of a shape. The chart is the caller's: Helm changes charts as it processes them, so build or load one anew for
// every use. The error is that of Helm's loader and means that the shape is wrong.
func Build(s Shape, opts ...Option) (*helmchart.Chart, error) {
	o := newOptions(opts)
	s.Base = cmp.Or(s.Base, s.Name)
	b := &builder{shape: s, scale: o.scale, files: map[string]string{}}
	b.files["Chart.yaml"] = chartYAML(s)
	b.files["values.yaml"] = s.Values
	if s.Schema != "" {
		b.files["values.schema.json"] = s.Schema
	}
	b.files["templates/_helpers.tpl"] = baseHelpers(s.Base) + s.Helpers
	b.files["templates/NOTES.txt"] = "A stand-in for " + s.Name + ": nothing runs in its pods.\n"
	for name, text := range s.Files {
		b.files["templates/"+name] = text
	}
	b.addCRDs()
	b.addPlain()
	b.addWorkloads()
	b.addServices()
	b.addWebhooks()
	b.addResources()
	b.addHooks()
	return load(s.Name, b.files)
}

// load makes a chart of files by their paths.
func load(name string, files map[string]string) (*helmchart.Chart, error) {
	buffered := make([]*loader.BufferedFile, 0, len(files))
	for _, path := range slices.Sorted(maps.Keys(files)) {
		buffered = append(buffered, &loader.BufferedFile{Name: path, Data: []byte(files[path])})
	}
	c, err := loader.LoadFiles(buffered)
	if err != nil {
		return nil, fmt.Errorf("stand-in chart %s: %w", name, err)
	}
	return c, nil
}

func chartYAML(s Shape) string {
	var b strings.Builder
	fmt.Fprintf(&b, "apiVersion: v2\nname: %s\nversion: %s\nappVersion: %q\ntype: application\n", s.Name, s.Version, s.AppVersion)
	fmt.Fprintf(&b, "description: A stand-in for tests with the shape of %s and none of its software.\n", s.Name)
	if s.KubeVersion != "" {
		fmt.Fprintf(&b, "kubeVersion: %q\n", s.KubeVersion)
	}
	var dependencies strings.Builder
	for _, set := range s.CRDs {
		if set.Subchart != "" {
			fmt.Fprintf(&dependencies, "- {name: %s, version: %s, condition: %s}\n", set.Subchart, set.SubchartVersion, set.If)
		}
	}
	if dependencies.Len() > 0 {
		b.WriteString("dependencies:\n" + dependencies.String())
	}
	return b.String()
}

// builder collects the files of one chart.
type builder struct {
	shape Shape
	scale float64
	files map[string]string
}

// addCRDs writes every definition into a file of its own.
func (b *builder) addCRDs() {
	for _, set := range b.shape.CRDs {
		prefix, condition := "", set.If
		if set.Subchart != "" {
			prefix, condition = "charts/"+set.Subchart+"/", "" // the subchart as a whole is on or off
			b.files[prefix+"Chart.yaml"] = fmt.Sprintf("apiVersion: v2\nname: %s\nversion: %s\n", set.Subchart, set.SubchartVersion)
			if set.Annotations != "" {
				b.files[prefix+"values.yaml"] = set.Annotations + ": {}\n"
			}
		}
		for _, c := range set.CRDs {
			annotations := ""
			if set.Keep != "" {
				annotations += "    {{- if " + expression(set.Keep) + " }}\n    helm.sh/resource-policy: keep\n    {{- end }}\n"
			}
			if set.Annotations != "" {
				annotations += "    {{- with $.Values." + set.Annotations + " }}\n    {{- toYaml . | nindent 4 }}\n    {{- end }}\n"
			}
			text := crdText(c, b.scale, annotations)
			if set.In == InTemplates {
				text = when(condition, text)
			}
			b.files[fmt.Sprintf("%s%s/crd-%s-%s.yaml", prefix, set.In, c.Group, c.Plural)] = text
		}
	}
}

// add writes a template under a name made of kind and name.
func (b *builder) add(kind, ref, condition, text string) {
	base := strings.ToLower(kind) + "-" + component(ref)
	name := "templates/" + base + ".yaml"
	for i := 2; b.files[name] != ""; i++ {
		name = fmt.Sprintf("templates/%s-%d.yaml", base, i)
	}
	b.files[name] = when(condition, text)
}

// when puts text under a condition; see Shape.
func when(condition, text string) string { return whenExpression(expression(condition), text) }

func whenExpression(expression, text string) string {
	if expression == "" {
		return text
	}
	return "{{- if " + expression + " }}\n" + text + "{{- end }}\n"
}

// expression turns a condition into one of the template language.
func expression(condition string) string {
	operator, separator := "and", " && "
	if strings.Contains(condition, " || ") {
		operator, separator = "or", " || "
	}
	paths := strings.Split(condition, separator)
	for i, path := range paths {
		paths[i] = value(path)
	}
	switch {
	case condition == "":
		return ""
	case len(paths) == 1:
		return paths[0]
	}
	return operator + " " + strings.Join(paths, " ")
}

// value is the value at a path, in the template language; "!path" is its negation.
func value(path string) string {
	if positive, negated := strings.CutPrefix(path, "!"); negated {
		return "(not $.Values." + positive + ")"
	}
	return "$.Values." + path
}
