// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// makeNetwork gives the node an address on a bridge with nothing behind it,
// and a default route over it: kube-proxy redirects what leaves that way to a
// Service, and everything else goes nowhere.
func makeNetwork(ctx context.Context, ip string) error {
	const link = "node0"
	for _, args := range [][]string{
		{"link", "set", "lo", "up"},
		{"link", "add", link, "type", "bridge"},
		{"addr", "add", nodeNet, "dev", link},
		{"link", "set", link, "up"},
		{"route", "add", "default", "via", gatewayIP, "dev", link},
	} {
		if out, err := exec.CommandContext(ctx, ip, args...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(string(out)))
		}
	}
	// A parameter of the network namespace, not of the host.
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0); err != nil {
		return fmt.Errorf("forward packets: %w", err)
	}
	return nil
}
