// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"fmt"
	"slices"
	"sync"

	"github.com/google/cel-go/cel"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/failure"
)

// ruleCostLimit bounds one evaluation, in CEL's cost units: a tenth of what the API server grants a validation rule.
const ruleCostLimit = 100_000

// environment is built on first use, since most bundles have no rules and it costs a millisecond. It is immutable.
var environment = sync.OnceValues(func() (*cel.Env, error) {
	return cel.NewEnv(cel.Variable("object", cel.DynType), cel.OptionalTypes())
})

// Rule is a compiled v1alpha1.ReadyRule. It is safe for concurrent use.
type Rule struct {
	// Kind the rule is for. Versions of a kind share their rules.
	Kind schema.GroupKind

	source  v1alpha1.ReadyRule
	program cel.Program
}

// CompileRules compiles rules. An expression sees `object`: kind, name, namespace, generation, and the whole status; of a custom resource also
// the spec, when that is smaller than 16 KiB. It has has(), the optional syntax (object.?status.?phase.orValue("")) and a cost limit. The error is Terminal
// and names the rule.
func CompileRules(rules []v1alpha1.ReadyRule) ([]Rule, error) {
	compiled := make([]Rule, 0, len(rules))
	for _, r := range rules {
		rule, err := compileRule(r)
		if err != nil {
			return nil, failure.Terminal(v1alpha1.ReasonValuesInvalid, "readiness rule for %s %s, %q: %w", r.APIVersion, r.Kind, r.Expression, err)
		}
		compiled = append(compiled, rule)
	}
	return compiled, nil
}

func compileRule(r v1alpha1.ReadyRule) (Rule, error) {
	gv, err := schema.ParseGroupVersion(r.APIVersion)
	if err != nil {
		return Rule{}, fmt.Errorf("apiVersion: %w", err)
	}
	gk := schema.GroupKind{Group: gv.Group, Kind: r.Kind}
	if !Watched(gk) {
		return Rule{}, fmt.Errorf("objects of this kind have no state that is watched; write the rule for another kind")
	}
	env, err := environment()
	if err != nil {
		return Rule{}, fmt.Errorf("prepare CEL: %w", err)
	}
	ast, issues := env.Compile(r.Expression)
	if issues.Err() != nil {
		return Rule{}, issues.Err()
	}
	if out := ast.OutputType(); !out.IsExactType(cel.BoolType) && !out.IsExactType(cel.DynType) {
		return Rule{}, fmt.Errorf("the expression must return a bool and returns %s", out)
	}
	program, err := env.Program(ast, cel.CostLimit(ruleCostLimit))
	if err != nil {
		return Rule{}, err
	}
	return Rule{Kind: gk, source: r, program: program}, nil
}

// check returns "" when the object satisfies the rule, else why it does not.
func (r Rule) check(u *unstructured.Unstructured) string {
	out, _, err := r.program.Eval(map[string]any{"object": u.Object})
	if err != nil {
		return r.explain(err.Error())
	}
	holds, ok := out.Value().(bool)
	if !ok {
		return r.explain(fmt.Sprintf("the expression returned %s, not a bool", out.Type().TypeName()))
	}
	if !holds {
		return r.explain("")
	}
	return ""
}

// explain says what the rule waits for: its own message, else the expression, and the trouble with evaluating it.
func (r Rule) explain(trouble string) string {
	message := r.source.Message
	if message == "" {
		message = "waiting for " + r.source.Expression
	}
	if trouble == "" {
		return message
	}
	return message + " (" + trouble + ")"
}

// checkRules returns the first rule's complaint, or "".
func checkRules(rules []Rule, u *unstructured.Unstructured) string {
	gk := u.GroupVersionKind().GroupKind()
	for _, r := range rules {
		if r.Kind != gk {
			continue
		}
		if complaint := r.check(u); complaint != "" {
			return complaint
		}
	}
	return ""
}

// RulesEqual says whether compiled were compiled from rules, so that a caller can keep them.
func RulesEqual(compiled []Rule, rules []v1alpha1.ReadyRule) bool {
	return slices.EqualFunc(compiled, rules, func(c Rule, r v1alpha1.ReadyRule) bool { return c.source == r })
}
