// The control API as the pages use it: it lies beside them, and most of it is about one sandbox.

export const root = new URL('../', import.meta.url); // …/__mock/
export const sandbox = new URLSearchParams(location.search).get('sandbox') || 'default';

/** The path of a call about this sandbox, or about another one. */
export const inBox = (call = '', name = sandbox) => `sandboxes/${encodeURIComponent(name)}${call && '/'}${call}`;

/** The address of another page, for the same sandbox. */
export function pageUrl(page, more = {}) {
  const url = new URL(page, root);
  if (sandbox !== 'default') url.searchParams.set('sandbox', sandbox);
  for (const [name, value] of Object.entries(more)) if (value !== '') url.searchParams.set(name, value);
  return url.href;
}

// --control-token: asked of the person, kept as long as the tab
const TOKEN = 'intacct-mock control token';
export const setToken = token => sessionStorage.setItem(TOKEN, token);

async function request(method, path, options = {}) {
  const headers = { Accept: 'application/json', ...options.headers };
  const token = sessionStorage.getItem(TOKEN);
  if (token) headers.Authorization = `Bearer ${token}`;
  const answer = await fetch(new URL(path, root), { ...options, method, headers });
  if (answer.ok) return answer;
  const text = await answer.text();
  if (answer.status === 401) dispatchEvent(new Event('token-wanted'));
  let message = text;
  try { message = JSON.parse(text).message || text; } catch { /* it is no JSON: told as it is */ }
  throw new Error(message || `${method} ${path} was answered ${answer.status}`);
}

async function content(answer) {
  const text = await answer.text();
  return text && JSON.parse(text);
}

export const get = path => request('GET', path).then(content);
export const send = (method, path, body) => request(method, path,
  body === undefined ? {} : { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }).then(content);
export const post = (path, body = {}) => send('POST', path, body);
export const postText = (path, text) => request('POST', path, { body: text, headers: { 'Content-Type': 'text/plain' } }).then(content);
export const download = (path, accept) => request('GET', path, { headers: { Accept: accept } }).then(answer => answer.text());

/**
 * Calls `take` with what the journal has and, as it grows, with what comes: lists of exchanges. Comes back when the
 * server goes away, and goes on behind the last one. Not by EventSource, which can send no Authorization.
 */
export async function follow(take, tellConnected) {
  for (let last = 0; ;) {
    try {
      const answer = await request('GET', inBox('events') + '?since=0',
        { headers: { Accept: 'text/event-stream', 'Last-Event-ID': String(last) } });
      tellConnected(true);
      for await (const exchanges of events(answer.body.getReader())) {
        take(exchanges);
        last = exchanges.at(-1).id;
      }
    } catch { /* told below, and tried again */ }
    tellConnected(false);
    await new Promise(resolve => setTimeout(resolve, 1000));
  }
}

async function* events(reader) {
  const decoder = new TextDecoder();
  for (let rest = ''; ;) {
    const { value, done } = await reader.read();
    if (done) return;
    const whole = (rest + decoder.decode(value, { stream: true })).split('\n\n');
    rest = whole.pop();
    const exchanges = whole.flatMap(event => event.split('\n').filter(line => line.startsWith('data: ')))
      .map(line => JSON.parse(line.slice('data: '.length)));
    if (exchanges.length) yield exchanges;
  }
}
