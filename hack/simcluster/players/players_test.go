// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package players

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

func TestAddressPool(t *testing.T) {
	p := newAddressPool()
	take := func(holder string) string {
		t.Helper()
		addr, err := p.take(holder)
		if err != nil {
			t.Fatal(err)
		}
		return addr.String()
	}
	if got := take("a"); got != "203.0.113.1" {
		t.Errorf("the first address is %s", got)
	}
	if got := take("a"); got != "203.0.113.1" {
		t.Errorf("asked again, a gets %s", got)
	}
	if !p.claim("old", netip.MustParseAddr("203.0.113.2")) {
		t.Error("a free address was refused")
	}
	if p.claim("thief", netip.MustParseAddr("203.0.113.2")) {
		t.Error("an address was given twice")
	}
	if got := take("b"); got != "203.0.113.3" {
		t.Errorf("b gets %s, want the first free one", got)
	}
	p.release("a")
	if got := take("c"); got != "203.0.113.1" {
		t.Errorf("c gets %s, want the one a gave back", got)
	}
}

func TestAddressPoolRunsOut(t *testing.T) {
	p := newAddressPool()
	seen := map[netip.Addr]bool{}
	for i := range 3 * 254 {
		addr, err := p.take(fmt.Sprint(i))
		if err != nil {
			t.Fatalf("address %d: %v", i, err)
		}
		if seen[addr] {
			t.Fatalf("%s was given twice", addr)
		}
		seen[addr] = true
	}
	if _, err := p.take("one too many"); !errors.Is(err, errNoAddress) {
		t.Errorf("got %v, want errNoAddress", err)
	}
}

func TestLoadBalancerWant(t *testing.T) {
	with := []corev1.LoadBalancerIngress{{IP: "203.0.113.9"}}
	service := func(kind corev1.ServiceType, ingress []corev1.LoadBalancerIngress) *corev1.Service {
		return &corev1.Service{
			Spec:   corev1.ServiceSpec{Type: kind},
			Status: corev1.ServiceStatus{LoadBalancer: corev1.LoadBalancerStatus{Ingress: ingress}},
		}
	}
	leaving := service(corev1.ServiceTypeLoadBalancer, with)
	leaving.DeletionTimestamp = &metav1.Time{}
	tests := map[string]struct {
		service *corev1.Service
		want    []corev1.LoadBalancerIngress
		change  bool
	}{
		"new":                      {service(corev1.ServiceTypeLoadBalancer, nil), []corev1.LoadBalancerIngress{{IP: "203.0.113.1"}}, true},
		"has one":                  {service(corev1.ServiceTypeLoadBalancer, with), with, false},
		"another type":             {service(corev1.ServiceTypeClusterIP, nil), nil, false},
		"became another type":      {service(corev1.ServiceTypeClusterIP, with), nil, true},
		"on its way out, as it is": {leaving, nil, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			lb := &loadBalancers{pool: newAddressPool()}
			got, change, err := lb.want("ns/s", tt.service)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || change != tt.change {
				t.Errorf("change is %t, want %t\n%s", change, tt.change, diff)
			}
		})
	}
}

func TestFill(t *testing.T) {
	behind := &admissionregistrationv1.ServiceReference{Name: "s"}
	address := "https://example.org"
	tests := map[string]struct {
		config admissionregistrationv1.WebhookClientConfig
		want   string
	}{
		"empty":           {admissionregistrationv1.WebhookClientConfig{Service: behind}, "CA"},
		"a lone newline":  {admissionregistrationv1.WebhookClientConfig{Service: behind, CABundle: []byte("\n")}, "CA"},
		"the chart's own": {admissionregistrationv1.WebhookClientConfig{Service: behind, CABundle: []byte("own")}, "own"},
		"by URL":          {admissionregistrationv1.WebhookClientConfig{URL: &address}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			before := string(tt.config.CABundle)
			n := fill(&tt.config, []byte("CA"))
			if got := string(tt.config.CABundle); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if (n == 1) != (before != tt.want) {
				t.Errorf("reports %d changes", n)
			}
		})
	}
}

