// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/groundwork-dev/groundwork/test/bench/inputs"
)

const (
	// floorCommand makes this program the floor's own process.
	floorCommand = "apply-at-once"
	// floorRepeat is how soon what was refused is sent again: its kind is not served yet.
	floorRepeat = 250 * time.Millisecond
)

// floor creates every object of every chart at once: no order, no hooks, no records,
// nothing read, rendered beforehand. Nobody who installs the same can be faster; it
// is not installed well.
type floor struct{ commands }

func (f *floor) apply(ctx context.Context, m *meter, set *inputs.Set) error {
	path := filepath.Join(f.w.folder, "floor.json")
	if err := writeFloor(path, set); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	m.start()
	return f.run(ctx, self, floorCommand, path, strconv.Itoa(f.o.floorParallel))
}

func (*floor) remove(context.Context, *inputs.Set) error {
	return errors.New("the floor removes nothing")
}

// target is one object and where it is created.
type target struct {
	Resource  schema.GroupVersionResource
	Namespace string
	Object    map[string]any
}

// plan is what the floor's process reads.
type plan struct {
	Namespaces []string
	// Objects of kinds that a definition among them brings have their resource;
	// others are looked up.
	Objects []target
}

// writeFloor writes the objects of a set, follow-up manifests included.
func writeFloor(path string, set *inputs.Set) error {
	known := map[schema.GroupKind]inputs.Definition{}
	for _, r := range set.Releases {
		for _, o := range r.Objects {
			if d, ok := o.Definition(); ok {
				known[schema.GroupKind{Group: d.Group, Kind: d.Kind}] = d
			}
		}
	}
	out := plan{Namespaces: set.Namespaces()}
	add := func(namespace string, content map[string]any) {
		u := unstructured.Unstructured{Object: content}
		gvk := u.GroupVersionKind()
		t := target{Namespace: namespace, Object: content}
		if d, ok := known[gvk.GroupKind()]; ok {
			t.Resource = gvk.GroupVersion().WithResource(d.Resource)
			if !d.Namespaced {
				t.Namespace = ""
			}
		}
		out.Objects = append(out.Objects, t)
	}
	for _, r := range set.Releases {
		for _, o := range r.Objects {
			add(o.Namespace, o.Content)
		}
		for _, manifest := range r.Manifests {
			namespace := (&unstructured.Unstructured{Object: manifest}).GetNamespace()
			if namespace == "" {
				namespace = r.Namespace
			}
			add(namespace, manifest)
		}
	}
	raw, err := json.Marshal(out)
	if err != nil {
		return err
	}
	return os.WriteFile(path, raw, 0o600)
}

// applyAtOnce is the floor's process.
func applyAtOnce(ctx context.Context, path, atATime string) error {
	parallel, err := strconv.Atoi(atATime)
	if err != nil || parallel < 1 {
		return fmt.Errorf("%s: not a number of requests at a time", atATime)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var todo plan
	if err := json.Unmarshal(raw, &todo); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		return err
	}
	config.QPS = -1
	if err := todo.lookUp(config); err != nil {
		return err
	}
	objects, err := dynamic.NewForConfig(config)
	if err != nil {
		return err
	}
	namespaces := schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}
	var first []target
	for _, name := range todo.Namespaces {
		first = append(first, target{Resource: namespaces, Object: map[string]any{
			"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": name},
		}})
	}
	for _, batch := range [][]target{first, todo.Objects} {
		if err := createAll(ctx, objects, batch, parallel); err != nil {
			return err
		}
	}
	return nil
}

// lookUp finds the resources of the kinds that the server itself brings.
func (p *plan) lookUp(config *rest.Config) error {
	server, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return err
	}
	_, lists, err := server.ServerGroupsAndResources()
	if err != nil {
		return fmt.Errorf("ask for the resources: %w", err)
	}
	found := map[schema.GroupVersionKind]metav1.APIResource{}
	for _, list := range lists {
		version, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			return err
		}
		for _, resource := range list.APIResources {
			if gvk := version.WithKind(resource.Kind); found[gvk].Name == "" || len(resource.Name) < len(found[gvk].Name) {
				found[gvk] = resource // a subresource has the longer name
			}
		}
	}
	for i, t := range p.Objects {
		if t.Resource.Resource != "" {
			continue
		}
		gvk := (&unstructured.Unstructured{Object: t.Object}).GroupVersionKind()
		resource, ok := found[gvk]
		if !ok {
			return fmt.Errorf("nobody serves %s", gvk)
		}
		p.Objects[i].Resource = gvk.GroupVersion().WithResource(resource.Name)
		if !resource.Namespaced {
			p.Objects[i].Namespace = ""
		}
	}
	return nil
}

// createAll creates objects, and those again whose kind was not served yet.
func createAll(ctx context.Context, objects dynamic.Interface, todo []target, parallel int) error {
	for {
		refused := make([]bool, len(todo))
		group, bounded := errgroup.WithContext(ctx)
		group.SetLimit(parallel)
		for i, t := range todo {
			group.Go(func() error {
				u := &unstructured.Unstructured{Object: t.Object}
				_, err := objects.Resource(t.Resource).Namespace(t.Namespace).Create(bounded, u, metav1.CreateOptions{})
				switch {
				case apierrors.IsNotFound(err):
					refused[i] = true
					return nil
				case err != nil && !apierrors.IsAlreadyExists(err):
					return fmt.Errorf("%s %s/%s: %w", u.GetKind(), t.Namespace, u.GetName(), err)
				}
				return nil
			})
		}
		if err := group.Wait(); err != nil {
			return err
		}
		var again []target
		for i, t := range todo {
			if refused[i] {
				again = append(again, t)
			}
		}
		if len(again) == 0 {
			return nil
		}
		todo = slices.Clip(again)
		select {
		case <-time.After(floorRepeat):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
