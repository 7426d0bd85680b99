"""A mock Sage Intacct OAuth server in your tests: one server, a sandbox for each test, its verdict at the end.

    import intacct_mock

    box = intacct_mock.sandbox("access-token-expired")
    my_integration(box.base_url, box.client_id, box.client_secret, box.username)
    box.check()        # raises AssertionError with the verdict's text, or unittest.SkipTest with the reason

With pytest the fixture `intacct` does all of it (intacct_mock.pytest_plugin). For tests only; not affiliated with Sage.
"""
from __future__ import annotations

import atexit
import json
import os
import pathlib
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import unittest
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any, Mapping, NamedTuple, Sequence

__all__ = ["IntacctMock", "IntacctMockError", "Sandbox", "Verdict", "program", "sandbox", "start"]

OPTIONS = ("--port", "0", "--https-port", "0", "--log-level", "warn")
# What the test's side reads; the server would warn that it does not know them.
OURS = ("INTACCT_MOCK_URL", "INTACCT_MOCK_ARTIFACTS")
# The server ends when a pipe from this process does, so also when that is killed: then no exit handler is run.
TIED = 'exec 3<&0; (cat <&3; kill $$) >/dev/null 2>&1 & exec "$0" "$@" </dev/null 3<&-'
NONE = "there is no program to start: neither in this package nor on PATH; INTACCT_MOCK=/path/to/intacct-mock names one"
# The server is on this machine or beside it: never ask for it through a proxy.
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class IntacctMockError(Exception):
    """The mock could not be started, or refused what the test asked of it."""


class Verdict(NamedTuple):
    """What the server says of the client in one sandbox."""

    outcome: str  #: passed, failed or skipped
    text: str  #: for people: every expectation, why it was not met, and the exchanges that show it
    reason: str  #: one line: why it was skipped


@dataclass(frozen=True)
class Sandbox:
    """Everything behind one base URL: tokens, clock, keys, journal, and how far its scenario has come."""

    name: str
    scenario: str
    base_url: str
    client_id: str
    client_secret: str
    username: str
    redirect_uri: str
    mock: IntacctMock = field(repr=False)

    @property
    def token_url(self) -> str:
        return f"{self.base_url}/ia/api/v1/oauth2/token"

    @property
    def authorize_url(self) -> str:
        return f"{self.base_url}/ia/api/v1/oauth2/authorize"

    @property
    def env(self) -> dict[str, str]:
        """The variables that `intacct-mock run` sets too, for an integration that reads its environment."""
        return {"INTACCT_BASE_URL": self.base_url, "INTACCT_TOKEN_URL": self.token_url,
                "INTACCT_AUTHORIZE_URL": self.authorize_url, "INTACCT_CLIENT_ID": self.client_id,
                "INTACCT_CLIENT_SECRET": self.client_secret, "INTACCT_USERNAME": self.username,
                "INTACCT_SCENARIO": self.scenario}

    def control(self, path: str, body: Any = None) -> Any:
        """A call of the control API on this sandbox: control("clock", {"advance": "12h"})."""
        return json.loads(self.mock.request(f"sandboxes/{self.name}/{path}", body))

    def verdict(self) -> Verdict:
        return self.mock.verdict(self.name)

    def check(self) -> None:
        """Raises AssertionError if the client failed, unittest.SkipTest if the scenario was not put to the test."""
        verdict = self.verdict()
        if verdict.outcome == "failed" or verdict.outcome == "skipped" and _require_all():
            self.keep()
            raise AssertionError(verdict.text)
        if verdict.outcome == "skipped":
            raise unittest.SkipTest(verdict.reason)

    def keep(self, folder: str | os.PathLike[str] | None = None) -> None:
        """Writes verdict and journal into the folder, or that of INTACCT_MOCK_ARTIFACTS; without either, nothing."""
        folder = folder or os.environ.get("INTACCT_MOCK_ARTIFACTS")
        if not folder:
            return
        pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
        for ending, path, accept in (("verdict.txt", "verdict", "text/plain"), ("junit.xml", "verdict", "application/xml"),
                                     ("journal.json", "requests", "*/*"), ("har", "requests.har", "*/*")):
            kept = self.mock.request(f"sandboxes/{self.name}/{path}", accept=accept)
            pathlib.Path(folder, f"{self.name}.{ending}").write_text(kept, encoding="utf-8")


