// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package planning

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/groundwork-dev/groundwork/internal/helm"
)

// disruptions say what people may notice of changed objects, in their order.
func disruptions(before, after map[string]object, changes []ObjectChange) []Disruption {
	var out []Disruption
	for _, change := range changes {
		if change.Hook != "" {
			continue // it is made anew each time
		}
		o, exists := after[change.key]
		if !exists {
			o = before[change.key]
		}
		out = append(out, disruption(o, before[change.key], after[change.key], change)...)
	}
	return out
}

func disruption(o, before, after object, change ObjectChange) []Disruption {
	var out []Disruption
	if strings.HasSuffix(o.gk.Kind, "WebhookConfiguration") && o.gk.Group == "admissionregistration.k8s.io" {
		out = append(out, Disruption{DisruptionWebhook, webhookSentence(o, after, change)})
	}
	if change.Action == ActionDelete && helm.IsData(o.gk) {
		out = append(out, Disruption{DisruptionData, fmt.Sprintf("%s holds data and leaves the release", change)})
	}
	if change.Action != ActionChange {
		return out
	}
	if fields := immutable(o.gk, before, change.Fields); len(fields) > 0 {
		out = append(out, Disruption{DisruptionImmutable, fmt.Sprintf(
			"%s: %s cannot be changed in place: the API server will refuse the upgrade until the object is deleted", change, strings.Join(fields, ", "))})
	}
	if restarts(o.gk, change.Fields) {
		out = append(out, Disruption{DisruptionRestart, fmt.Sprintf("%s: its pods are replaced", change)})
	}
	return out
}

// webhookSentence says what a webhook configuration guards, and whether it is closed.
func webhookSentence(o, after object, change ObjectChange) string {
	verb := map[Action]string{ActionCreate: "is new", ActionChange: "changes", ActionDelete: "goes"}[change.Action]
	content := after.content
	if content == nil {
		content = o.content
	}
	hooks, _ := content["webhooks"].([]any)
	closed := 0
	for _, one := range hooks {
		hook, _ := one.(map[string]any)
		if policy, _ := hook["failurePolicy"].(string); policy != "Ignore" {
			closed++
		}
	}
	return fmt.Sprintf("%s %s: %d of its %d webhooks are fail-closed, so what they guard cannot be written while they do not answer",
		change, verb, closed, len(hooks))
}

// restarts says that the pods of a workload are replaced.
func restarts(gk schema.GroupKind, fields []FieldChange) bool {
	if gk.Group != "apps" || !slices.Contains([]string{"Deployment", "StatefulSet", "DaemonSet"}, gk.Kind) {
		return false
	}
	return slices.ContainsFunc(fields, func(f FieldChange) bool { return begins(f.Path, "spec.template") })
}

// immutable lists the changed fields that the API server lets nobody change.
func immutable(gk schema.GroupKind, before object, fields []FieldChange) []string {
	var fixed, free []string
	switch gk {
	case schema.GroupKind{Group: "apps", Kind: "Deployment"}, schema.GroupKind{Group: "apps", Kind: "DaemonSet"}:
		fixed = []string{"spec.selector"}
	case schema.GroupKind{Group: "apps", Kind: "StatefulSet"}:
		fixed = []string{"spec"}
		free = []string{"spec.replicas", "spec.template", "spec.updateStrategy", "spec.minReadySeconds", "spec.ordinals",
			"spec.persistentVolumeClaimRetentionPolicy", "spec.revisionHistoryLimit"}
	case schema.GroupKind{Group: "batch", Kind: "Job"}:
		fixed = []string{"spec.template", "spec.selector", "spec.completionMode"}
	case schema.GroupKind{Kind: "PersistentVolumeClaim"}:
		fixed, free = []string{"spec"}, []string{"spec.resources", "spec.volumeAttributesClassName"}
	case schema.GroupKind{Kind: "Service"}:
		fixed = []string{"spec.clusterIP", "spec.clusterIPs"}
	case schema.GroupKind{Group: "storage.k8s.io", Kind: "StorageClass"}:
		fixed = []string{"provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"}
	case schema.GroupKind{Group: "rbac.authorization.k8s.io", Kind: "RoleBinding"}, schema.GroupKind{Group: "rbac.authorization.k8s.io", Kind: "ClusterRoleBinding"}:
		fixed = []string{"roleRef"}
	case schema.GroupKind{Kind: "Secret"}:
		fixed = []string{"type"}
	}
	if frozen, _ := before.content["immutable"].(bool); frozen && gk.Group == "" {
		fixed = append(fixed, "data", "binaryData", "stringData")
	}
	var out []string
	for _, f := range fields {
		under := func(path string) bool { return begins(f.Path, path) }
		if slices.ContainsFunc(fixed, under) && !slices.ContainsFunc(free, under) {
			out = append(out, f.Path)
		}
	}
	return out
}

// begins says whether a path is another one or below it.
func begins(path, parent string) bool {
	rest, is := strings.CutPrefix(path, parent)
	return is && (rest == "" || rest[0] == '.' || rest[0] == '[')
}
