// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package chaos

import (
	"fmt"

	"github.com/groundwork-dev/groundwork/test/charts"
)

// The charts are made of objects that are current without any controller. Base
// brings a CRD whose group is a value, so that points do not share it, and a hook
// before each action; app uses the CRD.
const (
	definition = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: widgets.{{ .Values.group }}
spec:
  group: {{ .Values.group }}
  scope: Namespaced
  names: {kind: Widget, listKind: WidgetList, plural: widgets, singular: widget}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              size: {type: string}
              {{- if .Values.wide }}
              width: {type: string}
              {{- end }}
`
	credentials = `apiVersion: v1
kind: Secret
metadata: {name: '{{ .Release.Name }}-credentials', namespace: '{{ .Release.Namespace }}'}
stringData: {password: {{ .Values.password | quote }}}
`
	access = `apiVersion: v1
kind: ServiceAccount
metadata: {name: '{{ .Release.Name }}', namespace: '{{ .Release.Namespace }}'}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: '{{ .Release.Name }}'}
rules: [{apiGroups: [''], resources: [configmaps], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: '{{ .Release.Name }}'}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: '{{ .Release.Name }}'}
subjects: [{kind: ServiceAccount, name: '{{ .Release.Name }}', namespace: '{{ .Release.Namespace }}'}]
`
	widget = `apiVersion: {{ .Values.group }}/v1
kind: Widget
metadata: {name: '{{ .Release.Name }}', namespace: '{{ .Release.Namespace }}'}
spec: {size: {{ .Chart.Version | quote }}}
`
	service = `apiVersion: v1
kind: Service
metadata: {name: '{{ .Release.Name }}', namespace: '{{ .Release.Namespace }}'}
spec:
  selector: {app: none}
  ports: [{name: http, port: %s}]
`
	settings = `apiVersion: v1
kind: ConfigMap
metadata: {name: '{{ .Release.Name }}-%[1]s', namespace: '{{ .Release.Namespace }}'}
data: {of: %[1]s}
`
)

// writeCharts fills a repository's folder: base 1.0.0, and app in three versions.
// 2.0.0 drops an object, adds one and changes the others; 3.0.0 adds one and has
// a Service that the API server refuses.
func writeCharts(dir string) error {
	base, err := charts.ConfigMapChart("base", "1.0.0",
		charts.WithFile("values.yaml", "group: unset.example.com\nwide: false\npassword: first\ndata: {color: blue}\nlabels: {}\nannotations: {}\nimage: {}\n"),
		charts.WithTemplate("crd.yaml", definition),
		charts.WithTemplate("secret.yaml", credentials),
		charts.WithTemplate("access.yaml", access),
		charts.WithHook(charts.Hook{Kinds: "ConfigMap", Name: "@-check", Events: "pre-install,pre-upgrade", Delete: "before-hook-creation,hook-succeeded"}))
	if err != nil {
		return err
	}
	if err := charts.Save(dir, base); err != nil {
		return err
	}
	versions := map[string]struct{ port, extra string }{
		"1.0.0": {"80", "old"}, "2.0.0": {"8080", "new"}, "3.0.0": {"70000", "newer"},
	}
	for version, v := range versions {
		app, err := charts.ConfigMapChart("app", version,
			charts.WithFile("values.yaml", "group: unset.example.com\ndata: {}\nlabels: {}\nannotations: {}\nimage: {}\n"),
			charts.WithTemplate("widget.yaml", widget),
			charts.WithTemplate("service.yaml", fmt.Sprintf(service, v.port)),
			charts.WithTemplate("settings.yaml", fmt.Sprintf(settings, v.extra)))
		if err != nil {
			return err
		}
		if err := charts.Save(dir, app); err != nil {
			return err
		}
	}
	return nil
}
