// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

// The reasons of this package's failures, for conditions and events. Each one comes with one class only.
const (
	// ReasonRepositoryUnreachable: the repository, registry or mirror does not answer, or answers 5xx or 429, or TLS fails. Retryable.
	ReasonRepositoryUnreachable = "RepositoryUnreachable"
	// ReasonAuthenticationFailed: the repository answers 401 or 403. Retryable, since the Secret or the account may be put right.
	ReasonAuthenticationFailed = "AuthenticationFailed"
	// ReasonRepositoryInvalid: what answers is not a Helm repository: no index, an index that cannot be read or is too large, or
	// one that lists an archive that is not there. Retryable, since the repository may be put right.
	ReasonRepositoryInvalid = "RepositoryInvalid"
	// ReasonChartSourceInvalid: the source cannot be used as written: no chart name, an unknown URL scheme, credentials inside
	// the URL, a CA that is no PEM certificate. Terminal.
	ReasonChartSourceInvalid = "ChartSourceInvalid"
	// ReasonChartSecretInvalid: the Secret with a source's credentials lacks a key or holds one that cannot be read. Blocked: it
	// waits for that Secret to change.
	ReasonChartSecretInvalid = "ChartSecretInvalid"
	// ReasonChartNotFound: the repository has no chart of that name. Terminal.
	ReasonChartNotFound = "ChartNotFound"
	// ReasonChartVersionNotFound: the chart exists, but no version of it matches. Terminal.
	ReasonChartVersionNotFound = "ChartVersionNotFound"
	// ReasonChartVersionInvalid: the version asked for is neither a version nor a range. Terminal.
	ReasonChartVersionInvalid = "ChartVersionInvalid"
	// ReasonChartArchiveInvalid: what was downloaded is no chart archive, or one of another chart. Terminal.
	ReasonChartArchiveInvalid = "ChartArchiveInvalid"
	// ReasonChartDigestMismatch: the chart differs from the digest it was pinned to or that its repository announces. Terminal.
	ReasonChartDigestMismatch = "ChartDigestMismatch"
	// ReasonChartTooLarge: the archive, or what it unpacks to, is over the limit. Terminal.
	ReasonChartTooLarge = "ChartTooLarge"
	// ReasonChartCacheFailed: the cache directory cannot be read or written. Retryable.
	ReasonChartCacheFailed = "ChartCacheFailed"
)
