// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// Stage is the final stage of a Dockerfile, as far as an image of one binary
// needs it.
type Stage struct {
	// Base is the image it starts from.
	Base string
	// Target is where its one COPY puts the binary.
	Target string
	// User is its USER; "" when it has none.
	User string
	// Entrypoint is its ENTRYPOINT.
	Entrypoint []string
}

// instruction is one instruction of a Dockerfile, continuation lines joined.
type instruction struct {
	line       int
	name, rest string
}

// FinalStage reads the last stage of a Dockerfile. It understands FROM, one
// COPY --from=STAGE SOURCE TARGET, USER and ENTRYPOINT; anything else there
// is an error that names the line, so that an image never silently lacks it.
func FinalStage(dockerfile io.Reader) (Stage, error) {
	all, err := instructions(dockerfile)
	if err != nil {
		return Stage{}, err
	}
	last := -1
	for i, in := range all {
		if in.name == "FROM" {
			last = i
		}
	}
	if last < 0 {
		return Stage{}, fmt.Errorf("the Dockerfile has no FROM")
	}
	var stage Stage
	for _, in := range all[last:] {
		if err := stage.apply(in); err != nil {
			return Stage{}, fmt.Errorf("line %d: %s %s: %w", in.line, in.name, in.rest, err)
		}
	}
	if stage.Target == "" || len(stage.Entrypoint) == 0 {
		return Stage{}, fmt.Errorf("line %d: the final stage needs a COPY and an ENTRYPOINT", all[last].line)
	}
	return stage, nil
}

func (s *Stage) apply(in instruction) error {
	fields := strings.Fields(in.rest)
	switch in.name {
	case "FROM":
		if len(fields) != 1 && (len(fields) != 3 || !strings.EqualFold(fields[1], "as")) {
			return fmt.Errorf("want one image, and perhaps a name")
		}
		s.Base = fields[0]
	case "COPY":
		if len(fields) != 3 || !strings.HasPrefix(fields[0], "--from=") || !strings.HasPrefix(fields[2], "/") {
			return fmt.Errorf("want --from=STAGE SOURCE /TARGET")
		}
		if s.Target != "" {
			return fmt.Errorf("only one file can be copied: there is one binary")
		}
		s.Target = fields[2]
	case "USER":
		if len(fields) != 1 {
			return fmt.Errorf("want USER[:GROUP]")
		}
		s.User = fields[0]
	case "ENTRYPOINT":
		if err := json.Unmarshal([]byte(in.rest), &s.Entrypoint); err != nil {
			return fmt.Errorf("want a JSON list, as there is no shell: %w", err)
		}
	default:
		return fmt.Errorf("cannot be built without a container builder")
	}
	return nil
}

// instructions splits a Dockerfile, without comments and empty lines.
func instructions(dockerfile io.Reader) ([]instruction, error) {
	var all []instruction
	var open *instruction
	scanner := bufio.NewScanner(dockerfile)
	for number := 1; scanner.Scan(); number++ {
		line := strings.TrimSpace(scanner.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue // also between the lines of one instruction
		}
		text, continued := strings.CutSuffix(line, "\\")
		text = strings.TrimSpace(text)
		if open == nil {
			name, rest, _ := strings.Cut(text, " ")
			all = append(all, instruction{line: number, name: strings.ToUpper(name), rest: strings.TrimSpace(rest)})
			open = &all[len(all)-1]
		} else {
			open.rest += " " + text
		}
		if !continued {
			open = nil
		}
	}
	if err := scanner.Err(); err != nil {
		return nil, fmt.Errorf("read the Dockerfile: %w", err)
	}
	return all, nil
}
