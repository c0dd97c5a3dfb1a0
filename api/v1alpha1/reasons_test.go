// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// constants reads the string constants of a file whose names have a prefix, and
// fails for one without a comment.
func constants(t *testing.T, file, prefix string) map[string]string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, declaration := range parsed.Decls {
		group, ok := declaration.(*ast.GenDecl)
		if !ok || group.Tok != token.CONST {
			continue
		}
		for _, spec := range group.Specs {
			value := spec.(*ast.ValueSpec)
			name := value.Names[0].Name
			if !strings.HasPrefix(name, prefix) {
				continue
			}
			text, err := strconv.Unquote(value.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatalf("%s: %s is not a string: %v", file, name, err)
			}
			if value.Doc.Text() == "" {
				t.Errorf("%s: %s has no comment", file, name)
			}
			out[name] = text
		}
	}
	return out
}

// Every reason that is used is declared in this package with a comment, and used
// by its constant: scripts and alerts rely on them.
func TestReasonsAreDeclared(t *testing.T) {
	declared := map[string]bool{}
	for name, text := range constants(t, "conditions.go", "Reason") {
		if declared[text] {
			t.Errorf("%s declares %q a second time", name, text)
		}
		declared[text] = true
	}
	if len(declared) < 20 {
		t.Fatalf("only %d reasons were found: the test reads the wrong file", len(declared))
	}
	root := filepath.Join("..", "..")
	for name, text := range constants(t, filepath.Join(root, "internal", "chart", "reasons.go"), "Reason") {
		if !declared[text] {
			t.Errorf("internal/chart's %s = %q is not declared in api/v1alpha1/conditions.go", name, text)
		}
	}
	for _, dir := range []string{"controllers", "internal"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, _ fs.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
				literalReasons(t, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// literalReasons fails for a reason that is written as a string where it is used.
func literalReasons(t *testing.T, path string) {
	t.Helper()
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	literal := func(node ast.Expr) bool {
		basic, ok := node.(*ast.BasicLit)
		return ok && basic.Kind == token.STRING && basic.Value != `""`
	}
	ast.Inspect(parsed, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.KeyValueExpr:
			key, ok := n.Key.(*ast.Ident)
			if ok && strings.EqualFold(key.Name, "reason") && literal(n.Value) {
				t.Errorf("%s: a reason is written as a string; use a constant of api/v1alpha1", files.Position(n.Pos()))
			}
		case *ast.CallExpr:
			selector, ok := n.Fun.(*ast.SelectorExpr)
			if !ok || len(n.Args) == 0 {
				return true
			}
			receiver, _ := selector.X.(*ast.Ident)
			if receiver != nil && receiver.Name == "failure" && literal(n.Args[0]) {
				t.Errorf("%s: a reason is written as a string; use a constant of api/v1alpha1", files.Position(n.Pos()))
			}
		}
		return true
	})
}

func TestConditionTypesAreDocumented(t *testing.T) {
	if got := constants(t, "conditions.go", "Condition"); len(got) < 4 {
		t.Errorf("found %v", got)
	}
}
