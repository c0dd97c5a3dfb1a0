// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// fieldManager is the name under which objects are applied: a value that the
// user changes by hand stays theirs.
const fieldManager = "groundwork-quickstart"

func newClient(kubeconfig string) (client.WithWatch, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", kubeconfig, err)
	}
	config.QPS = -1
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), apiextensionsv1.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		return nil, err
	}
	return client.NewWithWatch(config, client.Options{Scheme: scheme})
}

// objectsIn reads the objects of a YAML file.
func objectsIn(path string) ([]*unstructured.Unstructured, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var out []*unstructured.Unstructured
	reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data)))
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		object := &unstructured.Unstructured{}
		if err := yaml.Unmarshal(document, &object.Object); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if len(object.Object) > 0 {
			out = append(out, object)
		}
	}
}

// readBundle returns the objects of the file and the name of the one PlatformBundle among them.
func readBundle(path string) (objects []*unstructured.Unstructured, name string, err error) {
	objects, err = objectsIn(path)
	if err != nil {
		return nil, "", fmt.Errorf("--bundle: %w", err)
	}
	for _, object := range objects {
		if object.GroupVersionKind() != v1alpha1.GroupVersion.WithKind("PlatformBundle") {
			continue
		}
		if name != "" {
			return nil, "", fmt.Errorf("--bundle %s holds two PlatformBundles: follow one at a time", path)
		}
		name = object.GetName()
	}
	if name == "" {
		return nil, "", fmt.Errorf("--bundle %s holds no PlatformBundle of %s", path, v1alpha1.GroupVersion)
	}
	return objects, name, nil
}

func apply(ctx context.Context, c client.Client, objects ...*unstructured.Unstructured) error {
	for _, object := range objects {
		err := c.Apply(ctx, client.ApplyConfigurationFromUnstructured(object), client.ForceOwnership, client.FieldOwner(fieldManager))
		if err != nil {
			return fmt.Errorf("apply %s %s: %w", object.GetKind(), object.GetName(), err)
		}
	}
	return nil
}

// installDefinitions applies config/crd/bases and the operator's namespace, and
// waits until the kinds are served.
func installDefinitions(ctx context.Context, c client.Client) error {
	files, err := filepath.Glob("config/crd/bases/*.yaml")
	if err != nil || len(files) == 0 {
		return errors.New("config/crd/bases holds no definitions: run `make manifests`")
	}
	namespace := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": v1alpha1.DefaultNamespace},
	}}
	objects := []*unstructured.Unstructured{namespace}
	for _, file := range files {
		found, err := objectsIn(file)
		if err != nil {
			return err
		}
		objects = append(objects, found...)
	}
	if err := apply(ctx, c, objects...); err != nil {
		return err
	}
	for _, object := range objects[1:] {
		if err := established(ctx, c, object.GetName()); err != nil {
			return fmt.Errorf("CustomResourceDefinition %s does not become established: %w", object.GetName(), err)
		}
	}
	return nil
}

func established(ctx context.Context, c client.Client, name string) error {
	return wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		var definition apiextensionsv1.CustomResourceDefinition
		if err := c.Get(ctx, client.ObjectKey{Name: name}, &definition); err != nil {
			return false, err
		}
		return slices.ContainsFunc(definition.Status.Conditions, func(c apiextensionsv1.CustomResourceDefinitionCondition) bool {
			return c.Type == apiextensionsv1.Established && c.Status == apiextensionsv1.ConditionTrue
		}), nil
	})
}

// bundleExists says whether the bundle is there.
func bundleExists(ctx context.Context, c client.Client, name string) (bool, error) {
	err := c.Get(ctx, client.ObjectKey{Name: name}, &v1alpha1.PlatformBundle{})
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	return err == nil, err
}
