// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

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
	"time"
)

// validity is how long generated certificates last: a simulated cluster does
// not live longer, and has no rotation.
const validity = 365 * 24 * time.Hour

// authority is a certificate authority of one cluster.
type authority struct {
	cert *x509.Certificate
	key  crypto.Signer
}

// writePKI generates every key and certificate of a cluster. Nothing is kept
// from an earlier one.
func writePKI(l layout, now time.Time) error {
	ca, err := newAuthority(l, "ca", "simcluster-ca", now)
	if err != nil {
		return err
	}
	proxyCA, err := newAuthority(l, "front-proxy-ca", "simcluster-front-proxy-ca", now)
	if err != nil {
		return err
	}
	// Signs nothing: it is what empty caBundles are filled with.
	if _, err := newAuthority(l, "webhook-ca", "simcluster-webhook-ca", now); err != nil {
		return err
	}
	if err := ca.issue(l, "apiserver", serverTemplate(now)); err != nil {
		return err
	}
	admin := pkix.Name{CommonName: "simcluster-admin", Organization: []string{"system:masters"}}
	if err := ca.issue(l, "admin", clientTemplate(admin, now)); err != nil {
		return err
	}
	if err := proxyCA.issue(l, "front-proxy", clientTemplate(pkix.Name{CommonName: "front-proxy"}, now)); err != nil {
		return err
	}
	return writeServiceAccountKeys(l)
}

func newAuthority(l layout, name, commonName string, now time.Time) (*authority, error) {
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: commonName},
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.Add(validity),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	a := &authority{cert: template, key: key}
	der, err := a.sign(template, key.Public())
	if err != nil {
		return nil, fmt.Errorf("create %s: %w", commonName, err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		return nil, fmt.Errorf("create %s: %w", commonName, err)
	}
	return a, writePair(l, name, der, key)
}

func serverTemplate(now time.Time) *x509.Certificate {
	return &x509.Certificate{
		Subject:     pkix.Name{CommonName: "kube-apiserver"},
		NotBefore:   now.Add(-time.Hour),
		NotAfter:    now.Add(validity),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IPAddresses: []net.IP{net.ParseIP(loopback), net.ParseIP(firstServiceIP)},
		DNSNames: []string{
			"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc",
			"kubernetes.default.svc.cluster.local",
		},
	}
}

func clientTemplate(subject pkix.Name, now time.Time) *x509.Certificate {
	return &x509.Certificate{
		Subject:     subject,
		NotBefore:   now.Add(-time.Hour),
		NotAfter:    now.Add(validity),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
}

// issue writes <name>.crt and <name>.key, signed by a.
func (a *authority) issue(l layout, name string, template *x509.Certificate) error {
	key, err := newKey()
	if err != nil {
		return err
	}
	der, err := a.sign(template, key.Public())
	if err != nil {
		return fmt.Errorf("issue the certificate %s: %w", name, err)
	}
	return writePair(l, name, der, key)
}

func (a *authority) sign(template *x509.Certificate, public crypto.PublicKey) ([]byte, error) {
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

func writePair(l layout, name string, certificate []byte, key *ecdsa.PrivateKey) error {
	if err := writePEM(l.pki(name+".crt"), "CERTIFICATE", certificate); err != nil {
		return err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return fmt.Errorf("encode the key of %s: %w", name, err)
	}
	return writePEM(l.pki(name+".key"), "EC PRIVATE KEY", der)
}

// writeServiceAccountKeys writes the pair that signs and checks the tokens of
// ServiceAccounts.
func writeServiceAccountKeys(l layout) error {
	key, err := newKey()
	if err != nil {
		return err
	}
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return fmt.Errorf("encode the ServiceAccount key: %w", err)
	}
	if err := writePEM(l.pki("sa.key"), "EC PRIVATE KEY", private); err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return fmt.Errorf("encode the ServiceAccount key: %w", err)
	}
	return writePEM(l.pki("sa.pub"), "PUBLIC KEY", public)
}

func writePEM(path, kind string, der []byte) error {
	data := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return fmt.Errorf("write a key or certificate: %w", err)
	}
	return nil
}
