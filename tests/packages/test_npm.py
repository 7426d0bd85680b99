#!/usr/bin/env python3
"""The npm package, installed into a fresh project: its README to the letter, ES modules and CommonJS, node:test, Vitest and
Jest, npx, its types, and its form by those who check packages. Prints TAP."""
import json
import os
import re
import tarfile

from beside import DIST, ROOT, VERSION, Recorder, Tap, environment, follow, fresh, run, unpack, works

PLATFORM = {"x86_64": "linux-x64", "aarch64": "linux-arm64"}[os.uname().machine]
FILE = DIST / f"intacct-mock-{VERSION}.tgz"
TOOLS = ("vitest@4.1.12", "jest@30.2.0", "typescript@5.9.3", "@types/node@20", "publint@0.3.15", "@arethetypeswrong/cli@0.18.2")
INTEGRATION = """
export async function integration(box, renews) {
  const signOn = async () => {
    const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: box.clientId,
                                       client_secret: box.clientSecret, username: box.username });
    return (await (await fetch(box.tokenUrl, { method: 'POST', body })).json()).access_token;
  };
  const call = async () => (await fetch(`${box.baseUrl}/ia/api/v1/objects/accounts-payable/vendor`,
                                        { headers: { Authorization: `Bearer ${token}` } })).status;
  let token = await signOn();
  for (let i = 0; i < 2; i++) {
    if (await call() === 401 && renews) {
      token = await signOn();
      await call();
    }
  }
}
"""
TESTS = """
test('sound', async (T) => { await integration(await sandbox('access-token-expired'ARG), true); });
test('careless', async (T) => { await integration(await sandbox('access-token-expired'ARG), false); });
test('idle', async (T) => { await sandbox('access-token-expired'ARG); });
"""
PLAIN = """
import assert from 'node:assert';
import { start } from 'intacct-mock';
const mock = await start();
const box = await mock.sandbox();
assert.match(mock.https, /^https:/);
assert.match(await mock.ca(), /BEGIN CERTIFICATE/);
assert.equal(box.env.INTACCT_BASE_URL, box.baseUrl);
assert.ok((await mock.scenarios()).includes('access-token-expired'));
assert.equal((await box.control('clock', { advance: '12h' })).offset_s, 43200);
assert.equal((await mock.verdict(box.name)).outcome, 'skipped');
await assert.rejects(mock.sandbox('acess-token-expired'), /intacct-mock: .*there is no scenario/);
await mock.stop();
await assert.rejects(start({ options: ['--port', 'x'] }), /did not start: .*--port must be/);
console.log('fine');
"""
TYPED = """
import { sandbox, start, type Sandbox, type Verdict } from 'intacct-mock';
import { sandbox as ours } from 'intacct-mock/vitest';
const box: Sandbox = await sandbox('happy-path');
const verdict: Verdict = await box.verdict();
const word: 'passed' | 'failed' | 'skipped' = verdict.outcome;
await (await start({ options: ['--seed', '7'] })).stop();
// @ts-expect-error: there is no such outcome
const wrong: 'met' = verdict.outcome;
export { ours, word, wrong };
"""


def project(name, tools):
    """A project with the package installed, and the tools beside it."""
    folder = fresh(f"npm-{name}")
    (folder / "package.json").write_text(json.dumps({"private": True, "type": "module"}))
    if tools:
        os.symlink(tools / "node_modules", folder / "node_modules")
    return folder


def tools(tap, env):
    folder = fresh("npm")
    # attw 0.18.2 unpacks nothing with fflate 0.8.3
    (folder / "package.json").write_text(json.dumps({"private": True, "overrides": {"fflate": "0.8.2"}}))
    works(tap, "it is installed from its file, with no script", "npm", "install", "--no-audit", "--no-fund", "--silent", FILE, *TOOLS,
          cwd=folder, env=env, timeout=500)
    with tarfile.open(FILE) as tar:
        described = json.load(tar.extractfile("package/package.json"))
    tap.check("its package.json has no script", "scripts" not in described and described["version"] == VERSION, described)
    return folder


