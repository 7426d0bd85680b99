// Small parts that several pages are made of.
import { get } from './api.js';
import htm from './htm.js';
import { h } from './preact.js';
import { useEffect, useRef, useState } from './preact-hooks.js';

export { render } from './preact.js';
export { useEffect, useLayoutEffect, useMemo, useReducer, useRef, useState } from './preact-hooks.js';
/** Markup with values in it, which are escaped. */
export const html = htm.bind(h);

/** Told to people who see the page and to those who hear it. */
export function say(text, bad = false) {
  dispatchEvent(new CustomEvent('said', { detail: { text, bad } }));
}

/** Does it, says what came of it, and that something has changed. */
export async function act(what, doIt) {
  try {
    const result = await doIt();
    say(typeof what === 'function' ? what(result) : what);
    dispatchEvent(new Event('changed'));
    return result;
  } catch (error) {
    say(error.message, true);
    return undefined;
  }
}

/** What GET answers, again whenever something has changed; null until it is there. */
export function useCall(path) {
  const [answer, setAnswer] = useState(null);
  useEffect(() => {
    let current = true;
    const ask = () => path && get(path).then(json => current && setAnswer(json), error => current && setAnswer({ error: error.message }));
    ask();
    addEventListener('changed', ask);
    return () => { current = false; removeEventListener('changed', ask); };
  }, [path]);
  return answer;
}

/** Draws again every second. */
export function useSeconds() {
  const [, setNow] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
}

export function Button({ run, second = true, children, ...rest }) {
  return html`<button type="button" class=${second ? 'second small' : 'small'} onClick=${run} ...${rest}>${children}</button>`;
}

export function Copy({ text, children = 'Copy', ...rest }) {
  return html`<${Button} ...${rest} run=${() => act('Copied', () => navigator.clipboard.writeText(text))}>${children}<//>`;
}

/** Lines to be copied: a command, settings. */
export function Lines({ text, name }) {
  return html`<div class="lines"><pre tabindex="0" aria-label=${name}>${text}</pre><${Copy} text=${text} aria-label=${`Copy ${name}`} /></div>`;
}

export function Facts({ of }) {
  return html`<dl class="facts">${of.filter(([, value]) => value !== undefined && value !== '' && value !== null && value !== false)
    .map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}

export function Mark({ kind = '', children }) {
  return html`<span class=${`mark ${kind}`}>${children}</span>`;
}

/** How sure the sources are. */
export function Sure({ of }) {
  return html`<${Mark} kind=${{ documented: 'good', observed: 'good', guessed: 'warn' }[of]}>${of}<//>`;
}

export const outcomeKind = outcome => ({ met: 'good', passed: 'good', 'not met': 'bad', failed: 'bad' }[outcome] || 'warn');

export function Dialog({ title, close, children }) {
  const at = useRef();
  useEffect(() => at.current.showModal(), []);
  return html`<dialog ref=${at} onClose=${close} aria-labelledby="dialog-title">
    <form method="dialog" class="head"><h2 id="dialog-title">${title}</h2><button class="second small">Close</button></form>
    ${children}</dialog>`;
}

/** A text as a file of the browser's. */
export function saveAs(name, text, type = 'application/json') {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

// ---- times ----

const UNITS = [['d', 86400], ['h', 3600], ['min', 60], ['s', 1]];

/** 45000 → "12 h 30 min" */
export function duration(seconds) {
  const words = [];
  let rest = Math.floor(Math.abs(seconds));
  for (const [unit, length] of UNITS) {
    if (rest >= length && words.length < 2) words.push(`${Math.floor(rest / length)} ${unit}`);
    rest %= length;
  }
  return words.join(' ') || '0 s';
}

export const clockTime = text => text.slice(11, 19);
export const dayAndTime = text => `${text.slice(0, 10)} ${text.slice(11, 19)}`;

/** The sandbox's time now, in ms, from its clock as it was told at `told` (ms of this machine). */
export function sandboxNow(clock, told) {
  return Date.parse(clock.now) + (clock.frozen ? 0 : (Date.now() - told) * clock.scale);
}

export function prettyJson(text) {
  try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; }
}
