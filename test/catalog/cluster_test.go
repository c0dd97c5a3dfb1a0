// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/discovery/fake"
	"k8s.io/client-go/rest"
	clienttesting "k8s.io/client-go/testing"

	"github.com/groundwork-dev/groundwork/internal/cluster"
)

// The minor versions of Kubernetes 1.x that a component must render for.
const oldestMinor, newestMinor = 31, 36

// servedKinds are what an API server of a minor version serves by itself, and the
// lists that it answers discovery with.
func servedKinds(t *testing.T, minor int) (*cluster.Kinds, []*metav1.APIResourceList) {
	t.Helper()
	raw, err := os.ReadFile("testdata/kinds.txt")
	if err != nil {
		t.Fatal(err)
	}
	var lists []*metav1.APIResourceList
	for line := range strings.Lines(string(raw)) {
		fields := strings.Fields(line)
		if len(fields) < 4 || fields[0] == "#" {
			continue
		}
		if len(fields) > 4 {
			if since, err := strconv.Atoi(fields[4]); err != nil || since > minor {
				continue
			}
		}
		if len(lists) == 0 || lists[len(lists)-1].GroupVersion != fields[0] {
			lists = append(lists, &metav1.APIResourceList{GroupVersion: fields[0]})
		}
		last := lists[len(lists)-1]
		last.APIResources = append(last.APIResources, metav1.APIResource{Kind: fields[1], Name: fields[2], Namespaced: fields[3] == "namespaced"})
	}
	kinds, err := cluster.NewKinds(&fake.FakeDiscovery{
		Fake: &clienttesting.Fake{Resources: lists},
		FakedServerVersion: &version.Info{
			Major: "1", Minor: strconv.Itoa(minor), GitVersion: fmt.Sprintf("v1.%d.0", minor),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return kinds, lists
}

// recorder is an API server without objects. It refuses every write, and keeps the
// release records that an install begins with: the install ends there.
type recorder struct {
	mu      sync.Mutex
	records map[string]json.RawMessage // by namespace and release
	lists   []*metav1.APIResourceList
}

func newRecorder(lists []*metav1.APIResourceList) *recorder {
	return &recorder{records: map[string]json.RawMessage{}, lists: lists}
}

func (r *recorder) config() *rest.Config {
	return &rest.Config{
		Host: "http://cluster.invalid", Transport: r, QPS: -1,
		ContentConfig: rest.ContentConfig{ContentType: "application/json", AcceptContentTypes: "application/json"},
	}
}

// RoundTrip implements http.RoundTripper.
func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	var body []byte
	if request.Body != nil {
		var err error
		if body, err = io.ReadAll(request.Body); err != nil {
			return nil, err
		}
	}
	path := strings.Split(strings.Trim(request.URL.Path, "/"), "/")
	switch {
	case request.URL.Path == "/version":
		return answer(request, http.StatusOK, version.Info{Major: "1", Minor: strconv.Itoa(newestMinor), GitVersion: fmt.Sprintf("v1.%d.0", newestMinor)})
	case request.Method == http.MethodGet && r.discovered(path) != nil: // Helm's own "lookup" asks
		return answer(request, http.StatusOK, r.discovered(path))
	case request.Method == http.MethodGet && isList(path):
		list := metav1.PartialObjectMetadataList{TypeMeta: metav1.TypeMeta{APIVersion: "meta.k8s.io/v1", Kind: "PartialObjectMetadataList"}}
		list.Items = []metav1.PartialObjectMetadata{}
		return answer(request, http.StatusOK, list)
	case request.Method == http.MethodGet || request.Method == http.MethodDelete:
		return answer(request, http.StatusNotFound, status(http.StatusNotFound, metav1.StatusReasonNotFound))
	case request.Method == http.MethodPost && path[len(path)-1] == "secrets":
		r.keep(path[3], body) // api/v1/namespaces/<namespace>/secrets
	}
	return answer(request, http.StatusForbidden, status(http.StatusForbidden, metav1.StatusReasonForbidden))
}

// discovered are the resources of a group and version.
func (r *recorder) discovered(path []string) *metav1.APIResourceList {
	for _, list := range r.lists {
		if strings.Join(path[1:], "/") == list.GroupVersion {
			return list
		}
	}
	return nil
}

// isList tells .../namespaces/x/things from .../namespaces/x/things/name.
func isList(path []string) bool {
	rest := path[min(2, len(path)):] // api/v1
	if path[0] == "apis" {
		rest = path[min(3, len(path)):] // apis/group/version
	}
	if len(rest) > 2 && rest[0] == "namespaces" {
		rest = rest[2:]
	}
	return len(rest) == 1
}

func (r *recorder) keep(namespace string, body []byte) {
	var secret struct {
		Type     string                     `json:"type"`
		Metadata metav1.ObjectMeta          `json:"metadata"`
		Data     map[string]json.RawMessage `json:"data"`
	}
	if json.Unmarshal(body, &secret) != nil || secret.Type != "helm.sh/release.v1" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.records[namespace+"/"+secret.Metadata.Labels["name"]] = secret.Data["release"]
}

func (r *recorder) record(namespace, release string) json.RawMessage {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.records[namespace+"/"+release]
}

func status(code int32, reason metav1.StatusReason) metav1.Status {
	return metav1.Status{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusFailure,
		Code: code, Reason: reason, Message: "this API server has no objects and takes none",
	}
}

func answer(request *http.Request, code int, object any) (*http.Response, error) {
	raw, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: code, Request: request, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(raw)),
	}, nil
}
