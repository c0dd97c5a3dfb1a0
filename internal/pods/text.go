// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package pods

import (
	"regexp"
	"strings"
	"unicode"
)

// longest is how many bytes of a message are told.
const longest = 200

// What differs each time that the same thing happens: the source port of a connection,
// the ID of a container that could not be created, the time at which a log line was
// written. With them in it, the sentence would be another one in each round.
var (
	sourcePorts  = regexp.MustCompile(`(?:\[[0-9a-fA-F:.%]+\]|[0-9.]+):[0-9]+->`)
	containerIDs = regexp.MustCompile(`"[0-9a-f]{64}"\s?`)
	klogHeaders  = regexp.MustCompile(`\b[IWEF][0-9]{4} [0-9:.]+\s+[0-9]+ `)
	timestamps   = regexp.MustCompile(`\b(?:[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}[T ])?[0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]+)?(?:Z|\s?[+-][0-9]{2}:?[0-9]{2}\b)?\s?`)
	epochs       = regexp.MustCompile(`"ts":\s?[0-9.e+]+,?`)
	// The wrappers around what a container runtime says, which leave no room for it.
	runtimeSteps = regexp.MustCompile(`(?:failed to (?:create|start) (?:containerd|shim) task: )+(?:OCI runtime [a-z]+ failed: )?(?:runc [a-z]+ failed: )?`)
	rpcErrors    = regexp.MustCompile(`rpc error: code = [A-Za-z]+ desc = `)
	// The wrappers around the reason why an image cannot be pulled: those of the
	// kubelet, the second with what it waits out, and of containerd.
	pullBackOff = regexp.MustCompile(`^Back-off pulling image "[^"]*"(?:: [A-Za-z]+)?(?:: |$)`)
	pullSteps   = regexp.MustCompile(`^(?:failed to (?:pull and unpack image|pull image|resolve reference|resolve image) "[^"]*": )+`)
)

// colon joins what is not empty with ": ".
func colon(parts ...string) string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, ": ")
}

// short makes one line of a message, leaves out what would be another the next time,
// and cuts.
func short(message string) string {
	return cut(oneLine(without(message, rpcErrors, runtimeSteps, sourcePorts, containerIDs)))
}

// logged leaves out the times of a message that may be log lines.
func logged(message string) string { return without(message, klogHeaders, timestamps, epochs) }

func without(s string, patterns ...*regexp.Regexp) string {
	for _, p := range patterns {
		s = p.ReplaceAllLiteralString(s, "")
	}
	return s
}

// oneLine turns white space and control characters into single blanks.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
}

// cut leaves at most longest bytes, in whole words: half of a password is one too
// many, and whoever hides it looks for the whole.
func cut(s string) string {
	const ellipsis = "…"
	if len(s) <= longest {
		return s
	}
	end := strings.LastIndexByte(s[:longest-len(ellipsis)], ' ')
	return strings.TrimSpace(s[:max(0, end)]) + ellipsis
}

// lastLines returns the lines at the end that can be told, at least one: the message is
// the end of a log, and what went wrong stands last.
func lastLines(message string) string {
	message = strings.TrimSpace(message)
	from := len(message)
	for from > 0 {
		start := strings.LastIndexByte(message[:from-1], '\n') + 1
		if from < len(message) && len(message)-start > longest {
			break
		}
		from = start
	}
	return message[from:]
}

// firstSentence returns a message up to the first full stop that ends a sentence.
func firstSentence(message string) string {
	first, _, _ := strings.Cut(oneLine(message), ". ")
	return strings.TrimSuffix(first, ".")
}

// beforePreemption returns a message of the scheduler without the sentences about
// preemption: why a pod does not fit is said before.
func beforePreemption(message string) string {
	message = oneLine(message)
	if i := strings.Index(message, "preemption:"); i >= 0 {
		message = message[:max(0, strings.LastIndex(message[:i], ". "))]
	}
	return strings.TrimSuffix(message, ".")
}

// pullFailure returns the image and what the registry said.
func pullFailure(image, message string) string {
	message = without(oneLine(message), pullBackOff, rpcErrors, pullSteps)
	if image == "" || strings.Contains(message, image) {
		return message
	}
	return colon(image, message)
}
