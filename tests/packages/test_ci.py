#!/usr/bin/env python3
"""The GitHub Action and the GitLab template: valid by the schemas of those who read them, and their scripts run as they say, with a
local tarball in place of a release. GitHub and GitLab themselves are not tried. Prints TAP."""
import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
import xml.etree.ElementTree as xml

import yaml

from beside import DIST, ROOT, VERSION, Tap, environment, fresh, run, unpack

ACTION = ROOT / "packages/action"
GITLAB = ROOT / "packages/gitlab/intacct-mock.yml"
TARBALL = DIST / f"intacct-mock-{VERSION}-linux-{os.uname().machine}.tar.gz"
CLIENTS = ROOT / "tests/clients"


class Runner:
    """A runner's part: the files that steps write, the contexts that expressions read, and which steps are run."""

    def __init__(self, name, **inputs):
        self.folder = fresh(f"ci/{name}")
        for file in ("ENV", "PATH", "OUTPUT"):
            (self.folder / file).write_text("")
        self.action = yaml.safe_load((ACTION / "action.yml").read_text())
        self.inputs = {**{key: value["default"] for key, value in self.action["inputs"].items()}, **inputs}
        self.env = environment(RUNNER_TEMP=str(self.folder), GITHUB_ACTION_PATH=str(ACTION),
                               **{f"GITHUB_{file}": str(self.folder / file) for file in ("ENV", "PATH", "OUTPUT")})
        self.failed, self.said, self.skipped = False, "", []

    def expression(self, text):
        outputs = dict(line.split("=", 1) for line in (self.folder / "OUTPUT").read_text().splitlines())
        known = {**{f"inputs.{key}": value for key, value in self.inputs.items()}, "steps.start.outputs.url": outputs.get("url", ""),
                 "runner.temp": str(self.folder)}
        return re.sub(r"\$\{\{ *([\w.-]+) *\}\}", lambda name: known[name[1]], str(text))

    def wanted(self, step):
        condition = step.get("if", "success()")
        return {"success()": not self.failed, "inputs.run != ''": not self.failed and self.inputs["run"] != "",
                "failure() && inputs.run != ''": self.failed and self.inputs["run"] != ""}[condition]

    def play(self):
        for step in self.action["runs"]["steps"]:
            if not self.wanted(step) or "uses" in step:
                self.skipped.append(step["name"])
                continue
            exported = dict(line.split("=", 1) for line in (self.folder / "ENV").read_text().splitlines())
            env = {**self.env, **exported, **{key: self.expression(value) for key, value in step.get("env", {}).items()}}
            status, said = run("bash", "-eo", "pipefail", "-c", step["run"], env=env, cwd=self.folder)
            self.said += said
            self.failed = self.failed or status != 0
        return self

    def exported(self):
        return dict(line.split("=", 1) for line in (self.folder / "ENV").read_text().splitlines())

    def end(self):
        ready = self.folder / "intacct-mock/ready.json"
        if ready.exists():
            os.kill(json.loads(ready.read_text())["pid"], signal.SIGTERM)


def kept_of(folder):
    """{sandbox: the kinds of files that are there of it}"""
    kept = {}
    for path in folder.iterdir():
        name, kind = re.fullmatch(r"(.+?)\.(verdict\.txt|junit\.xml|journal\.json|har)", path.name).groups()
        kept.setdefault(name, set()).add(kind)
    return kept


def schemas(tap):
    for schema, path in (("vendor.github-actions", ACTION / "action.yml"), ("vendor.github-actions", ACTION / "collect/action.yml"),
                         ("vendor.gitlab-ci", GITLAB)):
        status, said = run(sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(path))
        tap.check(f"{path.relative_to(ROOT)} is valid", status == 0, said)
    steps = yaml.safe_load("jobs:" + re.search(r"```yaml\njobs:(.*?)```", (ACTION / "README.md").read_text(), re.DOTALL)[1])
    used = [step["uses"] for step in steps["jobs"]["test"]["steps"]]
    tap.check("the README's example names this version", f"intacct-mock/intacct-mock/packages/action@v{VERSION}" in used, used)
    tap.check("the Action gets this version", yaml.safe_load((ACTION / "action.yml").read_text())["inputs"]["version"]["default"] == VERSION)


