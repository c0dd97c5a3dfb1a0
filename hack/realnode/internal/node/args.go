// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package node

import "fmt"

// The addresses inside the node's own network; every node has the same.
const (
	nodeName = "realnode"
	// nodeIP is on a bridge with nothing behind it: the kubelet and the API
	// server refuse a loopback address.
	nodeIP         = "10.111.0.2"
	nodeNet        = nodeIP + "/24"
	gatewayIP      = "10.111.0.1" // nobody: packets to Services need a route to leave by
	podRange       = "10.244.0.0/16"
	podNet         = "10.244.0.0/24"
	serviceRange   = "10.96.0.0/16"
	firstServiceIP = "10.96.0.1"
	dnsIP          = "10.96.0.10"
	dnsDomain      = "cluster.local"
	loopback       = "127.0.0.1"

	apiPort     = 6443
	etcdPort    = 2379
	peerPort    = 2380
	kubeletPort = 10250
)

// inside is the API server's address inside the node.
func inside() string { return fmt.Sprintf("%s:%d", nodeIP, apiPort) }

func etcdURL(port int) string { return fmt.Sprintf("http://%s:%d", loopback, port) }

// etcdArgs trades durability for speed: the data dies with the node.
func etcdArgs(l layout) []string {
	client, peer := etcdURL(etcdPort), etcdURL(peerPort)
	return []string{
		"--name=" + nodeName,
		"--data-dir=" + l.etcdData(),
		"--listen-client-urls=" + client,
		"--advertise-client-urls=" + client,
		"--listen-peer-urls=" + peer,
		"--initial-advertise-peer-urls=" + peer,
		"--initial-cluster=" + nodeName + "=" + peer,
		"--unsafe-no-fsync",
		"--log-level=warn",
	}
}

// apiserverArgs leave admission as it ships, and add what keeps a kubelet to
// its own Pods.
func apiserverArgs(l layout) []string {
	return []string{
		"--etcd-servers=" + etcdURL(etcdPort),
		"--bind-address=0.0.0.0",
		fmt.Sprintf("--secure-port=%d", apiPort),
		"--advertise-address=" + nodeIP,
		"--tls-cert-file=" + l.pki("apiserver.crt"),
		"--tls-private-key-file=" + l.pki("apiserver.key"),
		"--client-ca-file=" + l.pki("ca.crt"),
		"--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction",
		"--allow-privileged=true",
		"--service-cluster-ip-range=" + serviceRange,
		"--service-account-issuer=https://kubernetes.default.svc." + dnsDomain,
		"--service-account-key-file=" + l.pki("sa.pub"),
		"--service-account-signing-key-file=" + l.pki("sa.key"),
		"--kubelet-client-certificate=" + l.pki("kubelet-client.crt"),
		"--kubelet-client-key=" + l.pki("kubelet-client.key"),
		"--kubelet-certificate-authority=" + l.pki("ca.crt"),
		"--kubelet-preferred-address-types=InternalIP",
		"--requestheader-client-ca-file=" + l.pki("front-proxy-ca.crt"),
		"--requestheader-allowed-names=front-proxy",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--requestheader-group-headers=X-Remote-Group",
		"--requestheader-username-headers=X-Remote-User",
		"--proxy-client-cert-file=" + l.pki("front-proxy.crt"),
		"--proxy-client-key-file=" + l.pki("front-proxy.key"),
		"--profiling=false",
	}
}

// controllerManagerArgs leave every controller on but those that hand out
// addresses of Pods or talk to a cloud.
func controllerManagerArgs(l layout) []string {
	return []string{
		"--kubeconfig=" + l.userConfig(controllerManager),
		"--controllers=*,-node-ipam-controller,-node-route-controller,-service-lb-controller,-cloud-node-lifecycle-controller",
		"--leader-elect=false",
		"--secure-port=0",
		"--kube-api-qps=200",
		"--kube-api-burst=400",
		"--use-service-account-credentials=true",
		"--root-ca-file=" + l.pki("ca.crt"),
		"--service-account-private-key-file=" + l.pki("sa.key"),
		"--cluster-signing-cert-file=" + l.pki("ca.crt"),
		"--cluster-signing-key-file=" + l.pki("ca.key"),
		"--profiling=false",
	}
}

func schedulerArgs(l layout) []string {
	return []string{
		"--kubeconfig=" + l.userConfig(scheduler),
		"--leader-elect=false",
		"--secure-port=0",
		"--kube-api-qps=200",
		"--kube-api-burst=400",
		"--profiling=false",
	}
}

func kubeletArgs(l layout) []string {
	return []string{
		"--config=" + l.conf("kubelet.yaml"),
		"--kubeconfig=" + l.userConfig(kubelet),
		"--hostname-override=" + nodeName,
		"--node-ip=" + nodeIP,
		"--root-dir=" + l.kubelet(),
		"--cert-dir=" + l.path("pki"),
	}
}

func proxyArgs(l layout) []string { return []string{"--config=" + l.conf("kube-proxy.yaml")} }

func containerdArgs(l layout) []string { return []string{"--config=" + l.conf("containerd.toml")} }
