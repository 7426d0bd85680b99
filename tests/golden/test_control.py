#!/usr/bin/env python3
"""Golden: the control API. What each call answers, what it refuses, and what the journal, verdict, HAR, events and
metrics say of the same few requests."""
import json
import re
import socket

from golden import (ARTICLE, BOX, CREDENTIALS, FORM, JSON, Mock, NOW, REST, VENDORS, case, form, pretty, scrub, surface,
                    tap)

import control_api

GOOD = "Authorization: Bearer {access_token}\r\n"
AGENT = "User-Agent: golden/1\r\n"
STORY = {"name": "story", "about": "Revoked at the second call.", "cause": "access-token-revoked",
         "rules": [{"when": {"endpoint": "api", "nth": 2}, "then": {"world": "revoke-access-token"}},
                   {"when": {"endpoint": "api", "nth": 9}, "then": {"wire": "drop"}}],
         "expect": [{"that": "a new token is asked for", "endpoint": "token", "status": 200,
                     "after": "access-token-revoked", "count": 1},
                    {"that": "a dead token is not hammered", "cause": "access-token-revoked", "at_most": 1},
                    {"that": "what never comes", "endpoint": "api", "after": "drop", "at_least": 1},
                    {"that": "nothing is introspected", "endpoint": "introspect", "count": 1}]}


def lived(box):
    """A token, a call, a call with a revoked token, a note, a 404, a damaged answer."""
    put = box.control("PUT", "scenario", STORY)
    if put.status != 200:
        raise RuntimeError(put.text())
    box.ask("POST", REST + "token", form({**CREDENTIALS, "colour": "red"}), FORM + AGENT)
    box.ask("GET", VENDORS + "?size=1", headers=GOOD + AGENT)
    box.ask("GET", VENDORS, headers=GOOD + AGENT)
    box.ask("GET", VENDORS, headers=GOOD + AGENT)
    box.ask("POST", ARTICLE + "token", form({**CREDENTIALS, "client_secret": "nope"}), FORM)
    box.ask("GET", "/ia/api/v1/oauth/token?access_token=secret&code=c")
    box.ask("GET", REST + "authorize?response_type=code&client_id=demo&redirect_uri=http://localhost/callback"
            "&mock_user=jdoe@acme")
    return box


def journal():
    with Mock() as mock:
        return scrub(pretty(lived(mock.box()).control("GET", "requests").body))


def questions():
    """The parameters that narrow the journal, each by the ids it leaves."""
    text = ""
    with Mock() as mock:
        box = lived(mock.box())
        for query in ("", "endpoint=token", "endpoint=api", "endpoint=oauth", "cause=access-token-revoked", "status=401",
                      "status=4xx", "grant=client_credentials", "client=demo", "user=ws_user@acme", "method=GET",
                      "path=/ia/api/*", "since=3", "count=2&wait=1s", "endpoint=tokn", "cause=nothing", "status=9xx",
                      "status=abc", "since=x", "count=-1", "wait=5", "count=1&wait=1m", "endpoint=token&endpoint=api",
                      "colour=red", "nth=2"):
            answer = box.control("GET", "requests?" + query)
            ids = [one["id"] for one in answer.json()["requests"]] if answer.status == 200 else answer.body
            text += f"{query or '(all)'}: {answer.line}  {ids}\n"
        for path in ("requests/1", "requests/0", "requests/999", "requests/abc"):
            answer = box.control("GET", path)
            text += f"{path}: {answer.line}  {answer.body[:0] if answer.status == 200 else answer.body}\n"
        answer = box.control("DELETE", "requests")
        text += f"DELETE requests: {answer.line}  then {box.control('GET', 'requests').body}\n"
    with Mock("--journal", "2") as mock:
        box = lived(mock.box())
        answer = box.control("GET", "requests").json()
        text += f"with --journal 2: ids {[one['id'] for one in answer['requests']]}, dropped {answer['dropped']}\n"
    return text


