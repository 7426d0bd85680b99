#!/usr/bin/env python3
"""Verdicts that were once wrong, each from both sides: a sound client is not blamed, one that is broken in the way that
the scenario guards against is, by the very expectation, and in words that lead to the fix. What cannot be told from
outside is said to be so."""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

from beside import CLIENTS
from mock import PROGRAM, Tap

# What the small clients below are made of: no patience, no lock, nothing that the story does not need.
PRELUDE = r'''
import http.client, json, os, sys, time
from urllib.parse import urlencode, urlsplit
BASE = urlsplit(os.environ["INTACCT_BASE_URL"])
VENDORS, BILLS = "/objects/accounts-payable/vendor", "/objects/accounts-payable/bill"
OTHERS = ["/objects/accounts-receivable/customer", "/objects/accounts-receivable/invoice",
          "/objects/general-ledger/account", "/objects/company-config/location", "/services/core/model"]
kept = None

def send(method, path, headers, body=None, keep=True):
    global kept
    line = kept or http.client.HTTPConnection(BASE.netloc, timeout=5)
    try:
        line.request(method, BASE.path + "/ia/api/v1" + path, body, headers)
        answer = line.getresponse()
        return answer.status, answer.read()
    finally:
        kept = line if keep else line.close()

def ask(**form):
    form = {"client_id": "demo", "client_secret": "demo-secret", **form}
    return send("POST", "/oauth2/token", {"Content-Type": "application/x-www-form-urlencoded"}, urlencode(form), keep=False)

def sign_on(**more):
    return ask(grant_type="client_credentials", username="ws_user@acme", **more)

def tokens():
    return json.loads(sign_on()[1])

def get(path, token, keep=True):
    return send("GET", path, {"Authorization": "Bearer " + token}, keep=keep)
'''
tap = Tap()


def run(scenario, *client, kind="resilient", extra=()):
    """(what the scorecard says, {that: outcome}, the verdict as JSON, the whole output). client: Python text behind PRELUDE,
    or a program and its arguments."""
    if len(client) == 1:
        client = (sys.executable, "-c", PRELUDE + client[0])
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([PROGRAM, "run", "--scenario", scenario, "--client", kind, "--artifacts", folder, *extra, "--",
                               *client], capture_output=True, text=True, timeout=120)
        text = pathlib.Path(folder, f"{scenario}.verdict.json")
        verdict = json.loads(text.read_text()) if text.exists() else {"expect": []}
        kept = sorted(path.name for path in pathlib.Path(folder).iterdir())
    word = re.search(rf"^(passed|FAILED|partly|skipped) +{scenario}\b", done.stdout, re.M)
    run.kept = kept
    return word and word[1], {one["that"]: one["outcome"] for one in verdict["expect"]}, verdict, done.stdout + done.stderr


def kinds(kind):
    return sys.executable, str(CLIENTS / "kinds.py"), kind


def sound(broken=""):
    return (sys.executable, str(CLIENTS / "sound.py"), *(("--broken", broken) if broken else ()))


def passes(title, scenario, *client, kind="resilient"):
    word, _, _, output = run(scenario, *client, kind=kind)
    tap.check(f"{scenario}: {title} passes", word == "passed", output)


def fails(title, scenario, that, *client, kind="resilient", words=""):
    """By this expectation, and the words stand in the output."""
    word, outcomes, _, output = run(scenario, *client, kind=kind)
    tap.check(f"{scenario}: {title} fails by \"{that}\"", word == "FAILED" and outcomes.get(that) == "not-met"
              and words in output, output)
    return output


# ---- a scenario of which only a part was exercised is not passed ----

THREE_CALLS = '''
one = tokens()
status, _ = get(VENDORS, one["access_token"])
for path in (BILLS, OTHERS[0]):
    status, _ = get(path, one["access_token"])
    if status == 401:
        one = json.loads(ask(grant_type="refresh_token", refresh_token=one["refresh_token"])[1])
        get(path, one["access_token"])
'''
word, _, _, output = run("refresh-race", THREE_CALLS)
tap.check("refresh-race: a client of a few calls passes it in part, and is told what it did not do",
          word == "partly" and "rule 2 waits for the 8th API call; CMD made 4" in output, output)
