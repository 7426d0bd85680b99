#!/usr/bin/env python3
"""Golden: scenario files. What `check` says of wrong ones, the members and words that schema.json knows, what each
scenario of the catalogue expects, and the switches of policy."""
import json
import pathlib
import re
import subprocess
import tempfile

from golden import Mock, PROGRAM, pretty, surface, tap

FOLDER = pathlib.Path(tempfile.mkdtemp())
WHOLE = '{"name": "x", %s}'
WORLD = WHOLE % '"world": {%s}'
RULE = WHOLE % '"rules": [{%s}]'
WHEN = RULE % '"when": {%s}, "then": {"refuse": "internal"}'
THEN = RULE % '"when": {"endpoint": "api"}, "then": {%s}'
STEP = THEN % '"world": {"do": %s}'
WIRE = THEN % '"wire": {%s}'
EXPECT = WHOLE % '"expect": [{"that": "all is well", %s}]'

# each a whole file, or the part of one that is wrong
WHOLES = [
    "", " \n\n ", "[]", "5", '"x"', "null", "{}", '{"nmae": "x"}', '{"name": 3}', '{"name": ""}', '{"name": "a.b"}', '{"name": "X"}',
    '{"name": "-x"}', '{"name": "%s"}' % ("x" * 65), '{"about": "x"}', '{"name": "x"', '{"name": "x",}', '{"name": "x"} trailing',
    '{"name": "x"}{}', '// mine\n{"name": "x"}', '{"name": "x" /* mine */}', "{'name': 'x'}", '{name: "x"}', '{"name": "x"]',
    '{"name": "x", "name": "y"}', '{"name": "x\\q"}', '{"name": "x\ny"}', '{"name": "\\ud800"}', '{"name": "x", "a": 01}',
    '{"name": "x", "a": NaN}', '{"name": "x", "a": 1e999}', '{"name": "x", "a": tru}', "[" * 100, '\ufeff{"name": "x"}',
    '{"name": "x\\u0000"}',
    *(WHOLE % part for part in (
        '"about": 5', '"about": null', '"cause": 5', '"cause": "access-token-expird"', '"cause": "nothing like it"', '"cause": ""',
        '"exhausted": true', '"exhausted": "fial"', '"$schema": 5', '"rulse": []', '"rules": {}', '"rules": [5]', '"rules": [[]]',
        '"expect": {}', '"expect": [5]', '"expect": "x"', '"world": []', '"world": "x"', '"Name": "y"', '"comment": "x"')),
]
WORLDS = [
    '"acess_token_ttl": "5m"', '"access_token_ttl": 5', '"access_token_ttl": "5"', '"access_token_ttl": "5 m"',
    '"access_token_ttl": "-5m"', '"access_token_ttl": "5w"', '"access_token_ttl": ""', '"access_token_ttl": "99999999999999d"',
    '"access_token_ttl": null', '"one_grant_per_user": "yes"', '"one_grant_per_user": 1', '"rotation": "never"',
    '"rotation": "grace"', '"rotation": "grace:5"', '"rotation": true', '"reuse": "refues"', '"expired_style": "400"',
    '"invalid_grant_status": 402', '"revoked_status": "404"', '"nothing": 1', '"user": []', '"companys": []', '"signed_inn": "x"',
    '"signed_in": 5', '"signed_in": "jdoe"', '"signed_in": "nobody@acme"', '"signed_in": "jdoe@nowhere"',
    '"users": {}', '"users": [5]', '"users": [{}]', '"users": [{"id": "u"}]', '"users": [{"id": "", "company": "acme"}]',
    '"users": [{"id": 5, "company": "acme"}]', '"users": [{"id": "u", "company": "acne"}]',
    '"users": [{"id": "u", "company": "acme", "web_sevices": true}]', '"users": [{"id": "u", "company": "acme", "web_services": 1}]',
    '"users": [{"id": "u", "company": "acme", "roles": "all"}]', '"users": [{"id": "u", "company": "acme", "roles": ["al"]}]',
    '"users": [{"id": "u", "company": "acme", "roles": [5]}]', '"users": [{"id": "u", "company": "acme", "name": 5}]',
    '"users": [{"id": "u", "company": "acme"}, {"id": "u", "company": "acme"}]', '"roles": [{"name": "r", "permissions": ["x"]}]',
    '"roles": [{"name": "r", "permissions": "*:*"}]', '"roles": [{"nmae": "r"}]', '"roles": [{"permissions": []}]',
    '"clients": [{"id": "c", "secret": 5}]', '"clients": [{"id": "c", "grants": ["password"]}]',
    '"clients": [{"id": "c", "redirect_uris": "http://x"}]', '"clients": [{"id": "c~x"}]', '"clients": [{"secrt": "c"}]',
    '"clients": [{"id": "c", "scopes": ["nothing"]}]', '"companies": [{"id": "c", "clients": ["dem"]}]',
    '"companies": [{"id": "c", "entities": [5]}]', '"companies": [{"id": "c", "modules": ["nothing"]}]',
    '"companies": [{"id": "c", "prodction": true}]', '"companies": [{"key": "1"}]',
]
RULES = [
    "", '"wehn": {}', '"when": {}', '"when": []', '"when": {"endpoint": "api"}', '"then": []', '"then": {}',
    '"then": "drop"', '"then": {"refuse": "internal"}, "times": 0', '"then": {"refuse": "internal"}, "times": "1"',
    '"then": {"refuse": "internal"}, "times": 1.5', '"then": {"refuse": "internal"}, "time": 1', '"then": null',
]
WHENS = [
    '"endpiont": "api"', '"endpoint": "tokn"', '"endpoint": "nothing"', '"endpoint": 5', '"endpoint": ""', '"endpoint": ["api"]',
    '"nth": "2"', '"nth": 0', '"nth": -1', '"nth": 1.5', '"nth": 1e30', '"every": 0', '"every": "2"', '"nth": 1, "every": 2',
    '"rate": 2', '"rate": "0.5"', '"rate": -0.1', '"seed": "x"', '"seed": 1', '"seed": -1', '"grant": "refresh token"', '"grant": 5',
    '"client": "demo~x"', '"client": 5', '"user": "jdoe"', '"user": "@acme"', '"user": 5', '"method": "get"', '"method": 5',
    '"path": "ia/api"', '"path": 5', '"scope": "a b"', '"scope": 5', '"status": 401', '"cause": "internal"', '"then": {}',
]
THENS = [
    '"wrold": "sign-in"', '"refuse": "rate-limitd"', '"refuse": 5', '"refuse": ""', '"refuse": ["internal"]', '"world": "revoke-grnat"',
    '"world": 5', '"world": []', '"world": {}', '"world": [5]', '"world": ["sign-in", "nothing-like-it"]', '"wire": "dorp"',
    '"wire": 5', '"wire": "delay"', '"wire": "hold"', '"wire": "status"', '"wire": "redirect"', '"wire": {}', '"wire": []',
    '"refuse": "internal", "wire": "html"', '"refuse": "internal", "wire": {"status": 500}',
]
STEPS = [
    "5", '"nothing"', '"advance-clock"', '"advance-clock", "by": "5"', '"advance-clock", "by": 5', '"advance-clock", "by": ""',
    '"advance-clock", "user": "ws_user@acme", "by": "1h"', '"revoke-user", "usr": "ws_user@acme"', '"lock-user", "user": "jdoe"',
    '"lock-user", "user": "nobody@acme"', '"lock-user", "user": 5', '"lock-user", "user": ""', '"remove-role", "role": "al"',
    '"remove-permission", "permission": "x"', '"remove-permission"', '"unsubscribe-module"', '"unsubscribe-module", "module": "x"',
    '"deactivate-client", "client_id": "dem"', '"deactivate-client", "client": "demo"', '"deactivate-company", "company": "acne"',
    '"restrict-to-entity"', '"restrict-to-entity", "entity": "999"', '"rotate-client-secret", "value": 5',
    '"revoke-access-token", "token": "nope"', '"skew", "by": "fast"',
]
WIRES = [
    '"dealy": "2s"', '"delay": 2', '"delay": "2"', '"delay": "0s"', '"delay": "11m"', '"drop": true, "html": true', '"drop": false',
    '"drop": "yes"', '"html": 5', '"status": 99', '"status": 600', '"status": "503"', '"status": 199', '"redirect": 5',
    '"redirect": ""', '"body": "x"', '"status": 500, "body": 5', '"retry_after": 5', '"retry_after": "5"',
    '"retry_after": "1500ms"', '"drop": true, "retry_after": "2s"', '"hold": 0', '"hold": "2"', '"hold": {}', '"hold": {"until": 2, "fro": "1s"}',
    '"hold": {"until": 0}', '"hold": {"until": 2, "for": 1}', '"at": "later", "drop": true', '"at": "before", "truncate": true',
    '"at": "after"', '"stall": 1', '"hold": 10001', '"redirect": "/x", "body": "x"',
]
EXPECTS = [
    '"at_lest": 1', '"rate": 0.5', '"seed": 1', '"count": -1', '"count": "1"', '"count": 1.5', '"at_least": 0', '"at_least": "x"',
    '"at_most": -1', '"count": 1, "at_least": 1', '"count": 1, "at_most": 1', '"at_least": 3, "at_most": 2', '"in_parallel_at_most": 0',
    '"status": "2x"', '"status": 99', '"status": "6xx"', '"status": [401]', '"cause": "rate-limitd"', '"cause": 5', '"wire": "dorp"',
    '"wire": 5', '"gaps": "shrinking"', '"gaps": true', '"per": "user"', '"per": 5', '"same": "call"', '"same": "token", "after": "drop"',
    '"within": "2s"', '"within": 2, "after": "drop"', '"within": "2", "after": "drop"', '"after": "nothing like it"', '"after": 5',
    '"after": ""', '"after": "all is well"', '"endpoint": "tokn"', '"nth": 0', '"that": "twice"', '"client": "a~b"',
    '"after": "access-token-expird"',
]
LISTS = ['"expect": [{"at_least": 1}]', '"expect": [{"that": ""}]', '"expect": [{"that": 5}]',
         '"expect": [{"that": "a"}, {"that": "a"}]', '"expect": [{"that": "a", "after": "b"}, {"that": "b", "after": "a"}]',
         '"expect": [%s]' % ", ".join('{"that": "%d"}' % n for n in range(300))]


