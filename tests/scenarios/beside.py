"""What the tests of the catalogue share: its files, the control API, and the two clients."""
import json
import pathlib
import sys
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/wire"), str(ROOT / "tests/clients")]

import sound  # noqa: E402, F401

FILES = sorted(path for path in (ROOT / "scenarios").glob("*.json") if path.name != "schema.json")
CATALOGUE = {path.stem: json.loads(path.read_text()) for path in FILES}
# About connections, for clients that come through the proxy: test_tls.py's. `run` leaves them out without --intercept.
PROXIED = {name: scenario for name, scenario in CATALOGUE.items()
           if any("tls" in rule["then"] for rule in scenario.get("rules", []))}
SCENARIOS = {name: scenario for name, scenario in CATALOGUE.items() if name not in PROXIED}
CLIENTS = ROOT / "tests/clients"
# A client looks at no scenario; that there is a second company in one of them, its surroundings tell it.
WITH_SECOND_USER = ("sh", "-c", '[ "$INTACCT_SCENARIO" != two-companies ] || export INTACCT_SECOND_USERNAME=ws_user@globex; '
                    'exec "$0" "$@"')


def second_user(scenario):
    return "ws_user@globex" if scenario == "two-companies" else ""


def control(server, path, body=None, method=None, accept="application/json", timeout=60):
    """The answer of the control API: what its JSON says, else its text. A refusal is an answer, too."""
    data = None if body is None else json.dumps(body).encode()
    ask = urllib.request.Request(f"{server.url}/__mock/{path}", data, {"Accept": accept, "Content-Type": "application/json"},
                                 method=method)
    try:
        with urllib.request.urlopen(ask, timeout=timeout) as answer:
            text = answer.read().decode()
    except urllib.error.HTTPError as refusal:
        text = refusal.read().decode()
    return json.loads(text) if accept == "application/json" and text else text


def touch(base_url):
    """A sandbox is there once something was asked of it; this asks for nothing that a scenario counts on."""
    urllib.request.urlopen(base_url + "/.well-known/jwks.json", timeout=60).close()


def baseline(server, name, client):
    """A sandbox in which nothing goes wrong and in which this client did its work: what it does anyway, and whether it
    works in parallel, which the hold shows however slow the machine is. Verdicts name it."""
    rule = {"when": {"endpoint": "api"}, "then": {"wire": {"hold": {"until": 2, "for": "25ms"}}}, "optional": True}
    made = control(server, "sandboxes", {"name": name, "scenario": {**SCENARIOS["happy-path"], "rules": [rule]}})
    client(made["base_url"])
    return name


def becomes(condition, seconds=10):
    """Asks again and again: what is waited for happens in another process."""
    until = time.monotonic() + seconds
    while not (holds := condition()) and time.monotonic() < until:
        pass
    return holds
