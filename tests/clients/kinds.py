#!/usr/bin/env python3
"""Sound clients of different make: what a verdict must never blame. Each does the same small job, and each keeps the
rules that sound.py explains; they differ in how they connect, sign on, read, and take a refusal.

    INTACCT_BASE_URL=http://127.0.0.1:8080 … ./kinds.py parallel      # see README.md beside it
"""
import json
import os
import queue
import sys
import threading
import time
from urllib.parse import urlencode

import sound
from sound import API, VENDORS, Fault, Line, Stop

TIMEOUT = 3.0
PAUSES = (0.1, 0.3, 0.6)
BILLS = API + "objects/accounts-payable/bill"
QUERY = API + "services/core/query"
# What a kind differs in; the rest is as in DEFAULT.
DEFAULT = {"reads": "objects", "workers": 1, "sessions": 1, "keeps_connection": True, "refreshes": True,
           "fails_fast": False, "renews_ahead": False, "companies": 1, "introspects": False,
           "renews_beside": False}
KINDS = {
    "serial": {},                                                    # one after the other, one connection, refreshes
    "per-call": {"keeps_connection": False, "refreshes": False},     # a connection for each call, client_credentials only
    "parallel": {"workers": 4},                                      # four workers share one token
    "query": {"reads": "query"},                                     # reads by POST services/core/query alone
    "job": {"sessions": 3, "refreshes": False},                      # three jobs, a token of its own for each
    "fail-fast": {"fails_fast": True},                               # ends at the first refusal
    "ahead": {"renews_ahead": True},                                 # renews before expires_in is over
    "tests": {"sessions": 3, "fails_fast": True, "keeps_connection": False},  # three tests, each signs on
    "companies": {"companies": 2},                                   # two customers at once, a token for each
    "introspects": {"introspects": True},                            # asks before each call whether its token is good
    "background": {"renews_beside": True},                           # a thread renews all the time, whatever happens
    "parallel-jobs": {"sessions": 3, "workers": 2, "refreshes": False},       # three jobs at once, two workers each
}


class Client:
    """One token, shared by the workers of one job."""

    def __init__(self, config, kind):
        self.config, self.kind = config, {**DEFAULT, **KINDS[kind]}
        self.renewing, self.turn = threading.Lock(), threading.Lock()
        self.access, self.refresh, self.ends = "", "", 0.0
        self.stopped = None
        self.not_before, self.lines = 0.0, threading.local()

    # -- one request --

    def send(self, method, path, headers, body=None):
        """One try: an answer that can be believed, or a Fault."""
        while (rest := self.not_before - time.monotonic()) > 0:
            time.sleep(rest)
        line = getattr(self.lines, "line", None) or Line(TIMEOUT)
        try:
            answer = line.send(method, self.config.base_url + path, {"Accept": "application/json", **headers}, body)
        finally:
            if not self.kind["keeps_connection"]:
                line.close()
            else:
                self.lines.line = line
        if 300 <= answer.status < 400:
            raise Stop(f"{method} {path}: a redirect, which is not followed")
        fault = sound.trouble_in(answer, "access_token" if path.endswith("/token") else "")
        if not fault:
            return answer
        with self.turn:
            self.not_before = max(self.not_before, time.monotonic() + (fault.wait or 0))
        raise fault

    def patiently(self, method, path, headers, body=None):
        """Trouble on the way is borne a few times, with pauses that grow. headers() is asked anew for each try."""
        for pause in (*PAUSES, None):
            try:
                return self.send(method, path, headers(), body)
            except Fault as fault:
                if pause is None or self.kind["fails_fast"]:
                    raise Stop(f"{method} {path}: {fault}") from fault
                time.sleep(pause)

    # -- tokens --

    def ask(self, form):
        form = {"client_id": self.config.client_id, "client_secret": self.config.client_secret, **form}
        return self.patiently("POST", API + "oauth2/token",
                              lambda: {"Content-Type": "application/x-www-form-urlencoded"}, urlencode(form))

    def keep(self, answer):
        self.access, self.refresh = answer.json["access_token"], answer.json.get("refresh_token", "")
        self.ends = time.monotonic() + answer.json["expires_in"]

    def sign_on(self):
        answer = self.ask({"grant_type": "client_credentials", "username": self.config.username})
        if not answer.fine:
            self.stopped = Stop(f"the credentials were refused: {answer}")
            raise self.stopped
        self.keep(answer)

    def renew(self, dead):
        """Once, however many calls were refused: who comes later finds the new token."""
        with self.renewing:
            if self.stopped:  # another worker has found no way in
                raise self.stopped
            if self.access != dead:
                return
            if self.refresh and self.kind["refreshes"]:
                answer = self.ask({"grant_type": "refresh_token", "refresh_token": self.refresh})
                if answer.fine:
                    return self.keep(answer)
                self.refresh = ""
            self.sign_on()

    def authorization(self):
        if self.kind["renews_ahead"] and time.monotonic() > self.ends - 0.5:
            self.renew(self.access)
        return {"Authorization": "Bearer " + self.access, "Content-Type": "application/json"}

    def ask_whether_it_is_good(self):
        form = {"client_id": self.config.client_id, "client_secret": self.config.client_secret, "token": self.access}
        answer = self.patiently("POST", API + "oauth2/introspect",
                                lambda: {"Content-Type": "application/x-www-form-urlencoded"}, urlencode(form))
        if answer.fine and answer.json.get("active") is False:
            self.renew(self.access)

    # -- calls --

    def call(self, method, path, body=None):
        sent = {}

        def headers():
            sent.update(self.authorization())
            return sent

        if self.kind["introspects"]:
            self.ask_whether_it_is_good()
        text = json.dumps(body) if body else None
        answer = self.patiently(method, path, headers, text)
        if sound.token_was_refused(answer):
            if self.kind["fails_fast"]:
                raise Stop(f"{method} {path}: {answer}")
            self.renew(sent["Authorization"].partition(" ")[2])
            answer = self.patiently(method, path, headers, text)
            if sound.token_was_refused(answer):
                raise Stop(f"{method} {path}: a new token was refused, too: {answer}")
        if not answer.fine and answer.status not in (404, 409, 422):  # what is not there, or is there already
            raise Stop(f"{method} {path}: {answer}")
        return answer


