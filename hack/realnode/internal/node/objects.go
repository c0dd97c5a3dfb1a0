// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bytes"
	"context"
	_ "embed" // for objects.yaml
	"fmt"
	"text/template"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
)

// provisioner is the name in the StorageClass that the node serves.
const provisioner = "realnode.groundwork.dev/volumes"

//go:embed objects.yaml
var objectsYAML string

// renderObjects returns the objects of a fresh node, in the order to create
// them in. coreDNS is the image of cluster DNS.
func renderObjects(coreDNS string) ([]runtime.Object, error) {
	tmpl, err := template.New("objects.yaml").Option("missingkey=error").Parse(objectsYAML)
	if err != nil {
		return nil, fmt.Errorf("read objects.yaml: %w", err)
	}
	var rendered bytes.Buffer
	err = tmpl.Execute(&rendered, map[string]string{
		"Provisioner": provisioner, "Domain": dnsDomain, "DNS": dnsIP, "CoreDNS": coreDNS,
	})
	if err != nil {
		return nil, fmt.Errorf("render objects.yaml: %w", err)
	}
	var objects []runtime.Object
	for document := range bytes.SplitSeq(rendered.Bytes(), []byte("\n---\n")) {
		object, _, err := scheme.Codecs.UniversalDeserializer().Decode(document, nil, nil)
		if err != nil {
			return nil, fmt.Errorf("read objects.yaml: %w", err)
		}
		objects = append(objects, object)
	}
	return objects, nil
}

// createObjects creates what renderObjects returns.
func createObjects(ctx context.Context, client kubernetes.Interface, coreDNS string) error {
	objects, err := renderObjects(coreDNS)
	if err != nil {
		return err
	}
	for _, object := range objects {
		if err := create(ctx, client, object); err != nil && !apierrors.IsAlreadyExists(err) {
			return fmt.Errorf("create a %T: %w", object, err)
		}
	}
	return nil
}

func create(ctx context.Context, client kubernetes.Interface, object runtime.Object) error {
	var err error
	opts := metav1.CreateOptions{}
	switch o := object.(type) {
	case *storagev1.StorageClass:
		_, err = client.StorageV1().StorageClasses().Create(ctx, o, opts)
	case *corev1.ServiceAccount:
		_, err = client.CoreV1().ServiceAccounts(o.Namespace).Create(ctx, o, opts)
	case *corev1.ConfigMap:
		_, err = client.CoreV1().ConfigMaps(o.Namespace).Create(ctx, o, opts)
	case *corev1.Service:
		_, err = client.CoreV1().Services(o.Namespace).Create(ctx, o, opts)
	case *rbacv1.ClusterRole:
		_, err = client.RbacV1().ClusterRoles().Create(ctx, o, opts)
	case *rbacv1.ClusterRoleBinding:
		_, err = client.RbacV1().ClusterRoleBindings().Create(ctx, o, opts)
	case *appsv1.Deployment:
		_, err = client.AppsV1().Deployments(o.Namespace).Create(ctx, o, opts)
	default:
		return fmt.Errorf("objects.yaml holds a kind that is not provided for")
	}
	return err
}

// nodeUsable returns why the node takes no Pods yet, or nil.
func nodeUsable(ctx context.Context, client kubernetes.Interface) error {
	node, err := client.CoreV1().Nodes().Get(ctx, nodeName, metav1.GetOptions{})
	if err != nil {
		return err
	}
	if len(node.Spec.Taints) > 0 {
		return fmt.Errorf("the Node has the taint %s", node.Spec.Taints[0].Key)
	}
	for _, c := range node.Status.Conditions {
		if c.Type == corev1.NodeReady && c.Status != corev1.ConditionTrue {
			return fmt.Errorf("the Node is not Ready: %s", c.Message)
		}
	}
	// Written by the controller manager: Pods of the namespace need it.
	_, err = client.CoreV1().ServiceAccounts(metav1.NamespaceDefault).Get(ctx, "default", metav1.GetOptions{})
	return err
}

// dnsAvailable returns why cluster DNS does not serve yet, or nil.
func dnsAvailable(ctx context.Context, client kubernetes.Interface) error {
	deployment, err := client.AppsV1().Deployments(metav1.NamespaceSystem).Get(ctx, "coredns", metav1.GetOptions{})
	if err != nil {
		return err
	}
	if deployment.Status.AvailableReplicas > 0 {
		return nil
	}
	pods, err := client.CoreV1().Pods(metav1.NamespaceSystem).List(ctx, metav1.ListOptions{LabelSelector: "k8s-app=kube-dns"})
	if err != nil {
		return err
	}
	for i := range pods.Items {
		for _, c := range pods.Items[i].Status.ContainerStatuses {
			if c.State.Waiting != nil {
				return fmt.Errorf("the Pod of CoreDNS: %s %s", c.State.Waiting.Reason, c.State.Waiting.Message)
			}
		}
	}
	return fmt.Errorf("the Deployment of CoreDNS has no available replica")
}
