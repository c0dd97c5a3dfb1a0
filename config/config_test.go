// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package config_test checks what people apply: the samples against the API types
// and the catalog, and the manifests against what the operator needs. It reads
// files only; no API server.
package config_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/bundles"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/resolve"
)

// documents returns the YAML documents of a file.
func documents(t *testing.T, path string) [][]byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var docs [][]byte
	reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data)))
	for {
		doc, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return docs
		}
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		docs = append(docs, doc)
	}
}

// strict decodes a document into a type; an unknown or repeated field fails.
func strict[T any](t *testing.T, path string, doc []byte) *T {
	t.Helper()
	object := new(T)
	if err := yaml.UnmarshalStrict(doc, object); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return object
}

func kindOf(t *testing.T, path string, doc []byte) metav1.TypeMeta {
	t.Helper()
	meta := metav1.TypeMeta{}
	if err := yaml.Unmarshal(doc, &meta); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return meta
}

// find returns the one object of a kind and name in a file.
func find[T any](t *testing.T, path, kind, name string) *T {
	t.Helper()
	for _, doc := range documents(t, path) {
		named := &metav1.PartialObjectMetadata{}
		if err := yaml.Unmarshal(doc, named); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if named.Kind == kind && named.Name == name {
			return strict[T](t, path, doc)
		}
	}
	t.Fatalf("%s holds no %s %s", path, kind, name)
	return nil
}

func TestSamples(t *testing.T) {
	t.Parallel()
	catalogs, err := catalog.Load(bundles.FS)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("samples/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range files {
		if filepath.Base(file) == "kustomization.yaml" {
			continue
		}
		for _, doc := range documents(t, file) {
			switch meta := kindOf(t, file, doc); meta.Kind {
			case "PlatformBundle":
				found++
				bundle := strict[v1alpha1.PlatformBundle](t, file, doc)
				if meta.APIVersion != v1alpha1.GroupVersion.String() {
					t.Errorf("%s: apiVersion %s", file, meta.APIVersion)
				}
				checkBundle(t, file, catalogs, bundle)
			case "Secret":
				strict[corev1.Secret](t, file, doc)
			case "ConfigMap":
				strict[corev1.ConfigMap](t, file, doc)
			default:
				t.Errorf("%s holds a %s, which no sample should need", file, meta.Kind)
			}
		}
	}
	if found < 4 {
		t.Errorf("the samples hold %d bundles", found)
	}
}

// checkBundle holds a sample to the CRD's schema and resolves it: a name, a
// dependency or a range that the operator would refuse has no place in a sample.
func checkBundle(t *testing.T, file string, catalogs *catalog.Set, bundle *v1alpha1.PlatformBundle) {
	t.Helper()
	for _, err := range schemaErrors(t, bundle) {
		t.Errorf("%s: %v", file, err)
	}
	if bundle.Name != strings.TrimSuffix(filepath.Base(file), ".yaml") {
		t.Errorf("%s: the bundle is called %s", file, bundle.Name)
	}
	resolved, err := resolve.Resolve(bundle.Spec, "", catalogs)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	for _, c := range resolved.Components {
		if c.Trouble != nil {
			t.Errorf("%s: %v", file, c.Trouble)
		}
	}
}

// schemaErrors validates an object against its generated CRD, as the API server
// does before CEL.
func schemaErrors(t *testing.T, bundle *v1alpha1.PlatformBundle) field.ErrorList {
	t.Helper()
	const path = "crd/bases/platform.groundwork.dev_platformbundles.yaml"
	crd := find[apiextensionsv1.CustomResourceDefinition](t, path, "CustomResourceDefinition", "platformbundles.platform.groundwork.dev")
	internal := &apiextensions.JSONSchemaProps{}
	err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(crd.Spec.Versions[0].Schema.OpenAPIV3Schema, internal, nil)
	if err != nil {
		t.Fatal(err)
	}
	validator, _, err := validation.NewSchemaValidator(internal)
	if err != nil {
		t.Fatal(err)
	}
	object, err := runtime.DefaultUnstructuredConverter.ToUnstructured(bundle)
	if err != nil {
		t.Fatal(err)
	}
	return validation.ValidateCustomResource(nil, object, validator)
}

func TestSchemaErrorsFindsErrors(t *testing.T) {
	t.Parallel()
	bundle := &v1alpha1.PlatformBundle{Spec: v1alpha1.PlatformBundleSpec{
		CatalogVersion: "newest", Components: []v1alpha1.Component{{Name: "with.dots"}},
	}}
	if got := schemaErrors(t, bundle); len(got) != 2 {
		t.Errorf("%d errors, want one for each field: %v", len(got), got)
	}
}

const serviceAccount = "groundwork-controller-manager"

