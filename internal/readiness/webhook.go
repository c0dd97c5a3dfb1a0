// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// webhook is the part of an admission webhook that says whether it can answer.
type webhook struct {
	name      string
	failOpen  bool // failurePolicy Ignore: nothing breaks while it does not answer
	namespace string
	service   string // empty when the webhook is called by URL
	hasCA     bool
}

// readWebhooks reads the webhooks of a Validating- or MutatingWebhookConfiguration.
func readWebhooks(u *unstructured.Unstructured) []webhook {
	items, _, _ := unstructured.NestedFieldNoCopy(u.Object, "webhooks")
	list, _ := items.([]any)
	hooks := make([]webhook, 0, len(list))
	for _, item := range list {
		fields, ok := item.(map[string]any)
		if !ok {
			continue
		}
		hooks = append(hooks, webhook{
			name:      status.GetStringField(fields, ".name", ""),
			failOpen:  status.GetStringField(fields, ".failurePolicy", "Fail") == "Ignore",
			namespace: status.GetStringField(fields, ".clientConfig.service.namespace", ""),
			service:   status.GetStringField(fields, ".clientConfig.service.name", ""),
			hasCA:     hasCA(status.GetStringField(fields, ".clientConfig.caBundle", "")),
		})
	}
	return hooks
}

// hasCA says whether a bundle holds anything. Charts write a line break in base64 ("Cg==") where an injector will put the certificate.
func hasCA(bundle string) bool {
	if bundle == "" {
		return false
	}
	decoded, err := base64.StdEncoding.DecodeString(bundle)
	return err != nil || strings.TrimSpace(string(decoded)) != ""
}

// webhooks is current when every webhook that requests fail without can answer.
func (j judge) webhooks(u *unstructured.Unstructured) (verdict, string) {
	for _, w := range readWebhooks(u) {
		if w.failOpen || w.service == "" {
			continue
		}
		if !w.hasCA {
			return waiting, fmt.Sprintf("webhook %s has no CA bundle yet", w.name)
		}
		if !j.answers(w) {
			return waiting, fmt.Sprintf("webhook %s: Service %s/%s has no ready endpoint", w.name, w.namespace, w.service)
		}
	}
	return current, ""
}

// answers says whether the Service has a ready endpoint. Of a Service that is not ours nothing is known, and nothing can be demanded.
func (j judge) answers(w webhook) bool {
	ready, known := j.endpoints(w.namespace, w.service)
	if !known {
		return !j.services[Object{Namespace: w.namespace, Name: w.service}]
	}
	return ready > 0
}
