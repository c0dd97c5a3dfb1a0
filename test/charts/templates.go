// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package charts

import (
	"cmp"
	"fmt"
	"strings"
)

// helpers are the named templates of every stand-in; BASE is replaced.
const helpers = `{{- define "standin.full" -}}
{{- if contains "BASE" .Release.Name -}}
{{- .Release.Name -}}
{{- else -}}
{{- printf "%s-BASE" .Release.Name -}}
{{- end -}}
{{- end }}
{{- define "standin.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}
`

func baseHelpers(base string) string { return strings.ReplaceAll(helpers, "BASE", base) }

// objectName is a name (see Shape) in the template language, without its namespace.
func objectName(ref string) string {
	if _, name, found := strings.Cut(ref, "/"); found {
		ref = name
	}
	return strings.ReplaceAll(ref, "@", `{{ include "standin.full" $ }}`)
}

// component is the part of a name that tells it from others of the chart, as a label and as part of a file name.
func component(ref string) string {
	if _, name, found := strings.Cut(ref, "/"); found {
		ref = name
	}
	name := strings.Trim(strings.NewReplacer("@", "", ":", "-").Replace(ref), "-")
	return cmp.Or(name, "main")
}

// head writes an object down to its labels. Annotations are template text, indented by four.
func (b *builder) head(apiVersion, kind, ref string, namespaced bool, annotations string) string {
	var out strings.Builder
	fmt.Fprintf(&out, "apiVersion: %s\nkind: %s\nmetadata:\n  name: %s\n", apiVersion, kind, quoted(objectName(ref)))
	namespace, _, elsewhere := strings.Cut(ref, "/")
	switch {
	case elsewhere:
		fmt.Fprintf(&out, "  namespace: %s\n", namespace)
	case namespaced && !b.shape.OmitNamespace:
		out.WriteString("  namespace: {{ $.Release.Namespace }}\n")
	}
	if annotations != "" {
		out.WriteString("  annotations:\n" + annotations)
	}
	out.WriteString("  labels:\n    {{- include \"standin.labels\" $ | nindent 4 }}\n")
	fmt.Fprintf(&out, "    app.kubernetes.io/component: %s\n", component(ref))
	return out.String()
}

func quoted(text string) string { return `'` + text + `'` }

// body is what follows the metadata of an object that only has to be there.
type body struct {
	apiVersion string
	namespaced bool
	text       string
}

// rule grants a little, so that creating roles is checked as with real ones: nobody may grant what they may not do themselves.
const rule = "rules:\n- apiGroups: ['']\n  resources: [configmaps]\n  verbs: [get, list, watch]\n"

// bodies returns the content of plain kinds. PREFIX, ROLE, NAME and COMPONENT are replaced.
func bodies() map[string]body {
	const rbac = "rbac.authorization.k8s.io/v1"
	// Names of roles may hold colons, those of service accounts may not: NAME is without.
	subject := "subjects:\n- kind: ServiceAccount\n  name: NAME\n  namespace: {{ $.Release.Namespace }}\n"
	roleRef := func(kind string) string {
		return "roleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: PREFIX" + kind + "\n  name: ROLE\n" + subject
	}
	return map[string]body{
		"ServiceAccount":     {"v1", true, "automountServiceAccountToken: false\n"},
		"Secret":             {"v1", true, "type: Opaque\n"},
		"ConfigMap":          {"v1", true, "data:\n  standin: 'true'\n"},
		"Role":               {rbac, true, rule},
		"ClusterRole":        {rbac, false, rule},
		"RoleBinding":        {rbac, true, roleRef("Role")},
		"ClusterRoleBinding": {rbac, false, roleRef("ClusterRole")},
		// Two that are no kinds of their own: one whose rules the control plane fills in, and one that grants everything.
		"AggregatedClusterRole": {rbac, false, "aggregationRule:\n  clusterRoleSelectors:\n  - matchLabels: {app.kubernetes.io/component: NAME-core}\n"},
		"AdminClusterRole":      {rbac, false, "rules:\n- apiGroups: ['*']\n  resources: ['*']\n  verbs: ['*']\n"},
		"NetworkPolicy": {"networking.k8s.io/v1", true,
			"spec:\n  policyTypes: [Ingress]\n  ingress: [{}]\n  podSelector:\n    matchLabels: {app.kubernetes.io/component: COMPONENT}\n"},
		"PodDisruptionBudget": {"policy/v1", true,
			"spec:\n  minAvailable: 1\n  selector:\n    matchLabels: {app.kubernetes.io/component: COMPONENT}\n"},
		"ResourceQuota": {"v1", true, "spec:\n  hard: {pods: '100'}\n"},
		"IngressClass":  {"networking.k8s.io/v1", false, "spec:\n  controller: k8s.io/ingress-nginx\n"},
	}
}

func (b *builder) addPlain() {
	for _, plain := range b.shape.Plain {
		for name := range strings.FieldsSeq(plain.Names) {
			ref, _, _ := strings.Cut(name, "=")
			b.add(plain.Kind, ref, plain.If, b.plain(plain.Kind, name, ""))
		}
	}
	for _, c := range b.shape.ConfigMaps {
		annotations := ""
		if c.Keep {
			annotations = "    helm.sh/resource-policy: keep\n"
		}
		text := b.head("v1", "ConfigMap", c.Name, true, annotations)
		if c.Label != "" {
			text += "    " + c.Label + "\n"
		}
		b.add("ConfigMap", c.Name, c.If, text+"data:\n  standin.json: |-\n"+filler(c.Name, int(float64(c.KB<<10)*b.scale)))
	}
}

// plain writes an object of one of the kinds in bodies.
func (b *builder) plain(kind, name, annotations string) string {
	name, role, found := strings.Cut(name, "=")
	if !found {
		role = name
	}
	role, clusterWide := strings.CutPrefix(role, "cluster:")
	prefix := ""
	if clusterWide {
		prefix = "Cluster"
	}
	content := bodies()[kind]
	realKind := kind
	if strings.HasSuffix(kind, "ClusterRole") {
		realKind = "ClusterRole"
	}
	replacer := strings.NewReplacer("PREFIX", prefix, "ROLE", quoted(objectName(role)), "NAME-core", component(name)+"-core",
		"NAME", quoted(objectName(strings.ReplaceAll(name, ":", "-"))), "COMPONENT", component(name))
	return b.head(content.apiVersion, realKind, name, content.namespaced, annotations) + replacer.Replace(content.text)
}

// filler is about so many bytes of text, indented by four.
func filler(seed string, size int) string {
	var b strings.Builder
	source := newSource(seed)
	for i := 0; i == 0 || b.Len() < size; i++ {
		fmt.Fprintf(&b, "    \"line%d\": \"%s\"\n", i, source.description())
	}
	return b.String()
}
