#!/usr/bin/env python3
"""`intacct-mock explain` and POST /__mock/explain: what people paste is explained alike by both, no secret of it comes
back, the command that is given to see it again does so, and a recording becomes a scenario that repeats it. Prints TAP."""
import gzip
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

from mock import PROGRAM, ROOT, Server, Tap, TOKEN_FORM

sys.path.insert(0, str(ROOT / "tests/clients"))

DATA = ROOT / "tests/data/explain"
REPLAY = ROOT / "tests/clients/replay.py"
CREDENTIALS = {"INTACCT_BASE_URL": "http://127.0.0.1:1", "INTACCT_CLIENT_ID": "demo", "INTACCT_CLIENT_SECRET": "demo-secret",
               "INTACCT_USERNAME": "ws_user@acme"}
os.environ.update(CREDENTIALS)
import replay  # noqa: E402  (it reads the environment)

tap = Tap()


def run(*arguments, given=None):
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, input=given, timeout=60)


def explained(*arguments, given=None):
    return json.loads(run("explain", "--json", *arguments, given=given).stdout)


def first(answer):
    if answer["undecided"]:
        return "undecided"
    nothing = "-" if answer["recognised"]["form"] == "none" else answer.get("transport", {}).get("id", "none")
    return answer["causes"][0]["id"] if answer["causes"] else nothing


def samples():
    """(path, its first answer) of all."""
    for folder in (DATA, DATA / "field"):
        for line in (folder / "ANSWERS").read_text().splitlines():
            if line and not line.startswith("#"):
                words = line.split()
                yield folder / words[0], words[-1]


