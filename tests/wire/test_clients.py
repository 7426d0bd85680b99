#!/usr/bin/env python3
"""The two clients of tests/clients against the built program: both do their job on a good day, and the
sound one reacts to bad days as a sound client does. What it did is read in the server's journal."""
import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import urllib.request

from mock import ROOT, Server, Tap

sys.path.insert(0, str(ROOT / "tests/clients"))
import sound  # noqa: E402

tap = Tap()
ENDPOINTS = {"discovery", "jwks", "authorize", "token", "introspect", "resource", "session", "query",
             "model", "revoke"}
API = {"resource", "session", "query", "model"}


class Sandbox:
    """The default sandbox of a fresh server, and what a client did there."""

    def __init__(self, server):
        self.server = server

    def control(self, path, body=None, method="POST"):
        ask = urllib.request.Request(self.server.url + "/__mock/sandboxes/default/" + path,
                                     json.dumps(body or {}).encode() if method != "GET" else None,
                                     {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(ask, timeout=10) as answer:
            text = answer.read()
            return json.loads(text) if text else None

    def journal(self):
        return self.control("requests", method="GET")["requests"]

    def world(self, effect, **named):
        self.control("world", {"do": effect, **named})


@contextlib.contextmanager
def fresh():
    with Server() as server:
        yield Sandbox(server)


def config(sandbox, **changes):
    return sound.config_from({"INTACCT_BASE_URL": sandbox.server.url})._replace(**changes)


def at(step, happening):
    """For Client's between=: HAPPENING once, after the named step."""
    number = sound.Client.STEPS.index(step) + 1
    return lambda n: happening() if n == number else None


def run(sandbox, faults=(), waits=None, between=lambda n: None, **changes):
    """The outcome of one run, and its exchanges as "endpoint status cause"."""
    sandbox.control("requests", method="DELETE")
    waited = [] if waits is None else waits
    client = sound.Client(config(sandbox, **changes), sleep=waited.append, faults=faults,
                          between=between)
    return client.run(), [Seen(exchange) for exchange in sandbox.journal()]


class Seen:
    def __init__(self, exchange):
        self.endpoint, self.status = exchange["endpoint"], exchange["status"]
        self.cause, self.grant = exchange["cause"], exchange.get("grant", "")
        self.target = exchange["request"]["target"].partition("?")[0]
        self.method = exchange["request"]["method"]

    def __repr__(self):
        return f"{self.method} {self.target} {self.grant} → {self.status} {self.cause or ''}"


def which(seen, **wanted):
    return [one for one in seen if all(getattr(one, name) == value for name, value in wanted.items())]


def show(outcome, seen):
    return "\n".join([str(outcome), *map(str, seen)])


def program(sandbox, name, *arguments, **environment):
    return subprocess.run([sys.executable, str(ROOT / "tests/clients" / name), *arguments],
                          capture_output=True, text=True, timeout=60,
                          env={**os.environ, "INTACCT_BASE_URL": sandbox.server.url, **environment})


# ---- a good day ----

with fresh() as sandbox:
    done = program(sandbox, "sound.py")
    seen = [Seen(exchange) for exchange in sandbox.journal()]
    tap.check("the sound client does its job", done.returncode == 0
              and done.stdout.splitlines()[-1:] == ["done"], done.stdout + done.stderr)
    tap.check("it touches every kind of endpoint", {one.endpoint for one in seen} == ENDPOINTS, seen)
    tap.check("nothing is refused on a good day", all(one.cause is None for one in seen), seen)
    tap.check("it prints no secret", "demo-secret" not in done.stdout and "eyJ" not in done.stdout,
              done.stdout)
    done = program(sandbox, "sound.py", INTACCT_CLIENT_SECRET="wrong")
    tap.check("stopped, it says why in one line and exits 1", done.returncode == 1 and not done.stderr
              and "invalid_client" in done.stdout.splitlines()[-1], done.stdout + done.stderr)
    done = program(sandbox, "sound.py", INTACCT_BASE_URL="http://127.0.0.1:1")
    tap.check("a server that is not there is no traceback", done.returncode == 1 and not done.stderr
              and "try 4" in done.stdout, done.stdout + done.stderr)
    for address in ("/token", "http://:8080/token", "http://127.0.0.1:http/token"):
        done = program(sandbox, "sound.py", INTACCT_TOKEN_URL=address)
        tap.check(f"nor is {address}, which is no address", done.returncode == 1
                  and not done.stderr and f'"{address}"' in done.stdout, done.stdout + done.stderr)
    done = program(sandbox, "sound.py", "--broken", "never-connects")
    tap.check("--broken breaks it", done.returncode == 0 and done.stdout == "done\n", done.stdout)
    done = program(sandbox, "naive.py")
    tap.check("the naive client does its job", done.returncode == 0
              and done.stdout.count("ok:") == 8, done.stdout + done.stderr)
    done = program(sandbox, "naive.py", INTACCT_CLIENT_SECRET="wrong")
    tap.check("and exits 0 on a bad day, too", done.returncode == 0 and "ok:" not in done.stdout,
              done.stdout + done.stderr)

with Server("--https-port", "0") as server:
    sandbox = Sandbox(server)
    secure = next(word for word in server.ready.split() if word.startswith("https://"))
    with tempfile.NamedTemporaryFile("wb") as ca:
        with urllib.request.urlopen(server.url + "/__mock/ca.pem", timeout=10) as answer:
            ca.write(answer.read())
        ca.flush()
        done = program(sandbox, "sound.py", INTACCT_BASE_URL=secure, SSL_CERT_FILE=ca.name)
    tap.check("it works over HTTPS", done.returncode == 0, done.stdout + done.stderr)
    sandbox.control("requests", method="DELETE")
    done = program(sandbox, "sound.py", INTACCT_BASE_URL=secure)
    tap.check("but not with a server that it does not trust", done.returncode == 1
              and "not trusted" in done.stdout and len(done.stdout.splitlines()) == 1
              and not sandbox.journal(), done.stdout + done.stderr)

# ---- dead access tokens ----


def renewed_once(title, happening, cause, before=lambda sandbox: None):
    with fresh() as sandbox:
        before(sandbox)
        outcome, seen = run(sandbox, between=at("list", lambda: happening(sandbox)))
        refused = which(seen, cause=cause)
        repeated = refused and which(seen[seen.index(refused[0]):], target=refused[0].target,
                                     status=200)
        tokens = which(seen, endpoint="token", status=200)
        tap.check(title, outcome.done and len(refused) == 1 and len(tokens) == 2 and repeated,
                  show(outcome, seen))


renewed_once("an expired token is renewed once and the call repeated",
             lambda sandbox: sandbox.control("clock", {"advance": "13h"}), "access-token-expired")
renewed_once("so it is when the expiry is a 400 REST-1206",
             lambda sandbox: sandbox.control("clock", {"advance": "13h"}), "access-token-expired",
             lambda sandbox: sandbox.control("policy", {"expired_style": "400-rest"}, "PATCH"))
renewed_once("so is a revoked token",
             lambda sandbox: sandbox.control("revoke", {"kind": "access"}), "access-token-revoked")
renewed_once("so is a token whose revocation is a 400",
             lambda sandbox: sandbox.control("revoke", {"kind": "access"}), "access-token-revoked",
             lambda sandbox: sandbox.control("policy", {"revoked_status": "400"}, "PATCH"))

with fresh() as sandbox:
    outcome, seen = run(sandbox, between=at(
        "create", lambda: sandbox.control("clock", {"advance": "13h"})))
    tokens = which(seen, endpoint="token")
    refused = which(seen, cause="access-token-expired")
    tap.check("four threads whose token died share one renewal", outcome.done and len(tokens) == 2
              and 1 <= len(refused) <= 4 and tokens[1].grant == "refresh_token", show(outcome, seen))

with fresh() as sandbox:
    outcome, seen = run(sandbox, faults=["refresh-per-thread"], between=at(
        "create", lambda: sandbox.control("clock", {"advance": "13h"})))
    tap.check("without its lock they do not", len(which(seen, endpoint="token")) > 2,
              show(outcome, seen))

with fresh() as sandbox:
    moved = iter(("list", "model", "parallel"))
    steps = {sound.Client.STEPS.index(name) + 1 for name in moved}
    outcome, seen = run(sandbox, between=lambda n: n in steps and sandbox.control(
        "clock", {"advance": "13h"}))
    tap.check("each new refresh token is good for the next renewal", outcome.done
              and [one.grant for one in which(seen, endpoint="token", status=200)]
              == ["client_credentials"] + ["refresh_token"] * 3, show(outcome, seen))

# ---- dead refresh tokens ----

with fresh() as sandbox:
    outcome, seen = run(sandbox, between=at(
        "list", lambda: sandbox.control("clock", {"advance": "40d"})))
    tokens = which(seen, endpoint="token")
    tap.check("a dead refresh token is tried once, then comes another way in", outcome.done
              and [(one.grant, one.status) for one in tokens]
              == [("client_credentials", 200), ("refresh_token", 400), ("client_credentials", 200)],
              show(outcome, seen))

with fresh() as sandbox:
    def both():
        sandbox.control("clock", {"advance": "40d"})
        sandbox.world("rotate-client-secret", client_id="demo")
    waits = []
    outcome, seen = run(sandbox, waits=waits, between=at("list", both))
    tap.check("a secret that was changed meanwhile ends the run after at most two tries",
              not outcome.done and "invalid_client" in outcome.reason
              and len(which(seen, endpoint="token")) == 3 and waits == [0.1]
              and seen[-1].endpoint == "token", show(outcome, seen))

# ---- wrong credentials, missing permissions ----

with fresh() as sandbox:
    outcome, seen = run(sandbox, client_secret="wrong")
    tap.check("a wrong secret is tried once", not outcome.done
              and len(which(seen, endpoint="token")) == 1, show(outcome, seen))
    tap.check("and no call is made without a token", not any(one.endpoint in API for one in seen),
              seen)
    outcome, seen = run(sandbox, client_id="nobody")
    tap.check("an unknown client is shown the door at authorize, once", not outcome.done
              and len(which(seen, endpoint="authorize")) == 1 and not which(seen, endpoint="token"),
              show(outcome, seen))
    outcome, seen = run(sandbox, username="nobody@acme")
    tap.check("an unknown user is tried once", not outcome.done
              and len(which(seen, endpoint="token")) == 1, show(outcome, seen))

with fresh() as sandbox:
    outcome, seen = run(sandbox, between=at("list", lambda: sandbox.world(
        "remove-role", user="ws_user@acme")))
    tap.check("a missing permission ends the run: no new token, no repeat", not outcome.done
              and "403" in outcome.reason and len(which(seen, status=403)) == 1
              and len(which(seen, endpoint="token")) == 1, show(outcome, seen))

# ---- a person's consent ----


def by_code(title, *effects, person="jdoe@acme", faults=(), holds):
    """mock_user is the person."""
    with fresh() as sandbox:
        url = f"{sandbox.server.url}/ia/api/v1/oauth2/authorize?mock_user={person}"
        outcome, seen = run(sandbox, faults=faults, authorize_url=url, between=at(
            "list", lambda: [sandbox.control(*effect) for effect in effects]))
        tap.check(title, holds(outcome, seen), show(outcome, seen))


def grants(seen):
    return [(one.grant, one.status) for one in which(seen, endpoint="token")]


by_code("with a person there, it connects by code, state and PKCE", holds=lambda outcome, seen:
        outcome.done and grants(seen) == [("authorization_code", 200)]
        and all(one.cause is None for one in seen))
by_code("and renews with the refresh token", ("clock", {"advance": "13h"}),
        holds=lambda outcome, seen: outcome.done and grants(seen)
        == [("authorization_code", 200), ("refresh_token", 200)])
by_code("or, when that is dead, with a fresh consent", ("clock", {"advance": "40d"}),
        holds=lambda outcome, seen: outcome.done and grants(seen)
        == [("authorization_code", 200), ("refresh_token", 400), ("authorization_code", 200)])
by_code("a consent denied is a stop, and nothing is tried instead", person="jdoe@acme"
        "&mock_consent=deny", holds=lambda outcome, seen: not outcome.done
        and "access_denied" in outcome.reason and grants(seen) == [])
by_code("a code that is sent twice takes its tokens with it", faults=["sends-code-twice"],
        holds=lambda outcome, seen: which(seen, cause="code-reused"))

# ---- what the documents say ----

readme = (ROOT / "tests/clients/README.md").read_text()
table = dict(re.findall(r"^\| `([a-z0-9-]+)` \| (.*) \|$", readme, re.M))
tap.check("the table of faults in the README is that of the client", table == sound.Broken.ABOUT,
          "\n".join(f"| `{name}` | {about} |" for name, about in sound.Broken.ABOUT.items()))
source = (ROOT / "tests/clients/sound.py").read_text()
tap.check("every fault has its branch", all(source.count(f'"{name}"') >= 2
                                            for name in sound.Broken.ABOUT))
tap.check("it looks at no scenario", "INTACCT_SCENARIO" not in source)
with fresh() as sandbox:
    crashed = []
    for fault in sound.Broken.ABOUT:
        sandbox.control("reset")
        try:
            run(sandbox, faults=[fault], between=at(
                "list", lambda: sandbox.control("clock", {"advance": "40d"})))
        except Exception as error:
            crashed.append(f"{fault}: {error!r}")
    tap.check("no fault makes it crash", not crashed, "\n".join(crashed))
tap.check("its threads are gone when it is done", threading.active_count() == 1)
tap.end()
