// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package values

import (
	"fmt"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// DefaultKey is the key of a ConfigMap or Secret that a reference means when it
// names none.
const DefaultKey = "values.yaml"

// Lookup returns the content of a key of a referenced object, and whether the object
// and the key are there. Namespace and key are filled in.
type Lookup func(ref v1alpha1.ValuesReference) (content []byte, object, key bool)

// MissingError says that a reference that is not optional has nothing to refer to.
type MissingError struct {
	Ref v1alpha1.ValuesReference
	// Object says that any key would do, but the object is not there.
	Object bool
}

// Error names the object and the key.
func (e *MissingError) Error() string {
	if e.Object {
		return fmt.Sprintf("valuesFrom: %s %s/%s is not there; create it", e.Ref.Kind, e.Ref.Namespace, e.Ref.Name)
	}
	return fmt.Sprintf("valuesFrom: %s %s/%s with key %q is not there; create it, or set optional: true",
		e.Ref.Kind, e.Ref.Namespace, e.Ref.Name, e.Ref.Key)
}

// Normalize fills in the defaults of a reference.
func Normalize(ref v1alpha1.ValuesReference) v1alpha1.ValuesReference {
	if ref.Namespace == "" {
		ref.Namespace = v1alpha1.DefaultNamespace
	}
	if ref.Key == "" {
		ref.Key = DefaultKey
	}
	return ref
}

// Compose merges defaults, the referenced values in their order, and the user's
// values. It returns a *MissingError for a reference that is not there, and an
// error that names the reference when its content is not what it must be.
func Compose(defaults Values, refs []v1alpha1.ValuesReference, lookup Lookup, user Values) (Values, error) {
	merged := Merge(defaults)
	for _, ref := range refs {
		ref = Normalize(ref)
		content, object, key := lookup(ref)
		switch {
		case object && key:
		case ref.Optional, ref.OptionalKey && object:
			continue
		default:
			return nil, &MissingError{Ref: ref, Object: !object && ref.OptionalKey}
		}
		var err error
		if merged, err = overlay(merged, ref, content); err != nil {
			return nil, fmt.Errorf("valuesFrom: %s %s/%s key %q: %w", ref.Kind, ref.Namespace, ref.Name, ref.Key, err)
		}
	}
	return Merge(merged, user), nil
}

func overlay(below Values, ref v1alpha1.ValuesReference, content []byte) (Values, error) {
	if ref.TargetPath != "" {
		return SetPath(below, ref.TargetPath, string(content))
	}
	layer, err := Parse(content)
	if err != nil {
		// The parser's message may quote the content, which may be secret.
		if ref.Kind == "Secret" {
			return nil, fmt.Errorf("its content is not a YAML object (the content of a Secret is not shown)")
		}
		return nil, err
	}
	return Merge(below, layer), nil
}
