// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/groundwork-dev/groundwork/hack/simcluster/proc"
)

// patience is for slow machines; nothing below takes a tenth of it on two cores.
const patience = 90 * time.Second

// program builds simcluster and returns its path and the folder of the
// binaries. It skips the test unless SIMCLUSTER_E2E=1 is set.
func program(t *testing.T) (self, bin string) {
	t.Helper()
	if os.Getenv("SIMCLUSTER_E2E") != "1" {
		t.Skip("set SIMCLUSTER_E2E=1 to start real clusters")
	}
	bin = os.Getenv("SIMCLUSTER_BIN")
	if bin == "" {
		bin = filepath.Join("..", "..", "bin", "k8s")
	}
	bin, err := filepath.Abs(bin)
	if err != nil {
		t.Fatal(err)
	}
	self = filepath.Join(t.TempDir(), "simcluster")
	mustRun(t, "go", "build", "-buildvcs=false", "-o", self, ".")
	mustRun(t, self, "build", "--bin="+bin, "--source=binaries")
	return self, bin
}

func mustRun(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", filepath.Base(name), strings.Join(args, " "), err, out)
	}
	return string(out)
}

// stateFolder returns a folder for a cluster's state that is torn down, and
// checked for survivors, at the end of the test whatever happens in it.
func stateFolder(t *testing.T, self string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(dir, "cluster")
	t.Cleanup(func() {
		out, err := exec.Command(self, "down", "--dir="+dir).CombinedOutput()
		if err != nil {
			t.Errorf("down: %v\n%s", err, out)
		}
		wantNothingLeft(t, dir)
	})
	return dir
}

func wantNothingLeft(t *testing.T, dir string) {
	t.Helper()
	if owned := proc.Owned(dir); len(owned) > 0 {
		t.Errorf("still running: %v", owned)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		entries, _ := os.ReadDir(dir)
		t.Errorf("%s still holds %v", dir, entries)
	}
}

func eventually(t *testing.T, what string, check func(context.Context) error) {
	t.Helper()
	var last error
	err := wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, patience, true,
		func(ctx context.Context) (bool, error) {
			last = check(ctx)
			return last == nil, nil
		})
	if err != nil {
		t.Fatalf("%s: %v (last seen: %v)", what, err, last)
	}
}

type testCluster struct {
	client kubernetes.Interface
	dyn    dynamic.Interface
	config *rest.Config
}

