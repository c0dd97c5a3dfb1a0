// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/groundwork-dev/groundwork/hack/simcluster/players"
)

// createObjects creates what a fresh cluster of a provider comes with: Nodes
// and a default StorageClass.
func createObjects(ctx context.Context, client kubernetes.Interface, nodes int) error {
	server, err := client.Discovery().ServerVersion()
	if err != nil {
		return fmt.Errorf("ask for the server's version: %w", err)
	}
	for i := range nodes {
		_, err := client.CoreV1().Nodes().Create(ctx, newNode(i, server.GitVersion), metav1.CreateOptions{})
		if err != nil && !apierrors.IsAlreadyExists(err) {
			return fmt.Errorf("create Node %d: %w", i, err)
		}
	}
	_, err = client.StorageV1().StorageClasses().Create(ctx, newStorageClass(), metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("create the StorageClass: %w", err)
	}
	return nil
}

// newNode returns a Node large enough for any platform, in one of three zones,
// whose kubelet claims to be of version. What is not set here, kwok sets.
func newNode(i int, version string) *corev1.Node {
	name := fmt.Sprintf("sim-node-%d", i+1)
	size := corev1.ResourceList{
		corev1.ResourceCPU:              resource.MustParse("64"),
		corev1.ResourceMemory:           resource.MustParse("256Gi"),
		corev1.ResourceEphemeralStorage: resource.MustParse("1Ti"),
		corev1.ResourcePods:             resource.MustParse("500"),
	}
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name: name,
			Labels: map[string]string{
				corev1.LabelHostname:           name,
				corev1.LabelOSStable:           "linux",
				corev1.LabelArchStable:         "amd64",
				corev1.LabelTopologyRegion:     "sim",
				corev1.LabelTopologyZone:       fmt.Sprintf("sim-%c", 'a'+rune(i%3)),
				corev1.LabelInstanceTypeStable: "simulated",
			},
		},
		Status: corev1.NodeStatus{
			Capacity:    size,
			Allocatable: size,
			Addresses: []corev1.NodeAddress{
				{Type: corev1.NodeInternalIP, Address: fmt.Sprintf("10.0.%d.%d", (i+1)/256, (i+1)%256)},
				{Type: corev1.NodeHostName, Address: name},
			},
			NodeInfo: corev1.NodeSystemInfo{KubeletVersion: version},
		},
	}
}

// newStorageClass returns the default class; the volume player serves it.
func newStorageClass() *storagev1.StorageClass {
	reclaim, binding := corev1.PersistentVolumeReclaimDelete, storagev1.VolumeBindingImmediate
	return &storagev1.StorageClass{
		ObjectMeta: metav1.ObjectMeta{
			Name:        "standard",
			Annotations: map[string]string{"storageclass.kubernetes.io/is-default-class": "true"},
		},
		Provisioner:       players.Provisioner,
		ReclaimPolicy:     &reclaim,
		VolumeBindingMode: &binding,
	}
}

// usable returns why the cluster cannot take Pods yet, or nil.
func usable(ctx context.Context, client kubernetes.Interface, nodes int) error {
	list, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	ready := 0
	for i := range list.Items {
		if schedulable(&list.Items[i]) {
			ready++
		}
	}
	if ready < nodes {
		return fmt.Errorf("%d of %d Nodes are Ready", ready, nodes)
	}
	// Written by the controller manager: Pods of the namespace need it.
	_, err = client.CoreV1().ServiceAccounts(metav1.NamespaceDefault).Get(ctx, "default", metav1.GetOptions{})
	return err
}

// schedulable reports whether node is Ready and free of the taint that it is
// created with.
func schedulable(node *corev1.Node) bool {
	if len(node.Spec.Taints) > 0 {
		return false
	}
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}
