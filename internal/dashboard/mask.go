// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package dashboard

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// mask stands in for what is not shown. Its length says nothing.
const mask = "••••••"

// The lengths from which a secret text is looked for inside of other texts: hiding
// every "yes" would only make them unreadable. What came from a Secret counts
// sooner than what merely has a suspicious name.
const (
	shortestSecret  = 4
	shortestGuessed = 8
)

// telling are parts of a key that make a secret of what is below it, wherever they
// stand in it.
var telling = [...]string{"password", "passwd", "passphrase", "token", "secret", "credential", "apikey", "accesskey", "privatekey", "htpasswd", "kubeconfig"}

// tellingWords do so only as a word of their own.
var tellingWords = [...]string{"pass", "pwd", "auth", "dsn", "jwt", "cookie", "bearer"}

// sensitive says whether a key is one of those that secrets sit under. It rather
// hides too much: topologyKey is one of them.
func sensitive(key string) bool {
	lower := strings.ToLower(key)
	for _, part := range telling {
		if strings.Contains(lower, part) {
			return true
		}
	}
	for _, word := range words(key) {
		if slices.Contains(tellingWords[:], word) || strings.HasSuffix(word, "key") || strings.HasSuffix(word, "keys") {
			return true
		}
	}
	return false
}

// words splits a key at its punctuation and at its humps: adminAPIKey is admin, api, key.
func words(key string) []string {
	var b strings.Builder
	runes := []rune(key)
	for i, r := range runes {
		hump := unicode.IsUpper(r) && i > 0 &&
			(!unicode.IsUpper(runes[i-1]) || (i+1 < len(runes) && unicode.IsLower(runes[i+1])))
		if hump {
			b.WriteRune(' ')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return strings.FieldsFunc(b.String(), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

var (
	// assignment finds "password: x", "--token=x" and "secretKey": "x" in a text.
	assignment = regexp.MustCompile(`(?i)([\w.-]*(?:passw|passphrase|token|secret|credential|key)[\w.-]*["']?\s*[:=]\s*)("[^"\n]*"|'[^'\n]*'|[^\s,;}\]]+)`)
	// spoken finds the same in a sentence, where "secretRef: Secret a/b" is none.
	spoken = regexp.MustCompile(`(?i)((?:[\w.-]*(?:token|secret|credential|key)[\w.-]*["']?=|[\w.-]*(?:passw|passphrase)[\w.-]*["']?\s*[:=]\s*))("[^"\n]*"|'[^'\n]*'|[^\s,;}\]]+)`)
	// bearer finds what follows in an Authorization header.
	bearer = regexp.MustCompile(`(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}`)
	// userinfo finds the password of a URL.
	userinfo = regexp.MustCompile(`([a-zA-Z][\w+.-]*://[^/\s:@]*):[^/\s@]+@`)
	// pem finds private keys.
	pem = regexp.MustCompile(`(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|$)`)
	// block finds the header of a block of text in YAML, below which the secret is.
	block = regexp.MustCompile(`(?i)^(\s*)[\w.-]*(?:passw|passphrase|token|secret|credential|key)[\w.-]*\s*:\s*[|>]?[-+0-9]*\s*$`)
)

// scrubForms hides what has the form of a secret.
func scrubForms(text string) string {
	text = pem.ReplaceAllString(text, mask)
	text = userinfo.ReplaceAllString(text, "$1:"+mask+"@")
	return bearer.ReplaceAllString(text, "$1 "+mask)
}

// scrubText hides in a value what looks like a secret.
func scrubText(text string) string {
	text = scrubForms(text)
	if strings.Contains(text, "\n") {
		text = scrubBlocks(text)
	}
	return assignment.ReplaceAllString(text, "${1}"+mask)
}

// scrubBlocks hides what is indented below a telling key of a YAML text.
func scrubBlocks(text string) string {
	lines := strings.Split(text, "\n")
	indent := -1
	for i, line := range lines {
		trimmed := strings.TrimLeft(line, " ")
		depth := len(line) - len(trimmed)
		if indent >= 0 && trimmed != "" && (depth > indent || depth == indent && strings.HasPrefix(trimmed, "- ")) {
			lines[i] = strings.Repeat(" ", depth) + mask
			continue
		}
		if trimmed == "" {
			continue
		}
		indent = -1
		if found := block.FindStringSubmatch(line); found != nil {
			indent = len(found[1])
		}
	}
	return strings.Join(lines, "\n")
}

// scrubber hides the secrets of a component wherever they turn up in texts. The
// zero value knows none.
type scrubber struct{ known map[string]bool }

// learn remembers every text of a tree from a length on.
func (s *scrubber) learn(node any, shortest int) {
	eachText(node, func(text string) {
		for _, part := range append(strings.Split(text, "\n"), text) {
			part = strings.TrimSpace(part)
			if len(part) < shortest {
				continue
			}
			if s.known == nil {
				s.known = map[string]bool{}
			}
			s.known[part] = true
		}
	})
}

// hide hides the known texts, the longest first.
func (s *scrubber) hide(text string) string {
	longest := slices.SortedFunc(maps.Keys(s.known), func(a, b string) int {
		return cmp.Or(len(b)-len(a), strings.Compare(a, b))
	})
	for _, secret := range longest {
		text = strings.ReplaceAll(text, secret, mask)
	}
	return text
}

// text hides secrets in a sentence of the operator's.
func (s *scrubber) text(text string) string {
	return spoken.ReplaceAllString(scrubForms(s.hide(text)), "${1}"+mask)
}

// value returns a copy of a leaf with everything hidden that is secret, and
// whether anything was. All is true when the whole of it is.
func (s *scrubber) value(node any, all bool) (out any, masked bool) {
	switch n := node.(type) {
	case nil, bool:
		return n, false
	case map[string]any:
		return s.object(n, all)
	case []any:
		list := make([]any, len(n))
		for i := range n {
			var hidden bool
			list[i], hidden = s.value(n[i], all)
			masked = masked || hidden
		}
		return list, masked
	case string:
		if all && n != "" {
			return mask, true
		}
		scrubbed := scrubText(s.hide(n))
		return scrubbed, scrubbed != n
	default: // numbers: a PIN is a secret too
		if all {
			return mask, true
		}
		if text := fmt.Sprint(n); s.known[text] {
			return mask, true
		}
		return n, false
	}
}

// object looks below keys, and at pairs of name and value as in env.
func (s *scrubber) object(object map[string]any, all bool) (out map[string]any, masked bool) {
	out = make(map[string]any, len(object))
	name, _ := object["name"].(string)
	for key, child := range object {
		hide := all || sensitive(key) || (key == "value" && sensitive(name))
		var hidden bool
		out[key], hidden = s.value(child, hide)
		masked = masked || hidden
	}
	return out, masked
}

// learnGuessed remembers what sits under telling keys anywhere in a tree.
func (s *scrubber) learnGuessed(node any) {
	switch n := node.(type) {
	case map[string]any:
		name, _ := n["name"].(string)
		for key, child := range n {
			if sensitive(key) || (key == "value" && sensitive(name)) {
				s.learn(child, shortestGuessed)
				continue
			}
			s.learnGuessed(child)
		}
	case []any:
		for _, child := range n {
			s.learnGuessed(child)
		}
	}
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
	case float64, int64, int:
		f(fmt.Sprint(n))
	}
}