func connect(t *testing.T, dir string) testCluster {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", filepath.Join(dir, "kubeconfig"))
	if err != nil {
		t.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	dyn, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return testCluster{client: client, dyn: dyn, config: config}
}

// TestCluster is the life of one cluster, from up to down.
func TestCluster(t *testing.T) {
	self, bin := program(t)
	dir := stateFolder(t, self)

	started := time.Now()
	t.Log(mustRun(t, self, "up", "--dir="+dir, "--bin="+bin))
	t.Logf("up took %.1f s", time.Since(started).Seconds())
	if out := mustRun(t, self, "up", "--dir="+dir, "--bin="+bin); !strings.Contains(out, "running already") {
		t.Errorf("a second up says %q", out)
	}
	mustRun(t, filepath.Join(bin, "kubectl"), "--kubeconfig="+filepath.Join(dir, "kubeconfig"),
		"apply", "-f", filepath.Join("testdata", "objects.yaml"))

	c := connect(t, dir)
	t.Run("version", c.testVersion)
	t.Run("workloads", c.testWorkloads)
	t.Run("load balancer", c.testLoadBalancer)
	t.Run("caBundles", c.testCABundles)
	t.Run("webhook registrations", c.testRegistrations)
	t.Run("volume", c.testVolume)
	t.Run("ServiceAccount token", c.testToken)
	t.Run("garbage collection", c.testGarbageCollection)

	mustRun(t, self, "down", "--dir="+dir)
	wantNothingLeft(t, dir)
	if out := mustRun(t, self, "down", "--dir="+dir); !strings.Contains(out, "0 processes") {
		t.Errorf("a second down says %q", out)
	}
}

func (c testCluster) testVersion(t *testing.T) {
	version, err := c.client.Discovery().ServerVersion()
	if err != nil {
		t.Fatal(err)
	}
	if version.GitVersion != "v1.36.3" || version.Major != "1" || version.Minor != "36" {
		t.Errorf("the server calls itself %s (%s.%s)", version.GitVersion, version.Major, version.Minor)
	}
	nodes, err := c.client.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(nodes.Items) != 3 {
		t.Errorf("got %d Nodes, want 3", len(nodes.Items))
	}
}

func (c testCluster) testWorkloads(t *testing.T) {
	eventually(t, "the Deployment rolls out", func(ctx context.Context) error {
		d, err := c.client.AppsV1().Deployments("default").Get(ctx, "web", metav1.GetOptions{})
		if err != nil {
			return err
		}
		if d.Status.AvailableReplicas != 3 || d.Status.ObservedGeneration != d.Generation {
			return fmt.Errorf("%+v", d.Status)
		}
		return nil
	})
	eventually(t, "the Job completes", func(ctx context.Context) error {
		j, err := c.client.BatchV1().Jobs("default").Get(ctx, "once", metav1.GetOptions{})
		if err != nil {
			return err
		}
		if j.Status.Succeeded != 1 || j.Status.CompletionTime == nil {
			return fmt.Errorf("%+v", j.Status)
		}
		return nil
	})
	eventually(t, "the bare Pod completes", func(ctx context.Context) error {
		p, err := c.client.CoreV1().Pods("default").Get(ctx, "bare", metav1.GetOptions{})
		if err != nil {
			return err
		}
		if p.Status.Phase != corev1.PodSucceeded {
			return fmt.Errorf("%s", p.Status.Phase)
		}
		return nil
	})
	eventually(t, "the Service has endpoints", func(ctx context.Context) error {
		slices, err := c.client.DiscoveryV1().EndpointSlices("default").List(ctx,
			metav1.ListOptions{LabelSelector: "kubernetes.io/service-name=web"})
		if err != nil {
			return err
		}
		if len(slices.Items) != 1 || len(slices.Items[0].Endpoints) != 3 {
			return fmt.Errorf("%d slices", len(slices.Items))
		}
		return nil
	})
}

func (c testCluster) testLoadBalancer(t *testing.T) {
	_, network, _ := net.ParseCIDR("203.0.113.0/24")
	eventually(t, "the Service gets an address", func(ctx context.Context) error {
		s, err := c.client.CoreV1().Services("default").Get(ctx, "web", metav1.GetOptions{})
		if err != nil {
			return err
		}
		ingress := s.Status.LoadBalancer.Ingress
		if len(ingress) != 1 || !network.Contains(net.ParseIP(ingress[0].IP)) {
			return fmt.Errorf("%+v", ingress)
		}
		return nil
	})
	patch := []byte(`{"spec":{"type":"ClusterIP"}}`)
	if _, err := c.client.CoreV1().Services("default").Patch(t.Context(), "web", "application/merge-patch+json", patch, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the address is taken back", func(ctx context.Context) error {
		s, err := c.client.CoreV1().Services("default").Get(ctx, "web", metav1.GetOptions{})
		if err != nil {
			return err
		}
		if len(s.Status.LoadBalancer.Ingress) > 0 {
			return fmt.Errorf("%+v", s.Status.LoadBalancer)
		}
		return nil
	})
}

func (c testCluster) testCABundles(t *testing.T) {
	pem := []byte("-----BEGIN CERTIFICATE-----")
	eventually(t, "the webhook configurations are filled", func(ctx context.Context) error {
		v, err := c.client.AdmissionregistrationV1().ValidatingWebhookConfigurations().Get(ctx, "checks", metav1.GetOptions{})
		if err != nil {
			return err
		}
		m, err := c.client.AdmissionregistrationV1().MutatingWebhookConfigurations().Get(ctx, "defaults", metav1.GetOptions{})
		if err != nil {
			return err
		}
		if !bytes.HasPrefix(v.Webhooks[0].ClientConfig.CABundle, pem) || !bytes.HasPrefix(m.Webhooks[0].ClientConfig.CABundle, pem) {
			return fmt.Errorf("not filled")
		}
		if len(v.Webhooks[1].ClientConfig.CABundle) > 0 {
			return fmt.Errorf("a webhook called by URL was filled")
		}
		return nil
	})
	crds := schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}
	eventually(t, "the CRD's conversion webhook is filled", func(ctx context.Context) error {
		crd, err := c.dyn.Resource(crds).Get(ctx, "things.example.org", metav1.GetOptions{})
		if err != nil {
			return err
		}
		bundle, _, err := unstructured.NestedString(crd.Object, "spec", "conversion", "webhook", "clientConfig", "caBundle")
		if err != nil || bundle == "" {
			return fmt.Errorf("bundle %q: %w", bundle, err)
		}
		versions, _, _ := unstructured.NestedSlice(crd.Object, "spec", "versions")
		if len(versions) != 1 {
			return fmt.Errorf("the fill damaged spec.versions: %v", versions)
		}
		return nil
	})
}