def run(*arguments):
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, errors="replace", timeout=60)


def faulty():
    groups = [("a whole file", "%s", WHOLES), ("world", WORLD, WORLDS), ("rules", RULE, RULES), ("when", WHEN, WHENS),
              ("then", THEN, THENS), ("a change of the world", STEP, STEPS), ("wire", WIRE, WIRES), ("expect", EXPECT, EXPECTS),
              ("lists of expectations", WHOLE, LISTS)]
    text = ""
    for title, template, parts in groups:
        files = []
        for number, part in enumerate(parts):
            path = FOLDER / f"{title.replace(' ', '-')}-{number}.json"
            path.write_text(template % part, encoding="utf-8", errors="surrogatepass")
            files.append((path, part))
        done = run("check", *(path for path, _ in files))
        said = (done.stdout + done.stderr).splitlines()
        text += f"== {title}: {template.replace('%s', '…')}   (exit {done.returncode})\n"
        for path, part in files:
            lines = [line.replace(str(path), "FILE") for line in said if line.startswith(f"{path}:")]
            shown = json.dumps(part, ensure_ascii=False)[1:-1].replace('\\"', '"')
            text += f"{shown if len(shown) < 120 else shown[:100] + '…'}\n" + "".join(f"    {line}\n" for line in lines or ["(nothing)"])
    return text


