// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package players

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	admissionlisters "k8s.io/client-go/listers/admissionregistration/v1"
	appslisters "k8s.io/client-go/listers/apps/v1"
	"k8s.io/client-go/tools/cache"
)

// registeredBy names, as namespace/name, the Deployment whose program a webhook
// configuration was registered for.
const registeredBy = "simcluster.groundwork.dev/registered-by"

// registration is a program that registers its admission webhooks itself when it
// runs: the chart that installs it holds none of them.
type registration struct {
	program string
	// webhooks returns what the program registers when d runs it; nothing when d
	// runs something else.
	webhooks func(d *appsv1.Deployment, caBundle []byte) registered
}

// registered are webhook configurations without the annotation of their player.
type registered struct {
	validating []*admissionregistrationv1.ValidatingWebhookConfiguration
	mutating   []*admissionregistrationv1.MutatingWebhookConfiguration
}

func (r registered) empty() bool { return len(r.validating)+len(r.mutating) == 0 }

// knownRegistrations is the table of programs; a new one is a new line.
func knownRegistrations() []registration {
	return []registration{
		{"Kyverno", kyvernoWebhooks},
	}
}

// registrations plays the programs of the table: their configurations come when
// the Deployment is available, come back when somebody deletes them, and go with
// the Deployment or when it is scaled to zero.
type registrations struct {
	client      kubernetes.Interface
	deployments appslisters.DeploymentLister
	validating  admissionlisters.ValidatingWebhookConfigurationLister
	mutating    admissionlisters.MutatingWebhookConfigurationLister
	table       []registration
	bundle      []byte
	log         *slog.Logger
}

func registrationPlayers(client kubernetes.Interface, factory informers.SharedInformerFactory, bundle []byte, log *slog.Logger) ([]*player, error) {
	deployments := factory.Apps().V1().Deployments()
	validating := factory.Admissionregistration().V1().ValidatingWebhookConfigurations()
	mutating := factory.Admissionregistration().V1().MutatingWebhookConfigurations()
	r := &registrations{
		client: client, deployments: deployments.Lister(), validating: validating.Lister(), mutating: mutating.Lister(),
		table: knownRegistrations(), bundle: bundle, log: log,
	}
	p := newPlayer("webhook registrations", log, r.sync)
	for _, informer := range []cache.SharedIndexInformer{validating.Informer(), mutating.Informer()} {
		// A configuration that somebody deletes comes back; one whose Deployment has
		// gone while nobody played goes, too.
		_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc:    p.enqueueRegistrar,
			DeleteFunc: p.enqueueRegistrar,
		})
		if err != nil {
			return nil, fmt.Errorf("watch for the %s: %w", p.name, err)
		}
	}
	return []*player{p}, p.follow(deployments.Informer())
}

// enqueueRegistrar queues the Deployment that a configuration was registered for.
func (p *player) enqueueRegistrar(obj any) {
	if gone, ok := obj.(cache.DeletedFinalStateUnknown); ok {
		obj = gone.Obj
	}
	if o, ok := obj.(metav1.Object); ok && o.GetAnnotations()[registeredBy] != "" {
		p.queue.Add(o.GetAnnotations()[registeredBy])
	}
}

// sync registers what the program of a Deployment registers, or takes it away.
func (r *registrations) sync(ctx context.Context, key string) error {
	namespace, name, err := cache.SplitMetaNamespaceKey(key)
	if err != nil {
		return err
	}
	d, err := r.deployments.Deployments(namespace).Get(name)
	if err != nil && !apierrors.IsNotFound(err) {
		return err
	}
	if err != nil || goingDown(d) {
		return r.unregister(ctx, key)
	}
	for _, entry := range r.table {
		if want := entry.webhooks(d, r.bundle); !want.empty() && d.Status.AvailableReplicas > 0 {
			return r.register(ctx, entry.program, key, want)
		}
	}
	return nil
}

// goingDown: no replica will be left to answer.
func goingDown(d *appsv1.Deployment) bool {
	return d.DeletionTimestamp != nil || (d.Spec.Replicas != nil && *d.Spec.Replicas == 0)
}

func (r *registrations) register(ctx context.Context, program, key string, want registered) error {
	var errs []error
	api := r.client.AdmissionregistrationV1()
	for _, config := range want.validating {
		if _, err := r.validating.Get(config.Name); !apierrors.IsNotFound(err) {
			continue
		}
		metav1.SetMetaDataAnnotation(&config.ObjectMeta, registeredBy, key)
		_, err := api.ValidatingWebhookConfigurations().Create(ctx, config, metav1.CreateOptions{})
		errs = append(errs, r.did("registered", program, config.Name, err))
	}
	for _, config := range want.mutating {
		if _, err := r.mutating.Get(config.Name); !apierrors.IsNotFound(err) {
			continue
		}
		metav1.SetMetaDataAnnotation(&config.ObjectMeta, registeredBy, key)
		_, err := api.MutatingWebhookConfigurations().Create(ctx, config, metav1.CreateOptions{})
		errs = append(errs, r.did("registered", program, config.Name, err))
	}
	return errors.Join(errs...)
}

// unregister deletes what was registered for the Deployment.
func (r *registrations) unregister(ctx context.Context, key string) error {
	var errs []error
	api := r.client.AdmissionregistrationV1()
	validating, err := r.validating.List(everything)
	errs = append(errs, err)
	for _, config := range validating {
		if config.Annotations[registeredBy] == key {
			err := api.ValidatingWebhookConfigurations().Delete(ctx, config.Name, metav1.DeleteOptions{})
			errs = append(errs, r.did("unregistered", key, config.Name, err))
		}
	}
	mutating, err := r.mutating.List(everything)
	errs = append(errs, err)
	for _, config := range mutating {
		if config.Annotations[registeredBy] == key {
			err := api.MutatingWebhookConfigurations().Delete(ctx, config.Name, metav1.DeleteOptions{})
			errs = append(errs, r.did("unregistered", key, config.Name, err))
		}
	}
	return errors.Join(errs...)
}

// did logs a success; that it was done before is one.
func (r *registrations) did(what, who, name string, err error) error {
	if apierrors.IsAlreadyExists(err) || apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("webhook configuration %s is not %s: %w", name, what, err)
	}
	r.log.Info("webhooks "+what, "by", who, "name", name)
	return nil
}
