// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/groundwork-dev/groundwork/hack/simcluster/connect"
	"github.com/groundwork-dev/groundwork/hack/simcluster/players"
	"github.com/groundwork-dev/groundwork/hack/simcluster/proc"
)

// supervisorLog is the log of the node itself.
const supervisorLog = "node"

const pollEvery = 25 * time.Millisecond

// supervisor starts the node's programs in order of need.
type supervisor struct {
	layout
	machine
	report *os.File
	config *rest.Config
	client kubernetes.Interface
	// end ends the node, with the reason.
	end context.CancelCauseFunc
}

// Supervise makes the inside of the node and keeps it until one of its
// programs, or parent, ends; it returns why. Nobody else is inside yet.
func Supervise(parent context.Context, config string) error {
	for _, fd := range []int{doorFD, reportFD} {
		syscall.CloseOnExec(fd)
	}
	m, err := readMachine(config)
	if err != nil {
		return err
	}
	ctx, end := context.WithCancelCause(parent)
	s := &supervisor{layout: layout{dir: m.Dir}, machine: m, report: os.NewFile(reportFD, "report"), end: end}
	if err := s.boot(ctx); err != nil {
		return errors.Join(err, context.Cause(ctx))
	}
	if _, err := fmt.Fprintln(s.report, readyLine); err != nil {
		return fmt.Errorf("nobody waits for this node any more: %w", err)
	}
	_ = s.report.Close()
	<-ctx.Done()
	return context.Cause(ctx)
}

func (s *supervisor) boot(ctx context.Context) error {
	err := s.step("mounts and network", func() error {
		return errors.Join(makeMounts(s.machine), makeNetwork(ctx, s.IP))
	})
	if err != nil {
		return err
	}
	if err := s.openDoor(); err != nil {
		return err
	}
	if s.config, err = clientcmd.BuildConfigFromFlags("", s.userConfig(admin)); err != nil {
		return fmt.Errorf("read the kubeconfig: %w", err)
	}
	s.config.QPS, s.config.Burst = 200, 400
	if s.client, err = kubernetes.NewForConfig(s.config); err != nil {
		return fmt.Errorf("connect to the API server: %w", err)
	}
	// What needs no other runs beside it.
	var group errgroup.Group
	group.Go(func() error { return s.startControlPlane(ctx) })
	group.Go(func() error { return s.startContainers(ctx) })
	if err := group.Wait(); err != nil {
		return err
	}
	return s.startNode(ctx)
}

// openDoor carries connections from the host's loopback to the API server.
func (s *supervisor) openDoor() error {
	door, err := net.FileListener(os.NewFile(doorFD, "door"))
	if err != nil {
		return fmt.Errorf("take over the listener: %w", err)
	}
	go func() { s.end(fmt.Errorf("forward to the API server: %w", forward(door, inside()))) }()
	return nil
}

func (s *supervisor) startControlPlane(ctx context.Context) error {
	err := s.step("etcd", func() error {
		if err := s.spawn("etcd", s.binary("etcd"), etcdArgs(s.layout)); err != nil {
			return err
		}
		return s.await(ctx, "etcd", func(ctx context.Context) error { return connect.EtcdHealthy(ctx, etcdURL(etcdPort)) })
	})
	if err != nil {
		return err
	}
	return s.step("API server, controllers, scheduler", func() error {
		if err := s.spawn("kube-apiserver", s.binary("kube-apiserver"), apiserverArgs(s.layout)); err != nil {
			return err
		}
		err := s.await(ctx, "the API server", func(ctx context.Context) error {
			return s.client.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
		})
		if err != nil {
			return err
		}
		if err := s.spawn(controllerManager, s.binary(controllerManager), controllerManagerArgs(s.layout)); err != nil {
			return err
		}
		if err := s.spawn(scheduler, s.binary(scheduler), schedulerArgs(s.layout)); err != nil {
			return err
		}
		return createObjects(ctx, s.client, s.CoreDNS)
	})
}

