// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/groundwork-dev/groundwork/hack/simcluster/proc"
)

func testLayout(t *testing.T) layout {
	t.Helper()
	l, err := newLayout(filepath.Join(t.TempDir(), "cluster"))
	if err != nil {
		t.Fatal(err)
	}
	if err := l.create(); err != nil {
		t.Fatal(err)
	}
	return l
}

func TestFreePorts(t *testing.T) {
	p, err := freePorts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if p.etcd == p.etcdPeer || p.etcd == p.apiserver || p.etcdPeer == p.apiserver {
		t.Errorf("two ports are the same: %+v", p)
	}
	for _, port := range []int{p.etcd, p.etcdPeer, p.apiserver} {
		listener, err := net.Listen("tcp", fmt.Sprintf("%s:%d", loopback, port))
		if err != nil {
			t.Errorf("port %d was not let go of: %v", port, err)
			continue
		}
		_ = listener.Close()
	}
}

// TestArgsStayOnLoopback guards the promise that nothing listens elsewhere.
func TestArgsStayOnLoopback(t *testing.T) {
	l, p := layout{dir: "/state"}, ports{etcd: 1001, etcdPeer: 1002, apiserver: 1003}
	for name, args := range map[string][]string{
		"etcd":           etcdArgs(l, p),
		"kube-apiserver": apiserverArgs(l, p),
	} {
		for _, arg := range args {
			flag, value, _ := strings.Cut(arg, "=")
			listens := strings.HasPrefix(flag, "--listen-") || strings.HasSuffix(flag, "-address")
			if listens && !strings.Contains(value, loopback) {
				t.Errorf("%s %s listens outside loopback", name, arg)
			}
		}
	}
	for name, args := range map[string][]string{
		"kube-controller-manager": controllerManagerArgs(l),
		"kube-scheduler":          schedulerArgs(l),
	} {
		if !slices.Contains(args, "--secure-port=0") {
			t.Errorf("%s serves on a fixed port: two clusters would collide", name)
		}
	}
}

func TestArgs(t *testing.T) {
	l, p := layout{dir: "/state"}, ports{etcd: 1001, etcdPeer: 1002, apiserver: 1003}
	tests := map[string]struct {
		reason string
		args   []string
		want   []string
	}{
		"etcd": {
			reason: "data lives in the state folder and is not synced",
			args:   etcdArgs(l, p),
			want: []string{
				"--data-dir=/state/etcd", "--unsafe-no-fsync",
				"--listen-client-urls=http://127.0.0.1:1001", "--listen-peer-urls=http://127.0.0.1:1002",
			},
		},
		"kube-apiserver": {
			reason: "RBAC is real, the front proxy is known, loopback endpoints are not published",
			args:   apiserverArgs(l, p),
			want: []string{
				"--etcd-servers=http://127.0.0.1:1001", "--secure-port=1003", "--authorization-mode=RBAC",
				"--endpoint-reconciler-type=none", "--requestheader-client-ca-file=/state/pki/front-proxy-ca.crt",
				"--service-account-signing-key-file=/state/pki/sa.key",
			},
		},
		"kube-controller-manager": {
			reason: "fast, and with the node lifecycle controller",
			args:   controllerManagerArgs(l),
			want: []string{
				"--kube-api-qps=500", "--leader-elect=false", "--kubeconfig=/state/kubeconfig",
				"--controllers=*,-node-ipam-controller,-node-route-controller,-service-lb-controller,-cloud-node-lifecycle-controller",
			},
		},
		"kwok": {
			reason: "every Node is simulated",
			args:   kwokArgs(l),
			want:   []string{"--manage-all-nodes=true", "--config=/state/kwok.yaml"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for _, want := range tt.want {
				if !slices.Contains(tt.args, want) {
					t.Errorf("%s: %v lacks %s", tt.reason, tt.args, want)
				}
			}
		})
	}
}

func TestAuditArgs(t *testing.T) {
	l := layout{dir: "/state"}
	if args := auditArgs(l, ""); args != nil {
		t.Errorf("without a policy: %v", args)
	}
	args := auditArgs(l, "/policy.yaml")
	for _, want := range []string{"--audit-policy-file=/policy.yaml", "--audit-log-path=/state/logs/audit.log"} {
		if !slices.Contains(args, want) {
			t.Errorf("%v lacks %s", args, want)
		}
	}
	if _, err := auditPolicy(filepath.Join(t.TempDir(), "missing")); err == nil {
		t.Error("a policy that is not there is no error")
	}
}

