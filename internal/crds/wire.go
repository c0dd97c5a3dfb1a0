// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package crds

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// In protobuf a schema is passed over by its length, where in JSON each of its bytes is scanned, and the generated decoder of the full type
// would build every node of it. The API server is spared nothing: it encodes JSON for watchers of its own anyway. Field numbers are those of
// k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1/generated.proto; a number never changes its meaning.

// Reset and Unmarshal make Object what the protobuf serializer of apimachinery decodes into.
func (o *Object) Reset() { *o = Object{} }

// Unmarshal reads a message CustomResourceDefinition. It keeps what Object has a field for.
func (o *Object) Unmarshal(data []byte) error {
	return eachField(data, func(f wireField) (err error) {
		switch f.number {
		case 1:
			err = o.ObjectMeta.Unmarshal(f.bytes)
		case 2:
			err = o.Spec.unmarshal(f.bytes)
		case 3:
			err = o.Status.unmarshal(f.bytes)
		}
		return err
	})
}

// Reset is for the protobuf serializer.
func (l *ObjectList) Reset() { *l = ObjectList{} }

// Unmarshal reads a message CustomResourceDefinitionList.
func (l *ObjectList) Unmarshal(data []byte) error {
	return eachField(data, func(f wireField) error {
		switch f.number {
		case 1:
			return l.ListMeta.Unmarshal(f.bytes)
		case 2:
			l.Items = append(l.Items, Object{})
			return l.Items[len(l.Items)-1].Unmarshal(f.bytes)
		}
		return nil
	})
}

func (s *ObjectSpec) unmarshal(data []byte) error {
	return eachField(data, func(f wireField) (err error) {
		switch f.number {
		case 1:
			s.Group = string(f.bytes)
		case 3:
			err = s.Names.unmarshal(f.bytes)
		case 4:
			s.Scope = string(f.bytes)
		case 7:
			s.Versions = append(s.Versions, Version{})
			err = s.Versions[len(s.Versions)-1].unmarshal(f.bytes)
		case 9:
			s.Conversion = &conversion{}
			err = s.Conversion.unmarshal(f.bytes)
		}
		return err
	})
}

func (n *ObjectNames) unmarshal(data []byte) error {
	return eachField(data, func(f wireField) error {
		switch f.number {
		case 1:
			n.Plural = string(f.bytes)
		case 4:
			n.Kind = string(f.bytes)
		case 5:
			n.ListKind = string(f.bytes)
		}
		return nil
	})
}

func (v *Version) unmarshal(data []byte) error {
	return eachField(data, func(f wireField) error {
		switch f.number {
		case 1:
			v.Name = string(f.bytes)
		case 2:
			v.Served = protowire.DecodeBool(f.varint)
		case 3:
			v.Storage = protowire.DecodeBool(f.varint)
		}
		return nil
	})
}

func (c *conversion) unmarshal(data []byte) error {
	return eachField(data, func(f wireField) error {
		switch f.number {
		case 1:
			c.Strategy = string(f.bytes)
		case 2:
			c.Webhook = &conversionWebhook{}
			return eachField(f.bytes, func(f wireField) error {
				if f.number != 2 {
					return nil
				}
				c.Webhook.ClientConfig = &clientConfig{}
				return c.Webhook.ClientConfig.unmarshal(f.bytes)
			})
		}
		return nil
	})
}

func (c *clientConfig) unmarshal(data []byte) error {
	return eachField(data, func(f wireField) error {
		switch f.number {
		case 1:
			c.Service = &serviceReference{}
			return c.Service.unmarshal(f.bytes)
		case 3:
			c.URL = string(f.bytes)
		}
		return nil
	})
}

func (s *serviceReference) unmarshal(data []byte) error {
	return eachField(data, func(f wireField) error {
		switch f.number {
		case 1:
			s.Namespace = string(f.bytes)
		case 2:
			s.Name = string(f.bytes)
		case 3:
			s.Path = string(f.bytes)
		}
		return nil
	})
}

func (s *ObjectStatus) unmarshal(data []byte) error {
	return eachField(data, func(f wireField) error {
		switch f.number {
		case 1:
			s.Conditions = append(s.Conditions, ObjectCondition{})
			return s.Conditions[len(s.Conditions)-1].unmarshal(f.bytes)
		case 3:
			s.StoredVersions = append(s.StoredVersions, string(f.bytes))
		}
		return nil
	})
}

func (c *ObjectCondition) unmarshal(data []byte) error {
	return eachField(data, func(f wireField) error {
		switch f.number {
		case 1:
			c.Type = string(f.bytes)
		case 2:
			c.Status = string(f.bytes)
		case 4:
			c.Reason = string(f.bytes)
		case 5:
			c.Message = string(f.bytes)
		}
		return nil
	})
}

// wireField is one field of a message: bytes of a string or message, varint of a number or bool.
type wireField struct {
	number int32
	bytes  []byte
	varint uint64
}

// eachField visits the fields of a message in their order. The bytes are the message's own: they must be copied to be kept.
func eachField(data []byte, visit func(wireField) error) error {
	for len(data) > 0 {
		number, kind, n := protowire.ConsumeTag(data)
		if n < 0 {
			return fmt.Errorf("protobuf: %w", protowire.ParseError(n))
		}
		data = data[n:]
		f := wireField{number: int32(number)}
		switch kind {
		case protowire.BytesType:
			f.bytes, n = protowire.ConsumeBytes(data)
		case protowire.VarintType:
			f.varint, n = protowire.ConsumeVarint(data)
		default:
			n = protowire.ConsumeFieldValue(number, kind, data)
		}
		if n < 0 {
			return fmt.Errorf("protobuf: field %d: %w", number, protowire.ParseError(n))
		}
		data = data[n:]
		if err := visit(f); err != nil {
			return err
		}
	}
	return nil
}
