#!/usr/bin/env python3
"""scenarios/schema.json against a validator that others wrote: it is a schema, every scenario fits it, and what the
program refuses in a file an editor that knows the schema refuses as well."""
import copy
import json
import pathlib
import subprocess
import tempfile

import beside  # noqa: F401

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from mock import PROGRAM, ROOT, Tap

tap = Tap()
SCHEMA = json.loads((ROOT / "scenarios/schema.json").read_text())
GOOD = {"$schema": "./schema.json", "name": "mine", "about": "A token is revoked.", "cause": "access-token-revoked",
        "world": {"access_token_ttl": "5m", "users": [{"id": "ws_user", "company": "acme"}]},
        "rules": [{"when": {"endpoint": "api", "nth": 2}, "then": {"world": "revoke-access-token"}, "times": 1},
                  {"when": {"endpoint": "token"}, "then": {"wire": {"delay": "20ms", "drop": True, "at": "after"}}}],
        "exhausted": "pass",
        "expect": [{"that": "it is repeated", "endpoint": "api", "status": "2xx", "after": "access-token-revoked",
                    "at_least": 1}]}


def refused(path):
    return subprocess.run([PROGRAM, "check", str(path)], capture_output=True, timeout=60).returncode == 1


def changed(*where, to):
    """GOOD with another value at that place."""
    scenario = copy.deepcopy(GOOD)
    place = scenario
    for step in where[:-1]:
        place = place[step]
    place[where[-1]] = to
    return scenario


BAD = {
    "an unknown key": changed("nmae", to="mine"),
    "a name with a dot": changed("name", to="mine.too"),
    "a name that is a number": changed("name", to=3),
    "an about that is a list": changed("about", to=["a"]),
    "an unknown cause": changed("cause", to="access-token-revokd"),
    "a world that is a list": changed("world", to=[]),
    "an unknown switch": changed("world", "acces_token_ttl", to="5m"),
    "a duration without a unit": changed("world", "access_token_ttl", to="5"),
    "rules that are an object": changed("rules", to={}),
    "an unknown key in a rule": changed("rules", 0, "tiems", to=1),
    "an unknown key in when": changed("rules", 0, "when", "endpont", to="api"),
    "an unknown endpoint": changed("rules", 0, "when", "endpoint", to="apii"),
    "a zeroth request": changed("rules", 0, "when", "nth", to=0),
    "a rate above one": changed("rules", 0, "when", "rate", to=1.5),
    "an unknown key in then": changed("rules", 0, "then", "wrold", to="revoke-user"),
    "an unknown effect": changed("rules", 0, "then", "world", to="revoke-acces-token"),
    "a refusal for an unknown cause": changed("rules", 0, "then", "refuse", to="access-token-revokd"),
    "an unknown fault": changed("rules", 1, "then", "wire", to="dorp"),
    "an unknown key in a fault": changed("rules", 1, "then", "wire", "dealy", to="2s"),
    "a delay without a unit": changed("rules", 1, "then", "wire", "delay", to=2),
    "another exhausted": changed("exhausted", to="maybe"),
    "an unknown key in an expectation": changed("expect", 0, "at_lest", to=1),
    "a count that is text": changed("expect", 0, "count", to="1"),
    "an unknown status": changed("expect", 0, "status", to="2x"),
}

try:
    Draft202012Validator.check_schema(SCHEMA)
    trouble = ""
except SchemaError as error:
    trouble = str(error)
tap.check("the schema is one of JSON Schema 2020-12", not trouble and "2020-12" in SCHEMA["$schema"], trouble)
validator = Draft202012Validator(SCHEMA)
for file in sorted((ROOT / "scenarios").glob("*.json")):
    if file.name != "schema.json":
        wrong = [f"{e.json_path}: {e.message}" for e in validator.iter_errors(json.loads(file.read_text()))]
        tap.check(f"{file.name} fits it", not wrong, "\n".join(wrong))

with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder) / "mine.json"
    path.write_text(json.dumps(GOOD))
    tap.check("what the program takes, the schema takes", validator.is_valid(GOOD) and not refused(path),
              [e.message for e in validator.iter_errors(GOOD)])
    for title, bad in BAD.items():
        path.write_text(json.dumps(bad))
        tap.check(f"both refuse {title}", not validator.is_valid(bad) and refused(path),
                  f"schema takes it: {validator.is_valid(bad)}; program refuses it: {refused(path)}")

tap.end()