def files():
    """What is said of a file that cannot be read, and of several together."""
    good = FOLDER / "good.json"
    good.write_text('{"name": "good", "about": "Fine.", "expect": [{"that": "a token is had", "endpoint": "token", "at_least": 1}]}')
    (FOLDER / "big.json").write_text('{"name": "big", "about": "%s"}' % ("x" * 2_000_000))
    (FOLDER / "folder").mkdir()
    (FOLDER / "latin.json").write_bytes('{"name": "x", "about": "caf\xe9"}'.encode("latin-1"))
    (FOLDER / "utf16.json").write_bytes('{"name": "x"}'.encode("utf-16"))
    (FOLDER / "bad.json").write_text('{"nmae": "x"}')
    text = ""
    for arguments in (["good.json"], ["big.json"], ["folder"], ["none.json"], ["latin.json"], ["utf16.json"],
                      ["good.json", "bad.json", "good.json", "none.json"]):
        done = run("check", *(FOLDER / name for name in arguments))
        text += f"check {' '.join(arguments)}   (exit {done.returncode})\n"
        text += "".join(f"  out: {line}\n" for line in done.stdout.splitlines())
        text += "".join(f"  err: {line}\n" for line in done.stderr.splitlines())
    own = FOLDER / "own"
    own.mkdir()
    (own / "a.json").write_text('{"nmae": "x"}')
    (own / "happy-path.json").write_text('{"name": "happy-path"}')
    for arguments in (["scenarios", "--scenarios", own], ["serve", "--port", "0", "--scenarios", own]):
        done = run(*arguments)
        text += f"{' '.join(map(str, arguments))}   (exit {done.returncode})\n" + "".join(
            f"  err: {line}\n" for line in done.stderr.splitlines())
    return text.replace(str(FOLDER), "<tmp>")


