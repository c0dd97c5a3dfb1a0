// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"
)

// authority makes a CA and a serving certificate of it for a host. They live in memory: every start has its own.
func authority(host string, now time.Time) (ca []byte, serving tls.Certificate, err error) {
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, tls.Certificate{}, err
	}
	const life = 365 * 24 * time.Hour
	from, to := now.Add(-time.Hour), now.Add(life)
	// The serial number tells the CAs of different starts apart in a log.
	caTemplate := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "standin-ca"}, NotBefore: from, NotAfter: to,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, caTemplate, caTemplate, caKey.Public(), caKey)
	if err != nil {
		return nil, tls.Certificate{}, fmt.Errorf("CA: %w", err)
	}
	caCertificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, tls.Certificate{}, fmt.Errorf("CA: %w", err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano() + 1), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: from, NotAfter: to,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	leaf, err := x509.CreateCertificate(rand.Reader, template, caCertificate, key.Public(), caKey)
	if err != nil {
		return nil, tls.Certificate{}, fmt.Errorf("serving certificate: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), tls.Certificate{Certificate: [][]byte{leaf}, PrivateKey: key}, nil
}

// bundleWith returns a CA bundle that holds a CA, and whether it differs from what it was. Up to two others stay: during a rollout the
// pods before and after it answer side by side, each with a CA of its own.
func bundleWith(bundle, ca []byte) (with []byte, changed bool) {
	if bytes.Contains(bundle, bytes.TrimSpace(ca)) {
		return bundle, false
	}
	var others [][]byte
	for block, rest := pem.Decode(bundle); block != nil; block, rest = pem.Decode(rest) {
		others = append(others, pem.EncodeToMemory(block))
	}
	others = others[max(0, len(others)-2):]
	return bytes.Join(append(others, ca), nil), true
}
