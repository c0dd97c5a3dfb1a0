// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package micro

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/client-go/kubernetes"
	restclient "k8s.io/client-go/rest"

	"github.com/groundwork-dev/groundwork/internal/refs"
)

// referenceLimit is what the watch of one Secret of 1 kB may take, stacks included and
// the connection left aside, in bytes.
const referenceLimit = 64 << 10

// secretsOnly is an API server in which every Secret is there, and never changes.
type secretsOnly struct{}

// RoundTrip implements http.RoundTripper.
func (secretsOnly) RoundTrip(request *http.Request) (*http.Response, error) {
	answer := func(code int, body io.ReadCloser) (*http.Response, error) {
		return &http.Response{
			StatusCode: code, Body: body, Header: http.Header{"Content-Type": []string{"application/json"}}, ProtoMajor: 1, ProtoMinor: 1, Request: request,
		}, nil
	}
	query := request.URL.Query()
	switch {
	case query.Get("sendInitialEvents") != "":
		return answer(http.StatusUnprocessableEntity, io.NopCloser(strings.NewReader(`{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Invalid", "code": 422}`)))
	case query.Get("watch") != "":
		silent, end := io.Pipe()
		go func() {
			<-request.Context().Done()
			_ = end.CloseWithError(io.EOF)
		}()
		return answer(http.StatusOK, silent)
	}
	name := strings.TrimPrefix(query.Get("fieldSelector"), "metadata.name=")
	return answer(http.StatusOK, io.NopCloser(strings.NewReader(fmt.Sprintf(`{"kind": "SecretList", "apiVersion": "v1", "metadata": {"resourceVersion": "1"}, "items": [
{"metadata": {"namespace": "ns", "name": %q, "resourceVersion": "1", "managedFields": [{"manager": "m", "operation": "Update", "fieldsType": "FieldsV1", "fieldsV1": {}}]}, "data": {"values.yaml": %q}}]}`,
		name, strings.Repeat("YWJj", 342)))))
}

// held is what the process holds: heap and stacks.
func held() int {
	total := heap()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return total + int(stats.StackInuse)
}

// TestMemoryOfReferences refers to 1,000 Secrets, each from a release of its own: each
// has a watch, and all are given back.
func TestMemoryOfReferences(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, err := kubernetes.NewForConfig(&restclient.Config{Host: "http://api.example.com", Transport: secretsOnly{}, QPS: -1})
		if err != nil {
			t.Fatal(err)
		}
		watcher := refs.New(client, func(string) {})
		start(t, watcher)
		synctest.Wait()
		before, routines := held(), runtime.NumGoroutine()
		ref := func(i int) refs.Ref {
			return refs.Ref{Kind: refs.Secret, Namespace: "ns", Name: fmt.Sprintf("secret%d", i)}
		}
		for i := range releases {
			watcher.SetRefs(releaseName(i), []refs.Ref{ref(i)})
		}
		synctest.Wait()
		for i := range releases {
			if content, found, synced := watcher.Get(ref(i)); !synced || !found || len(content.Data) != 1 {
				t.Fatalf("%s: found %t, synced %t", ref(i), found, synced)
			}
		}
		each := (held() - before) / releases
		t.Logf("%d bytes and %.1f goroutines a reference", each, float64(runtime.NumGoroutine()-routines)/releases)
		if each > referenceLimit {
			t.Errorf("%d bytes a reference, want at most %d", each, referenceLimit)
		}
		for i := range releases {
			watcher.SetRefs(releaseName(i), nil)
		}
		<-time.After(time.Hour) // of virtual time: whatever had a deadline is over
		synctest.Wait()
		if left := runtime.NumGoroutine() - routines; left > 10 {
			t.Errorf("%d goroutines are left", left)
		}
		// The Go runtime keeps the descriptors, of half a kilobyte, of goroutines that have
		// ended, for others.
		if left := heap() - before; left > rest+8*releases<<9 {
			t.Errorf("%d bytes are left", left)
		}
		runtime.KeepAlive(watcher)
	})
}
