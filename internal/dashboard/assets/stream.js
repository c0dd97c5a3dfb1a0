// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// The stream of events. Not an EventSource, because that one cannot send a token.

const silence = 40_000; // the server gives a sign of life every 15 s
const hiddenFor = 60_000; // a page that nobody looks at lets go
const slowest = 10_000;

/** Stream reads events and comes back after every loss. */
export class Stream {
  #token = '';
  #abort = null;
  #tries = 0;
  #wake = null;
  #hidden = 0;

  constructor(url, { event, state }) {
    this.url = url;
    this.event = event;
    this.state = state;
    document.addEventListener('visibilitychange', () => this.#visibility());
    addEventListener('online', () => this.#wake?.());
  }

  /** headers for other requests of the page. */
  get headers() { return this.#token ? { Authorization: `Bearer ${this.#token}` } : {}; }

  /** signIn goes on with a token. It is kept in memory only. */
  signIn(token) {
    this.#token = token.trim();
    this.#tries = 0;
    this.#wake?.();
  }

  async run() {
    for (;;) {
      if (document.hidden && this.#hidden === -1) {
        await this.#pause(Infinity);
        continue;
      }
      const outcome = await this.#read();
      if (outcome === 'hidden' || outcome === 'ended') continue;
      this.state(outcome);
      const refused = outcome === 'unauthorized' || outcome === 'forbidden';
      await this.#pause(refused ? Infinity : Math.min(slowest, 500 * 2 ** this.#tries++) * (0.75 + Math.random() / 2));
    }
  }

  /** One connection from its beginning to its end; the result says how it ended. */
  async #read() {
    this.#abort = new AbortController();
    let timer = 0;
    const alive = () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.#abort.abort(), silence);
    };
    try {
      alive();
      const response = await fetch(this.url, { headers: { Accept: 'text/event-stream', ...this.headers }, cache: 'no-store', signal: this.#abort.signal });
      if (response.status === 401) return 'unauthorized';
      if (response.status === 403) return 'forbidden';
      if (response.status === 503) return 'full';
      if (!response.ok) return 'lost';
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let rest = ''; ;) {
        const { value, done } = await reader.read();
        if (done) return this.#tries === 0 ? 'ended' : 'lost';
        alive();
        const parts = (rest + value).split('\n\n');
        rest = parts.pop();
        for (const part of parts) this.#dispatch(part);
      }
    } catch {
      return this.#hidden === -1 ? 'hidden' : 'lost';
    } finally {
      clearTimeout(timer);
    }
  }

  #dispatch(text) {
    let name = 'message';
    const data = [];
    for (const line of text.split('\n')) {
      if (line.startsWith('event: ')) name = line.slice(7);
      else if (line.startsWith('data: ')) data.push(line.slice(6));
    }
    if (data.length === 0) return;
    this.#tries = name === 'time' ? this.#tries : 0;
    this.state('live');
    this.event(name, data.join('\n'));
  }

  #pause(ms) {
    return new Promise((resolve) => {
      const timer = ms === Infinity ? 0 : setTimeout(resolve, ms);
      this.#wake = () => { clearTimeout(timer); resolve(); };
    });
  }

  #visibility() {
    clearTimeout(this.#hidden);
    if (document.hidden) {
      this.#hidden = setTimeout(() => { this.#hidden = -1; this.#abort?.abort(); }, hiddenFor);
      return;
    }
    const slept = this.#hidden === -1;
    this.#hidden = 0;
    if (slept) this.#wake?.();
  }
}