word, _, _, output = run("refresh-token-reused", "one = tokens()\nget(VENDORS, one['access_token'])")
tap.check("refresh-token-reused: one that makes a single call does not come to it", word == "skipped"
          and "rule 1 waits for the 2nd API call; CMD made 1" in output, output)
word, _, _, output = run("code-expired", *kinds("serial"))
tap.check("code-expired: one that signs on otherwise is told so", word == "skipped" and "waits for a token request with "
          "grant authorization_code; CMD sent client_credentials" in output, output)
passes("a client that keeps the new refresh token", "refresh-race", *sound())
fails("one that loses it", "refresh-race", "no refresh token is used twice", *sound("keeps-old-refresh-token"))
with tempfile.TemporaryDirectory() as folder:
    for name, text in (("no-expectations", {"rules": [{"when": {"endpoint": "api"}, "then": {"world": "sign-in"}}]}),
                       ("drop", {"rules": []})):
        pathlib.Path(folder, f"{name}.json").write_text(json.dumps({"name": name, **text}))
        word, _, _, output = run(name, *kinds("serial"), extra=("--scenarios", folder))
        tap.check(f"{name}: a scenario that expects nothing is never passed", word in ("partly", "skipped")
                  and "the scenario expects nothing" in output, output)
word, _, _, output = run("refresh-race", THREE_CALLS, extra=("--require-all",))
tap.check("--require-all makes a failure of what is met in part", word == "FAILED"
          and "partly exercised (--require-all)" in output, output)

# ---- "called without a token" ----

for name in ("token-html", "token-drop", "token-truncate", "token-malformed-json", "token-status-503"):
    passes("a client whose later calls are answered 404 and 409", name, *kinds("serial"))
    fails("one that calls without a token", name, "nothing is called without a token", *sound("takes-faults-for-success"))
ANOTHER_WAY_IN = '''
ask(grant_type="authorization_code", code="long-gone", redirect_uri="http://127.0.0.1/callback")
one = tokens()
for path in (VENDORS, VENDORS + "/no-such-record", BILLS):
    get(path, one["access_token"])
'''
_, outcomes, _, output = run("code-unknown", ANOTHER_WAY_IN)
tap.check("code-unknown: another grant is a way out, and its calls are not called without a token",
          outcomes["nothing is called without a token"] == "met", output)
fails("one that goes on with nothing", "code-unknown", "nothing is called without a token",
      'ask(grant_type="authorization_code", code="long-gone")\nget(VENDORS, "nothing")')

# ---- what comes later is not counted ----

for name in ("access-token-expired", "access-token-revoked", "clock-skew", "delay", "hold", "rate-limited"):
    passes("one that has a token for each job", name, *kinds("job"))
for name in ("access-token-expired", "rate-limited", "token-status-503"):
    passes("one whose tests each sign on", name, *kinds("tests"), kind="fail-fast")
fails("one that renews three times", "access-token-expired",
      "one new token is asked for, however many calls were refused", *sound("renews-three-times"))
HANDED = '''
one = tokens()
one = json.loads(ask(grant_type="refresh_token", refresh_token=one["refresh_token"])[1])
for path in (VENDORS, BILLS):
    get(path, one["access_token"])
'''
word, outcomes, _, output = run("clock-skew", HANDED)
tap.check("clock-skew: one that is handed a refresh token, and begins with it, is not blamed", word == "passed", output)
fails("one that goes by its own clock", "clock-skew",
      "a token is good until the server refuses it: no other is asked for", *sound("renews-by-its-own-clock"))
fails("one that gets a token because of it", "rate-limited", "no new token is asked for because of it",
      *sound("renews-on-trouble"))

# ---- what was on its way ----

