// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package players stands in, on a simulated cluster, for what runs around a
// real one: it gives Services of type LoadBalancer an address, fills empty
// caBundles, provisions volumes, and registers the webhooks that programs would
// register themselves. Each player watches and answers; none polls. It imports
// client-go and the API types only.
package players

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
)

// Retries start at once and never get rare: nobody waits on a simulation.
const (
	retryFirst = 10 * time.Millisecond
	retryMost  = 5 * time.Second
)

// player answers changes of the objects it is told of, one key at a time.
type player struct {
	name  string
	queue workqueue.TypedRateLimitingInterface[string]
	// sync brings the object of key ("namespace/name" or "name") to where it
	// should be. An error means: try again.
	sync func(ctx context.Context, key string) error
	log  *slog.Logger
}

// Run plays until ctx ends. caBundle is the PEM certificate put into empty
// caBundles. It returns an error only when it cannot start.
func Run(ctx context.Context, config *rest.Config, caBundle []byte, log *slog.Logger) error {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("connect to the cluster: %w", err)
	}
	dyn, err := dynamic.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("connect to the cluster: %w", err)
	}
	typed := informers.NewSharedInformerFactory(client, 0)
	untyped := dynamicinformer.NewDynamicSharedInformerFactory(dyn, 0)

	var all []*player
	for _, build := range []func() ([]*player, error){
		func() ([]*player, error) { return loadBalancerPlayers(client, typed, log) },
		func() ([]*player, error) { return volumePlayers(client, typed, simulatedVolumes(), log) },
		func() ([]*player, error) { return caBundlePlayers(client, typed, dyn, untyped, caBundle, log) },
		func() ([]*player, error) { return registrationPlayers(client, typed, caBundle, log) },
	} {
		built, err := build()
		if err != nil {
			return err
		}
		all = append(all, built...)
	}

	typed.Start(ctx.Done())
	untyped.Start(ctx.Done())
	defer typed.Shutdown()
	defer untyped.Shutdown()
	typed.WaitForCacheSync(ctx.Done())
	untyped.WaitForCacheSync(ctx.Done())
	if ctx.Err() != nil {
		return nil
	}
	return runAll(ctx, all)
}

// runAll works until ctx ends.
func runAll(ctx context.Context, all []*player) error {
	done := make(chan struct{}, len(all))
	for _, p := range all {
		go func() {
			defer func() { done <- struct{}{} }()
			for p.next(ctx) {
			}
		}()
	}
	<-ctx.Done()
	for _, p := range all {
		p.queue.ShutDown()
	}
	for range all {
		<-done
	}
	return nil
}

func newPlayer(name string, log *slog.Logger, sync func(ctx context.Context, key string) error) *player {
	limiter := workqueue.NewTypedItemExponentialFailureRateLimiter[string](retryFirst, retryMost)
	return &player{
		name:  name,
		queue: workqueue.NewTypedRateLimitingQueue(limiter),
		sync:  sync,
		log:   log.With("player", name),
	}
}

// follow queues every object informer tells of, also once it is deleted.
func (p *player) follow(informer cache.SharedIndexInformer) error {
	enqueue := func(obj any) {
		if key, err := cache.DeletionHandlingMetaNamespaceKeyFunc(obj); err == nil {
			p.queue.Add(key)
		}
	}
	_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    enqueue,
		UpdateFunc: func(_, obj any) { enqueue(obj) },
		DeleteFunc: enqueue,
	})
	if err != nil {
		return fmt.Errorf("watch for the %s: %w", p.name, err)
	}
	return nil
}

// next handles one key; it reports false once the queue is shut down.
func (p *player) next(ctx context.Context) bool {
	key, shutdown := p.queue.Get()
	if shutdown {
		return false
	}
	defer p.queue.Done(key)
	err := p.sync(ctx, key)
	if err == nil {
		p.queue.Forget(key)
		return true
	}
	if !errors.Is(err, context.Canceled) {
		p.log.Warn("will try again", "object", key, "error", err)
	}
	p.queue.AddRateLimited(key)
	return true
}
