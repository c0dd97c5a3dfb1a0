// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"flag"
	"log"
	"sync"
	"time"
)

// every is the pause between two looks at what others may have changed.
const every = time.Second

// webhookServer is a server with a secure port beside the plain one.
type webhookServer struct {
	*server
	listenTLS string
	service   service
}

func newWebhookServer(flags *flag.FlagSet, log *log.Logger) *webhookServer {
	s := &webhookServer{server: newServer(flags, log, waitInject)}
	flags.StringVar(&s.listenTLS, "listen-tls", ":8443", "address of /validate, /allow and /convert")
	flags.Var(&s.service, "service", "the Service before the program, as NAME.NAMESPACE.svc (required)")
	return s
}

func (s *webhookServer) parse(flags *flag.FlagSet, arguments []string) error {
	if _, err := parse(flags, arguments); err != nil {
		return err
	}
	if s.service.name == "" {
		return usageError("missing flag --service")
	}
	return nil
}

// answerTLS serves the webhooks.
func (s *webhookServer) answerTLS(ctx context.Context, certificate tls.Certificate) error {
	return s.answer(ctx, s.listenTLS, reviews(), &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12})
}

// keep calls a function every second, and is ready once it has worked.
func (s *webhookServer) keep(ctx context.Context, function func(context.Context) error) error {
	var once sync.Once
	repeat(ctx, every, s.log.Printf, func(ctx context.Context) error {
		if err := function(ctx); err != nil {
			return err
		}
		once.Do(func() { s.ready.done(waitInject) })
		return nil
	})
	return nil
}

func webhook(ctx context.Context, arguments []string, log *log.Logger) error {
	flags := newFlags("webhook")
	s := newWebhookServer(flags, log)
	var configurations, definitions list
	flags.Var(&configurations, "inject", "configuration that gets the CA: validating/NAME or mutating/NAME; may be repeated")
	flags.Var(&definitions, "inject-crd", "CRD whose conversion webhook gets the CA; may be repeated")
	if err := s.parse(flags, arguments); err != nil {
		return err
	}
	client, err := inCluster()
	if err != nil {
		return err
	}
	ca, certificate, err := authority(s.service.host(), time.Now())
	if err != nil {
		return err
	}
	i, err := newInjector(client, s.service, ca, log, configurations, definitions)
	if err != nil {
		return err
	}
	return s.run(ctx,
		func(ctx context.Context) error { return s.answerTLS(ctx, certificate) },
		func(ctx context.Context) error { return s.keep(ctx, i.inject) })
}
