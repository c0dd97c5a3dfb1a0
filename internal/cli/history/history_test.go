// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package history_test

import (
	"bytes"
	"context"
	"maps"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/cli"
	"github.com/groundwork-dev/groundwork/internal/cli/history"
)

var epoch = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// record is what Helm keeps of a revision; more are labels of ours.
func record(namespace, release string, revision int, status string, more map[string]string) *corev1.Secret {
	version := strconv.Itoa(revision)
	out := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: namespace, Name: "sh.helm.release.v1." + release + ".v" + version,
			CreationTimestamp: metav1.Time{Time: epoch.Add(time.Duration(revision) * time.Minute)},
			Labels:            map[string]string{"owner": "helm", "name": release, "status": status, "version": version, "modifiedAt": strconv.FormatInt(epoch.Unix(), 10)},
		},
		Data: map[string][]byte{"release": []byte("canary-of-the-values")},
	}
	maps.Copy(out.Labels, more)
	return out
}

func TestCommand(t *testing.T) {
	objects := []client.Object{&v1alpha1.PlatformBundle{ObjectMeta: metav1.ObjectMeta{Name: "week1"}}}
	for component, namespace := range map[string]string{"grafana": "monitoring", "loki": "logs"} {
		objects = append(objects, &v1alpha1.ComponentRelease{
			ObjectMeta: metav1.ObjectMeta{Name: "week1." + component, Labels: map[string]string{v1alpha1.BundleLabel: "week1"}},
			Spec:       v1alpha1.ComponentReleaseSpec{Bundle: "week1", Component: component, Namespace: namespace, ReleaseName: component + "-release"},
		})
	}
	ours := func(revision, ready string, more ...string) map[string]string {
		out := map[string]string{v1alpha1.RevisionLabel: revision, v1alpha1.InputsDigestLabel: "0123456789abcdef0123", v1alpha1.ReadyLabel: ready}
		if len(more) > 0 {
			out[v1alpha1.FailedDigestLabel] = more[0]
		}
		return out
	}
	objects = append(objects,
		record("monitoring", "grafana-release", 1, "superseded", ours("1", "1")),
		record("monitoring", "grafana-release", 2, "failed", ours("2", "1")),
		record("monitoring", "grafana-release", 10, "deployed", ours("10", "10", "fedcba9876543210")),
		record("monitoring", "other-release", 1, "deployed", nil),
		record("logs", "loki-release", 3, "deployed", ours("2", "2")),
		record("elsewhere", "loki-release", 1, "deployed", nil),
	)
	// Only metadata may be asked for: the content of a record holds values.
	c := fake.NewClientBuilder().WithScheme(cli.Scheme()).WithObjects(objects...).WithInterceptorFuncs(interceptor.Funcs{
		List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, options ...client.ListOption) error {
			if _, whole := list.(*corev1.SecretList); whole {
				t.Error("whole Secrets are read")
			}
			return c.List(ctx, list, options...)
		},
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, object client.Object, options ...client.GetOption) error {
			if _, whole := object.(*corev1.Secret); whole {
				t.Error("a whole Secret is read")
			}
			return c.Get(ctx, key, object, options...)
		},
	}).Build()
	ask := func(args ...string) string {
		var out, complaints bytes.Buffer
		env := &cli.Env{Out: &out, Now: func() time.Time { return epoch.Add(2 * time.Hour) }}
		env.UseClient(c)
		command := history.Command(env)
		command.SilenceErrors, command.SilenceUsage = true, true
		command.SetArgs(args)
		if code := cli.Code(command.ExecuteContext(t.Context()), &complaints); code != cli.ExitOK {
			t.Fatalf("exit code %d: %s", code, complaints.String())
		}
		if strings.Contains(out.String(), "canary") {
			t.Error("it shows content")
		}
		return out.String()
	}
	want := `COMPONENT   REVISION   STATUS       READY   AGE      CREATED               INPUTS         NOTE
grafana     10         deployed     yes     1h 50m   2026-11-21 12:10:00   0123456789ab   rollback from fedcba987654
grafana     2          failed       -       1h 58m   2026-11-21 12:02:00   0123456789ab   
grafana     1          superseded   yes     1h 59m   2026-11-21 12:01:00   0123456789ab   
loki        3          deployed     -       1h 57m   2026-11-21 12:03:00   -              made by somebody else
`
	if diff := cmp.Diff(want, ask("week1")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	want = `- changed: "2026-11-21T12:00:00Z"
  component: loki
  created: "2026-11-21T12:03:00Z"
  external: true
  namespace: logs
  ready: false
  release: loki-release
  revision: 3
  status: deployed
`
	if diff := cmp.Diff(want, ask("-c", "loki", "-o", "yaml")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
