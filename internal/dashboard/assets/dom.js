// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Elements without innerHTML: whatever a cluster says is text.

const svgNamespace = 'http://www.w3.org/2000/svg';

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat(Infinity).filter((c) => c !== undefined && c !== null && c !== false));
  return element;
}

/** h makes an HTML element; attributes that begin with "on" are listeners. */
export function h(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** svg makes an SVG element in the same way. */
export function svg(tag, attributes, ...children) {
  return fill(document.createElementNS(svgNamespace, tag), attributes, children);
}

/** keep replaces what an element holds and leaves the focus and the scroll where they were. */
export function keep(element, ...children) {
  const focused = document.activeElement?.closest?.('[data-key]');
  const key = focused && element.contains(focused) ? focused.dataset.key : undefined;
  element.replaceChildren(...children.flat(Infinity).filter(Boolean));
  if (key !== undefined) element.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}

/** memo calls draw only when the data have changed since the last time. */
export function memo() {
  const before = new Map();
  return (key, data, draw) => {
    const now = JSON.stringify(data);
    if (before.get(key) === now) return;
    before.set(key, now);
    draw(data);
  };
}

/** command is a line to type, with a button that copies it. */
export function command(text, label) {
  const button = h('button', { type: 'button', class: 'copy', 'data-key': `copy ${text}`, 'aria-label': `Copy ${label ?? 'the command'}` }, 'Copy');
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = 'Copied';
    } catch {
      getSelection().selectAllChildren(button.previousElementSibling);
      button.textContent = 'Selected';
    }
    setTimeout(() => { button.textContent = 'Copy'; }, 1500);
  });
  return h('div', { class: 'command' }, h('code', {}, text), button);
}
