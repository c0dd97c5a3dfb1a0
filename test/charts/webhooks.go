// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package charts

import (
	"cmp"
	"fmt"
	"strings"
)

func (b *builder) addWebhooks() {
	for _, c := range b.shape.Webhooks {
		kind := c.Kind + "WebhookConfiguration"
		text := b.head("admissionregistration.k8s.io/v1", kind, c.Name, c.WithNamespace, "") + "webhooks:\n"
		for _, w := range c.Webhooks {
			text += b.webhook(w, cmp.Or(c.SideEffects, "None"), c.Secret != "")
		}
		if c.Secret != "" {
			text = certificate(c.Webhooks[0].Service) + text + "---\n" + b.head("v1", "Secret", c.Secret, true, "") +
				"type: kubernetes.io/tls\ndata:\n  ca.crt: {{ $ca.Cert | b64enc }}\n" +
				"  tls.crt: {{ $certificate.Cert | b64enc }}\n  tls.key: {{ $certificate.Key | b64enc }}\n"
		}
		b.add(kind, c.Name, c.If, text)
	}
}

// certificate declares $ca and $certificate, which differ with every render. An elliptic key is made much faster than an RSA one.
func certificate(service string) string {
	host := strings.ReplaceAll(objectName(service), `{{ include "standin.full" $ }}`, "%s")
	return `{{- $host := printf "` + host + `.%s.svc" (include "standin.full" $) $.Release.Namespace }}
{{- $ca := genCAWithKey "standin-ca" 3650 (genPrivateKey "ecdsa") }}
{{- $certificate := genSignedCertWithKey $host nil (list $host) 3650 $ca (genPrivateKey "ecdsa") }}
`
}

func (b *builder) webhook(w Webhook, sideEffects string, withCA bool) string {
	var out strings.Builder
	fmt.Fprintf(&out, "- name: %s\n  admissionReviewVersions: [v1]\n  sideEffects: %s\n  failurePolicy: %s\n  timeoutSeconds: %d\n",
		w.Name, sideEffects, w.FailurePolicy, cmp.Or(w.Timeout, 10))
	fmt.Fprintf(&out, "  clientConfig:\n    service: {name: %s, namespace: '{{ $.Release.Namespace }}', path: %s}\n",
		quoted(objectName(w.Service)), w.Path)
	if withCA {
		out.WriteString("    caBundle: {{ $ca.Cert | b64enc }}\n")
	}
	parts := strings.Fields(w.Rule)
	fmt.Fprintf(&out, "  rules:\n  - apiGroups: [%s]\n    apiVersions: ['*']\n    resources: [%s]\n    operations: [%s]\n",
		quotedList(strings.Split(parts[0], ",")), quotedList(strings.Split(parts[1], ",")), operations(parts[2]))
	if w.NamespaceSelector != "" {
		out.WriteString("  namespaceSelector:\n" + indent(4, w.NamespaceSelector))
	}
	return out.String()
}

func quotedList(words []string) string {
	for i, word := range words {
		if word == "core" {
			word = ""
		}
		words[i] = quoted(word)
	}
	return strings.Join(words, ", ")
}

func operations(initials string) string {
	names := strings.NewReplacer("C", "CREATE,", "U", "UPDATE,", "D", "DELETE,").Replace(initials)
	return strings.TrimSuffix(names, ",")
}
