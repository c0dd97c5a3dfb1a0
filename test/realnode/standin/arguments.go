// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"fmt"
	"io"
	"strings"
)

// usageError says which argument makes no sense.
type usageError string

// Error implements error.
func (e usageError) Error() string { return string(e) }

func newFlags(name string) *flag.FlagSet {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(io.Discard) // the error says what is wrong, in one line of the log
	return flags
}

// parse reads a number of arguments by position, and the flags after them.
func parse(flags *flag.FlagSet, arguments []string, names ...string) ([]string, error) {
	for i, name := range names {
		if i >= len(arguments) || strings.HasPrefix(arguments[i], "-") {
			return nil, usageError(fmt.Sprintf("missing argument %s", name))
		}
	}
	if err := flags.Parse(arguments[len(names):]); err != nil {
		return nil, usageError(err.Error())
	}
	if flags.NArg() > 0 {
		return nil, usageError(fmt.Sprintf("unexpected argument %q", flags.Arg(0)))
	}
	return arguments[:len(names)], nil
}

// list is a flag that may be given more than once.
type list []string

// String implements flag.Value.
func (l *list) String() string { return strings.Join(*l, ",") }

// Set implements flag.Value.
func (l *list) Set(text string) error {
	*l = append(*l, text)
	return nil
}

// service is the Service before the program, by which the API server calls it.
type service struct{ name, namespace string }

// Host is the name that the API server asks for in the certificate.
func (s service) host() string { return s.name + "." + s.namespace + ".svc" }

// String implements flag.Value.
func (s *service) String() string {
	if s == nil || s.name == "" {
		return ""
	}
	return s.host()
}

// Set implements flag.Value: NAME.NAMESPACE.svc.
func (s *service) Set(text string) error {
	parts := strings.Split(text, ".")
	if len(parts) != 3 || parts[0] == "" || parts[1] == "" || parts[2] != "svc" {
		return fmt.Errorf("%q is not NAME.NAMESPACE.svc", text)
	}
	s.name, s.namespace = parts[0], parts[1]
	return nil
}