FIVE_CALLS = '''
token = tokens()["access_token"]
for path in (VENDORS, BILLS, *OTHERS):
    get(path, token, keep=%s)
'''
counted = set()
for keep in (True, False):
    output = fails(f"five calls with a dead token, {'on one connection' if keep else 'a connection for each'},",
                   "access-token-revoked", "a dead token is not hammered", FIVE_CALLS % keep)
    counted.add(re.search(r"wanted at most 1 per token, but saw (\d+)", output)[1])
    tap.check("and says nothing of calls that were on their way, for none was", "on the way" not in output, output)
tap.check("connections make no difference", len(counted) == 1, counted)
for name in ("access-token-revoked", "one-revoke-kills-all"):
    passes("one whose workers were on their way", name, *kinds("parallel"))
word, _, _, output = run("parallel-refresh", *kinds("parallel"))
tap.check("parallel-refresh: one that stops since a new token was refused, too, is not blamed, and told so", word == "passed"
          or (word == "partly" and "a client may stop there; a run with one worker shows it" in output), output)
fails("one whose workers repeat what was refused", "access-token-revoked", "a dead token is not hammered",
      *sound("hammers-dead-token"))

passes("one whose workers all wait", "rate-limit-in-parallel", *sound())
fails("one in which only the worker waits that was told to", "rate-limit-in-parallel",
      "nothing is sent before Retry-After is over", *sound("waits-alone"))

# ---- one that polls ----

POLLS = '''
token = tokens()["access_token"]
for poll in range(6):
    for attempt in range(100):
        if get(VENDORS, token)[0] < 400:
            break
        time.sleep(%s)
    time.sleep(0.1)
'''
for name in ("rate-limited", "service-unavailable"):
    passes("one that polls, and waits when it is told to", name, POLLS % 1.1)
    fails("one that polls, and asks again at once", name, "nothing is sent before Retry-After is over", POLLS % 0)

# ---- as long as it was told to ----

WAITS = '''
token = tokens()["access_token"]
for path in (VENDORS, BILLS, *OTHERS):
    while True:
        line = http.client.HTTPConnection(BASE.netloc, timeout=5)
        line.request("GET", BASE.path + "/ia/api/v1" + path, None, {"Authorization": "Bearer " + token})
        answer = line.getresponse()
        answer.read()
        if answer.status not in (429, 503):
            break
        time.sleep(%s)
'''
for name in ("rate-limit-with-retry-after", "quota-of-calls"):
    passes("one that waits as long as Retry-After says", name, WAITS % 'int(answer.headers["Retry-After"])')
    fails("one that waits a second, whatever it says", name, "nothing is sent before Retry-After is over", WAITS % "1.0")

# ---- what a sound client may do ----


def cannot_be_told(title, scenario, that, words, *client):
    """Met but for this expectation, of which the words say why."""
    word, outcomes, verdict, output = run(scenario, *client)
    why = next((one["why"] for one in verdict["expect"] if one["that"] == that), "")
    tap.check(f"{scenario}: of {title} it cannot be told, and is said why", word == "partly" and outcomes[that] == "cannot-tell"
              and words in why and not {"not-met", "pending"} & set(outcomes.values()), output)


ENDS = """
token = tokens()["access_token"]
for path in (VENDORS, BILLS, *OTHERS):
    if get(path, token)[0] != 200:
        send("POST", "/oauth2/revoke", {"Content-Type": "application/x-www-form-urlencoded"},
             urlencode({"client_id": "demo", "client_secret": "demo-secret", "token": token}))
        %s
"""
for name in ("rate-limited", "service-unavailable", "quota-of-calls"):
    passes("one that ends when it is told to wait, and gives its token back,", name, ENDS % "sys.exit(1)", kind="fail-fast")
    fails("one that gives it back and then goes on with the call", name, "nothing is sent before Retry-After is over",
          ENDS % "token = tokens()['access_token']; get(path, token)", kind="fail-fast")

TAKES_TURNS = """
store = tokens()
hands = [store["access_token"]] * 2
for turn, path in enumerate([VENDORS, BILLS, *OTHERS]):
    hand = turn %% 2
    if get(path, hands[hand])[0] == 401:
        if store["access_token"] == hands[hand]:
            store = json.loads(ask(grant_type="refresh_token", refresh_token=store["refresh_token"])[1])
        %s
        get(path, store["access_token"])
"""
fails("one that asks for a new token, and calls with the old one that is still in hand", "access-token-revoked",
      "a dead token is not hammered", TAKES_TURNS % 'hands[hand] = store["access_token"]')
