// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/client-go/tools/clientcmd"
)

// TestArgs names what each program cannot do without, and what must not be.
func TestArgs(t *testing.T) {
	l := layout{dir: "/state"}
	tests := map[string]struct {
		got       []string
		want, not []string
	}{
		"etcd": {got: etcdArgs(l), want: []string{"--unsafe-no-fsync", "--data-dir=/state/etcd"}},
		"the API server": {
			got: apiserverArgs(l),
			want: []string{
				"--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction",
				"--advertise-address=10.111.0.2", "--service-cluster-ip-range=10.96.0.0/16",
				"--kubelet-certificate-authority=/state/pki/ca.crt", "--requestheader-client-ca-file=/state/pki/front-proxy-ca.crt",
			},
			not: []string{"--disable-admission-plugins"},
		},
		"the controller manager": {
			got:  controllerManagerArgs(l),
			want: []string{"--root-ca-file=/state/pki/ca.crt", "--use-service-account-credentials=true", "--leader-elect=false"},
		},
		"the scheduler": {got: schedulerArgs(l), want: []string{"--kubeconfig=/state/conf/kube-scheduler.kubeconfig"}},
		"the kubelet":   {got: kubeletArgs(l), want: []string{"--node-ip=10.111.0.2", "--root-dir=/state/kubelet"}},
		"kube-proxy":    {got: proxyArgs(l), want: []string{"--config=/state/conf/kube-proxy.yaml"}},
		"containerd":    {got: containerdArgs(l), want: []string{"--config=/state/conf/containerd.toml"}},
	}
	for name, tt := range tests {
		for _, want := range tt.want {
			if !slices.Contains(tt.got, want) {
				t.Errorf("%s lacks %s", name, want)
			}
		}
		for _, not := range tt.not {
			if slices.ContainsFunc(tt.got, func(arg string) bool { return strings.HasPrefix(arg, not) }) {
				t.Errorf("%s has %s", name, not)
			}
		}
	}
}

func TestConfigs(t *testing.T) {
	l := layout{dir: filepath.Join(t.TempDir(), "node")}
	if err := l.create(); err != nil {
		t.Fatal(err)
	}
	m := machine{CNI: "/opt/cni/bin", Runc: "/usr/sbin/runc", Snapshotter: "native"}
	if err := writeConfigs(l, m); err != nil {
		t.Fatal(err)
	}
	for path, wants := range map[string][]string{
		l.conf("containerd.toml"): {
			`bin_dir = "/opt/cni/bin"`, `BinaryName = "/usr/sbin/runc"`, `snapshotter = "native"`,
			`sandbox_image = "realnode.local/pause:1"`, `address = "` + l.socket() + `"`, "restrict_oom_score_adj = true",
			`"io.containerd.internal.v1.opt"`,
		},
		l.conf("kubelet.yaml"): {
			`"failCgroupV1": false`, `"cgroupDriver": "cgroupfs"`, `"clusterDomain": "cluster.local"`, `"10.96.0.10"`,
			`"containerRuntimeEndpoint": "unix://` + l.socket() + `"`,
		},
		l.conf("kube-proxy.yaml"):               {`"mode": "nftables"`, `"maxPerCore": 0`},
		l.conf("cni") + "/10-realnode.conflist": {`"type": "ptp"`, `"subnet": "10.244.0.0/24"`},
	} {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range wants {
			if !strings.Contains(string(data), want) {
				t.Errorf("%s lacks %s:\n%s", filepath.Base(path), want, data)
			}
		}
		if !strings.HasSuffix(path, ".toml") && !json.Valid(data) {
			t.Errorf("%s is not JSON", filepath.Base(path))
		}
	}
}

