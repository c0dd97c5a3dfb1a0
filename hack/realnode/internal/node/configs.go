// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"text/template"

	"sigs.k8s.io/yaml"
)

// pauseImage is the image of every Pod's sandbox.
const pauseImage = "realnode.local/pause:1"

// writeConfigs writes the configuration of every program that reads one.
func writeConfigs(l layout, m machine) error {
	containerd, err := containerdConfig(l, m)
	if err != nil {
		return err
	}
	files := map[string][]byte{l.conf("containerd.toml"): containerd}
	for path, content := range map[string]any{
		l.conf("kubelet.yaml"):                  kubeletConfig(l),
		l.conf("kube-proxy.yaml"):               proxyConfig(l),
		l.conf("cni") + "/10-realnode.conflist": networkConfig(),
	} {
		// JSON is YAML, and CNI reads nothing else.
		data, err := json.MarshalIndent(content, "", "  ")
		if err != nil {
			return fmt.Errorf("encode %s: %w", path, err)
		}
		files[path] = append(data, '\n')
	}
	for path, data := range files {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			return fmt.Errorf("write a configuration: %w", err)
		}
	}
	return nil
}

// kubeletConfig has low eviction thresholds and no garbage collection of
// images: those there are cannot be pulled again.
func kubeletConfig(l layout) map[string]any {
	return map[string]any{
		"apiVersion":               "kubelet.config.k8s.io/v1beta1",
		"kind":                     "KubeletConfiguration",
		"failCgroupV1":             false,
		"cgroupDriver":             "cgroupfs",
		"containerRuntimeEndpoint": "unix://" + l.socket(),
		"address":                  nodeIP,
		"port":                     kubeletPort,
		"readOnlyPort":             0,
		"healthzPort":              0,
		"authentication": map[string]any{
			"anonymous": map[string]any{"enabled": false},
			"webhook":   map[string]any{"enabled": true},
			"x509":      map[string]any{"clientCAFile": l.pki("ca.crt")},
		},
		"authorization":               map[string]any{"mode": "Webhook"},
		"tlsCertFile":                 l.pki("kubelet-serving.crt"),
		"tlsPrivateKeyFile":           l.pki("kubelet-serving.key"),
		"podLogsDir":                  l.podLogs(),
		"volumePluginDir":             l.path("plugins"),
		"resolvConf":                  "",
		"clusterDNS":                  []string{dnsIP},
		"clusterDomain":               dnsDomain,
		"enforceNodeAllocatable":      []string{"pods"},
		"failSwapOn":                  false,
		"maxPods":                     60,
		"syncFrequency":               "10s",
		"nodeStatusUpdateFrequency":   "2s",
		"nodeStatusReportFrequency":   "10s",
		"serializeImagePulls":         false,
		"evictionHard":                map[string]string{"memory.available": "50Mi", "nodefs.available": "1%", "imagefs.available": "1%", "nodefs.inodesFree": "1%"},
		"imageGCHighThresholdPercent": 100,
	}
}

// proxyConfig leaves the host's connection tracking alone: its limits are the
// same for all network namespaces.
func proxyConfig(l layout) map[string]any {
	return map[string]any{
		"apiVersion":         "kubeproxy.config.k8s.io/v1alpha1",
		"kind":               "KubeProxyConfiguration",
		"mode":               "nftables",
		"clusterCIDR":        podRange,
		"hostnameOverride":   nodeName,
		"bindAddress":        "0.0.0.0",
		"healthzBindAddress": loopback + ":10256",
		"metricsBindAddress": loopback + ":10249",
		"clientConnection":   map[string]any{"kubeconfig": l.userConfig(proxy)},
		// Tests wait for this: route a Service as soon as its Pods are Ready.
		"nftables":  map[string]any{"minSyncPeriod": "100ms", "syncPeriod": "30s"},
		"conntrack": map[string]any{"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
	}
}

// networkConfig gives each Pod a link of its own to the node. A bridge would
// need the host's kernel to filter bridged packets, or answers of Services
// would bypass the address translation.
func networkConfig() map[string]any {
	return map[string]any{
		"cniVersion": "0.4.0",
		"name":       nodeName,
		"plugins": []any{
			map[string]any{
				"type":   "ptp",
				"ipMasq": false,
				"ipam": map[string]any{
					"type":    "host-local",
					"dataDir": "/run/cni-ipam",
					"ranges":  [][]map[string]string{{{"subnet": podNet}}},
					"routes":  []map[string]string{{"dst": "0.0.0.0/0"}},
				},
			},
			map[string]any{"type": "portmap", "capabilities": map[string]bool{"portMappings": true}},
		},
	}
}

// containerdTemplate is of version 2, which containerd 1.x reads and 2.x converts.
var containerdTemplate = template.Must(template.New("containerd.toml").Parse(`version = 2
root = {{printf "%q" .Root}}
state = "/run/containerd"
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.internal.v1.tracing",
  # It would make /opt/containerd on the host.
  "io.containerd.internal.v1.opt",
]
[grpc]
  address = {{printf "%q" .Socket}}
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = {{printf "%q" .Pause}}
  enable_selinux = false
  disable_apparmor = true
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = {{printf "%q" .CNI}}
    conf_dir = {{printf "%q" .CNIConfig}}
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = {{printf "%q" .Snapshotter}}
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
        BinaryName = {{printf "%q" .Runc}}
`))

func containerdConfig(l layout, m machine) ([]byte, error) {
	var out bytes.Buffer
	err := containerdTemplate.Execute(&out, map[string]string{
		"Root": l.containerd(), "Socket": l.socket(), "Pause": pauseImage, "CNI": m.CNI,
		"CNIConfig": l.conf("cni"), "Snapshotter": m.Snapshotter, "Runc": m.Runc,
	})
	if err != nil {
		return nil, fmt.Errorf("render containerd's configuration: %w", err)
	}
	return out.Bytes(), nil
}

// machine is what up found out about the machine, for the process inside.
type machine struct {
	Dir         string   `json:"dir"`
	Bin         string   `json:"bin"`
	Self        string   `json:"self"`
	Images      []string `json:"images"`
	CoreDNS     string   `json:"coreDNS"`
	CNI         string   `json:"cni"`
	Runc        string   `json:"runc"`
	Containerd  string   `json:"containerd"`
	Ctr         string   `json:"ctr"`
	IP          string   `json:"ip"`
	Snapshotter string   `json:"snapshotter"`
	Cgroups     []cgroup `json:"cgroups"`
}

// cgroup is one hierarchy to mount: where, below /sys/fs/cgroup, and what.
type cgroup struct {
	Folder  string `json:"folder"`
	Options string `json:"options"`
}

func (m machine) write(path string) error {
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the node's configuration: %w", err)
	}
	if err := os.WriteFile(path, append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("write the node's configuration: %w", err)
	}
	return nil
}

func readMachine(path string) (machine, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return machine{}, fmt.Errorf("read the node's configuration: %w", err)
	}
	var m machine
	if err := yaml.UnmarshalStrict(data, &m); err != nil {
		return machine{}, fmt.Errorf("read the node's configuration: %w", err)
	}
	return m, nil
}
