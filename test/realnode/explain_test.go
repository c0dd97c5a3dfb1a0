// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package realnode

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// explain adds what a person would look at first to the report of a failure. It
// fails at nothing: what cannot be read says so.
func explain(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	add := func(title string, lines []string, err error) {
		if err != nil {
			lines = append(lines, err.Error())
		}
		AddReportEntry(title, "\n"+strings.Join(lines, "\n"))
	}
	if node != nil {
		for title, look := range map[string]func(context.Context) ([]string, error){
			"bundles and releases":        stories,
			"pods that are not ready":     unreadyPods,
			"events of the last minutes":  lastEvents,
			"logs of the operator's pods": operatorLogs,
		} {
			lines, err := look(ctx)
			add(title, lines, err)
		}
	}
	lines, err := nodeLogs()
	add("the node's own logs", lines, err)
}

// stories are what the status of every bundle and release says.
func stories(ctx context.Context) ([]string, error) {
	var bundles v1alpha1.PlatformBundleList
	if err := k8s.List(ctx, &bundles); err != nil {
		return nil, err
	}
	var out []string
	for _, b := range bundles.Items {
		seen := b.Status.ObservedGeneration
		out = append(out, fmt.Sprintf("bundle %s: %s, generation %d, observed %d", b.Name, b.Status.Ready, b.Generation, seen))
		for _, c := range b.Status.Components {
			out = append(out, fmt.Sprintf("  %s: %s %s: %s", c.Name, c.State, c.Reason, c.Message))
		}
	}
	var releases v1alpha1.ComponentReleaseList
	err := k8s.List(ctx, &releases)
	for _, r := range releases.Items {
		out = append(out, "release "+r.Name)
		for _, c := range r.Status.Conditions {
			out = append(out, fmt.Sprintf("  %s=%s %s: %s", c.Type, c.Status, c.Reason, c.Message))
		}
	}
	return out, err
}

// unreadyPods are those of all namespaces that neither serve nor are done.
func unreadyPods(ctx context.Context) ([]string, error) {
	var pods corev1.PodList
	err := k8s.List(ctx, &pods)
	var out []string
	for _, pod := range pods.Items {
		if pod.Status.Phase == corev1.PodSucceeded || slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
			return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
		}) {
			continue
		}
		out = append(out, fmt.Sprintf("%s/%s: %s, deleted %v", pod.Namespace, pod.Name, pod.Status.Phase, pod.DeletionTimestamp))
		for _, c := range pod.Status.ContainerStatuses {
			out = append(out, fmt.Sprintf("  %s: restarts %d, now %s, before %s", c.Name, c.RestartCount, &c.State, &c.LastTerminationState))
		}
	}
	return out, err
}

// lastEvents are the newest of the whole cluster, oldest first.
func lastEvents(ctx context.Context) ([]string, error) {
	var events eventsv1.EventList
	err := k8s.List(ctx, &events)
	at := func(e eventsv1.Event) time.Time {
		switch {
		case e.Series != nil:
			return e.Series.LastObservedTime.Time
		case !e.EventTime.IsZero():
			return e.EventTime.Time
		default:
			return e.DeprecatedLastTimestamp.Time
		}
	}
	recent := slices.DeleteFunc(events.Items, func(e eventsv1.Event) bool { return time.Since(at(e)) > 5*time.Minute })
	slices.SortFunc(recent, func(a, b eventsv1.Event) int { return at(a).Compare(at(b)) })
	var out []string
	for _, e := range last(recent, 80) {
		about := strings.Join([]string{e.Regarding.Kind, e.Regarding.Namespace, e.Regarding.Name}, "/")
		out = append(out, fmt.Sprintf("%s %s %s: %s", at(e).Format(time.TimeOnly), about, e.Reason, e.Note))
	}
	return out, err
}

// operatorLogs are the ends of the logs of the operator's containers, those of
// containers that ended before included.
func operatorLogs(ctx context.Context) ([]string, error) {
	var pods corev1.PodList
	err := k8s.List(ctx, &pods, client.InNamespace(v1alpha1.DefaultNamespace))
	slices.SortFunc(pods.Items, func(a, b corev1.Pod) int { return cmp.Compare(a.Name, b.Name) })
	var out []string
	for _, pod := range pods.Items {
		ways := [][]string{nil}
		if restarts(pod) > 0 {
			ways = [][]string{{"--previous"}, nil}
		}
		for _, way := range ways {
			args := append([]string{"-n", pod.Namespace, "logs", pod.Name, "--tail=60"}, way...)
			text, failed := node.Run(ctx, tool(filepath.Join("k8s", "kubectl")), args...)
			out = append(out, strings.Join(append([]string{"==", pod.Name}, way...), " "), strings.TrimSpace(text))
			if failed != nil {
				out = append(out, failed.Error())
			}
		}
	}
	return out, err
}

// nodeLogs are the ends of what the node's programs log.
func nodeLogs() ([]string, error) {
	var out []string
	for _, name := range []string{"node", "kubelet", "containerd", "kube-apiserver"} {
		data, err := os.ReadFile(filepath.Join(scratch, "node", "logs", name+".log"))
		if err != nil {
			return out, err
		}
		lines := strings.Split(strings.TrimSpace(string(data)), "\n")
		out = append(append(out, "== "+name), last(lines, 15)...)
	}
	return out, nil
}

// last are the last so many of a list.
func last[T any](all []T, n int) []T { return all[max(0, len(all)-n):] }