fails("one that has a new token, and begins each call with the old one", "access-token-revoked", "a dead token is not hammered",
      TAKES_TURNS % "")

TRIES = """
token = tokens()["access_token"]
for path in (VENDORS, BILLS):
    for attempt in range(%d):
        if get(path, token)[0] == 200:
            break
        time.sleep(%s)
    else:
        sys.exit(1)
"""
passes("one of six tries", "gateway-down", TRIES % (6, "0.05 * 2 ** attempt + 0.05"))
fails("one that does not stop trying", "gateway-down", "repeats are bounded", *sound("retries-for-ever"))
for name in ("gateway-down", "status"):
    passes("one that waits a second each time", name, TRIES % (4, "1.0"))
fails("one that waits a fifth of a second each time", "gateway-down", "repeats come at growing intervals", TRIES % (7, "0.2"))
cannot_be_told("one whose pauses may be random", "status", "repeats come at growing intervals", "may be random",
               TRIES % (4, "0.3 - 0.1 * attempt"))

BY_A_PERSON = """
from urllib.parse import parse_qs
AUTHORIZE = urlsplit(os.environ["INTACCT_AUTHORIZE_URL"])
back = "http://127.0.0.1/callback"
line = http.client.HTTPConnection(AUTHORIZE.netloc, timeout=5)
line.request("GET", AUTHORIZE.path + "?" + urlencode({"response_type": "code", "client_id": "demo", "redirect_uri": back,
                                                      "scope": "offline_access", "state": "s1", "mock_user": "jdoe@acme"}))
code = parse_qs(urlsplit(line.getresponse().headers["Location"]).query)["code"][0]
one = json.loads(ask(grant_type="authorization_code", code=code, redirect_uri=back)[1])
for path in (VENDORS, BILLS, *OTHERS):
    if get(path, one["access_token"])[0] == 401:
        %s
        get(path, one["access_token"])
"""
REFRESHES = 'one = json.loads(ask(grant_type="refresh_token", refresh_token=one["refresh_token"])[1])'
cannot_be_told("one that a person has to connect again", "answer-lost-after-refresh", "the refused call is repeated and succeeds",
               "signs on by authorization code alone", BY_A_PERSON % REFRESHES)
passes("one that a person connected, and that refreshes", "access-token-expired", BY_A_PERSON % REFRESHES)
fails("one that does not even refresh", "access-token-expired", "the refused call is repeated and succeeds",
      BY_A_PERSON % "sys.exit(1)")

INVALID_CLIENT = """
one = tokens()
for path in (VENDORS, BILLS, *OTHERS):
    if get(path, one["access_token"])[0] == 401:
        for attempt in range(%d):
            status, text = ask(grant_type="refresh_token", refresh_token=one["refresh_token"])
            if status == 200:
                break
            time.sleep(0.1)
        else:
            status, text = sign_on()
        if status != 200:
            sys.exit(1)
        one = json.loads(text)
        get(path, one["access_token"])
"""
for name in ("secret-rotated-mid-session", "client-intermittent", "client-auth-in-header-on-refresh"):
    passes("one that sends a refused refresh once more, then signs on, once,", name, INVALID_CLIENT % 2)
for name in ("secret-rotated-mid-session", "client-auth-in-header-on-refresh"):
    fails("one that sends it three times", name, "wrong credentials are not hammered: at most two tries", INVALID_CLIENT % 3)

TWO_CONNECTIONS = """
connections = [tokens(), tokens()]
for turn, path in enumerate([VENDORS, BILLS, *OTHERS]):
    mine = turn %% 2
    if get(path, connections[mine]["access_token"])[0] == 401:
        for attempt in range(%d):
            status, text = ask(grant_type="refresh_token", refresh_token=connections[mine]["refresh_token"])
            if status == 200:
                break
        connections[mine] = json.loads(text if status == 200 else sign_on()[1])
        get(path, connections[mine]["access_token"])
"""
for name in ("refresh-token-missing", "refresh-token-unknown"):
    passes("one of two connections that are each renewed", name, TWO_CONNECTIONS % 1)
    fails("one that tries each again and again", name, "the dead refresh token is tried once", TWO_CONNECTIONS % 3)

