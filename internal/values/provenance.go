// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package values

import "strings"

// Layer is one source of values.
type Layer struct {
	// Source as people read it, for example "catalog 2026.11" or "wiring monitors".
	Source string
	// Values of the layer.
	Values Values
}

// Provenance says for every leaf of the merged layers which source it comes from, by
// its path with dots between keys; a dot in a key is written \. and a list is a leaf,
// because it is replaced as a whole. Empty maps count as leaves.
func Provenance(layers ...Layer) map[string]string {
	merged, out := Values{}, map[string]string{}
	for _, layer := range layers {
		note(out, merged, layer.Values, "", layer.Source)
		mergeInto(merged, layer.Values)
	}
	return out
}

// note records what a layer changes; below is what was merged before it.
func note(out map[string]string, below, layer Values, path, source string) {
	for key, value := range layer {
		at := join(path, key)
		under, isMap := below[key].(map[string]any)
		above, isMapToo := value.(map[string]any)
		if isMap && isMapToo {
			if len(under) == 0 && len(above) > 0 {
				delete(out, at)
			}
			note(out, under, above, at, source)
			continue
		}
		if _, there := below[key]; there { // what is new has nothing to forget, and forgetting walks everything
			forget(out, at)
		}
		if isMapToo && len(above) > 0 {
			note(out, nil, above, at, source)
			continue
		}
		out[at] = source
	}
}

// forget drops a path and all below it.
func forget(out map[string]string, path string) {
	delete(out, path)
	for other := range out {
		if strings.HasPrefix(other, path+".") {
			delete(out, other)
		}
	}
}

func join(path, key string) string {
	key = strings.ReplaceAll(key, ".", `\.`)
	if path == "" {
		return key
	}
	return path + "." + key
}