func TestState(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.json")
	none, err := readState(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(state{}, none); diff != "" {
		t.Errorf("without a file: %s", diff)
	}
	want := state{
		Ready: true, Server: "https://127.0.0.1:1", Nodes: 3,
		Processes: []proc.Identity{{Name: "etcd", PID: 1 << 30, Start: "7"}},
	}
	if err := want.write(path); err != nil {
		t.Fatal(err)
	}
	got, err := readState(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"etcd"}, got.dead()); diff != "" {
		t.Errorf("a process that cannot exist: %s", diff)
	}
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readState(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("a damaged state: %v, want an error that names the file", err)
	}
}

// TestRemoveKeepsForeignFiles: a user may point --dir at a folder of theirs.
func TestRemoveKeepsForeignFiles(t *testing.T) {
	l := testLayout(t)
	foreign := l.path("notes.txt")
	for _, path := range []string{foreign, l.kubeconfig(), l.log("etcd"), l.state(), l.lock()} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.remove(); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(l.dir)
	if err != nil || len(entries) != 1 || entries[0].Name() != "notes.txt" {
		t.Errorf("left are %v (%v), want notes.txt alone", entries, err)
	}
	if err := os.Remove(foreign); err != nil {
		t.Fatal(err)
	}
	if err := l.remove(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(l.dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the empty folder stays: %v", err)
	}
}

func TestPKI(t *testing.T) {
	l := testLayout(t)
	if err := writePKI(l, time.Now()); err != nil {
		t.Fatal(err)
	}
	verify := func(ca, leaf string, usage x509.ExtKeyUsage) *x509.Certificate {
		t.Helper()
		pool := x509.NewCertPool()
		pool.AddCert(readCertificate(t, l, ca))
		cert := readCertificate(t, l, leaf)
		_, err := cert.Verify(x509.VerifyOptions{Roots: pool, KeyUsages: []x509.ExtKeyUsage{usage}})
		if err != nil {
			t.Errorf("%s is not valid under %s: %v", leaf, ca, err)
		}
		return cert
	}
	server := verify("ca", "apiserver", x509.ExtKeyUsageServerAuth)
	for _, host := range []string{loopback, firstServiceIP, "localhost", "kubernetes.default.svc"} {
		if err := server.VerifyHostname(host); err != nil {
			t.Errorf("the server's certificate: %v", err)
		}
	}
	admin := verify("ca", "admin", x509.ExtKeyUsageClientAuth)
	if !slices.Contains(admin.Subject.Organization, "system:masters") {
		t.Errorf("the administrator is in %v", admin.Subject.Organization)
	}
	verify("front-proxy-ca", "front-proxy", x509.ExtKeyUsageClientAuth)

	info, err := os.Stat(l.pki("admin.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the administrator's key has mode %v (%v), want 0600", info.Mode(), err)
	}
}

func readCertificate(t *testing.T, l layout, name string) *x509.Certificate {
	t.Helper()
	data, err := os.ReadFile(l.pki(name + ".crt"))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func TestKubeconfig(t *testing.T) {
	l := testLayout(t)
	if err := writePKI(l, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := writeKubeconfig(l, "https://127.0.0.1:1003"); err != nil {
		t.Fatal(err)
	}
	config, err := clientcmd.BuildConfigFromFlags("", l.kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	if config.Host != "https://127.0.0.1:1003" || len(config.CAData) == 0 || len(config.CertData) == 0 || len(config.KeyData) == 0 {
		t.Errorf("got host %s, or a key or certificate is missing", config.Host)
	}
}

func TestEndedError(t *testing.T) {
	log := filepath.Join(t.TempDir(), "etcd.log")
	for content, wantRetry := range map[string]bool{
		"listen tcp 127.0.0.1:1: bind: address already in use\n": true,
		"panic: out of luck\n": false,
	} {
		if err := os.WriteFile(log, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		err := endedError("etcd", log)
		if errors.Is(err, errPortTaken) != wantRetry {
			t.Errorf("%q: retry is %t, want %t", content, !wantRetry, wantRetry)
		}
		if !strings.Contains(err.Error(), strings.TrimSpace(content)) {
			t.Errorf("%v does not show the log", err)
		}
	}
}

func TestSchedulable(t *testing.T) {
	node := func(status corev1.ConditionStatus, taints ...corev1.Taint) *corev1.Node {
		return &corev1.Node{
			Spec:   corev1.NodeSpec{Taints: taints},
			Status: corev1.NodeStatus{Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: status}}},
		}
	}
	for name, tt := range map[string]struct {
		node *corev1.Node
		want bool
	}{
		"new":             {&corev1.Node{}, false},
		"not ready":       {node(corev1.ConditionFalse), false},
		"ready, tainted":  {node(corev1.ConditionTrue, corev1.Taint{Key: corev1.TaintNodeNotReady}), false},
		"ready, no taint": {node(corev1.ConditionTrue), true},
	} {
		if got := schedulable(tt.node); got != tt.want {
			t.Errorf("%s: got %t, want %t", name, got, tt.want)
		}
	}
}
