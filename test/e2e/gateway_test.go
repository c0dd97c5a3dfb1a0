// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// serviceAccount is the operator's, from config/rbac.
const serviceAccount = "groundwork-controller-manager"

// gateway stands between the operator and the API server and sees every request:
// it is how specs know that an idle operator is silent, and how they end it in
// the middle of something.
type gateway struct {
	server   *httptest.Server
	upstream *url.URL

	mu       sync.Mutex
	requests []string
	writes   int
	trigger  int
	reached  chan struct{}
}

// openGateway starts it; it ends with the suite.
func openGateway() *gateway {
	config, err := clientcmd.BuildConfigFromFlags("", sim.Kubeconfig)
	Expect(err).NotTo(HaveOccurred())
	upstream, err := url.Parse(config.Host)
	Expect(err).NotTo(HaveOccurred())
	pool := x509.NewCertPool()
	Expect(pool.AppendCertsFromPEM(config.CAData)).To(BeTrue())
	g := &gateway{upstream: upstream}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(upstream)
			g.note(r.In)
		},
		Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true,
		},
		FlushInterval: -1, // events of a watch
		ErrorLog:      log.New(io.Discard, "", 0),
	}
	g.server = httptest.NewUnstartedServer(proxy)
	g.server.EnableHTTP2 = true
	g.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	g.server.StartTLS()
	DeferCleanup(func() {
		g.server.CloseClientConnections()
		g.server.Close()
	})
	return g
}

// note counts a request. A dry run is no write. Leases do not count: they are leader election's. Nor do
// events: the client library sends a lost one again 10 s later, whatever happens
// meanwhile; specs look at the times of events instead.
func (g *gateway) note(r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/apis/coordination.k8s.io/") || strings.HasPrefix(r.URL.Path, "/apis/events.k8s.io/") {
		return
	}
	verb := r.Method
	if r.URL.Query().Get("watch") != "" {
		verb = "WATCH"
	}
	dry := r.URL.Query().Has("dryRun")
	if dry {
		verb = "DRY " + verb
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.requests = append(g.requests, verb+" "+r.URL.Path)
	if dry || verb == "WATCH" || verb == http.MethodGet || verb == http.MethodHead {
		return
	}
	g.writes++
	if g.writes == g.trigger {
		close(g.reached)
	}
}

// seen is how many requests there have been, to pass to since.
func (g *gateway) seen() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.requests)
}

// since lists requests other than watches after a point in time.
func (g *gateway) since(point int) []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var out []string
	for _, r := range g.requests[point:] {
		if !strings.HasPrefix(r, "WATCH ") {
			out = append(out, r)
		}
	}
	return out
}

// afterWrites returns a channel that is closed when n more writes have come by.
func (g *gateway) afterWrites(n int) <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.trigger, g.reached = g.writes+n, make(chan struct{})
	return g.reached
}

// kubeconfig writes one for the operator: the ServiceAccount's token, through the gateway.
func (g *gateway) kubeconfig(ctx context.Context) string {
	GinkgoHelper()
	token := sim.Token(ctx, serviceAccount)
	config := clientcmdapi.NewConfig()
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: g.server.Certificate().Raw})
	config.Clusters["e2e"] = &clientcmdapi.Cluster{Server: g.server.URL, CertificateAuthorityData: certificate}
	config.AuthInfos["e2e"] = &clientcmdapi.AuthInfo{Token: token}
	config.Contexts["e2e"] = &clientcmdapi.Context{Cluster: "e2e", AuthInfo: "e2e"}
	config.CurrentContext = "e2e"
	path := filepath.Join(scratch, "operator.kubeconfig")
	Expect(clientcmd.WriteToFile(*config, path)).To(Succeed())
	return path
}

// deleteLease makes a successor lead at once, instead of after the 15 s that a
// lease of a killed leader lasts.
func deleteLease(ctx context.Context) {
	GinkgoHelper()
	sim.Kubectl(ctx, "-n", v1alpha1.DefaultNamespace, "delete", "lease", "--all", "--ignore-not-found")
}
