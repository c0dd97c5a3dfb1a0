// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package players

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	admissionlisters "k8s.io/client-go/listers/admissionregistration/v1"
)

// caBundles plays what charts do at run time with a Job, a controller or
// cert-manager's cainjector: none of those really runs here.
type caBundles struct {
	client     kubernetes.Interface
	validating admissionlisters.ValidatingWebhookConfigurationLister
	mutating   admissionlisters.MutatingWebhookConfigurationLister
	bundle     []byte
	log        *slog.Logger
}

func caBundlePlayers(
	client kubernetes.Interface, typed informers.SharedInformerFactory,
	dyn dynamic.Interface, untyped dynamicinformer.DynamicSharedInformerFactory,
	bundle []byte, log *slog.Logger,
) ([]*player, error) {
	validating := typed.Admissionregistration().V1().ValidatingWebhookConfigurations()
	mutating := typed.Admissionregistration().V1().MutatingWebhookConfigurations()
	c := &caBundles{
		client: client, validating: validating.Lister(), mutating: mutating.Lister(),
		bundle: bundle, log: log,
	}
	forValidating := newPlayer("validating webhooks", log, c.fillValidating)
	if err := forValidating.follow(validating.Informer()); err != nil {
		return nil, err
	}
	forMutating := newPlayer("mutating webhooks", log, c.fillMutating)
	if err := forMutating.follow(mutating.Informer()); err != nil {
		return nil, err
	}
	forConversion, err := conversionPlayer(dyn, untyped, bundle, log)
	if err != nil {
		return nil, err
	}
	return []*player{forValidating, forMutating, forConversion}, nil
}

func (c *caBundles) fillValidating(ctx context.Context, name string) error {
	config, err := c.validating.Get(name)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	config = config.DeepCopy()
	filled := 0
	for i := range config.Webhooks {
		filled += fill(&config.Webhooks[i].ClientConfig, c.bundle)
	}
	if filled == 0 {
		return nil
	}
	_, err = c.client.AdmissionregistrationV1().ValidatingWebhookConfigurations().Update(ctx, config, metav1.UpdateOptions{})
	return c.filled("ValidatingWebhookConfiguration", name, filled, err)
}

func (c *caBundles) fillMutating(ctx context.Context, name string) error {
	config, err := c.mutating.Get(name)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	config = config.DeepCopy()
	filled := 0
	for i := range config.Webhooks {
		filled += fill(&config.Webhooks[i].ClientConfig, c.bundle)
	}
	if filled == 0 {
		return nil
	}
	_, err = c.client.AdmissionregistrationV1().MutatingWebhookConfigurations().Update(ctx, config, metav1.UpdateOptions{})
	return c.filled("MutatingWebhookConfiguration", name, filled, err)
}

func (c *caBundles) filled(kind, name string, count int, err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("fill the caBundle of %s %s: %w", kind, name, err)
	}
	c.log.Info("caBundle", "kind", kind, "name", name, "webhooks", count)
	return nil
}

// fill sets the bundle of a webhook that has none and returns how many it set.
// A webhook called by URL is left alone: there, empty means the system's roots.
func fill(config *admissionregistrationv1.WebhookClientConfig, bundle []byte) int {
	if config.Service == nil || !blank(config.CABundle) {
		return 0
	}
	config.CABundle = bundle
	return 1
}

// blank treats white space as empty: charts write "Cg==", a lone line feed,
// where something else is to fill in the bundle.
func blank(bundle []byte) bool { return len(bytes.TrimSpace(bundle)) == 0 }