CREATES_WITHOUT_A_KEY = """
import itertools
token, count = tokens()["access_token"], itertools.count(time.monotonic_ns())
for bill in range(2):
    for attempt in range(%d):
        try:
            body = {"vendor": {"key": "43"}, "createdDate": "2026-01-31", "dueDate": "2026-02-28", "description": f"fee{%s}"}
            send("POST", BILLS, {"Authorization": "Bearer " + token, "Content-Type": "application/json"}, json.dumps(body), keep=False)
            break
        except (OSError, http.client.HTTPException):
            time.sleep(0.1)
"""
CREATED_TWICE = "nothing is created twice: what is sent again has its Idempotency-Key"
passes("one that makes two bills that are alike, and repeats none,", "answer-lost-after-create", CREATES_WITHOUT_A_KEY % (1, "0"))
fails("one that makes two that are alike, and one of them twice,", "answer-lost-after-create", CREATED_TWICE, CREATES_WITHOUT_A_KEY % (2, "0"))
fails("one that makes one twice, with a number of its own for each try,", "answer-lost-after-create",
      "no more records are created than where nothing goes wrong: what is sent again has the same key and body",
      CREATES_WITHOUT_A_KEY % (2, "next(count)"))

AHEAD = """
one = tokens()
ends = time.monotonic() + one["expires_in"]
for path in (VENDORS, BILLS, *OTHERS):
    for attempt in range(2):
        if time.monotonic() > ends - 300 or attempt:
            one = json.loads(ask(grant_type="refresh_token", refresh_token=one["refresh_token"])[1])
            ends = time.monotonic() + one["expires_in"]
        if get(path, one["access_token"])[0] != 401:
            break
"""
cannot_be_told("one that renews five minutes ahead", "article-token-expired",
               "one new token is asked for, however many calls were refused", "these tokens live five minutes at most", AHEAD)
fails("one that renews three times", "article-token-expired", "one new token is asked for, however many calls were refused",
      *sound("renews-three-times"))

# ---- stopping is not being fooled ----

for name in ("html", "malformed-json", "truncate"):
    passes("one that may end, and ends,", name, *kinds("fail-fast"), kind="fail-fast")
    output = fails("one that gives up", name, "then the call is repeated and succeeds", *sound("gives-up-at-once"))
    tap.check(f"{name}: it is not said to have taken anything for success", "taken for success" not in output, output)
    tap.check(f"{name}: what was sent is shown", f"→ 200 (fault: {name})" in output, output)
    fails("one that takes it for the answer", name, "then the call is repeated and succeeds",
          *sound("takes-faults-for-success"))
word, outcomes, _, output = run("html", *kinds("fail-fast"), kind="fail-fast")
tap.check("html: that it did not recover is information", outcomes["then the call is repeated and succeeds"] == "information",
          output)
READS_ANYHOW = '''
one = tokens()
for path in (VENDORS, BILLS, VENDORS, BILLS):
    json.loads(get(path, one["access_token"])[1])
'''
passes("one that reads right data under a wrong label", "wrong-type", READS_ANYHOW)
passes("one that does not trust it, and stops", "wrong-type", *sound())
fails("one that tries for ever", "wrong-type", "repeats are bounded", *sound("retries-for-ever"))
passes("one that stops at a redirect", "redirect", *kinds("serial"))
fails("one that carries its token wherever it is led", "redirect", "the token is not sent to the other host",
      *sound("follows-redirects-with-credentials"))
passes("one that repeats a 408", "request-incomplete", *kinds("serial"))
fails("one that repeats it for ever", "request-incomplete", "repeats are bounded", *sound("retries-for-ever"))

# ---- whichever way it reads ----

