// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package binaries compiles the programs of the simulated control plane from
// the Go module proxy, so that a machine with Go and nothing else can run one.
// What is compiled, and at which version, is pinned by the modules beside this
// package's command (binaries/kubernetes, binaries/kwok). It imports the
// standard library and package proc only.
package binaries

import "strings"

// Binary is one program to compile.
type Binary struct {
	// Name is the file it becomes in the output folder. kube-apiserver, etcd
	// and kubectl carry the names envtest expects of KUBEBUILDER_ASSETS.
	Name string
	// Module is the folder, below the source folder, of the module that pins it.
	Module string
	// Package is the main package to compile.
	Package string
	// VersionOf is the module whose version is the program's version.
	VersionOf string
}

// All lists every program of the control plane, quick ones late: whoever
// watches the first build sees the long wait announced first.
func All() []Binary {
	const kube = "k8s.io/kubernetes"
	return []Binary{
		{Name: "kube-apiserver", Module: "kubernetes", Package: kube + "/cmd/kube-apiserver", VersionOf: kube},
		{Name: "kube-controller-manager", Module: "kubernetes", Package: kube + "/cmd/kube-controller-manager", VersionOf: kube},
		{Name: "kube-scheduler", Module: "kubernetes", Package: kube + "/cmd/kube-scheduler", VersionOf: kube},
		{Name: "kubectl", Module: "kubernetes", Package: kube + "/cmd/kubectl", VersionOf: kube},
		{Name: "etcd", Module: "kubernetes", Package: "go.etcd.io/etcd/server/v3", VersionOf: "go.etcd.io/etcd/server/v3"},
		{Name: "kwok", Module: "kwok", Package: "sigs.k8s.io/kwok/cmd/kwok", VersionOf: "sigs.k8s.io/kwok"},
	}
}

// ldflags returns the linker flags of b at version. A Kubernetes program that
// is not told its version calls itself v0.0.0, and charts refuse such a server.
func ldflags(b Binary, version string) string {
	flags := []string{"-s", "-w"}
	if b.VersionOf != "k8s.io/kubernetes" {
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
