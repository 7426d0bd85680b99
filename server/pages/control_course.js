// Control: how things run: the clock, the scenario with its verdict, the sandboxes there are.
import { get, inBox, pageUrl, post, sandbox, send } from './api.js';
import { NewSandbox } from './scenario.js';
import { Button, Mark, act, dayAndTime, html, outcomeKind, sandboxNow, useCall, useEffect, useRef, useSeconds, useState } from './ui.js';

// ---- the clock ----

export function Clock() {
  const clock = useCall(inBox('clock')), told = useRef(0);
  useEffect(() => { told.current = Date.now(); }, [clock]);
  useSeconds();
  if (!clock?.now) return html`<p class="soft">${clock?.error || '…'}</p>`;
  const set = change => act(now => `It is ${dayAndTime(now.now)}`, () => post(inBox('clock'), change));
  const advance = event => {
    event.preventDefault();
    set({ advance: event.target.elements.by.value });
  };
  const now = sandboxNow(clock, told.current || Date.now());
  return html`<p class="now"><time>${dayAndTime(new Date(now).toISOString())}</time> UTC
      ${' '}${clock.frozen ? html`<${Mark} kind="warn">frozen<//>` : ''}${clock.scale !== 1 ? html`<${Mark} kind="warn">${clock.scale} times as fast<//>` : ''}</p>
    <p class="actions"><${Button} run=${() => set({ set: new Date().toISOString() })}>Now<//>
      ${[['5m', '+5 min'], ['12h', '+12 h'], ['30d', '+30 d']].map(([by, words]) => html` <${Button} run=${() => set({ advance: by })}>${words}<//>`)}
      ${' '}<${Button} run=${() => set({ freeze: !clock.frozen })}>${clock.frozen ? 'Let it run' : 'Freeze'}<//></p>
    <form class="row-form" onSubmit=${advance}><label>Advance by <input name="by" required placeholder="250ms, 2s, 5m, 12h, 30d" /></label> <button class="second small">Advance</button></form>`;
}

// ---- the scenario ----

function ScenarioChoice({ name }) {
  const all = useCall('scenarios');
  const [chosen, setChosen] = useState('');
  const about = (all?.scenarios || []).find(scenario => scenario.name === (chosen || name));
  const use = event => {
    event.preventDefault();
    act(`${sandbox} follows it now`, () => send('PUT', inBox('scenario'), { name: chosen || name }));
  };
  return html`<form class="row-form" onSubmit=${use}><label>Another one <select value=${chosen || name} onChange=${event => setChosen(event.target.value)}>
      ${!about && html`<option value=${name}>${name}</option>`}
      ${(all?.scenarios || []).map(scenario => html`<option value=${scenario.name}>${scenario.name}</option>`)}</select></label>
    <button class="second small">Follow it</button></form>
    ${about && html`<p>${about.about}</p>${about.needs && html`<p class="soft">Needs: ${about.needs}</p>`}`}`;
}

const members = value => JSON.stringify(value).replace(/["{}]/g, '').replace(/,/g, ', ').replace(/:/g, ' ');

function Rule({ rule, count }) {
  const fired = count.fired >= Math.max(1, count.needs);
  return html`<li>${rule ? html`<span>When <code>${members(rule.when || {}) || 'any'}</code>, then <code>${members(rule.then)}</code></span>` : html`<span>Rule ${count.rule}</span>`}
    <${Mark} kind=${fired ? 'good' : 'warn'}>fitted ${count.fits}, fired ${count.fired}${count.needs ? ` of ${count.needs} needed` : ''}<//></li>`;
}

export function ScenarioProgress() {
  const scenario = useCall(inBox('scenario')), verdict = useCall(`${inBox('verdict')}?running=true`), box = useCall(inBox());
  if (!verdict?.rules || !scenario) return html`<p class="soft">${verdict?.error || '…'}</p>`;
  const release = () => act(({ affected }) => `${affected} requests go on`, () => post(inBox('release')));
  return html`<p>It follows <strong>${verdict.scenario}</strong> <${Mark} kind=${outcomeKind(verdict.outcome)}>${verdict.outcome}<//>
      ${box?.held ? html` <${Button} run=${release}>Release ${box.held} held requests<//>` : ''}</p>
    ${verdict.rules.length > 0 && html`<h3>Rules</h3><ol class="plain">${verdict.rules.map((count, i) => html`<${Rule} rule=${scenario.rules?.[i]} count=${count} />`)}</ol>`}
    ${verdict.expect.length > 0 && html`<h3>Verdict, as it forms</h3><ul class="plain">${verdict.expect.map(one => html`<li>
      <span>${one.that}<br /><span class="soft">${one.why} ${one.exchanges.map(id => html` <a href=${`${pageUrl('')}#${id}`}>#${id}</a>`)}</span></span>
      <${Mark} kind=${outcomeKind(one.outcome)}>${one.outcome}<//></li>`)}</ul>`}
    <${ScenarioChoice} name=${verdict.scenario} />`;
}

// ---- the sandboxes ----

function NewOne({ setMade }) {
  const all = useCall('scenarios');
  const make = event => {
    event.preventDefault();
    const { scenario, name } = event.target.elements;
    act(box => `Sandbox ${box.name} is there`, () => post('sandboxes', { scenario: scenario.value, ...(name.value && { name: name.value }) })).then(setMade);
  };
  return html`<form class="row-form" onSubmit=${make}><label>New, with scenario <select name="scenario">
      ${(all?.scenarios || []).map(({ name }) => html`<option selected=${name === 'happy-path'}>${name}</option>`)}</select></label>
    <label>Name <input name="name" placeholder="made up" pattern="[a-z0-9][a-z0-9._\\-]{0,63}" title="a-z, 0-9, dot, _ and -" /></label> <button class="second small">Make it</button></form>`;
}

export function Sandboxes() {
  const all = useCall('sandboxes'), [made, setMade] = useState(null);
  const reset = name => act(`${name} is as freshly made`, () => post(inBox('reset', name)));
  const end = name => act(`${name} is gone`, () => send('DELETE', inBox('', name)));
  const show = name => get(inBox('', name)).then(setMade);
  return html`<div class="wide"><table><thead><tr><th>Name</th><th>Scenario</th><th>Exchanges</th><th>Do</th></tr></thead><tbody>
    ${(all?.sandboxes || []).map(box => html`<tr key=${box.name}><td><a href=${new URL(`?sandbox=${encodeURIComponent(box.name)}`, new URL(pageUrl(''))).href}>${box.name}</a></td>
      <td>${box.scenario}</td><td>${box.exchanges}</td><td class="actions"><${Button} run=${() => show(box.name)}>Environment<//> <${Button} run=${() => reset(box.name)}>Reset<//>
      ${box.name !== 'default' && html` <${Button} run=${() => end(box.name)}>Delete<//>`}</td></tr>`)}</tbody></table></div>
    <${NewOne} setMade=${setMade} />${made && html`<${NewSandbox} box=${made} />`}`;
}