def ask(server, data, accept="application/json"):
    request = urllib.request.Request(f"{server.url}/__mock/explain", data, {"Accept": accept, "Content-Type": "text/plain"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.headers["Content-Type"], answer.read().decode()


def secret_in(text):
    """S3CR marks the secrets of the samples; eyJ begins every JWT."""
    return re.search(r"S3CR\w*|eyJ\w{8,}", text)


# ---- the command ----

answers = {}
for path, wanted in samples():
    done = run("explain", "--json", path)
    answers[path] = json.loads(done.stdout)
    text = run("explain", path).stdout.decode()
    right = first(answers[path]) == wanted and done.returncode == (1 if wanted == "-" else 0)
    leaked = secret_in(done.stdout.decode()) or secret_in(text)
    tap.check(f"{path.relative_to(DATA)}: {wanted}", right and not leaked,
              f"{first(answers[path])} {done.returncode} {leaked} {done.stderr}")

text = run("explain", DATA / "story-second-connection.har").stdout.decode()
order = ["Recognised: ", "What bears on it", "Likely causes", "1. grant-superseded", "how sure: ", "ask: ",
         "To the developer", "To the Intacct administrator", "curl -s ", "intacct-mock run --scenario"]
places = [text.find(piece) for piece in order]
tap.check("the text has all its parts, in order", -1 not in places and places == sorted(places), text)
tap.check("the administrator is told where to click", "Company > Setup > Company > Security > Authorized" in " ".join(
    run("explain", DATA / "body-rest-1216.json").stdout.decode().split()))
tap.check("standard input is read, with - and without",
          [first(explained(*way, given=b"GW-0040")) for way in (["-"], [])] == ["access-token-expired"] * 2)
tap.check("the argument itself may be it", first(explained("REST-2102")) == "grant-superseded")
done = run("explain", "/no/such/folder")
tap.check("what is neither file nor known exits 1 and says what would be known", done.returncode == 1
          and b"curl -v" in done.stdout, done)
for name in ("nosuch.har", "GW-0040.log", "/no/such/401.json"):
    done = run("explain", name)
    tap.check(f"{name} is said to be no file, and its name is not explained",
              done.returncode == 1 and not done.stdout and b"no such file" in done.stderr, done)
done = run("explain", "https://api.intacct.com/ia/api/v1/objects/a.json")
tap.check("an address is no file's name", b"an address" in done.stdout, done)
done = run("explain", ROOT)
tap.check("a folder is refused", done.returncode == 1 and b"reading" in done.stderr, done)
done = run("explain", given=(DATA / "story-twelve-hours.har.gz").read_bytes()[:200])
tap.check("damaged gzip is told", done.returncode == 1 and b"gzip" in done.stderr, done)

# ---- tokens ----

with Server() as server, tempfile.TemporaryDirectory() as folder:
    def token(path="/ia/api/v1/oauth2/token"):
        with urllib.request.urlopen(server.url + path, TOKEN_FORM.encode(), timeout=30) as answer:
            return json.load(answer)["access_token"]

    def key_set():
        with urllib.request.urlopen(f"{server.url}/.well-known/jwks.json", timeout=30) as answer:
            with open(f"{folder}/jwks.json", "wb") as file:
                file.write(answer.read())
        return f"{folder}/jwks.json"

    rest, article = token(), token("/identity/v2/oauth2/token")
    head, payload, signature = article.split(".")
    # another last character could say the same bits
    altered = f"{head}.{payload}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"
    told = {name: explained("--jwks", key_set(), value)["token"]["signature"]
            for name, value in (("its own", article), ("altered", altered), ("HS256", rest))}
    tap.check("a JWKS tells whether the signature fits", told == {"its own": "good", "altered": "bad", "HS256": "unchecked"}, told)
    tap.check("an altered token is said to be that", first(explained("--jwks", key_set(), altered)) == "token-bad-signature")
    urllib.request.urlopen(urllib.request.Request(f"{server.url}/__mock/sandboxes/default/keys/rotate", b"")).close()
    tap.check("a key that was rotated out is unknown to the JWKS",
              first(explained("--jwks", key_set(), article)) == "token-unknown-key")
    told = [json.loads(ask(server, value.encode())[1])["token"]["signature"]
            for value in (token(), token("/identity/v2/oauth2/token"), altered, article)]
    tap.check("a mock knows its own keys", told == ["good", "good", "bad", "unknown-key"], told)
    done = run("explain", "--jwks", PROGRAM, rest)
    tap.check("a JWKS that is none is told", done.returncode == 1 and b"--jwks" in done.stderr, done)
real = answers[DATA / "jwt-real.txt"]
tap.check("a token of the real service is known as such, and never called altered",
          real["token"]["real_service"] and first(real) == "access-token-expired"
          and "token-bad-signature" not in [cause["id"] for cause in real["causes"]], real)
tap.check("its times are in words", re.fullmatch(r"expired \d+ days ago; lived 12 hours", real["token"]["times"]), real["token"])

# ---- the control API ----

with Server() as server:
    wrong = []
    for path, wanted in samples():
        kind, said = ask(server, path.read_bytes())
        if kind != "application/json" or first(json.loads(said)) != wanted or secret_in(said):
            wrong.append((path.name, said[:300]))
    tap.check("POST /__mock/explain says the same", not wrong, wrong)
    kind, said = ask(server, b"REST-1206", "text/plain")
    tap.check("by Accept as text", kind.startswith("text/plain") and said == run("explain", "--url", server.url, "REST-1206").stdout.decode(), said)
    with urllib.request.urlopen(f"{server.url}/__mock/sandboxes/default/requests", timeout=30) as answer:
        tap.check("nothing of it stands in a journal", json.load(answer)["requests"] == [])
    with urllib.request.urlopen(f"{server.url}/__mock/causes?q=REST-1206", timeout=30) as answer:
        listed = json.load(answer)["causes"]
        tap.check("GET /__mock/causes?q= lists what is worded so", len(listed) > 8 and listed[0]["id"] == "access-token-expired"
                  and all(cause["confidence"] and cause["question"] for cause in listed), listed[:2])
    try:
        urllib.request.urlopen(f"{server.url}/__mock/causes?query=x", timeout=30)
        tap.check("another parameter is refused", False)
    except urllib.error.HTTPError as refusal:
        tap.check("another parameter is refused", refusal.code == 400 and json.load(refusal)["field"] == "query")

# ---- bounds ----

with Server() as server:
    def refused(data):
        try:
            return 200, ask(server, data)[1]
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read().decode()

    long = b"401 GW-0040\n" * 100000
    for name, data in (("packed", gzip.compress(long)), ("plain", long)):
        status, said = refused(data)
        tap.check(f"more than 1 MB is refused, {name}", status == 413 and "1048576" in said, (status, said))
    status, said = refused(gzip.compress(long[:1048576]))
    tap.check("1 MB is taken, and of too many exchanges what was left out is said",
              status == 200 and "the 82382 lines behind them were left out" in json.loads(said)["recognised"]["limit"], said[:300])

# ---- to see it again ----

def seen_again(again):
    """The cause of a call in the sandbox that the command makes, and its answer."""
    made = subprocess.run(["sh", "-c", again["command"]], capture_output=True, text=True, timeout=30)
    base, oauth = json.loads(made.stdout)["base_url"], '"oauth"' in again["command"]
    call = urllib.request.Request(base + ("/ia/api/v1/oauth2/token" if oauth else "/ia/api/v1/objects/accounts-payable/vendor"),
                                  TOKEN_FORM.encode() if oauth else None)
    try:
        with urllib.request.urlopen(call, timeout=30) as answer:
            return answer.headers["X-Intacct-Mock-Cause"], answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.headers["X-Intacct-Mock-Cause"], refusal.code, refusal.read().decode()


with Server() as server:
    with urllib.request.urlopen(f"{server.url}/__mock/causes", timeout=30) as answer:
        causes = [cause["id"] for cause in json.load(answer)["causes"]]
    wrong = []
    for cause in causes:
        given = f"HTTP/1.1 400 Bad Request\nX-Intacct-Mock-Cause: {cause}\n\n".encode()
        seen = seen_again(json.loads(ask(server, given)[1])["reproduce"])
        if seen[0] != cause:
            wrong.append((cause, seen))
    tap.check("the command for each cause brings it about", not wrong, str(wrong)[:2000])
    for path, wanted in samples():
        if wanted not in ("-", "none", "undecided") and "transport" not in answers[path]:
            seen = seen_again(explained("--url", server.url, path)["reproduce"])
            tap.check(f"{path.name}: its command brings it about", seen[0] == wanted, seen)
    for name, status in (("ended-reset.log", 52), ("ended-page.log", 0)):
        told = explained("--url", server.url, DATA / name)
        made = subprocess.run(["sh", "-c", told["reproduce"]["command"]], capture_output=True, text=True, timeout=30)
        address = json.loads(made.stdout)["base_url"] + "/ia/api/v1/oauth2/token"
        done = subprocess.run(["curl", "-sS", "-d", TOKEN_FORM, address], capture_output=True, text=True, timeout=30)
        again = explained(given=f"curl -s {address} -d a=b\n{done.stdout}{done.stderr}".encode())
        tap.check(f"{name}: its command ends a call so, and curl's words are explained alike",
                  done.returncode == status and first(again) == first(told), (done, again))
    seen = seen_again(explained("--url", server.url, DATA / "story-twelve-hours.har.gz")["reproduce"])
    tap.check("in the very wording that was seen", seen[1] == 400 and "REST-1206" in seen[2], seen)
for given, wanted in (("https://[::1]:9/mock/s/box", "'https://[::1]:9/mock/__mock/sandboxes'"), ("http://h", "http://h/__mock/sandboxes")):
    tap.check(f"the command asks {given}", explained("--url", given, "GW-0040")["reproduce"]["command"].startswith(f"curl -s {wanted} -d "))
with Server() as server:
    through = urllib.request.build_opener(urllib.request.ProxyHandler({"http": server.url}))
    with through.open("http://api.intacct.com/__mock/explain", b"GW-0040", timeout=30) as answer:
        command = json.load(answer)["reproduce"]["command"]
    tap.check("who asks through the proxy gets the mock's own address", f" {server.url}/__mock/sandboxes " in command, command)
with socket.create_server(("127.0.0.1", 0)) as spare:
    control = f"http://127.0.0.1:{spare.getsockname()[1]}"
with Server("--control", control.rsplit(":", 1)[1], "--public-url", "http://public.example"):
    with urllib.request.urlopen(f"{control}/__mock/explain", b"GW-0040", timeout=30) as answer:
        command = json.load(answer)["reproduce"]["command"]
    tap.check("a public URL does not stand for a control port", f" {control}/__mock/sandboxes " in command, command)
done = run("explain", "--url", "nowhere", "GW-0040")
tap.check("a URL that is none is refused", done.returncode == 2 and b"must be http://HOST:PORT" in done.stderr, done)
for path, wanted in samples():
    again = answers[path].get("reproduce")
    if again and "scenario" in again:
        known = run("scenarios", again["scenario"])
        tap.check(f"{path.name}: its scenario is there", known.returncode == 0, again)

# ---- what ended a call before an answer ----

KINDS = re.findall(r'^IM_TRANSPORT\(\w+, "([^"]+)"', (ROOT / "server/explain/transport.def").read_text(), re.M)
contract = json.loads((ROOT / "server/control/openapi.json").read_text())["components"]["schemas"]
tap.check("the contract lists each kind of end", contract["TransportFailure"]["properties"]["id"]["enum"] == KINDS, KINDS)
text = run("explain", DATA / "ended-reset.log").stdout.decode()
order = ["Recognised: ", "answered: no answer (connection-closed)", "No answer of Intacct reached the program: ", "What ended it",
         "told by: ECONNRESET", "ask: ", "To the developer", "To the administrator of the network", "curl -s ", "--scenario token-drop"]
places = [text.find(piece) for piece in order]
tap.check("the text of one has all its parts, in order, and no cause", -1 not in places and places == sorted(places)
          and "Likely causes" not in text and "Intacct administrator" not in text, text)
text = " ".join(run("explain", "certificate has expired").stdout.decode().split())
tap.check("of TLS it names the scenario and the name", "run --intercept --scenario tls-expired" in text and "expired.localhost" in text, text)
told = explained("Error: connect ECONNREFUSED 127.0.0.1:8080")
tap.check("what the mock does not make has no command, and it is said what makes it",
          "reproduce" not in told and "The mock does not make it" in told["transport"]["again"], told)

# ---- a recording as a scenario ----

RECORDINGS = [path for path, _ in samples() if path.name.endswith((".har", ".har.gz"))]
with tempfile.TemporaryDirectory() as folder:
    for path in RECORDINGS:
        name = re.sub(r"[^a-z0-9]", "-", path.name)
        done = run("explain", "--scenario", f"{folder}/{name}.json", path)
        told = done.stdout.decode()
        written = open(f"{folder}/{name}.json", encoding="utf-8").read()
        personal = re.search(r"Northwind|sync_user|intacct\.com|app\.sage", written) or secret_in(written)
        tap.check(f"{path.name}: a scenario without secrets, and what was taken out",
                  done.returncode == 0 and not personal and "Taken out" in told and "bodies of answers" in told, (personal, told))
        checked = run("check", "--strict", f"{folder}/{name}.json")
        tap.check(f"{path.name}: check has no word against it", checked.returncode == 0 and not checked.stderr, checked)
        done = run("run", "--scenarios", folder, "--scenario", name, "--exit-zero", "--", sys.executable, REPLAY, path)
        tap.check(f"{path.name}: replayed by run, each status is as recorded", done.returncode == 0, done.stdout.decode())
        with Server("--scenarios", folder, "--scenario", name) as server:
            replay.BASE = replay.urlsplit(server.url)
            entries = replay.entries_of(path)
            got, wanted = list(replay.replayed(entries)), replay.recorded(entries)
            tap.check(f"{path.name}: and so it is by a server", got == wanted and len(got) > 1, (got, wanted))
    done = run("explain", "--scenario", f"{folder}/none.json", "REST-1206")
    tap.check("what has no requests gives no scenario", done.returncode == 1 and b"no exchange" in done.stderr
              and not os.path.exists(f"{folder}/none.json"), done)

tap.end()