def runners(tap, installed, env):
    for name, head, t, command, skipped in (
            ("node:test", "import { test } from 'node:test';\nimport { sandbox } from 'intacct-mock';", True,
             ("node", "--test", "--test-reporter=tap"), True),
            ("vitest", "import { test } from 'vitest';\nimport { sandbox } from 'intacct-mock/vitest';", False,
             ("node", "node_modules/vitest/vitest.mjs", "run", "--reporter=tap-flat"), True),
            ("jest", "import { sandbox } from 'intacct-mock/jest';", False,
             ("node", "--experimental-vm-modules", "node_modules/jest/bin/jest.js", "--colors=false", "--verbose"), False)):
        folder = project(name.replace(":", "-"), installed)
        text = TESTS.replace("ARG", ", t" if t else "").replace("(T)", "(t)" if t else "()")
        (folder / "user.test.js").write_text(head + INTEGRATION.replace("export ", "") + text)
        recorder = Recorder(folder, installed / "node_modules/intacct-mock/bin" / PLATFORM / "intacct-mock")
        status, said = run(*command, cwd=folder, env={**env, "INTACCT_MOCK_ARTIFACTS": str(folder / "kept"),
                                                      "INTACCT_MOCK": str(recorder.path)})
        tap.check(f"{name}: its servers have ended", recorder.all_end())
        tap.check(f"{name}: the sound integration passes, the careless one fails", status == 1 and results(said, "sound", "ok", "✓")
                  and results(said, "careless", "not ok", "✕"), said)
        tap.check(f"{name}: the failure's text is the verdict's", "the refused call is repeated and succeeds" in said
                  and '"that"' not in said, said)
        words = "access-token-expired: nothing in this scenario happened: no request came"
        if skipped:
            tap.check(f"{name}: what was not put to the test is skipped", "SKIP" in said.upper() and results(said, "idle", "ok", "ok"), said)
        if name != "vitest":  # its TAP reporter leaves the reason out
            tap.check(f"{name}: and it is said why", words in said, said)
        kept = sorted(path.name.split(".", 2)[2] for path in (folder / "kept").iterdir())
        tap.check(f"{name}: verdict, JUnit, journal and HAR are kept of what failed",
                  kept == ["har", "journal.json", "junit.xml", "verdict.txt"], kept)
        _, said = run(*command, cwd=folder, env={**env, "INTACCT_MOCK_REQUIRE_ALL": "on"})
        tap.check(f"{name}: with INTACCT_MOCK_REQUIRE_ALL it fails", results(said, "idle", "not ok", "✕"), said)


def vitest_in_one_worker(tap, installed, env):
    """Where modules are kept between test files, and workers are threads: the verdict counts in each file, and no server is left."""
    folder = project("vitest-threads", installed)
    text = "import { test } from 'vitest';\nimport { sandbox } from 'intacct-mock/vitest';" + INTEGRATION.replace("export ", "")
    for name in ("one", "two"):
        (folder / f"{name}.test.js").write_text(text + TESTS.replace("ARG", "").replace("(T)", "()"))
    recorder = Recorder(folder, installed / "node_modules/intacct-mock/bin" / PLATFORM / "intacct-mock")
    _, said = run("node", "node_modules/vitest/vitest.mjs", "run", "--no-isolate", "--pool=threads", "--maxWorkers=1", "--reporter=tap-flat",
                  cwd=folder, env={**env, "INTACCT_MOCK": str(recorder.path)})
    tap.check("vitest, all files in one thread: the careless integration fails in each", said.count("not ok") == 2, said)
    tap.check("and the servers have ended", recorder.all_end())
    (folder / "killed.mjs").write_text("import { start } from 'intacct-mock';\nawait start();\nprocess.kill(process.pid, 'SIGKILL');\n")
    run("node", "killed.mjs", cwd=folder, env={**env, "INTACCT_MOCK": str(recorder.path)})
    tap.check("a server ends with a process that is killed", recorder.all_end())


