// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"crypto/x509/pkix"
	"time"

	"github.com/groundwork-dev/groundwork/hack/simcluster/pki"
)

// writePKI generates every key and certificate of a cluster. Nothing is kept
// from an earlier one.
func writePKI(l layout, now time.Time) error {
	folder := pki.Folder{Dir: l.path("pki"), Now: now}
	ca, err := folder.NewAuthority("ca", "simcluster-ca")
	if err != nil {
		return err
	}
	proxyCA, err := folder.NewAuthority("front-proxy-ca", "simcluster-front-proxy-ca")
	if err != nil {
		return err
	}
	// Signs nothing: it is what empty caBundles are filled with.
	if _, err := folder.NewAuthority("webhook-ca", "simcluster-webhook-ca"); err != nil {
		return err
	}
	err = ca.IssueServer("apiserver", "kube-apiserver", loopback, firstServiceIP, "localhost",
		"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local")
	if err != nil {
		return err
	}
	admin := pkix.Name{CommonName: "simcluster-admin", Organization: []string{"system:masters"}}
	if err := ca.IssueClient("admin", admin); err != nil {
		return err
	}
	if err := proxyCA.IssueClient("front-proxy", pkix.Name{CommonName: "front-proxy"}); err != nil {
		return err
	}
	return folder.WriteServiceAccountKeys()
}
