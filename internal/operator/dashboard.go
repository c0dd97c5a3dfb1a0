// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"net/http"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/metrics/filters"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/dashboard"
	"github.com/groundwork-dev/groundwork/internal/refs"
)

// show adds the dashboard, unless it is off.
func (r *rooms) show(mgr ctrl.Manager, catalogs *catalog.Set, o Options) error {
	if o.DashboardAddress == "" || o.DashboardAddress == "0" {
		return nil
	}
	log := ctrl.Log.WithName("dashboard")
	server, err := dashboard.New(dashboard.Options{
		Address: o.DashboardAddress, Watch: dashboard.WatchCache(mgr.GetCache()), Log: log,
		Source: dashboard.Source{Version: o.Version, Shard: o.Shard, Reader: mgr.GetCache(), Catalogs: catalogs, Lookup: r.lookup},
		Protect: func(next http.Handler) (http.Handler, error) {
			filter, err := filters.WithAuthenticationAndAuthorization(mgr.GetConfig(), mgr.GetHTTPClient())
			if err != nil {
				return nil, err
			}
			return filter(log, next)
		},
	})
	if err != nil {
		return err
	}
	return mgr.Add(server)
}

// lookup reads what the watches on referenced objects hold; nothing is fetched.
func (r *rooms) lookup(ref v1alpha1.ValuesReference) (content []byte, found, known bool) {
	object, found, known := r.references.Get(refs.Ref{Kind: ref.Kind, Namespace: ref.Namespace, Name: ref.Name})
	content, there := object.Data[ref.Key]
	return content, found && there, known
}
