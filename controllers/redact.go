// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"strings"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/refs"
	"github.com/groundwork-dev/groundwork/internal/values"
)

// shortestSecret is the length from which a string of a Secret is looked for in
// messages; hiding every "yes" would only make them unreadable.
const shortestSecret = 4

// hidden stands in for content of a Secret.
const hidden = "(hidden: from a Secret)"

// redact hides what came from referenced Secrets in a message: schema validators
// and templates quote the values they do not like, and conditions, events and
// logs are read by more people than Secrets are.
func redact(references References, from []v1alpha1.ValuesReference, message string) string {
	for _, ref := range from {
		if ref.Kind != refs.Secret {
			continue
		}
		ref = values.Normalize(ref)
		content, _, _ := references.Get(refs.Ref{Kind: ref.Kind, Namespace: ref.Namespace, Name: ref.Name})
		data := content.Data[ref.Key]
		if ref.TargetPath != "" {
			message = hide(message, string(data))
			continue
		}
		layer, err := values.Parse(data)
		if err != nil {
			continue
		}
		eachString(layer, func(text string) { message = hide(message, text) })
	}
	return message
}

func hide(message, secret string) string {
	secret = strings.TrimSpace(secret)
	if len(secret) < shortestSecret {
		return message
	}
	message = strings.ReplaceAll(message, secret, hidden)
	for line := range strings.Lines(secret) {
		if line = strings.TrimSpace(line); len(line) >= shortestSecret {
			message = strings.ReplaceAll(message, line, hidden)
		}
	}
	return message
}

// eachString calls f with every string of a tree of values; numbers count, for a
// PIN is a secret too.
func eachString(node any, f func(string)) {
	switch n := node.(type) {
	case map[string]any:
		for _, child := range n {
			eachString(child, f)
		}
	case []any:
		for _, child := range n {
			eachString(child, f)
		}
	case string:
		f(n)
	case interface{ String() string }:
		f(n.String())
	}
}
