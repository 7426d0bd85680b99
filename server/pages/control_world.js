// Control: who and what there is, and the ways in which a working integration stops working.
import { inBox, pageUrl, post, send } from './api.js';
import { Button, Mark, Sure, act, dayAndTime, duration, html, sandboxNow, useCall, useEffect, useRef, useSeconds, useState } from './ui.js';

const affected = ({ affected: count }) => `Done: ${count} affected`;
const effect = (name, target) => act(affected, () => post(inBox('world'), { do: name, ...target }));

// ---- tokens ----

const SHOWN = 50; // the newest

function TokenRow({ token, now }) {
  const end = call => act(affected, () => post(inBox(call), { kind: token.kind, token: token.fingerprint }));
  const left = (Date.parse(token.expires) - now) / 1000;
  return html`<tr><td>${token.kind}<br /><code>${token.fingerprint.slice(5)}</code></td><td>${token.user}<br /><span class="soft">${token.client_id}</span></td>
    <td><${Mark} kind=${token.state === 'live' ? 'good' : 'bad'}>${token.state}<//> ${token.cause && html`<a href=${pageUrl(`causes/${token.cause}`)}>why</a>`}</td>
    <td title=${dayAndTime(token.expires)}>${left > 0 ? duration(left) : `${duration(left)} ago`}</td>
    <td class="actions">${token.state === 'live' && html`<${Button} aria-label=${`Expire ${token.kind} ${token.fingerprint.slice(5)}`} run=${() => end('expire')}>Expire<//>
      <${Button} aria-label=${`Revoke ${token.kind} ${token.fingerprint.slice(5)}`} run=${() => end('revoke')}>Revoke<//>`}</td></tr>`;
}

export function Tokens() {
  const all = useCall(inBox('tokens')), clock = useCall(inBox('clock')), told = useRef(0);
  useEffect(() => { told.current = Date.now(); }, [clock]);
  useSeconds();
  if (!all?.tokens || !clock?.now) return html`<p class="soft">…</p>`;
  if (!all.tokens.length) return html`<p class="soft">None was handed out yet.</p>`;
  const now = sandboxNow(clock, told.current || Date.now());
  const newest = all.tokens.slice(-SHOWN).reverse();
  const everything = call => act(affected, () => post(inBox(call), { kind: 'all' }));
  return html`<p class="actions"><${Button} run=${() => everything('expire')}>Expire all<//> <${Button} run=${() => everything('revoke')}>Revoke all<//></p>
    <div class="wide"><table><thead><tr><th>Token</th><th>Of</th><th>State</th><th>Time left</th><th>Do</th></tr></thead>
    <tbody>${newest.map(token => html`<${TokenRow} key=${token.fingerprint} token=${token} now=${now} />`)}</tbody></table></div>
    ${all.tokens.length > SHOWN && html`<p class="soft">and ${all.tokens.length - SHOWN} older ones</p>`}`;
}

// ---- users, clients, keys ----

