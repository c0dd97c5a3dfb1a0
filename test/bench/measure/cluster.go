// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// downTimeout is how long the end of a cluster may take.
const downTimeout = time.Minute

// ClusterOptions say which simulated cluster to start.
type ClusterOptions struct {
	// Root of the repository, where bin/simcluster and bin/k8s are.
	Root string
	// Dir for the cluster's state. Empty: a temporary folder, which Stop removes.
	Dir string
	// Nodes simulated, each for 500 pods. 0: 3.
	Nodes int
	// Args are further arguments of "simcluster up".
	Args []string
}

// Cluster is a running simulated cluster.
type Cluster struct {
	// Dir holds its state and, in logs, what its processes print.
	Dir string
	// Kubeconfig is the path of the administrator's.
	Kubeconfig string
	// Config is the same, without a client-side rate limit.
	Config *rest.Config
	// Processes are the ids of what it consists of: etcd, kube-apiserver,
	// kube-controller-manager, kube-scheduler, kwok, players.
	Processes map[string]int
	// EtcdURL serves etcd's clients and its metrics, without credentials.
	EtcdURL string

	simcluster string
	temporary  bool
}

// StartCluster brings a simulated cluster up and returns when its Nodes are Ready.
// After an error nothing of it runs.
func StartCluster(ctx context.Context, o ClusterOptions) (*Cluster, error) {
	root, err := filepath.Abs(o.Root)
	if err != nil {
		return nil, err
	}
	c := &Cluster{Dir: o.Dir, simcluster: filepath.Join(root, "bin", "simcluster")}
	if c.Dir == "" {
		if c.Dir, err = os.MkdirTemp("", "groundwork-bench-"); err != nil {
			return nil, fmt.Errorf("folder for the cluster: %w", err)
		}
		c.temporary = true
	}
	args := []string{"up", "--dir", c.Dir, "--bin", filepath.Join(root, "bin", "k8s")}
	if o.Nodes > 0 {
		args = append(args, "--nodes", strconv.Itoa(o.Nodes))
	}
	if err := run(ctx, c.simcluster, append(args, o.Args...)...); err != nil {
		err = fmt.Errorf("start the simulated cluster (build it with \"make bin/simcluster bin/k8s/.stamp\"): %w", err)
		return nil, errors.Join(err, c.Stop()) //nolint:contextcheck // it is cleaned up after an interrupt as well
	}
	if err := c.learn(); err != nil {
		return nil, errors.Join(err, c.Stop()) //nolint:contextcheck // it is cleaned up after an interrupt as well
	}
	return c, nil
}

// learn reads what the cluster wrote down about itself.
func (c *Cluster) learn() error {
	data, err := os.ReadFile(filepath.Join(c.Dir, "state.json"))
	if err != nil {
		return fmt.Errorf("read the cluster's state: %w", err)
	}
	if c.Processes, err = parseState(data); err != nil {
		return err
	}
	commandLine, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(c.Processes["etcd"]), "cmdline"))
	if err != nil {
		return fmt.Errorf("find etcd's address: %w", err)
	}
	if c.EtcdURL = argument(commandLine, "--listen-client-urls"); c.EtcdURL == "" {
		return errors.New("find etcd's address: it was started without --listen-client-urls")
	}
	c.Kubeconfig = filepath.Join(c.Dir, "kubeconfig")
	if c.Config, err = clientcmd.BuildConfigFromFlags("", c.Kubeconfig); err != nil {
		return fmt.Errorf("read the cluster's kubeconfig: %w", err)
	}
	c.Config.QPS = -1
	return nil
}

// parseState reads the ids of a cluster's processes.
func parseState(data []byte) (map[string]int, error) {
	var state struct {
		Processes []struct {
			Name string `json:"name"`
			PID  int    `json:"pid"`
		} `json:"processes"`
	}
	if err := json.Unmarshal(data, &state); err != nil {
		return nil, fmt.Errorf("read the cluster's state: %w", err)
	}
	out := map[string]int{}
	for _, p := range state.Processes {
		out[p.Name] = p.PID
	}
	for _, name := range []string{"etcd", "kube-apiserver"} {
		if out[name] == 0 {
			return nil, fmt.Errorf("the cluster's state names no process %s", name)
		}
	}
	return out, nil
}

// argument is the value of --flag=value in a command line as /proc shows it.
func argument(commandLine []byte, flag string) string {
	for arg := range bytes.SplitSeq(commandLine, []byte{0}) {
		if value, found := strings.CutPrefix(string(arg), flag+"="); found {
			return value
		}
	}
	return ""
}

// Stop ends the cluster and removes its data. It does not depend on a context:
// what was interrupted is cleaned up as well.
func (c *Cluster) Stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), downTimeout)
	defer cancel()
	if err := run(ctx, c.simcluster, "down", "--dir", c.Dir); err != nil {
		return fmt.Errorf("end the simulated cluster in %s: %w", c.Dir, err)
	}
	if c.temporary {
		return os.RemoveAll(c.Dir)
	}
	return nil
}

// CPU is what one of the cluster's processes has used so far.
func (c *Cluster) CPU(name string) (time.Duration, error) {
	stat, err := readStat(c.Processes[name])
	if err != nil {
		return 0, fmt.Errorf("CPU time of %s: %w", name, err)
	}
	return stat.cpu, nil
}

// Kubectl runs the cluster's kubectl as its administrator.
func (c *Cluster) Kubectl(ctx context.Context, args ...string) error {
	kubectl := filepath.Join(filepath.Dir(c.simcluster), "k8s", "kubectl")
	return run(ctx, kubectl, append([]string{"--kubeconfig", c.Kubeconfig}, args...)...)
}

// run runs a program to its end; its output is in the error. An outer make's job
// server is none of its business. An interrupt from the terminal does not reach
// it: it is told to end when the context ends, and may clean up.
func run(ctx context.Context, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.Env = slices.DeleteFunc(os.Environ(), func(e string) bool {
		return strings.HasPrefix(e, "MAKEFLAGS=") || strings.HasPrefix(e, "MAKELEVEL=") || strings.HasPrefix(e, "MFLAGS=")
	})
	ownGroup(cmd)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = downTimeout
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", filepath.Base(name), strings.Join(args, " "), err, bytes.TrimSpace(out.Bytes()))
	}
	return nil
}
