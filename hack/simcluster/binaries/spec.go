// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package binaries compiles the programs of the simulated control plane, and
// those of a real node, from the Go module proxy, so that a machine with Go and
// nothing else can run them. What is compiled, and at which version, is pinned
// by the modules in the folders below this package. It imports the standard
// library and package proc only.
package binaries

import (
	"slices"
	"strings"
)

// Binary is one program to compile.
type Binary struct {
	// Name is the file it becomes in the output folder. kube-apiserver, etcd
	// and kubectl carry the names envtest expects of KUBEBUILDER_ASSETS.
	Name string
	// Module is the folder, below the source folder, of the module that pins it.
	Module string
	// Package is the main package to compile; one that starts with "." is a
	// folder of the module itself, with main.go as its only source.
	Package string
	// VersionOf is the module whose version is the program's version.
	VersionOf string
	// Tags are the build tags, separated by commas; none when empty.
	Tags string
}

const (
	kube     = "k8s.io/kubernetes"
	kwokName = "kwok"
)

// All lists every program of the simulated control plane, quick ones late:
// whoever watches the first build sees the long wait announced first.
func All() []Binary {
	return []Binary{
		{Name: "kube-apiserver", Module: "kubernetes", Package: kube + "/cmd/kube-apiserver", VersionOf: kube},
		{Name: "kube-controller-manager", Module: "kubernetes", Package: kube + "/cmd/kube-controller-manager", VersionOf: kube},
		{Name: "kube-scheduler", Module: "kubernetes", Package: kube + "/cmd/kube-scheduler", VersionOf: kube},
		{Name: "kubectl", Module: "kubernetes", Package: kube + "/cmd/kubectl", VersionOf: kube},
		{Name: "etcd", Module: "kubernetes", Package: "go.etcd.io/etcd/server/v3", VersionOf: "go.etcd.io/etcd/server/v3"},
		{Name: kwokName, Module: "kwok", Package: "sigs.k8s.io/kwok/cmd/kwok", VersionOf: "sigs.k8s.io/kwok"},
	}
}

// Node lists what a real node runs, and what its tests run on it, besides the
// control plane.
func Node() []Binary {
	return []Binary{
		{Name: "kubelet", Module: "kubernetes", Package: kube + "/cmd/kubelet", VersionOf: kube},
		{Name: "kube-proxy", Module: "kubernetes", Package: kube + "/cmd/kube-proxy", VersionOf: kube},
		{Name: "coredns", Module: "coredns", Package: ".", VersionOf: "github.com/coredns/coredns"},
		{
			Name: "prometheus", Module: "prometheus",
			Package: "github.com/prometheus/prometheus/cmd/prometheus", VersionOf: "github.com/prometheus/prometheus",
			// Without the SDKs of every cloud that it can discover targets in.
			Tags: "remove_all_sd,enable_kubernetes_sd",
		},
	}
}

// ControlPlane lists the programs of All that a real node needs: all but kwok,
// which is the kubelet of simulated Nodes.
func ControlPlane() []Binary {
	return slices.DeleteFunc(All(), func(b Binary) bool { return b.Name == kwokName })
}

// ldflags returns the linker flags of b at version. A Kubernetes program that
// is not told its version calls itself v0.0.0, and charts refuse such a server.
func ldflags(b Binary, version string) string {
	flags := []string{"-s", "-w"}
	if b.VersionOf != kube {
		return strings.Join(flags, " ")
	}
	major, minor := majorMinor(version)
	for _, pkg := range []string{"k8s.io/component-base/version", "k8s.io/client-go/pkg/version"} {
		flags = append(flags,
			"-X "+pkg+".gitVersion="+version,
			"-X "+pkg+".gitMajor="+major,
			"-X "+pkg+".gitMinor="+minor,
			"-X "+pkg+".gitTreeState=clean")
	}
	return strings.Join(flags, " ")
}

// majorMinor splits "v1.36.3" into "1" and "36"; both are empty when version
// has another form.
func majorMinor(version string) (major, minor string) {
	parts := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
	if len(parts) < 3 {
		return "", ""
	}
	return parts[0], parts[1]
}
