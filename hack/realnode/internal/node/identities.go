// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"crypto/x509/pkix"
	"fmt"
	"os"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

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

// writeKubeconfig writes a kubeconfig with all keys inside: the file works
// wherever it is copied to on this machine.
func writeKubeconfig(l layout, path, user, server string) error {
	var data [3][]byte
	for i, name := range []string{"ca.crt", user + ".crt", user + ".key"} {
		content, err := os.ReadFile(l.pki(name))
		if err != nil {
			return fmt.Errorf("write a kubeconfig: %w", err)
		}
		data[i] = content
	}
	config := clientcmdapi.NewConfig()
	config.Clusters[nodeName] = &clientcmdapi.Cluster{Server: server, CertificateAuthorityData: data[0]}
	config.AuthInfos[user] = &clientcmdapi.AuthInfo{ClientCertificateData: data[1], ClientKeyData: data[2]}
	config.Contexts[nodeName] = &clientcmdapi.Context{Cluster: nodeName, AuthInfo: user}
	config.CurrentContext = nodeName
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		return fmt.Errorf("write a kubeconfig: %w", err)
	}
	return nil
}
