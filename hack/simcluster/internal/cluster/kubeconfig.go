// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/groundwork-dev/groundwork/hack/simcluster/connect"
)

// writeKubeconfig writes the administrator's kubeconfig.
func writeKubeconfig(l layout, server string) error {
	return connect.Kubeconfig{Name: "simcluster", Server: server, User: "admin"}.Write(l.kubeconfig(), l.path("pki"))
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
