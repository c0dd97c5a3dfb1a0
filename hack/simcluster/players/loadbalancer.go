// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package players

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
)

// loadBalancers plays the cloud's service controller.
type loadBalancers struct {
	client   kubernetes.Interface
	services corelisters.ServiceLister
	pool     *addressPool
	seeded   bool
	log      *slog.Logger
}

func loadBalancerPlayers(client kubernetes.Interface, factory informers.SharedInformerFactory, log *slog.Logger) ([]*player, error) {
	services := factory.Core().V1().Services()
	lb := &loadBalancers{client: client, services: services.Lister(), pool: newAddressPool(), log: log}
	p := newPlayer("load balancers", log, lb.sync)
	return []*player{p}, p.follow(services.Informer())
}

// sync gives the Service an address when it is of type LoadBalancer and has
// none, and takes it back when it is not any more.
func (lb *loadBalancers) sync(ctx context.Context, key string) error {
	if err := lb.seed(); err != nil {
		return err
	}
	namespace, name, err := cache.SplitMetaNamespaceKey(key)
	if err != nil {
		return err
	}
	service, err := lb.services.Services(namespace).Get(name)
	if apierrors.IsNotFound(err) {
		lb.pool.release(key)
		return nil
	}
	if err != nil {
		return err
	}
	ingress, change, err := lb.want(key, service)
	if err != nil || !change {
		return err
	}
	changed := service.DeepCopy()
	changed.Status.LoadBalancer.Ingress = ingress
	if _, err := lb.client.CoreV1().Services(namespace).UpdateStatus(ctx, changed, metav1.UpdateOptions{}); err != nil {
		return fmt.Errorf("write the address: %w", err)
	}
	lb.log.Info("load balancer", "service", key, "ingress", ingress)
	return nil
}

// want returns the ingress the Service should have and whether that is a change.
func (lb *loadBalancers) want(key string, service *corev1.Service) (ingress []corev1.LoadBalancerIngress, change bool, err error) {
	has := service.Status.LoadBalancer.Ingress
	if service.Spec.Type != corev1.ServiceTypeLoadBalancer || service.DeletionTimestamp != nil {
		lb.pool.release(key)
		return nil, len(has) > 0 && service.DeletionTimestamp == nil, nil
	}
	if len(has) > 0 {
		return has, false, nil
	}
	addr, err := lb.pool.take(key)
	if err != nil {
		return nil, false, err
	}
	return []corev1.LoadBalancerIngress{{IP: addr.String()}}, true, nil
}

// seed records, once, the addresses that were given before this process ran.
func (lb *loadBalancers) seed() error {
	if lb.seeded {
		return nil
	}
	services, err := lb.services.List(everything)
	if err != nil {
		return fmt.Errorf("list the Services: %w", err)
	}
	for _, service := range services {
		for _, ingress := range service.Status.LoadBalancer.Ingress {
			if addr, err := netip.ParseAddr(ingress.IP); err == nil {
				lb.pool.claim(service.Namespace+"/"+service.Name, addr)
			}
		}
	}
	lb.seeded = true
	return nil
}