function Person({ user }) {
  const target = { user: `${user.id}@${user.company}` };
  const states = [['locked', user.locked], ['inactive', !user.active], ['password expired', user.password_expired]].filter(([, so]) => so);
  return html`<li><span><strong>${user.name || user.id}</strong> <code>${target.user}</code>
      <br /><span class="soft">${[user.admin && 'administrator', user.web_services && 'Web Services', ...user.roles].filter(Boolean).join(', ')}</span>
      ${states.map(([word]) => html` <${Mark} kind="bad">${word}<//>`)}</span>
    <span class="actions">${[['Lock', 'lock-user'], ['Deactivate', 'deactivate-user'], ['Expire password', 'expire-password'], ['Take roles', 'remove-role'],
      ['Withdraw consent', 'withdraw-consent'], ['Signs in', 'sign-in']].map(([word, name]) => html`
      <${Button} aria-label=${`${word}: ${target.user}`} run=${() => effect(name, target)}>${word}<//> `)}</span></li>`;
}

export function Users() {
  const world = useCall(inBox('world'));
  return html`<ul class="plain">${(world?.users || []).map(user => html`<${Person} key=${`${user.id}@${user.company}`} user=${user} />`)}</ul>
    <p class="soft">A reset of the sandbox brings everything back.</p>`;
}

function Client({ client, companies }) {
  const company = companies.find(({ clients }) => clients.includes(client.id));
  const target = { client_id: client.id };
  return html`<li><span><strong>${client.name || client.id}</strong> <code>${client.id}</code>
      <br /><span class="soft">${client.secret_fingerprint ? `secret ${client.secret_fingerprint}` : 'public, with PKCE'}${company ? `, authorized by ${company.id}` : ''}</span>
      ${!client.active && html` <${Mark} kind="bad">inactive<//>`}${!company && html` <${Mark} kind="bad">no company authorizes it<//>`}</span>
    <span class="actions"><${Button} aria-label=${`Deactivate: ${client.id}`} run=${() => effect('deactivate-client', target)}>Deactivate<//>
      ${client.secret_fingerprint && html` <${Button} aria-label=${`New secret: ${client.id}`} run=${() => effect('rotate-client-secret', target)}>New secret<//>`}
      ${company ? html` <${Button} aria-label=${`Withdraw authorization: ${client.id}`} run=${() => effect('withdraw-client-authorization', { ...target, company: company.id })}>Withdraw authorization<//>`
    : html` <${Button} aria-label=${`Authorize: ${client.id}`} run=${() => effect('authorize-client', { ...target, company: companies[0]?.id })}>Authorize<//>`}</span></li>`;
}

export function Clients() {
  const world = useCall(inBox('world'));
  return html`<ul class="plain">${(world?.clients || []).map(client => html`<${Client} key=${client.id} client=${client} companies=${world.companies} />`)}</ul>`;
}

export function Keys() {
  const rotate = () => act(affected, () => post(inBox('keys/rotate')));
  return html`<p>Tokens are signed with one key; what it signed before a rotation is refused, unless policy <code>retired_keys_verify</code> says otherwise.</p>
    <p><${Button} run=${rotate}>Rotate the keys<//></p>`;
}

// ---- policy ----

/** The description of the API knows of each switch what it takes, what it is about, and how sure that is. */
const sureOf = about => /^(.*) \((documented|observed|guessed)\)$/s.exec(about) || [about, about, ''];

function Switch({ name, schema, value }) {
  const [, about, sure] = sureOf(schema.description || '');
  const words = (schema.enum || schema.anyOf?.flatMap(one => one.enum || []) || []).map(String);
  const set = to => act(`${name} is ${to} now`, () => send('PATCH', inBox('policy'), { [name]: to }));
  const typed = to => set(schema.enum?.includes(Number(to)) ? Number(to) : to);
  const input = typeof value === 'boolean'
    ? html`<input type="checkbox" id=${name} checked=${value} onChange=${event => set(event.target.checked)} />`
    : words.length ? html`<select id=${name} value=${String(value)} onChange=${event => typed(event.target.value)}>
        ${[...new Set([...words, String(value)])].map(word => html`<option value=${word} selected=${word === String(value)}>${word}</option>`)}</select>`
      : html`<input id=${name} value=${value} onChange=${event => set(event.target.value)} />`;
  return html`<li><label for=${name}><code>${name}</code> ${sure && html`<${Sure} of=${sure} />`}<br /><span class="soft">${about}</span></label>${input}</li>`;
}

export function Policy() {
  const policy = useCall(inBox('policy')), [api, setApi] = useState(null);
  const description = useCall(api ? null : 'openapi.json');
  useEffect(() => { if (description?.components) setApi(description.components.schemas.Policy.properties); }, [description]);
  if (!policy || !api) return html`<p class="soft">…</p>`;
  return html`<ul class="plain policy">${Object.entries(policy).map(([name, value]) => html`<${Switch} key=${name} name=${name} schema=${api[name] || {}} value=${value} />`)}</ul>`;
}
