// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// Transient says that an action failed because the API server did not answer, not
// in time or not now: it speaks against nothing in the inputs. A hook or a rollout
// that took too long is another matter.
func Transient(err error) bool {
	if e, told := errors.AsType[*explained](err); told {
		err = e.error // what a pod says of its own connections is no answer of the API server's
	}
	if s, shortened := errors.AsType[*sentence](err); shortened {
		err = s.err
	}
	if _, transport := errors.AsType[*url.Error](err); transport {
		return true
	}
	for _, is := range []func(error) bool{
		apierrors.IsConflict, apierrors.IsTooManyRequests, apierrors.IsInternalError, apierrors.IsServiceUnavailable,
		apierrors.IsServerTimeout, apierrors.IsTimeout,
	} {
		if is(err) {
			return true
		}
	}
	// An update of several objects joins the texts of its errors.
	text := err.Error()
	return slices.ContainsFunc(transientTexts, func(part string) bool { return strings.Contains(text, part) })
}

// transientTexts are how the errors above read.
var transientTexts = []string{
	"connection refused", "connection reset", "connection timed out", "i/o timeout", "TLS handshake timeout", "unexpected EOF",
	"the object has been modified", "an error on the server", "the server is currently unable", "Internal error occurred",
	"too many requests", "the server is too busy", "the server was unable to return a response in the time allotted",
}

// noise are prefixes of Helm's errors that say nothing to a reader who already
// knows which release and which action failed.
var noise = []string{
	"failed to install: ", "release failed: ", "warning: ", "an error occurred: ", "1 error occurred: * ",
	"error while running post render on files: ",
}

// translate makes one readable sentence of a Helm error and keeps the chain.
func translate(err error) error {
	text := strings.Join(strings.Fields(shorten(err.Error())), " ")
	for _, prefix := range noise {
		text = strings.ReplaceAll(text, prefix, "")
	}
	text = abridge(text)
	switch {
	case strings.Contains(text, "cannot be imported into the current release"):
		text = "objects of the chart exist already and belong to nobody or to another release: " + text
	case strings.Contains(text, "data: Too long"):
		// The record comes first: nothing else has been written.
		text = "the record of the release is larger than the 1 MiB that Kubernetes keeps in a Secret; take large objects out of the chart, " +
			"or shorten the values: " + text
	case strings.Contains(text, "another operation"):
		text = "another Helm operation on this release is in progress: " + text
	}
	return &sentence{text: text, err: err}
}

// maxSentence is how long a sentence may be, in bytes: a template can fail with a text
// of any length, and a status holds the sentences of a hundred components.
const maxSentence = 2048

// abridge takes out the middle of a long text: it begins with where, and ends with why.
func abridge(text string) string {
	if len(text) <= maxSentence {
		return text
	}
	head, tail := text[:maxSentence/2], text[len(text)-maxSentence/4:]
	return fmt.Sprintf("%s [... %d bytes ...] %s",
		strings.ToValidUTF8(head, ""), len(text)-len(head)-len(tail), strings.ToValidUTF8(tail, ""))
}

// many is how Helm joins the errors about several objects, in the order in which
// they happened to fail: one a line.
var many = regexp.MustCompile(`(?s)^(.*?)(\d+) errors occurred:\s*\* (.*)$`)

// nextError stands between them.
const nextError = "\n\t* "

// repeated is how many of many errors a sentence says.
const repeated = 3

// shorten keeps the first few of many errors, in an order that is the same at
// every attempt.
func shorten(text string) string {
	parts := many.FindStringSubmatch(text)
	if parts == nil {
		return text
	}
	each := strings.Split(strings.TrimSpace(parts[3]), nextError)
	slices.Sort(each)
	rest := ""
	if len(each) > repeated {
		rest = fmt.Sprintf("; and %d more", len(each)-repeated)
		each = each[:repeated]
	}
	return fmt.Sprintf("%s%s errors: %s%s", parts[1], parts[2], strings.Join(each, "; "), rest)
}

// explained is an error with what the pods of a workload say about it. That is for
// people: it decides nothing.
type explained struct {
	error
	why string
}

// Error is the sentence with its reason.
func (e *explained) Error() string { return e.error.Error() + ": " + e.why }

// Unwrap is the error without.
func (e *explained) Unwrap() error { return e.error }

// sentence is an error with a text of its own.
type sentence struct {
	text string
	err  error
}

// Error is the sentence.
func (s *sentence) Error() string { return s.text }

// Unwrap is Helm's error.
func (s *sentence) Unwrap() error { return s.err }