def exchange():
    with Mock() as mock:
        box = lived(mock.box())
        shown = case("one that was refused", "", box.control("GET", "requests/3"))
        return re.sub("Content-Length: .*", "Content-Length: <some>", shown)  # ports and durations differ in length


def har():
    with Mock() as mock:
        return scrub(pretty(lived(mock.box()).control("GET", "requests.har").body))


def events():
    """What the journal held, and what came while the stream was open, which ends with its sandbox."""
    text = ""
    with Mock() as mock:
        for title, query, headers in (("what is new", "", ""), ("all", "?since=0", ""), ("refused", "?status=4xx&since=0", ""),
                                      ("from the third on", "?since=2", ""), ("seen until 5", "", "Last-Event-ID: 5\r\n")):
            text += f"== {title}\n" + scrub(streamed(lived(mock.box()), f"events{query}", headers))
        box = mock.box()
        text += case("a bad Last-Event-ID", "", box.control("GET", "events", headers="Last-Event-ID: x\r\n"))
        text += case("a bad question", "", box.control("GET", "events?wait=1s"))
        return text


def streamed(box, path, headers):
    with socket.create_connection(("127.0.0.1", box.mock.port), 10) as conversation:
        conversation.sendall(f"GET /__mock/sandboxes/{BOX}/{path} HTTP/1.1\r\nHost: localhost\r\n"
                             f"Connection: close\r\n{headers}\r\n".encode())
        got = conversation.recv(65536)  # its head: from here on nothing is missed
        box.ask("GET", "/ia/api/v1/nowhere")
        box.control("DELETE", "")
        while piece := conversation.recv(65536):
            got += piece
    head, _, body = got.partition(b"\r\n\r\n")
    lines = [line for line in head.decode().split("\r\n") if not line.startswith("Date:")]
    # an event's data is an exchange, which has a surface of its own: its first members are enough
    shown = [re.sub(r"^data: (\{.*\})$", lambda found: "data: " + json.dumps(
        {name: value for name, value in json.loads(found[1]).items() if name not in ("request", "response", "why", "fix")}), line)
        for line in body.decode().splitlines() if line and not re.fullmatch(r"[0-9a-f]+", line)]
    return "\n".join([f"< {line}" for line in lines] + shown) + "\n"


def verdicts():
    text = ""
    with Mock() as mock:
        box = lived(mock.box())
        text += "== JSON\n" + scrub(pretty(box.control("GET", "verdict").body)) + "\n"
        for accept in ("text/plain", "application/xml", "text/html", "image/png", "text/plain;q=0.5, application/xml"):
            text += case(f"Accept: {accept}", "", box.control("GET", "verdict", headers=f"Accept: {accept}\r\n"))
        for title, scenario in (("nothing done", STORY), ("no expectation", {"name": "none", "rules": []}),
                                ("exhausted", {"name": "over", "exhausted": "fail", "rules": [
                                    {"when": {"endpoint": "token"}, "then": {"refuse": "internal"}, "times": 1}]})):
            box = mock.box(scenario)
            if title != "nothing done":
                box.token()
                box.token()
            text += case(title, json.dumps(scenario) if scenario is not STORY else "", box.control("GET", "verdict"))
            text += box.control("GET", "verdict", headers="Accept: text/plain\r\n").body + "\n"
    return text


def metrics():
    """Names and labels; of what depends on time the value is left out."""
    with Mock() as mock:
        lived(mock.box())
        answer = mock.control("GET", "metrics")
    lines = [re.sub(r" \S+$", " <time>", line) if re.match(r"intacct_mock_(uptime|request_duration_seconds_(bucket|sum))", line)
             else line for line in answer.body.splitlines()]
    counted = [at for at, line in enumerate(lines) if line.startswith("intacct_mock_requests_total{")]
    lines[counted[0]:counted[-1] + 1] = sorted(lines[at] for at in counted)  # their order says nothing
    return f"Content-Type: {answer.header('Content-Type')}\n" + "\n".join(lines)


