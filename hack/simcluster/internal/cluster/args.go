// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"
	"strings"
)

const (
	serviceRange   = "10.96.0.0/16"
	firstServiceIP = "10.96.0.1"
	podRange       = "10.244.0.0/16"
)

// etcdArgs trades durability for speed: the data dies with the cluster.
func etcdArgs(l layout, p ports) []string {
	client, peer := url("http", p.etcd), url("http", p.etcdPeer)
	return []string{
		"--name=sim",
		"--data-dir=" + l.etcdData(),
		"--listen-client-urls=" + client,
		"--advertise-client-urls=" + client,
		"--listen-peer-urls=" + peer,
		"--initial-advertise-peer-urls=" + peer,
		"--initial-cluster=sim=" + peer,
		"--unsafe-no-fsync",
		"--log-level=warn",
	}
}

// apiserverArgs configures an API server with real authentication and RBAC.
func apiserverArgs(l layout, p ports) []string {
	args := []string{
		"--etcd-servers=" + url("http", p.etcd),
		"--bind-address=" + loopback,
		fmt.Sprintf("--secure-port=%d", p.apiserver),
		"--advertise-address=" + loopback,
		// A loopback address is refused for the endpoints of the Service "kubernetes".
		"--endpoint-reconciler-type=none",
		"--tls-cert-file=" + l.pki("apiserver.crt"),
		"--tls-private-key-file=" + l.pki("apiserver.key"),
		"--client-ca-file=" + l.pki("ca.crt"),
		"--authorization-mode=RBAC",
		"--allow-privileged=true",
		"--service-cluster-ip-range=" + serviceRange,
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file=" + l.pki("sa.pub"),
		"--service-account-signing-key-file=" + l.pki("sa.key"),
		// No webhook's Pod really runs, so calling webhooks would only block writes.
		"--disable-admission-plugins=ServiceAccount,ValidatingAdmissionWebhook,MutatingAdmissionWebhook",
		"--profiling=false",
	}
	return append(args, frontProxyArgs(l)...)
}

// auditArgs make the API server write down the requests that a policy picks; none
// without a policy.
func auditArgs(l layout, policy string) []string {
	if policy == "" {
		return nil
	}
	// Written at once and never turned over: what is counted must be complete.
	return []string{"--audit-policy-file=" + policy, "--audit-log-path=" + l.log("audit"), "--audit-log-maxsize=0"}
}

// frontProxyArgs make the API server publish the ConfigMap
// extension-apiserver-authentication, without which the scheduler and the
// controller manager wait for ever.
func frontProxyArgs(l layout) []string {
	return []string{
		"--requestheader-client-ca-file=" + l.pki("front-proxy-ca.crt"),
		"--requestheader-allowed-names=front-proxy",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--requestheader-group-headers=X-Remote-Group",
		"--requestheader-username-headers=X-Remote-User",
		"--proxy-client-cert-file=" + l.pki("front-proxy.crt"),
		"--proxy-client-key-file=" + l.pki("front-proxy.key"),
	}
}

// controllerManagerArgs leave every controller on but those that talk to a
// network or a cloud. The node lifecycle controller is needed: it is what
// removes the not-ready taint of a new Node.
func controllerManagerArgs(l layout) []string {
	off := []string{
		"node-ipam-controller", "node-route-controller", "service-lb-controller", "cloud-node-lifecycle-controller",
	}
	return []string{
		"--kubeconfig=" + l.kubeconfig(),
		"--controllers=*,-" + strings.Join(off, ",-"),
		"--leader-elect=false",
		"--secure-port=0",
		"--kube-api-qps=500",
		"--kube-api-burst=1000",
		"--root-ca-file=" + l.pki("ca.crt"),
		"--service-account-private-key-file=" + l.pki("sa.key"),
		"--cluster-signing-cert-file=" + l.pki("ca.crt"),
		"--cluster-signing-key-file=" + l.pki("ca.key"),
		// On a machine busy compiling, heartbeats come late; nothing is lost by patience.
		"--node-monitor-grace-period=10m",
		"--profiling=false",
	}
}

func schedulerArgs(l layout) []string {
	return []string{
		"--kubeconfig=" + l.kubeconfig(),
		"--leader-elect=false",
		"--secure-port=0",
		"--kube-api-qps=500",
		"--kube-api-burst=1000",
		"--profiling=false",
	}
}

func kwokArgs(l layout) []string {
	return []string{
		"--kubeconfig=" + l.kubeconfig(),
		"--config=" + l.kwokConfig(),
		"--manage-all-nodes=true",
		"--cidr=" + podRange,
		"--node-lease-duration-seconds=120",
	}
}

func url(scheme string, port int) string {
	return fmt.Sprintf("%s://%s:%d", scheme, loopback, port)
}
