#!/usr/bin/env python3
"""The wheel, installed into a fresh virtual environment: its README to the letter, the pytest plugin, unittest, and the
wheel's form by those who check wheels. Prints TAP."""
import re
import sys
import zipfile

from beside import DIST, ROOT, VERSION, Recorder, Tap, environment, follow, fresh, run, wheel, works

USER = '''
import pytest
import intacct_mock

def sign_on(box):
    import json, urllib.parse, urllib.request
    form = {"grant_type": "client_credentials", "client_id": box.client_id, "client_secret": box.client_secret,
            "username": box.username}
    with urllib.request.urlopen(box.token_url, urllib.parse.urlencode(form).encode()) as answer:
        return json.load(answer)["access_token"]

def call(box, token):
    import urllib.error, urllib.request
    request = urllib.request.Request(box.base_url + "/ia/api/v1/objects/accounts-payable/vendor")
    request.add_header("Authorization", "Bearer " + token)
    try:
        return urllib.request.urlopen(request).status
    except urllib.error.HTTPError as error:
        return error.code

def integration(box, renews):
    token = sign_on(box)
    for _ in range(2):
        status = call(box, token)
        if status == 401 and renews:
            token = sign_on(box)
            status = call(box, token)
    return status

@pytest.mark.intacct("access-token-expired")
def test_sound(intacct):
    assert integration(intacct, renews=True) == 200

@pytest.mark.intacct("access-token-expired")
def test_careless(intacct):
    integration(intacct, renews=False)

@pytest.mark.intacct("access-token-expired")
def test_idle(intacct):
    pass

@pytest.mark.intacct("access-token-expired", "access-token-rev*")
def test_each(intacct):
    assert integration(intacct, renews=True) == 200

@pytest.mark.intacct("access-token-expired")
def test_broken(intacct):
    assert integration(intacct, renews=False) == 200

def test_unmarked(intacct, intacct_mock):
    assert integration(intacct, renews=True) == 200
    assert intacct.env["INTACCT_BASE_URL"] == intacct.base_url and intacct_mock.https.startswith("https://")
    assert "BEGIN CERTIFICATE" in intacct_mock.ca()
    intacct.control("clock", {"advance": "12h"})

def test_unknown(intacct_mock):
    with pytest.raises(Exception, match="there is no scenario"):
        intacct_mock.sandbox("acess-token-expired")
'''


def environments(tap):
    folder = fresh("python")
    run(sys.executable, "-m", "venv", str(folder / "venv"))
    env = environment(PATH=f"{folder}/venv/bin:/usr/bin:/bin", PIP_DISABLE_PIP_VERSION_CHECK="1", PYTHONDONTWRITEBYTECODE="1",
                      PIP_QUIET="1")
    project = folder / "project"
    first = folder / "README.md"
    first.write_text(re.search(r"<!-- packages:(.*?)<!-- /packages -->", (ROOT / "README.md").read_text(), re.DOTALL)[1])
    for readme, place in ((first, folder / "first"), (ROOT / "packages/python/README.md", project)):
        place.mkdir()
        follow(tap, readme, place, env, lambda command: command.replace("install intacct-mock", f"install '{wheel()}'"))
    works(tap, "the program is on PATH", "bash", "-c", "type -P intacct-mock && intacct-mock version", env=env, says=VERSION)
    return folder, env