class IntacctMock:
    """One server. It starts with `with IntacctMock() as mock:` or start(), and ends with the block or stop().

    Where INTACCT_MOCK_URL (or url) names a server that runs already, that one is used, and left running."""

    def __init__(self, *options: str, url: str | None = None) -> None:
        self.options = options
        self.http = (url or os.environ.get("INTACCT_MOCK_URL") or "").rstrip("/")
        self.https = ""
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> IntacctMock:
        if not self.http:
            self._start_program()
        self.https = json.loads(self.request("ready"))["https"]
        return self

    def stop(self) -> None:
        if self._process:
            self._process.terminate()
            self._process.communicate()
            self._process, self.http = None, ""

    def __enter__(self) -> IntacctMock:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def sandbox(self, scenario: str | Mapping[str, Any] = "happy-path", test: unittest.TestCase | None = None) -> Sandbox:
        """A sandbox of its own that follows the scenario; checked at the end of the TestCase, if one is given."""
        made = json.loads(self.request("sandboxes", {"scenario": scenario}))
        box = Sandbox(mock=self, **{name: made[name] for name in Sandbox.__annotations__ if name != "mock"})
        if test:
            test.addCleanup(box.check)
        return box

    def verdict(self, name: str) -> Verdict:
        said = json.loads(self.request(f"sandboxes/{name}/verdict"))
        text = self.request(f"sandboxes/{name}/verdict", accept="text/plain").rstrip()
        unmet = [one["why"] for one in said["expect"] if _outcome_of(one["outcome"]) != "passed"]
        reason = said.get("note") or next(iter(unmet), said["outcome"])
        return Verdict(_outcome_of(said["outcome"]), text, f"{said['scenario']}: {reason}")

    def scenarios(self) -> list[str]:
        return [scenario["name"] for scenario in json.loads(self.request("scenarios"))["scenarios"]]

    def ca(self) -> str:
        """The certificate (PEM) to trust for https."""
        return self.request("ca.pem")

    def request(self, path: str, body: Any = None, accept: str = "application/json") -> str:
        url = f"{self.http}/__mock/{path}"
        headers = {"Accept": accept}
        if token := os.environ.get("INTACCT_MOCK_CONTROL_TOKEN"):
            headers["Authorization"] = f"Bearer {token}"
        data = None if body is None else json.dumps(body).encode()
        try:
            with _direct.open(urllib.request.Request(url, data, headers), timeout=30) as answer:
                return str(answer.read(), "utf-8")
        except urllib.error.HTTPError as error:
            raise IntacctMockError(f"intacct-mock: {url}: {error.code} {error.read().decode()}") from None
        except OSError as error:
            raise IntacctMockError(f"intacct-mock: {url}: {error}") from error

    def _start_program(self) -> None:
        command = [program(), *OPTIONS, *self.options]
        env = {name: value for name, value in os.environ.items() if name not in OURS}
        with tempfile.TemporaryFile("w+") as errors:
            self._process = subprocess.Popen(["/bin/sh", "-c", TIED, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                             stderr=errors, env=env, text=True)
            assert self._process.stdout
            ready = self._process.stdout.readline().split()  # intacct-mock VERSION ready HTTP [HTTPS] scenario NAME
            if len(ready) < 4 or ready[2] != "ready":
                self._process.communicate()
                errors.seek(0)
                why = NONE if self._process.returncode == 127 else errors.read().strip()
                raise IntacctMockError(f"intacct-mock: {command[0]} did not start: {why}")
        self.http = ready[3]


def program() -> str:
    """The program to run: INTACCT_MOCK, or the one that came with this package, or the one on PATH."""
    if given := os.environ.get("INTACCT_MOCK"):
        return given
    user = sysconfig.get_path("scripts", f"{os.name}_user")
    beside = pathlib.Path(__file__).parent.parent / "bin"  # pip install --target
    for folder in (sysconfig.get_path("scripts"), user, beside, pathlib.Path(sys.executable).parent):
        if shutil.which("intacct-mock", path=str(folder)):
            return str(pathlib.Path(folder, "intacct-mock"))
    return "intacct-mock"


def start() -> IntacctMock:
    """This process's own server: started at the first call, ended with the process."""
    global _shared
    if _shared is None:
        _shared = IntacctMock().start()
        atexit.register(_shared.stop)
    return _shared


def sandbox(scenario: str | Mapping[str, Any] = "happy-path", test: unittest.TestCase | None = None) -> Sandbox:
    """A sandbox of this process's own server: see start() and IntacctMock.sandbox()."""
    return start().sandbox(scenario, test)


_shared: IntacctMock | None = None


def _outcome_of(word: str) -> str:
    """Any word that means neither passed nor failed means that something was not put to the test."""
    return {"passed": "passed", "met": "passed", "failed": "failed", "not-met": "failed"}.get(word, "skipped")


def _require_all() -> bool:
    return os.environ.get("INTACCT_MOCK_REQUIRE_ALL", "").lower() in ("on", "1", "true", "yes")
