// Traffic: what the integration and the mock said to each other, live, as a sequence.
import { follow, inBox, download, pageUrl, sandbox, send } from './api.js';
import { Exchange } from './exchange.js';
import { ScenarioMaker } from './scenario.js';
import { Stories, isAboutToken, isRefused, placeOf, tell } from './stories.js';
import { Button, Lines, Mark, act, clockTime, html, saveAs, useCall, useEffect, useLayoutEffect, useMemo, useReducer, useRef, useState } from './ui.js';

const KEPT = 20000; // exchanges that a page remembers
// rem: fixed, so that the place of the ten-thousandth row is known
const heightOf = exchange => (!isRefused(exchange) ? 2.5 : isAboutToken(exchange) ? 7 : 5.6);
const FILTERS = ['status', 'cause', 'endpoint', 'text'];

/** All exchanges, those that the filter shows, and where each row of these begins. */
class Sequence {
  all = [];
  shown = [];
  tops = [0]; // rem; one more than shown
  stories = new Stories();
  filter = {};
  refused = 0;

  add(exchanges) {
    // ids begin anew: the server did, or the sandbox
    if (this.all.length && exchanges[0].id <= this.all.at(-1).id) this.clear();
    for (const exchange of exchanges) {
      this.all.push(exchange);
      this.stories.add(exchange);
      this.#count(exchange);
    }
    if (this.all.length > KEPT + 1000) {
      this.all.splice(0, this.all.length - KEPT);
      this.show(this.filter);
    }
  }

  clear() {
    this.all = [];
    this.stories = new Stories();
    this.show(this.filter);
  }

  show(filter) {
    this.filter = filter;
    this.shown = [];
    this.tops = [0];
    this.refused = 0;
    this.all.forEach(exchange => this.#count(exchange));
  }

  #count(exchange) {
    if (isRefused(exchange)) this.refused += 1;
    if (!this.#fits(exchange)) return;
    this.shown.push(exchange);
    this.tops.push(this.tops.at(-1) + heightOf(exchange));
  }

  #fits(exchange) {
    const { status, cause, endpoint, text } = this.filter;
    return (!status || (status === 'refused' ? isRefused(exchange) : String(exchange.status).startsWith(status))) &&
      (!cause || exchange.cause === cause) && (!endpoint || exchange.endpoint === endpoint) &&
      (!text || JSON.stringify(exchange).toLowerCase().includes(text.toLowerCase()));
  }

