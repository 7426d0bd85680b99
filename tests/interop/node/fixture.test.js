// What mock.js promises (mock.test.js shows a sound integration), tried on one that is not sound.
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';

test('the Vitest fixture: the verdict fails an integration that asks for a new token twice', async () => {
  const example = await readFile('mock.test.js', 'utf8');
  const refresh = /token = await ask\(\{ grant_type: 'refresh.*\n/;
  const { code, output } = await run(example.replace(refresh, (line) => line + line));
  expect(code, output).toBe(1);
  expect(output).toMatch(/2 failed.*1 passed/);
  expect(output).toContain('one new token is asked for, however many calls were refused');
});

async function run(text) {
  const folder = await mkdtemp('unsound-');
  onTestFinished(() => rm(folder, { recursive: true }));
  await copyFile('mock.js', `${folder}/mock.js`);
  await writeFile(`${folder}/mock.test.js`, text);
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--root', folder, '--no-color'];
  return new Promise((resolve) => execFile(process.execPath, vitest, (error, stdout, stderr) => {
    resolve({ code: error?.code ?? 0, output: stdout + stderr });
  }));
}