def passes_and_fails(tap):
    two = ("INTACCT_BASE_URL=$INTACCT_MOCK_URL/s/access-token-expired.one {0}/sound.py && "
           "INTACCT_BASE_URL=$INTACCT_MOCK_URL/s/access-token-revoked.two {0}/{1}.py && exit {2}")
    runner = Runner("passes", path=str(TARBALL), run=two.format(CLIENTS, "sound", 0)).play()
    try:
        tap.check("the Action: a local tarball, its sum verified, started, and the command passes", not runner.failed, runner.said)
        exported = runner.exported()
        tap.check("what comes after finds the mock in the environment", {
            "INTACCT_MOCK_URL", "INTACCT_BASE_URL", "INTACCT_CLIENT_ID", "INTACCT_CLIENT_SECRET", "INTACCT_USERNAME",
            "INTACCT_CA_FILE"} == set(exported), exported)
        with urllib.request.urlopen(exported["INTACCT_MOCK_URL"] + "/__mock/ready") as answer:
            https = json.load(answer)["https"]
        _, said = run("curl", "-sS", "--noproxy", "*", "--cacert", exported["INTACCT_CA_FILE"], https + "/__mock/health")
        tap.check("and can trust its CA", '"status":"ok"' in said, said)
        tap.check("it keeps nothing", not (runner.folder / "intacct-mock/kept").exists())
    finally:
        runner.end()

    runner = Runner("fails", path=str(TARBALL), options="--seed 7", run=two.format(CLIENTS, "naive", 1)).play()
    try:
        tap.check("the Action: a command that fails makes it fail", runner.failed, runner.said)
        kept = kept_of(runner.folder / "intacct-mock/kept")
        tap.check("verdict, JUnit, journal and HAR of every sandbox are kept", set(kept) == {
            "default", "access-token-expired.one", "access-token-revoked.two"} and all(len(kinds) == 4 for kinds in kept.values()), kept)
        junit = xml.parse(runner.folder / "intacct-mock/kept/access-token-revoked.two.junit.xml").getroot()
        tap.check("the JUnit says what the client did wrong", int(junit.get("failures")) > 0, junit.attrib)
        tap.check("only the upload is left to GitHub", runner.skipped == ["Upload it"], runner.skipped)
    finally:
        runner.end()


def bad_archives(tap):
    folder = fresh("ci/releases")
    version = folder / f"v{VERSION}"
    version.mkdir()
    for name in (TARBALL.name, "SHA256SUMS"):
        (version / name).write_bytes((DIST / name).read_bytes())

    def get(title, **env):
        runner = Runner("get")
        return run(str(ACTION / "get.sh"), env={**runner.env, "MOCK_VERSION": VERSION, "MOCK_RELEASES": f"file://{folder}", **env})

    status, said = get("good")
    tap.check("a release is got and verified (from a folder; GitHub is not tried)", status == 0 and VERSION in said, said)
    status, said = get("none", MOCK_VERSION="9.9.9")
    tap.check("one that there is not: it is said", status != 0 and "is there a release 9.9.9?" in said, said)
    (version / TARBALL.name).write_bytes(TARBALL.read_bytes()[:-1] + b"!")
    status, said = get("changed")
    tap.check("one that was changed is refused", status != 0 and "is not what SHA256SUMS beside it says" in said, said)
    (version / "SHA256SUMS").write_text("")
    status, said = get("unnamed")
    tap.check("and one that SHA256SUMS does not name", status != 0 and "is not what SHA256SUMS beside it says" in said, said)
    runner = Runner("wrong", path=str(TARBALL), options="--port x").play()
    tap.check("a server that does not start: its own words", runner.failed and "did not start: intacct-mock: --port must be" in runner.said,
              runner.said)


def gitlab(tap):
    job = yaml.safe_load(GITLAB.read_text())[".intacct-mock"]
    [script] = job["after_script"]
    core = (ACTION / "collect.sh").read_text().split("gitlab/intacct-mock.yml ---\n")[1]
    tap.check("GitLab: its after_script keeps what the Action keeps", core in script, script)
    tap.check("and it names this version", job["variables"]["INTACCT_MOCK_IMAGE"].endswith(f":{VERSION}"), job["variables"])

    folder = fresh("ci/gitlab")
    unpack(TARBALL, folder)
    program = folder / TARBALL.name.removesuffix(".tar.gz") / "intacct-mock"
    with subprocess.Popen([program, "--port", "0", "--https-port", "none", "--log-level", "error"], stdout=subprocess.PIPE, text=True,
                          env=environment()) as server:
        try:
            url = server.stdout.readline().split()[3]
            with urllib.request.urlopen(f"{url}/__mock/sandboxes/access-token-expired.x/verdict"):
                pass  # from here on there is that sandbox, too
            env = environment(**{**job["variables"], "INTACCT_MOCK_URL": url})
            for status, wanted in (("success", False), ("failed", True)):
                code, said = run("sh", "-c", script, cwd=folder, env={**env, "CI_JOB_STATUS": status})
                kept = kept_of(folder / "intacct-mock") if (folder / "intacct-mock").exists() else {}
                tap.check(f"after a job that {'failed' if wanted else 'passed'} it keeps {'every sandbox' if wanted else 'nothing'}",
                          code == 0 and set(kept) == ({"default", "access-token-expired.x"} if wanted else set()), said)
        finally:
            server.terminate()


def main():
    tap = Tap()
    schemas(tap)
    passes_and_fails(tap)
    bad_archives(tap)
    gitlab(tap)
    tap.end()


if __name__ == "__main__":
    main()
