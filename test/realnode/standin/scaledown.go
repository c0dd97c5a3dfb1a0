// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"log"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"
)

// scaleDown ends the pods of a Deployment while their ServiceAccount still has its rights: an uninstall takes those away before the pods
// get to their end, so that an engine could not clean up.
func scaleDown(ctx context.Context, arguments []string, log *log.Logger) error {
	flags := newFlags("scale-down")
	timeout := flags.Duration("timeout", 30*time.Second, "time until the pods are gone")
	positional, err := parse(flags, arguments, "DEPLOYMENT", "NAMESPACE")
	if err != nil {
		return err
	}
	client, err := inCluster()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, *timeout)
	defer cancel()
	return client.scaleDown(ctx, positional[0], positional[1], log)
}

func (a *api) scaleDown(ctx context.Context, name, namespace string, log *log.Logger) error {
	path := "/apis/apps/v1/namespaces/" + url.PathEscape(namespace) + "/deployments/" + url.PathEscape(name)
	var deployment struct {
		Spec struct {
			Selector struct {
				MatchLabels map[string]string `json:"matchLabels"`
			} `json:"selector"`
		} `json:"spec"`
	}
	if err := a.get(ctx, path, &deployment); err != nil {
		return err
	}
	labels := deployment.Spec.Selector.MatchLabels
	var selector []string
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		selector = append(selector, key+"="+labels[key])
	}
	err := a.patch(ctx, path+"/scale?fieldManager="+fieldManager, mergePatch, map[string]any{"spec": map[string]any{"replicas": 0}})
	if err != nil {
		return err
	}
	for {
		var pods struct {
			Items []struct{} `json:"items"`
		}
		query := "?labelSelector=" + url.QueryEscape(strings.Join(selector, ","))
		if err := a.get(ctx, "/api/v1/namespaces/"+url.PathEscape(namespace)+"/pods"+query, &pods); err != nil {
			return err
		}
		if len(pods.Items) == 0 {
			log.Printf("%s/%s has no pods any more", namespace, name)
			return nil
		}
		if !pause(ctx, beat) {
			return fmt.Errorf("%s/%s still has %d pods: %w", namespace, name, len(pods.Items), ctx.Err())
		}
	}
}