func TestManager(t *testing.T) {
	t.Parallel()
	deployment := find[appsv1.Deployment](t, "manager/manager.yaml", "Deployment", "groundwork-controller-manager")
	spec := deployment.Spec.Template.Spec
	manager := spec.Containers[0]
	if deployment.Namespace != v1alpha1.DefaultNamespace || spec.ServiceAccountName != serviceAccount {
		t.Errorf("it runs in %s as %s", deployment.Namespace, spec.ServiceAccountName)
	}
	if *deployment.Spec.Replicas > 1 && !slices.Contains(manager.Args, "--leader-elect") {
		t.Error("more than one replica without leader election")
	}
	for _, arg := range manager.Args {
		if path, ok := strings.CutPrefix(arg, "--chart-cache="); ok && !mounted(manager, path) {
			t.Errorf("the root filesystem is read-only and nothing is mounted at %s", path)
		}
	}
	if !mounted(manager, "/tmp") {
		t.Error("the root filesystem is read-only and nothing is mounted at /tmp")
	}
	limit := manager.Resources.Limits.Memory()
	for _, env := range manager.Env {
		if env.Name == "GOMEMLIMIT" && !strings.HasSuffix(env.Value, "MiB") {
			t.Errorf("GOMEMLIMIT %s", env.Value)
		} else if env.Name == "GOMEMLIMIT" {
			soft := resource.MustParse(strings.TrimSuffix(env.Value, "B"))
			if soft.Cmp(*limit) >= 0 {
				t.Errorf("GOMEMLIMIT %s is not below the limit %s", env.Value, limit)
			}
		}
	}
}

func mounted(c corev1.Container, path string) bool {
	return slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool { return m.MountPath == path && !m.ReadOnly })
}

// The namespace enforces the restricted pod security standard, so a pod that
// breaks it is never created; this says so before a cluster does.
func TestManagerIsRestricted(t *testing.T) {
	t.Parallel()
	namespace := find[corev1.Namespace](t, "manager/namespace.yaml", "Namespace", v1alpha1.DefaultNamespace)
	if got := namespace.Labels["pod-security.kubernetes.io/enforce"]; got != "restricted" {
		t.Errorf("the namespace enforces %q", got)
	}
	spec := find[appsv1.Deployment](t, "manager/manager.yaml", "Deployment", "groundwork-controller-manager").Spec.Template.Spec
	yes, no := true, false
	want := &corev1.SecurityContext{
		AllowPrivilegeEscalation: &no, ReadOnlyRootFilesystem: &yes,
		Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
	}
	if diff := cmp.Diff(want, spec.Containers[0].SecurityContext); diff != "" {
		t.Errorf("container (-want +got):\n%s", diff)
	}
	pod := spec.SecurityContext
	if pod.RunAsNonRoot == nil || !*pod.RunAsNonRoot || pod.SeccompProfile == nil || pod.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault {
		t.Errorf("pod: %v", pod)
	}
}

func TestBindings(t *testing.T) {
	t.Parallel()
	find[corev1.ServiceAccount](t, "rbac/service-account.yaml", "ServiceAccount", serviceAccount)
	subjects := map[string][]rbacv1.Subject{}
	roles := map[string]string{}
	for name, path := range map[string]string{
		"groundwork-controller-manager": "rbac/role-binding.yaml", "groundwork-metrics-auth": "rbac/metrics-auth-role.yaml",
	} {
		binding := find[rbacv1.ClusterRoleBinding](t, path, "ClusterRoleBinding", name)
		subjects[name], roles[name] = binding.Subjects, binding.RoleRef.Name
	}
	lease := find[rbacv1.RoleBinding](t, "rbac/leader-election-role.yaml", "RoleBinding", "groundwork-leader-election")
	subjects[lease.Name], roles[lease.Name] = lease.Subjects, lease.RoleRef.Name
	want := []rbacv1.Subject{{Kind: "ServiceAccount", Name: serviceAccount, Namespace: v1alpha1.DefaultNamespace}}
	for name, got := range subjects {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	find[rbacv1.ClusterRole](t, "rbac/role.yaml", "ClusterRole", roles["groundwork-controller-manager"])
	find[rbacv1.ClusterRole](t, "rbac/metrics-auth-role.yaml", "ClusterRole", roles["groundwork-metrics-auth"])
	find[rbacv1.Role](t, "rbac/leader-election-role.yaml", "Role", roles["groundwork-leader-election"])
}

func TestUserRoles(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"platformbundle", "componentrelease"} {
		for role, into := range map[string]string{"viewer": "view", "editor": "edit", "admin": "admin"} {
			name := "groundwork-" + kind + "-" + role
			got := find[rbacv1.ClusterRole](t, "rbac/"+kind+"-roles.yaml", "ClusterRole", name)
			if got.Labels["rbac.authorization.k8s.io/aggregate-to-"+into] != "true" {
				t.Errorf("%s is not aggregated to %s", name, into)
			}
			if got.Rules[0].Resources[0] != kind+"s" || (role == "viewer") == slices.Contains(got.Rules[0].Verbs, "delete") {
				t.Errorf("%s grants %v", name, got.Rules)
			}
		}
	}
}
