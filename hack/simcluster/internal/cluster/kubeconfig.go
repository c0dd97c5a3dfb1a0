// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"
	"os"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// contextName is the name of the one context in the written kubeconfig.
const contextName = "simcluster"

// writeKubeconfig writes the administrator's kubeconfig, with all keys inside:
// the file works wherever it is copied to on this machine.
func writeKubeconfig(l layout, server string) error {
	var data [3][]byte
	for i, name := range []string{"ca.crt", "admin.crt", "admin.key"} {
		content, err := os.ReadFile(l.pki(name))
		if err != nil {
			return fmt.Errorf("write the kubeconfig: %w", err)
		}
		data[i] = content
	}
	config := clientcmdapi.NewConfig()
	config.Clusters[contextName] = &clientcmdapi.Cluster{Server: server, CertificateAuthorityData: data[0]}
	config.AuthInfos[contextName] = &clientcmdapi.AuthInfo{ClientCertificateData: data[1], ClientKeyData: data[2]}
	config.Contexts[contextName] = &clientcmdapi.Context{Cluster: contextName, AuthInfo: contextName}
	config.CurrentContext = contextName
	if err := clientcmd.WriteToFile(*config, l.kubeconfig()); err != nil {
		return fmt.Errorf("write the kubeconfig: %w", err)
	}
	return nil
}

// clientConfig reads a kubeconfig for a client that need not be polite: the
// cluster is its own.
func clientConfig(path string) (*rest.Config, error) {
	config, err := clientcmd.BuildConfigFromFlags("", path)
	if err != nil {
		return nil, fmt.Errorf("read the kubeconfig: %w", err)
	}
	config.QPS, config.Burst = 200, 400
	return config, nil
}
