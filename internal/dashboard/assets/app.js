// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// The page: it shows the newest snapshot, and remembers only what is looked at. That
// is in the address: #/bundle/component.

import { command, h, keep, memo } from './dom.js';
import { clock, duration, icon, moment, tone } from './format.js';
import { chart, newest, unfinished } from './gantt.js';
import { Graph } from './graph.js';
import { Panel } from './panel.js';
import { Stream } from './stream.js';

const $ = (id) => document.getElementById(id);
const once = memo();
let view = null;
let trouble = '';
let link = 'connecting';
let attempts = 0; // to sign in
let since = 0; // when the connection was lost
let states = new Map();

const stream = new Stream('events', {
  event(name, data) {
    if (name === 'time') clock.set(data);
    else if (name === 'trouble') trouble = data;
    else if (name === 'snapshot') {
      trouble = '';
      view = JSON.parse(data);
      announce();
    }
    draw();
  },
  state(now) {
    if (now === 'unauthorized' || now === 'forbidden') attempts++;
    else if (now === link) return;
    if (now !== 'live' && link === 'live') since = Date.now();
    link = now;
    draw();
  },
});

const graph = new Graph((name) => go(bundle().name, name));
const panel = new Panel($('panel'), {
  headers: () => stream.headers,
  close() {
    const was = where().component;
    go(bundle().name);
    graph.focus(was);
  },
  open: (name) => go(bundle().name, name),
});

function where() {
  const [bundle = '', component = ''] = location.hash.startsWith('#/') ? location.hash.slice(2).split('/').map(decodeURIComponent) : [];
  return { bundle, component };
}

function go(bundle, component) {
  const hash = `#/${encodeURIComponent(bundle)}${component ? `/${encodeURIComponent(component)}` : ''}`;
  if (hash !== location.hash) history.pushState(null, '', hash);
  draw();
}

const bundle = () => view?.bundles.find((b) => b.name === where().bundle) ?? view?.bundles[0];

/** announce says to those who do not see what has changed. */
function announce() {
  const now = new Map(view.bundles.flatMap((b) => b.components.map((c) => [`${b.name}/${c.name}`, c])));
  const changed = [...now].filter(([key, c]) => states.size > 0 && states.get(key) !== c.state).map(([, c]) => `${c.name}: ${c.state}`);
  states = new Map([...now].map(([key, c]) => [key, c.state]));
  if (changed.length > 0) $('say').textContent = changed.slice(0, 5).join(', ') + (changed.length > 5 ? ` and ${changed.length - 5} more` : '');
}

function draw() {
  once('link', [link, trouble !== ''], drawLink);
  notices();
  const chosen = bundle();
  once('nav', [view?.bundles.map((b) => [b.name, b.state, b.ready]), chosen?.name], () => drawNav(chosen));
  if (link === 'unauthorized' || link === 'forbidden') return once('main', [link, attempts], drawSignIn);
  if (!view) return once('main', 'loading', drawLoading);
  if (!chosen) return once('main', ['empty', view.version], drawEmpty);
  once('main', ['bundle'], drawFrame);
  drawBundle(chosen);
  return undefined;
}

function drawLink() {
  const words = { connecting: 'Connecting', live: 'Live', lost: 'Connection lost', full: 'Too many pages', unauthorized: 'Signed out', forbidden: 'No access' };
  const kind = link === 'live' ? (trouble ? 'held' : 'ready') : link === 'connecting' ? 'waiting' : 'failed';
  keep($('link'), h('i', { class: `dot ${kind}`, 'aria-hidden': 'true' }), words[link]);
}

function notices() {
  const list = [];
  if (link === 'lost' || link === 'full') {
    const why = link === 'full' ? 'Too many pages look at the operator at the moment.' : view ? 'The operator does not answer.' : 'The operator cannot be reached.';
    list.push(['failed', `${why} ${view ? `This is what was known at ${moment(new Date(since || Date.now()))}. ` : ''}Trying again.`]);
  }
  if (trouble && link === 'live') list.push(['held', `The operator cannot read the cluster: ${trouble}. Trying again.`]);
  once('notices', list, () => {
    keep($('notices'), list.map(([kind, text]) => h('p', { class: `banner ${kind}`, role: 'alert' }, text)));
    document.body.classList.toggle('stale', list.length > 0);
  });
}

function drawNav(chosen) {
  const list = view?.bundles ?? [];
  keep($('bundles'), list.map((b) => h('a', {
    href: `#/${encodeURIComponent(b.name)}`, class: 'tab', 'aria-current': b.name === chosen?.name ? 'page' : undefined, 'data-key': `bundle ${b.name}`,
  }, icon(b.state), h('span', {}, b.name), b.ready && h('span', { class: 'count' }, b.ready), h('span', { class: 'unseen' }, b.state))));
  $('bundles').querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  document.title = chosen ? `${chosen.name} ${chosen.ready ?? ''} ${chosen.state} · Groundwork` : 'Groundwork';
}

