// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package refs_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/groundwork-dev/groundwork/internal/refs"
)

const (
	secretKey = "secrets ns/creds"
	configKey = "configmaps ns/base"
)

var (
	secret = refs.Ref{Kind: refs.Secret, Namespace: "ns", Name: "creds"}
	config = refs.Ref{Kind: refs.ConfigMap, Namespace: "ns", Name: "base"}
)

func password(text string) object { return object{"type": "Opaque", "data": object{"password": text}} }

// fixture is a Watcher before an API server; woken gets every owner that is woken.
type fixture struct {
	*refs.Watcher
	t      *testing.T
	server *apiServer
	woken  chan string
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	server := newAPIServer(t)
	woken := make(chan string, 1000)
	return &fixture{t: t, server: server, woken: woken, Watcher: refs.New(server.client(), func(owner string) { woken <- owner })}
}

func (f *fixture) start() *fixture {
	ctx, cancel := context.WithCancel(f.t.Context())
	done := make(chan error)
	go func() { done <- f.Start(ctx) }()
	f.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			f.t.Errorf("Start: %v", err)
		}
	})
	return f
}

// until waits until an owner is woken and the content is as wanted: being woken
// more often than needed does no harm.
func (f *fixture) until(owner string, ref refs.Ref, want refs.Content, there bool) {
	f.t.Helper()
	for {
		select {
		case got := <-f.woken:
			content, found, synced := f.Get(ref)
			if got == owner && synced && found == there && cmp.Equal(want, content) {
				return
			}
		case <-f.t.Context().Done():
			f.t.Fatalf("%s was not woken with %v", owner, want)
		}
	}
}

func content(key, value string) refs.Content {
	return refs.Content{Type: "Opaque", Data: map[string][]byte{key: []byte(value)}}
}

// TestAppearChangeDelete: an owner is woken when its object has been looked at,
// appears, changes and goes, and finds the new content when it is.
func TestAppearChangeDelete(t *testing.T) {
	f := newFixture(t).start()
	if _, found, synced := f.Get(secret); found || synced {
		t.Error("known before anybody refers to it")
	}
	f.SetRefs("a", []refs.Ref{secret})
	f.until("a", secret, refs.Content{}, false)
	<-f.server.opened
	f.server.put(secretKey, password("b25l")) // one
	f.until("a", secret, content("password", "one"), true)
	f.server.put(secretKey, password("dHdv")) // two
	f.until("a", secret, content("password", "two"), true)
	f.server.remove(secretKey)
	f.until("a", secret, refs.Content{}, false)
}

// TestConfigMap: text and binary data are read together.
func TestConfigMap(t *testing.T) {
	f := newFixture(t).start()
	f.server.put(configKey, object{"data": object{"text": "hello"}, "binaryData": object{"raw": "AAE="}})
	f.SetRefs("a", []refs.Ref{config})
	f.until("a", config, refs.Content{Data: map[string][]byte{"text": []byte("hello"), "raw": {0, 1}}}, true)
}

// TestRefsBeforeStart: what was set before is watched from Start on.
func TestRefsBeforeStart(t *testing.T) {
	f := newFixture(t)
	f.server.put(secretKey, password("b25l"))
	f.SetRefs("a", []refs.Ref{secret})
	if _, found, synced := f.Get(secret); found || synced {
		t.Error("known before Start")
	}
	stop := make(chan struct{})
	go func() { // for the race detector: Get while Start begins the watch
		defer close(stop)
		for range 1000 {
			f.Get(secret)
		}
	}()
	f.start()
	f.until("a", secret, content("password", "one"), true)
	<-stop
}

// TestSharedWatch: there is one watch per object, for everybody who refers to
// it; it ends when nobody does, and a new one begins when somebody does again.
func TestSharedWatch(t *testing.T) {
	f := newFixture(t).start()
	f.server.put(secretKey, password("b25l"))
	f.SetRefs("a", []refs.Ref{secret, secret, config})
	<-f.server.opened
	<-f.server.opened
	f.until("a", secret, content("password", "one"), true)
	f.SetRefs("b", []refs.Ref{secret})
	if _, found, synced := f.Get(secret); !found || !synced {
		t.Error("the second one to refer to it finds it at once")
	}
	f.server.put(secretKey, password("dHdv"))
	f.until("b", secret, content("password", "two"), true)

	f.SetRefs("a", []refs.Ref{config})
	f.server.put(secretKey, password("b25l"))
	f.until("b", secret, content("password", "one"), true)
	if len(f.server.closed) > 0 || len(f.server.opened) > 0 {
		t.Error("the watch ended, or a second one began, while somebody refers to the object")
	}
	f.SetRefs("b", nil)
	if key := <-f.server.closed; key != secretKey {
		t.Errorf("the watch of %s ended", key)
	}
	if _, found, synced := f.Get(secret); found || synced {
		t.Error("known though nobody refers to it")
	}
	f.server.put(secretKey, password("dHdv"))
	f.SetRefs("c", []refs.Ref{secret})
	f.until("c", secret, content("password", "two"), true)
	if key := <-f.server.opened; key != secretKey {
		t.Errorf("the watch of %s began", key)
	}
}

// TestSameRefs: setting the same again, in another order, begins and ends nothing.
func TestSameRefs(t *testing.T) {
	f := newFixture(t).start()
	f.SetRefs("a", []refs.Ref{secret, config})
	<-f.server.opened
	<-f.server.opened
	for range 5 {
		f.SetRefs("a", []refs.Ref{config, secret, config})
	}
	f.server.put(configKey, object{"data": object{"k": "v"}})
	f.until("a", config, refs.Content{Data: map[string][]byte{"k": []byte("v")}}, true)
	if len(f.server.opened)+len(f.server.closed) > 0 {
		t.Error("a watch began or ended")
	}
}

// TestTheEnd: every watch ends with Start.
func TestTheEnd(t *testing.T) {
	f := newFixture(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- f.Start(ctx) }()
	f.SetRefs("a", []refs.Ref{secret, config})
	<-f.server.opened
	<-f.server.opened
	cancel()
	<-f.server.closed
	<-f.server.closed
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestString(t *testing.T) {
	if got := secret.String(); got != "Secret ns/creds" {
		t.Errorf("got %q", got)
	}
}
