// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package connect holds what the starters of both kinds of cluster need to
// reach a control plane: kubeconfigs, and the wait for etcd. It imports
// client-go and the standard library.
package connect

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// Kubeconfig is a kubeconfig with one context.
type Kubeconfig struct {
	// Name is the context's, and the cluster's.
	Name string
	// Server is the API server's URL.
	Server string
	// User is whose certificate and key are used.
	User string
}

// Write writes k to path with all keys inside: the file works wherever it is
// copied to on this machine. folder holds the pairs "ca" and k.User, as package
// pki makes them. Only the file's owner can read it.
func (k Kubeconfig) Write(path, folder string) error {
	var data [3][]byte
	for i, name := range []string{"ca.crt", k.User + ".crt", k.User + ".key"} {
		content, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return fmt.Errorf("write a kubeconfig: %w", err)
		}
		data[i] = content
	}
	config := clientcmdapi.NewConfig()
	config.Clusters[k.Name] = &clientcmdapi.Cluster{Server: k.Server, CertificateAuthorityData: data[0]}
	config.AuthInfos[k.User] = &clientcmdapi.AuthInfo{ClientCertificateData: data[1], ClientKeyData: data[2]}
	config.Contexts[k.Name] = &clientcmdapi.Context{Cluster: k.Name, AuthInfo: k.User}
	config.CurrentContext = k.Name
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		return fmt.Errorf("write a kubeconfig: %w", err)
	}
	return nil
}

// EtcdHealthy asks the etcd at the URL server, and returns why it cannot be
// used yet.
func EtcdHealthy(ctx context.Context, server string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, server+"/health", nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("etcd answers %s", response.Status)
	}
	return nil
}