func TestMachine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "node.json")
	want := machine{Dir: "/d", Images: []string{"a", "b"}, Cgroups: []cgroup{{Folder: "systemd", Options: "none,name=systemd"}}}
	if err := want.write(path); err != nil {
		t.Fatal(err)
	}
	got, err := readMachine(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestIdentities connects every kubeconfig with a certificate that the API
// server's authority signed, for the right user.
func TestIdentities(t *testing.T) {
	l := layout{dir: filepath.Join(t.TempDir(), "node")}
	if err := l.create(); err != nil {
		t.Fatal(err)
	}
	if err := writeIdentities(l, "https://127.0.0.1:4711", time.Now()); err != nil {
		t.Fatal(err)
	}
	ca := x509.NewCertPool()
	ca.AddCert(certificate(t, l.pki("ca.crt")))
	for path, want := range map[string]struct{ server, user, group string }{
		l.kubeconfig():                 {"https://127.0.0.1:4711", "realnode-admin", "system:masters"},
		l.userConfig(admin):            {"https://10.111.0.2:6443", "realnode-admin", "system:masters"},
		l.userConfig("kubelet"):        {"https://10.111.0.2:6443", "system:node:realnode", "system:nodes"},
		l.userConfig("kube-proxy"):     {"https://10.111.0.2:6443", "system:kube-proxy", ""},
		l.userConfig("kube-scheduler"): {"https://10.111.0.2:6443", "system:kube-scheduler", ""},
	} {
		config, err := clientcmd.BuildConfigFromFlags("", path)
		if err != nil {
			t.Fatal(err)
		}
		cert := parse(t, config.CertData)
		group := strings.Join(cert.Subject.Organization, ",")
		if config.Host != want.server || cert.Subject.CommonName != want.user || group != want.group {
			t.Errorf("%s: %s as %s of %s, want %+v", filepath.Base(path), config.Host, cert.Subject.CommonName, group, want)
		}
		if _, err := cert.Verify(x509.VerifyOptions{Roots: ca, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err != nil {
			t.Errorf("%s: %v", filepath.Base(path), err)
		}
	}
	for name, hosts := range map[string][]string{
		"apiserver":       {"127.0.0.1", "10.96.0.1", "10.111.0.2", "kubernetes.default.svc"},
		"kubelet-serving": {"10.111.0.2", "realnode"},
	} {
		for _, host := range hosts {
			if err := certificate(t, l.pki(name+".crt")).VerifyHostname(host); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func certificate(t *testing.T, path string) *x509.Certificate {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, data)
}

func parse(t *testing.T, data []byte) *x509.Certificate {
	t.Helper()
	block, _ := pem.Decode(data)
	if block == nil {
		t.Fatal("no PEM")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func TestObjects(t *testing.T) {
	objects, err := renderObjects("example.test/coredns:v9")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, object := range objects {
		switch o := object.(type) {
		case *storagev1.StorageClass:
			seen["class"] = o.Provisioner == provisioner && o.Annotations["storageclass.kubernetes.io/is-default-class"] == "true" &&
				*o.VolumeBindingMode == storagev1.VolumeBindingWaitForFirstConsumer
		case *corev1.ConfigMap:
			seen["Corefile"] = strings.Contains(o.Data["Corefile"], "kubernetes cluster.local in-addr.arpa") &&
				!strings.Contains(o.Data["Corefile"], "forward")
		case *corev1.Service:
			seen["address"] = o.Spec.ClusterIP == dnsIP && len(o.Spec.Ports) == 2
		case *appsv1.Deployment:
			pod := o.Spec.Template
			seen["image"] = pod.Spec.Containers[0].Image == "example.test/coredns:v9" &&
				pod.Spec.Containers[0].ImagePullPolicy == corev1.PullNever
			seen["selector"] = pod.Labels["k8s-app"] == o.Spec.Selector.MatchLabels["k8s-app"]
		}
	}
	for _, what := range []string{"class", "Corefile", "address", "image", "selector"} {
		if !seen[what] {
			t.Errorf("the %s is not as it should be", what)
		}
	}
}

func TestPrograms(t *testing.T) {
	var names []string
	for _, b := range Programs() {
		names = append(names, b.Name)
	}
	slices.Sort(names)
	want := []string{
		"coredns", "etcd", "kube-apiserver", "kube-controller-manager", "kube-proxy", "kube-scheduler", "kubectl", "kubelet", "pause",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
}
