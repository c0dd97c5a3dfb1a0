// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// The stages of changes as bars.

import { h } from './dom.js';
import { clock, duration } from './format.js';

const kinds = [
  ['prepare', 'fetched and checked'],
  ['gate', 'waited for others'],
  ['helm', 'Helm'],
  ['hooks', 'hooks'],
  ['objects', 'objects became ready'],
];

const time = (text) => (text ? Date.parse(text) : undefined);

/** segments of a change, in their order: kind, begin and end. What goes on ends now. */
export function segments(stages) {
  const t = {};
  for (const name of ['queued', 'prepared', 'approved', 'began', 'released', 'ready']) t[name] = time(stages[name]);
  const out = [];
  let last = t.queued ?? t.approved ?? t.began;
  const add = (kind, end) => {
    if (last === undefined || end === undefined) return;
    if (end > last) out.push({ kind, from: last, to: end });
    last = Math.max(last, end);
  };
  const now = clock.now();
  add('prepare', t.prepared);
  add('gate', t.began ?? t.approved);
  if (t.began !== undefined) {
    const end = t.released ?? (t.ready === undefined ? now : undefined);
    const hooks = Math.min(stages.hooksMs ?? 0, (end ?? last) - last);
    if (end !== undefined) add('helm', end - hooks);
    add('hooks', end);
  }
  add('objects', t.ready ?? (t.released !== undefined ? now : undefined));
  if (t.ready === undefined && t.began === undefined) add(t.prepared === undefined ? 'prepare' : 'gate', now);
  return out;
}

const names = Object.fromEntries(kinds);

/** sentence says the same as the bars. */
export function sentence(stages) {
  const parts = segments(stages).map((s) => {
    const gated = s.kind === 'gate' && stages.gatedBy?.length ? `waited for ${stages.gatedBy.join(', ')}` : names[s.kind];
    return `${gated} ${duration(s.to - s.from)}`;
  });
  return parts.join(', ');
}

/** unfinished says that a bar still grows. */
export const unfinished = (stages) => stages !== undefined && stages.ready === undefined;

/** bar draws a change between two times. */
export function bar(stages, from, to) {
  const track = h('div', { class: 'track', role: 'img', 'aria-label': sentence(stages) });
  for (const s of segments(stages)) {
    const piece = h('i', { class: `piece ${s.kind}`, title: `${names[s.kind]}: ${duration(s.to - s.from)}` });
    piece.style.left = `${(100 * (s.from - from)) / (to - from)}%`;
    piece.style.width = `${(100 * (s.to - s.from)) / (to - from)}%`;
    track.append(piece);
  }
  return track;
}

/** legend names the colours. */
export function legend() {
  return h('ul', { class: 'legend', 'aria-label': 'Colours of the stages' },
    kinds.map(([kind, name]) => h('li', {}, h('i', { class: `piece ${kind}`, 'aria-hidden': 'true' }), name)));
}

/** span is the time from the first to the last of some changes. */
export function span(list) {
  const all = list.flatMap((stages) => segments(stages));
  const from = Math.min(...all.map((s) => s.from)), to = Math.max(...all.map((s) => s.to));
  return { from, to: Math.max(to, from + 100) };
}

/** ticks are round times of an axis. */
function ticks(ms, room) {
  const steps = [100, 200, 500, 1e3, 2e3, 5e3, 1e4, 3e4, 6e4, 3e5, 6e5, 36e5, 216e5, 864e5];
  const step = steps.find((s) => ms / s <= room) ?? ms;
  return Array.from({ length: Math.floor(ms / step) + 1 }, (_, i) => i * step);
}

/** newest are the components that the newest change touched, in the order in which they began. */
export function newest(components) {
  const timed = components.filter((c) => c.stages && segments(c.stages).length > 0);
  const generation = Math.max(...timed.map((c) => c.stages.generation ?? 0));
  const began = (c) => time(c.stages.began) ?? Infinity;
  return timed.filter((c) => (c.stages.generation ?? 0) === generation)
    .sort((a, b) => began(a) - began(b) || a.name.localeCompare(b.name));
}

/** chart draws the newest change of a bundle, a line for each component. */
export function chart(components, width, open) {
  const list = newest(components);
  if (list.length === 0) return undefined;
  const { from, to } = span(list.map((c) => c.stages));
  const axis = h('div', { class: 'axis', 'aria-hidden': 'true' });
  for (const at of ticks(to - from, width < 700 ? 4 : 9)) {
    const tick = h('span', {}, at === 0 ? '0' : duration(at).replace('.0 s', ' s').replace(' min 0 s', ' min'));
    tick.style.left = `${(100 * at) / (to - from)}%`;
    axis.append(tick);
  }
  return h('div', { class: 'chart' },
    h('div', { class: 'line head' }, h('span', {}), axis, h('span', {})),
    list.map((c) => h('div', { class: `line${c.critical ? ' critical' : ''}` },
      h('button', { type: 'button', class: 'who', 'data-key': `line ${c.name}`, onclick: () => open(c.name) }, c.name),
      bar(c.stages, from, to),
      h('span', { class: 'took' }, duration((time(c.stages.ready) ?? clock.now()) - (time(c.stages.queued) ?? from))))),
    legend());
}
