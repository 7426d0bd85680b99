// One server per test file, one sandbox per test, its verdict asserted after the test. See mock.test.js.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';

export function intacctMock(program = process.env.INTACCT_MOCK ?? 'intacct-mock') {
  let server, control;
  let boxes = [];

  beforeAll(async () => {
    server = spawn(program, ['--port', '0', '--https-port', 'none', '--log-level', 'warn'],
                   { stdio: ['ignore', 'pipe', 'inherit'] });
    const ready = await new Promise((resolve, reject) => {
      server.once('error', reject).once('exit', () => reject(new Error(`${program} did not start`)));
      createInterface(server.stdout).once('line', resolve); // intacct-mock 1.0 ready http://…
    });
    control = `${ready.split(' ')[3]}/__mock`;
  });

  afterEach(async () => {
    const names = boxes.map((box) => box.name);
    boxes = [];
    for (const name of names) {
      const verdict = await (await fetch(`${control}/sandboxes/${name}/verdict`)).json();
      expect(verdict.outcome, JSON.stringify(verdict, null, 2)).toBe('met');
    }
  });

  afterAll(() => server.exitCode === null && new Promise((ended) => server.once('exit', ended).kill()));

  return async function sandbox(scenario = 'happy-path') {
    const answer = await fetch(`${control}/sandboxes`, { method: 'POST', body: JSON.stringify({ scenario }) });
    const box = await answer.json();
    boxes.push(box);
    return box; // base_url, client_id, client_secret, username, redirect_uri
  };
}
