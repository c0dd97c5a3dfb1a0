// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package planning

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/cli"
)

// Colours of a terminal (ECMA-48).
const (
	red    = "\x1b[31m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	bold   = "\x1b[1m"
	reset  = "\x1b[0m"
)

// page writes lines; the first error stays.
type page struct {
	w     io.Writer
	color bool
	err   error
}

func (p *page) line(color, format string, args ...any) {
	if p.err != nil {
		return
	}
	text := fmt.Sprintf(format, args...)
	if p.color && color != "" {
		text = color + text + reset
	}
	_, p.err = fmt.Fprintln(p.w, text)
}

// table draws the plan for people.
func (r *Report) table(env *cli.Env) func(io.Writer) error {
	return func(w io.Writer) error {
		p := &page{w: w, color: env.Color}
		p.line(bold, "Bundle %s against %s: %s", r.Bundle, r.Against, r.Summary)
		if r.Held != "" {
			p.line(red, "! %s", r.Held)
		}
		for _, note := range r.Notes {
			p.line(yellow, "  note: %s", note)
		}
		for _, change := range r.Changes {
			p.line("", "")
			p.change(change)
		}
		if len(r.Unchanged) > 0 {
			p.line("", "")
			p.line("", "Unchanged: %s", strings.Join(r.Unchanged, ", "))
		}
		return p.err
	}
}

// headline is how a change begins: its sign, colour and versions.
func headline(c Change) (sign, color, versions string) {
	switch c.Kind {
	case v1alpha1.ChangeInstall:
		return "+", green, c.To
	case v1alpha1.ChangeRemove:
		return "-", red, c.From
	case v1alpha1.ChangeUpgrade:
		if c.From == c.To {
			return "~", yellow, c.To
		}
		return "~", yellow, c.From + " → " + c.To
	default:
		return "!", red, cmp.Or(c.From, "not installed")
	}
}

func (p *page) change(c Change) {
	sign, color, versions := headline(c)
	step := "      -"
	if c.Step > 0 {
		step = fmt.Sprintf("step %2d", c.Step)
	}
	after := ""
	if len(c.After) > 0 {
		after = " after " + strings.Join(c.After, ", ")
	}
	p.line(color, "%s  %s %s %s (%s)%s", step, sign, c.Component, versions, c.Release, after)
	if c.Trouble != "" {
		p.line(red, "         ! %s", c.Trouble)
	}
	if c.Through != "" {
		p.line("", "         by way of %s", c.Through)
	}
	for _, d := range c.Disruption {
		p.line(red, "         ! %s: %s", d.Kind, d.Message)
	}
	p.definitions(c.CRDs)
	for _, image := range c.ImagesAdded {
		p.line(green, "         + image %s", image)
	}
	for _, image := range c.ImagesRemoved {
		p.line(red, "         - image %s", image)
	}
	for _, o := range c.Objects {
		p.object(o)
	}
}

func (p *page) definitions(all []CRDChange) {
	for _, d := range all {
		p.line("", "         %s CustomResourceDefinition %s", d.Action.sign(), d.Name)
		for _, narrower := range d.Narrows {
			p.line(yellow, "             allows less: %s", narrower)
		}
		if d.Refused != "" {
			p.line(red, "             ! %s", d.Refused)
		}
	}
}

func (p *page) object(o ObjectChange) {
	color := map[Action]string{ActionCreate: green, ActionChange: yellow, ActionDelete: red}[o.Action]
	p.line(color, "         %s %s", o.Action.sign(), o)
	for _, f := range o.Fields {
		if strings.Contains(f.From+f.To, "\n") {
			p.line("", "             %s", f.Path)
			p.block(red, "-", f.From)
			p.block(green, "+", f.To)
			continue
		}
		switch {
		case f.From == "":
			p.line("", "             %s: + %s", f.Path, f.To)
		case f.To == "":
			p.line("", "             %s: - %s", f.Path, f.From)
		default:
			p.line("", "             %s: %s → %s", f.Path, f.From, f.To)
		}
	}
}

func (p *page) block(color, sign, text string) {
	for line := range strings.Lines(text) {
		p.line(color, "               %s %s", sign, strings.TrimRight(line, "\n"))
	}
}
