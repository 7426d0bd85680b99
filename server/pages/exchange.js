// One exchange, opened: why it was refused, what went over the wire, which tokens it speaks of.
import { get, inBox, pageUrl, root } from './api.js';
import { isRefused, tell } from './stories.js';
import { TokenTable } from './token.js';
import { Button, Copy, Facts, Mark, dayAndTime, html, prettyJson, useCall, useEffect, useRef, useState } from './ui.js';

const UNSAID = new Set(['host', 'content-length', 'connection', 'accept-encoding', 'user-agent']);

const quote = text => `'${text.replaceAll("'", "'\\''")}'`;

/** A variable of the shell for each secret, called as what stands before it. */
function shellText(text, variables) {
  let name = 'SECRET';
  return text.split(/(hmac:[0-9a-f]+)/).map((part, i) => {
    if (i % 2) {
      variables.add(name);
      return `"$${name}"`;
    }
    name = (/([a-z_]+)["'=: ]*$/i.exec(part)?.[1] || 'secret').toUpperCase().replace(/^BEARER$/, 'ACCESS_TOKEN').replace(/^BASIC$/, 'BASIC');
    return part && quote(part);
  }).join('');
}

/** The same request as a command; the secrets are for whoever runs it to set. */
export function curlOf(exchange) {
  const { method, target, headers, body } = exchange.request;
  const variables = new Set();
  const server = root.href.slice(0, root.href.lastIndexOf('/__mock/'));
  const words = ['curl', '-i', ...(method === 'GET' ? [] : ['-X', method])];
  for (const { name, value } of headers)
    if (!UNSAID.has(name.toLowerCase()) && !(name.toLowerCase() === 'accept' && value === '*/*'))
      words.push('-H', shellText(`${name}: ${value}`, variables));
  if (body) words.push('--data-raw', shellText(body, variables));
  words.push(shellText(server + target, variables));
  const needed = [...variables].map(name => `: "\${${name}:?the journal has its fingerprint only}"\n`).join('');
  return needed + words.join(' ');
}

/** Both as `curl -v` writes them, for the page that explains. */
export function traceText({ request, response }) {
  const lines = (mark, first, { headers }) => [first, ...headers.map(({ name, value }) => `${name}: ${value}`), ''].map(line => `${mark} ${line}`);
  return [...lines('>', `${request.method} ${request.target} HTTP/1.1`, request), request.body,
    ...lines('<', `HTTP/1.1 ${response.status}`, response), response.body].filter(Boolean).join('\n');
}

function decoded(pair) {
  try { return decodeURIComponent(pair.replaceAll('+', ' ')); } catch { return pair; }
}

function Message({ title, line, message }) {
  const type = message.headers.find(({ name }) => name.toLowerCase() === 'content-type')?.value || '';
  const isForm = type.includes('form-urlencoded');
  const body = isForm ? message.body.split('&').map(decoded).join('\n') : prettyJson(message.body);
  return html`<h3>${title}</h3><pre tabindex="0" aria-label=${title}>${line}${'\n'}${message.headers.map(({ name, value }) => html`<span class="soft">${name}: </span>${value}${'\n'}`)}</pre>
    ${message.body && html`<pre tabindex="0" aria-label=${`${title}, body`}>${body}</pre>`}
    ${message.body_bytes && html`<p class="soft">cut: it had ${message.body_bytes} bytes</p>`}`;
}

/** Those that are JWTs, decoded; and what the sandbox has become of each by now. */
function Tokens({ exchange }) {
  const listed = useCall(inBox('tokens')), read = useCall(inBox(`requests/${exchange.id}/tokens`));
  if (!read?.tokens?.length) return null;
  return html`<h3>Tokens</h3>${read.tokens.map(token => {
    const now = listed?.tokens?.find(({ fingerprint }) => fingerprint === token.fingerprint);
    return html`<${TokenTable} token=${token} more=${now ? [
      ['Now', html`<${Mark} kind=${now.state === 'live' ? 'good' : 'bad'}>${now.state}<//> ${now.cause && html`<a href=${pageUrl(`causes/${now.cause}`)}>${now.cause}</a>`}`],
      ['Granted by', now.grant_type], ['Scopes', now.scopes]] : []} />`;
  })}`;
}

function Refusal({ exchange, story }) {
  const notes = exchange.notes.map(note => html`<p><${Mark} kind="warn">note<//> <a href=${pageUrl(`causes/${note.cause}`)}>${note.cause}</a>: ${note.text}</p>`);
  if (!exchange.cause) return notes;
  return html`<div class="refusal"><p><strong><a href=${pageUrl(`causes/${exchange.cause}`)}>${exchange.cause}</a></strong>
      ${exchange.worded_as && html` worded as <code>${exchange.worded_as}</code>`}</p>
    <${Facts} of=${[['Evidence', exchange.evidence], ['Why', exchange.why], ['Fix', exchange.fix], ['Then', story && tell(story)]]} /></div>${notes}`;
}

export function Exchange({ id, story, make }) {
  const [exchange, setExchange] = useState(null);
  const title = useRef();
  useEffect(() => { get(inBox(`requests/${id}`)).then(setExchange, error => setExchange({ error: error.message })); }, [id]);
  useEffect(() => { if (exchange) title.current?.focus(); }, [exchange]);
  if (!exchange) return html`<section class="detail" aria-busy="true"><p class="soft">…</p></section>`;
  if (exchange.error) return html`<section class="detail"><h2 ref=${title} tabindex="-1">#${id}</h2><p class="error">${exchange.error}</p><a href="#">Close</a></section>`;
  const { request, scenario } = exchange;
  return html`<section class="detail" aria-labelledby="exchange">
    <div class="top"><h2 id="exchange" ref=${title} tabindex="-1">#${id} ${request.method} <span class="path">${request.target}</span> → ${exchange.status}</h2>
      <a class="button second small" href="#">Close</a></div>
    <${Refusal} exchange=${exchange} story=${story} />
    <p class="actions"><${Copy} text=${curlOf(exchange)}>Copy as curl<//>
      ${isRefused(exchange) && html` <a class="button second small" href=${pageUrl('explain', { exchange: id })}>Explain</a>`}
      ${exchange.cause && html` <${Button} run=${() => make(exchange)}>Make a scenario of this<//>`}</p>
    <${Facts} of=${[['Time', `${dayAndTime(exchange.at)}${exchange.at.slice(0, 16) === exchange.at_real.slice(0, 16) ? '' : ` (really ${dayAndTime(exchange.at_real)})`}`],
      ['Took', `${exchange.duration_us} µs`], ['Client', exchange.client_id], ['User', exchange.user], ['Grant', exchange.grant], ['Scope', exchange.scope],
      ['Scenario', scenario && `rule ${scenario.rule}${scenario.world ? `: ${scenario.world}` : ''}${scenario.wire ? `, ${scenario.wire}` : ''}`]]} />
    <${Tokens} exchange=${exchange} />
    <${Message} title="Request" line=${`${request.method} ${request.target}`} message=${request} />
    <${Message} title="Response" line=${`HTTP/1.1 ${exchange.status}`} message=${exchange.response} /></section>`;
}
