// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"crypto/x509/pkix"
	"time"

	"github.com/groundwork-dev/groundwork/hack/simcluster/connect"
	"github.com/groundwork-dev/groundwork/hack/simcluster/pki"
)

// The programs that talk to the API server; each has a certificate and a
// kubeconfig of this name.
const (
	admin             = "admin"
	controllerManager = "kube-controller-manager"
	scheduler         = "kube-scheduler"
	kubelet           = "kubelet"
	proxy             = "kube-proxy"
)

// subjects are who the programs are: the API server's default roles know them.
func subjects() map[string]pkix.Name {
	return map[string]pkix.Name{
		admin:             {CommonName: "realnode-admin", Organization: []string{"system:masters"}},
		controllerManager: {CommonName: "system:kube-controller-manager"},
		scheduler:         {CommonName: "system:kube-scheduler"},
		kubelet:           {CommonName: "system:node:" + nodeName, Organization: []string{"system:nodes"}},
		proxy:             {CommonName: "system:kube-proxy"},
	}
}

// writeIdentities generates every key, certificate and kubeconfig of a node.
// Nothing is kept from an earlier one. server is the address for the host.
func writeIdentities(l layout, server string, now time.Time) error {
	if err := writePKI(l, now); err != nil {
		return err
	}
	for user := range subjects() {
		if err := writeKubeconfig(l, l.userConfig(user), user, "https://"+inside()); err != nil {
			return err
		}
	}
	return writeKubeconfig(l, l.kubeconfig(), admin, server)
}

func writePKI(l layout, now time.Time) error {
	folder := pki.Folder{Dir: l.path("pki"), Now: now}
	ca, err := folder.NewAuthority("ca", "realnode-ca")
	if err != nil {
		return err
	}
	proxyCA, err := folder.NewAuthority("front-proxy-ca", "realnode-front-proxy-ca")
	if err != nil {
		return err
	}
	err = ca.IssueServer("apiserver", "kube-apiserver", loopback, nodeIP, firstServiceIP, "localhost",
		"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc."+dnsDomain)
	if err != nil {
		return err
	}
	if err := ca.IssueServer("kubelet-serving", nodeName, nodeName, nodeIP); err != nil {
		return err
	}
	for user, subject := range subjects() {
		if err := ca.IssueClient(user, subject); err != nil {
			return err
		}
	}
	apiserver := pkix.Name{CommonName: "kube-apiserver-kubelet-client", Organization: []string{"system:masters"}}
	if err := ca.IssueClient("kubelet-client", apiserver); err != nil {
		return err
	}
	if err := proxyCA.IssueClient("front-proxy", pkix.Name{CommonName: "front-proxy"}); err != nil {
		return err
	}
	return folder.WriteServiceAccountKeys()
}

func writeKubeconfig(l layout, path, user, server string) error {
	return connect.Kubeconfig{Name: nodeName, Server: server, User: user}.Write(path, l.path("pki"))
}
