// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package charts

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// selectorLabels tell the pods of one workload from all others.
func selectorLabels(indent, ref string) string {
	return indent + "app.kubernetes.io/instance: {{ $.Release.Name }}\n" + indent + "app.kubernetes.io/component: " + component(ref) + "\n"
}

func (b *builder) addWorkloads() {
	for _, w := range b.shape.Workloads {
		b.add(w.Kind, w.Name, w.If, b.head("apps/v1", w.Kind, w.Name, true, "")+b.workloadSpec(w))
	}
}

func (b *builder) workloadSpec(w Workload) string {
	var out strings.Builder
	out.WriteString("spec:\n")
	if w.Kind != "DaemonSet" {
		replicas := value(w.Replicas)
		fmt.Fprintf(&out, "  replicas: {{ if kindIs \"invalid\" %s }}1{{ else }}{{ %s }}{{ end }}\n", replicas, replicas)
	}
	if w.Kind == "StatefulSet" {
		fmt.Fprintf(&out, "  serviceName: %s\n", quoted(objectName(w.Name)))
	}
	out.WriteString("  selector:\n    matchLabels:\n" + selectorLabels("      ", w.Name))
	out.WriteString("  template:\n    metadata:\n      labels:\n" + selectorLabels("        ", w.Name))
	if w.PodAnnotations != "" {
		out.WriteString("      annotations:\n" + indent(8, w.PodAnnotations))
	}
	out.WriteString("    spec:\n")
	if b.hasServiceAccount(w.Name) {
		fmt.Fprintf(&out, "      serviceAccountName: %s\n", quoted(objectName(w.Name)))
	}
	out.WriteString(namedContainer("      ", w.Container, cmp.Or(w.Image, "image"), objectName(w.Env)))
	if w.Claim != "" {
		out.WriteString(when(w.Claim, "  volumeClaimTemplates:\n  - metadata: {name: storage}\n    spec:\n"+
			"      accessModes: [ReadWriteOnce]\n      resources: {requests: {storage: 1Gi}}\n"))
	}
	return out.String()
}

func (b *builder) hasServiceAccount(name string) bool {
	return slices.ContainsFunc(b.shape.Plain, func(p Plain) bool {
		return p.Kind == "ServiceAccount" && slices.Contains(strings.Fields(p.Names), name)
	})
}

// container is the list of containers of a pod; image is the path of the value with repository and tag.
func container(in, image string) string { return namedContainer(in, "", image, "") }

func namedContainer(in, name, image, env string) string {
	out := in + "containers:\n" + in + "- name: " + cmp.Or(name, "standin") + "\n"
	if key, content, found := strings.Cut(env, ": "); found {
		out += in + "  env: [{name: " + key + ", value: " + content + "}]\n"
	}
	return out + in +
		fmt.Sprintf("  image: '{{ %s }}:{{ %s }}'\n", value(image+".repository"), value(image+".tag"))
}

func (b *builder) addServices() {
	for _, s := range b.shape.Services {
		var out strings.Builder
		out.WriteString(b.head("v1", "Service", s.Name, true, "") + "spec:\n")
		if s.Type != "" {
			out.WriteString("  type: {{ " + value(s.Type) + " }}\n")
		}
		if s.Headless {
			out.WriteString("  clusterIP: None\n")
		}
		out.WriteString("  ports:\n")
		for port := range strings.FieldsSeq(s.Ports) {
			name, number, _ := strings.Cut(port, ":")
			fmt.Fprintf(&out, "  - {name: %s, port: %s, protocol: TCP}\n", name, number)
		}
		out.WriteString("  selector:\n" + selectorLabels("    ", cmp.Or(s.Selects, s.Name)))
		b.add("Service", s.Name, s.If, out.String())
	}
}

func (b *builder) addResources() {
	for _, m := range b.shape.Monitors {
		text := b.head("monitoring.coreos.com/v1", "ServiceMonitor", m.Name, true, "") + "spec:\n" +
			"  endpoints:\n  - {port: metrics, interval: 30s}\n  selector:\n    matchLabels:\n" + selectorLabels("      ", m.Name)
		if m.Gated {
			text = whenExpression(gate(m.Forced), text)
		}
		b.add("ServiceMonitor", m.Name, m.If, text)
	}
	for _, r := range b.shape.Resources {
		b.add(r.Kind, r.Name, r.If, b.head(r.APIVersion, r.Kind, r.Name, true, "")+"spec:\n"+indent(2, r.Spec))
	}
}

// gate asks for the API that ServiceMonitors belong to.
func gate(forced string) string {
	const has = `$.Capabilities.APIVersions.Has "monitoring.coreos.com/v1"`
	if forced == "" {
		return has
	}
	return "or (" + expression(forced) + ") (" + has + ")"
}

// addHooks writes one object per kind of every hook.
func (b *builder) addHooks() {
	for _, h := range b.shape.Hooks {
		annotations := fmt.Sprintf("    helm.sh/hook: %s\n", h.Events)
		if h.Delete != "" {
			annotations += fmt.Sprintf("    helm.sh/hook-delete-policy: %s\n", h.Delete)
		}
		if h.Weight != 0 {
			annotations += fmt.Sprintf("    helm.sh/hook-weight: '%d'\n", h.Weight)
		}
		for kind := range strings.FieldsSeq(h.Kinds) {
			b.add(kind, h.Name, h.If, b.hook(kind, h.Name, annotations))
		}
	}
}

func (b *builder) hook(kind, name, annotations string) string {
	image := "image"
	if len(b.shape.Workloads) > 0 {
		image = cmp.Or(b.shape.Workloads[0].Image, image)
	}
	switch kind {
	case "Job":
		return b.head("batch/v1", kind, name, true, annotations) + "spec:\n  backoffLimit: 3\n  template:\n    metadata:\n      labels:\n" +
			selectorLabels("        ", name) + "    spec:\n      restartPolicy: Never\n" + container("      ", image)
	case "Pod":
		return b.head("v1", kind, name, true, annotations) + "spec:\n  restartPolicy: Never\n" + container("  ", image)
	default:
		return b.plain(kind, name, annotations)
	}
}

// indent moves every line of a text, which then ends with a line feed.
func indent(columns int, text string) string {
	prefix := strings.Repeat(" ", columns)
	return prefix + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n"+prefix) + "\n"
}
