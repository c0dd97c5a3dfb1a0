// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm_test

import (
	"slices"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/test/charts"
)

// driftBench is an installed release of driftObjects and a stranger who edits them.
type driftBench struct {
	*bench
	dynamic dynamic.Interface
}

func newDriftBench(t *testing.T, manifest string, opts ...charts.ChartOption) *driftBench {
	t.Helper()
	if config != nil {
		installGadgets(t)
	}
	b := &driftBench{bench: newBench(t, append(opts, charts.WithTemplate("drift.yaml", manifest))...)}
	b.dynamic = dynamic.NewForConfigOrDie(config)
	if _, err := b.Install(t.Context(), b.request); err != nil {
		t.Fatal(err)
	}
	return b
}

func installGadgets(t *testing.T) {
	t.Helper()
	preserve := true
	_, err := envtest.InstallCRDs(config, envtest.CRDInstallOptions{CRDs: []*apiextensionsv1.CustomResourceDefinition{{
		ObjectMeta: metav1.ObjectMeta{Name: "gadgets.gadgets.example.com"},
		Spec: apiextensionsv1.CustomResourceDefinitionSpec{
			Group: "gadgets.example.com", Scope: apiextensionsv1.NamespaceScoped,
			Names: apiextensionsv1.CustomResourceDefinitionNames{Kind: "Gadget", ListKind: "GadgetList", Plural: "gadgets", Singular: "gadget"},
			Versions: []apiextensionsv1.CustomResourceDefinitionVersion{{
				Name: "v1", Served: true, Storage: true,
				Schema: &apiextensionsv1.CustomResourceValidation{OpenAPIV3Schema: &apiextensionsv1.JSONSchemaProps{
					Type: "object", XPreserveUnknownFields: &preserve,
				}},
			}},
		},
	}}})
	if err != nil {
		t.Fatal(err)
	}
}

func (b *driftBench) object(t *testing.T, kind, name string) helm.Object {
	t.Helper()
	inventory, err := b.Inventory(t.Context(), b.request.Release, 1)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(inventory, func(o helm.Object) bool { return o.Kind == kind && o.Name == name })
	if i < 0 {
		t.Fatalf("%s %s is not in the inventory %v", kind, name, inventory)
	}
	return inventory[i]
}

func (b *driftBench) resource(t *testing.T, o helm.Object) dynamic.ResourceInterface {
	t.Helper()
	mapping, err := b.kinds.RESTMapping(o.GroupKind(), o.Version)
	if err != nil {
		t.Fatal(err)
	}
	if o.Namespace == "" {
		return b.dynamic.Resource(mapping.Resource)
	}
	return b.dynamic.Resource(mapping.Resource).Namespace(o.Namespace)
}

// edit changes an object as a stranger does; a patch that begins with "[" is JSON,
// "delete" deletes.
func (b *driftBench) edit(t *testing.T, o helm.Object, patch, manager string, sub ...string) {
	t.Helper()
	r := b.resource(t, o)
	if patch == "delete" {
		background := metav1.DeletePropagationBackground
		if err := r.Delete(t.Context(), o.Name, metav1.DeleteOptions{PropagationPolicy: &background}); err != nil {
			t.Fatal(err)
		}
		return
	}
	kind := types.MergePatchType
	if strings.HasPrefix(patch, "[") {
		kind = types.JSONPatchType
	}
	if _, err := r.Patch(t.Context(), o.Name, kind, []byte(patch), metav1.PatchOptions{FieldManager: manager}, sub...); err != nil {
		t.Fatal(err)
	}
}

func (b *driftBench) live(t *testing.T, o helm.Object) *unstructured.Unstructured {
	t.Helper()
	u, err := b.resource(t, o).Get(t.Context(), o.Name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func (b *driftBench) drift(t *testing.T, correct bool, ignore []v1alpha1.IgnoreRule, objects ...helm.Object) ([]helm.Difference, []helm.Applied) {
	t.Helper()
	found, applied, err := b.Drift(t.Context(), helm.DriftRequest{
		Release: b.request.Release, Owner: b.request.Owner, Revision: 1, Objects: objects, Ignore: ignore, Correct: correct,
	})
	if err != nil {
		t.Fatal(err)
	}
	return found, applied
}

// brief is a difference in one line.
func brief(found []helm.Difference) string {
	var out []string
	for _, d := range found {
		line := d.Kind
		if d.Missing {
			line += " missing"
		}
		if len(d.Fields) > 0 {
			line += " " + strings.Join(d.Fields, ",")
		}
		if d.Writer != "" {
			line += " by " + d.Writer
		}
		if d.Unknown != nil {
			line += " unknown: " + d.Unknown.Error()
		}
		out = append(out, line)
	}
	return strings.Join(out, "; ")
}
