// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/url"
	"strings"
)

// configuration is what injection and registration read of a Validating- or MutatingWebhookConfiguration.
type configuration struct {
	Metadata struct {
		ResourceVersion string `json:"resourceVersion"`
	} `json:"metadata"`
	Webhooks []struct {
		ClientConfig clientConfig `json:"clientConfig"`
	} `json:"webhooks"`
}

// definition is what injection reads of a CustomResourceDefinition.
type definition struct {
	Metadata struct {
		ResourceVersion string `json:"resourceVersion"`
	} `json:"metadata"`
	Spec struct {
		Conversion struct {
			Webhook *struct {
				ClientConfig clientConfig `json:"clientConfig"`
			} `json:"webhook"`
		} `json:"conversion"`
	} `json:"spec"`
}

type clientConfig struct {
	CABundle []byte `json:"caBundle"`
	Service  *struct {
		Name      string `json:"name"`
		Namespace string `json:"namespace"`
	} `json:"service"`
}

func (c clientConfig) calls(s service) bool {
	return c.Service != nil && c.Service.Name == s.name && c.Service.Namespace == s.namespace
}

// operation is one of a JSON patch.
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

// webhookPath is the path of a configuration that is named "validating/NAME" or "mutating/NAME".
func webhookPath(ref string) (string, error) {
	kind, name, _ := strings.Cut(ref, "/")
	if (kind != "validating" && kind != "mutating") || name == "" {
		return "", usageError(fmt.Sprintf("%q is neither validating/NAME nor mutating/NAME", ref))
	}
	return "/apis/admissionregistration.k8s.io/v1/" + kind + "webhookconfigurations/" + url.PathEscape(name), nil
}

func definitionPath(name string) string {
	return "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/" + url.PathEscape(name)
}

// injector puts the CA into what calls the service. Nobody else's webhooks are touched.
type injector struct {
	api         *api
	service     service
	ca          []byte
	webhooks    []string // paths of configurations
	definitions []string // paths of CRDs with a conversion webhook
	log         *log.Logger
}

func newInjector(a *api, s service, ca []byte, log *log.Logger, webhooks, definitions []string) (*injector, error) {
	i := &injector{api: a, service: s, ca: ca, log: log}
	for _, ref := range webhooks {
		path, err := webhookPath(ref)
		if err != nil {
			return nil, err
		}
		i.webhooks = append(i.webhooks, path)
	}
	for _, name := range definitions {
		i.definitions = append(i.definitions, definitionPath(name))
	}
	return i, nil
}

// inject makes sure that everything holds the CA. It tries all, and returns what failed.
func (i *injector) inject(ctx context.Context) error {
	var failures []error
	for _, path := range i.webhooks {
		var c configuration
		if err := i.api.get(ctx, path, &c); err != nil {
			failures = append(failures, err)
			continue
		}
		patches, err := webhookPatches(c, i.service, i.ca)
		failures = append(failures, i.apply(ctx, path, patches, err))
	}
	for _, path := range i.definitions {
		var d definition
		if err := i.api.get(ctx, path, &d); err != nil {
			failures = append(failures, err)
			continue
		}
		patches, err := conversionPatches(d, i.service, i.ca)
		failures = append(failures, i.apply(ctx, path, patches, err))
	}
	return errors.Join(failures...)
}

func (i *injector) apply(ctx context.Context, path string, patches []operation, err error) error {
	if err != nil {
		return fmt.Errorf("GET %s: %w", path, err)
	}
	if len(patches) == 0 {
		return nil
	}
	if err := i.api.patch(ctx, path+"?fieldManager="+fieldManager, jsonPatch, patches); err != nil {
		return err
	}
	i.log.Printf("injected the CA into %s", path)
	return nil
}

// webhookPatches are those that put the CA into a configuration; none when it is there. They fail if somebody writes at the same time,
// because webhooks are addressed by their position.
func webhookPatches(c configuration, s service, ca []byte) ([]operation, error) {
	found := false
	var patches []operation
	for position, webhook := range c.Webhooks {
		if !webhook.ClientConfig.calls(s) {
			continue
		}
		found = true
		if bundle, changed := bundleWith(webhook.ClientConfig.CABundle, ca); changed {
			patches = append(patches, operation{"add", fmt.Sprintf("/webhooks/%d/clientConfig/caBundle", position), bundle})
		}
	}
	if !found {
		return nil, fmt.Errorf("no webhook calls %s", s.host())
	}
	return unlessChanged(c.Metadata.ResourceVersion, patches), nil
}

// conversionPatches are those that put the CA into a CRD.
func conversionPatches(d definition, s service, ca []byte) ([]operation, error) {
	webhook := d.Spec.Conversion.Webhook
	if webhook == nil || !webhook.ClientConfig.calls(s) {
		return nil, fmt.Errorf("its conversion does not call %s", s.host())
	}
	bundle, changed := bundleWith(webhook.ClientConfig.CABundle, ca)
	if !changed {
		return nil, nil
	}
	return unlessChanged(d.Metadata.ResourceVersion, []operation{{"add", "/spec/conversion/webhook/clientConfig/caBundle", bundle}}), nil
}

func unlessChanged(resourceVersion string, patches []operation) []operation {
	if len(patches) == 0 {
		return nil
	}
	return append([]operation{{"test", "/metadata/resourceVersion", resourceVersion}}, patches...)
}
