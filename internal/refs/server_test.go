// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package refs_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// object is a Secret or a ConfigMap as the wire has it.
type object map[string]any

// apiServer lists and watches Secrets and ConfigMaps. It knows objects by
// "secrets namespace/name" and refuses to show more than one of them at a time.
type apiServer struct {
	t       *testing.T
	url     string
	opened  chan string
	closed  chan string
	mu      sync.Mutex
	version int
	objects map[string]object
	watches map[string]chan event
}

type event struct {
	Type   string `json:"type"`
	Object object `json:"object"`
}

func newAPIServer(t *testing.T) *apiServer {
	t.Helper()
	s := &apiServer{
		t: t, version: 1, objects: map[string]object{}, watches: map[string]chan event{},
		opened: make(chan string, 100), closed: make(chan string, 100),
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func (s *apiServer) client() kubernetes.Interface {
	client, err := kubernetes.NewForConfig(&rest.Config{Host: s.url, ContentConfig: rest.ContentConfig{ContentType: "application/json"}})
	if err != nil {
		s.t.Fatal(err)
	}
	return client
}

var kindsOf = map[string]string{"secrets": "Secret", "configmaps": "ConfigMap"}

// ServeHTTP answers GET /api/v1/namespaces/<namespace>/<resource>?fieldSelector=metadata.name=<name>.
func (s *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	name, one := strings.CutPrefix(r.URL.Query().Get("fieldSelector"), "metadata.name=")
	if !one || len(parts) != 5 || kindsOf[parts[4]] == "" {
		s.t.Errorf("asked for more than one object: %s", r.URL)
		http.Error(w, "one object at a time", http.StatusForbidden)
		return
	}
	key := parts[4] + " " + parts[3] + "/" + name
	w.Header().Set("Content-Type", "application/json")
	switch {
	case r.URL.Query().Get("watch") == "":
		s.list(w, parts[4], key)
	case r.URL.Query().Get("sendInitialEvents") != "":
		w.WriteHeader(http.StatusUnprocessableEntity)
		_ = json.NewEncoder(w).Encode(object{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Invalid", "code": 422})
	default:
		s.watch(w, r, key)
	}
}

func (s *apiServer) list(w http.ResponseWriter, resource, key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	items := []object{}
	if o, there := s.objects[key]; there {
		items = append(items, o)
	}
	_ = json.NewEncoder(w).Encode(object{
		"kind": kindsOf[resource] + "List", "apiVersion": "v1", "items": items,
		"metadata": object{"resourceVersion": fmt.Sprint(s.version)},
	})
}

func (s *apiServer) watch(w http.ResponseWriter, r *http.Request, key string) {
	events := make(chan event, 10)
	s.mu.Lock()
	s.watches[key] = events
	s.mu.Unlock()
	w.WriteHeader(http.StatusOK)
	w.(http.Flusher).Flush()
	s.opened <- key
	defer func() { s.closed <- key }()
	for {
		select {
		case e := <-events:
			_ = json.NewEncoder(w).Encode(e)
			w.(http.Flusher).Flush()
		case <-r.Context().Done():
			return
		}
	}
}

// put writes an object: "secrets namespace/name", with data as the wire has it.
func (s *apiServer) put(key string, fields object) {
	s.mu.Lock()
	defer s.mu.Unlock()
	what := "ADDED"
	if _, there := s.objects[key]; there {
		what = "MODIFIED"
	}
	s.version++
	resource, full, _ := strings.Cut(key, " ")
	namespace, name, _ := strings.Cut(full, "/")
	fields["kind"], fields["apiVersion"] = kindsOf[resource], "v1"
	fields["metadata"] = object{"name": name, "namespace": namespace, "resourceVersion": fmt.Sprint(s.version)}
	s.objects[key] = fields
	s.send(key, event{what, fields})
}

func (s *apiServer) remove(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version++
	gone := s.objects[key]
	delete(s.objects, key)
	s.send(key, event{"DELETED", gone})
}

// send tells the watch of an object, if there is one; the caller holds the lock.
func (s *apiServer) send(key string, e event) {
	if events := s.watches[key]; events != nil {
		events <- e
	}
}
