// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// The panel of one component.

import { command, h, keep } from './dom.js';
import { clock, duration, icon, moment } from './format.js';
import { bar, legend, segments, sentence, span } from './gantt.js';

/** Panel shows a component beside the graph, or over it where there is no room. */
export class Panel {
  #shown = '';
  #read = '';
  #detail = null;
  #trouble = '';
  #filter = '';
  #kind = '';
  #drawn = '';

  constructor(element, { headers, close, open }) {
    Object.assign(this, { element, headers, close, open });
    element.addEventListener('keydown', (e) => {
      if (e.key === 'Escape') {
        e.stopPropagation();
        close();
      }
    });
  }

  hide() {
    this.element.hidden = true;
    this.#shown = this.#read = this.#drawn = '';
    this.#detail = null;
  }

  /** show draws what is known at once, and the details when they are there. */
  show(bundle, component) {
    const key = `${bundle.name}/${component.name}`;
    const fresh = this.#shown !== key;
    if (fresh) {
      Object.assign(this, { bundle: null });
      this.#shown = key;
      this.#detail = null;
      this.#trouble = this.#read = this.#filter = this.#kind = this.#drawn = '';
    }
    this.bundle = bundle;
    this.component = component;
    this.element.hidden = false;
    this.#draw();
    if (fresh) {
      this.element.scrollTop = 0;
      this.element.focus({ preventScroll: true });
    }
    this.#fetch(`${key} ${component.revision ?? ''} ${component.state}`, bundle.name, component.name);
  }

