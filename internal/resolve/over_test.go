// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// fill sets everything below a value to something that the seed decides.
func fill(t *testing.T, v reflect.Value, seed string) {
	t.Helper()
	switch v.Interface().(type) {
	case apiextensionsv1.JSON:
		raw := fmt.Sprintf(`{"kind":"Kind","metadata":{"name":%q},%q:true}`, seed, seed)
		v.Set(reflect.ValueOf(apiextensionsv1.JSON{Raw: []byte(raw)}))
		return
	case metav1.Duration:
		v.Set(reflect.ValueOf(metav1.Duration{Duration: time.Duration(len(seed)) * time.Second}))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(seed)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int32:
		v.SetInt(int64(len(seed)))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(t, v.Elem(), seed)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(t, v.Index(0), seed)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf(seed), reflect.ValueOf(seed))
	case reflect.Struct:
		for _, field := range v.Fields() {
			fill(t, field, seed)
		}
	default:
		t.Fatalf("fill does not know %s: teach it, and see whether over does", v.Type())
	}
}

// with is a component of which one field is filled.
func with(t *testing.T, field int, seed string) v1alpha1.Component {
	t.Helper()
	var c v1alpha1.Component
	fill(t, reflect.ValueOf(&c).Elem().Field(field), seed)
	c.Name = "a"
	return c
}

