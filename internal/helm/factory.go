// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"errors"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/cli-runtime/pkg/resource"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/kubectl/pkg/validation"
)

// factory is Helm's kube.Factory over one REST configuration and the operator's
// own RESTMapper. kubectl's factory would read kubeconfig files, discover per
// action and download the OpenAPI schema.
type factory struct {
	config *rest.Config
	mapper meta.RESTMapper
}

func newFactory(config *rest.Config, mapper meta.RESTMapper) *factory {
	config = rest.CopyConfig(config)
	if config.NegotiatedSerializer == nil {
		config.NegotiatedSerializer = resource.UnstructuredPlusDefaultContentConfig().NegotiatedSerializer
	}
	return &factory{config: config, mapper: mapper}
}

// ToRawKubeConfigLoader is asked for the default namespace only.
func (f *factory) ToRawKubeConfigLoader() clientcmd.ClientConfig {
	return clientcmd.NewDefaultClientConfig(clientcmdapi.Config{}, &clientcmd.ConfigOverrides{})
}

// DynamicClient implements kube.Factory.
func (f *factory) DynamicClient() (dynamic.Interface, error) {
	return dynamic.NewForConfig(f.config)
}

// KubernetesClientSet implements kube.Factory.
func (f *factory) KubernetesClientSet() (*kubernetes.Clientset, error) {
	return kubernetes.NewForConfig(f.config)
}

// NewBuilder builds objects with the shared mapper and plain REST clients.
func (f *factory) NewBuilder() *resource.Builder {
	return resource.NewBuilder(f)
}

// Validator never validates: the API server does, and the schema is large.
func (f *factory) Validator(string) (validation.Schema, error) {
	return validation.NullSchema{}, nil
}

// ToRESTConfig implements genericclioptions.RESTClientGetter.
func (f *factory) ToRESTConfig() (*rest.Config, error) { return rest.CopyConfig(f.config), nil }

// ToDiscoveryClient implements genericclioptions.RESTClientGetter. Nothing here
// may discover: the mapper and the capabilities come from the shared cache.
func (f *factory) ToDiscoveryClient() (discovery.CachedDiscoveryInterface, error) {
	return nil, errors.New("discovery per action is switched off")
}

// ToRESTMapper implements genericclioptions.RESTClientGetter.
func (f *factory) ToRESTMapper() (meta.RESTMapper, error) { return f.mapper, nil }
