// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"compress/gzip"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/groundwork-dev/groundwork/internal/failure"
)

// reasonCase is one trouble a user can meet: a source, and what is said about it.
type reasonCase struct {
	src     Source
	options func(*Options)
	class   failure.Class
	reason  string
	message string
}

// TestReasons holds every reason of this package, but for those of Secrets and the cache, to its class and its exact message.
func TestReasons(t *testing.T) {
	t.Parallel()
	cases := sourceCases()
	for _, more := range []map[string]reasonCase{httpCases(t), answerCases(t), ociCases(t), folderCases(t)} {
		maps.Copy(cases, more)
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFetcher(t, func(o *Options) {
				if tc.options != nil {
					tc.options(o)
				}
			})
			for range 2 { // the second time as the first: nothing of a failure is remembered
				_, c, err := f.Fetch(t.Context(), tc.src)
				wantFailure(t, err, tc.class, tc.reason, tc.message)
				if c != nil {
					t.Error("a chart beside a failure")
				}
			}
		})
	}
}

func sourceCases() map[string]reasonCase {
	invalid := func(src Source, message string) reasonCase {
		return reasonCase{src: src, class: failure.ClassTerminal, reason: ReasonChartSourceInvalid, message: message}
	}
	return map[string]reasonCase{
		"no name":       invalid(Source{Repository: "https://x.example"}, "the chart has no name"),
		"no repository": invalid(Source{Name: "loki"}, "the chart has no repository: set it to https://…, oci://… or a folder"),
		"scheme": invalid(Source{Name: "loki", Repository: "s3://bucket/charts"},
			`repository s3://bucket/charts has the scheme "s3": use https, http, oci or file`),
		"no URL": invalid(Source{Name: "loki", Repository: "https://exa mple.com"},
			"the chart's repository is not a URL: check it for blanks and stray characters"),
		"no host": invalid(Source{Name: "loki", Repository: "https:///charts"}, "repository https:///charts names no host"),
		"credentials in the URL": invalid(Source{Name: "loki", Repository: "https://me:hush@x.example/charts?key=hush"},
			"repository https://x.example/charts holds credentials: put them in a Secret and name it in secretRef"),
		"name with a slash": invalid(Source{Name: "../loki", Repository: "https://x.example"},
			`chart name "../loki" is not a chart's name: letters, digits, '-', '_' and '.' only`),
		"CA": invalid(Source{Name: "loki", Repository: "https://x.example", CA: []byte("x")},
			"the CA of the chart's repository holds no PEM certificate"),
		"OCI in upper case": invalid(Source{Name: "loki", Repository: "oci://x.example/Charts"},
			"oci://x.example/Charts/loki is not an OCI repository: write oci://host/path in lower case, without a tag"),
		"version": {
			src: Source{Repository: "https://x.example", Name: "loki", Version: "newest"}, class: failure.ClassTerminal,
			reason:  ReasonChartVersionInvalid,
			message: `version "newest" of chart loki is neither a version (1.2.3) nor a range (1.2.x, ^1.2, >=1.2 <2)`,
		},
	}
}

