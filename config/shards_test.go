// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/yaml"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/shard"
)

// TestShards: config/shards is config/default with more Deployments, each of a shard of
// its own, none of which takes the pods of another for its own.
func TestShards(t *testing.T) {
	file := filepath.Join(t.TempDir(), "built.yaml")
	write := func(folder string) []string {
		if err := os.WriteFile(file, build(t, folder), 0o600); err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, doc := range documents(t, file) {
			object := metav1.PartialObjectMetadata{}
			if err := yaml.Unmarshal(doc, &object); err != nil {
				t.Fatal(err)
			}
			names = append(names, object.Kind+" "+object.Namespace+"/"+object.Name)
		}
		return slices.Sorted(slices.Values(names))
	}
	want := write("default")
	alone := find[appsv1.Deployment](t, file, "Deployment", "groundwork-controller-manager")
	got := write("shards")
	want = append(want, "Deployment groundwork-system/groundwork-controller-manager-one", "Deployment groundwork-system/groundwork-controller-manager-two")
	if diff := cmp.Diff(slices.Sorted(slices.Values(want)), got); diff != "" {
		t.Fatalf("objects (-want +got):\n%s", diff)
	}

	deployments := map[string]*appsv1.Deployment{"": find[appsv1.Deployment](t, file, "Deployment", "groundwork-controller-manager")}
	if diff := cmp.Diff(alone, deployments[""]); diff != "" {
		t.Errorf("the operator without a shard is another one (-default +shards):\n%s", diff)
	}
	for _, name := range []string{"one", "two"} {
		deployments[name] = find[appsv1.Deployment](t, file, "Deployment", "groundwork-controller-manager-"+name)
	}
	service := find[corev1.Service](t, file, "Service", "groundwork-metrics")
	for name, deployment := range deployments {
		checkShard(t, name, deployment, alone)
		if !labels.SelectorFromSet(service.Spec.Selector).Matches(labels.Set(deployment.Spec.Template.Labels)) {
			t.Errorf("shard %q is not scraped", name)
		}
		for other, pods := range deployments {
			selector, err := metav1.LabelSelectorAsSelector(deployment.Spec.Selector)
			if err != nil {
				t.Fatal(err)
			}
			if selector.Matches(labels.Set(pods.Spec.Template.Labels)) != (name == other) {
				t.Errorf("the Deployment of shard %q selects the pods of %q", name, other)
			}
		}
	}
}

// checkShard holds a Deployment to that of the operator without a shard.
func checkShard(t *testing.T, name string, deployment, alone *appsv1.Deployment) {
	t.Helper()
	if err := shard.Validate(name); err != nil {
		t.Error(err)
	}
	got, want := deployment.Spec.Template.DeepCopy(), alone.Spec.Template.DeepCopy()
	if name != "" {
		args := got.Spec.Containers[0].Args
		flag := slices.Index(args, "--shard="+name)
		if flag < 0 {
			t.Fatalf("shard %s has the arguments %v", name, args)
		}
		got.Spec.Containers[0].Args = slices.Delete(args, flag, flag+1)
		if got.Labels[v1alpha1.ShardLabel] != name || deployment.Labels[v1alpha1.ShardLabel] != name {
			t.Errorf("shard %s is labelled %v", name, got.Labels)
		}
	}
	spread := func(template *corev1.PodTemplateSpec) map[string]string {
		return template.Spec.Affinity.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution[0].PodAffinityTerm.LabelSelector.MatchLabels
	}
	if !labels.SelectorFromSet(spread(got)).Matches(labels.Set(got.Labels)) {
		t.Errorf("the replicas of shard %q are not spread: %v", name, spread(got))
	}
	got.Spec.Affinity, want.Spec.Affinity = nil, nil
	if diff := cmp.Diff(want.Spec, got.Spec); diff != "" {
		t.Errorf("the pods of shard %q (-without +with):\n%s", name, diff)
	}
	if image := got.Spec.Containers[0].Image; !strings.HasPrefix(image, "ghcr.io/") {
		t.Errorf("shard %q runs %s", name, image)
	}
}
