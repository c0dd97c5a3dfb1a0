// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package charts

import (
	"fmt"

	helmchart "helm.sh/helm/v3/pkg/chart"
)

// ChartOption adds to a chart made by ConfigMapChart.
type ChartOption func(files map[string]string, b *builder)

// ConfigMapChart makes a chart whose release is one ConfigMap, so that it installs where no kubelet runs. The ConfigMap is called after the
// release; its data are the values under "data" (default: {"color": "blue"}) and "version", the chart's own. The values under "labels" and
// "annotations" become the ConfigMap's.
func ConfigMapChart(name, version string, opts ...ChartOption) (*helmchart.Chart, error) {
	files := map[string]string{
		"Chart.yaml":  fmt.Sprintf("apiVersion: v2\nname: %s\nversion: %s\nappVersion: %q\n", name, version, version),
		"values.yaml": imageValues + "data: {color: blue}\nlabels: {}\nannotations: {}\n",
		"templates/configmap.yaml": `apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
  namespace: {{ .Release.Namespace }}
  labels:
    {{- include "standin.labels" . | nindent 4 }}
    {{- with .Values.labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .Values.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
data:
  version: {{ .Chart.Version | quote }}
  {{- range $key, $value := .Values.data }}
  {{ $key }}: {{ $value | quote }}
  {{- end }}
`,
	}
	b := &builder{shape: Shape{Name: name, Base: name}, scale: 1, files: files}
	files["templates/_helpers.tpl"] = baseHelpers(name)
	for _, opt := range opts {
		opt(files, b)
	}
	return load(name, files)
}

// FailingTemplate makes the chart fail to render with this message, whatever its values.
func FailingTemplate(message string) ChartOption {
	return WithFile("templates/failing.yaml", fmt.Sprintf("{{- fail %q }}\n", message))
}

// WithSchema adds a values.schema.json.
func WithSchema(schema string) ChartOption { return WithFile("values.schema.json", schema) }

// WithTemplate adds a template, or replaces one, by file name.
func WithTemplate(name, text string) ChartOption { return WithFile("templates/"+name, text) }

// WithFile adds a file, or replaces one, by its path in the chart.
func WithFile(path, text string) ChartOption {
	return func(files map[string]string, _ *builder) { files[path] = text }
}

// WithValues replaces the chart's default values (YAML).
func WithValues(yaml string) ChartOption { return WithFile("values.yaml", yaml) }

// WithKubeVersion makes the chart refuse clusters outside of a range of Kubernetes versions.
func WithKubeVersion(constraint string) ChartOption {
	return func(files map[string]string, _ *builder) {
		files["Chart.yaml"] += fmt.Sprintf("kubeVersion: %q\n", constraint)
	}
}

// WithCRD adds a CRD in a place.
func WithCRD(in Place, c CRD) ChartOption {
	return func(files map[string]string, b *builder) {
		files[fmt.Sprintf("%s/crd-%s-%s.yaml", in, c.Group, c.Plural)] = crdText(c, b.scale, "")
	}
}

// WithResource adds a custom resource, or another object that has a spec.
func WithResource(r Resource) ChartOption {
	return func(_ map[string]string, b *builder) {
		b.shape.Resources = []Resource{r}
		b.addResources()
	}
}

// WithHook adds a hook. One of the kind ConfigMap is done at once, also where no kubelet runs; a Job is not.
func WithHook(h Hook) ChartOption {
	return func(_ map[string]string, b *builder) {
		b.shape.Hooks = []Hook{h}
		b.addHooks()
	}
}

// WithWorkload adds a workload whose number of pods is the value "replicas" (default: 1) unless it names another one.
func WithWorkload(w Workload) ChartOption {
	return func(files map[string]string, b *builder) {
		if w.Replicas == "" {
			w.Replicas = "replicas"
			files["values.yaml"] += "replicas: 1\n"
		}
		b.shape.Workloads = []Workload{w}
		b.addWorkloads()
	}
}

// NotAChart is an archive that can be unpacked and is no chart: it has no Chart.yaml.
func NotAChart() ([]byte, error) {
	return Archive(&helmchart.Chart{
		Metadata: &helmchart.Metadata{Name: "not-a-chart"},
		Raw:      []*helmchart.File{{Name: "README.md", Data: []byte("Nothing to install here.\n")}},
	})
}

// SaveVersions writes several versions of one ConfigMapChart to a folder, to choose from by a range.
func SaveVersions(dir, name string, versions []string, opts ...ChartOption) error {
	for _, version := range versions {
		c, err := ConfigMapChart(name, version, opts...)
		if err != nil {
			return err
		}
		if err := Save(dir, c); err != nil {
			return err
		}
	}
	return nil
}
