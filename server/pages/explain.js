// Explain: what somebody has at hand of a refusal, and what it means.
import { get, inBox, pageUrl, postText } from './api.js';
import { traceText } from './exchange.js';
import { TokenTable } from './token.js';
import { Facts, Lines, Mark, Sure, html, say, useEffect, useRef, useState } from './ui.js';

// ---- what was found ----

/** Every exchange, and which of them matter. The server has taken the secrets out of the addresses. */
function Timeline({ found }) {
  const bears = new Map(found.led_to.map(({ number, what }) => [number, what]));
  return html`<h2>Timeline</h2><ol class="timeline">${found.timeline.map(({ number, status, method, address = '', at = '' }) => {
    const wrong = found.exchange?.number === number;
    return html`<li class=${wrong ? 'wrong' : bears.has(number) ? 'bears' : ''} aria-current=${wrong ? 'step' : undefined}>
      <span class=${`status s${String(status)[0]}`}>${status || '–'}</span> ${method} <code>${address.split('?')[0]}</code>
      <span class="soft"> ${at.slice(11, 19)}</span> ${wrong && html`<${Mark} kind=${found.exchange.which === 'the last' ? '' : 'bad'}>${found.exchange.which}<//>`} ${bears.get(number)}</li>`;
  })}</ol>`;
}

function Likely({ cause, rank }) {
  const list = texts => texts.length > 0 && html`<ul>${texts.map(text => html`<li>${text}</li>`)}</ul>`;
  return html`<li class="likely"><h3>${rank}. <a href=${pageUrl(`causes/${cause.id}`)}>${cause.id}</a></h3>
    <p><${Mark} kind=${cause.by === 'evidence' ? 'good' : ''}>${cause.by === 'evidence' ? 'shown by the input' : 'worded so'}<//> <${Sure} of=${cause.confidence} /> <${Mark}>${cause.common}<//></p>
    <${Facts} of=${[['For it', list(cause.evidence)], ['Against it', list(cause.against)], ['Ask', cause.question], ['Why', cause.why], ['Fix', cause.fix]]} /></li>`;
}

function Tell({ title, text }) {
  return text && html`<h3>${title}</h3><${Lines} name=${title} text=${text} />`;
}

function Found({ found }) {
  const { recognised, exchange, causes, token, transport, reproduce } = found;
  const title = useRef();
  useEffect(() => title.current.focus(), [found]);
  return html`<section aria-labelledby="found"><h2 id="found" tabindex="-1" ref=${title}>${recognised.form === 'none' ? 'Not recognised' : `It is ${recognised.what}`}</h2>
    ${recognised.exchanges > 1 && html`<p>${recognised.exchanges} exchanges, ${recognised.refused} refused${recognised.left_out ? `; ${recognised.left_out} have nothing to do with Intacct` : ''}</p>`}
    ${recognised.limit && html`<p>${recognised.limit}</p>`}
    ${found.note && html`<p>${found.note}</p>`}
    ${exchange && html`<div class="refusal"><${Facts} of=${[['Explained', `#${exchange.number}${exchange.which ? `, ${exchange.which}` : ''}`], ['At', exchange.at], ['Request', exchange.request], ['Answer', exchange.answer],
      ['Afterwards', exchange.recovered ? 'the client got over it' : ''],
      ['What led to it', found.led_to.length > 0 && html`<ul>${found.led_to.map(one => html`<li>#${one.number}: ${one.what}</li>`)}</ul>`]]} /></div>`}
    ${found.timeline && html`<${Timeline} found=${found} />`}
    ${causes.length > 0 && html`<h2>${found.undecided ? 'Possible causes' : 'Likely causes'}</h2><ol class="plain likelies">${causes.map((cause, i) => html`<${Likely} cause=${cause} rank=${i + 1} />`)}</ol>`}
    ${transport && html`<h2>What ended it</h2><h3>${transport.id}</h3><${Facts} of=${[['Told by', transport.told_by], ['Ask', transport.question], ['Why', transport.why], ['Fix', transport.fix], ['Again', transport.again], ['TLS name', transport.tls_name]]} />`}
    ${token && html`<h2>The token</h2><${TokenTable} token=${token} />`}
    ${(found.developer || found.administrator) && html`<h2>What to tell whom</h2>`}
    <${Tell} title="The developer" text=${found.developer} /><${Tell} title="Intacct's administrator" text=${found.administrator} /><${Tell} title="The administrator of the network" text=${found.network} />
    ${reproduce && html`<h2>How to see it again</h2><${Lines} name="the command" text=${reproduce.command} />`}</section>`;
}

// ---- the box ----

export function Page() {
  const [text, setText] = useState(''), [found, setFound] = useState(null);
  const explain = input => postText('explain', input).then(setFound, error => say(error.message, true));
  const submit = event => {
    event.preventDefault();
    explain(text);
  };
  // as it is: the server unpacks gzip, and knows UTF-16
  const open = async file => {
    if (!file) return;
    setText(file.name.endsWith('.gz') ? '' : await file.text());
    explain(file);
  };
  useEffect(() => {
    const id = new URLSearchParams(location.search).get('exchange');
    if (id) get(inBox(`requests/${id}`)).then(traceText).then(trace => { setText(trace); explain(trace); }, error => say(error.message, true));
  }, []);
  return html`<div class="text"><h1>Explain</h1>
    <form class="explain" onSubmit=${submit} onDragOver=${event => event.preventDefault()} onDrop=${event => { event.preventDefault(); open(event.dataTransfer.files[0]); }}>
      <label for="input">A response, a log, a HAR, a token, a code: whatever you have of the refusal</label>
      <textarea id="input" rows="9" spellcheck="false" required value=${text} onInput=${event => setText(event.target.value)}></textarea>
      <p class="actions"><button>Explain</button> <label class="button second file">Open a file <input type="file" onChange=${event => open(event.target.files[0])} /></label>
        <span><strong>Nothing leaves this machine:</strong> the mock reads it, and neither keeps nor sends it.</span></p></form>
    ${found && html`<${Found} found=${found} />`}</div>`;
}
