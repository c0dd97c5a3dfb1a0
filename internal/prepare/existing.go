// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package prepare

import (
	"context"
	"fmt"
	"strings"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/helm"
)

// listed is how many objects a refusal names.
const listed = 10

// refuseExisting refuses to install over objects that somebody else made. Helm
// would refuse too, but at the first of them, and only when the component's turn
// has come. An existing Helm release of the name owns its objects: it is adopted.
// The error is Blocked, for the objects may go, and is tried again.
func (p *Preparer) refuseExisting(ctx context.Context, request Request, objects []helm.Object) error {
	if !request.New {
		return nil
	}
	revisions, err := p.renderer.Observe(ctx, request.Release)
	if err != nil || len(revisions) > 0 {
		return err
	}
	conflicts, err := p.renderer.Conflicts(ctx, request.Release, objects, request.Owner)
	if err != nil {
		return err
	}
	var foreign, free []string
	for _, conflict := range conflicts {
		name := conflict.String()
		if conflict.OwnedBy != "" {
			foreign = append(foreign, name+" of "+conflict.OwnedBy)
			continue
		}
		free = append(free, name)
	}
	switch {
	case len(foreign) > 0:
		return failure.Blocked(v1alpha1.ReasonObjectsExist,
			"objects of Helm release %s belong to others: %s; remove them there, or give the component another namespace or other names in its values",
			request.Release, list(foreign))
	case len(free) > 0 && !request.Adopt:
		return failure.Blocked(v1alpha1.ReasonObjectsExist,
			"objects of Helm release %s exist already and belong to no release: %s; set adopt: true on the component to take them over, or delete them",
			request.Release, list(free))
	}
	return nil
}

func list(names []string) string {
	if more := len(names) - listed; more > 0 {
		names = append(names[:listed:listed], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}
