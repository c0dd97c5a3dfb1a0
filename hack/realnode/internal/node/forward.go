// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// forward carries every connection that door accepts to the TCP address
// target, until door fails; it returns that error.
func forward(door net.Listener, target string) error {
	for {
		client, err := door.Accept()
		if err != nil {
			return err
		}
		go carry(client.(*net.TCPConn), target)
	}
}

// carry passes bytes both ways; each side's end of data reaches the other.
func carry(client *net.TCPConn, target string) {
	defer func() { _ = client.Close() }()
	connection, err := net.DialTimeout("tcp", target, 10*time.Second)
	if err != nil {
		return // the client sees a connection that closes, as from a dead server
	}
	defer func() { _ = connection.Close() }()
	server := connection.(*net.TCPConn)
	var both sync.WaitGroup
	pass := func(to, from *net.TCPConn) {
		_, err := io.Copy(to, from)
		_ = to.CloseWrite()
		if err != nil && !errors.Is(err, io.EOF) {
			_ = from.Close() // half a connection would hang
		}
	}
	both.Go(func() { pass(server, client) })
	both.Go(func() { pass(client, server) })
	both.Wait()
}