func (s *supervisor) startContainers(ctx context.Context) error {
	err := s.step("containerd", func() error {
		if err := s.spawn("containerd", s.Containerd, containerdArgs(s.layout)); err != nil {
			return err
		}
		return s.await(ctx, "containerd", func(ctx context.Context) error {
			var dialer net.Dialer
			connection, err := dialer.DialContext(ctx, "unix", s.socket())
			if err != nil {
				return err
			}
			return connection.Close()
		})
	})
	if err != nil {
		return err
	}
	return s.step(fmt.Sprintf("images (2 own, %d given)", len(s.Images)), func() error {
		// Made here, it costs no time: the API server takes longer to start.
		own, err := writeImages(s.layout, s.machine)
		if err != nil {
			return err
		}
		for _, archive := range append(own, s.Images...) {
			if err := importImage(ctx, s.Ctr, s.layout, archive); err != nil {
				return err
			}
		}
		return nil
	})
}

// startNode starts what makes Pods run and waits until they do.
func (s *supervisor) startNode(ctx context.Context) error {
	err := s.step("kubelet and kube-proxy", func() error {
		if err := s.spawn(kubelet, s.binary(kubelet), kubeletArgs(s.layout)); err != nil {
			return err
		}
		if err := s.spawn(proxy, s.binary(proxy), proxyArgs(s.layout)); err != nil {
			return err
		}
		go s.provisionVolumes(ctx)
		return s.await(ctx, "the Node", func(ctx context.Context) error { return nodeUsable(ctx, s.client) })
	})
	if err != nil {
		return err
	}
	return s.step("cluster DNS", func() error {
		err := s.await(ctx, "CoreDNS", func(ctx context.Context) error { return dnsAvailable(ctx, s.client) })
		if err != nil {
			return err
		}
		return s.await(ctx, "a lookup", lookup)
	})
}

// provisionVolumes serves the claims of the default StorageClass with folders
// that any user may write to: Pods that run as nobody have claims, too.
func (s *supervisor) provisionVolumes(ctx context.Context) {
	err := players.RunVolumes(ctx, s.config, players.VolumeOptions{
		Provisioner: provisioner,
		Root:        s.volumes(),
		Make: func(path string) error {
			if err := os.MkdirAll(path, 0o777); err != nil {
				return err
			}
			return os.Chmod(path, 0o777) // whatever the umask is
		},
		Remove: os.RemoveAll,
	}, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	s.end(fmt.Errorf("the provisioner of volumes ended: %w", err))
}

// step does work and reports it.
func (s *supervisor) step(what string, work func() error) error {
	began := time.Now()
	if err := work(); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if _, err := fmt.Fprintln(s.report, stepLine(what, time.Since(began))); err != nil {
		return fmt.Errorf("nobody waits for this node any more: %w", err)
	}
	return nil
}

func (s *supervisor) binary(name string) string { return filepath.Join(s.Bin, name) }

// spawn starts a program of the node; its end is the node's end.
func (s *supervisor) spawn(name, path string, args []string) error {
	p, err := proc.Start(proc.Command{Name: name, Path: path, Args: args, Log: s.log(name), Owner: s.dir})
	if err != nil {
		return err
	}
	go func() {
		<-p.Exited
		s.end(fmt.Errorf("%s ended; the end of %s:\n%s", name, p.Log, proc.Tail(p.Log, logLines)))
	}()
	return nil
}

// await polls check until it returns nil, or the node ends.
func (s *supervisor) await(ctx context.Context, what string, check func(context.Context) error) error {
	deadline, cancel := context.WithTimeoutCause(ctx, startTimeout, errors.New("it takes too long"))
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		err := check(deadline)
		if err == nil {
			return nil
		}
		select {
		case <-deadline.Done():
			return fmt.Errorf("wait for %s: %w (last seen: %w)", what, context.Cause(deadline), err)
		case <-tick.C:
		}
	}
}

// lookup asks cluster DNS for the API server, through its Service.
func lookup(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	resolver := net.Resolver{
		PreferGo: true,
		Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			var dialer net.Dialer
			return dialer.DialContext(ctx, network, net.JoinHostPort(dnsIP, "53"))
		},
	}
	_, err := resolver.LookupHost(ctx, "kubernetes.default.svc."+dnsDomain+".")
	return err
}
