// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package rehearsal

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// recordPrefix is how the names of records begin.
const recordPrefix = "sh.helm.release.v1."

// guard lets reads pass, and ends everything else: it refuses
// it, and keeps the record that Helm wanted to write.
type guard struct {
	kinds *Kinds

	mu     sync.Mutex
	record []byte
}

// over puts the guard before a transport.
func (g *guard) over(next http.RoundTripper) http.RoundTripper { return &guarded{g, next} }

// guarded is the guard before one transport; clients make several.
type guarded struct {
	*guard
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (g *guarded) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Method != http.MethodGet && request.Method != http.MethodHead {
		return g.refuse(request)
	}
	response, err := g.next.RoundTrip(request)
	if err != nil || response.StatusCode != http.StatusNotFound {
		return response, err
	}
	if list, is := g.discovered(request.URL.Path); is { // kinds that are to come
		_ = response.Body.Close() // nobody reads it
		return answer(request, http.StatusOK, list)
	}
	return response, nil
}

// discovered answers the question for the kinds of a version, which templates that look
// something up ask; false for other paths, and where there are none.
func (g *guard) discovered(path string) (*metav1.APIResourceList, bool) {
	version, is := strings.CutPrefix(path, "/apis/")
	if !is {
		version, is = strings.CutPrefix(path, "/api/")
	}
	if !is || strings.Count(version, "/") > 1 {
		return nil, false
	}
	resources := g.kinds.resources(version)
	return &metav1.APIResourceList{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "APIResourceList"}, GroupVersion: version, APIResources: resources,
	}, len(resources) > 0
}

// RoundTrip implements http.RoundTripper where there is no cluster: nothing is found.
func (g *guard) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Method != http.MethodGet && request.Method != http.MethodHead {
		return g.refuse(request)
	}
	if strings.HasSuffix(request.URL.Path, "/secrets") && strings.Contains(request.URL.Query().Get("labelSelector"), "owner=helm") {
		return answer(request, http.StatusOK, &metav1.PartialObjectMetadataList{
			TypeMeta: metav1.TypeMeta{APIVersion: "meta.k8s.io/v1", Kind: "PartialObjectMetadataList"},
			Items:    []metav1.PartialObjectMetadata{},
		})
	}
	if list, is := g.discovered(request.URL.Path); is {
		return answer(request, http.StatusOK, list)
	}
	return answer(request, http.StatusNotFound, refusal(http.StatusNotFound, metav1.StatusReasonNotFound, "there is no cluster"))
}

func (g *guard) refuse(request *http.Request) (*http.Response, error) {
	var body []byte
	if request.Body != nil {
		raw, err := io.ReadAll(request.Body)
		if closeErr := request.Body.Close(); err == nil {
			err = closeErr
		}
		if err != nil {
			return nil, err
		}
		body = raw
	}
	switch {
	case request.Method == http.MethodPost && strings.HasSuffix(request.URL.Path, "/secrets"):
		g.keep(body)
	case request.Method == http.MethodPut && strings.Contains(request.URL.Path, "/secrets/"+recordPrefix):
		// Helm marks records of failed installs before it writes the next one.
		return answer(request, http.StatusOK, json.RawMessage(body))
	}
	return answer(request, http.StatusForbidden, refusal(http.StatusForbidden, metav1.StatusReasonForbidden, "a plan writes nothing"))
}

func (g *guard) keep(body []byte) {
	var secret corev1.Secret
	if err := json.Unmarshal(body, &secret); err != nil || !strings.HasPrefix(secret.Name, recordPrefix) {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.record == nil {
		g.record = secret.Data["release"]
	}
}

func (g *guard) reset() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.record = nil
}

func (g *guard) taken() ([]byte, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.record, g.record != nil
}

func refusal(code int32, reason metav1.StatusReason, message string) *metav1.Status {
	return &metav1.Status{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"},
		Status:   metav1.StatusFailure, Code: code, Reason: reason, Message: message,
	}
}

func answer(request *http.Request, code int, object any) (*http.Response, error) {
	raw, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: code, Status: http.StatusText(code), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": []string{"application/json"}}, ContentLength: int64(len(raw)),
		Body: io.NopCloser(bytes.NewReader(raw)), Request: request,
	}, nil
}
