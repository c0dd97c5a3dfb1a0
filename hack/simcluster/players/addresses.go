// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package players

import (
	"errors"
	"net/netip"
)

// errNoAddress is returned when every address is held.
var errNoAddress = errors.New("all simulated load balancer addresses are in use")

// addressPool hands out addresses of the networks reserved for documentation,
// which no real host has. It is not safe for concurrent use.
type addressPool struct {
	networks []netip.Prefix
	byHolder map[string]netip.Addr
	holderOf map[netip.Addr]string
}

// newAddressPool starts with TEST-NET-3 and goes on, when it is full, with
// TEST-NET-2 and TEST-NET-1: 762 addresses.
func newAddressPool() *addressPool {
	return &addressPool{
		networks: []netip.Prefix{
			netip.MustParsePrefix("203.0.113.0/24"),
			netip.MustParsePrefix("198.51.100.0/24"),
			netip.MustParsePrefix("192.0.2.0/24"),
		},
		byHolder: map[string]netip.Addr{},
		holderOf: map[netip.Addr]string{},
	}
}

// take returns the address of holder, the lowest free one when it has none.
func (p *addressPool) take(holder string) (netip.Addr, error) {
	if addr, ok := p.byHolder[holder]; ok {
		return addr, nil
	}
	for _, network := range p.networks {
		const first, last = 1, 254 // neither the network nor the broadcast address
		base := network.Addr().As4()
		for host := first; host <= last; host++ {
			base[3] = byte(host)
			addr := netip.AddrFrom4(base)
			if p.claim(holder, addr) {
				return addr, nil
			}
		}
	}
	return netip.Addr{}, errNoAddress
}

// claim records that holder has addr; false when another holder has it.
func (p *addressPool) claim(holder string, addr netip.Addr) bool {
	if other, held := p.holderOf[addr]; held {
		return other == holder
	}
	p.release(holder)
	p.byHolder[holder], p.holderOf[addr] = addr, holder
	return true
}

// release frees the address of holder, if it has one.
func (p *addressPool) release(holder string) {
	if addr, ok := p.byHolder[holder]; ok {
		delete(p.byHolder, holder)
		delete(p.holderOf, addr)
	}
}