def schema_words():
    """Every place in schema.json with its members and words, sorted."""
    lines = []

    def walk(node, path):
        if isinstance(node, dict):
            for key in ("enum", "const", "required", "minimum", "maximum", "minItems", "maxItems", "minLength", "maxLength", "pattern",
                        "additionalProperties", "type", "default"):
                value = node.get(key)
                if value is not None and not isinstance(value, dict):
                    lines.append(f"{path} {key}: " + json.dumps(sorted(value, key=str) if isinstance(value, list) else value,
                                                                ensure_ascii=False))
            for key, value in node.items():
                walk(value, f"{path}/{key}")
        elif isinstance(node, list):
            for number, value in enumerate(node):
                walk(value, f"{path}/{number}")

    walk(json.loads(run("scenarios", "--schema").stdout), "")
    return "\n".join(sorted(line.strip() for line in lines))


def expectations():
    """The catalogue: what each is about, its cause, its rules in short, and each sentence with its conditions."""
    text = ""
    for line in run("scenarios").stdout.splitlines():
        if not re.match(r"  \S", line):
            continue
        name = line.split()[0]
        scenario = json.loads(run("scenarios", name).stdout)
        text += f"== {name}{'  cause ' + scenario['cause'] if 'cause' in scenario else ''}\n"
        for one in scenario.get("expect", []):
            rest = {key: value for key, value in one.items() if key != "that"}
            text += f"  {one['that']}\n    {json.dumps(rest, ensure_ascii=False)}\n"
    return text


def policy():
    with Mock() as mock:
        return pretty(mock.box().control("GET", "policy").body)


surface("check.txt", faulty)
surface("check-files.txt", files)
surface("schema-words.txt", schema_words)
surface("expectations.txt", expectations)
surface("scenario-list.txt", lambda: run("scenarios").stdout)
surface("policy.json", policy)
subprocess.run(["rm", "-rf", str(FOLDER)], check=False)
tap.end()
