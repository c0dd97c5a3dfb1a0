// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/test/bench/audit"
	"github.com/groundwork-dev/groundwork/test/bench/measure"
	"github.com/groundwork-dev/groundwork/test/bench/watch"
)

const (
	// account is the installers' ServiceAccount: requests are told apart by it.
	account          = "bench-installer"
	accountNamespace = metav1.NamespaceSystem
	tokenLifetime    = 8 * time.Hour
)

// world is a fresh cluster with everything that measures an installer on it.
type world struct {
	cluster   *measure.Cluster
	server    *measure.APIServer
	forwarder *measure.Forwarder
	observer  *watch.Observer
	audit     *audit.Log // nil: requests are not counted
	// client is the administrator's, past the forwarder.
	client client.WithWatch
	// kubeconfig is the installer's, through the forwarder.
	kubeconfig string
	// folder takes what the installer writes; logs end up in the output folder.
	folder, logs string
}

// newWorld starts a cluster; close ends it. After an error nothing is left running.
func newWorld(ctx context.Context, o options, logs string) (*world, error) {
	w := &world{logs: logs}
	if err := w.build(ctx, o); err != nil {
		return nil, errors.Join(err, w.close()) //nolint:contextcheck // what was interrupted is ended, too
	}
	return w, nil
}

func (w *world) build(ctx context.Context, o options) error {
	var err error
	if w.folder, err = os.MkdirTemp("", "groundwork-bench-"); err != nil {
		return err
	}
	if err := os.MkdirAll(w.logs, 0o750); err != nil {
		return err
	}
	start := measure.ClusterOptions{Root: o.root, Dir: filepath.Join(w.folder, "cluster")}
	if o.audit {
		policy := filepath.Join(w.folder, "audit-policy.yaml")
		user := "system:serviceaccount:" + accountNamespace + ":" + account
		if err := os.WriteFile(policy, []byte(audit.Policy(user)), 0o600); err != nil {
			return err
		}
		start.Args = []string{"--audit-policy", policy}
		w.audit = audit.Open(filepath.Join(start.Dir, "logs", "audit.log"))
	}
	if w.cluster, err = measure.StartCluster(ctx, start); err != nil {
		return err
	}
	if w.server, err = measure.NewAPIServer(w.cluster.Config, w.cluster.EtcdURL); err != nil {
		return err
	}
	address, err := url.Parse(w.cluster.Config.Host)
	if err != nil {
		return fmt.Errorf("the cluster's address: %w", err)
	}
	if w.forwarder, err = measure.Forward(ctx, address.Host); err != nil {
		return err
	}
	if w.client, err = newClient(w.cluster); err != nil {
		return err
	}
	if err := w.identity(ctx); err != nil {
		return fmt.Errorf("the installer's identity: %w", err)
	}
	w.observer, err = watch.Observe(ctx, w.cluster.Config)
	return err
}

func newClient(cluster *measure.Cluster) (client.WithWatch, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, apiextensionsv1.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	return client.NewWithWatch(cluster.Config, client.Options{Scheme: scheme})
}

// identity makes the ServiceAccount that every installer works as, and a kubeconfig
// with its token that leads through the forwarder.
func (w *world) identity(ctx context.Context) error {
	meta := metav1.ObjectMeta{Name: account, Namespace: accountNamespace}
	user := &corev1.ServiceAccount{ObjectMeta: meta}
	if err := w.client.Create(ctx, user); err != nil {
		return err
	}
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: account},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: account, Namespace: accountNamespace}},
	}
	if err := w.client.Create(ctx, binding); err != nil {
		return err
	}
	lifetime := int64(tokenLifetime.Seconds())
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &lifetime}}
	if err := w.client.SubResource("token").Create(ctx, user, request); err != nil {
		return err
	}
	config := clientcmdapi.NewConfig()
	config.Clusters["bench"] = &clientcmdapi.Cluster{
		Server: "https://" + w.forwarder.Address(), CertificateAuthority: w.cluster.Config.CAFile, CertificateAuthorityData: w.cluster.Config.CAData,
	}
	config.AuthInfos["bench"] = &clientcmdapi.AuthInfo{Token: request.Status.Token}
	config.Contexts["bench"] = &clientcmdapi.Context{Cluster: "bench", AuthInfo: "bench"}
	config.CurrentContext = "bench"
	w.kubeconfig = filepath.Join(w.folder, "kubeconfig")
	return clientcmd.WriteToFile(*config, w.kubeconfig)
}

// close ends everything. It does not depend on a context: what was interrupted is
// cleaned up as well.
func (w *world) close() error {
	var errs []error
	if w.observer != nil {
		w.observer.Stop()
	}
	if w.forwarder != nil {
		errs = append(errs, w.forwarder.Close())
	}
	if w.cluster != nil {
		errs = append(errs, w.cluster.Stop())
	}
	if w.folder != "" {
		errs = append(errs, os.RemoveAll(w.folder))
	}
	return errors.Join(errs...)
}

// env is what an installer's process needs to know: the cluster, the programs it
// calls, and folders of its own for what it caches.
func (w *world) env(o options) []string {
	below := func(name string) string { return filepath.Join(w.folder, name) }
	return []string{
		"KUBECONFIG=" + w.kubeconfig,
		"PATH=" + filepath.Join(o.root, "bin", "k8s") + string(os.PathListSeparator) + filepath.Join(o.root, "bin") +
			string(os.PathListSeparator) + os.Getenv("PATH"),
		"HOME=" + w.folder,
		"HELM_CACHE_HOME=" + below("helm-cache"), "HELM_CONFIG_HOME=" + below("helm-config"), "HELM_DATA_HOME=" + below("helm-data"),
		"HELMFILE_CACHE_HOME=" + below("helmfile-cache"), "HELMFILE_UPGRADE_NOTICE_DISABLED=true",
	}
}