def calls_of(kind, company):
    """The calls of one job: more than any scenario waits for, some of them alike, some with an ordinary refusal."""
    own = VENDORS + {"acme": "/43", "globex": "/2043"}.get(company, "/1")
    query = {"object": "accounts-payable/vendor", "fields": ["key", "id"]}
    if kind["reads"] == "query":
        return [("POST", QUERY, {**query, "size": size}) for size in (10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 10, 20)]
    return [("GET", VENDORS, None), ("GET", own, None), ("GET", API + "services/core/session/id", None),
            ("POST", QUERY, query), ("GET", VENDORS + "/no-such-record", None),
            ("POST", VENDORS, {"id": "V-KINDS", "name": "Twice"}), ("GET", API + "services/core/model", None),
            ("GET", BILLS, None), ("POST", VENDORS, {"id": "V-KINDS", "name": "Twice"}),
            ("GET", VENDORS + "?size=5", None), ("GET", BILLS + "/1", None), ("GET", VENDORS, None)]


def job(config, kind, reason):
    """Signs on and makes the calls, by several workers where it has them. Leaves why it stopped in `reason`."""
    client = Client(config, kind)
    calls = calls_of(client.kind, config.username.rpartition("@")[2])
    lock, turns = threading.Lock(), queue.Queue()

    def work():
        while not reason:
            with lock:
                if not calls:
                    break
                call = calls.pop(0)
                if len(calls) % 3 == 0:
                    turns.put(True)
            try:
                client.call(*call)
            except Stop as stop:
                reason.append(str(stop))
        turns.put(False)

    def renew_beside():
        """Now and then, while the others go on."""
        try:
            while turns.get():
                client.renew(client.access)
        except Stop:
            pass  # the others find out for themselves

    try:
        client.sign_on()
    except Stop as stop:
        reason.append(str(stop))
    workers = [threading.Thread(target=work) for _ in range(client.kind["workers"])]
    if client.kind["renews_beside"] and not reason:
        workers.append(threading.Thread(target=renew_beside))
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def run(config, kind):
    """Why its jobs stopped: empty = all is done. Each goes its own way, whatever became of the others."""
    wanted = {**DEFAULT, **KINDS[kind]}
    configs = [config] * wanted["sessions"]
    if wanted["companies"] > 1 and config.second:
        configs.append(config._replace(username=config.second))
    reasons = [[] for _ in configs]
    if len(configs) == 1 or (wanted["workers"] == 1 and wanted["companies"] == 1):
        for each, reason in zip(configs, reasons):
            job(each, kind, reason)
    else:
        jobs = [threading.Thread(target=job, args=(each, kind, reason)) for each, reason in zip(configs, reasons)]
        for each in jobs:
            each.start()
        for each in jobs:
            each.join()
    return [why for reason in reasons for why in reason]


def main(arguments):
    if len(arguments) != 1 or arguments[0] not in KINDS:
        sys.exit(f"usage: kinds.py {'|'.join(KINDS)}")
    reasons = run(sound.config_from(os.environ), arguments[0])
    print("\n".join(f"stopped: {why}" for why in reasons) or "done")
    return 1 if reasons else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
