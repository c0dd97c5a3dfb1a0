// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package pki writes the keys and certificates of a short-lived cluster: its
// authorities, what they sign, and the keys of ServiceAccount tokens. It
// imports the standard library only.
package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// validity is how long generated certificates last: such a cluster does not
// live longer, and has no rotation.
const validity = 365 * 24 * time.Hour

// Folder is where certificates and keys go: <name>.crt and <name>.key for each.
type Folder struct {
	// Dir must exist.
	Dir string
	// Now is when the certificates begin; an hour of grace is given.
	Now time.Time
}

// Authority is a certificate authority; its own pair is in the folder too.
type Authority struct {
	folder Folder
	cert   *x509.Certificate
	key    crypto.Signer
}

// NewAuthority generates an authority that signed itself.
func (f Folder) NewAuthority(name, commonName string) (*Authority, error) {
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	template := f.template(pkix.Name{CommonName: commonName})
	template.IsCA = true
	template.BasicConstraintsValid = true
	template.KeyUsage |= x509.KeyUsageCertSign
	a := &Authority{folder: f, cert: template, key: key}
	der, err := a.sign(template, key.Public())
	if err != nil {
		return nil, fmt.Errorf("create %s: %w", commonName, err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		return nil, fmt.Errorf("create %s: %w", commonName, err)
	}
	return a, f.writePair(name, der, key)
}

// IssueServer writes the pair of a server that is reached as hosts: addresses
// or names.
func (a *Authority) IssueServer(name, commonName string, hosts ...string) error {
	template := a.folder.template(pkix.Name{CommonName: commonName})
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	return a.issue(name, template)
}

// IssueClient writes the pair of a client: Kubernetes takes the subject's
// common name as the user and its organizations as the groups.
func (a *Authority) IssueClient(name string, subject pkix.Name) error {
	template := a.folder.template(subject)
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	return a.issue(name, template)
}

// WriteServiceAccountKeys writes sa.key and sa.pub: the pair that signs and
// checks the tokens of ServiceAccounts.
func (f Folder) WriteServiceAccountKeys() error {
	key, err := newKey()
	if err != nil {
		return err
	}
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return fmt.Errorf("encode the ServiceAccount key: %w", err)
	}
	if err := f.writePEM("sa.key", "EC PRIVATE KEY", private); err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return fmt.Errorf("encode the ServiceAccount key: %w", err)
	}
	return f.writePEM("sa.pub", "PUBLIC KEY", public)
}

func (f Folder) template(subject pkix.Name) *x509.Certificate {
	return &x509.Certificate{
		Subject:   subject,
		NotBefore: f.Now.Add(-time.Hour),
		NotAfter:  f.Now.Add(validity),
		KeyUsage:  x509.KeyUsageDigitalSignature,
	}
}

func (a *Authority) issue(name string, template *x509.Certificate) error {
	key, err := newKey()
	if err != nil {
		return err
	}
	der, err := a.sign(template, key.Public())
	if err != nil {
		return fmt.Errorf("issue the certificate %s: %w", name, err)
	}
	return a.folder.writePair(name, der, key)
}

func (a *Authority) sign(template *x509.Certificate, public crypto.PublicKey) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	template.SerialNumber = serial
	return x509.CreateCertificate(rand.Reader, template, a.cert, public, a.key)
}

func newKey() (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("generate a key: %w", err)
	}
	return key, nil
}

func (f Folder) writePair(name string, certificate []byte, key *ecdsa.PrivateKey) error {
	if err := f.writePEM(name+".crt", "CERTIFICATE", certificate); err != nil {
		return err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return fmt.Errorf("encode the key of %s: %w", name, err)
	}
	return f.writePEM(name+".key", "EC PRIVATE KEY", der)
}

func (f Folder) writePEM(name, kind string, der []byte) error {
	data := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	if err := os.WriteFile(filepath.Join(f.Dir, name), data, 0o600); err != nil {
		return fmt.Errorf("write a key or certificate: %w", err)
	}
	return nil
}
