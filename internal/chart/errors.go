// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"

	"github.com/groundwork-dev/groundwork/internal/failure"
)

// unreachable says that there was no answer from a URL, or only a part of one.
func unreachable(where string, err error) error {
	return failure.Retryable(ReasonRepositoryUnreachable, "cannot reach %s: %w", where, &networkError{err})
}

// networkError is a network's failure in words that stay the same from one attempt to the next: the texts of package net hold the ports
// of the connection, and those of net/http say the URL again.
type networkError struct{ err error }

func (e *networkError) Unwrap() error { return e.err }

func (e *networkError) Error() string {
	if text := nameError(e.err); text != "" {
		return text
	}
	if text := tlsError(e.err); text != "" {
		return text
	}
	switch {
	case isTimeout(e.err):
		return "no answer in time"
	case errors.Is(e.err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(e.err, syscall.ECONNRESET), errors.Is(e.err, syscall.EPIPE):
		return "connection reset"
	case errors.Is(e.err, io.ErrUnexpectedEOF), errors.Is(e.err, io.EOF):
		return "the connection was closed early"
	}
	return innermost(e.err).Error()
}

func nameError(err error) string {
	dns, ok := errors.AsType[*net.DNSError](err)
	switch {
	case !ok:
		return ""
	case dns.IsNotFound:
		return fmt.Sprintf("there is no host %s", dns.Name)
	default:
		return fmt.Sprintf("the name server does not answer for host %s", dns.Name)
	}
}

func tlsError(err error) string {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "its certificate is signed by an authority that is not trusted: give the CA in ca.crt"
	}
	if host, ok := errors.AsType[x509.HostnameError](err); ok {
		return host.Error()
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		return invalid.Error()
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return "it does not speak TLS"
	}
	return ""
}

func isTimeout(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}

// innermost returns the last error of a chain.
func innermost(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}

// statusError says what an HTTP status means for a repository.
func statusError(where string, status int, p place, sent credential) error {
	answer := fmt.Sprintf("%d %s", status, http.StatusText(status))
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return failure.Retryable(ReasonAuthenticationFailed, "%s", authSentence(where, answer, p, sent))
	case status == http.StatusNotFound:
		return failure.Retryable(ReasonRepositoryInvalid, "%s answers %s", where, answer)
	case status >= 500 || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout:
		return failure.Retryable(ReasonRepositoryUnreachable, "%s answers %s", where, answer)
	default:
		return failure.Retryable(ReasonRepositoryInvalid, "%s answers %s, which is no answer of a chart repository", where, answer)
	}
}

func authSentence(where, answer string, p place, sent credential) string {
	switch {
	case !sent.empty():
		return fmt.Sprintf("%s refuses the credentials with %s: check the Secret of secretRef", where, answer)
	case p.auth != nil && len(p.auth.DockerConfigJSON) > 0:
		return fmt.Sprintf("%s answers %s, and the docker config of secretRef has no entry for its host", where, answer)
	case p.auth != nil:
		return fmt.Sprintf("%s answers %s: it is not on the repository's host, so no credentials are sent", where, answer)
	default:
		return fmt.Sprintf("%s answers %s: set secretRef to a Secret with its credentials, and check the name", where, answer)
	}
}

// readLimited reads at most limit bytes. tooLarge makes the error for more.
func readLimited(r io.Reader, limit int64, where string, tooLarge func() error) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, unreachable(where, err)
	}
	if int64(len(data)) > limit {
		return nil, tooLarge()
	}
	return data, nil
}

// archiveTooLarge is the failure of an archive over the limit.
func archiveTooLarge(where string, limit int64) error {
	return failure.Terminal(ReasonChartTooLarge, "the archive %s is larger than the limit of %s", where, byteSize(limit))
}

// byteSize writes a number of bytes for people.
func byteSize(n int64) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<10 && n%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", n>>10)
	default:
		return fmt.Sprintf("%d bytes", n)
	}
}
