#!/usr/bin/env python3
"""A hundred clients at once on one server, each at an address of its own: none sees anything of another. Each journal
holds what its own client did and no more, and each verdict is what it is when the client is alone."""
import collections
import concurrent.futures
import json
import os
import subprocess
import sys
import threading
import urllib.error
import urllib.request

from beside import CLIENTS, control, sound
from mock import Server, TOKEN_FORM, Tap

PROCESSES = 24
THREADS = 76
# What happens in them does not depend on how fast a busy machine is.
MIXED = ["happy-path", "access-token-expired", "refresh-token-reused", "client-secret-wrong", "permission-role-missing",
         "consent-denied", "rate-limited", "keys-rotated-mid-session", "client-inactive", "user-locked",
         "web-services-off", "session-ended-by-sign-in"]
tap = Tap()


def address(server, name):
    return f"{server.url}/s/{name}"


def by_process(server, name):
    environment = {key: value for key, value in os.environ.items() if not key.startswith("INTACCT_")}
    return subprocess.run([sys.executable, str(CLIENTS / "sound.py")], capture_output=True, text=True, timeout=120,
                          env={**environment, "INTACCT_BASE_URL": address(server, name)}).returncode


def by_thread(server, name):
    client = sound.Client(sound.config_from({"INTACCT_BASE_URL": address(server, name)}), timeout=20)
    return 0 if client.run().done else 1


def seen_of(server, name):
    """(the journal, what is in it without times and names, the verdict)"""
    journal = control(server, f"sandboxes/{name}/requests")["requests"]
    verdict = control(server, f"sandboxes/{name}/verdict")
    did = collections.Counter((one["request"]["method"], one["endpoint"], one["status"], one["cause"]) for one in journal)
    said = verdict["outcome"], tuple((one["that"], one["outcome"]) for one in verdict["expect"])
    return journal, did, said


def strange_in(journal, name):
    """Exchanges that were asked for at another sandbox's address."""
    mine = f"/s/{name}/"
    return [one["request"]["target"] for one in journal if not one["request"]["target"].startswith(mine)]


with Server("--threads", "600") as mock:
    alone = {}
    for scenario in MIXED:
        status = by_thread(mock, f"{scenario}.alone")
        _, did, said = seen_of(mock, f"{scenario}.alone")
        alone[scenario] = status, did, said

with Server("--threads", "600") as mock:
    names = [f"{MIXED[n % len(MIXED)]}.c{n}" for n in range(PROCESSES + THREADS)]
    start = threading.Barrier(len(names))

    def work(number):
        start.wait()
        return (by_process if number < PROCESSES else by_thread)(mock, names[number])

    with concurrent.futures.ThreadPoolExecutor(len(names)) as pool:
        statuses = list(pool.map(work, range(len(names))))

    boxes = {box["name"]: box for box in control(mock, "sandboxes")["sandboxes"]}
    tap.check("a hundred clients have a hundred sandboxes", len(names) == 100 and set(names) == set(boxes) - {"default"},
              set(names) ^ set(boxes))
    tap.check("nothing was asked of the default one", boxes["default"]["exchanges"] == 0, boxes["default"])

    strangers, others, surprises, exits, fingerprints = [], [], [], [], collections.defaultdict(set)
    for name, status in zip(names, statuses):
        expected_status, expected, expected_said = alone[name.partition(".")[0]]
        journal, did, said = seen_of(mock, name)
        if strange_in(journal, name):
            strangers.append((name, strange_in(journal, name)))
        if did != expected:
            others.append((name, did - expected, expected - did))
        if said != expected_said:
            surprises.append((name, said, expected_said))
        if status != expected_status:
            exits.append((name, status, expected_status))
        for token in control(mock, f"sandboxes/{name}/tokens")["tokens"]:
            fingerprints[token["fingerprint"]].add(name)
    tap.check("each journal holds only what was asked at its own address", not strangers, "\n".join(map(str, strangers)))
    tap.check("and just what the client asks for when it is alone", not others, "\n".join(map(str, others)))
    tap.check("each verdict is what it is when the client is alone", not surprises, "\n".join(map(str, surprises)))
    tap.check("and so is the end of the client", not exits, "\n".join(map(str, exits)))
    shared = {token: owners for token, owners in fingerprints.items() if len(owners) > 1}
    tap.check("no token is known to two sandboxes", len(fingerprints) > 50 and not shared, shared or len(fingerprints))

    # ---- the same over the client id, for a client whose address has no path ----

    def ask(url, data=None, token=None):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read().decode()

    forms = {key: TOKEN_FORM.replace("=demo&", f"=demo~happy-path.{key}&").encode() for key in ("one", "two")}
    tokens = {key: json.loads(ask(mock.url + "/ia/api/v1/oauth2/token", form)[1])["access_token"]
              for key, form in forms.items()}
    control(mock, "sandboxes/happy-path.one/clock", {"advance": "13h"})
    vendors = "/ia/api/v1/objects/accounts-payable/vendor"
    answers = {key: ask(mock.url + vendors, token=token)[0] for key, token in tokens.items()}
    tap.check("the clock of one is not that of the other", answers == {"one": 401, "two": 200}, answers)
    crossed = ask(address(mock, "happy-path.one") + vendors, token=tokens["two"])[0]
    tap.check("a token is worth nothing at another's address", crossed in (400, 401), crossed)

tap.end()
