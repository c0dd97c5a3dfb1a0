// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/rest"
)

const page = `# HELP requests_total Requests, "quoted" and {braced}.
# TYPE requests_total counter
requests_total{verb="GET",resource="pods",path="/a\"b{c},d=\"e\\"} 3
requests_total{verb="LIST",resource="pods"} 4 1700000000000
requests_total{verb="GET",resource="nodes",} 5e+01
requests_totally{verb="GET"} 1000
plain 1.5
seconds_bucket{name="a",le="0.1"} 1
seconds_bucket{name="a",le="1"} 3
seconds_bucket{name="a",le="+Inf"} 4
seconds_bucket{name="b",le="0.1"} 10
seconds_bucket{name="b",le="1"} 10
seconds_bucket{name="b",le="+Inf"} 10
seconds_sum{name="a"} 7
seconds_count{name="a"} 4
seconds_sum{name="b"} 0.5
seconds_count{name="b"} 10
broken{name="a" 1
`

func parse(t *testing.T, text string, names ...string) Snapshot {
	t.Helper()
	snapshot, err := ParseMetrics(strings.NewReader(text), names...)
	if err != nil {
		t.Fatal(err)
	}
	return snapshot
}

func TestParseMetrics(t *testing.T) {
	got := parse(t, page, "requests_total", "plain")
	want := Snapshot{
		{Name: "requests_total", Labels: Labels{"verb": "GET", "resource": "pods", "path": `/a"b{c},d="e\`}, Value: 3},
		{Name: "requests_total", Labels: Labels{"verb": "LIST", "resource": "pods"}, Value: 4},
		{Name: "requests_total", Labels: Labels{"verb": "GET", "resource": "nodes"}, Value: 50},
		{Name: "plain", Labels: Labels{}, Value: 1.5},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := ParseMetrics(strings.NewReader(page), "broken"); err == nil || !strings.Contains(err.Error(), `broken{name=\"a\" 1`) {
		t.Errorf("a broken line gives %v; want an error that quotes it", err)
	}
	for _, line := range []string{"a ", "a x", `a{b=c} 1`, `a{b="c} 1`} {
		if got, err := ParseMetrics(strings.NewReader(line+"\n"), "a"); err == nil {
			t.Errorf("%q is read as %v", line, got)
		}
	}
}

func TestSnapshot(t *testing.T) {
	s := parse(t, page, "requests_total", "seconds")
	if got := s.Sum("requests_total", nil); got != 57 {
		t.Errorf("sum of all: %g", got)
	}
	if got := s.Sum("requests_total", Labels{"verb": "GET", "resource": "nodes"}); got != 50 {
		t.Errorf("sum of some: %g", got)
	}
	if diff := cmp.Diff(map[string]float64{"GET": 53, "LIST": 4}, s.By("requests_total", "verb", nil)); diff != "" {
		t.Error(diff)
	}
	want := Histogram{Buckets: []Bucket{{0.1, 1}, {1, 3}, {math.Inf(1), 4}}, Sum: 7, Count: 4}
	if diff := cmp.Diff(want, s.Histogram("seconds", Labels{"name": "a"})); diff != "" {
		t.Error(diff)
	}
	want = Histogram{Buckets: []Bucket{{0.1, 11}, {1, 13}, {math.Inf(1), 14}}, Sum: 7.5, Count: 14}
	if diff := cmp.Diff(want, s.Histogram("seconds", nil)); diff != "" {
		t.Error(diff)
	}
	before := parse(t, "requests_total{resource=\"nodes\",verb=\"GET\"} 20\nseconds_sum{name=\"a\"} 3\n", "requests_total", "seconds")
	since := s.Since(before)
	if got := since.Sum("requests_total", Labels{"resource": "nodes"}); got != 30 {
		t.Errorf("it has grown by %g", got)
	}
	if got := since.Sum("requests_total", Labels{"verb": "LIST"}); got != 4 {
		t.Errorf("what is new has grown by %g", got)
	}
	if got := since.Histogram("seconds", Labels{"name": "a"}).Sum; got != 4 {
		t.Errorf("the histogram's sum has grown by %g", got)
	}
}

func TestScrapeRefused(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	_, err := Scrape(t.Context(), server.Client(), server.URL+"/metrics", "a")
	if err == nil || !strings.Contains(err.Error(), server.URL+"/metrics: 404") {
		t.Errorf("got %v; want the URL and the status", err)
	}
}

func TestRequestString(t *testing.T) {
	for want, r := range map[string]Request{"GET pods": {"GET", "pods", ""}, "PATCH pods/status": {"PATCH", "pods", "status"}, "GET -": {"GET", "", ""}} {
		if got := r.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestCounters(t *testing.T) {
	pages := map[string]string{
		"/metrics": `apiserver_request_total{code="200",verb="LIST",resource="pods",subresource=""} 2
apiserver_request_total{code="201",verb="POST",resource="pods",subresource=""} 1
apiserver_request_total{code="409",verb="POST",resource="pods",subresource=""} 2
apiserver_request_total{code="200",verb="PATCH",resource="pods",subresource="status"} 5
apiserver_longrunning_requests{verb="WATCH",resource="pods"} 3
apiserver_longrunning_requests{verb="CONNECT",resource="pods"} 1
apiserver_longrunning_requests{verb="WATCH",resource="nodes"} 4
`,
		"/etcd/metrics": "etcd_mvcc_put_total 8\netcd_mvcc_delete_total 2\netcd_mvcc_txn_total 11\netcd_mvcc_db_total_size_in_bytes 4096\n",
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(pages[r.URL.Path])) }))
	defer server.Close()
	api, err := NewAPIServer(&rest.Config{Host: server.URL + "/"}, server.URL+"/etcd")
	if err != nil {
		t.Fatal(err)
	}
	before, err := api.Counters(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := Counters{
		Requests: map[Request]float64{{"LIST", "pods", ""}: 2, {"POST", "pods", ""}: 3, {"PATCH", "pods", "status"}: 5},
		Puts:     8, Deletes: 2, Transactions: 11, DatabaseBytes: 4096, Watches: 7,
	}
	if diff := cmp.Diff(want, before); diff != "" {
		t.Error(diff)
	}
	pages["/metrics"] = strings.Replace(pages["/metrics"], "} 5", "} 9", 1)
	pages["/etcd/metrics"] = strings.Replace(pages["/etcd/metrics"], "_put_total 8", "_put_total 12", 1)
	after, err := api.Counters(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	since := after.Since(before)
	want = Counters{Requests: map[Request]float64{{"PATCH", "pods", "status"}: 4}, Puts: 4, DatabaseBytes: 4096, Watches: 7}
	if diff := cmp.Diff(want, since); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]float64{"POST": 3, "PATCH": 9}, after.ByVerb(Request.Write)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]float64{"PATCH": 4}, since.ByVerb(nil)); diff != "" {
		t.Error(diff)
	}
}
