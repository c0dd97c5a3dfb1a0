// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package pods

import (
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// pod is what is kept of a Pod.
type pod struct {
	metav1.ObjectMeta
	// workloads it belongs to: its controller, and the Deployment above a ReplicaSet.
	workloads []Workload
	trouble   trouble
}

// trim is the transform of all watches. Trimming twice changes nothing.
func trim(obj any) (any, error) {
	if p, ok := obj.(*corev1.Pod); ok {
		return reduce(p), nil
	}
	return obj, nil
}

func reduce(p *corev1.Pod) *pod {
	return &pod{
		// What an informer needs to find a pod and to see that it changed.
		ObjectMeta: metav1.ObjectMeta{Namespace: p.Namespace, Name: p.Name, ResourceVersion: p.ResourceVersion},
		workloads:  workloadsOf(p), trouble: judge(p),
	}
}

// workloadsOf names the controller of a pod and the Deployment above it. The
// Deployment's name is read off the ReplicaSet's, so that no ReplicaSet is watched.
func workloadsOf(p *corev1.Pod) []Workload {
	owner := metav1.GetControllerOfNoCopy(p)
	if owner == nil {
		return nil
	}
	out := []Workload{{Kind: owner.Kind, Namespace: p.Namespace, Name: owner.Name}}
	hash := p.Labels[appsv1.DefaultDeploymentUniqueLabelKey]
	if name, ok := strings.CutSuffix(owner.Name, "-"+hash); ok && owner.Kind == kindReplicaSet && hash != "" {
		out = append(out, Workload{Kind: kindDeployment, Namespace: p.Namespace, Name: name})
	}
	return out
}

// controlledBy says whether the controller of a pod is of a kind.
func controlledBy(p *corev1.Pod, kind string) bool {
	owner := metav1.GetControllerOfNoCopy(p)
	return owner != nil && owner.Kind == kind
}