# what is called, in this order, on one sandbox: method, path below it, body
CALLS = [
    ("GET", "", None), ("GET", "tokens", None), ("GET", "clock", None), ("POST", "clock", {"advance": "90m"}),
    ("POST", "clock", {"advance": "-30m"}), ("POST", "clock", {"set": "2027-02-01T00:00:00Z"}), ("POST", "clock", {"set": NOW}),
    ("POST", "clock", {"scale": 60}), ("POST", "clock", {"scale": 1}),
    ("GET", "policy", None), ("PATCH", "policy", {"access_token_ttl": "5m", "rotation": "grace:9s", "reuse": "revoke-family"}),
    ("POST", "tokens", {"user": "ws_user@acme", "client_id": "demo"}),
    ("POST", "tokens", {"user": "ws_user@acme", "client_id": "demo", "scopes": "full_access:read", "ttl": "90s",
                        "dialect": "article"}),
    ("POST", "tokens", {"user": "jdoe@acme", "client_id": "demo", "entity": "100"}),
    ("GET", "tokens", None),
    ("POST", "expire", {"kind": "access"}), ("POST", "expire", {"kind": "all", "user": "ws_user@acme"}),
    ("POST", "revoke", {"kind": "refresh", "client_id": "demo"}), ("POST", "revoke", {"kind": "code"}),
    ("POST", "sign-in", {"user": "jdoe@acme"}), ("POST", "sign-in", {"user": "jdoe"}),
    ("POST", "withdraw", {"client_id": "demo"}), ("POST", "withdraw", {"client_id": "demo", "user": "jdoe@acme"}),
    ("POST", "withdraw", {"permission": "accounts-payable/vendor:create", "user": "ws_user@acme"}),
    ("POST", "withdraw", {"role": "all", "user": "ws_user@acme"}), ("POST", "withdraw", {"module": "accounts-payable"}),
    ("POST", "keys/rotate", {}), ("POST", "release", {}), ("GET", "tokens", None),
    ("PUT", "scenario", {"name": "token-drop"}), ("GET", "", None), ("PUT", "scenario", STORY), ("GET", "", None),
    ("POST", "reset", {}), ("GET", "tokens", None), ("DELETE", "", None), ("GET", "", None), ("DELETE", "", None),
]


def answers():
    text = ""
    with Mock() as mock:
        box = mock.box()
        box.token()
        for method, path, body in CALLS:
            answer = box.control(method, path, body)
            shown = scrub(re.sub(r'"now":"2027-01-01T00:0[0-9]:[0-9.]*Z"', '"now":"<running>"', answer.body)
                          if (body or {}).get("scale") else answer.body)
            text += f"{method} S/{path} {'' if body is None else json.dumps(body)}\n  {answer.line}  " \
                    f"{answer.header('Content-Type')}\n" + (f"  {shown}\n" if shown else "")
    return text.replace(BOX, "BOX")


def effects():
    """Each change of the world, for everybody it can be for, and what it says it touched."""
    text = ""
    arguments = {"user": "ws_user@acme", "client_id": "demo", "company": "acme", "role": "all", "by": "1h", "value": "changed",
                 "permission": "accounts-payable/vendor:read", "module": "accounts-payable", "entity": "100"}
    with Mock() as mock:
        known = mock.control("GET", "effects")
        text += pretty(known.body) + "\n"
        for effect in known.json()["effects"]:
            name = effect["do"] if "do" in effect else effect["name"]
            box = mock.box()
            box.token()
            body, tried = {"do": name}, []
            while True:
                answer = box.control("POST", "world", body)
                tried.append(f"  {json.dumps(body)}: {answer.line}  {scrub(answer.body)}\n")
                field = answer.json().get("field") if answer.status == 400 else None
                if field not in arguments or field in body:
                    break
                body[field] = arguments[field]
            states = sorted({f"{one['kind']} {one['state']}" for one in box.control("GET", "tokens").json()["tokens"]})
            text += f"{name}\n" + "".join(tried) + f"    tokens: {', '.join(states)}\n"
    return text


