// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// The graph of the components: layers from left to right where there is room, and
// otherwise a list with arcs beside it.

import { h, svg } from './dom.js';
import { shape, tone } from './format.js';

const narrowBelow = 40; // rem

/** Graph draws one bundle's components and lets keys walk through them. */
export class Graph {
  #bundle = null;
  #nodes = new Map();
  #edges = [];
  #drawn = '';
  #current = '';
  #frame = 0;

  constructor(open) {
    this.open = open;
    this.element = h('div', { class: 'graph' });
    new ResizeObserver(() => {
      cancelAnimationFrame(this.#frame);
      this.#frame = requestAnimationFrame(() => { if (this.#bundle) this.show(this.#bundle, this.selected); });
    }).observe(this.element);
  }

  /** show draws anew what has moved, and otherwise changes only states. */
  show(bundle, selected) {
    if (this.#bundle?.name !== bundle.name) this.#current = '';
    this.#bundle = bundle;
    this.selected = selected;
    const place = JSON.stringify([bundle.name, bundle.graph, this.element.clientWidth, this.#rem()]);
    if (place !== this.#drawn && this.element.clientWidth > 0) {
      this.#drawn = place;
      this.#draw();
    }
    for (const component of bundle.components) this.#state(component, selected);
    this.#path();
    if (!this.#nodes.has(this.#current)) this.#current = this.#order()[0] ?? '';
    for (const [name, node] of this.#nodes) node.group.setAttribute('tabindex', name === this.#current ? '0' : '-1');
  }

  /** focus a component by its name. */
  focus(name) {
    if (!this.#nodes.has(name)) return;
    this.#current = name;
    for (const [other, node] of this.#nodes) node.group.setAttribute('tabindex', other === name ? '0' : '-1');
    this.#nodes.get(name).group.focus();
  }

  #rem() { return parseFloat(getComputedStyle(document.documentElement).fontSize); }

  #draw() {
    const had = this.element.contains(document.activeElement) ? document.activeElement.dataset.key : '';
    this.#nodes.clear();
    this.#edges = [];
    const rem = this.#rem();
    this.narrow = this.element.clientWidth < narrowBelow * rem;
    const plan = this.narrow ? this.#list(rem) : this.#layers(rem);
    const picture = svg('svg', {
      class: this.narrow ? 'dag narrow' : 'dag', width: plan.width, height: plan.height, viewBox: `0 0 ${plan.width} ${plan.height}`,
      role: 'group', 'aria-label': `Components of ${this.#bundle.name} in the order of their dependencies. Arrow keys walk, Enter opens.`,
    });
    picture.addEventListener('keydown', (e) => this.#key(e));
    picture.append(svg('defs', {}, svg('marker', { id: 'tip', viewBox: '0 0 8 8', refX: 7, refY: 4, markerWidth: 8, markerHeight: 8, markerUnits: 'userSpaceOnUse', orient: 'auto' },
      svg('path', { class: 'tip', d: 'M0 .8L7.4 4 0 7.2z' }))));
    const lines = svg('g', { class: 'edges', 'aria-hidden': 'true' });
    for (const edge of plan.edges) {
      const path = svg('path', { d: edge.d, 'marker-end': 'url(#tip)' });
      this.#edges.push({ ...edge, path });
      lines.append(path);
    }
    picture.append(lines);
    for (const text of plan.labels ?? []) picture.append(svg('text', { class: 'label', x: text.x, y: text.y }, text.text));
    this.element.replaceChildren(picture);
    for (const box of plan.boxes) this.#node(picture, box, rem);
    if (had) this.element.querySelector(`[data-key="${CSS.escape(had)}"]`)?.focus({ preventScroll: true });
  }

  /** Layers: a column each, as wide as there is room. */
  #layers(rem) {
    const { graph } = this.#bundle;
    const pad = rem / 2, row = 3.9 * rem, high = 3.05 * rem;
    const columns = Math.max(1, graph.layers);
    const room = this.element.clientWidth - 2 * pad;
    const gap = Math.min(6.5 * rem, Math.max(2.75 * rem, (room - columns * 13 * rem) / Math.max(1, columns - 1)));
    const wide = Math.min(16.5 * rem, Math.max(9.75 * rem, (room - (columns - 1) * gap) / columns));
    const x = (layer) => pad + layer * (wide + gap);
    const y = (at) => pad + at * row;
    const boxes = (graph.nodes ?? []).map((n) => ({ name: n.name, layer: n.layer, x: x(n.layer), y: y(n.y) - high / 2, wide, high }));
    const at = new Map(boxes.map((b) => [b.name, b]));
    const edges = (graph.edges ?? []).map((e) => {
      const from = at.get(e.from), to = at.get(e.to);
      let d = `M${from.x + wide} ${from.y + high / 2}`, px = from.x + wide, py = from.y + high / 2;
      const curve = (nx, ny) => { const bend = (nx - px) / 2; d += `C${px + bend} ${py} ${nx - bend} ${ny} ${nx} ${ny}`; px = nx; py = ny; };
      (e.via ?? []).forEach((height, i) => {
        const left = x(from.layer + 1 + i);
        curve(left, y(height));
        d += `H${left + wide}`;
        px = left + wide;
      });
      curve(to.x - 1, to.y + high / 2);
      return { from: e.from, to: e.to, d };
    });
    const labels = [];
    const alone = graph.alone ?? [];
    let width = boxes.length ? x(columns - 1) + wide + pad : 0, bottom = pad + graph.height * row;
    if (alone.length > 0) {
      // Beside the layers where there is room, and otherwise below.
      const between = rem, right = boxes.length ? width + 2.5 * rem : pad;
      const beside = Math.floor((this.element.clientWidth - pad - right + between) / (wide + between));
      const isBeside = boxes.length > 0 && beside > 0 && Math.ceil(alone.length / beside) <= Math.max(graph.height, 6);
      const left = isBeside ? right : pad, per = isBeside ? Math.min(beside, Math.ceil(alone.length / Math.max(1, Math.floor(graph.height)))) : Math.max(1, Math.floor((room + between) / (wide + between)));
      let top = isBeside || boxes.length === 0 ? pad : bottom + 0.6 * rem;
      if (boxes.length > 0) {
        labels.push({ x: left, y: top + 0.9 * rem, text: 'On their own' });
        top += 1.5 * rem;
      }
      alone.forEach((name, i) => {
        const at = left + (i % per) * (wide + between);
        boxes.push({ name, layer: i % per, x: at, y: top + Math.floor(i / per) * row, wide, high, alone: true });
        width = Math.max(width, at + wide + pad);
      });
      bottom = Math.max(bottom, top + Math.ceil(alone.length / per) * row);
    }
    return { boxes, edges, labels, width: Math.ceil(width), height: Math.ceil(bottom + pad / 2) };
  }

  /** A list in the order of the layers; arcs on the left say who waits for whom. */
  #list(rem) {
    const { graph } = this.#bundle;
    const gutter = 2.6 * rem, row = 3.7 * rem, high = 3.2 * rem, width = this.element.clientWidth;
    const names = [...(graph.nodes ?? [])].sort((a, b) => a.layer - b.layer || a.y - b.y).map((n) => n.name).concat(graph.alone ?? []);
    const left = graph.edges?.length ? gutter : 2;
    const boxes = names.map((name, i) => ({ name, layer: 0, x: left, y: 4 + i * row, wide: width - left - 3, high }));
    const at = new Map(boxes.map((b) => [b.name, b]));
    const edges = (graph.edges ?? []).map((e) => {
      const y1 = at.get(e.from).y + high * 0.62, y2 = at.get(e.to).y + high * 0.38;
      const bend = Math.min(gutter * 1.25, 0.7 * rem + 0.22 * rem * ((y2 - y1) / row));
      return { from: e.from, to: e.to, d: `M${left} ${y1}C${left - bend} ${y1} ${left - bend} ${y2} ${left - 1} ${y2}` };
    });
    return { boxes, edges, width, height: Math.ceil(names.length * row + 6) };
  }

  #node(picture, box, rem) {
    const { name, x, y, wide, high } = box;
    const size = 1.45 * rem, inset = 0.75 * rem;
    const mark = svg('path', { class: 'mark' });
    const title = svg('text', { class: 'name', x: inset + size + 0.6 * rem, y: high / 2 - 0.22 * rem });
    const sub = svg('text', { class: 'sub', x: inset + size + 0.6 * rem, y: high / 2 + 0.98 * rem });
    const hint = svg('title', {});
    const warn = svg('g', { class: 'warn', transform: `translate(${wide - 1.55 * rem} ${high / 2 - 0.5 * rem}) scale(${rem / 16})` },
      svg('path', { d: 'M8 1.6L15.2 14.4H.8z' }), svg('path', { class: 'bang', d: 'M8 6v4M8 12.2h.01' }));
    const group = svg('g', {
      class: 'node', transform: `translate(${x} ${y})`, role: 'button', tabindex: '-1', 'data-key': `node ${name}`, 'data-name': name,
      onclick: () => { this.#current = name; this.open(name); },
      onfocus: () => this.#near(name), onblur: () => this.#near(''),
      onpointerenter: () => this.#near(name), onpointerleave: () => this.#near(''),
    },
    hint,
    svg('rect', { class: 'ring', x: -3, y: -3, width: wide + 6, height: high + 6, rx: 11 }),
    svg('rect', { class: 'box', width: wide, height: high, rx: 8 }),
    svg('g', { class: 'icon', transform: `translate(${inset} ${(high - size) / 2}) scale(${size / 16})` },
      svg('circle', { class: 'disc', cx: 8, cy: 8, r: 7.5 }), mark),
    title, sub, warn);
    picture.append(group);
    this.#nodes.set(name, { group, mark, title, sub, hint, warn, box, room: wide - inset - size - 0.6 * rem - 0.6 * rem, rem });
  }

  #state(component, selected) {
    const node = this.#nodes.get(component.name);
    if (!node) return;
    const now = JSON.stringify([component.state, component.version, component.message, component.critical, component.warns, component.dependsOn, selected === component.name]);
    if (node.now === now) return;
    node.now = now;
    const kind = tone(component.state);
    node.group.setAttribute('class', `node ${kind}${component.critical ? ' critical' : ''}${selected === component.name ? ' selected' : ''}`);
    node.mark.setAttribute('d', shape(component.state));
    node.warn.setAttribute('visibility', component.warns ? 'visible' : 'hidden');
    const room = node.room - (component.warns ? 1.1 * node.rem : 0);
    fit(node.title, component.name, room);
    fit(node.sub, [component.state, component.version].filter(Boolean).join(' · '), room);
    const words = [component.name, component.state, component.version, component.message,
      component.dependsOn?.length ? `waits for ${component.dependsOn.join(', ')}` : '', component.critical ? 'on the critical path' : ''];
    node.group.setAttribute('aria-label', words.filter(Boolean).join(', '));
    node.group.setAttribute('aria-expanded', String(selected === component.name));
    node.hint.textContent = [component.name, component.message].filter(Boolean).join(': ');
  }

  /** The edges of the critical path, on top of the others. */
  #path() {
    const steps = (this.#bundle.summary?.path ?? []).map((s) => s.component);
    const pairs = new Set(steps.slice(1).map((to, i) => `${steps[i]} ${to}`));
    for (const edge of this.#edges) {
      const critical = pairs.has(`${edge.from} ${edge.to}`);
      edge.path.classList.toggle('critical', critical);
      if (critical) edge.path.parentNode.append(edge.path);
    }
  }

  /** The edges and neighbours of a component stand out while it is looked at. */
  #near(name) {
    const around = new Set([name]);
    for (const edge of this.#edges) {
      const touches = name !== '' && (edge.from === name || edge.to === name);
      edge.path.classList.toggle('near', touches);
      edge.path.classList.toggle('far', name !== '' && !touches);
      if (touches) around.add(edge.from).add(edge.to);
    }
    for (const [other, node] of this.#nodes) node.group.classList.toggle('around', name !== '' && around.has(other) && other !== name);
  }

  #order() { return [...this.#nodes.values()].map((n) => n.box).sort((a, b) => a.x - b.x || a.y - b.y).map((b) => b.name); }

  #key(event) {
    const name = event.target.closest('.node')?.dataset.name;
    if (!name || event.ctrlKey || event.metaKey || event.altKey) return;
    const next = this.#next(name, event.key);
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      this.#current = name;
      this.open(name);
    } else if (next !== undefined) {
      event.preventDefault();
      if (next) this.focus(next);
    }
  }

  /** Left and right follow edges, up and down stay in the column; undefined is another key. */
  #next(name, key) {
    const here = this.#nodes.get(name).box;
    const boxes = [...this.#nodes.values()].map((n) => n.box);
    const nearest = (list) => list.sort((a, b) => Math.abs(a.y - here.y) - Math.abs(b.y - here.y) || Math.abs(a.x - here.x) - Math.abs(b.x - here.x))[0]?.name ?? '';
    const along = (own, other) => this.#edges.filter((e) => e[own] === name).map((e) => this.#nodes.get(e[other]).box);
    const beside = (side) => boxes.filter((b) => !b.alone === !here.alone && (b.x - here.x) * side > 1);
    const column = boxes.filter((b) => Math.abs(b.x - here.x) < 2);
    const closest = (side) => { const xs = beside(side).map((b) => b.x); const x = side > 0 ? Math.min(...xs) : Math.max(...xs); return nearest(beside(side).filter((b) => b.x === x)); };
    switch (key) {
      case 'ArrowUp': return nearest(column.filter((b) => b.y < here.y));
      case 'ArrowDown': return nearest(column.filter((b) => b.y > here.y));
      case 'ArrowLeft': return nearest(along('to', 'from')) || closest(-1);
      case 'ArrowRight': return nearest(along('from', 'to')) || closest(1);
      case 'Home': return this.#order()[0];
      case 'End': return this.#order().at(-1);
    }
    return undefined;
  }
}

/** fit writes a text and cuts it where the room ends. */
function fit(element, text, room) {
  element.textContent = text;
  const long = element.getComputedTextLength();
  if (long <= room || long === 0) return;
  let keep = Math.max(1, Math.floor(text.length * room / long));
  do {
    element.textContent = `${text.slice(0, keep).trimEnd()}…`;
  } while (--keep > 1 && element.getComputedTextLength() > room);
}
