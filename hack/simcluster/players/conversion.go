// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package players

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/tools/cache"
)

// crdResource is watched untyped: the one kind does not justify another module.
func crdResource() schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}
}

// conversions fills the caBundle of CRDs that convert by webhook.
type conversions struct {
	client dynamic.NamespaceableResourceInterface
	crds   cache.GenericLister
	bundle []byte
	log    *slog.Logger
}

func conversionPlayer(
	dyn dynamic.Interface, factory dynamicinformer.DynamicSharedInformerFactory, bundle []byte, log *slog.Logger,
) (*player, error) {
	informer := factory.ForResource(crdResource())
	if err := informer.Informer().SetTransform(onlyConversion); err != nil {
		return nil, fmt.Errorf("watch the CRDs: %w", err)
	}
	c := &conversions{client: dyn.Resource(crdResource()), crds: informer.Lister(), bundle: bundle, log: log}
	p := newPlayer("conversion webhooks", log, c.sync)
	return p, p.follow(informer.Informer())
}

// onlyConversion drops the schemas, which are nearly all of a CRD, before it
// is cached.
func onlyConversion(obj any) (any, error) {
	crd, ok := obj.(*unstructured.Unstructured)
	if !ok {
		return obj, nil
	}
	slim := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": crd.GetAPIVersion(),
		"kind":       crd.GetKind(),
	}}
	slim.SetName(crd.GetName())
	slim.SetUID(crd.GetUID())
	slim.SetResourceVersion(crd.GetResourceVersion())
	if conversion, found, _ := unstructured.NestedMap(crd.Object, "spec", "conversion"); found {
		_ = unstructured.SetNestedMap(slim.Object, conversion, "spec", "conversion")
	}
	return slim, nil
}

func (c *conversions) sync(ctx context.Context, name string) error {
	obj, err := c.crds.Get(name)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	crd, ok := obj.(*unstructured.Unstructured)
	if !ok || !needsBundle(crd) {
		return nil
	}
	patch, err := bundlePatch(crd.GetResourceVersion(), c.bundle)
	if err != nil {
		return err
	}
	_, err = c.client.Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("fill the caBundle of CustomResourceDefinition %s: %w", name, err)
	}
	c.log.Info("caBundle", "kind", "CustomResourceDefinition", "name", name)
	return nil
}

// needsBundle reports whether crd converts by a webhook behind a Service and
// has no usable bundle for it.
func needsBundle(crd *unstructured.Unstructured) bool {
	strategy, _, _ := unstructured.NestedString(crd.Object, "spec", "conversion", "strategy")
	config, found, _ := unstructured.NestedMap(crd.Object, "spec", "conversion", "webhook", "clientConfig")
	if strategy != "Webhook" || !found || config["service"] == nil {
		return false
	}
	encoded, _, _ := unstructured.NestedString(config, "caBundle")
	decoded, err := base64.StdEncoding.DecodeString(encoded)
	return err == nil && blank(decoded)
}

// bundlePatch sets the one field, on the version that was looked at.
func bundlePatch(resourceVersion string, bundle []byte) ([]byte, error) {
	return json.Marshal(map[string]any{
		"metadata": map[string]any{"resourceVersion": resourceVersion},
		"spec": map[string]any{"conversion": map[string]any{"webhook": map[string]any{
			"clientConfig": map[string]any{"caBundle": bundle}, // encoded by json as base64
		}}},
	})
}