func crd(strategy string, clientConfig map[string]any) *unstructured.Unstructured {
	conversion := map[string]any{"strategy": strategy}
	if clientConfig != nil {
		conversion["webhook"] = map[string]any{"clientConfig": clientConfig}
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
		"metadata": map[string]any{"name": "x", "resourceVersion": "7", "uid": "u", "labels": map[string]any{"a": "b"}},
		"spec":     map[string]any{"conversion": conversion, "versions": []any{map[string]any{"schema": "large"}}},
	}}
}

func TestNeedsBundle(t *testing.T) {
	service := map[string]any{"name": "s", "namespace": "n"}
	tests := map[string]struct {
		crd  *unstructured.Unstructured
		want bool
	}{
		"no conversion":   {crd("None", nil), false},
		"empty":           {crd("Webhook", map[string]any{"service": service}), true},
		"a lone newline":  {crd("Webhook", map[string]any{"service": service, "caBundle": "Cg=="}), true},
		"the chart's own": {crd("Webhook", map[string]any{"service": service, "caBundle": "b3du"}), false},
		"by URL":          {crd("Webhook", map[string]any{"url": "https://example.org"}), false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			slim, err := onlyConversion(tt.crd)
			if err != nil {
				t.Fatal(err)
			}
			u := slim.(*unstructured.Unstructured)
			if got := needsBundle(u); got != tt.want {
				t.Errorf("got %t, want %t", got, tt.want)
			}
			if _, found, _ := unstructured.NestedSlice(u.Object, "spec", "versions"); found {
				t.Error("the schemas are kept in memory")
			}
			if u.GetName() != "x" || u.GetResourceVersion() != "7" {
				t.Errorf("lost its identity: %v", u.Object)
			}
		})
	}
}

func TestBundlePatch(t *testing.T) {
	data, err := bundlePatch("7", []byte("own"))
	if err != nil {
		t.Fatal(err)
	}
	var got any
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"metadata": map[string]any{"resourceVersion": "7"},
		"spec": map[string]any{"conversion": map[string]any{"webhook": map[string]any{
			"clientConfig": map[string]any{"caBundle": "b3du"},
		}}},
	}
	if diff := cmp.Diff(any(want), got); diff != "" {
		t.Error(diff)
	}
}

func TestDue(t *testing.T) {
	wait, now := storagev1.VolumeBindingWaitForFirstConsumer, storagev1.VolumeBindingImmediate
	scheduled := map[string]string{selectedNode: "sim-node-1"}
	for name, tt := range map[string]struct {
		mode        *storagev1.VolumeBindingMode
		annotations map[string]string
		want        bool
	}{
		"no mode":           {nil, nil, true},
		"immediate":         {&now, nil, true},
		"waiting":           {&wait, nil, false},
		"waiting no longer": {&wait, scheduled, true},
	} {
		claim := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Annotations: tt.annotations}}
		if got := due(claim, &storagev1.StorageClass{VolumeBindingMode: tt.mode}); got != tt.want {
			t.Errorf("%s: got %t, want %t", name, got, tt.want)
		}
	}
}

func TestNewVolume(t *testing.T) {
	keep := corev1.PersistentVolumeReclaimRetain
	claim := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "c", UID: types.UID("u1")}}
	class := &storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{Name: "standard"}, ReclaimPolicy: &keep}
	v := volumes{VolumeOptions: simulatedVolumes()}
	pv := v.newVolume(claim, class)
	ref := pv.Spec.ClaimRef
	if ref == nil || ref.Namespace != "n" || ref.Name != "c" || ref.UID != "u1" {
		t.Errorf("any claim could bind it: %+v", ref)
	}
	if pv.Name != "pvc-u1" || pv.Spec.StorageClassName != "standard" || pv.Spec.PersistentVolumeReclaimPolicy != keep {
		t.Errorf("got %+v", pv)
	}
	if pv.Annotations[provisionedBy] != Provisioner {
		t.Error("the reclaimer would not know it as its own")
	}
}