for name in ("drop", "reset", "truncate", "malformed-json", "html", "status", "gateway-error", "internal", "hold", "delay"):
    passes("one that reads by query alone", name, *kinds("query"))
QUERIES_AT_ONCE = '''
headers = {"Authorization": "Bearer " + tokens()["access_token"], "Content-Type": "application/json"}
while send("POST", "/services/core/query", headers, '{"object":"accounts-payable/vendor","fields":["key"]}')[0] == 500:
    pass
'''
fails("one that repeats its query at once", "status", "repeats come at growing intervals", QUERIES_AT_ONCE)
_, _, _, output = run("drop", "tokens()")
tap.check("drop: one that reads nothing is told that a read is waited for", "waits for a read; CMD made none" in output, output)

# ---- whose clock ----

BY_ITS_CLOCK = '''
one = tokens()
ends = time.monotonic() + one["expires_in"] - 60
for path in (VENDORS, BILLS):
    if time.monotonic() > ends:
        one = tokens()
    get(path, one["access_token"])
'''
fails("one that renews by its own clock alone", "access-token-expired", "the refused call is repeated and succeeds",
      BY_ITS_CLOCK, words="only the server's clock moved")
word, outcomes, _, output = run("token-lives-two-seconds", *kinds("ahead"))
ahead = "no call is refused: the token is renewed ahead of time, as expires_in says"
tap.check("token-lives-two-seconds: one that renews ahead of time is told so", word == "passed"
          and outcomes[ahead] == "met", output)
word, outcomes, _, output = run("token-lives-two-seconds", *kinds("serial"))
tap.check("token-lives-two-seconds: one that renews when it is refused passes, too", word == "passed"
          and outcomes[ahead] == "information", output)
fails("one that never renews", "token-lives-two-seconds", "the refused call is repeated and succeeds", *sound("never-renews"))

IMPATIENT = """
one = tokens()
for path in (VENDORS, BILLS, *OTHERS):
    for attempt in range(4):
        line = http.client.HTTPConnection(BASE.netloc, timeout=%s)
        try:
            line.request("GET", BASE.path + "/ia/api/v1" + path, None, {"Authorization": "Bearer " + one["access_token"]})
            answer = line.getresponse()
            answer.read()
        except OSError:
            line.close()
            time.sleep(0.1 * 2 ** attempt)
            continue
        if answer.status == 200:
            break
        %s
    else:
        sys.exit(1)
"""
word, outcomes, _, output = run("token-lives-two-seconds", IMPATIENT % (0.3, "sys.exit(1)"))
tap.check("token-lives-two-seconds: one that never waits for an answer is not blamed for the refusals that it did not see",
          word in ("partly", "skipped") and "not-met" not in outcomes.values(), output)
fails("one that waits, sees the refusal, and stops", "token-lives-two-seconds", "the refused call is repeated and succeeds",
      IMPATIENT % (5, "sys.exit(1)"))

# ---- many tests under one command ----

passes("three tests that each sign on once", "client-unknown", *kinds("tests"), kind="fail-fast")
word, outcomes, verdict, output = run("client-unknown", '''
for test in range(3):
    for attempt in range(2):
        status, text = sign_on()
        if status == 200:
            get(VENDORS, json.loads(text)["access_token"])
            break
''')
tap.check("client-unknown: where three tests try twice each, it cannot be told, it is met in part, and the way out is named",
          word == "partly" and 'partly  client-unknown: "wrong credentials are not hammered: at most two tries": cannot tell: '
          in output and "0 of 1 causes met\n  1 more once it can be told" in output and outcomes["wrong credentials are not hammered: at most two tries"] == "cannot-tell"
          and "CMD signs on 3 times; give each test a sandbox of its own" in json.dumps(verdict), output)
fails("one that hammers them in each of its tests", "client-unknown", "wrong credentials are not hammered: at most two tries", '''
for test in range(3):
    for attempt in range(20):
        status, text = sign_on()
        if status == 200:
            get(VENDORS, json.loads(text)["access_token"])
            break
''')
fails("one that hammers its credentials", "client-unknown", "wrong credentials are not hammered: at most two tries", '''
for attempt in range(5):
    status, text = sign_on()
    if status == 200:
        get(VENDORS, json.loads(text)["access_token"])
        break
''')

