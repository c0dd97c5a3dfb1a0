// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"context"
	"net"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

// TestWatchOne: the watch begins at the version of a list, not of the object, and is of
// that object alone.
func TestWatchOne(t *testing.T) {
	t.Parallel()
	var listed, watched client.ListOptions
	c := interceptor.NewClient(fake.NewClientBuilder().Build(), interceptor.Funcs{
		List: func(_ context.Context, _ client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			listed.ApplyOptions(opts)
			list.SetResourceVersion("77")
			return nil
		},
		Watch: func(_ context.Context, _ client.WithWatch, _ client.ObjectList, opts ...client.ListOption) (watch.Interface, error) {
			watched.ApplyOptions(opts)
			return watch.NewFake(), nil
		},
	})
	events, err := WatchOne(t.Context(), c, &corev1.ConfigMapList{}, client.ObjectKey{Namespace: "ns", Name: "a"})
	if err != nil {
		t.Fatal(err)
	}
	events.Stop()
	for name, got := range map[string]client.ListOptions{"list": listed, "watch": watched} {
		if got.Namespace != "ns" || got.Raw.FieldSelector != "metadata.name=a" {
			t.Errorf("the %s is of %q in %q", name, got.Raw.FieldSelector, got.Namespace)
		}
	}
	if watched.Raw.ResourceVersion != "77" {
		t.Errorf("the watch begins at %q", watched.Raw.ResourceVersion)
	}
}

func TestFreeAddress(t *testing.T) {
	t.Parallel()
	address, err := FreeAddress(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	if err := listener.Close(); err != nil {
		t.Error(err)
	}
}
