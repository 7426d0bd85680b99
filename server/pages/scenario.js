// A scenario of what was seen: the same refusals at the same places, and what a sound client does about them.
import { inBox, pageUrl, post, sandbox, send } from './api.js';
import { Button, Copy, Dialog, Lines, act, html, saveAs, useState } from './ui.js';
import { placeOf } from './stories.js';

const isLike = (one, other) => one.endpoint === other.endpoint && one.grant === other.grant;

function ruleOf(exchange, all) {
  const before = all.filter(other => other.id < exchange.id && isLike(other, exchange));
  const when = { endpoint: exchange.endpoint, ...(exchange.grant && { grant: exchange.grant }), nth: before.length + 1 };
  return { when, then: { refuse: exchange.cause } };
}

function expectationsOf(cause, exchange) {
  if (placeOf(exchange) === 'api' && exchange.status !== 403 && exchange.token)
    return [
      { that: 'one new token is asked for', endpoint: 'token', status: 200, after: cause, count: 1 },
      { that: 'the refused call is repeated and succeeds', endpoint: 'api', status: '2xx', after: cause, same: 'call', at_least: 1 },
      { that: `a token refused as ${cause} is not used again`, cause, at_most: 1, per: 'token' },
    ];
  return [{ that: `${cause} is not run into again and again`, cause, at_most: 2 }];
}

/** refusals: exchanges with a cause; all: the journal that they are of. */
export function scenarioOf(refusals, all) {
  const refused = refusals.filter(exchange => exchange.cause && exchange.endpoint !== 'unknown');
  const first = new Map();
  for (const exchange of refused) if (!first.has(exchange.cause)) first.set(exchange.cause, exchange);
  const causes = [...first.keys()];
  return {
    name: `seen-${causes.length === 1 ? causes[0] : 'traffic'}`.slice(0, 50),
    about: `As it was seen: ${causes.join(', ') || 'nothing was refused'}.`,
    ...(causes.length === 1 && { cause: causes[0] }),
    rules: refused.map(exchange => ruleOf(exchange, all)),
    expect: [...first].flatMap(([cause, exchange]) => expectationsOf(cause, exchange)),
  };
}

export function ScenarioMaker({ refusals, all, close }) {
  const [text, setText] = useState(JSON.stringify(scenarioOf(refusals, all), null, 2));
  const [made, setMade] = useState(null);
  const run = (what, call) => act(what, () => call(JSON.parse(text)));
  const here = () => run(`${sandbox} follows it now`, scenario => send('PUT', inBox('scenario'), scenario));
  const there = async () => setMade(await run(box => `Sandbox ${box.name} is there`, scenario => post('sandboxes', { scenario })));
  return html`<${Dialog} title="A scenario of what was seen" close=${close}>
    <p>The same refusals at the same places. Change it as you like: a wrong word is told with its place.</p>
    <label for="scenario">Scenario</label><textarea id="scenario" rows="16" spellcheck="false" value=${text} onInput=${event => setText(event.target.value)}></textarea>
    <p class="actions"><${Button} second=${false} run=${there}>Run it in a new sandbox<//> <${Button} run=${here}>Run it in ${sandbox}<//>
      <${Copy} text=${text} /> <${Button} run=${() => saveAs('scenario.json', text)}>Save<//></p>
    ${made && html`<${NewSandbox} box=${made} />`}<//>`;
}

/** What an integration is pointed at a sandbox with: the same names that `intacct-mock run` uses. */
export const environment = box => [['BASE_URL', box.base_url], ['TOKEN_URL', `${box.base_url}/ia/api/v1/oauth2/token`],
  ['AUTHORIZE_URL', `${box.base_url}/ia/api/v1/oauth2/authorize`], ['CLIENT_ID', box.client_id], ['CLIENT_SECRET', box.client_secret],
  ['USERNAME', box.username]].map(([name, value]) => `export INTACCT_${name}='${value}'`).join('\n');

export function NewSandbox({ box }) {
  return html`<div class="refusal made"><p>Sandbox <strong>${box.name}</strong> follows <code>${box.scenario}</code>.
    <a href=${new URL(`?sandbox=${encodeURIComponent(box.name)}`, pageUrl(''))}>Watch its traffic</a></p>
    <${Lines} name="the base URL" text=${box.base_url} /><${Lines} name="the environment" text=${environment(box)} /></div>`;
}
