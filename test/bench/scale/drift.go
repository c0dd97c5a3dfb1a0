// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/test/bench/measure"
)

// healTimeout is far more than an object may take to be put back.
const healTimeout = 30 * time.Second

// damage is one way in which somebody spoils an object of a release.
type damage struct {
	name   string
	object func() client.Object
	list   func() client.ObjectList
	// patch that is merged in; empty: the object is deleted.
	patch string
	// healed says whether the object is as the chart wants it; of one that was
	// deleted, that there is another.
	healed func(client.Object) bool
}

// damages change an object of each of the four kinds, and delete one.
func damages() []damage {
	configMap := func() client.Object { return &corev1.ConfigMap{} }
	configMaps := func() client.ObjectList { return &corev1.ConfigMapList{} }
	return []damage{
		{
			name: "data", object: configMap, list: configMaps, patch: `{"data":{"message":"spoilt"}}`,
			healed: func(o client.Object) bool { return o.(*corev1.ConfigMap).Data["message"] != "spoilt" },
		},
		{
			name: "image", object: func() client.Object { return &appsv1.Deployment{} },
			list:  func() client.ObjectList { return &appsv1.DeploymentList{} },
			patch: `{"spec":{"template":{"spec":{"containers":[{"name":"main","image":"registry.example.com/spoilt:1"}]}}}}`,
			healed: func(o client.Object) bool {
				return o.(*appsv1.Deployment).Spec.Template.Spec.Containers[0].Image != "registry.example.com/spoilt:1"
			},
		},
		{
			name: "selector", object: func() client.Object { return &corev1.Service{} },
			list: func() client.ObjectList { return &corev1.ServiceList{} }, patch: `{"spec":{"selector":{"app.kubernetes.io/instance":"spoilt"}}}`,
			healed: func(o client.Object) bool {
				return o.(*corev1.Service).Spec.Selector["app.kubernetes.io/instance"] != "spoilt"
			},
		},
		{
			name: "token", object: func() client.Object { return &corev1.ServiceAccount{} },
			list: func() client.ObjectList { return &corev1.ServiceAccountList{} }, patch: `{"automountServiceAccountToken":true}`,
			healed: func(o client.Object) bool {
				mount := o.(*corev1.ServiceAccount).AutomountServiceAccountToken
				return mount != nil && !*mount
			},
		},
		{name: "deleted", object: configMap, list: configMaps},
	}
}

// drift spoils one object after the other, of releases that differ, and times how
// long each stays so.
func (r *run) drift(ctx context.Context) error {
	before, err := r.operator.scrape(ctx)
	if err != nil {
		return err
	}
	counters, err := r.api.Counters(ctx)
	if err != nil {
		return err
	}
	kinds, used := damages(), r.operator.Usage().CPU
	count := min(r.options.drifts, r.releases())
	healed := make([]float64, 0, count)
	for i, at := range rand.New(rand.NewPCG(1, uint64(r.bundles))).Perm(r.releases())[:count] {
		d := kinds[i%len(kinds)]
		r.say(func() string { return fmt.Sprintf("drift: %d/%d healed", i, count) })
		took, err := r.spoil(ctx, d, types.NamespacedName{Namespace: bundleName(at / perBundle), Name: componentName(at % perBundle)})
		if err != nil {
			return err
		}
		healed = append(healed, took.Seconds())
	}
	if _, err := r.operator.settle(ctx); err != nil {
		return err
	}
	cpu := (r.operator.Usage().CPU - used).Seconds()
	after, err := r.operator.scrape(ctx)
	if err != nil {
		return err
	}
	counted, err := r.api.Counters(ctx)
	if err != nil {
		return err
	}
	grown := after.Since(before)
	r.result.Drift = Drift{
		Count: count, P50: measure.Percentile(healed, 50), P99: measure.Percentile(healed, 99), Max: measure.Percentile(healed, 100),
		CPU: cpu / float64(max(1, count)), Requests: requests(grown), Everybody: named(counted.Since(counters)), Passes: passes(grown),
	}
	return nil
}

// spoil damages an object and waits, by watch, until it is as it was. The time
// begins with the API server's answer.
func (r *run) spoil(ctx context.Context, d damage, key types.NamespacedName) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, healTimeout)
	defer cancel()
	list, object := d.list(), d.object()
	events, err := measure.WatchOne(ctx, r.client, list, key)
	if err != nil {
		return 0, fmt.Errorf("drift of %s: %w", d.name, err)
	}
	defer events.Stop()
	if err := r.client.Get(ctx, key, object); err != nil {
		return 0, fmt.Errorf("drift of %s: %w", key, err)
	}
	uid := object.GetUID()
	if d.patch == "" {
		err = r.client.Delete(ctx, object)
	} else {
		kind := types.StrategicMergePatchType
		err = r.client.Patch(ctx, object, client.RawPatch(kind, []byte(d.patch)), client.FieldOwner("somebody"))
	}
	if err != nil {
		return 0, fmt.Errorf("spoil %s of %s: %w", d.name, key, err)
	}
	began, spoilt := time.Now(), object.GetResourceVersion()
	seen := false
	for event := range events.ResultChan() {
		now, ok := event.Object.(client.Object)
		if !ok {
			return 0, fmt.Errorf("the watch on %s of %s says %v", d.name, key, event.Object)
		}
		seen = seen || now.GetResourceVersion() == spoilt
		if d.patch == "" && now.GetUID() != uid || d.patch != "" && seen && d.healed(now) {
			return time.Since(began), nil
		}
	}
	return 0, fmt.Errorf("%s of %s was not put back within %s", d.name, key, healTimeout)
}
