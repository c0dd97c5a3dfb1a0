// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// world is what the watches have shown; the verdicts are functions of it.
type world interface {
	// configurations in no order.
	configurations() []*configuration
	// endpoints counts the ready endpoints of a Service. external means that the
	// Service needs none, known is false when there is no such Service.
	endpoints(service types.NamespacedName) (ready int, external, known bool)
	// namespace returns the labels of a namespace.
	namespace(name string) (labels map[string]string, known bool)
	// resource returns the plural of a kind.
	resource(o Object) string
}

// apiServer is the Service of the API server itself, which it calls without looking
// for endpoints.
var apiServer = types.NamespacedName{Namespace: corev1.NamespaceDefault, Name: "kubernetes"}

// trouble says why a webhook cannot answer; empty when it can, as far as is known.
func (w *webhook) trouble(in world) string {
	if w.service == nil || *w.service == apiServer {
		return ""
	}
	ready, external, known := in.endpoints(*w.service)
	switch {
	case !known:
		return fmt.Sprintf("its Service %s is gone", w.service)
	case !external && ready == 0:
		return fmt.Sprintf("its Service %s has no ready endpoints", w.service)
	case !w.hasCA:
		return "it has no CA bundle"
	}
	return ""
}

// owned says whether a webhook belongs to the release.
func (w *webhook) owned(c *configuration, owner string, services []types.NamespacedName) bool {
	return (owner != "" && c.release == owner) || (w.service != nil && slices.Contains(services, *w.service))
}

// broken is a fail-closed webhook that cannot answer.
type broken struct {
	*configuration
	*webhook
	trouble string
}

// leftBehind says that the webhook was registered at run time by a release that has
// gone since, Service and all. Nothing of the next one can repair it: its cluster
// roles alone would be refused.
func (b broken) leftBehind() bool { return b.release == "" && strings.HasSuffix(b.trouble, "gone") }

// brokenOnes lists the fail-closed webhooks that cannot answer, by kind, name of the
// configuration and the order in it.
func brokenOnes(in world) []broken {
	var out []broken
	for _, c := range sorted(in) {
		for i := range c.hooks {
			if trouble := c.hooks[i].trouble(in); trouble != "" {
				out = append(out, broken{c, &c.hooks[i], trouble})
			}
		}
	}
	return out
}

func sorted(in world) []*configuration {
	return slices.SortedFunc(slices.Values(in.configurations()), func(a, b *configuration) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.kind, b.kind))
	})
}

// obstacle implements Watcher.Obstacle.
func obstacle(in world, q Question) string {
	operations := q.Operations
	if len(operations) == 0 {
		operations = []admissionregistrationv1.OperationType{admissionregistrationv1.Create, admissionregistrationv1.Update}
	}
	for _, b := range brokenOnes(in) {
		if b.owned(b.configuration, q.Owner, q.OwnServices) && !b.leftBehind() {
			continue
		}
		for _, o := range inOrder(q.Objects) {
			if b.asks(resolve(in, o, q.NamespaceLabels), operations) {
				return fmt.Sprintf("webhook %s of %s %s is fail-closed and would be asked about %s, but %s; %s",
					b.webhook.name, b.kind, b.Name, o, b.trouble, remedy(b))
			}
		}
	}
	return ""
}

// remedy is what a person can do.
func remedy(b broken) string {
	switch {
	case strings.HasSuffix(b.trouble, "gone"):
		return "bring the Service back, or delete the configuration"
	case strings.HasSuffix(b.trouble, "endpoints"):
		return "start what stands behind it, or delete the configuration"
	default:
		return "start what writes the bundle, or delete the configuration"
	}
}

// String names the object in messages.
func (o Object) String() string {
	if o.Namespace == "" {
		return o.Kind + " " + o.Name
	}
	return o.Kind + " " + o.Namespace + "/" + o.Name
}

