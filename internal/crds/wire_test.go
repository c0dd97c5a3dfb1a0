// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package crds

import (
	"bytes"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"pgregory.net/rapid"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
)

// drawDefinition fills every field that Object keeps, and some of those that it passes over.
func drawDefinition(t *rapid.T) apiextensionsv1.CustomResourceDefinition {
	word := rapid.StringMatching(`[a-zé]{0,6}`)
	words := rapid.SliceOfN(word, 0, 3)
	crd := apiextensionsv1.CustomResourceDefinition{ObjectMeta: metav1.ObjectMeta{
		Name: word.Draw(t, "name"), ResourceVersion: word.Draw(t, "resourceVersion"), Generation: rapid.Int64().Draw(t, "generation"),
		Labels:      rapid.MapOfN(word, word, 0, 3).Draw(t, "labels"),
		Annotations: rapid.MapOfN(word, word, 0, 3).Draw(t, "annotations"),
	}}
	crd.Spec = apiextensionsv1.CustomResourceDefinitionSpec{
		Group: word.Draw(t, "group"), Scope: apiextensionsv1.ResourceScope(word.Draw(t, "scope")), PreserveUnknownFields: rapid.Bool().Draw(t, "preserve"),
		Names: apiextensionsv1.CustomResourceDefinitionNames{
			Plural: word.Draw(t, "plural"), Singular: word.Draw(t, "singular"), Kind: word.Draw(t, "kind"), ListKind: word.Draw(t, "listKind"),
			ShortNames: words.Draw(t, "shortNames"), Categories: words.Draw(t, "categories"),
		},
	}
	for range rapid.IntRange(0, 3).Draw(t, "versions") {
		maximum := rapid.Float64().Draw(t, "maximum")
		crd.Spec.Versions = append(crd.Spec.Versions, apiextensionsv1.CustomResourceDefinitionVersion{
			Name: word.Draw(t, "version"), Served: rapid.Bool().Draw(t, "served"), Storage: rapid.Bool().Draw(t, "storage"),
			Schema: &apiextensionsv1.CustomResourceValidation{OpenAPIV3Schema: &apiextensionsv1.JSONSchemaProps{
				Description: word.Draw(t, "description"), Maximum: &maximum,
			}},
		})
	}
	if rapid.Bool().Draw(t, "converts") {
		crd.Spec.Conversion = drawConversion(t, word)
	}
	for range rapid.IntRange(0, 3).Draw(t, "conditions") {
		crd.Status.Conditions = append(crd.Status.Conditions, apiextensionsv1.CustomResourceDefinitionCondition{
			Type: apiextensionsv1.CustomResourceDefinitionConditionType(word.Draw(t, "type")), LastTransitionTime: metav1.Now(),
			Status: apiextensionsv1.ConditionStatus(word.Draw(t, "status")), Reason: word.Draw(t, "reason"), Message: word.Draw(t, "message"),
		})
	}
	crd.Status.AcceptedNames.Kind, crd.Status.StoredVersions = word.Draw(t, "accepted"), words.Draw(t, "stored")
	return crd
}

func drawConversion(t *rapid.T, word *rapid.Generator[string]) *apiextensionsv1.CustomResourceConversion {
	config := &apiextensionsv1.WebhookClientConfig{CABundle: []byte(word.Draw(t, "caBundle"))}
	url, path := word.Draw(t, "url"), word.Draw(t, "path")
	if rapid.Bool().Draw(t, "hasURL") {
		config.URL = &url
	}
	if rapid.Bool().Draw(t, "hasService") {
		config.Service = &apiextensionsv1.ServiceReference{Namespace: word.Draw(t, "namespace"), Name: word.Draw(t, "service")}
		if rapid.Bool().Draw(t, "hasPath") {
			config.Service.Path = &path
		}
	}
	out := &apiextensionsv1.CustomResourceConversion{Strategy: apiextensionsv1.ConversionStrategyType(word.Draw(t, "strategy"))}
	if rapid.Bool().Draw(t, "hasWebhook") {
		out.Webhook = &apiextensionsv1.WebhookConversion{ConversionReviewVersions: []string{"v1"}, ClientConfig: config}
	}
	return out
}

// Both decoders, of what the API server's own encoder wrote, find the same.
func TestProtobufIsReadAsJSONIs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list := apiextensionsv1.CustomResourceDefinitionList{ListMeta: metav1.ListMeta{ResourceVersion: "7"}}
		want := ObjectList{ListMeta: list.ListMeta}
		for range rapid.IntRange(0, 3).Draw(t, "items") {
			crd := drawDefinition(t)
			list.Items, want.Items = append(list.Items, crd), append(want.Items, *slim(&crd))
		}
		encoded, err := list.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		var got ObjectList
		if err := got.Unmarshal(encoded); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmp.AllowUnexported(ObjectSpec{}, conversion{})); diff != "" {
			t.Error(diff)
		}
	})
}

// What is cut off anywhere is an error or ends at a field; it is never a panic.
func TestDamagedProtobuf(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		crd := drawDefinition(t)
		encoded, err := crd.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		at := rapid.IntRange(0, len(encoded)-1).Draw(t, "at")
		_ = (&Object{}).Unmarshal(encoded[:at])
		damaged := bytes.Clone(encoded)
		damaged[at] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
		_ = (&Object{}).Unmarshal(damaged)
	})
	if err := (&Object{}).Unmarshal([]byte{0x12, 0x7f}); err == nil || !strings.Contains(err.Error(), "field 2") {
		t.Errorf("a spec of 127 bytes in none: %v", err)
	}
}

// accepting notes what answers came as protobuf.
type accepting struct {
	http.RoundTripper
	protobuf *atomic.Int32
}

func (a accepting) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := a.RoundTripper.RoundTrip(request)
	if err == nil && strings.HasPrefix(response.Header.Get("Content-Type"), runtime.ContentTypeProtobuf) {
		a.protobuf.Add(1)
	}
	return response, err
}

// A client over the scheme that AddToScheme makes reads protobuf from a real API server, and the same as from the full type.
func TestAClientReadsProtobuf(t *testing.T) {
	y := newYard(t, gears(t, "wire", gearSpec, nil))
	scheme := runtime.NewScheme()
	if err := AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	if err := apiutil.AddToProtobufScheme(AddToScheme); err != nil {
		t.Fatal(err)
	}
	seen := &atomic.Int32{}
	noted := rest.CopyConfig(config)
	noted.Wrap(func(next http.RoundTripper) http.RoundTripper { return accepting{RoundTripper: next, protobuf: seen} })
	c, err := client.New(noted, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	before := seen.Load()
	var list ObjectList
	if err := c.List(t.Context(), &list); err != nil {
		t.Fatal(err)
	}
	var full apiextensionsv1.CustomResourceDefinition
	if err := y.client.Get(t.Context(), client.ObjectKey{Name: y.name}, &full); err != nil {
		t.Fatal(err)
	}
	if seen.Load() == before {
		t.Error("the answer was not protobuf")
	}
	for i := range list.Items {
		if list.Items[i].Name != y.name {
			continue
		}
		if diff := cmp.Diff(FromObject(&full), list.Items[i].State()); diff != "" {
			t.Error(diff)
		}
		return
	}
	t.Errorf("%s is not among %d definitions", y.name, len(list.Items))
}