// testRegistrations: a program that registers its webhooks itself is played from
// the moment its Deployment is available until it is gone.
func (c testCluster) testRegistrations(t *testing.T) {
	const name = "kyverno-policy-validating-webhook-cfg"
	hooks := c.client.AdmissionregistrationV1().ValidatingWebhookConfigurations()
	eventually(t, "Kyverno registers its webhooks", func(ctx context.Context) error {
		config, err := hooks.Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		call := config.Webhooks[0].ClientConfig
		if call.Service == nil || call.Service.Name != "policy-svc" || len(call.CABundle) == 0 {
			return fmt.Errorf("%+v", call)
		}
		return nil
	})
	if err := c.client.AppsV1().Deployments("default").Delete(t.Context(), "policy", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "they go with the Deployment", func(ctx context.Context) error {
		switch _, err := hooks.Get(ctx, name, metav1.GetOptions{}); {
		case err == nil:
			return fmt.Errorf("%s is still there", name)
		case !strings.Contains(err.Error(), "not found"):
			return err
		}
		return nil
	})
}

func (c testCluster) testVolume(t *testing.T) {
	var volume string
	eventually(t, "the claim is bound", func(ctx context.Context) error {
		claim, err := c.client.CoreV1().PersistentVolumeClaims("default").Get(ctx, "data", metav1.GetOptions{})
		if err != nil {
			return err
		}
		if claim.Status.Phase != corev1.ClaimBound {
			return fmt.Errorf("%s", claim.Status.Phase)
		}
		volume = claim.Spec.VolumeName
		return nil
	})
	if err := c.client.AppsV1().Deployments("default").Delete(t.Context(), "web", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := c.client.CoreV1().PersistentVolumeClaims("default").Delete(t.Context(), "data", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the volume goes with its claim", func(ctx context.Context) error {
		_, err := c.client.CoreV1().PersistentVolumes().Get(ctx, volume, metav1.GetOptions{})
		if err == nil {
			return fmt.Errorf("%s still exists", volume)
		}
		if !strings.Contains(err.Error(), "not found") {
			return err
		}
		return nil
	})
}

// testToken proves that RBAC is on and that a ServiceAccount's token works.
func (c testCluster) testToken(t *testing.T) {
	token, err := c.client.CoreV1().ServiceAccounts("default").CreateToken(t.Context(), "reader", &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	config := rest.AnonymousClientConfig(c.config)
	config.BearerToken = token.Status.Token
	reader, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "what the Role grants is allowed", func(ctx context.Context) error {
		_, err := reader.CoreV1().ConfigMaps("default").List(ctx, metav1.ListOptions{})
		return err
	})
	if _, err := reader.CoreV1().Secrets("default").List(t.Context(), metav1.ListOptions{}); err == nil || !strings.Contains(err.Error(), "forbidden") {
		t.Errorf("listing Secrets without a grant: %v, want forbidden", err)
	}
}

// testGarbageCollection deletes a namespace: its content must go with it.
func (c testCluster) testGarbageCollection(t *testing.T) {
	if err := c.client.CoreV1().Namespaces().Delete(t.Context(), "scratch", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the namespace goes", func(ctx context.Context) error {
		_, err := c.client.CoreV1().Namespaces().Get(ctx, "scratch", metav1.GetOptions{})
		if err == nil {
			return fmt.Errorf("still there")
		}
		if !strings.Contains(err.Error(), "not found") {
			return err
		}
		return nil
	})
}
