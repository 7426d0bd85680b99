#!/usr/bin/env python3
"""Scenario files that people write: what `intacct-mock check` says of wrong ones, how the program lists and shows the
right ones, and what a server does with them: at start, when they change, and at its end."""
import json
import os
import pathlib
import re
import resource
import subprocess
import tempfile
import urllib.error
import urllib.request
import xml.etree.ElementTree as xml

from beside import FILES, SCENARIOS, becomes, control, touch
from mock import PROGRAM, ROOT, Server, TOKEN_FORM, Tap

tap = Tap()
folder = pathlib.Path(tempfile.mkdtemp())


def run(*arguments, timeout=20):
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, errors="replace",
                          timeout=timeout)


def said(done):
    return f"{done.returncode}: {done.stdout[-1500:]}{done.stderr[-1500:]}"


def written(name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


# ---- check: one file ----

RULE = '{"name": "x",\n "rules": [{%s}]}'
THEN = RULE % '"when": {"endpoint": "api"},\n  "then": {%s}'
EXPECT = '{"name": "x",\n "expect": [{"that": "all is well", %s}]}'
# title: (text, line, column, words that are said)
WRONG = {
    "an unknown key": ('{\n  "nmae": "x"}', 2, 3, '"nmae"', 'did you mean "name"?'),
    "an unknown key of a rule": (RULE % '"wehn": {}, "then": {"wire": "drop"}', 2, 13, '"wehn"', 'did you mean "when"?'),
    "an unknown key of when": (RULE % '"when": {"endpiont": "api"}, "then": {"wire": "drop"}', 2, 22, '"endpiont"', 'did you mean "endpoint"?'),
    "an unknown key of then": (THEN % '"wrold": "sign-in"', 3, 12, '"wrold"', 'did you mean "world"?'),
    "an unknown key of a fault": (THEN % '"wire": {"dealy": "2s"}', 3, 21, '"dealy"', 'did you mean "delay"?'),
    "an unknown key of an effect": (THEN % '"world": {"do": "revoke-user", "usr": "a@b"}', 3, None, '"usr"', 'did you mean "user"?'),
    "an unknown key of an expectation": (EXPECT % '"at_lest": 1', 2, 37, '"at_lest"', 'did you mean "at_least"?'),
    "an unknown switch": ('{"name": "x", "world":\n {"acess_token_ttl": "5m"}}', 2, 3, '"acess_token_ttl"',
                          'did you mean "access_token_ttl"?'),
    "an unknown field of a user": ('{"name": "x", "world": {"users":\n [{"id": "u", "company": "acme", "web_sevices": true}]}}',
                                   2, None, '"web_sevices"', 'did you mean "web_services"?'),
    "a rate in an expectation": (EXPECT % '"rate": 0.5', 2, None, '"rate"'),
    "a name that is a number": ('{"name": 3}', 1, None, "name"),
    "a name with a dot": ('{"name": "a.b"}', 1, 2, "name", "a-z"),
    "a name too long": ('{"name": "%s"}' % ("x" * 65), 1, 2, "64"),
    "no name": ('{"about": "x"}', 1, 1, '"name"'),
    "a list for a scenario": ("[]", 1, 1, "object"),
    "rules that are no list": ('{"name": "x", "rules": {}}', 1, None, "rules"),
    "a number for text": ('{"name": "x", "about": 5}', 1, None, "about"),
    "text for a number": (RULE % '"when": {"nth": "2"}, "then": {"refuse": "internal"}', 2, None, '"nth"', "whole number"),
    "a zeroth request": (RULE % '"when": {"nth": 0}, "then": {"refuse": "internal"}', 2, None, '"nth"', "1 or more"),
    "a duration without a unit": ('{"name": "x", "world": {"access_token_ttl": 5}}', 1, None, "access_token_ttl", "12h"),
    "an unknown cause": ('{"name": "x", "cause": "access-token-expird"}', 1, None, "access-token-expird",
                         'did you mean "access-token-expired"?'),
    "a refusal for an unknown cause": (THEN % '"refuse": "rate-limitd"', 3, None, 'did you mean "rate-limited"?'),
    "an unknown effect": (THEN % '"world": "revoke-grnat"', 3, None, 'did you mean "revoke-grant"?'),
    "an effect that lacks something": (THEN % '"world": {"do": "advance-clock"}', 3, None, '"by"'),
    "an unknown fault": (THEN % '"wire": "dorp"', 3, None, 'did you mean "drop"?'),
    "two faults at once": (THEN % '"wire": {"drop": true, "html": true}', 3, None, '"drop"', '"html"'),
    "an unknown endpoint": (RULE % '"when": {"endpoint": "tokn"}, "then": {"refuse": "internal"}', 2, None, 'did you mean "token"?'),
    "a rule that does nothing": (THEN % "", 3, None, '"world"', '"refuse"', '"wire"'),
    "an after that is nothing": (EXPECT % '"after": "nothing like it"', 2, None, '"after"', '"nothing like it"'),
    "an after that is its own": (EXPECT % '"after": "all is well"', 2, None, '"after"'),
    "a circle of afters": ('{"name": "x", "expect": [{"that": "a", "after": "b"},\n {"that": "b", "after": "a"}]}', None, None,
                           "circle", '"a" after "b" after "a"'),
    "the same call as none": (EXPECT % '"same": "call"', 2, None, '"after"'),
    "an unknown status": (EXPECT % '"status": "2x"', 2, None, "2xx"),
    "a key twice": ('{"name": "x",\n "name": "y"}', 2, 2, '"name"', "twice"),
    "JSON cut short": ('{"name": "x"', 1, 13, "expected"),
    "JSON with a comma too many": ('{"name": "x",}', 1, 14, "expected", "no comma behind the last"),
    "a comment": ('// mine\n{"name": "x"}', 1, 1, "expected", "no comments"),
    "a comment of another kind": ('{"name": "x" # mine\n}', 1, 14, "expected", "no comments"),
    "a cause by half of its name": (THEN % '"refuse": "token-expired"', 3, None, 'did you mean "access-token-expired" or'),
    "an answer's code for a cause": (THEN % '"refuse": "invalid-grant"', 3, None, 'did you mean "refresh-token-expired",'),
    "a redirect URI with a fragment": ('{"name": "x", "world": {"clients":\n [{"id": "c", "redirect_uris": ["http://a/", "http://a/#b"]}]}}',
                                       2, None, "http://a/#b", "fragment"),
    "an empty file": ("", 1, 1, "expected"),
    "nothing but space": (" \n\n ", 3, 2, "expected"),
    "a byte-order mark": (b'\xef\xbb\xbf{"name": "x"}', 1, 1, "byte-order mark"),
    "UTF-16": ('{"name": "x"}'.encode("utf-16"), 1, 1, ""),
    "Latin-1": ('{"name": "x", "about": "caf\xe9"}'.encode("latin-1"), 1, 28, "0xE9", "UTF-8"),
    "NUL bytes": (b"\0" * 100, 1, 1, ""),
    "lists 100000 deep": ("[" * 100000, 1, 65, "deep"),
    "objects 100000 deep": ('{"name": "x", "world": ' + '{"a": ' * 100000, 1, None, "deep"),
}
for number, (title, (text, line, column, *words)) in enumerate(WRONG.items()):
    path = written(f"wrong-{number}.json", text)
    done = run("check", path)
    where = re.fullmatch(re.escape(str(path)) + r":(\d+):(\d+): (.+)\n", done.stderr + done.stdout)
    tap.check(f"{title} is told with its place, in one line", done.returncode == 1 and where
              and line in (None, int(where[1])) and column in (None, int(where[2]))
              and all(word in where[3] for word in words), said(done))

written("big.json", '{"name": "big", "about": "' + "x" * 10_000_000 + '"}')
(folder / "folder").mkdir()
(folder / "loop").symlink_to("loop")
for title, path, words in (("ten megabytes", "big.json", ["big.json", "1048576"]),
                           ("a folder", "folder", ["folder", "directory"]),
                           ("a file that is not there", "none.json", ["none.json", "No such file"]),
                           ("a link to itself", "loop", ["loop"])):
    done = run("check", folder / path)
    tap.check(f"{title} is told in one line", done.returncode == 1 and len((done.stderr + done.stdout).splitlines()) == 1
              and all(word in done.stderr + done.stdout for word in words), said(done))
if os.geteuid() != 0:
    written("secret.json", '{"name": "x"}').chmod(0)
    done = run("check", folder / "secret.json")
    tap.check("so is one that may not be read", done.returncode == 1 and "Permission denied" in done.stderr, said(done))
before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime  # of ours alone: others may be at work too
run("check", folder / "big.json", folder / "big.json")
tap.check("big ones are refused without being read to the end of patience", resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before < 5)

# ---- check: several ----

many = written("many.json", """{ "name": "many", "rulse": [],
  "world": { "users": [{ "id": "u", "company": "nowhere", "roles": ["all", "none"] }] },
  "rules": [{ "when": { "endpiont": "api" }, "then": { "refuse": "token-expired" } },
            { "then": { "wire": "drop" }, "times": 0 }],
  "expect": [{ "that": "a", "at_lest": 1 },
             { "that": "b", "after": "c" }] }""")
done = run("check", many)
places = [tuple(map(int, line.removeprefix(f"{many}:").split(":")[:2])) for line in done.stderr.splitlines()]
tap.check("all that is wrong is told at once, by place", done.returncode == 1 and places == sorted(places)
          and [line for line, _ in places] == [1, 2, 2, 3, 3, 4, 5, 6], said(done))
flood = written("flood.json", '{"name": "x", "rules": [' + ",\n".join(['{"then": {"wire": "dorp"}}'] * 300) + "]}")
done = run("check", flood)
tap.check("but not without end", done.returncode == 1 and len(done.stderr.splitlines()) == 101
          and "the first 100 are shown" in done.stderr.splitlines()[-1], said(done))

FINE = '"expect": [{"that": "all is well", "endpoint": "api", "at_most": 9}]'
TAKEN = '"rules": [{"when": {%s}, "then": {"refuse": "rate-limited"}},\n {"when": {%s}, "then": {"wire": "drop"}}], ' + FINE
AFTER = '"rules": [{"when": {"nth": 9}, "then": {"world": "revoke-grant"}}],\n "expect": [{"that": "a", "after": "%s", "at_most": 9}]'
# title: (members, line, words that are said), or without the rest: nothing is said
WARNED = {
    "no expectations": ('"about": "x"', 1, "never passed"),
    "an empty list of them": ('"rules": [],\n "expect": []', 2, "never passed"),
    "a rule behind one that takes every request": (TAKEN % ("", ""), 2, "rule 2 never fires"),
    "a rule behind one that takes those of its group": (TAKEN % ('"endpoint": "api"', '"endpoint": "resource", "nth": 2'), 2, "rule 1"),
    "a rule behind a wider one": (TAKEN % ('"method": "POST"', '"method": "POST", "path": "/a*"'), 2, "rule 2"),
    "an after that no rule refuses so": (AFTER % "gateway-error", 2, '"gateway-error"'),
    "an after that no rule damages so": (AFTER % "stall", 2, '"stall"'),
    "an after that no rule changes so": (AFTER % "lock-user", 2, '"lock-user"'),
    "a token that nothing ends": ('"expect":\n [{"that": "a", "after": "access-token-expired", "at_most": 9}]', 2, "access-token-expired"),
    "a rule behind one that takes some": (TAKEN % ('"nth": 1', ""),),
    "a rule behind one of another endpoint": (TAKEN % ('"endpoint": "token"', '"endpoint": "api"'),),
    "a rule behind a narrower one": (TAKEN % ('"endpoint": "resource"', '"endpoint": "api"'),),
    "an after that a rule brings about": (AFTER % "revoke-grant",),
    "an after that the changed world brings about": (AFTER % "access-token-revoked",),
    "an after that the client brings about itself": (AFTER % "client-secret-wrong",),
}
for title, (members, *wanted) in WARNED.items():
    path = written("warned.json", '{"name": "warned", %s}' % members)
    done, strict = run("check", path), run("check", "--strict", path)
    line, word = wanted or (None, "")
    lines = done.stderr.splitlines()
    tap.check(f"{title} is {'warned of' if wanted else 'fine'}", done.returncode == 0 and "fine: warned" in done.stdout
              and len(lines) == (1 if wanted else 0)
              and all(re.match(re.escape(f"{path}:{line}:") + r"\d+: warning: ", one) and word in one for one in lines), said(done))
    tap.check(f"{title}: --strict makes it {'an error' if wanted else 'no error'}", strict.returncode == bool(wanted)
              and strict.stderr == done.stderr and bool(strict.stdout) == (not wanted), said(strict))
shadow = written("shadow.json", json.dumps({**SCENARIOS["token-drop"], "about": "Another."}))
done = run("check", shadow)
tap.check("the name of a built-in one is warned of", done.returncode == 0 and "warning: name: \"token-drop\"" in done.stderr, said(done))
done = run("check", "--strict", *FILES)
tap.check("of the built-in ones there is nothing to be said", done.returncode == 0 and not done.stderr, said(done))
done = run("check", "--strict", ROOT / "scenarios/schema.json")
tap.check("the schema beside them is no scenario, and skipped", done.returncode == 0 and not done.stderr
          and "schema.json: skipped" in done.stdout, said(done))
done = run("check", folder / "none.json")
tap.check("what cannot be read is told by the program's name", done.stderr.startswith("intacct-mock: ") and "none.json" in done.stderr,
          said(done))

good = written("good.json", '{"name": "good", "about": "All is well.", %s}' % FINE)
done = run("check", good, folder / "wrong-0.json", good, folder / "wrong-1.json", folder / "none.json")
tap.check("of several each is looked at, and one that is wrong is enough", done.returncode == 1
          and done.stdout.count("good.json: fine") == 2 and len(done.stderr.splitlines()) == 3, said(done))
done = run("check", good, FILES[0])
tap.check("status 0 when all are fine", done.returncode == 0 and not done.stderr
          and len(done.stdout.splitlines()) == 2, said(done))
done = run("check")
tap.check("no file is wrong usage", done.returncode == 2 and len(done.stderr.splitlines()) == 1, said(done))

# ---- scenarios ----

own = folder / "own"
own.mkdir()
MINE = {"name": "mine", "about": "The first token request is refused.",
        "rules": [{"when": {"endpoint": "token", "nth": 1}, "then": {"refuse": "client-unknown"}}],
        "expect": [{"that": "a token is asked for", "endpoint": "token", "at_least": 1}]}


def save(scenario, text=None):
    """As an editor does: the file is replaced as a whole."""
    half = own / "half"
    half.write_text(text or json.dumps(scenario))
    half.rename(own / "mine.json")


save(MINE)
done = run("scenarios")
tap.check("the list has each with what it is about", done.returncode == 0
          and all(re.search(rf"^ +{re.escape(name)} +{re.escape(scenario['about'])}$", done.stdout, re.M)
                  for name, scenario in SCENARIOS.items()), said(done))
done = run("scenarios", "token-drop")
tap.check("one is shown as its file has it", done.stdout == FILES[0].with_name("token-drop.json").read_text(), said(done))
done = run("scenarios", "--scenarios", own, "mine")
tap.check("one of our own as well", json.loads(done.stdout) == MINE, said(done))
tap.check("and it stands in the list", "The first token request is refused." in run("scenarios", "--scenarios", own).stdout)
done = run("scenarios", "token-dorp")
tap.check("a name that is none is told the nearest", done.returncode == 1 and not done.stdout
          and 'did you mean "token-drop"?' in done.stderr, said(done))
done = run("scenarios", "--scenarios", folder / "nowhere")
tap.check("a folder that is none is told", done.returncode == 1 and "nowhere" in done.stderr, said(done))

# ---- serve: at start ----


def refused_start(title, *options, words):
    done = run("serve", "--port", "0", "--https-port", "none", *options)
    tap.check(title, done.returncode == 3 and len(done.stderr.splitlines()) == 1
              and all(word in done.stderr for word in words), said(done))


refused_start("a server is not started with a scenario that is none", "--scenario", "token-dorp",
              words=['did you mean "token-drop"?'])
refused_start("nor with a wrong file", "--scenario", folder / "wrong-1.json", words=["wrong-1.json:2:13:", "wehn"])
refused_start("nor with a file that is not there", "--scenario", folder / "none.json", words=["none.json", "No such file"])
refused_start("nor with a folder that is not there", "--scenarios", folder / "nowhere", words=["nowhere", "No such file"])
(folder / "bad").mkdir()
(folder / "bad/wrong.json").write_text('{"nmae": "x"}')
refused_start("nor with a folder in which a file is wrong", "--scenarios", folder / "bad",
              words=["wrong.json:1:2:", 'did you mean "name"?'])

hides = folder / "hides"
hides.mkdir()
(hides / "hidden.json").write_text(shadow.read_text())
with Server("--scenarios", str(hides)) as server:
    server.process.terminate()
    logged = server.process.stderr.read()
tap.check("a server says which built-in scenario a file hides", "hidden.json" in logged
          and "hides the built-in" in logged and "token-drop" in logged, logged)
done = run("run", "--scenarios", hides, "--list")
tap.check("so does a run", done.returncode == 0 and "the scenario token-drop of --scenarios" in done.stderr
          and "hides the built-in" in done.stderr, said(done))
tap.check("which says nothing of others", not run("run", "--scenarios", own, "--list").stderr)

port_file = folder / "port"
for given, name in ((FILES[0].with_name("token-drop.json"), "token-drop"), ("token-drop", "token-drop")):
    with Server("--scenario", str(given), "--port-file", str(port_file)) as server:
        tap.check(f"the ready line names the scenario ({'a name' if given == name else 'a file'})",
                  server.ready.rstrip().endswith(f"scenario {name}"), server.ready)
        tap.check("so does the port file", json.loads(port_file.read_text())["scenario"] == name, port_file.read_text())
        tap.check("and the default sandbox follows it", control(server, "sandboxes/default")["scenario"] == name)

# ---- serve: files that change ----


def token_status(base):
    try:
        with urllib.request.urlopen(f"{base}/ia/api/v1/oauth2/token", TOKEN_FORM.encode(), timeout=20) as answer:
            return answer.status
    except urllib.error.HTTPError as refusal:
        return refusal.code


def trouble(server, name="mine"):
    return next((one.get("trouble", "") for one in control(server, "scenarios")["scenarios"] if one["name"] == name), None)


with Server("--scenarios", str(own)) as server:
    base = f"{server.url}/s/mine"
    first = token_status(base + ".1")
    tap.check("a scenario of our own is followed", first == 401, first)
    tap.check("and listed as our own", any(one["name"] == "mine" and not one["built_in"]
                                           for one in control(server, "scenarios")["scenarios"]))
    save({**MINE, "rules": [{"when": {"endpoint": "token"}, "then": {"refuse": "service-unavailable"}}]})
    second = token_status(base + ".2")
    tap.check("a changed file counts from the next sandbox on", second == 503, second)
    tap.check("a sandbox that was there goes on as before", token_status(base + ".1") == 200)
    save(None, '{"name": "mine", "rulse": []}')
    third = token_status(base + ".3")
    tap.check("a file that is broken changes nothing", third == 503, third)
    tap.check("and the list says what is wrong with it, and where",
              "mine.json:1:18:" in trouble(server) and 'did you mean "rules"?' in trouble(server), trouble(server))
    save(MINE)
    fourth = token_status(base + ".4")
    tap.check("once it is mended it counts again", fourth == 401 and not trouble(server), f"{fourth} {trouble(server)}")
    (own / "later.json").write_text(json.dumps({**MINE, "name": "later"}))
    tap.check("a new file is found", becomes(lambda: token_status(f"{server.url}/s/later.x") == 401))

# ---- serve: the verdict at the end ----


def ended(*options, asked=(), suffix=".json", scenario=own / "mine.json"):
    """(exit status, what the verdict file says) of a server that was asked for tokens and ended."""
    path = folder / f"verdict{suffix}"
    path.unlink(missing_ok=True)
    with Server("--scenario", str(scenario), "--verdict", str(path), *options) as server:
        for _ in asked:
            token_status(server.url)
    return server.process.returncode, path.read_text()


status, text = ended(asked=[1])
tap.check("a verdict that is met: status 0", status == 0 and json.loads(text)["outcome"] == "met", f"{status} {text}")
strict = written("strict.json", json.dumps({**MINE, "expect": [{"that": "one is enough", "endpoint": "token", "count": 1}]}))
status, text = ended(asked=[1, 2], scenario=strict)
tap.check("one that is not met: status 1", status == 1 and json.loads(text)["outcome"] == "not-met", f"{status} {text}")
status, text = ended(asked=[1, 2], scenario=strict, suffix=".xml")
suite = xml.fromstring(text)
suite = suite if suite.tag == "testsuite" else suite.find("testsuite")
tap.check("as JUnit when the file ends so", status == 1 and suite.get("name") == "mine"
          and suite.find("testcase[@name='one is enough']/failure").get("message"), text)
status, text = ended()
tap.check("one that was not exercised: status 0", status == 0 and json.loads(text)["outcome"] == "not-exercised", f"{status} {text}")
status, text = ended("--require-all", "on")
tap.check("with --require-all on: status 1", status == 1 and json.loads(text)["outcome"] == "not-exercised", f"{status} {text}")
refused_start("a verdict that could not be written is told at the start", "--verdict", folder / "nowhere/v.json",
              words=["--verdict", "nowhere/v.json", "No such file"])

# ---- serve: how many sandboxes, how long ----

with Server("--sandboxes", "3") as server:
    for number in range(5):
        touch(f"{server.url}/s/happy-path.{number}")
    listed = control(server, "sandboxes")
    names = {box["name"] for box in listed["sandboxes"]}
    tap.check("of too many sandboxes the oldest go, and it is said how many", len(names) <= 4 and "default" in names
              and "happy-path.4" in names and "happy-path.0" not in names and listed["dropped"] >= 2
              and listed["count"] == len(names), listed)
with Server("--sandbox-ttl", "200ms") as server:
    touch(f"{server.url}/s/happy-path.idle")
    tap.check("an idle one goes when its time is over", becomes(
        lambda: {box["name"] for box in control(server, "sandboxes")["sandboxes"]} == {"default"}),
        control(server, "sandboxes"))

subprocess.run(["rm", "-rf", str(folder)], check=False)
tap.end()