def plugin(tap, folder, env):
    project = folder / "plugin"
    project.mkdir()
    (project / "test_user.py").write_text(USER)
    pytest = ("python", "-m", "pytest", "-p", "no:cacheprovider", "-rA")

    def outcome(*arguments, **more):
        return run(*pytest, *arguments, cwd=project, env={**env, **more})

    _, said = outcome("--intacct-artifacts", "kept")
    for line in ("PASSED test_user.py::test_sound", "FAILED test_user.py::test_careless", "SKIPPED [1]",
                 "PASSED test_user.py::test_each[access-token-revoked]", "FAILED test_user.py::test_broken",
                 "PASSED test_user.py::test_unmarked", "PASSED test_user.py::test_unknown"):
        tap.check(f"pytest: {line}", line in said, said)
    tap.check("the failure's text is the verdict's", "the refused call is repeated and succeeds" in said and '"that"' not in said, said)
    tap.check("the skip says why", "access-token-expired: nothing in this scenario happened: no request came" in said, said)
    tap.check("a test that fails by itself has the verdict beside it", said.count("- intacct-mock verdict -") == 1, said)
    kept = sorted(path.name.split(".", 2)[2] for path in (project / "kept").iterdir())
    tap.check("verdict, JUnit, journal and HAR are kept of each that failed, and of no other",
              kept == sorted(["har", "journal.json", "junit.xml", "verdict.txt"] * 2), kept)

    _, said = outcome("--intacct-require-all", "-k", "idle")
    tap.check("--intacct-require-all: what was not put to the test fails", "1 failed" in said, said)
    _, said = outcome("--intacct-scenarios", "access-token-*", "-k", "unmarked")
    tap.check("--intacct-scenarios runs an unmarked test once per scenario", "test_unmarked[access-token-revoked]" in said
              and "test_unmarked[access-token-unknown]" in said, said)
    _, said = outcome("--intacct-scenarios", "nope-*", "-k", "unmarked")
    tap.check("a pattern without a scenario is an error that says so", "there is no scenario 'nope-*'" in said, said)
    works(tap, "pytest-xdist is installed", "pip", "install", "pytest-xdist", env=env)
    _, said = outcome("-n", "3")
    tap.check("with pytest-xdist the same tests pass, fail and skip", "2 failed, 5 passed, 1 skipped" in said, said)
    recorder = Recorder(folder, folder / "venv/bin/intacct-mock")
    killed = "import intacct_mock, os, signal; intacct_mock.start(); os.kill(os.getpid(), signal.SIGKILL)"
    run("python", "-c", killed, env={**env, "INTACCT_MOCK": str(recorder.path)})
    outcome("-n", "2", INTACCT_MOCK=str(recorder.path))
    tap.check("every server ends with the session, or with a process that is killed", recorder.all_end()
              and len(recorder.pids.read_text().split()) == 3)
    for name, program, words in (("missing", "/nowhere", "did not start: there is no program to start"), ("of another kind", "/bin/false", "did not start")):
        _, said = outcome("-k", "sound", INTACCT_MOCK=program)
        tap.check(f"a program that is {name}: one line says so", f"intacct-mock: {program} {words}" in said, said)


def form(tap):
    folder = fresh("python-form")
    wheels = sorted(DIST.glob("intacct_mock-*.whl"))
    tap.check("there is a wheel for each processor", len(wheels) == 2, wheels)
    works(tap, "twine finds no fault in them", sys.executable, "-m", "twine", "check", "--strict", *wheels)
    works(tap, "nor does check-wheel-contents", sys.executable, "-m", "check_wheel_contents", *wheels)
    for path in wheels:
        with zipfile.ZipFile(path) as archive:
            program = archive.getinfo(f"intacct_mock-{VERSION}.data/scripts/intacct-mock")
            tap.check(f"{path.name.partition('manylinux2014_')[2].split('.')[0]}: the program may be run", program.external_attr >> 16 == 0o100755)
            tap.check("and the licences are in it", {"openssl", "zlib", "glibc", "cjson", "civetweb", "htm", "preact", "intacct-mock"} == {
                name.split("/")[-1] for name in archive.namelist() if "/licenses/" in name})
        status, said = run(sys.executable, "-m", "pip", "download", "--no-deps", "--no-index", "--only-binary=:all:", "-d", str(folder),
                           "--platform", path.name[:-4].rsplit(".", 1)[1], "--find-links", str(DIST), f"intacct-mock=={VERSION}")
        tap.check("pip takes it where there is musl too (Alpine)", status == 0, said)
    works(tap, "its types hold", sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(folder / "mypy"),
          str(ROOT / "packages/python/intacct_mock"))


def main():
    tap = Tap()
    folder, env = environments(tap)
    plugin(tap, folder, env)
    form(tap)
    tap.end()


if __name__ == "__main__":
    main()