func inOrder(objects []Object) []Object {
	return slices.SortedFunc(slices.Values(objects), func(a, b Object) int {
		return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.Namespace, b.Namespace),
			strings.Compare(a.Name, b.Name), strings.Compare(a.Group, b.Group))
	})
}

// resolve fills in the plural and the labels that a namespaceSelector is held
// against.
func resolve(in world, o Object, given map[string]map[string]string) target {
	if o.Resource == "" {
		o.Resource = in.resource(o)
	}
	switch {
	case o.isNamespace():
		return target{o, named(o.Name, o.Labels)}
	case o.Namespace == "":
		return target{Object: o}
	}
	if have, known := in.namespace(o.Namespace); known {
		return target{o, have}
	}
	return target{o, named(o.Namespace, given[o.Namespace])}
}

// named adds the label that the API server adds to every Namespace.
func named(namespace string, labels map[string]string) map[string]string {
	out := make(map[string]string, len(labels)+1)
	maps.Copy(out, labels)
	out[corev1.LabelMetadataName] = namespace
	return out
}

// own implements Watcher.Own.
func own(in world, owner string, services []types.NamespacedName, expected []v1alpha1.WebhookReference) []string {
	var problems []string
	missing := map[v1alpha1.WebhookReference]bool{}
	for _, reference := range expected {
		missing[reference] = true
	}
	for _, c := range sorted(in) {
		reference := v1alpha1.WebhookReference{Kind: c.kind, Name: c.Name}
		wanted := missing[reference]
		delete(missing, reference)
		for i := range c.hooks {
			w := &c.hooks[i]
			if !wanted && !w.owned(c, owner, services) {
				continue
			}
			if trouble := w.trouble(in); trouble != "" {
				problems = append(problems, fmt.Sprintf("webhook %s of %s %s %s: %s", w.name, c.kind, c.Name, CannotAnswer, trouble))
			}
		}
	}
	for reference := range missing {
		problems = append(problems, fmt.Sprintf("%s %s is not registered yet", reference.Kind, reference.Name))
	}
	slices.Sort(problems)
	return problems
}

// orphan is a configuration with fail-closed webhooks whose Services are gone.
type orphan struct {
	kind, name string
	services   []types.NamespacedName // sorted
}

func (o orphan) String() string {
	names := make([]string, len(o.services))
	for i, s := range o.services {
		names[i] = s.String()
	}
	what := "its Service " + names[0] + " is gone"
	if len(names) > 1 {
		what = "its Services " + strings.Join(names, ", ") + " are gone"
	}
	return fmt.Sprintf("%s %s is fail-closed, but %s: what it asks about is refused; delete the configuration, or bring back what stands behind it",
		o.kind, o.name, what)
}

// registered implements Watcher.Registered.
func registered(in world, namespace string) []Registration {
	var out []Registration
	for _, c := range sorted(in) {
		here := c.release == "" && len(c.hooks) > 0
		r := Registration{WebhookReference: v1alpha1.WebhookReference{Kind: c.kind, Name: c.Name}}
		for _, w := range c.hooks {
			if w.service == nil || w.service.Namespace != namespace {
				here = false
				break
			}
			r.Services = append(r.Services, *w.service)
		}
		if here {
			out = append(out, r)
		}
	}
	return out
}

// orphans lists configurations by name.
func orphans(in world) []orphan {
	var out []orphan
	for _, c := range sorted(in) {
		gone := map[types.NamespacedName]bool{}
		for _, w := range c.hooks {
			if w.service == nil || *w.service == apiServer {
				continue
			}
			if _, _, known := in.endpoints(*w.service); !known {
				gone[*w.service] = true
			}
		}
		if len(gone) > 0 {
			out = append(out, orphan{c.kind, c.Name, slices.SortedFunc(maps.Keys(gone), func(a, b types.NamespacedName) int {
				return strings.Compare(a.String(), b.String())
			})})
		}
	}
	return out
}