def sandboxes():
    text = ""
    with Mock() as mock:
        mock.freeze()
        for body in ({"name": "happy-path.a", "seed": 1, "now": NOW}, {"name": "happy-path.a"}, {"name": "token-drop"},
                     {"scenario": "token-drop", "name": "mine"}, {"scenario": STORY, "name": "own.k"},
                     {"name": "token-dorp.x"}, {"name": "UPPER"}, {"name": "-x"}, {"name": "x" * 65}, {"name": "default"},
                     {"name": ""}, {"name": 5}, {"scenario": "token-dorp"}, {"scenario": 5}, {"scenario": {"nmae": "x"}},
                     {"name": "happy-path.b", "seed": "x"}, {"name": "happy-path.b", "seed": -1},
                     {"name": "happy-path.b", "seed": 1.5}, {"name": "happy-path.b", "now": "yesterday"},
                     {"name": "happy-path.b", "now": 5}, {"name": "happy-path.b", "nwo": NOW}):
            answer = mock.control("POST", "sandboxes", body)
            text += f"POST /sandboxes {json.dumps(body)}\n  {answer.line}  {scrub(answer.body)}\n"
        for method, path in (("GET", "sandboxes"), ("GET", "sandboxes/happy-path.a"), ("GET", "sandboxes/default"),
                             ("GET", "sandboxes/nobody"), ("GET", "sandboxes/token-dorp.x"), ("GET", "sandboxes/UPPER"),
                             ("DELETE", "sandboxes/default"), ("DELETE", "sandboxes/nobody"), ("DELETE", "sandboxes/token-drop")):
            answer = mock.control(method, path)
            text += f"{method} /{path}\n  {answer.line}  {scrub(answer.body)}\n"
        answer = mock.ask("POST", REST + "token", form({**CREDENTIALS, "client_id": "demo~client-unknown.x"}), FORM)
        seen = mock.control("GET", "sandboxes/client-unknown.x").json()
        text += f"by the client id: {answer.line}; {seen['name']} has {seen['exchanges']} exchange\n"
        answer = mock.ask("POST", REST + "token", form({**CREDENTIALS, "client_id": "demo~token-dorp.x"}), FORM)
        text += case("by a client id that names none", "", answer)
    return re.sub(r'"name":"s-[0-9a-f]+"', '"name":"<made>"', text)


FAULTY = (None, "", "nonsense", "[]", "5", '"x"', '{"no-such-field": 1}', '{"a": 1', '{"user": 5}', '{"user": "nobody@acme"}',
          '{} trailing')