  /** The first row that ends below this place. */
  rowAt(rem) {
    let low = 0, high = this.shown.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.tops[middle + 1] <= rem) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const remSize = () => parseFloat(getComputedStyle(document.documentElement).fontSize);
const readFilter = () => Object.fromEntries(FILTERS.map(name => [name, new URLSearchParams(location.search).get(name) || '']));
const isAtEnd = () => innerHeight + scrollY >= document.documentElement.scrollHeight - 4;

/** What all paths begin with is left out where there is little room. */
function Target({ of }) {
  const [, prefix, rest] = /^((?:\/s\/[^/]+)?(?:\/ia\/api\/v1)?)(.*)$/s.exec(of);
  return html`<span class="prefix">${prefix}</span>${rest}`;
}

function Row({ exchange, sequence, index, selected }) {
  const part = sequence.stories.parts.get(exchange.id);
  const story = part?.story.number ? part : null;
  const refused = isRefused(exchange);
  return html`<li class=${`row ${refused ? 'refused' : ''} ${story ? 'story' : ''}`} aria-setsize=${sequence.shown.length} aria-posinset=${index + 1}
      style=${{ top: `${sequence.tops[index]}rem`, height: `${heightOf(exchange)}rem` }}>
    <a href=${`#${exchange.id}`} data-index=${index} aria-current=${selected ? 'true' : undefined}>
      <span class=${`lanes to-${placeOf(exchange)}`} aria-hidden="true"><i></i></span>
      <span class="what"><b>${exchange.request.method}</b> <${Target} of=${exchange.request.target} />${exchange.grant ? ` · ${exchange.grant}` : ''}</span>
      ${story && html`<${Mark}>${story.story.number}: ${story.text}<//>`}
      <span class=${`status s${String(exchange.status)[0]}`}>${exchange.status}</span>
      <span class="time">${clockTime(exchange.at)}</span>
      ${refused && html`<span class="more"><strong>${exchange.cause || exchange.scenario?.wire || 'refused'}</strong> ${exchange.evidence}</span>
        <span class="more">${exchange.fix && `Fix: ${exchange.fix}`}</span>
        ${story && html`<span class="more soft">${tell(story.story)}</span>`}`}
    </a></li>`;
}

/** Only the rows in sight are in the document. */
function Rows({ sequence, selected }) {
  const list = useRef(), wanted = useRef(null);
  const [, look] = useReducer(n => n + 1, 0);
  useEffect(() => {
    let asked = false;
    const later = () => {
      if (!asked) requestAnimationFrame(() => { asked = false; look(); });
      asked = true;
    };
    addEventListener('scroll', later, { passive: true });
    addEventListener('resize', later);
    look();
    return () => { removeEventListener('scroll', later); removeEventListener('resize', later); };
  }, []);
  useLayoutEffect(() => {
    if (wanted.current === null) return;
    list.current.querySelector(`[data-index="${wanted.current}"]`)?.focus({ preventScroll: true });
    wanted.current = null;
  });
  const rem = remSize();
  const above = list.current ? -list.current.getBoundingClientRect().top / rem : 0;
  const first = Math.max(0, sequence.rowAt(above) - 5);
  const last = Math.min(sequence.shown.length, sequence.rowAt(above + innerHeight / rem) + 6);
  const move = event => {
    const step = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 }[event.key];
    const index = Number(event.target.dataset.index) + step;
    if (!(index >= 0 && index < sequence.shown.length)) return;
    event.preventDefault();
    const top = list.current.getBoundingClientRect().top + sequence.tops[index] * rem;
    if (top < 8 * rem) scrollBy(0, top - 8 * rem);
    if (top > innerHeight - 8 * rem) scrollBy(0, top - innerHeight + 8 * rem);
    wanted.current = index;
    look();
  };
  return html`<ol class="rows" ref=${list} onKeyDown=${move} style=${{ height: `${sequence.tops.at(-1)}rem` }}>
    ${sequence.shown.slice(first, last).map((exchange, i) => html`
      <${Row} key=${exchange.id} exchange=${exchange} sequence=${sequence} index=${first + i} selected=${exchange.id === selected} />`)}</ol>`;
}

function Filters({ sequence, filter, change }) {
  const seen = name => [...new Set([filter[name], ...sequence.all.map(exchange => exchange[name])])].filter(Boolean).sort();
  const choice = (name, words) => html`<label>${name} <select value=${filter[name]} onChange=${event => change(name, event.target.value)}>
    <option value="">all</option>${words.map(word => html`<option value=${word}>${/^\d$/.test(word) ? `${word}xx` : word}</option>`)}</select></label>`;
  return html`<form class="filters" role="search" onSubmit=${event => event.preventDefault()}>
    ${choice('status', ['refused', '2', '3', '4', '5'])} ${choice('cause', seen('cause'))} ${choice('endpoint', seen('endpoint'))}
    <label>text <input type="search" value=${filter.text} placeholder="path, body, evidence …" onInput=${event => change('text', event.target.value)} /></label></form>`;
}

function Nothing({ sequence, info }) {
  if (sequence.all.length) return html`<p class="soft">None of the ${sequence.all.length} exchanges is so.</p>`;
  if (!info?.base_url) return html`<p class="soft">Nothing yet.</p>`;
  const form = `grant_type=client_credentials&client_id=${info.client_id}&client_secret=${info.client_secret}&username=${info.username}`;
  const url = `${info.base_url}/ia/api/v1/oauth2/token`;
  const ask = () => act('Asked', () => fetch(url, { method: 'POST', body: new URLSearchParams(form) }));
  return html`<p>Nothing yet. Point an integration at <code>${info.base_url}</code>, or ask for a token:</p>
    <${Lines} name="the command" text=${`curl -d '${form}' ${url}`} /><${Button} run=${ask}>Ask from here<//>`;
}

function useSequence(sequence, redraw) {
  const [connected, setConnected] = useState(false);
  useEffect(() => {
    let asked = false;
    follow(exchanges => {
      const atEnd = isAtEnd();
      sequence.add(exchanges);
      if (asked) return;
      asked = true;
      requestAnimationFrame(() => {
        asked = false;
        redraw();
        // who looks at the newest goes on doing so
        if (atEnd && !location.hash) requestAnimationFrame(() => scrollTo(0, document.documentElement.scrollHeight));
      });
    }, setConnected);
  }, []);
  return connected;
}

const readSelected = () => Number(location.hash.slice(1)) || 0;

function useSelected() {
  const [selected, setSelected] = useState(readSelected());
  const listAt = useRef(0);
  useEffect(() => {
    const change = () => setSelected(was => {
      if (!was) listAt.current = scrollY;
      return readSelected();
    });
    addEventListener('hashchange', change);
    return () => removeEventListener('hashchange', change);
  }, []);
  // on a narrow screen the exchange takes the place of the list
  useLayoutEffect(() => { if (!selected) scrollTo(0, listAt.current); }, [selected]);
  return selected;
}

export function Page() {
  const sequence = useMemo(() => new Sequence(), []);
  const [, redraw] = useReducer(n => n + 1, 0);
  const [filter, setFilter] = useState(readFilter());
  const [making, setMaking] = useState(null);
  const connected = useSequence(sequence, redraw), selected = useSelected(), info = useCall(inBox());
  useMemo(() => sequence.show(filter), [filter]);

  const change = (name, value) => {
    const next = { ...filter, [name]: value };
    history.replaceState(null, '', pageUrl('', next) + location.hash);
    setFilter(next);
  };
  const forget = () => act('Forgotten', () => send('DELETE', inBox('requests'))).then(() => { sequence.clear(); redraw(); });
  const archive = async () => saveAs(`${sandbox}.har`, await download(inBox('requests.har'), 'application/json'));
  const story = sequence.stories.parts.get(selected)?.story;
  return html`<div class=${selected ? 'split open' : 'split'}>
    <section class="list" aria-labelledby="title"><div class="top"><h1 id="title">Traffic</h1>
      <p role="status">${connected ? html`<${Mark} kind="good">live<//>` : html`<${Mark} kind="warn">not connected<//>`}
        ${' '}${sequence.all.length} exchanges, ${sequence.refused} refused</p>
      <${Button} run=${archive}>HAR<//> <${Button} run=${() => setMaking(sequence.all.filter(isRefused))}>Make a scenario<//>
      <${Button} run=${forget}>Forget all<//></div>
    <${Filters} sequence=${sequence} filter=${filter} change=${change} />
    <p class="lane-names" aria-hidden="true"><span>client</span><span>token endpoint</span><span>API</span></p>
    ${sequence.shown.length ? html`<${Rows} sequence=${sequence} selected=${selected} />` : html`<${Nothing} sequence=${sequence} info=${info} />`}</section>
    ${selected ? html`<${Exchange} key=${selected} id=${selected} story=${story} make=${exchange => setMaking([exchange])} />` : null}
    ${making && html`<${ScenarioMaker} refusals=${making} all=${sequence.all} close=${() => setMaking(null)} />`}</div>`;
}