  async #fetch(read, bundle, component) {
    if (this.#read === read) return;
    this.#read = read;
    const query = new URLSearchParams({ bundle, component });
    try {
      const response = await fetch(`component?${query}`, { headers: this.headers(), cache: 'no-store' });
      if (this.#read !== read) return; // something newer is on its way
      if (!response.ok) throw new Error((await response.text()).trim() || `the operator answered ${response.status}`);
      this.#detail = await response.json();
      this.#trouble = '';
    } catch (error) {
      if (this.#read !== read) return;
      this.#trouble = error.message;
      this.#read = '';
    }
    this.#draw();
  }

  #draw() {
    const now = JSON.stringify([this.component, this.#detail, this.#trouble, this.#needed(), this.bundle.name,
      this.bundle.warnings?.filter((w) => w.component === this.component.name)]);
    if (now === this.#drawn) return;
    this.#drawn = now;
    const list = this.element.querySelector('.values');
    const scrolled = list?.scrollTop ?? 0;
    keep(this.element, this.#head(), this.#body());
    this.#values();
    const after = this.element.querySelector('.values');
    if (after) after.scrollTop = scrolled;
  }

  #head() {
    const c = this.component;
    return h('header', {}, icon(c.state),
      h('div', { class: 'grow' }, h('h2', { id: 'panel-title' }, this.#detail?.title || c.name),
        h('p', { class: 'muted' }, [this.#detail?.title && this.#detail.title !== c.name ? c.name : '', c.version].filter(Boolean).join(' · '))),
      h('button', { type: 'button', class: 'close', 'data-key': 'close', 'aria-label': 'Close', onclick: () => this.close() }, '✕'));
  }

  #body() {
    const c = this.component, d = this.#detail;
    const warnings = (this.bundle.warnings ?? []).filter((w) => w.component === c.name);
    return [
      h('p', { class: `verdict ${icon(c.state).classList[1]}` }, h('strong', {}, c.state), c.message ? `: ${c.message}` : c.reason && c.reason !== c.state ? `: ${c.reason}` : ''),
      d?.failure && !c.message?.includes(d.failure) && h('p', { class: 'note failed' }, d.failure),
      warnings.map((w) => h('p', { class: 'note held' }, w.text)),
      d?.description && h('p', { class: 'about' }, d.description, ' ', d.homepage && h('span', { class: 'muted' }, d.homepage)),
      this.#links('Waits for', c.dependsOn),
      this.#links('Needed by', this.#needed()),
      c.stages && segments(c.stages).length > 0 && this.#stages(c.stages),
      this.#trouble && h('p', { class: 'note failed', role: 'alert' }, `The details cannot be read: ${this.#trouble}`),
      !d && !this.#trouble && h('div', { class: 'ghost', role: 'status' }, h('span', { class: 'unseen' }, 'Reading the details'), h('i'), h('i'), h('i')),
      d && this.#details(d),
    ];
  }

  #needed() {
    return this.bundle.components.filter((c) => c.dependsOn?.includes(this.component.name)).map((c) => c.name);
  }

  #links(label, names) {
    if (!names?.length) return undefined;
    const states = new Map(this.bundle.components.map((c) => [c.name, c.state]));
    return h('div', { class: 'links' }, h('span', { class: 'muted' }, label),
      names.map((name) => h('button', { type: 'button', class: 'chip', 'data-key': `link ${label} ${name}`, onclick: () => this.open(name) }, icon(states.get(name)), name)));
  }

  #stages(stages) {
    const { from, to } = span([stages]);
    return h('section', {}, h('h3', {}, 'Newest change', h('span', { class: 'muted right' }, duration(to - from))),
      bar(stages, from, to), h('p', { class: 'small' }, `${sentence(stages)}.`), legend());
  }

  #details(d) {
    return [
      d.values?.length > 0 && h('section', {}, h('h3', {}, 'Effective values', h('span', { class: 'muted right' }, `${d.values.length}`)),
        h('div', { class: 'sift' }),
        h('div', { class: 'values', tabindex: '0', role: 'region', 'aria-label': 'Effective values', 'data-key': 'values' })),
      d.values?.length === 0 && h('p', { class: 'muted' }, 'The chart is installed with its own defaults.'),
      (d.notes ?? []).map((note) => h('p', { class: 'note held' }, note)),
      d.conditions?.length > 0 && h('section', {}, h('h3', {}, 'Conditions'), h('ul', { class: 'conditions' }, d.conditions.map(condition))),
      d.history?.length > 0 && h('section', {}, h('h3', {}, 'Helm history'), h('table', {},
        h('thead', {}, h('tr', {}, ['Revision', 'Status', 'When', ''].map((t) => h('th', { scope: 'col' }, t)))),
        h('tbody', {}, d.history.map((r) => h('tr', {}, h('td', {}, `${r.number}`), h('td', {}, r.status), h('td', {}, moment(r.changed)),
          h('td', { class: 'muted' }, [r.note, r.digest].filter(Boolean).join(' · '))))))),
      d.facts?.length > 0 && h('section', {}, h('h3', {}, 'Release'), h('dl', {}, d.facts.map((f) => [h('dt', {}, f.name), h('dd', {}, f.value)]))),
      d.commands?.length > 0 && h('section', {}, h('h3', {}, 'Look closer'), d.commands.map((c) => command(c))),
    ];
  }

  /** The values and what they are sifted by; drawn apart, because typing draws them anew. */
  #values() {
    const list = this.element.querySelector('.values'), sift = this.element.querySelector('.sift');
    if (!list) return;
    const all = this.#detail.values;
    const present = ['catalog', 'wiring', 'configmap', 'secret', 'values'].filter((k) => all.some((v) => v.kind === k));
    const labels = { catalog: 'Catalog', wiring: 'Wiring', configmap: 'ConfigMap', secret: 'Secret', values: 'Values' };
    const input = h('input', { type: 'search', placeholder: 'Filter', 'aria-label': 'Filter values', 'data-key': 'filter', value: this.#filter });
    input.addEventListener('input', () => { this.#filter = input.value; this.#rows(list); });
    keep(sift, input, present.length > 1 && present.map((k) => h('button', {
      type: 'button', class: `chip source ${k}`, 'aria-pressed': String(this.#kind === k), 'data-key': `kind ${k}`,
      onclick: () => { this.#kind = this.#kind === k ? '' : k; this.#values(); },
    }, labels[k])));
    this.#rows(list);
  }

  #rows(list) {
    const wanted = this.#filter.toLowerCase();
    const rows = this.#detail.values.filter((v) => (!this.#kind || v.kind === this.#kind) && `${v.path} ${v.value}`.toLowerCase().includes(wanted));
    list.replaceChildren(...rows.map((v) => h('div', { class: 'value' },
      h('code', { class: 'path' }, ...breakable(v.path)),
      v.masked && v.value === '••••••' ? h('span', { class: 'masked', title: 'Not shown: it is secret, or may be' }, h('span', { 'aria-hidden': 'true' }, v.value), h('span', { class: 'unseen' }, 'hidden')) : h('code', { class: 'what' }, v.value),
      h('span', { class: `source ${v.kind}` }, v.source))));
    if (rows.length === 0) list.append(h('p', { class: 'muted' }, 'No value matches.'));
  }
}

/** breakable lets a path break after its dots. */
const breakable = (path) => path.split(/(?<=\.)/).flatMap((part) => [part, document.createElement('wbr')]);

function condition(c) {
  return h('li', {}, h('strong', {}, c.type), ' ', h('span', { class: `status ${c.status.toLowerCase()}` }, c.status),
    h('span', { class: 'muted right' }, `for ${duration(clock.now() - Date.parse(c.since))}`),
    h('p', { class: 'small' }, [c.reason, c.message].filter(Boolean).join(': ')));
}