def results(said, test, tap_word, mark):
    """Whether a line of TAP, or of Jest, gives the test that result."""
    return any(line.strip().startswith((f"{tap_word} ", f"{mark} ")) and f" {test}" in line for line in said.splitlines())


def uses(tap, installed, env):
    folder = project("plain", installed)
    (folder / "plain.mjs").write_text(PLAIN)
    works(tap, "as an ES module: a server, a sandbox, the control API, errors that say what is wrong", "node", "plain.mjs", cwd=folder,
          env=env, says="fine")
    (folder / "plain.cjs").write_text("const { start } = require('intacct-mock');\n"
                                      "start().then((mock) => mock.stop()).then(() => console.log('fine'));\n")
    works(tap, "as CommonJS, which ends when the server has", "node", "plain.cjs", cwd=folder, env=env, says="fine")
    works(tap, "npx runs the program", "npx", "--no-install", "intacct-mock", "version", cwd=folder, env=env, says=VERSION)
    status, _ = run("npx", "--no-install", "intacct-mock", "--port", "x", cwd=folder, env=env)
    tap.check("and its exit status is the program's", status == 2, status)
    (folder / "typed.mts").write_text(TYPED)
    tsc = ("npx", "--no-install", "tsc", "--noEmit", "--strict", "--skipLibCheck", "false", "--target", "es2022")
    works(tap, "its types hold", *tsc, "--module", "nodenext", "--types", "node", "typed.mts", cwd=folder, env=env)
    (folder / "typed.cts").write_text("import mock = require('intacct-mock');\nvoid mock.sandbox();\n")
    works(tap, "also for CommonJS", *tsc, "--module", "nodenext", "--types", "node", "typed.cts", cwd=folder, env=env)


def form(tap, installed, env):
    folder = fresh("npm-form")
    unpack(FILE, folder)
    said = works(tap, "npm pack has nothing to add", "npm", "pack", "--dry-run", "--json", cwd=folder / "package", env=env)
    with tarfile.open(FILE) as tar:
        ours = {member.name.removeprefix("package/"): member.mode for member in tar.getmembers()}
    theirs = {file["path"] for file in json.loads(said[said.index("["):])[0]["files"]}
    tap.check("its files are those that npm would pack", theirs == set(ours), theirs ^ set(ours))
    tap.check("the programs may be run", {name for name, mode in ours.items() if mode == 0o755} == {
        "bin/intacct-mock.js", "bin/linux-x64/intacct-mock", "bin/linux-arm64/intacct-mock"}, ours)
    works(tap, "publint finds no fault", "npx", "--no-install", "publint", str(folder / "package"), "--strict", cwd=installed, env=env)
    # Vitest is an ES module alone, and so is what is for it
    works(tap, "nor does attw with its types", "npx", "--no-install", "attw", FILE, "--profile", "node16", "--ignore-rules",
          "cjs-resolves-to-esm", cwd=installed, env=env)


def main():
    tap = Tap()
    env = environment(npm_config_update_notifier="false", CI="1")
    if tuple(map(int, re.findall(r"\d+", run("node", "--version")[1])[:2])) < (20, 19):
        print("ok 1 - the npm package # SKIP Vitest needs Node.js 20.19 or later\n1..1")
        return
    installed = tools(tap, env)
    follow(tap, ROOT / "packages/npm/README.md", project("readme", None), env,
           lambda command: command.replace("--save-dev intacct-mock", f"--save-dev {FILE}"))
    runners(tap, installed, env)
    vitest_in_one_worker(tap, installed, env)
    uses(tap, installed, env)
    form(tap, installed, env)
    tap.end()


if __name__ == "__main__":
    main()
