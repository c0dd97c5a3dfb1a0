// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

import { svg } from './dom.js';

/** tones say how a state looks; each has a shape of its own, not only a colour. */
const tones = {
  Ready: 'ready', Installing: 'working', Upgrading: 'working', Progressing: 'working', Preparing: 'waiting', Waiting: 'waiting',
  Failed: 'failed', Held: 'held', Suspended: 'paused', Removing: 'removing', Stalled: 'failed', Awaiting: 'held',
};

export const tone = (state) => tones[state] ?? 'waiting';

const shapes = {
  ready: 'M4.2 8.4l2.6 2.6 5-5.6',
  working: 'M8 3.2a4.8 4.8 0 1 1-4.8 4.8',
  waiting: 'M4.4 8h.01M8 8h.01M11.6 8h.01',
  failed: 'M5 5l6 6M11 5l-6 6',
  held: 'M8 4v5M8 11.8h.01',
  paused: 'M6.2 5v6M9.8 5v6',
  removing: 'M4.6 8h6.8',
};

/** shape is the path of a state's icon in a box of 16 by 16. */
export const shape = (state) => shapes[tone(state)];

/** icon is a state as a picture; the words beside it say the same. */
export function icon(state) {
  return svg('svg', { class: `icon ${tone(state)}`, viewBox: '0 0 16 16', 'aria-hidden': 'true' },
    svg('circle', { class: 'disc', cx: 8, cy: 8, r: 7.5 }), svg('path', { class: 'mark', d: shape(state) }));
}

/** duration reads as people say it: 0.4 s, 12 s, 3 min 20 s, 2 h 5 min, 3 days. */
export function duration(ms) {
  const s = Math.max(0, ms) / 1000;
  if (s < 9.95) return `${s.toFixed(1)} s`;
  if (s < 60) return `${Math.round(s)} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${Math.round(s % 60)} s`;
  if (s < 2 * 86400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86400)} days`;
}

const sameDay = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const otherDay = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** moment is a time of today, or a date with its time. */
export function moment(text) {
  const at = new Date(text);
  if (Number.isNaN(at.valueOf()) || at.getFullYear() < 1971) return '';
  return at.toDateString() === new Date().toDateString() ? sameDay.format(at) : otherDay.format(at);
}

/** clock knows how far the server's clock is ahead of this one. */
export const clock = {
  ahead: 0,
  set(text) { this.ahead = Date.parse(text) - Date.now(); },
  now() { return Date.now() + this.ahead; },
};
