// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

const apiIntro = `# API reference

<!-- Generated from config/crd/bases by hack/docgen: run ` + "`make manifests`" + `. -->

Group ` + "`platform.groundwork.dev`" + `, version ` + "`v1alpha1`" + `. The same text, in a terminal:
` + "`kubectl explain platformbundle.spec.components`" + `. What the reasons in a status mean, and what to do
about each, is in [troubleshooting.md](troubleshooting.md).
`

// api writes the page for every CRD of a folder. The kind that people write
// comes first, as does the alphabet's end: PlatformBundle, ComponentRelease.
func api(folder string, out io.Writer) error {
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("%s holds no CRDs: run make manifests", folder)
	}
	slices.Sort(files)
	slices.Reverse(files)
	page := &strings.Builder{}
	page.WriteString(apiIntro)
	for _, file := range files {
		if err := kind(page, file); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	_, err = io.WriteString(out, page.String())
	return err
}

// kind writes the section of one CRD.
func kind(page *strings.Builder, file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	crd := apiextensionsv1.CustomResourceDefinition{}
	if err := yaml.UnmarshalStrict(data, &crd); err != nil {
		return err
	}
	if len(crd.Spec.Versions) == 0 || crd.Spec.Versions[0].Schema == nil {
		return errors.New("no version with a schema")
	}
	version := crd.Spec.Versions[0]
	root := version.Schema.OpenAPIV3Schema
	names := crd.Spec.Names
	fmt.Fprintf(page, "\n## %s\n\n%s\n\n", names.Kind, sentence(root.Description))
	fmt.Fprintf(page, "%s-scoped; `kubectl get %s`; categories: %s.\n",
		crd.Spec.Scope, strings.Join(names.ShortNames, ", "), strings.Join(names.Categories, ", "))
	columns := make([]string, 0, len(version.AdditionalPrinterColumns))
	for _, c := range version.AdditionalPrinterColumns {
		columns = append(columns, fmt.Sprintf("%s (`%s`)", c.Name, c.JSONPath))
	}
	fmt.Fprintf(page, "Columns: %s.\n", strings.Join(columns, ", "))
	rules(page, root, "")
	for _, part := range []string{"spec", "status"} {
		schema, ok := root.Properties[part]
		if !ok {
			continue
		}
		fmt.Fprintf(page, "\n### %s.%s\n\n%s\n\n| Field | Type | Meaning |\n|---|---|---|\n", names.Kind, part, sentence(schema.Description))
		fields(page, &schema, "")
		rules(page, &schema, part)
	}
	return nil
}

// fields writes a row for every property below a schema, depth first.
func fields(page *strings.Builder, schema *apiextensionsv1.JSONSchemaProps, path string) {
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		property := schema.Properties[name]
		full := path + name
		required := ""
		if slices.Contains(schema.Required, name) {
			required = ", required"
		}
		fmt.Fprintf(page, "| `%s` | %s%s | %s |\n", full, typeOf(&property), required, cell(meaning(property.Description)+limits(&property)))
		below, prefix := &property, full+"."
		if property.Items != nil && property.Items.Schema != nil {
			below, prefix = property.Items.Schema, full+"[]."
		}
		if !strings.HasSuffix(full, "conditions") {
			fields(page, below, prefix)
		}
	}
}

// rules writes the CEL rules of a schema and of everything below it.
func rules(page *strings.Builder, schema *apiextensionsv1.JSONSchemaProps, path string) {
	for _, rule := range schema.XValidations {
		where := cmp.Or(path, "the object")
		fmt.Fprintf(page, "\nRefused in %s: %s.\n", where, rule.Message)
	}
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		property := schema.Properties[name]
		if path == "" {
			continue // spec and status are written by themselves
		}
		rules(page, &property, path+"."+name)
		if property.Items != nil && property.Items.Schema != nil {
			rules(page, property.Items.Schema, path+"."+name+"[]")
		}
	}
}

func typeOf(schema *apiextensionsv1.JSONSchemaProps) string {
	switch {
	case schema.Items != nil && schema.Items.Schema != nil:
		return "list of " + typeOf(schema.Items.Schema)
	case schema.AdditionalProperties != nil && schema.AdditionalProperties.Schema != nil:
		return "map of " + typeOf(schema.AdditionalProperties.Schema)
	case schema.Format == "date-time":
		return "time"
	}
	return schema.Type
}

// limits are what the schema enforces beyond the type.
func limits(schema *apiextensionsv1.JSONSchemaProps) string {
	var parts []string
	if len(schema.Enum) > 0 {
		values := make([]string, 0, len(schema.Enum))
		for _, value := range schema.Enum {
			values = append(values, strings.Trim(string(value.Raw), `"`))
		}
		parts = append(parts, "One of "+strings.Join(values, ", "))
	}
	if schema.Pattern != "" {
		parts = append(parts, "Pattern `"+schema.Pattern+"`")
	}
	if schema.Minimum != nil && schema.Maximum != nil {
		parts = append(parts, fmt.Sprintf("From %g to %g", *schema.Minimum, *schema.Maximum))
	}
	if schema.MaxItems != nil {
		parts = append(parts, fmt.Sprintf("At most %d items", *schema.MaxItems))
	}
	if schema.MaxLength != nil {
		parts = append(parts, fmt.Sprintf("At most %d characters", *schema.MaxLength))
	}
	if len(parts) == 0 {
		return ""
	}
	return " " + strings.Join(parts, ". ") + "."
}

// sentence is a description as a paragraph of its own.
func sentence(description string) string {
	text := meaning(description)
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// meaning joins the lines of a description. It keeps the first letter: most
// descriptions begin with the field's name.
func meaning(description string) string {
	text := strings.Join(strings.Fields(description), " ")
	if text == "" || strings.HasSuffix(text, ".") {
		return text
	}
	return text + "."
}

// cell escapes what would end a table's cell.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