func httpCases(t *testing.T) map[string]reasonCase {
	t.Helper()
	repo := newHTTPRepo(t, false)
	good := packChart(t, "loki", "1.0.0")
	repo.add("loki", "1.0.0", good)
	repo.add("broken", "1.0.0", []byte("<html>"))
	repo.add("other", "1.0.0", good)
	repo.add("older", "1.0.0", packChart(t, "older", "0.9.0"))
	repo.add("gone", "1.0.0", good)
	delete(repo.files, "/gone-1.0.0.tgz")
	repo.add("swapped", "1.0.0", good)
	repo.replace("swapped", "1.0.0", []byte("else"))
	repo.add("big", "1.0.0", make([]byte, 5000))
	repo.add("bomb", "1.0.0", pack(t, gzip.BestCompression, append(chartFiles("bomb", "1.0.0"), file{"bomb/z", strings.Repeat("z", 2<<20)})...))
	small := func(o *Options) { o.MaxArchiveBytes, o.MaxUnpackedBytes = 4<<10, 1<<20 }
	page := newHTTPRepo(t, false)
	page.raw = "<html><body>Sign in</body></html>"
	return map[string]reasonCase{
		"no repository there": {at(repo.URL+"/charts?token=hush", "loki", ""), nil, failure.ClassRetryable, ReasonRepositoryInvalid,
			repo.URL + "/charts is not a chart repository: " + repo.URL + "/charts/index.yaml answers 404 Not Found"},
		"a page, not an index": {at(page.URL, "loki", ""), nil, failure.ClassRetryable, ReasonRepositoryInvalid,
			page.URL + "/index.yaml is not a chart index: it has no entries"},
		"index too large": {at(repo.URL, "loki", ""), func(o *Options) { o.MaxIndexBytes = 64 }, failure.ClassRetryable, ReasonRepositoryInvalid,
			repo.URL + "/index.yaml is not a chart index: it is larger than the limit of 64 bytes"},
		"no such chart": {at(repo.URL, "lokii", ""), nil, failure.ClassTerminal, ReasonChartNotFound,
			"no chart lokii in " + repo.URL + ": did you mean loki?"},
		"no such version": {at(repo.URL, "loki", "9.x"), nil, failure.ClassTerminal, ReasonChartVersionNotFound,
			`chart loki has no version that matches "9.x" in ` + repo.URL + ": the newest are 1.0.0"},
		"no archive": {at(repo.URL, "broken", ""), nil, failure.ClassTerminal, ReasonChartArchiveInvalid,
			repo.URL + "/broken-1.0.0.tgz is not a chart archive: it is not compressed with gzip"},
		"another chart": {at(repo.URL, "other", ""), nil, failure.ClassTerminal, ReasonChartArchiveInvalid,
			repo.URL + "/other-1.0.0.tgz holds the chart loki, not other"},
		"another version": {at(repo.URL, "older", ""), nil, failure.ClassTerminal, ReasonChartArchiveInvalid,
			repo.URL + "/older-1.0.0.tgz holds version 0.9.0 of chart older, not 1.0.0"},
		"archive missing": {at(repo.URL, "gone", ""), nil, failure.ClassRetryable, ReasonRepositoryInvalid,
			"the index of " + repo.URL + " lists " + repo.URL + "/gone-1.0.0.tgz, which answers 404 Not Found"},
		"archive replaced": {at(repo.URL, "swapped", ""), nil, failure.ClassTerminal, ReasonChartDigestMismatch,
			fmt.Sprintf("the archive %s/swapped-1.0.0.tgz has the digest %s, but its repository announces %s: it was replaced or damaged",
				repo.URL, archiveDigest([]byte("else")), archiveDigest(good))},
		"archive too large": {at(repo.URL, "big", ""), small, failure.ClassTerminal, ReasonChartTooLarge,
			"the archive " + repo.URL + "/big-1.0.0.tgz is larger than the limit of 4 KiB"},
		"bomb": {at(repo.URL, "bomb", ""), small, failure.ClassTerminal, ReasonChartTooLarge,
			"the archive " + repo.URL + "/bomb-1.0.0.tgz unpacks to more than the limit of 1 MiB"},
	}
}

func at(repository, name, version string) Source {
	return Source{Repository: repository, Name: name, Version: version}
}