# path below the sandbox: bodies that it refuses, besides those above
REFUSED = {
    ("POST", "clock"): ['{"advance": "12"}', '{"advance": 12}', '{"advnace": "12h"}', '{"set": "tomorrow"}', '{"freeze": "yes"}',
                        '{"scale": 0}', '{"scale": "2"}', '{"scale": -1}', '{}'],
    ("PATCH", "policy"): ['{"acess_token_ttl": "5m"}', '{"access_token_ttl": 5}', '{"access_token_ttl": "5"}',
                          '{"one_grant_per_user": "yes"}', '{"rotation": "never"}', '{"rotation": "grace:5"}',
                          '{"invalid_grant_status": 402}', '{"invalid_grant_status": "401"}', '{}'],
    ("POST", "tokens"): ['{"user": "ws_user@acme"}', '{"user": "ws_user", "client_id": "demo"}',
                         '{"user": "ws_user@acme", "client_id": "dem"}', '{"user": "ws_user@acne", "client_id": "demo"}',
                         '{"user": "ws_user@acme", "client_id": "demo", "flaw": "bad-signatur"}',
                         '{"user": "ws_user@acme", "client_id": "demo", "ttl": "0s"}',
                         '{"user": "ws_user@acme", "client_id": "demo", "ttl": 90}',
                         '{"user": "ws_user@acme", "client_id": "demo", "scopes": "everything"}',
                         '{"user": "ws_user@acme", "client_id": "demo", "scopes": ["openid"]}',
                         '{"user": "ws_user@acme", "client_id": "demo", "dialect": "xml"}',
                         '{"user": "ws_user@acme", "client_id": "demo", "entity": "999"}',
                         '{"user": "ws_user@acme", "clientid": "demo"}'],
    ("POST", "expire"): ['{"kind": "acces"}', '{"kind": 5}', '{"knid": "access"}', '{"kind": "access", "user": "nobody@acme"}',
                         '{"kind": "access", "client_id": "dem"}', '{"kind": "access", "token": "nope"}'],
    ("POST", "revoke"): ['{"kind": "acces"}', '{"kind": "access", "user": "nobody"}', '{"kind": "access", "company": "acme"}'],
    ("POST", "sign-in"): ['{"user": ""}', '{"user": "nobody@acme"}', '{"user": "jdoe@acne"}', '{"usr": "jdoe@acme"}'],
    ("POST", "withdraw"): ['{}', '{"client_id": "dem"}', '{"role": "al", "user": "ws_user@acme"}', '{"module": "nothing"}',
                           '{"permission": "x", "user": "ws_user@acme"}', '{"client_id": "demo", "role": "all"}',
                           '{"client_id": "demo", "company": "acne"}', '{"user": "ws_user@acme"}'],
    ("POST", "world"): ['{"do": "revoke-grnat"}', '{"do": 5}', '{"do": "advance-clock"}', '{"do": "advance-clock", "by": "1"}',
                        '{"do": "advance-clock", "by": 1}', '{"do": "lock-user"}', '{"do": "lock-user", "usr": "x"}',
                        '{"do": "lock-user", "user": "nobody@acme"}', '{"do": "lock-user", "user": "jdoe"}',
                        '{"do": "lock-user", "user": "jdoe@acme", "role": "all"}', '{"do": "nothing-like-it-at-all"}',
                        '{"do": "remove-role", "user": "ws_user@acme", "role": "al"}',
                        '{"do": "unsubscribe-module", "company": "acme", "module": "x"}',
                        '{"do": "deactivate-company", "company": "acne"}', '{"do": "deactivate-client", "client_id": "dem"}'],
    ("PUT", "scenario"): ['{"name": "token-dorp"}', '{"name": 5}', '{"name": "x", "rulse": []}', '{"name": "x", "rules": {}}',
                          '{"name": "x", "rules": [{"then": {"refuse": "rate-limitd"}}]}',
                          '{"name": "x",\n "world": {"access_token_ttl": 5}}'],
    ("POST", "keys/rotate"): [], ("POST", "release"): [], ("POST", "reset"): [],
}


def refusals():
    text = ""
    with Mock() as mock:
        box = mock.box()
        for (method, path), bodies in REFUSED.items():
            text += f"== {method} S/{path}\n"
            for body in [*FAULTY, *bodies]:
                answer = mock.ask(method, f"/__mock/sandboxes/{BOX}/{path}", body or "", JSON if body is not None else "")
                text += f"  {'(none)' if body is None else body or '(empty)'}\n    {answer.line}  {scrub(answer.body)}\n"
                if answer.status < 300:
                    box = mock.box()
        answer = mock.ask("POST", f"/__mock/sandboxes/{BOX}/clock", '{"advance": "1h"}', "Content-Type: text/plain\r\n")
        text += f"== another content type\n  {answer.line}  {scrub(answer.body)}\n"
        answer = mock.ask("POST", f"/__mock/sandboxes/{BOX}/world", "[" * 1000, JSON)
        text += f"== deep\n  {answer.line}  {scrub(answer.body)}\n"
    return text


