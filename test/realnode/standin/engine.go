// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"strings"
	"time"
)

// registrar makes the configurations of a policy engine, which are in no chart: guards of its own kinds at once, and the one that judges
// the objects of everybody as soon as the engine's Service answers. The other way round, an engine without exclusions would refuse the
// writes by which its own endpoints come to be.
type registrar struct {
	api       *api
	service   service
	ca        []byte
	guards    []guard
	catchAll  string          // name of the ValidatingWebhookConfiguration; empty for none
	resources []string        // what it is called for
	selector  json.RawMessage // namespaces it is called for; null: all
	matching  json.RawMessage // conditions on the requests it is called for; null: none
	log       *log.Logger
}

// guard is a fail-closed configuration for the kinds of a group.
type guard struct{ ref, group string }

func parseGuard(text string) (guard, error) {
	ref, group, found := strings.Cut(text, "=")
	if !found || group == "" {
		return guard{}, usageError(fmt.Sprintf("--guard %q is not validating/NAME=GROUP or mutating/NAME=GROUP", text))
	}
	_, err := webhookPath(ref)
	return guard{ref, group}, err
}

// webhookSpec is one webhook of a configuration; webhooks of both kinds have these fields in common.
type webhookSpec struct {
	Name                    string           `json:"name"`
	AdmissionReviewVersions []string         `json:"admissionReviewVersions"`
	SideEffects             string           `json:"sideEffects"`
	FailurePolicy           string           `json:"failurePolicy"`
	TimeoutSeconds          int              `json:"timeoutSeconds"`
	ClientConfig            map[string]any   `json:"clientConfig"`
	Rules                   []map[string]any `json:"rules"`
	NamespaceSelector       json.RawMessage  `json:"namespaceSelector,omitempty"`
	MatchConditions         json.RawMessage  `json:"matchConditions,omitempty"`
}

// webhookSpec fails closed after five seconds.
func (r *registrar) webhook(name, path string, bundle []byte, groups, resources []string) webhookSpec {
	return webhookSpec{
		Name: name, AdmissionReviewVersions: []string{"v1"}, SideEffects: "None", FailurePolicy: "Fail", TimeoutSeconds: 5,
		ClientConfig: map[string]any{
			"caBundle": bundle,
			"service":  map[string]any{"name": r.service.name, "namespace": r.service.namespace, "path": path, "port": 8443},
		},
		Rules: []map[string]any{{
			"apiGroups": groups, "apiVersions": []string{"*"}, "resources": resources, "operations": []string{"CREATE", "UPDATE"}, "scope": "*",
		}},
	}
}

