// Causes: every reason for a refusal, to be found by code, status or word; and one of them, whole.
import { get, pageUrl, post } from './api.js';
import { NewSandbox } from './scenario.js';
import { Button, Facts, Mark, Sure, act, html, useCall, useEffect, useState } from './ui.js';

const PLACES = [['token', 'Token endpoint'], ['api', 'API'], ['article', 'Article dialect']];
const wordings = cause => PLACES.flatMap(([place, name]) => {
  const wording = cause.wording[place];
  return wording ? [{ name, ...wording }, ...(wording.switch ? [{ ...wording.switch, name: `${name}, with ${wording.switch.policy} ${wording.switch.value}` }] : [])] : [];
});
const codes = cause => [...new Set(wordings(cause).map(({ status, code }) => `${status}${code ? ` ${code}` : ''}`))];

function Line({ cause }) {
  return html`<li class="cause"><a href=${pageUrl(`causes/${cause.id}`)}><strong>${cause.id}</strong></a>
    <span class="codes">${codes(cause).map(code => html`<code>${code}</code> `)}</span>
    ${cause.common && html`<span class="hit"><${Sure} of=${cause.confidence} /> <${Mark}>${cause.common}<//> ${cause.question}</span>`}
    <span class="soft why">${cause.why}</span></li>`;
}

function List() {
  const [query, setQuery] = useState(new URLSearchParams(location.search).get('q') || '');
  const [found, setFound] = useState(null);
  const all = useCall('causes');
  // with a query the server ranks by how likely each is
  useEffect(() => {
    let current = true;
    history.replaceState(null, '', pageUrl('causes', { q: query }));
    setFound(null);
    if (query.trim()) get(`causes?q=${encodeURIComponent(query.trim())}`).then(answer => current && setFound(answer.query ? answer.causes : []), () => current && setFound([]));
    return () => { current = false; };
  }, [query]);
  if (!all?.causes) return html`<p class="soft">${all?.error || '…'}</p>`;
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const has = cause => words.every(word => `${cause.id} ${codes(cause).join(' ')} ${cause.why} ${cause.fix}`.toLowerCase().includes(word));
  const ranked = (found || []).map(worded => ({ ...all.causes.find(cause => cause.id === worded.id), ...worded }));
  const shown = !words.length ? all.causes : ranked.length ? ranked : all.causes.filter(has);
  return html`<h1>Causes</h1><p>Every reason why an integration is turned away.</p>
    <form class="filters" role="search" onSubmit=${event => event.preventDefault()}><label>Code, status or word
      <input type="search" value=${query} placeholder="REST-1206, 403, not valid …" onInput=${event => setQuery(event.target.value)} autofocus /></label></form>
    <p role="status" class="soft">${shown.length} of ${all.causes.length}${words.length && ranked.length ? ', the likeliest first' : ''}</p>
    <ul class="causes">${shown.map(cause => html`<${Line} key=${cause.id} cause=${cause} />`)}</ul>`;
}

function Wording({ wording }) {
  return html`<h3>${wording.name}: ${wording.status} ${wording.code && html`<code>${wording.code}</code>`}</h3>
    <pre tabindex="0" aria-label=${`Body: ${wording.name}`}>${JSON.stringify(wording.body, null, 2)}</pre>`;
}

function Provoke({ cause }) {
  const all = useCall('scenarios'), [made, setMade] = useState(null);
  const scenarios = (all?.scenarios || []).filter(scenario => scenario.cause === cause.id);
  const make = name => act(box => `Sandbox ${box.name} is there`, () => post('sandboxes', { scenario: name })).then(setMade);
  if (!all) return null;
  return html`<h2>Make it happen</h2>${scenarios.length ? scenarios.map(scenario => html`<p>${scenario.about}</p>
      <${Facts} of=${[['Scenario', html`<code>${scenario.name}</code>`], ['Needs', scenario.needs]]} />
      <p><${Button} second=${false} run=${() => make(scenario.name)}>Make a sandbox where this happens<//></p>`)
    : html`<p>No scenario is about it alone. A request with the header <code>X-Intacct-Mock-Refuse: ${cause.id}</code> is refused so,
      and so is what a rule of a scenario refuses with it.</p>`}
    ${made && html`<${NewSandbox} box=${made} />`}`;
}

function One({ id }) {
  const cause = useCall(`causes/${encodeURIComponent(id)}`);
  if (!cause) return html`<p class="soft">…</p>`;
  if (cause.error) return html`<h1>${id}</h1><p class="error">${cause.error}</p><p><a href=${pageUrl('causes')}>All causes</a></p>`;
  return html`<p><a href=${pageUrl('causes')}>All causes</a></p><h1>${cause.id}</h1>
    <p><${Mark}>${cause.family}<//> ${cause.note ? html`<${Mark}>warning<//>` : cause.natural ? html`<${Mark}>comes about by itself<//>` : html`<${Mark}>only by a scenario<//>`}</p>
    <h2>Why</h2><p>${cause.why}</p><h2>What to do</h2><p>${cause.fix}</p>
    <h2>How sure we are</h2><p><${Sure} of=${cause.confidence} /> ${cause.source}</p>
    <${Provoke} cause=${cause} />
    <h2>Over the wire</h2>${wordings(cause).map(wording => html`<${Wording} wording=${wording} />`)}`;
}

export function Page({ below }) {
  return below[1] ? html`<div class="text"><${One} id=${below[1]} /></div>` : html`<div class="text"><${List} /></div>`;
}