def control_routes():
    """Each path of the API with each method; without the control token; paths that are none."""
    text = ""
    paths = sorted({operation.path for operation in control_api.OPERATIONS})
    with Mock() as mock:
        mock.box()
        for path in paths:
            real = "/__mock" + path.replace("{name}", BOX).replace("{id}", "internal" if "causes" in path else
                                                                   "happy-path" if "scenarios" in path else "1")
            answer = mock.ask("PROPFIND", real)
            text += f"{path}: {answer.line}  Allow: {answer.header('Allow')}  {answer.body}\n"
            head, options = mock.ask("HEAD", real) if "events" not in path else None, mock.ask("OPTIONS", real)
            text += f"    HEAD: {head.line if head else '-'}  OPTIONS: {options.line} {options.header('Allow')}\n"
        for path in ("/__mock", "/__mock/nothing", "/__mock/sandboxs", "/__mock/sandboxes/", "/__mock/causes/",
                     "/__mock/causes/rate-limitd", "/__mock/causes/nothing-like-it", "/__mock/scenarios/token-dorp",
                     "/__mock/scenarios/nothing-like-it", "/__mock/sandboxes/default/nothing", "/__mock/openapi.yaml",
                     f"/s/{BOX}/__mock/health"):
            answer = mock.ask("GET", path)
            text += f"GET {path}: {answer.line}  {answer.header('Location')}  {scrub(answer.body)[:400]}\n"
        for headers in ("Accept: text/html\r\n",):
            answer = mock.ask("GET", "/__mock/causes/internal", headers=headers)
            text += case("a cause for a browser", "", answer)
    with Mock("--control-token", "t0ken") as mock:
        for path in paths:
            method = next(operation.method for operation in control_api.OPERATIONS if operation.path == path)
            answer = mock.ask(method, "/__mock" + re.sub(r"\{\w+\}", "default", path))
            text += f"with --control-token: {method} {path}: {answer.line}  {answer.header('WWW-Authenticate')}\n"
        for token in ("t0ken", "other", ""):
            answer = mock.ask("GET", "/__mock/effects", headers=f"Authorization: Bearer {token}\r\n")
            text += f"Bearer {token or '(none)'}: {answer.line}  {answer.body if answer.status != 200 else ''}\n"
    with Mock("--control", "off") as mock:
        answer = mock.ask("GET", "/__mock/health")
        text += f"with --control off: GET /__mock/health: {answer.line}  {answer.header('X-Intacct-Mock-Cause')}\n"
    return text.replace(BOX, "BOX")


def catalogues():
    """The causes as the API tells them. Why, what to do and how sure that is stand in server/CAUSES.md, which has a check of
    its own."""
    with Mock() as mock:
        causes, members = mock.control("GET", "causes").json(), set()
        text = f"members of the answer: {', '.join(causes)}\n"
        for cause in causes["causes"]:
            one = mock.control("GET", f"causes/{cause['id']}").json()
            text += f"== {cause['id']}\n" + "".join(
                f"  {name}: {json.dumps(value, ensure_ascii=False)}\n" for name, value in one.items()
                if name not in ("id", "why", "fix", "source", "confidence"))
            members |= {tuple(one)}
        text += "members of a cause:\n" + "".join(f"  {', '.join(names)}\n" for names in sorted(members))
        return text


def scenario_list():
    with Mock() as mock:
        said = mock.control("GET", "scenarios")
        text = f"members of the answer: {', '.join(said.json())}\n"
        for one in said.json()["scenarios"]:
            text += json.dumps(one, ensure_ascii=False) + "\n"
        text += case("one", "", mock.control("GET", "scenarios/token-drop"))
        return text


def service():
    text = ""
    for options in ([], ["--https-port", "0"]):
        with Mock(*options) as mock:
            for path in ("health", "ready", "ca.pem"):
                answer = mock.control("GET", path)
                shown = re.sub("-----BEGIN.*-----END CERTIFICATE-----", "<a certificate>", answer.text(), flags=re.S)
                shown = re.sub("Content-Length: .*", "Content-Length: <some>", shown)
                text += f"== {path} {' '.join(options)}\n{shown}\n"
    return text


surface("journal.json", journal)
surface("journal-questions.txt", questions)
surface("exchange.txt", exchange)
surface("har.json", har)
surface("events.txt", events)
surface("verdict.txt", verdicts)
surface("metrics.txt", metrics)
surface("control-answers.txt", answers)
surface("control-effects.txt", effects)
surface("control-sandboxes.txt", sandboxes)
surface("control-refusals.txt", refusals)
surface("control-routes.txt", control_routes)
surface("causes.txt", catalogues)
surface("scenarios.txt", scenario_list)
surface("service.txt", service)
tap.end()
