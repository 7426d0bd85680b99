// Which page is this, and what stands around it on all of them: names of the pages, the sandbox, messages.
import { inBox, pageUrl, root, sandbox, setToken } from './api.js';
import { html, render, useCall, useEffect, useState } from './ui.js';

const PAGES = [
  ['', 'Traffic', () => import('./traffic.js')],
  ['control', 'Control', () => import('./control.js')],
  ['causes', 'Causes', () => import('./causes.js')],
  ['explain', 'Explain', () => import('./explain.js')],
];
const below = location.pathname.slice(root.pathname.length).split('/').filter(Boolean).map(decodeURIComponent);
const [, title, load] = PAGES.find(([path]) => path === (below[0] || '')) || PAGES[0];

function Sandboxes() {
  const all = useCall('sandboxes');
  const names = new Set([sandbox, ...(all?.sandboxes || []).map(box => box.name)]);
  const open = event => {
    const url = new URL(location.href);
    url.hash = '';
    url.searchParams.set('sandbox', event.target.value);
    location.href = url.href;
  };
  return html`<label class="box">Sandbox <select onChange=${open} value=${sandbox}>
    ${[...names].sort().map(name => html`<option value=${name} selected=${name === sandbox}>${name}</option>`)}</select></label>`;
}

function Header() {
  return html`<header class="bar"><a class="skip" href="#main">To the content</a>
    <a class="brand" href=${pageUrl('')}><img src=${new URL('pages/favicon.svg', root).href} alt="" width="24" height="24" /> intacct-mock</a>
    <nav aria-label="Pages">${PAGES.map(([path, name]) => html`
      <a href=${pageUrl(path)} aria-current=${name === title ? 'page' : undefined}>${name}</a>`)}</nav>
    <${Sandboxes} /></header>`;
}

function Token() {
  const keep = event => {
    event.preventDefault();
    setToken(event.target.elements.token.value);
    location.reload();
  };
  return html`<main id="main"><form class="card" onSubmit=${keep}><h1>Control token</h1>
    <p>This mock was started with <code>--control-token</code>. It is kept until this tab is closed.</p>
    <label for="token">Token</label><input id="token" type="password" autocomplete="off" required autofocus />
    <button>Open</button></form></main>`;
}

function Messages() {
  const [said, setSaid] = useState(null);
  useEffect(() => {
    const show = event => setSaid(event.detail);
    addEventListener('said', show);
    return () => removeEventListener('said', show);
  }, []);
  useEffect(() => {
    if (!said || said.bad) return undefined;
    const timer = setTimeout(() => setSaid(null), 6000);
    return () => clearTimeout(timer);
  }, [said]);
  return html`<div class="said" role="status" aria-live="polite">${said && html`<p class=${said.bad ? 'bad' : 'good'}>${said.text}
    <button type="button" class="second small" onClick=${() => setSaid(null)}>Close<//></p>`}</div>`;
}

function App({ Page }) {
  const [locked, setLocked] = useState(false);
  useEffect(() => {
    const lock = () => setLocked(true);
    addEventListener('token-wanted', lock);
    return () => removeEventListener('token-wanted', lock);
  }, []);
  return html`<${Header} />${locked ? html`<${Token} />` : html`<main id="main" tabindex="-1"><${Page} below=${below} /></main>`}
    <${Messages} /><footer><p class="mock"><strong>A test double for Sage Intacct sign-in</strong>, for tests only, not
    affiliated with Sage. <a href=${new URL('calls', root).href}>All calls</a> of the API behind these pages,${' '}
    <a href=${new URL('openapi.json', root).href}>described</a>.</p></footer>`;
}

document.title = `${below[1] || title} – intacct-mock`;
const { Page } = await load();
render(html`<${App} Page=${Page} />`, document.body);
