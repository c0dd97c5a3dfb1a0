// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package planning

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/groundwork-dev/groundwork/internal/cli/masking"
	"github.com/groundwork-dev/groundwork/internal/values"
)

const (
	hidden = masking.Hidden
	// shortestSecret is the length from which a secret is looked for in texts: hiding
	// every "yes" would only make them unreadable.
	shortestSecret = 4
)

// mask hides what is secret in what was rendered: everything in a Secret, every field
// whose name speaks of a secret, and wherever they appear the contents of Secrets that
// the values came from. What is hidden is still compared.
type mask struct{ secrets []string }

// learn adds the content of a Secret that values were read from.
func (m *mask) learn(content string) {
	layer, err := values.Parse([]byte(content))
	if err != nil {
		m.add(content)
		return
	}
	eachText(layer, func(text string) { m.add(text) })
}

// learnValues adds what stands in values under names that speak of a secret.
func (m *mask) learnValues(v values.Values) { m.sensitive(v, false) }

func (m *mask) sensitive(node any, secret bool) {
	switch n := node.(type) {
	case map[string]any:
		named, _ := n["name"].(string)
		for key, child := range n {
			m.sensitive(child, secret || masking.Sensitive(key) || (key == "value" && masking.Sensitive(named)))
		}
	case []any:
		for _, child := range n {
			m.sensitive(child, secret)
		}
	case string:
		if secret {
			m.add(n)
		}
	}
}

// shortestRendered is the same for what charts put into Secrets: that is often no more
// than a user's name.
const shortestRendered = 8

// learnObjects adds what rendered Secrets hold, as far as it is one line: a chart may
// copy it to elsewhere. Names of objects are no secrets.
func (m *mask) learnObjects(objects map[string]object) {
	names := map[string]bool{}
	for _, o := range objects {
		u := unstructured.Unstructured{Object: o.content}
		names[u.GetName()], names[u.GetNamespace()] = true, true
	}
	for _, o := range objects {
		if o.gk != (schema.GroupKind{Kind: "Secret"}) {
			continue
		}
		for _, field := range []string{"data", "stringData"} {
			content, _ := o.content[field].(map[string]any)
			for _, value := range content {
				text, _ := value.(string)
				if raw, err := base64.StdEncoding.DecodeString(text); err == nil && field == "data" {
					text = string(raw)
				}
				if len(text) >= shortestRendered && !names[text] && !strings.Contains(text, "\n") {
					m.add(text)
				}
			}
		}
	}
}

func (m *mask) add(text string) {
	text = strings.TrimSpace(text)
	if len(text) < shortestSecret {
		return
	}
	m.secrets = append(m.secrets, text, base64.StdEncoding.EncodeToString([]byte(text)), escaped(text))
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); len(line) >= shortestSecret && line != text {
			m.secrets = append(m.secrets, line)
		}
	}
}

// escaped is a text as it stands inside of JSON.
func escaped(text string) string {
	raw, err := json.Marshal(text)
	if err != nil || len(raw) < 2 {
		return text
	}
	return string(raw[1 : len(raw)-1])
}

// settle sorts: the longest first, so that no part of one is left by another.
func (m *mask) settle() {
	slices.SortFunc(m.secrets, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	m.secrets = slices.Compact(m.secrets)
}

// text hides secrets in a text.
func (m *mask) text(text string) string {
	for _, secret := range m.secrets {
		text = strings.ReplaceAll(text, secret, hidden)
	}
	return withoutUserInfo(text)
}

// withoutUserInfo hides user:password@ of a URL.
func withoutUserInfo(text string) string {
	before, after, found := strings.Cut(text, "://")
	if !found {
		return text
	}
	end := strings.IndexAny(after, "/ \n\"'")
	if end < 0 {
		end = len(after)
	}
	authority, rest := after[:end], after[end:]
	if at := strings.LastIndex(authority, "@"); at >= 0 {
		authority = hidden + authority[at:]
	}
	return before + "://" + authority + withoutUserInfo(rest)
}

// field says whether the value at a place is not shown at all.
func (m *mask) field(kind string, path []string, parent map[string]any) bool {
	if kind == "Secret" && len(path) > 0 && (path[0] == "data" || path[0] == "stringData") {
		return true
	}
	last := ""
	if len(path) > 0 {
		last = path[len(path)-1]
	}
	if named, _ := parent["name"].(string); last == "value" && masking.Sensitive(named) {
		return true
	}
	if strings.HasPrefix(last, "checksum/") {
		return true // a digest of a short secret tells it
	}
	return slices.ContainsFunc(path, func(part string) bool {
		return !strings.HasPrefix(part, "[") && masking.Sensitive(part) // the name of an element is no field
	})
}

func eachText(node any, f func(string)) {
	switch n := node.(type) {
	case map[string]any:
		for _, child := range n {
			eachText(child, f)
		}
	case []any:
		for _, child := range n {
			eachText(child, f)
		}
	case string:
		f(n)
	case json.Number:
		f(n.String())
	}
}
