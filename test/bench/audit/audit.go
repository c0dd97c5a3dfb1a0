// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package audit counts the requests of one user in an API server's audit log. It
// imports the standard library.
package audit

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// Policy is an audit policy that lets nothing through but the requests of a user.
// With Metadata a request costs the server one line of a few hundred bytes.
func Policy(user string) string {
	return fmt.Sprintf(`apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
  users: [%q]
- level: None
`, user)
}

// Counts are requests by verb, in the API server's words: get, list, watch, create,
// update, patch, delete, deletecollection. A server-side apply is a patch.
type Counts map[string]int

// Total of all verbs.
func (c Counts) Total() int {
	total := 0
	for _, n := range c {
		total += n
	}
	return total
}

// Writes are the requests that change something.
func (c Counts) Writes() int {
	return c["create"] + c["update"] + c["patch"] + c["delete"] + c["deletecollection"]
}

// Log is an audit log that is being written.
type Log struct {
	path   string
	offset int64
	rest   []byte
}

// Open reads from the beginning of the log at a path, which may not exist yet.
func Open(path string) *Log { return &Log{path: path} }

// Next are the requests that were written since the last call.
func (l *Log) Next() ([]Event, error) {
	file, err := os.Open(l.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the audit log: %w", err)
	}
	defer func() { _ = file.Close() }()
	if _, err := file.Seek(l.offset, io.SeekStart); err != nil {
		return nil, fmt.Errorf("read the audit log: %w", err)
	}
	raw, err := io.ReadAll(bufio.NewReaderSize(file, 1<<20))
	if err != nil {
		return nil, fmt.Errorf("read the audit log: %w", err)
	}
	l.offset += int64(len(raw))
	raw = append(l.rest, raw...)
	end := bytes.LastIndexByte(raw, '\n') + 1
	l.rest = bytes.Clone(raw[end:])
	return Parse(raw[:end])
}

// Event is one request.
type Event struct {
	Stage     string `json:"stage"`
	Verb      string `json:"verb"`
	URI       string `json:"requestURI"`
	ObjectRef struct {
		Group       string `json:"apiGroup"`
		Resource    string `json:"resource"`
		Subresource string `json:"subresource"`
		Namespace   string `json:"namespace"`
		Name        string `json:"name"`
	} `json:"objectRef"`
	Response struct {
		Code int `json:"code"`
	} `json:"responseStatus"`
}

// Lease says whether the request is about a lease of leader election.
func (e Event) Lease() bool { return e.ObjectRef.Resource == "leases" }

// Review says whether it is one of the questions that protecting an endpoint costs.
func (e Event) Review() bool {
	return e.ObjectRef.Resource == "tokenreviews" || e.ObjectRef.Resource == "subjectaccessreviews"
}

// Parse reads the lines of an audit log. A request appears once: a watch when it
// begins (it ends later or never), any other when it is answered.
func Parse(lines []byte) ([]Event, error) {
	var out []Event
	for line := range bytes.Lines(lines) {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		var event Event
		if err := json.Unmarshal(line, &event); err != nil {
			return nil, fmt.Errorf("audit log: %w: %.200s", err, line)
		}
		begins := event.Stage == "ResponseStarted"
		if begins != (event.Verb == "watch") || event.Stage == "RequestReceived" {
			continue
		}
		out = append(out, event)
	}
	return out, nil
}

// Count counts the events that want lets through; nil: all.
func Count(events []Event, want func(Event) bool) Counts {
	out := Counts{}
	for _, event := range events {
		if want == nil || want(event) {
			out[event.Verb]++
		}
	}
	return out
}

// Sorts counts events by verb and resource, as "patch deployments.apps/status"; what
// is no resource goes by its path, as "get /openapi/v2".
func Sorts(events []Event) map[string]int {
	out := map[string]int{}
	for _, event := range events {
		ref := event.ObjectRef
		what := ref.Resource
		if ref.Group != "" {
			what += "." + ref.Group
		}
		if ref.Subresource != "" {
			what += "/" + ref.Subresource
		}
		if what == "" {
			what, _, _ = strings.Cut(event.URI, "?")
		}
		out[event.Verb+" "+what]++
	}
	return out
}