function drawLoading() {
  keep($('main'), h('div', { class: 'card ghost', role: 'status' }, h('span', { class: 'unseen' }, 'Reading the cluster'),
    h('i', { class: 'wide' }), h('i'), h('i', { class: 'tall' })));
}

function drawEmpty() {
  panel.hide();
  keep($('main'), h('div', { class: 'card plain' }, h('h1', {}, 'No platform yet'),
    h('p', {}, 'This cluster has no PlatformBundle. Apply one, and it appears here by itself:'),
    command('kubectl apply -f config/samples/minimal.yaml'),
    h('p', { class: 'muted' }, 'A bundle lists components by name; chart, version, order and defaults come from the catalog.')));
}

function drawSignIn() {
  panel.hide();
  const denied = link === 'forbidden';
  const refused = !denied && stream.headers.Authorization !== undefined;
  const input = h('input', { id: 'token', type: 'password', autocomplete: 'off', spellcheck: 'false', required: true });
  const form = h('form', { class: 'signin' }, h('label', { for: 'token' }, 'Bearer token'), input, h('button', { type: 'submit', class: 'primary' }, 'Look'));
  form.addEventListener('submit', (e) => {
    e.preventDefault();
    if (input.value.trim()) stream.signIn(input.value);
    input.value = '';
  });
  keep($('main'), h('div', { class: 'card plain' },
    h('h1', {}, denied ? 'You may not look at this' : 'Who are you?'),
    h('p', {}, denied ? 'The cluster knows you, and nobody has given you the dashboard. Somebody who may can do that:'
      : 'The dashboard asks the cluster who you are. A token for a ServiceAccount that may look:'),
    command(denied ? 'kubectl create clusterrolebinding dashboard-viewer --clusterrole=groundwork-dashboard-viewer --serviceaccount=<namespace>:<name>'
      : 'kubectl create token <name> -n <namespace> --duration=8h'),
    refused && h('p', { class: 'note failed', role: 'alert' }, 'The cluster did not take that token: it has ended, was not copied whole, or the API server does not answer.'),
    form, h('p', { class: 'muted' }, 'It is kept in this page only, and gone when you close or reload it.')));
  input.focus();
}

/** The parts of a bundle; each is filled when its data change. */
function drawFrame() {
  keep($('main'), h('section', { id: 'summary', class: 'card', 'aria-label': 'Summary' }), h('section', { id: 'plan', class: 'card', hidden: true, 'aria-label': 'Plan' }),
    h('section', { class: 'card', 'aria-labelledby': 'graph-title' }, h('div', { class: 'title' }, h('h2', { id: 'graph-title' }, 'Components'), h('ul', { id: 'counts', class: 'counts' })), graph.element, h('p', { id: 'bare', class: 'muted', hidden: true })),
    h('section', { id: 'timeline', class: 'card', hidden: true, 'aria-label': 'Timeline' }));
  for (const key of ['summary', 'plan', 'counts', 'timeline']) once(key, null, () => {});
}

function drawBundle(b) {
  const chosen = b.components.find((c) => c.name === where().component);
  document.body.classList.toggle('opened', chosen !== undefined);
  once('summary', { ...b, components: b.components.map((c) => c.state), graph: 0, plan: 0 }, () => drawSummary(b));
  once('plan', [b.name, b.plan, b.nextWindow], () => drawPlan(b));
  once('counts', b.components.map((c) => c.state), () => drawCounts(b));
  $('bare').hidden = b.components.length > 0;
  $('bare').textContent = b.behind ? 'The operator has not looked at this bundle yet.' : 'The bundle lists no components.';
  graph.element.hidden = b.components.length === 0;
  graph.show(b, chosen?.name);
  once('timeline', [b.name, b.components.map((c) => [c.name, c.stages, c.critical]), b.summary, innerWidth < 700], () => drawTimeline(b));
  if (chosen) panel.show(b, chosen);
  else panel.hide();
}

