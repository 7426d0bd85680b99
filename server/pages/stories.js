// What belongs together in a journal: which place an exchange is with, and the story of a refused token: a call is
// refused, a new token is had, the call is made again.

/** The journal calls a refused call by its cause, a granted one by nothing. */
export const isRefused = exchange => exchange.cause !== null || exchange.status >= 400;

const AUTHORIZATION = new Set(['token', 'authorize', 'revoke', 'introspect', 'discovery', 'jwks']);
/** "token": the authorization server; "api" */
export const placeOf = exchange => (AUTHORIZATION.has(exchange.endpoint) ? 'token' : 'api');

const callOf = exchange => `${exchange.request.method} ${exchange.request.target.split('?')[0]}`;
/** A call that was refused for its token: a story may begin here. */
export const isAboutToken = exchange => placeOf(exchange) === 'api' && exchange.token && (exchange.status === 401 ||
  (exchange.status === 400 && /token|session|grant|authorization/.test(exchange.cause || '')));

/** Exchanges are added in the order of the journal; parts: id → { story, text }. */
export class Stories {
  parts = new Map();
  #open = []; // the newest last
  #count = 0;

  add(exchange) {
    if (isAboutToken(exchange)) this.#addRefusal(exchange);
    else if (exchange.endpoint === 'token') this.#addToken(exchange);
    else if (placeOf(exchange) === 'api' && exchange.token) this.#addRepeat(exchange);
  }

  #put(exchange, story, text) {
    story.ids.push(exchange.id);
    this.parts.set(exchange.id, { story, text });
  }

  #find(wanted) {
    return this.#open.findLast(wanted);
  }

  // of several calls with the same dead token there is one story
  #addRefusal(exchange) {
    let story = this.#find(open => open.dead === exchange.token);
    if (!story) {
      story = { number: 0, ids: [], client: exchange.client_id, user: exchange.user, dead: exchange.token,
        fresh: new Set(), waiting: new Set(), repeated: [], tokens: [] };
      this.#open.push(story);
      if (this.#open.length > 50) this.#open.shift();
    }
    story.waiting.add(callOf(exchange));
    this.#put(exchange, story, 'refused');
  }

  #addToken(exchange) {
    const story = this.#find(open => open.waiting.size && open.client === exchange.client_id &&
      (!open.user || !exchange.user || open.user === exchange.user));
    if (!story) return;
    story.number ||= this.#count += 1;
    if (exchange.issued) story.fresh.add(exchange.issued);
    story.tokens.push(exchange);
    this.#put(exchange, story, exchange.issued ? 'new token' : 'no new token');
  }

  #addRepeat(exchange) {
    const story = this.#find(open => open.fresh.has(exchange.token) && open.waiting.has(callOf(exchange)));
    if (!story) return;
    story.waiting.delete(callOf(exchange));
    story.repeated.push(exchange);
    this.#put(exchange, story, isRefused(exchange) ? 'again, refused' : 'again, fine');
  }
}

/** The whole of it in one sentence. */
export function tell(story) {
  if (!story.number) return '';
  const token = story.tokens.at(-1), again = story.repeated.at(-1);
  return `then ${token.issued ? 'a new token' : 'no new token'} (#${token.id}, ${token.grant || 'no grant'})` +
    (again ? `, the call again (#${again.id}): ${again.status}` : ', not called again yet');
}
