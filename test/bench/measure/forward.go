// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"

	"k8s.io/client-go/tools/clientcmd"
)

// Forwarder passes TCP connections on to another address and counts the bytes;
// it decrypts nothing. Safe for concurrent use.
type Forwarder struct {
	listener       net.Listener
	target         string
	sent, received atomic.Uint64
	connections    atomic.Uint64
	work           sync.WaitGroup

	mu     sync.Mutex
	open   map[net.Conn]bool
	closed bool
}

// Forward listens on a free port of loopback until Close and passes on to
// target (host:port).
func Forward(ctx context.Context, target string) (*Forwarder, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("forward to %s: %w", target, err)
	}
	f := &Forwarder{listener: listener, target: target, open: map[net.Conn]bool{}}
	f.work.Go(f.accept)
	return f, nil
}

// Address it listens on, host:port.
func (f *Forwarder) Address() string { return f.listener.Addr().String() }

// Bytes that clients have sent and received, encryption included.
func (f *Forwarder) Bytes() (sent, received uint64) { return f.sent.Load(), f.received.Load() }

// Connections that were opened so far.
func (f *Forwarder) Connections() uint64 { return f.connections.Load() }

// Close ends all connections and waits until nothing runs any more.
func (f *Forwarder) Close() error {
	err := f.listener.Close()
	f.mu.Lock()
	f.closed = true
	for conn := range f.open {
		_ = conn.Close()
	}
	f.mu.Unlock()
	f.work.Wait()
	return err
}

func (f *Forwarder) accept() {
	for {
		client, err := f.listener.Accept()
		if err != nil {
			return // Close
		}
		f.work.Go(func() { f.pass(client) })
	}
}

// pass carries one connection until both sides have said all, or one breaks.
func (f *Forwarder) pass(client net.Conn) {
	if !f.keep(client) {
		return
	}
	defer f.drop(client)
	server, err := net.Dial("tcp", f.target) //nolint:noctx // on loopback; refused or accepted at once
	if err != nil || !f.keep(server) {
		return
	}
	defer f.drop(server)
	f.connections.Add(1)
	var both sync.WaitGroup
	both.Go(func() { count(server, client, &f.sent) })
	both.Go(func() { count(client, server, &f.received) })
	both.Wait()
}

// keep remembers a connection for Close, or closes it when that has been called.
func (f *Forwarder) keep(conn net.Conn) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		_ = conn.Close()
		return false
	}
	f.open[conn] = true
	return true
}

func (f *Forwarder) drop(conn net.Conn) {
	_ = conn.Close()
	f.mu.Lock()
	delete(f.open, conn)
	f.mu.Unlock()
}

// count copies until from has no more, and tells to.
func count(to, from net.Conn, bytes *atomic.Uint64) {
	_, err := io.Copy(counter{to, bytes}, from)
	if half, ok := to.(interface{ CloseWrite() error }); ok && err == nil {
		_ = half.CloseWrite()
		return
	}
	_ = to.Close()
	_ = from.Close()
}

type counter struct {
	io.Writer
	bytes *atomic.Uint64
}

func (c counter) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	c.bytes.Add(uint64(n))
	return n, err
}

// Kubeconfig copies the kubeconfig from to the path to, with every cluster's
// server reached through the forwarder, and certificates still checked: the
// server's must name 127.0.0.1.
func (f *Forwarder) Kubeconfig(from, to string) error {
	config, err := clientcmd.LoadFromFile(from)
	if err != nil {
		return fmt.Errorf("read the kubeconfig: %w", err)
	}
	for name, cluster := range config.Clusters {
		server, err := url.Parse(cluster.Server)
		if err != nil {
			return fmt.Errorf("kubeconfig %s: clusters[%s].server: %w", from, name, err)
		}
		server.Host = f.Address()
		cluster.Server = server.String()
	}
	if err := clientcmd.WriteToFile(*config, to); err != nil {
		return fmt.Errorf("write the kubeconfig: %w", err)
	}
	return nil
}