# ---- what a failure shows ----

output = fails("one whose request is wrong", "happy-path", "a token is had", "ask(grant_type='password', username='x')")
tap.check("happy-path: the refusal is shown", "→ 400" in output, output)
output = fails("one that repeats a broken answer at once", "token-malformed-json", "repeats come at growing intervals", '''
for attempt in range(4):
    try:
        one = tokens()
        break
    except ValueError:
        pass
get(VENDORS, one["access_token"])
''')
tap.check("token-malformed-json: all that bears on it is shown",
          len(re.findall(r"#\d+ POST /ia/api/v1/oauth2/token client_credentials → 200 \(fault: malformed-json\)", output)) == 2, output)
# ---- a loop, a record twice, a page taken for data ----

REFRESHES_FOR_EVER = '''
one = tokens()
for path in (VENDORS, BILLS):
    for _ in range(30):
        if get(path, one["access_token"])[0] != 401:
            break
        one = json.loads(ask(grant_type="refresh_token", refresh_token=one["refresh_token"])[1])
'''
fails("one that renews and repeats for ever", "session-ended-each-time",
      "a call that is refused with new tokens too is given up: at most four tries", REFRESHES_FOR_EVER)
CREATES_WITH_A_KEY = '''
one = tokens()
def create(number):
    for trial in range(3):
        key = KEY % (number, trial)
        head = {"Authorization": "Bearer " + one["access_token"], "Content-Type": "application/json", "Idempotency-Key": key}
        bill = {"vendor": {"key": "43"}, "createdDate": "2026-01-31", "dueDate": "2026-02-28", "description": key}
        try:
            return send("POST", BILLS, head, json.dumps(bill), keep=False)
        except OSError:
            time.sleep(0.1)
create(1), create(2)
'''
passes("one that repeats a create with its key, and creates another record", "answer-lost-after-create",
       'KEY = "key-%d%.0s"\n' + CREATES_WITH_A_KEY)
fails("one that makes key and body anew for each try", "answer-lost-after-create",
      "no more records are created than where nothing goes wrong: what is sent again has the same key and body",
      'KEY = "key-%d-%d"\n' + CREATES_WITH_A_KEY)
GOES_ON = '''
one = tokens()
for path in (VENDORS, BILLS, OTHERS[0]):
    status, text = get(path, one["access_token"])
    if status != 200 or (STOPS and b"<html" in text.lower()):
        sys.exit(1)
'''
passes("one that may end at a page, and does,", "html", "STOPS = True" + GOES_ON, kind="fail-fast")
word, _, _, output = run("html", "STOPS = False" + GOES_ON, kind="fail-fast")
tap.check("html: one that may end and goes on has perhaps taken it for success", word == "partly"
          and "CMD went on with exchange 3 and did not repeat exchange 2" in output, output)
output = fails("one that hammers", "access-token-revoked", "a dead token is not hammered", FIVE_CALLS % True)
tap.check("a failure says what the cause means and what to do", "  access-token-revoked: " in output
          and "  what to do: " in output, output)
tap.check("and how it is repeated alone", re.search(rf"^  alone: {re.escape(PROGRAM)} run --scenario access-token-revoked -- ", output, re.M),
          output)
tap.check("--artifacts keeps HAR, journal and verdict", run.kept == [f"access-token-revoked.{what}" for what in (
    "har", "journal.json", "verdict.json")], run.kept)
for share, word in (("0%", 0), ("100%", 1)):
    done = subprocess.run([PROGRAM, "run", "--scenario", "drop", "--scenario", "consent-denied", "--min-coverage", share, "--",
                           *kinds("serial")], capture_output=True, text=True, timeout=120)
    tap.check(f"--min-coverage {share} of one cause that is not met: status {word}", done.returncode == word
              and "0 of 1 causes met" in done.stdout, done.stdout + done.stderr)
tap.end()