// registerGuards makes the guards of the engine's own kinds.
func (r *registrar) registerGuards(ctx context.Context) error {
	for _, g := range r.guards {
		err := r.register(ctx, g.ref, func(bundle []byte) webhookSpec {
			return r.webhook("policies.standin.groundwork.dev", "/allow", bundle, []string{g.group}, []string{"*"})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// registerCatchAll makes the one for the objects of everybody.
func (r *registrar) registerCatchAll(ctx context.Context) error {
	return r.register(ctx, "validating/"+r.catchAll, func(bundle []byte) webhookSpec {
		spec := r.webhook("resources.standin.groundwork.dev", "/validate", bundle, []string{"*"}, r.resources)
		spec.NamespaceSelector, spec.MatchConditions = r.selector, r.matching
		return spec
	})
}

// register makes a configuration, or repairs its CA bundle. One that is right is not written: it would wake everybody who watches it.
func (r *registrar) register(ctx context.Context, ref string, spec func(bundle []byte) webhookSpec) error {
	path, err := webhookPath(ref)
	if err != nil {
		return err
	}
	var have configuration
	if err := r.api.get(ctx, path, &have); err != nil && !isStatus(err, http.StatusNotFound) {
		return err
	}
	var bundle []byte
	if len(have.Webhooks) == 1 && have.Webhooks[0].ClientConfig.calls(r.service) {
		bundle = have.Webhooks[0].ClientConfig.CABundle
	}
	bundle, changed := bundleWith(bundle, r.ca)
	if !changed {
		return nil
	}
	kind, name, _ := strings.Cut(ref, "/")
	object := map[string]any{
		"apiVersion": "admissionregistration.k8s.io/v1",
		"kind":       strings.ToUpper(kind[:1]) + kind[1:] + "WebhookConfiguration",
		"metadata":   map[string]any{"name": name, "labels": map[string]string{"app.kubernetes.io/managed-by": "standin-engine"}},
		"webhooks":   []webhookSpec{spec(bundle)},
	}
	if err := r.api.patch(ctx, path+"?force=true&fieldManager="+fieldManager, serverApply, object); err != nil {
		return err
	}
	r.log.Printf("registered %s", path)
	return nil
}

// answers asks the engine's own Service, as the API server will.
func (r *registrar) answers(ctx context.Context, client *http.Client) error {
	url := "https://" + r.service.host() + ":8443/healthz"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("the engine's own Service: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the engine's own Service: GET %s: %s", url, response.Status)
	}
	return nil
}

// catchAllWhenAnswering keeps the catch-all registered from the first answer on.
func (r *registrar) catchAllWhenAnswering(ctx context.Context) error {
	if r.catchAll == "" {
		return nil
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(r.ca)
	trusting := &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	client := &http.Client{Timeout: every, Transport: &http.Transport{TLSClientConfig: trusting}}
	answered := false
	repeat(ctx, every, r.log.Printf, func(ctx context.Context) error {
		if !answered {
			if err := r.answers(ctx, client); err != nil {
				return err
			}
			answered = true
		}
		return r.registerCatchAll(ctx)
	})
	return nil
}

// engineOptions are the flags of the mode.
type engineOptions struct {
	catchAll, selector, resources, conditions string

	guards list
}

// registrar reads the flags.
func (o *engineOptions) registrar(a *api, s service, ca []byte, log *log.Logger) (*registrar, error) {
	r := &registrar{api: a, service: s, ca: ca, log: log, catchAll: o.catchAll, resources: strings.Split(o.resources, ",")}
	for _, text := range o.guards {
		g, err := parseGuard(text)
		if err != nil {
			return nil, err
		}
		r.guards = append(r.guards, g)
	}
	if o.conditions != "" {
		if !json.Valid([]byte(o.conditions)) {
			return nil, usageError("--match-conditions is not JSON: " + o.conditions)
		}
		r.matching = json.RawMessage(o.conditions)
	}
	selector, err := excluding(o.selector, s.namespace)
	r.selector = selector
	return r, err
}

// excluding adds to a selector of namespaces that one is not selected.
func excluding(text, namespace string) (json.RawMessage, error) {
	selector := map[string]any{}
	if err := json.Unmarshal([]byte(text), &selector); err != nil {
		return nil, usageError(fmt.Sprintf("--namespace-selector: %v", err))
	}
	expressions, _ := selector["matchExpressions"].([]any)
	selector["matchExpressions"] = append(expressions,
		map[string]any{"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": []string{namespace}})
	return json.Marshal(selector)
}

func engine(ctx context.Context, arguments []string, log *log.Logger) error {
	const notSystem = `{"matchExpressions":[{"key":"kubernetes.io/metadata.name","operator":"NotIn","values":["kube-system"]}]}`
	flags := newFlags("engine")
	s := newWebhookServer(flags, log)
	var o engineOptions
	flags.StringVar(&o.catchAll, "register", "", "ValidatingWebhookConfiguration to make for the objects of everybody")
	flags.StringVar(&o.resources, "resources", "*/*", "resources that it is called for, separated by commas")
	flags.StringVar(&o.selector, "namespace-selector", notSystem,
		"namespaces that it is called for (JSON); the engine's own is never among them")
	flags.StringVar(&o.conditions, "match-conditions", "", "conditions on the requests that it is called for (JSON)")
	flags.Var(&o.guards, "guard",
		"fail-closed configuration to make for the kinds of a group: validating/NAME=GROUP or mutating/NAME=GROUP; may be repeated")
	if err := s.parse(flags, arguments); err != nil {
		return err
	}
	client, err := inCluster()
	if err != nil {
		return err
	}
	ca, certificate, err := authority(s.service.host(), time.Now())
	if err != nil {
		return err
	}
	r, err := o.registrar(client, s.service, ca, log)
	if err != nil {
		return err
	}
	return s.run(ctx,
		func(ctx context.Context) error { return s.answerTLS(ctx, certificate) },
		func(ctx context.Context) error { return s.keep(ctx, r.registerGuards) },
		r.catchAllWhenAnswering)
}
