// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// podKinds are the kinds of Kubernetes itself that make pods: each of their
// containers must have an image.
var podKinds = []string{
	"Pod", "PodTemplate", "Deployment.apps", "DaemonSet.apps", "StatefulSet.apps", "ReplicaSet.apps", "ReplicationController",
	"Job.batch", "CronJob.batch",
}

var containerLists = []string{"containers", "initContainers"}

// imagesOf lists the images of the objects, sorted, and the containers without one.
// In a custom resource it finds pod templates and spec.image; a container without an
// image there is a patch of the one that its controller makes.
func imagesOf(objects []*unstructured.Unstructured) (images, problems []string) {
	found := map[string]bool{}
	for _, object := range objects {
		makesPods := slices.Contains(podKinds, object.GroupVersionKind().GroupKind().String())
		containers := 0
		walk(object.Object, func(container map[string]any) {
			containers++
			image, _ := container["image"].(string)
			switch {
			case strings.TrimSpace(image) != "":
				found[image] = true
			case makesPods:
				problems = append(problems, fmt.Sprintf("%s: container %v has no image", name(object), container["name"]))
			}
		})
		if makesPods && containers == 0 {
			problems = append(problems, name(object)+" has no containers")
		}
		if image, _, err := unstructured.NestedString(object.Object, "spec", "image"); err == nil && image != "" {
			found[image] = true
		}
	}
	return slices.Sorted(maps.Keys(found)), problems
}

// walk visits every container below a node.
func walk(node any, visit func(map[string]any)) {
	switch n := node.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(n)) {
			list, isList := n[key].([]any)
			if !isList || !slices.Contains(containerLists, key) {
				walk(n[key], visit)
				continue
			}
			for _, entry := range list {
				if container, ok := entry.(map[string]any); ok {
					visit(container)
				}
			}
		}
	case []any:
		for _, entry := range n {
			walk(entry, visit)
		}
	}
}
