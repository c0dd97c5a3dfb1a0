// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package operator_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/operator"
)

// TestDashboard runs the operator twice, as one process each: with the dashboard on
// loopback, and where others can reach it. There the API server says who may look.
func TestDashboard(t *testing.T) {
	if os.Getenv("KUBEBUILDER_ASSETS") == "" {
		t.Skip("KUBEBUILDER_ASSETS is not set: run \"make test-envtest\", which builds an API server first")
	}
	environment := &envtest.Environment{CRDDirectoryPaths: []string{"../../config/crd/bases"}, ErrorIfCRDPathMissing: true}
	config, err := environment.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := environment.Stop(); err != nil {
			t.Error(err)
		}
	})
	viewer, stranger := tokens(t, config)
	t.Run("loopback", func(t *testing.T) {
		d := runDashboard(t, config, "127.0.0.1:"+freePort(t), "http")
		d.want(t, http.MethodGet, "/dashboard/", "", http.StatusOK)
		d.want(t, http.MethodPost, "/dashboard/", "", http.StatusMethodNotAllowed)
		d.followsCluster(t, config, "", "first")
	})
	t.Run("everywhere", func(t *testing.T) {
		d := runDashboard(t, config, "0.0.0.0:"+freePort(t), "https")
		d.want(t, http.MethodGet, "/dashboard/", "", http.StatusUnauthorized)
		for _, path := range []string{"/dashboard/events", "/dashboard/component?bundle=first&component=a"} {
			d.want(t, http.MethodGet, path, "", http.StatusUnauthorized)
			d.want(t, http.MethodGet, path, "nonsense", http.StatusUnauthorized)
			d.want(t, http.MethodGet, path, stranger, http.StatusForbidden)
		}
		d.want(t, http.MethodHead, "/dashboard/events", viewer, http.StatusOK)
		d.want(t, http.MethodGet, "/dashboard/component?bundle=first&component=a", viewer, http.StatusNotFound)
		d.want(t, http.MethodDelete, "/dashboard/events", viewer, http.StatusMethodNotAllowed)
		d.followsCluster(t, config, viewer, "second")
	})
}

// board is a running dashboard.
type board struct {
	url    string
	client *http.Client
}

// runDashboard runs an operator until the test ends.
func runDashboard(t *testing.T, config *rest.Config, address, scheme string) *board {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- operator.Run(ctx, config, operator.Options{
			ChartCache: t.TempDir(), MetricsAddress: "0", ProbeAddress: "0", DashboardAddress: address, SkipNameValidation: true, Registry: prometheus.NewRegistry(),
		})
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}}
	t.Cleanup(transport.CloseIdleConnections)
	d := &board{url: scheme + "://127.0.0.1:" + port, client: &http.Client{Transport: transport}}
	err = wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		response, err := d.ask(ctx, http.MethodGet, "/dashboard/assets/style.css", "")
		if err != nil {
			return false, nil //nolint:nilerr // it is not there yet
		}
		return response.StatusCode == http.StatusOK, response.Body.Close()
	})
	if err != nil {
		t.Fatalf("the dashboard does not answer: %v", err)
	}
	return d
}

func (d *board) ask(ctx context.Context, method, path, token string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, d.url+path, http.NoBody)
	if err != nil {
		return nil, err
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	return d.client.Do(request)
}

func (d *board) want(t *testing.T, method, path, token string, status int) {
	t.Helper()
	response, err := d.ask(t.Context(), method, path, token)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		t.Error(err)
	}
	if response.StatusCode != status {
		t.Errorf("%s %s: %d, want %d", method, path, response.StatusCode, status)
	}
}

// followsCluster creates a bundle and reads of it in the stream.
func (d *board) followsCluster(t *testing.T, config *rest.Config, token, name string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	response, err := d.ask(ctx, http.MethodGet, "/dashboard/events", token)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 1<<20)
	next := func(part string) {
		for lines.Scan() {
			if strings.HasPrefix(lines.Text(), "data: {") && strings.Contains(lines.Text(), part) {
				return
			}
		}
		t.Fatalf("the stream ends without %s: %v", part, lines.Err())
	}
	next(`"bundles":[`)
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	c, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	bundle := &v1alpha1.PlatformBundle{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.PlatformBundleSpec{Suspend: true}}
	if err := c.Create(ctx, bundle); err != nil {
		t.Fatal(err)
	}
	next(fmt.Sprintf(`"name":%q`, name))
}

// tokens are those of a ServiceAccount that may look, and of one that may not.
func tokens(t *testing.T, config *rest.Config) (viewer, stranger string) {
	t.Helper()
	c, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	issue := func(name string) string {
		accounts := c.CoreV1().ServiceAccounts("default")
		if _, err := accounts.Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		token, err := accounts.CreateToken(t.Context(), name, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return token.Status.Token
	}
	role := &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{Name: "groundwork-dashboard-viewer"},
		Rules:      []rbacv1.PolicyRule{{NonResourceURLs: []string{"/dashboard"}, Verbs: []string{"get"}}},
	}
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "viewer"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role.Name},
		Subjects:   []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: "default", Name: "viewer"}},
	}
	if _, err := c.RbacV1().ClusterRoles().Create(t.Context(), role, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.RbacV1().ClusterRoleBindings().Create(t.Context(), binding, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	return issue("viewer"), issue("stranger")
}

func freePort(t *testing.T) string {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	return port
}
