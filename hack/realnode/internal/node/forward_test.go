// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"io"
	"net"
	"testing"
	"time"
)

// TestForward sends through the forwarder, ends its own side, and reads the
// answer to the end: each half of a connection must reach the other side.
func TestForward(t *testing.T) {
	server := listen(t)
	door := listen(t)
	go func() { _ = forward(door, server.Addr().String()) }()
	go func() {
		for {
			connection, err := server.Accept()
			if err != nil {
				return
			}
			question, _ := io.ReadAll(connection) // ends with the client's half
			_, _ = connection.Write(append([]byte("you said "), question...))
			_ = connection.Close()
		}
	}()
	for range 2 {
		if got := ask(t, door.Addr().String(), "hello"); got != "you said hello" {
			t.Errorf("got %q", got)
		}
	}
	_ = server.Close()
	if got := ask(t, door.Addr().String(), "hello"); got != "" {
		t.Errorf("without a server the answer is %q", got)
	}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", loopback+":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener
}

func ask(t *testing.T, address, question string) string {
	t.Helper()
	var dialer net.Dialer
	connection, err := dialer.DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	if err := connection.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(connection, question)
	_ = connection.(*net.TCPConn).CloseWrite()
	answer, _ := io.ReadAll(connection)
	return string(answer)
}
