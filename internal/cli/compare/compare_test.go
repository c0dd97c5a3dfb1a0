// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package compare_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/cli"
	"github.com/groundwork-dev/groundwork/internal/cli/compare"
)

// cluster has components as "name version digest state".
func cluster(catalog string, components ...string) client.WithWatch {
	bundle := &v1alpha1.PlatformBundle{ObjectMeta: metav1.ObjectMeta{Name: "week1"}}
	bundle.Status.CatalogVersion = catalog
	builder := fake.NewClientBuilder().WithScheme(cli.Scheme())
	for _, line := range components {
		part := strings.Fields(line)
		bundle.Status.Components = append(bundle.Status.Components, v1alpha1.ComponentStatus{
			Name: part[0], Version: part[1], State: v1alpha1.ComponentState(part[3]),
		})
		if part[2] == "-" {
			continue
		}
		builder.WithObjects(&v1alpha1.ComponentRelease{
			ObjectMeta: metav1.ObjectMeta{Name: "week1." + part[0], Labels: map[string]string{v1alpha1.BundleLabel: "week1"}},
			Spec:       v1alpha1.ComponentReleaseSpec{Bundle: "week1", Component: part[0], InputsDigest: part[2]},
		})
	}
	return builder.WithObjects(bundle).Build()
}

func TestDiff(t *testing.T) {
	clusters := map[string]client.WithWatch{
		"a":     cluster("2026.11", "grafana 1.0.0 aaaaaaaaaa Ready", "loki 2.0.0 bbbbbbbbbb Ready", "velero 3.0.0 cccccccccc Ready", "own 1.0.0 1111111111 Ready"),
		"b":     cluster("2026.11", "grafana 1.0.0 aaaaaaaaaa Ready", "loki 2.0.0 bbbbbbbbbb Ready", "velero 3.0.0 cccccccccc Ready", "own 1.0.0 2222222222 Ready"),
		"c":     cluster("2026.11", "grafana 1.0.1 aaaaaaaabb Ready", "loki 2.0.0 bbbbbbbbbb Failed", "own 1.0.0 3333333333 Ready"),
		"d":     cluster("2026.10", "grafana 1.0.0 aaaaaaaaaa Ready", "loki 2.0.0 - Waiting", "velero 3.0.0 cccccccccc Ready", "own 1.0.0 1111111111 Ready"),
		"empty": fake.NewClientBuilder().WithScheme(cli.Scheme()).Build(),
	}
	for name, tc := range map[string]struct {
		args []string
		code int
		out  string
		says string
	}{
		"same": {[]string{"--contexts", "a,a2"}, cli.ExitOK, "4 components are the same in 2 clusters\n", ""},
		"three": {[]string{"--contexts", "a,b,c", "week1"}, cli.ExitNo, `COMPONENT   a                b                c                        DIFFERS IN
grafana     1.0.0 aaaaaaaa   1.0.0 aaaaaaaa   1.0.1 aaaaaaaa *         version, inputs
loki        2.0.0 Ready      2.0.0 Ready      2.0.0 Failed *           state
own         1.0.0 11111111   1.0.0 22222222   1.0.0 33333333           inputs
velero      3.0.0            3.0.0            - *                      presence

4 of 4 components differ
* unlike most: c in 3
`, ""},
		"catalogs": {[]string{"--contexts", "a,d", "--all"}, cli.ExitNo, `COMPONENT   a                      d                               DIFFERS IN
(catalog)   2026.11                2026.10                         version
grafana     1.0.0                  1.0.0                           -
loki        2.0.0 bbbbbbbb Ready   2.0.0 (not installed) Waiting   inputs, state
own         1.0.0                  1.0.0                           -
velero      3.0.0                  3.0.0                           -

1 of 4 components differ
`, ""},
		"no bundle":  {[]string{"--contexts", "a,empty"}, cli.ExitFailed, "", "context empty: the cluster has no PlatformBundle"},
		"no context": {[]string{"--contexts", "a,none"}, cli.ExitFailed, "", "context none: no such context"},
		"one":        {[]string{"--contexts", "a"}, cli.ExitFailed, "", "two contexts at least"},
		"twice":      {[]string{"--contexts", "a,a"}, cli.ExitFailed, "", "twice"},
	} {
		t.Run(name, func(t *testing.T) {
			out, complaints, code := diff(t, clusters, tc.args...)
			if code != tc.code || !strings.Contains(complaints, tc.says) {
				t.Errorf("exit code %d, %q", code, complaints)
			}
			if d := cmp.Diff(squeeze(tc.out), squeeze(out)); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
	out, _, _ := diff(t, clusters, "--contexts", "a,b,c", "-o", "json")
	var result compare.Result
	if err := json.Unmarshal([]byte(out), &result); err != nil {
		t.Fatal(err)
	}
	if len(result.Rows) != 4 || !result.Rows[0].Cells[2].Snowflake || result.Rows[0].Cells[2].Inputs != "aaaaaaaabb" || result.Differ != 4 {
		t.Errorf("as JSON: %+v", result)
	}
}

// squeeze leaves one space of several: the columns are text/tabwriter's.
func squeeze(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.Join(strings.Fields(lines[i]), " ")
	}
	return strings.Join(lines, "\n")
}

func diff(t *testing.T, clusters map[string]client.WithWatch, args ...string) (said, complaints string, code int) {
	t.Helper()
	var out, wrong bytes.Buffer
	env := &cli.Env{Out: &out}
	command := compare.With(env, func(name string) (client.WithWatch, error) {
		if c := clusters[strings.TrimSuffix(name, "2")]; c != nil {
			return c, nil
		}
		return nil, fmt.Errorf("no such context")
	})
	command.SilenceErrors, command.SilenceUsage = true, true
	command.SetArgs(args)
	code = cli.Code(command.ExecuteContext(t.Context()), &wrong)
	return out.String(), wrong.String(), code
}
