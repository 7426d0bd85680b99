// A token in words: its times, who signed it, header and claims.
import { Facts, Mark, html } from './ui.js';

function Claims({ name, claims }) {
  return html`<table><caption>${name}</caption><thead><tr><th>Name</th><th>Value</th><th>Meaning</th></tr></thead>
    <tbody>${(claims || []).map(claim => html`<tr><td><code>${claim.name}</code></td><td><code>${String(claim.value)}</code></td><td>${claim.meaning}</td></tr>`)}</tbody></table>`;
}

const SIGNATURES = { good: 'good', bad: 'bad', 'unknown-key': 'warn', unchecked: '' };

/** More of it: what else is known, as rows of facts. */
export function TokenTable({ token, more = [] }) {
  return html`<${Facts} of=${[['Fingerprint', html`<code>${token.fingerprint}</code>`], ['Kind', token.kind], ['No JWT', token.wrong],
    ['Times', token.times], ['Issuer', token.real_service && 'the real Sage Intacct, not this mock'],
    ['Signature', token.signature && html`<${Mark} kind=${SIGNATURES[token.signature]}>${token.signature}<//> ${token.signature_text}`],
    ['Odd', token.odd?.length ? token.odd.join('; ') : ''], ...more]} />
    ${token.decoded && html`<div class="wide"><${Claims} name="Header" claims=${token.header} /><${Claims} name="Claims" claims=${token.claims} /></div>`}`;
}