// answerCases are about repositories that do not answer, or not well.
func answerCases(t *testing.T) map[string]reasonCase {
	t.Helper()
	plain, tls := newHTTPRepo(t, false), newHTTPRepo(t, true)
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(slow.Close)
	cut := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte("apiVersion: v1\n"))
	}))
	t.Cleanup(cut.Close)
	cases := map[string]reasonCase{
		"connection refused": {at(closed.URL, "loki", ""), nil, failure.ClassRetryable, ReasonRepositoryUnreachable,
			"cannot reach " + closed.URL + "/index.yaml: connection refused"},
		"timeout": {at(slow.URL, "loki", ""), func(o *Options) { o.HTTPTimeout = 20 * time.Millisecond }, failure.ClassRetryable,
			ReasonRepositoryUnreachable, "cannot reach " + slow.URL + "/index.yaml: no answer in time"},
		"cut off": {at(cut.URL, "loki", ""), nil, failure.ClassRetryable, ReasonRepositoryUnreachable,
			"cannot reach " + cut.URL + "/index.yaml: the connection was closed early"},
		"unknown authority": {at(tls.URL, "loki", ""), nil, failure.ClassRetryable, ReasonRepositoryUnreachable, "cannot reach " + tls.URL +
			"/index.yaml: its certificate is signed by an authority that is not trusted: give the CA in ca.crt"},
		"no TLS": {at("https"+strings.TrimPrefix(plain.URL, "http"), "loki", ""), nil, failure.ClassRetryable, ReasonRepositoryUnreachable,
			"cannot reach https" + strings.TrimPrefix(plain.URL, "http") + "/index.yaml: http: server gave HTTP response to HTTPS client"},
	}
	for status, want := range map[int][2]string{
		401: {ReasonAuthenticationFailed, "401 Unauthorized: set secretRef to a Secret with its credentials, and check the name"},
		403: {ReasonAuthenticationFailed, "403 Forbidden: set secretRef to a Secret with its credentials, and check the name"},
		418: {ReasonRepositoryInvalid, "418 I'm a teapot, which is no answer of a chart repository"},
		429: {ReasonRepositoryUnreachable, "429 Too Many Requests"},
		503: {ReasonRepositoryUnreachable, "503 Service Unavailable"},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		t.Cleanup(server.Close)
		cases[fmt.Sprint("status ", status)] = reasonCase{at(server.URL, "loki", ""), nil, failure.ClassRetryable, want[0],
			server.URL + "/index.yaml answers " + want[1]}
	}
	refusing := newHTTPRepo(t, false)
	refusing.setCheck(func(*http.Request) int { return http.StatusUnauthorized })
	withAuth := at(refusing.URL, "loki", "")
	withAuth.Auth = &Auth{Token: "wrong"}
	cases["wrong token"] = reasonCase{withAuth, nil, failure.ClassRetryable, ReasonAuthenticationFailed,
		refusing.URL + "/index.yaml refuses the credentials with 401 Unauthorized: check the Secret of secretRef"}
	return cases
}

