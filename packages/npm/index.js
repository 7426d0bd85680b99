// A mock Sage Intacct OAuth server in your tests: one server, a sandbox for each test, its verdict at the end.
// The types, and what each function promises: index.d.ts.
'use strict';
const { spawn } = require('node:child_process');
const { existsSync, mkdirSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { createInterface } = require('node:readline');

const OPTIONS = ['--port', '0', '--https-port', '0', '--log-level', 'warn'];
// What the test's side reads; the server would warn that it does not know them.
const OURS = ['INTACCT_MOCK_URL', 'INTACCT_MOCK_ARTIFACTS'];
// The server ends when a pipe from this process does, so also when that is killed: then no exit handler is run.
const TIED = 'exec 3<&0; (cat <&3; kill $$) >/dev/null 2>&1 & exec "$0" "$@" </dev/null 3<&-';
const NONE = 'there is no program to start: neither in this package nor on PATH; INTACCT_MOCK=/path/to/intacct-mock names one';

class IntacctMock {
  #process;

  constructor(url, server) {
    this.http = url.replace(/\/+$/, '');
    this.https = '';
    this.#process = server;
  }

  async sandbox(scenario = 'happy-path', t = undefined) {
    const box = new Sandbox(this, JSON.parse(await this.request('sandboxes', { scenario })));
    if (t) t.after(() => box.check(t));
    return box;
  }

  async verdict(name) {
    const said = JSON.parse(await this.request(`sandboxes/${name}/verdict`));
    const text = (await this.request(`sandboxes/${name}/verdict`, undefined, 'text/plain')).trimEnd();
    const unmet = said.expect.find((one) => outcomeOf(one.outcome) !== 'passed');
    return { outcome: outcomeOf(said.outcome), text, reason: `${said.scenario}: ${said.note ?? unmet?.why ?? said.outcome}` };
  }

  async scenarios() {
    return JSON.parse(await this.request('scenarios')).scenarios.map((scenario) => scenario.name);
  }

  ca() {
    return this.request('ca.pem');
  }

  async request(path, body = undefined, accept = 'application/json') {
    const url = `${this.http}/__mock/${path}`;
    const headers = { Accept: accept, Connection: 'close' };
    const token = process.env.INTACCT_MOCK_CONTROL_TOKEN;
    if (token) headers.Authorization = `Bearer ${token}`;
    const post = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    const answer = await fetch(url, { headers, ...post }).catch((error) => {
      throw new Error(`intacct-mock: ${url}: ${error.cause?.message ?? error.message}`);
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`intacct-mock: ${url}: ${answer.status} ${text}`);
    return text;
  }

  async stop() {
    const server = this.#process;
    this.#process = undefined;
    if (server?.exitCode === null && server.signalCode === null) {
      server.ref();
      await new Promise((ended) => server.once('exit', ended).kill());
    }
  }

  async [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]() {
    await this.stop();
  }
}

class Sandbox {
  constructor(mock, { name, scenario, base_url, client_id, client_secret, username, redirect_uri }) {
    Object.defineProperty(this, 'mock', { value: mock });
    Object.assign(this, { name, scenario, baseUrl: base_url, clientId: client_id, clientSecret: client_secret, username,
                          redirectUri: redirect_uri, tokenUrl: `${base_url}/ia/api/v1/oauth2/token`,
                          authorizeUrl: `${base_url}/ia/api/v1/oauth2/authorize` });
  }

  get env() {
    return { INTACCT_BASE_URL: this.baseUrl, INTACCT_TOKEN_URL: this.tokenUrl, INTACCT_AUTHORIZE_URL: this.authorizeUrl,
             INTACCT_CLIENT_ID: this.clientId, INTACCT_CLIENT_SECRET: this.clientSecret, INTACCT_USERNAME: this.username,
             INTACCT_SCENARIO: this.scenario };
  }

  async control(path, body = undefined) {
    return JSON.parse(await this.mock.request(`sandboxes/${this.name}/${path}`, body));
  }

  verdict() {
    return this.mock.verdict(this.name);
  }

  async check(t = undefined) {
    const { outcome, text, reason } = await this.verdict();
    if (outcome === 'failed' || (outcome === 'skipped' && requireAll())) {
      await this.keep();
      throw failure(text);
    }
    if (outcome === 'skipped' && t) t.skip(reason);
    else if (outcome === 'skipped') process.stderr.write(`intacct-mock: skipped: ${reason}\n`);
    return outcome;
  }

  async keep(folder = process.env.INTACCT_MOCK_ARTIFACTS) {
    if (!folder) return;
    mkdirSync(folder, { recursive: true });
    for (const [ending, path, accept] of [['verdict.txt', 'verdict', 'text/plain'], ['junit.xml', 'verdict', 'application/xml'],
                                          ['journal.json', 'requests', '*/*'], ['har', 'requests.har', '*/*']]) {
      const kept = await this.mock.request(`sandboxes/${this.name}/${path}`, undefined, accept);
      writeFileSync(join(folder, `${this.name}.${ending}`), kept);
    }
  }
}

// The program to run: INTACCT_MOCK, or the one that came with this package, or the one on PATH.
function program() {
  const own = join(__dirname, 'bin', `${process.platform}-${process.arch}`, 'intacct-mock');
  return process.env.INTACCT_MOCK || (existsSync(own) ? own : 'intacct-mock');
}

async function start({ url = process.env.INTACCT_MOCK_URL, options = [] } = {}) {
  const mock = url ? new IntacctMock(url) : await startProgram(options);
  mock.https = JSON.parse(await mock.request('ready')).https;
  return mock;
}

async function startProgram(options) {
  const command = program();
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !OURS.includes(name)));
  const server = spawn('/bin/sh', ['-c', TIED, command, ...OPTIONS, ...options], { env, stdio: 'pipe' });
  let errors = '';
  server.stderr.setEncoding('utf8').on('data', (text) => { errors += text; });
  server.once('exit', () => server.stdin.destroy());
  const line = await new Promise((resolve, reject) => {
    server.once('close', (status) => reject(new Error(`intacct-mock: ${command} did not start: ${status === 127 ? NONE : errors.trim()}`)));
    createInterface(server.stdout).once('line', resolve); // intacct-mock VERSION ready HTTP [HTTPS] scenario NAME
  });
  for (const part of [server, ...server.stdio]) part.unref();
  return new IntacctMock(line.split(' ')[3], server);
}

let shared;

// This process's own server: started at the first call.
async function sandbox(scenario = 'happy-path', t = undefined) {
  shared ??= start();
  return (await shared).sandbox(scenario, t);
}

async function verdict(name) {
  shared ??= start();
  return (await shared).verdict(name);
}

async function stop() {
  const mock = shared;
  shared = undefined;
  await (await mock)?.stop();
}

// Any word that means neither passed nor failed means that something was not put to the test.
function outcomeOf(word) {
  return { passed: 'passed', met: 'passed', failed: 'failed', 'not-met': 'failed' }[word] ?? 'skipped';
}

// The verdict alone: where in this file it was asked for helps nobody.
function failure(text) {
  const error = Object.assign(new Error(text), { name: 'AssertionError', code: 'ERR_ASSERTION' });
  error.stack = `AssertionError: ${text}`;
  return error;
}

function requireAll() {
  return ['on', '1', 'true', 'yes'].includes((process.env.INTACCT_MOCK_REQUIRE_ALL ?? '').toLowerCase());
}

module.exports = { IntacctMock, Sandbox, program, sandbox, start, stop, verdict };