function drawSummary(b) {
  const badge = (text, kind) => h('span', { class: `badge ${kind ?? ''}` }, text);
  const cells = h('div', { class: 'cells', 'aria-hidden': 'true' }, [...b.components].sort((x, y) => rank(x) - rank(y)).map((c) => h('i', { class: tone(c.state) })));
  keep($('summary'), h('div', { class: 'title' }, icon(b.state), h('h1', {}, b.name), b.ready && h('strong', { class: 'ready' }, `${b.ready} ready`),
    h('span', { class: 'badges' }, badge(b.state, tone(b.state)), b.catalog && badge(`catalog ${b.catalog}`), b.newerCatalog && badge(`catalog ${b.newerCatalog} is there`, 'held'),
      b.approval === 'Manual' && badge('manual approval'), b.behind && badge('newest spec not looked at yet', 'held'))),
  cells, b.message && h('p', { class: 'message' }, b.message),
  (b.conditions ?? []).map((c) => h('p', { class: `note ${c.type === 'Maintained' ? 'held' : 'failed'}` }, h('strong', {}, `${c.type}: `), c.message)),
  b.warnings?.length > 0 && h('details', { class: 'warnings', 'data-key': 'warnings', open: $('summary').querySelector('details')?.open },
    h('summary', {}, `${b.warnings.length} ${b.warnings.length === 1 ? 'warning' : 'warnings'}`),
    h('ul', {}, b.warnings.map((w) => h('li', {}, w.component && h('strong', {}, `${w.component}: `), w.text)))));
}

const ranks = ['ready', 'working', 'waiting', 'held', 'failed', 'paused', 'removing'];
const rank = (c) => ranks.indexOf(tone(c.state));

function drawCounts(b) {
  const counts = new Map();
  for (const c of [...b.components].sort((x, y) => rank(x) - rank(y))) counts.set(c.state, (counts.get(c.state) ?? 0) + 1);
  keep($('counts'), [...counts].map(([state, n]) => h('li', {}, icon(state), `${n} ${state}`)));
}

function drawPlan(b) {
  $('plan').hidden = !b.plan;
  if (!b.plan) return keep($('plan'));
  const { plan } = b;
  const heading = { approval: 'A plan awaits approval', window: 'A plan waits for the maintenance window', '': 'A plan is being carried out' }[plan.waits];
  return keep($('plan'), h('div', { class: 'title' }, icon(plan.waits ? 'Awaiting' : 'Progressing'), h('h2', {}, heading), h('span', { class: 'badges' }, h('span', { class: 'badge' }, plan.summary), h('code', { class: 'badge' }, plan.digest))),
    b.nextWindow && h('p', {}, `The window opens ${moment(b.nextWindow)}.`),
    h('table', { class: 'changes' }, h('thead', {}, h('tr', {}, ['Component', 'Change', 'Version', 'What differs'].map((t) => h('th', { scope: 'col' }, t)))),
      h('tbody', {}, (plan.changes ?? []).map((c) => h('tr', {}, h('td', {}, h('button', { type: 'button', class: 'plainlink', 'data-key': `plan ${c.component}`, onclick: () => go(b.name, c.component) }, c.component)),
        h('td', {}, h('span', { class: `badge ${{ Install: 'ready', Upgrade: 'working', Remove: 'failed' }[c.kind] ?? ''}` }, c.kind)),
        h('td', {}, [c.from, c.to].filter(Boolean).filter((v, i, all) => i === 0 || v !== all[0]).join(' → ')), h('td', {}, c.what?.join(', ') ?? ''))))),
    plan.command && h('p', {}, plan.waits === 'approval' ? 'To let exactly this plan begin:' : 'To let exactly this plan begin now:'), plan.command && command(plan.command, 'the command'));
}

function drawTimeline(b) {
  const drawing = chart(b.components, innerWidth, (name) => go(b.name, name));
  $('timeline').hidden = !drawing;
  if (!drawing) return;
  const path = b.summary?.path ?? [];
  keep($('timeline'), h('div', { class: 'title' }, h('h2', {}, 'Newest change'),
    b.summary && h('span', { class: 'badges' }, h('span', { class: 'badge' }, `${duration(b.summary.tookMs)} in all`), h('span', { class: 'badge' }, `idle ${duration(b.summary.idleMs)}`), h('span', { class: 'muted small' }, moment(b.summary.began)))),
  path.length > 0 && h('ol', { class: 'path', 'aria-label': 'Critical path' }, path.map((s) => h('li', {}, h('button', { type: 'button', class: 'chip critical', 'data-key': `path ${s.component}`, onclick: () => go(b.name, s.component) }, s.component, h('span', { class: 'count' }, duration(s.tookMs)))))),
  drawing);
}

addEventListener('hashchange', draw);
addEventListener('popstate', draw);
addEventListener('keydown', (e) => { if (e.key === 'Escape' && !$('panel').hidden) panel.close(); });
// Only what grows while somebody looks; nothing is asked.
setInterval(() => {
  const b = bundle();
  if (b && link === 'live' && !document.hidden && newest(b.components).some((c) => unfinished(c.stages)) && $('timeline')) drawTimeline(b);
}, 1000);
draw();
stream.run();