// TestOverKnowsEveryField: a field that the API gains and over forgets would be lost
// from every profile without a word.
func TestOverKnowsEveryField(t *testing.T) {
	kind := reflect.TypeFor[v1alpha1.Component]()
	bare := v1alpha1.Component{Name: "a"}
	for i := range kind.NumField() {
		name := kind.Field(i).Name
		t.Run(name, func(t *testing.T) {
			lower, upper := with(t, i, "lower"), with(t, i, "above")
			if diff := cmp.Diff(lower, over(lower, bare), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("the profile's is lost (-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(upper, over(bare, upper), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("the bundle's is lost (-want +got)\n%s", diff)
			}
			both, unchanged := over(lower, upper), reflect.ValueOf(with(t, i, "lower")).Field(i).Interface()
			if diff := cmp.Diff(unchanged, reflect.ValueOf(lower).Field(i).Interface()); diff != "" {
				t.Errorf("the profile was changed\n%s", diff)
			}
			got, above := reflect.ValueOf(both).Field(i), reflect.ValueOf(upper).Field(i)
			switch kind.Field(i).Type.Kind() {
			case reflect.Slice: // joined, the bundle's last
				want := reflect.AppendSlice(reflect.ValueOf(lower).Field(i), above).Interface()
				if diff := cmp.Diff(want, got.Interface()); diff != "" {
					t.Errorf("joined (-want +got)\n%s", diff)
				}
			case reflect.Map:
				if got.Len() != 2 {
					t.Errorf("not merged: %v", got)
				}
			default:
				if name == "Values" {
					return // merged: TestOver
				}
				if diff := cmp.Diff(above.Interface(), got.Interface()); diff != "" {
					t.Errorf("the bundle's does not come first (-want +got)\n%s", diff)
				}
			}
		})
	}
}

func TestOver(t *testing.T) {
	no, yes := false, true
	retries := int32(7)
	asJSON := func(text string) *apiextensionsv1.JSON { return &apiextensionsv1.JSON{Raw: []byte(text)} }
	object := func(kind, namespace, name, more string) apiextensionsv1.JSON {
		return apiextensionsv1.JSON{Raw: fmt.Appendf(nil, `{"kind":%q,"metadata":{"namespace":%q,"name":%q},"spec":%q}`, kind, namespace, name, more)}
	}
	type component = v1alpha1.Component
	for name, tc := range map[string]struct {
		reason             string
		below, above, want component
	}{
		"SwitchedOff": {reason: "enabled: false takes it out", above: component{Enabled: &no}, want: component{Enabled: &no}},
		"SwitchedOn":  {reason: "and true brings it back", below: component{Enabled: &no}, above: component{Enabled: &yes}, want: component{Enabled: &yes}},
		"Values": {
			reason: "maps are merged, lists are replaced, null stays to take the chart's default away",
			below:  component{Values: asJSON(`{"a":{"x":1,"y":2},"list":[1,2],"gone":{"z":1},"num":10000000}`)},
			above:  component{Values: asJSON(`{"a":{"y":3},"list":[3],"gone":null}`)},
			want:   component{Values: asJSON(`{"a":{"x":1,"y":3},"gone":null,"list":[3],"num":10000000}`)},
		},
		"NullBelow":     {reason: "a null of the profile, too", below: component{Values: asJSON(`{"a":null}`)}, above: component{Values: asJSON(`{"b":1}`)}, want: component{Values: asJSON(`{"a":null,"b":1}`)}},
		"NoObject":      {reason: "what is no object is left to be blamed", below: component{Values: asJSON(`{"a":1}`)}, above: component{Values: asJSON(`[1]`)}, want: component{Values: asJSON(`[1]`)}},
		"NoObjectBelow": {reason: "on either side", below: component{Values: asJSON(`[1]`)}, above: component{Values: asJSON(`{"a":1}`)}, want: component{Values: asJSON(`[1]`)}},
		"Manifests": {
			reason: "one of the same kind, namespace and name stands in the place of the profile's",
			below:  component{Manifests: []apiextensionsv1.JSON{object("Kafka", "n", "a", "1"), object("Kafka", "n", "b", "1")}},
			above:  component{Manifests: []apiextensionsv1.JSON{object("Kafka", "m", "a", "2"), object("Topic", "n", "a", "2"), object("Kafka", "n", "a", "2")}},
			want: component{Manifests: []apiextensionsv1.JSON{
				object("Kafka", "n", "a", "2"), object("Kafka", "n", "b", "1"), object("Kafka", "m", "a", "2"), object("Topic", "n", "a", "2"),
			}},
		},
		"ManifestTwice": {
			reason: "what the bundle lists twice is refused later, and not made to fit",
			below:  component{Manifests: []apiextensionsv1.JSON{object("Kafka", "n", "a", "1")}},
			above:  component{Manifests: []apiextensionsv1.JSON{object("Kafka", "n", "a", "2"), object("Kafka", "n", "a", "3")}},
			want:   component{Manifests: []apiextensionsv1.JSON{object("Kafka", "n", "a", "2"), object("Kafka", "n", "a", "3")}},
		},
		"ManifestNoObject": {
			reason: "nor is what is none",
			below:  component{Manifests: []apiextensionsv1.JSON{{Raw: []byte(`7`)}}}, above: component{Manifests: []apiextensionsv1.JSON{{Raw: []byte(`8`)}}},
			want: component{Manifests: []apiextensionsv1.JSON{{Raw: []byte(`7`)}, {Raw: []byte(`8`)}}},
		},
		"ChartByField": {
			reason: "credentials for the profile's chart",
			below:  component{Chart: &v1alpha1.ChartSource{Repository: "https://r", Name: "n", Version: "1"}},
			above:  component{Chart: &v1alpha1.ChartSource{SecretRef: &v1alpha1.SecretReference{Name: "s"}}},
			want:   component{Chart: &v1alpha1.ChartSource{Repository: "https://r", Name: "n", Version: "1", SecretRef: &v1alpha1.SecretReference{Name: "s"}}},
		},
		"VersionOverChart": {
			reason: "a version has two places, and only one may be set",
			below:  component{Chart: &v1alpha1.ChartSource{Repository: "https://r", Version: "1"}}, above: component{Version: "2"},
			want: component{Chart: &v1alpha1.ChartSource{Repository: "https://r"}, Version: "2"},
		},
		"ChartOverVersion": {
			reason: "whichever is above",
			below:  component{Version: "1"}, above: component{Chart: &v1alpha1.ChartSource{Version: "2"}},
			want: component{Chart: &v1alpha1.ChartSource{Version: "2"}},
		},
		"RemediationByField": {
			reason: "the number of retries leaves the strategy",
			below:  component{Remediation: &v1alpha1.Remediation{Strategy: v1alpha1.RemediationNone}}, above: component{Remediation: &v1alpha1.Remediation{Retries: &retries}},
			want: component{Remediation: &v1alpha1.Remediation{Strategy: v1alpha1.RemediationNone, Retries: &retries}},
		},
		"ReferencesOnce": {
			reason: "the last word is the bundle's, and nothing is read twice",
			below:  component{ValuesFrom: []v1alpha1.ValuesReference{{Name: "x"}, {Name: "y"}}}, above: component{ValuesFrom: []v1alpha1.ValuesReference{{Name: "z"}, {Name: "x"}}},
			want: component{ValuesFrom: []v1alpha1.ValuesReference{{Name: "y"}, {Name: "z"}, {Name: "x"}}},
		},
		"Sets": {
			reason: "a set holds everything once",
			below:  component{DependsOn: []string{"y", "x"}, AllowDataLoss: []string{"Kafka"}}, above: component{DependsOn: []string{"z", "x"}, AllowDataLoss: []string{"Kafka"}},
			want: component{DependsOn: []string{"y", "x", "z"}, AllowDataLoss: []string{"Kafka"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, over(tc.below, tc.above), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%s (-want +got)\n%s", tc.reason, diff)
			}
		})
	}
}

// components draws entries with names of their own, as the API demands.
func components(t *rapid.T, label string) []v1alpha1.Component {
	word := rapid.SampledFrom([]string{"a", "b", "c", "d"})
	words := rapid.SliceOfNDistinct(word, 0, 3, rapid.ID[string])
	value := rapid.SampledFrom([]any{nil, 1, "x", []any{1}, map[string]any{"k": 1}, map[string]any{"l": nil}})
	names := words.Draw(t, label)
	var out []v1alpha1.Component
	for _, name := range names {
		c := v1alpha1.Component{Name: name, DependsOn: words.Draw(t, "dependsOn"), AllowDataLoss: words.Draw(t, "allowDataLoss")}
		if rapid.Bool().Draw(t, "version") {
			c.Version = word.Draw(t, "version")
		} else if rapid.Bool().Draw(t, "chart") {
			c.Chart = &v1alpha1.ChartSource{Repository: word.Draw(t, "repository"), Version: word.Draw(t, "chart version")}
		}
		if tree := rapid.MapOf(word, value).Draw(t, "values"); len(tree) > 0 {
			raw, err := json.Marshal(tree)
			if err != nil {
				t.Fatal(err)
			}
			c.Values = &apiextensionsv1.JSON{Raw: raw}
		}
		for _, manifest := range words.Draw(t, "manifests") {
			raw := fmt.Sprintf(`{"kind":"K","metadata":{"name":%q},"spec":%q}`, manifest, word.Draw(t, "spec"))
			c.Manifests = append(c.Manifests, apiextensionsv1.JSON{Raw: []byte(raw)})
		}
		for _, ref := range words.Draw(t, "references") {
			c.ValuesFrom = append(c.ValuesFrom, v1alpha1.ValuesReference{Kind: "Secret", Name: ref})
		}
		if rapid.Bool().Draw(t, "labelled") {
			c.NamespaceLabels = map[string]string{word.Draw(t, "label"): word.Draw(t, "labels")}
		}
		out = append(out, c)
	}
	return out
}

func TestOverlayLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := components(t, "below"), components(t, "above")
		before := slices.Clone(a)
		for i := range before {
			before[i] = *before[i].DeepCopy()
		}
		same := func(law string, want, got []v1alpha1.Component) {
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("%s (-want +got)\n%s", law, diff)
			}
		}
		var bare []v1alpha1.Component
		for _, c := range a {
			bare = append(bare, v1alpha1.Component{Name: c.Name})
		}
		same("nothing changes nothing", a, overlay(a, nil))
		same("over nothing it is itself", a, overlay(nil, a))
		same("names alone change nothing", a, overlay(a, bare))
		same("over itself it is itself", a, overlay(a, a))
		once := overlay(a, b)
		same("twice is once", once, overlay(once, b))
		same("its arguments are left alone", before, a)
		for i, c := range once {
			if slices.ContainsFunc(once[:i], func(o v1alpha1.Component) bool { return o.Name == c.Name }) {
				t.Fatalf("%s is there twice", c.Name)
			}
			if c.Version != "" && c.Chart != nil && c.Chart.Version != "" {
				t.Fatalf("%s has two versions", c.Name)
			}
		}
	})
}
