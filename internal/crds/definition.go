// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package crds

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/failure"
)

const (
	apiVersion = "apiextensions.k8s.io/v1"
	kindCRD    = "CustomResourceDefinition"

	keepAnnotation = "helm.sh/resource-policy"
	keepPolicy     = "keep"
)

// ownerSlot is where the owner's name is put at send time. A Go encoder escapes quotes inside of strings, so these bytes cannot be part of
// a value, and metadata comes before spec in the canonical order of keys.
var ownerSlot = []byte(`"` + v1alpha1.CRDOwnerLabel + `":""`)

// GVK is the kind of a CustomResourceDefinition itself.
var GVK = schema.GroupVersionKind{Group: "apiextensions.k8s.io", Version: "v1", Kind: kindCRD}

// Version is one version of a custom resource.
type Version struct {
	// Name such as v1beta1.
	Name string `json:"name"`
	// Served says that clients can use it.
	Served bool `json:"served"`
	// Storage says that objects are stored in it; one version is.
	Storage bool `json:"storage"`
}

// Definition is one CustomResourceDefinition as a chart brings it. Its body is kept compressed, since the definitions of a platform are
// some ten megabytes of JSON and most of them are sent once.
type Definition struct {
	// Name of the definition: <plural>.<group>.
	Name string
	// Group of the kind.
	Group string
	// Kind it defines.
	Kind string
	// ListKind of the kind; empty means Kind + "List".
	ListKind string
	// Plural name of the resource.
	Plural string
	// Namespaced says that objects live in namespaces.
	Namespaced bool
	// Versions in the order of the manifest.
	Versions []Version
	// Digest names what Manifest sends, the owner left aside: "sha256:<hex>" of the canonical JSON.
	Digest string
	// HasConversionWebhook says that reading other versions than the stored one needs a webhook to answer.
	HasConversionWebhook bool
	// Conversion describes how versions are converted, for comparing with State.Conversion: "None", or the webhook's Service or URL.
	Conversion string

	packed []byte
}

// Parse reads one CustomResourceDefinition (apiextensions.k8s.io/v1) from YAML or JSON. Status, creation time and the CA bundle of a
// conversion webhook are left out, since others own them; the annotations that keep it on a Helm uninstall and name its digest are added.
// Labels and annotations of Helm stay. The error is Terminal and names the definition and the field.
func Parse(manifest []byte) (*Definition, error) {
	raw, err := yaml.YAMLToJSON(manifest)
	if err != nil {
		return nil, failure.Terminal(v1alpha1.ReasonRenderFailed, "a CustomResourceDefinition is not YAML: %w", err)
	}
	return parse(raw)
}

// body holds a definition decoded as far as it must be touched; schemas stay bytes.
type body struct {
	APIVersion string                     `json:"apiVersion"`
	Kind       string                     `json:"kind"`
	Metadata   map[string]any             `json:"metadata"`
	Spec       map[string]json.RawMessage `json:"spec"`
}

// spec is what is read from the spec.
type spec struct {
	Group string `json:"group"`
	Names struct {
		Kind     string `json:"kind"`
		ListKind string `json:"listKind"`
		Plural   string `json:"plural"`
	} `json:"names"`
	Scope      string      `json:"scope"`
	Versions   []Version   `json:"versions"`
	Conversion *conversion `json:"conversion"`
}

func parse(raw []byte) (*Definition, error) {
	var b body
	if err := json.Unmarshal(raw, &b); err != nil {
		return nil, failure.Terminal(v1alpha1.ReasonRenderFailed, "a CustomResourceDefinition does not parse: %w", err)
	}
	name, _ := b.Metadata["name"].(string)
	if b.Kind != kindCRD {
		return nil, failure.Terminal(v1alpha1.ReasonRenderFailed, "%s %q is not a %s", b.Kind, name, kindCRD)
	}
	if b.APIVersion != apiVersion {
		return nil, failure.Terminal(v1alpha1.ReasonKindNotServed,
			"CustomResourceDefinition %q is written in %s, which Kubernetes no longer serves; choose a chart version that writes %s",
			name, b.APIVersion, apiVersion)
	}
	var s spec
	if err := unmarshalSpec(b.Spec, &s); err != nil {
		return nil, failure.Terminal(v1alpha1.ReasonRenderFailed, "CustomResourceDefinition %q does not parse: %w", name, err)
	}
	d := &Definition{
		Name: name, Group: s.Group, Kind: s.Names.Kind, ListKind: s.Names.ListKind, Plural: s.Names.Plural,
		Namespaced: s.Scope != "Cluster", Versions: s.Versions,
		HasConversionWebhook: s.Conversion.isWebhook(), Conversion: s.Conversion.describe(),
	}
	if err := d.check(); err != nil {
		return nil, err
	}
	return d, d.pack(b)
}

