// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package history is kubectl platform history: the Helm revisions of every component of
// a bundle. It asks for the metadata of Helm's records alone, because their content
// holds the values of the releases. It imports the frame of the commands, a client, and
// the API.
package history

import (
	"cmp"
	"context"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/cli"
	"github.com/groundwork-dev/groundwork/internal/cli/style"
)

// Labels that Helm itself writes on its records.
const (
	labelOwner    = "owner"
	labelName     = "name"
	labelStatus   = "status"
	labelVersion  = "version"
	labelModified = "modifiedAt"
)

// Revision is one revision of a Helm release.
type Revision struct {
	// Component of the bundle.
	Component string `json:"component"`
	// Namespace and Release of Helm.
	Namespace string `json:"namespace"`
	Release   string `json:"release"`
	// Revision counts from 1.
	Revision int `json:"revision"`
	// Status is Helm's word: deployed, superseded, failed and others.
	Status string `json:"status"`
	// Created and Changed are when the record was; Changed may be zero.
	Created metav1.Time `json:"created"`
	Changed metav1.Time `json:"changed,omitzero"`
	// InputsDigest that it was made from; empty for a revision that somebody else made.
	InputsDigest string `json:"inputsDigest,omitempty"`
	// Ready says that its objects were Ready once.
	Ready bool `json:"ready"`
	// External says that the operator did not make it.
	External bool `json:"external,omitempty"`
	// RollbackFrom is the inputs digest whose failure it answers.
	RollbackFrom string `json:"rollbackFrom,omitempty"`
}

// Command is history.
func Command(env *cli.Env) *cobra.Command {
	component := ""
	command := &cobra.Command{
		Use: "history [NAME]", Short: "Show the Helm revisions of the components", Args: cobra.MaximumNArgs(1),
		Long: "Shows the revisions that Helm keeps of each component of a bundle, the newest first. It reads labels of\n" +
			"Helm's records and never their content, which holds the values; it needs the right to list Secrets.",
		RunE: func(command *cobra.Command, args []string) error {
			revisions, err := read(command.Context(), env, strings.Join(args, ""), component)
			if err != nil {
				return cli.Failed(err)
			}
			return cli.Failed(env.Print(revisions, func(w io.Writer) error { return cli.Table(w, table(revisions, env.Now())) }))
		},
	}
	env.AddOutputFlag(command)
	command.Flags().StringVarP(&component, "component", "c", "", "only this one")
	return command
}

// read lists revisions by component, the newest first.
func read(ctx context.Context, env *cli.Env, name, component string) ([]Revision, error) {
	bundle, err := env.Bundle(ctx, name)
	if err != nil {
		return nil, err
	}
	releases, err := env.Releases(ctx, bundle.Name)
	if err != nil {
		return nil, err
	}
	c, err := env.Client()
	if err != nil {
		return nil, err
	}
	out := []Revision{}
	for _, release := range releases {
		spec := release.Spec
		if component != "" && component != spec.Component {
			continue
		}
		records := &metav1.PartialObjectMetadataList{}
		records.SetGroupVersionKind(schema.GroupVersionKind{Version: "v1", Kind: "SecretList"})
		ours := client.MatchingLabels{labelOwner: "helm", labelName: spec.ReleaseName}
		if err := c.List(ctx, records, client.InNamespace(spec.Namespace), ours); err != nil {
			return nil, err
		}
		for i := range records.Items {
			out = append(out, revision(spec, &records.Items[i]))
		}
	}
	slices.SortFunc(out, func(a, b Revision) int {
		return cmp.Or(cmp.Compare(a.Component, b.Component), cmp.Compare(b.Revision, a.Revision))
	})
	return out, nil
}

// revision reads the labels of a record. Helm copies labels to the revisions that a
// person makes: one of ours names its own revision.
func revision(spec v1alpha1.ComponentReleaseSpec, record *metav1.PartialObjectMetadata) Revision {
	labels := record.Labels
	number, err := strconv.Atoi(labels[labelVersion])
	if err != nil {
		number = 0 // not a record that Helm could read either
	}
	out := Revision{
		Component: spec.Component, Namespace: spec.Namespace, Release: spec.ReleaseName,
		Revision: number, Status: labels[labelStatus], Created: record.CreationTimestamp,
		Ready: labels[v1alpha1.ReadyLabel] == labels[labelVersion] && number > 0,
	}
	if seconds, err := strconv.ParseInt(labels[labelModified], 10, 64); err == nil {
		out.Changed = metav1.Time{Time: time.Unix(seconds, 0).UTC()}
	}
	if labels[v1alpha1.RevisionLabel] != labels[labelVersion] {
		out.External = true
		return out
	}
	out.InputsDigest, out.RollbackFrom = labels[v1alpha1.InputsDigestLabel], labels[v1alpha1.FailedDigestLabel]
	return out
}

func table(revisions []Revision, now time.Time) [][]string {
	rows := [][]string{{"COMPONENT", "REVISION", "STATUS", "READY", "AGE", "CREATED", "INPUTS", "NOTE"}}
	for _, r := range revisions {
		ready, note := "-", ""
		switch {
		case r.External:
			note = "made by somebody else"
		case r.RollbackFrom != "":
			note = "rollback from " + short(r.RollbackFrom)
		}
		if r.Ready {
			ready = "yes"
		}
		rows = append(rows, []string{
			r.Component, strconv.Itoa(r.Revision), r.Status, ready, style.Duration(now.Sub(r.Created.Time)),
			r.Created.UTC().Format("2006-01-02 15:04:05"), short(r.InputsDigest), note,
		})
	}
	return rows
}

// short is enough of a digest to tell it from others.
func short(digest string) string {
	const enough = 12
	if digest == "" {
		return "-"
	}
	return digest[:min(enough, len(digest))]
}
