// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// finalizer keeps a custom resource until the controller has cleaned up after it.
const finalizer = "standin.groundwork.dev/cleanup"

// customResource is what the controller reads of one.
type customResource struct {
	Metadata struct {
		Name              string     `json:"name"`
		Namespace         string     `json:"namespace"`
		ResourceVersion   string     `json:"resourceVersion"`
		DeletionTimestamp *time.Time `json:"deletionTimestamp"`
		Finalizers        []string   `json:"finalizers"`
	} `json:"metadata"`
	Status struct {
		Ready bool `json:"ready"`
	} `json:"status"`
}

// keeper is the controller of one kind.
type keeper struct {
	api             *api
	plural, group   string
	cleanupAfter    time.Duration
	log             *log.Logger
	now             func() time.Time
	resourcesServed string // path of the group and version; found out once
}

func newKeeper(a *api, resource string, cleanupAfter time.Duration, log *log.Logger) (*keeper, error) {
	plural, group, found := strings.Cut(resource, ".")
	if !found || plural == "" || group == "" {
		return nil, usageError(fmt.Sprintf("--resource %q is not PLURAL.GROUP", resource))
	}
	return &keeper{api: a, plural: plural, group: group, cleanupAfter: cleanupAfter, log: log, now: time.Now}, nil
}

// reconcile looks at every object of the kind once. It tries all, and returns what failed.
func (k *keeper) reconcile(ctx context.Context) error {
	if k.resourcesServed == "" {
		var group struct {
			PreferredVersion struct {
				GroupVersion string `json:"groupVersion"`
			} `json:"preferredVersion"`
		}
		if err := k.api.get(ctx, "/apis/"+url.PathEscape(k.group), &group); err != nil {
			return err
		}
		k.resourcesServed = "/apis/" + group.PreferredVersion.GroupVersion
	}
	var objects struct {
		Items []customResource `json:"items"`
	}
	if err := k.api.get(ctx, k.resourcesServed+"/"+k.plural, &objects); err != nil {
		k.resourcesServed = "" // the version may be gone
		return err
	}
	var failures []error
	for _, object := range objects.Items {
		err := k.reconcileOne(ctx, object)
		if isStatus(err, http.StatusConflict) || isStatus(err, http.StatusNotFound) {
			continue // somebody else was faster: look again
		}
		failures = append(failures, err)
	}
	return errors.Join(failures...)
}

func (k *keeper) reconcileOne(ctx context.Context, object customResource) error {
	m := object.Metadata
	has := slices.Contains(m.Finalizers, finalizer)
	switch {
	case m.DeletionTimestamp == nil && !has:
		return k.setFinalizers(ctx, object, append(slices.Clone(m.Finalizers), finalizer))
	case m.DeletionTimestamp == nil && !object.Status.Ready:
		return k.api.patch(ctx, k.path(object)+"/status?fieldManager="+fieldManager, mergePatch,
			map[string]any{"status": map[string]any{"ready": true}})
	case m.DeletionTimestamp != nil && has && !k.now().Before(m.DeletionTimestamp.Add(k.cleanupAfter)):
		k.log.Printf("cleaned up after %s %s/%s", k.plural, m.Namespace, m.Name)
		return k.setFinalizers(ctx, object, slices.DeleteFunc(slices.Clone(m.Finalizers), func(f string) bool { return f == finalizer }))
	}
	return nil
}

// setFinalizers replaces the list, unless the object has changed since it was read.
func (k *keeper) setFinalizers(ctx context.Context, object customResource, finalizers []string) error {
	return k.api.patch(ctx, k.path(object)+"?fieldManager="+fieldManager, mergePatch, map[string]any{
		"metadata": map[string]any{"resourceVersion": object.Metadata.ResourceVersion, "finalizers": finalizers},
	})
}

func (k *keeper) path(object customResource) string {
	path := k.resourcesServed
	if object.Metadata.Namespace != "" {
		path += "/namespaces/" + url.PathEscape(object.Metadata.Namespace)
	}
	return path + "/" + k.plural + "/" + url.PathEscape(object.Metadata.Name)
}

func controller(ctx context.Context, arguments []string, log *log.Logger) error {
	flags := newFlags("controller")
	s := newServer(flags, log, waitObjects)
	resource := flags.String("resource", "widgets.standin.groundwork.dev", "the kind, as PLURAL.GROUP")
	cleanupAfter := flags.Duration("cleanup-after", 0, "time from a deletion to the end of the finalizer")
	if _, err := parse(flags, arguments); err != nil {
		return err
	}
	client, err := inCluster()
	if err != nil {
		return err
	}
	k, err := newKeeper(client, *resource, *cleanupAfter, log)
	if err != nil {
		return err
	}
	var once sync.Once
	return s.run(ctx, func(ctx context.Context) error {
		repeat(ctx, every/2, log.Printf, func(ctx context.Context) error {
			if err := k.reconcile(ctx); err != nil {
				return err
			}
			once.Do(func() { s.ready.done(waitObjects) })
			return nil
		})
		return nil
	})
}