func unmarshalSpec(fields map[string]json.RawMessage, into *spec) error {
	for field, target := range map[string]any{
		"group": &into.Group, "names": &into.Names, "scope": &into.Scope, "versions": &into.Versions, "conversion": &into.Conversion,
	} {
		raw, ok := fields[field]
		if !ok {
			continue
		}
		if err := json.Unmarshal(raw, target); err != nil {
			return fmt.Errorf("spec.%s: %w", field, err)
		}
	}
	return nil
}

// check finds what the API server would refuse anyway, while there is still nothing written.
func (d *Definition) check() error {
	var problem string
	switch {
	case d.Group == "":
		problem = "spec.group is empty"
	case d.Kind == "":
		problem = "spec.names.kind is empty"
	case d.Plural == "":
		problem = "spec.names.plural is empty"
	case d.Name != d.Plural+"."+d.Group:
		problem = fmt.Sprintf("metadata.name must be %q", d.Plural+"."+d.Group)
	case len(d.Versions) == 0:
		problem = "spec.versions is empty"
	default:
		return nil
	}
	return failure.Terminal(v1alpha1.ReasonRenderFailed, "CustomResourceDefinition %q is not valid: %s; report it to the chart's author",
		d.Name, problem)
}

// pack strips what others own, computes the digest, and keeps the result.
func (d *Definition) pack(b body) error {
	delete(b.Metadata, "creationTimestamp")
	delete(b.Metadata, "managedFields")
	delete(b.Metadata, "resourceVersion")
	delete(b.Metadata, "uid")
	delete(b.Metadata, "generation")
	annotations := stringMap(b.Metadata, "annotations")
	annotations[keepAnnotation] = keepPolicy
	delete(annotations, v1alpha1.CRDDigestAnnotation)
	delete(annotations, v1alpha1.CRDOwnerLabel)
	stringMap(b.Metadata, "labels")[v1alpha1.CRDOwnerLabel] = ""
	if err := stripCABundle(b.Spec); err != nil {
		return failure.Terminal(v1alpha1.ReasonRenderFailed, "CustomResourceDefinition %q: spec.conversion: %w", d.Name, err)
	}
	canonical, err := json.Marshal(b)
	if err != nil {
		return fmt.Errorf("encode CustomResourceDefinition %q: %w", d.Name, err)
	}
	sum := sha256.Sum256(canonical)
	d.Digest = "sha256:" + hex.EncodeToString(sum[:])
	annotations[v1alpha1.CRDDigestAnnotation] = d.Digest
	final, err := json.Marshal(b)
	if err != nil {
		return fmt.Errorf("encode CustomResourceDefinition %q: %w", d.Name, err)
	}
	d.packed, err = compress(final)
	return err
}

// stringMap returns the map in the field, which is made when it is not there or not a map.
func stringMap(metadata map[string]any, field string) map[string]any {
	m, ok := metadata[field].(map[string]any)
	if !ok {
		m = map[string]any{}
		metadata[field] = m
	}
	return m
}

// stripCABundle removes the CA bundle of a conversion webhook: an injector owns it, and applying the chart's placeholder would take it away.
func stripCABundle(spec map[string]json.RawMessage) error {
	raw, ok := spec["conversion"]
	if !ok {
		return nil
	}
	var conv map[string]any
	if err := json.Unmarshal(raw, &conv); err != nil {
		return err
	}
	hook, _ := conv["webhook"].(map[string]any)
	config, _ := hook["clientConfig"].(map[string]any)
	delete(config, "caBundle")
	out, err := json.Marshal(conv)
	if err != nil {
		return err
	}
	spec["conversion"] = out
	return nil
}

// Serves says whether the definition serves the kind in that version.
func (d *Definition) Serves(gvk schema.GroupVersionKind) bool {
	return gvk.Group == d.Group && gvk.Kind == d.Kind && serves(d.Versions, gvk.Version)
}

// Kinds lists every kind and version that the definition serves.
func (d *Definition) Kinds() []schema.GroupVersionKind { return kinds(d.Group, d.Kind, d.Versions) }

// Manifest returns the JSON to apply, labelled with the owner (<bundle>.<component>). Each call makes a new slice.
func (d *Definition) Manifest(owner string) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(d.packed))
	if err != nil {
		return nil, fmt.Errorf("unpack CustomResourceDefinition %q: %w", d.Name, err)
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("unpack CustomResourceDefinition %q: %w", d.Name, err)
	}
	value, err := json.Marshal(owner)
	if err != nil {
		return nil, fmt.Errorf("owner of CustomResourceDefinition %q: %w", d.Name, err)
	}
	slot := append(bytes.Clone(ownerSlot[:len(ownerSlot)-2]), value...)
	return bytes.Replace(raw, ownerSlot, slot, 1), nil
}

func compress(data []byte) ([]byte, error) {
	var buf bytes.Buffer
	w, err := gzip.NewWriterLevel(&buf, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return bytes.Clone(buf.Bytes()), nil
}