func ociCases(t *testing.T) map[string]reasonCase {
	t.Helper()
	charts := newRegistry(t, false, authNone)
	good := packChart(t, "loki", "1.0.0")
	charts.push("loki", "1.0.0", good)
	charts.push("loki", "1.1.0", good)
	charts.push("broken", "1.0.0", []byte("<html>"))
	charts.push("big", "1.0.0", make([]byte, 5000))
	charts.pushLayers("image", "1.0.0", map[string][]byte{"application/vnd.oci.image.layer.v1.tar+gzip": good})
	charts.push("swapped", "1.0.0", []byte("chart-a"))
	charts.blobs[archiveDigest([]byte("chart-a"))] = []byte("chart-b")
	charts.push("lost", "1.0.0", []byte("lost"))
	delete(charts.blobs, archiveDigest([]byte("lost")))
	down := newRegistry(t, false, authNone)
	down.setStatus(http.StatusBadGateway)
	closed := newRegistry(t, false, authNone)
	closed.Close()
	tls := newRegistry(t, true, authNone)
	prefix := charts.prefix()
	return map[string]reasonCase{
		"OCI: refused": {in(closed, "loki", ""), nil, failure.ClassRetryable, ReasonRepositoryUnreachable,
			"cannot reach " + closed.prefix() + "/loki: connection refused"},
		"OCI: down": {in(down, "loki", "1.0.0"), nil, failure.ClassRetryable, ReasonRepositoryUnreachable,
			down.prefix() + "/loki:1.0.0 answers 502 Bad Gateway"},
		"OCI: unknown authority": {
			Source{Repository: tls.prefix(), Name: "loki", CA: otherCA(t)}, nil, failure.ClassRetryable, ReasonRepositoryUnreachable,
			"cannot reach " + tls.prefix() + "/loki: its certificate is signed by an authority that is not trusted: give the CA in ca.crt",
		},
		"OCI: no such chart": {in(charts, "tempo", "1.x"), nil, failure.ClassTerminal, ReasonChartNotFound, "no chart tempo in " + prefix},
		"OCI: no such pin": {in(charts, "loki", "9.0.0"), nil, failure.ClassTerminal, ReasonChartVersionNotFound,
			"chart loki has no version 9.0.0 in " + prefix + ": the newest are 1.1.0, 1.0.0"},
		"OCI: no such version": {in(charts, "loki", "^9"), nil, failure.ClassTerminal, ReasonChartVersionNotFound,
			`chart loki has no version that matches "^9" in ` + prefix + ": the newest are 1.1.0, 1.0.0"},
		"OCI: an image": {in(charts, "image", ""), nil, failure.ClassTerminal, ReasonChartArchiveInvalid,
			prefix + "/image:1.0.0 is not a Helm chart: it has no layer of type " + chartLayer},
		"OCI: no archive": {in(charts, "broken", ""), nil, failure.ClassTerminal, ReasonChartArchiveInvalid,
			prefix + "/broken:1.0.0 is not a chart archive: it is not compressed with gzip"},
		"OCI: another version": {in(charts, "loki", "1.1.0"), nil, failure.ClassTerminal, ReasonChartArchiveInvalid,
			prefix + "/loki:1.1.0 holds version 1.0.0 of chart loki, not 1.1.0"},
		"OCI: too large": {in(charts, "big", ""), func(o *Options) { o.MaxArchiveBytes = 4 << 10 }, failure.ClassTerminal,
			ReasonChartTooLarge, "the archive " + prefix + "/big:1.0.0 is larger than the limit of 4 KiB"},
		"OCI: layer damaged": {in(charts, "swapped", ""), nil, failure.ClassTerminal, ReasonChartDigestMismatch,
			fmt.Sprintf("the archive %s/swapped:1.0.0 has the digest %s, but its repository announces %s: it was replaced or damaged",
				prefix, archiveDigest([]byte("chart-b")), archiveDigest([]byte("chart-a")))},
		"OCI: layer missing": {in(charts, "lost", ""), nil, failure.ClassRetryable, ReasonRepositoryInvalid,
			prefix + "/lost:1.0.0 names a layer that the registry does not have"},
	}
}

func in(r *registry, name, version string) Source {
	return Source{Repository: r.prefix(), Name: name, Version: version}
}

// otherCA is a CA that has signed nothing: the servers under test all present the certificate of net/http/httptest.
func otherCA(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func folderCases(t *testing.T) map[string]reasonCase {
	t.Helper()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "loki-1.0.0.tgz"), packChart(t, "loki", "1.0.0"))
	writeFile(t, filepath.Join(dir, "broken-1.0.0.tgz"), []byte("<html>"))
	writeFile(t, filepath.Join(dir, "half", "Chart.yaml"), []byte("version: 1.0.0\n"))
	return map[string]reasonCase{
		"folder: missing": {at(filepath.Join(dir, "no"), "loki", ""), nil, failure.ClassRetryable, ReasonRepositoryUnreachable,
			"the chart folder " + dir + "/no does not exist"},
		"folder: a file": {at(filepath.Join(dir, "loki-1.0.0.tgz"), "loki", ""), nil, failure.ClassRetryable, ReasonRepositoryUnreachable,
			"the chart folder " + dir + "/loki-1.0.0.tgz cannot be read: not a directory"},
		"folder: no such chart": {at(dir, "lokii", ""), nil, failure.ClassTerminal, ReasonChartNotFound,
			"no chart lokii in " + dir + ": did you mean loki?"},
		"folder: no such version": {at(dir, "loki", "2.0.0"), nil, failure.ClassTerminal, ReasonChartVersionNotFound,
			"chart loki has no version 2.0.0 in " + dir + ": the newest are 1.0.0"},
		"folder: no archive": {at(dir, "broken", ""), nil, failure.ClassTerminal, ReasonChartArchiveInvalid,
			dir + "/broken-1.0.0.tgz is not a chart archive: it is not compressed with gzip"},
		"folder: no chart": {at(dir, "half", ""), nil, failure.ClassTerminal, ReasonChartArchiveInvalid,
			dir + "/half is not a chart: validation: chart.metadata.name is required"},
	}
}

