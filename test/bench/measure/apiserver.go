// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"strings"

	"k8s.io/client-go/rest"
)

// APIServer is a Kubernetes API server with the etcd behind it.
type APIServer struct {
	client *http.Client
	server string
	etcd   string
}

// NewAPIServer reads counters with the rights of config, and etcd's (an http URL
// without credentials) when that is not empty.
func NewAPIServer(config *rest.Config, etcd string) (*APIServer, error) {
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("client for the API server's metrics: %w", err)
	}
	return &APIServer{client: client, server: strings.TrimSuffix(config.Host, "/"), etcd: etcd}, nil
}

// Request is a sort of request to the API server.
type Request struct {
	// Verb in capitals: GET, LIST, WATCH, POST, PUT, PATCH, APPLY, DELETE, DELETECOLLECTION, CONNECT.
	Verb string
	// Resource in the plural, empty for what is none (discovery, health, metrics).
	Resource string
	// Subresource such as status; empty: the object itself.
	Subresource string
}

// String is "VERB resource/subresource".
func (r Request) String() string {
	out := r.Verb + " " + cmp.Or(r.Resource, "-")
	if r.Subresource != "" {
		out += "/" + r.Subresource
	}
	return out
}

// Write says whether the request changes something.
func (r Request) Write() bool {
	switch r.Verb {
	case "POST", "PUT", "PATCH", "APPLY", "DELETE", "DELETECOLLECTION":
		return true
	}
	return false
}

// Counters of an API server and its etcd, at a moment or between two. Everybody's
// requests are in them. A watch counts when it ends.
type Counters struct {
	Requests map[Request]float64
	// Puts, Deletes and Transactions of etcd. A write of the API server is one
	// transaction and one put or delete; reads that must be fresh are ranges.
	Puts, Deletes, Transactions float64
	// DatabaseBytes is the size of etcd's database, and Watches how many are open:
	// gauges, which Since leaves alone.
	DatabaseBytes, Watches float64
}

// Counters reads them now. Reading is itself a request without a resource.
func (a *APIServer) Counters(ctx context.Context) (Counters, error) {
	page, err := Scrape(ctx, a.client, a.server+"/metrics", "apiserver_request_total", "apiserver_longrunning_requests")
	if err != nil {
		return Counters{}, err
	}
	out := Counters{
		Requests: map[Request]float64{},
		Watches:  page.Sum("apiserver_longrunning_requests", Labels{"verb": "WATCH"}),
	}
	for _, series := range page {
		if series.Name != "apiserver_request_total" {
			continue
		}
		l := series.Labels
		out.Requests[Request{Verb: l["verb"], Resource: l["resource"], Subresource: l["subresource"]}] += series.Value
	}
	if a.etcd == "" {
		return out, nil
	}
	names := []string{"etcd_mvcc_put_total", "etcd_mvcc_delete_total", "etcd_mvcc_txn_total", "etcd_mvcc_db_total_size_in_bytes"}
	page, err = Scrape(ctx, http.DefaultClient, a.etcd+"/metrics", names...)
	if err != nil {
		return Counters{}, err
	}
	out.Puts, out.Deletes, out.Transactions = page.Sum(names[0], nil), page.Sum(names[1], nil), page.Sum(names[2], nil)
	out.DatabaseBytes = page.Sum(names[3], nil)
	return out, nil
}

// Since is what was counted after before.
func (c Counters) Since(before Counters) Counters {
	out := Counters{
		Requests: maps.Clone(c.Requests),
		Puts:     c.Puts - before.Puts, Deletes: c.Deletes - before.Deletes, Transactions: c.Transactions - before.Transactions,
		DatabaseBytes: c.DatabaseBytes, Watches: c.Watches,
	}
	for request, count := range before.Requests {
		out.Requests[request] -= count
	}
	maps.DeleteFunc(out.Requests, func(_ Request, count float64) bool { return count == 0 })
	return out
}

// ByVerb sums the requests that want lets through (nil: all) by verb.
func (c Counters) ByVerb(want func(Request) bool) map[string]float64 {
	out := map[string]float64{}
	for request, count := range c.Requests {
		if want == nil || want(request) {
			out[request.Verb] += count
		}
	}
	return out
}
