// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package gitops

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	lua "github.com/yuin/gopher-lua"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/groundwork-dev/groundwork/bundles"
	"github.com/groundwork-dev/groundwork/internal/catalog"
)

// health of an object as Argo CD sees it: the status, and the message beside it.
type health struct{ Status, Message string }

// healthOf runs the check that the catalog gives to Argo CD for the object's kind, in
// a machine with as few libraries as Argo CD's own.
func healthOf(object *unstructured.Unstructured) health {
	GinkgoHelper()
	machine := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer machine.Close()
	for name, open := range map[string]lua.LGFunction{lua.BaseLibName: lua.OpenBase, lua.TabLibName: lua.OpenTable} {
		Expect(machine.CallByParam(lua.P{Fn: machine.NewFunction(open), Protect: true}, lua.LString(name))).To(Succeed())
	}
	machine.SetGlobal("obj", toLua(machine, object.Object))
	Expect(machine.DoString(check(object.GetKind()))).To(Succeed())
	result, ok := machine.Get(-1).(*lua.LTable)
	Expect(ok).To(BeTrue(), "the check of %s returns no table", object.GetKind())
	return health{lua.LVAsString(result.RawGetString("status")), lua.LVAsString(result.RawGetString("message"))}
}

// check is the catalog's script for a kind of Groundwork.
func check(kind string) string {
	GinkgoHelper()
	set, err := catalog.Load(bundles.FS)
	Expect(err).NotTo(HaveOccurred())
	newest, err := set.Get(set.Newest())
	Expect(err).NotTo(HaveOccurred())
	argo, found := newest.Component("argo-cd")
	Expect(found).To(BeTrue())
	script, found, err := unstructured.NestedString(argo.Values, "configs", "cm", "resource.customizations.health.platform.groundwork.dev_"+kind)
	Expect(err).NotTo(HaveOccurred())
	Expect(found).To(BeTrue(), "there is no check for %s", kind)
	return script
}

// unstructuredOf is a typed object as the API server sends it.
func unstructuredOf(kind string, object any) *unstructured.Unstructured {
	GinkgoHelper()
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	Expect(err).NotTo(HaveOccurred())
	out := &unstructured.Unstructured{Object: content}
	out.SetKind(kind)
	return out
}

func toLua(machine *lua.LState, value any) lua.LValue {
	switch v := value.(type) {
	case map[string]any:
		table := machine.NewTable()
		for key, item := range v {
			table.RawSetString(key, toLua(machine, item))
		}
		return table
	case []any:
		table := machine.NewTable()
		for _, item := range v {
			table.Append(toLua(machine, item))
		}
		return table
	case string:
		return lua.LString(v)
	case bool:
		return lua.LBool(v)
	case int64:
		return lua.LNumber(v)
	case float64:
		return lua.LNumber(v)
	default:
		return lua.LNil
	}
}