func TestNetworkErrorsAreStableSentences(t *testing.T) {
	t.Parallel()
	get := func(err error) error { return &url.Error{Op: "Get", URL: "https://x.example/index.yaml", Err: err} }
	address := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 40123}
	tests := map[string]struct {
		err  error
		want string
	}{
		"no such host": {get(&net.DNSError{Err: "no such host", Name: "x.example", Server: "10.0.0.10:53", IsNotFound: true}),
			"there is no host x.example"},
		"name server": {get(&net.DNSError{Err: "server misbehaving", Name: "x.example", Server: "10.0.0.10:53", IsTemporary: true}),
			"the name server does not answer for host x.example"},
		"reset": {get(&net.OpError{Op: "read", Net: "tcp", Source: address, Addr: address, Err: os.NewSyscallError("read", syscall.ECONNRESET)}),
			"connection reset"},
		"unreachable": {get(&net.OpError{Op: "dial", Net: "tcp", Addr: address, Err: os.NewSyscallError("connect", syscall.EHOSTUNREACH)}),
			"no route to host"},
		"timeout":  {get(context.DeadlineExceeded), "no answer in time"},
		"expired":  {get(x509.CertificateInvalidError{Reason: x509.NotAuthorizedToSign}), x509.CertificateInvalidError{Reason: x509.NotAuthorizedToSign}.Error()},
		"closed":   {get(io.EOF), "the connection was closed early"},
		"anything": {get(fmt.Errorf("outer: %w", errors.New("inner"))), "inner"},
	}
	for name, tc := range tests {
		err := unreachable("https://x.example/index.yaml", tc.err)
		if want := "cannot reach https://x.example/index.yaml: " + tc.want; err.Error() != want {
			t.Errorf("%s: %s, want %s", name, err, want)
		}
		if !errors.Is(err, innermost(tc.err)) {
			t.Errorf("%s: the cause is lost", name)
		}
	}
}

// TestReasonsAreTold guards against a reason that no test produces.
func TestReasonsAreTold(t *testing.T) {
	t.Parallel()
	told := []string{ReasonChartSecretInvalid, ReasonChartCacheFailed} // TestAuthFromSecret and TestCacheDirectoryUnusable
	for _, cases := range []map[string]reasonCase{sourceCases(), httpCases(t), answerCases(t), ociCases(t), folderCases(t)} {
		for _, c := range cases {
			told = append(told, c.reason)
		}
	}
	source, err := os.ReadFile("reasons.go")
	if err != nil {
		t.Fatal(err)
	}
	declared := 0
	for line := range strings.Lines(string(source)) {
		name, value, found := strings.Cut(strings.TrimSpace(line), " = ")
		if !found || !strings.HasPrefix(name, "Reason") {
			continue
		}
		declared++
		if reason := strings.Trim(value, `"`); !slices.Contains(told, reason) {
			t.Errorf("%s: no test produces it", reason)
		}
	}
	if declared < 12 {
		t.Errorf("only %d reasons found in reasons.go", declared)
	}
}
