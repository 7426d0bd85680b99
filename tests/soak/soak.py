#!/usr/bin/env python3
"""Load with faults: all scenarios at once, clients that vanish half-way, resets and other scenarios by the control API.

    tests/soak/soak.py SECONDS

Afterwards: what was sent to an undisturbed sandbox stands in its journal or is counted as dropped; of all parallel calls
exactly the nth was refused; the server answers, uses no more threads than at its start and one second later, and ends
within a second. Run it with a program built with ASan or TSan (`make soak`): any report of theirs fails it too. The load is
random, with a seed that is printed and that SOAK_SEED sets. Prints TAP."""
import http.client
import json
import os
import pathlib
import random
import socket
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "wire"))
from mock import TOKEN_FORM, Server, Tap, body  # noqa: E402

WORKERS = 24
THREADS = 64
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
VENDORS = "/ia/api/v1/objects/accounts-payable/vendor"
TOKEN = "/ia/api/v1/oauth2/token"
NTH = 500
PATIENCE_S = 1.0  # then the client gives up, as one that vanishes


class Load:
    def __init__(self, server, seconds, seed):
        self.server, self.seed = server, seed
        self.until = time.monotonic() + seconds
        self.lock = threading.Lock()
        self.sent = {}       # whole requests whose whole answer came, by sandbox
        self.refused = []    # the answers of the sandbox that refuses the nth
        self.troubles = []

    def goes_on(self):
        return time.monotonic() < self.until

    def control(self, method, path, value=None):
        text = json.dumps(value) if value is not None else ""
        return body(self.server.request(method, f"/__mock/{path}", text, "Content-Type: application/json\r\n"))

    # ---- clients ----

    def ask(self, connection, box, path, form=None, token=None):
        """The status, or None when no answer came."""
        headers = dict(FORM) if form else {}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        try:
            connection.request("POST" if form else "GET", f"/s/{box}{path}", form, headers)
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            return None, b""
        with self.lock:
            self.sent[box] = self.sent.get(box, 0) + 1
        return answer.status, text

    def connection(self, patience=PATIENCE_S):
        return http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=patience)

    def sign_on(self, connection, box):
        status, text = self.ask(connection, box, TOKEN, TOKEN_FORM)
        try:
            return json.loads(text)["access_token"] if status == 200 else None
        except (ValueError, KeyError, TypeError):
            return None

    def client(self, number, boxes):
        chance = random.Random(f"{self.seed}/{number}")
        connection = self.connection()
        while self.goes_on():
            box = chance.choice(boxes)
            token = self.sign_on(connection, box)
            for _ in range(chance.randrange(1, 8)):
                self.ask(connection, box, VENDORS, token=token or "none")
            if chance.random() < 0.1:
                connection.close()
        connection.close()

    def vanisher(self, number, boxes):
        """Sends a part of a request, or does not read the answer."""
        chance = random.Random(f"{self.seed}/v{number}")
        while self.goes_on():
            head = f"POST /s/{chance.choice(boxes)}{TOKEN} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(TOKEN_FORM)}\r\n" \
                   f"Content-Type: {FORM['Content-Type']}\r\n\r\n{TOKEN_FORM}"
            with socket.create_connection(("127.0.0.1", self.server.port), 10) as gone:
                gone.sendall(head[:chance.randrange(1, len(head) + 1)].encode())

    def counted(self, box):
        """Parallel calls of a sandbox whose scenario refuses exactly the nth."""
        connection = self.connection(patience=60)  # on a busy machine one answer may take long, and none may be missed
        token = self.sign_on(connection, box)
        while self.goes_on():
            status, _ = self.ask(connection, box, VENDORS, token=token)
            if status != 200:
                with self.lock:
                    self.refused.append(status)
        connection.close()

    # ---- who disturbs them ----

    def meddler(self, boxes, scenarios):
        chance = random.Random(f"{self.seed}/m")
        while self.goes_on():
            box = chance.choice(boxes)
            self.control("POST", f"sandboxes/{box}/release")
            call = chance.choice([("POST", "reset", None), ("PUT", "scenario", {"name": chance.choice(scenarios)}),
                                  ("POST", "clock", {"advance": "13h"}), ("POST", "revoke", {"kind": "all"}),
                                  ("POST", "keys/rotate", None), ("GET", "requests", None), ("GET", "verdict", None),
                                  ("GET", "requests.har", None), ("DELETE", "", None)])
            self.control(call[0], f"sandboxes/{box}/{call[1]}".rstrip("/"), call[2])

    def run(self, jobs):
        threads = [threading.Thread(target=self.guarded, args=job) for job in jobs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def guarded(self, work, *args):
        try:
            work(*args)
        except Exception as trouble:  # a thread that dies must not pass for one that is done
            with self.lock:
                self.troubles.append(f"{work.__name__}: {trouble!r}")


def thread_count(server):
    return len(os.listdir(f"/proc/{server.process.pid}/task"))


def in_journal(load, box):
    said = json.loads(load.control("GET", f"sandboxes/{box}/requests"))
    return said["count"] + said["dropped"]


def main():
    seconds, seed = float(sys.argv[1]), os.environ.get("SOAK_SEED") or str(random.randrange(1 << 32))
    tap = Tap()
    print(f"# {seconds:.0f} s, SOAK_SEED={seed}")
    with Server("--threads", str(THREADS), "--journal", "200", "--sandboxes", "400", "--log-level", "error") as server:
        load = Load(server, seconds, seed)
        names = [one["name"] for one in json.loads(load.control("GET", "scenarios"))["scenarios"]]
        quiet = [f"happy-path.quiet{n}" for n in range(8)]
        wild = [f"{name}.wild" for name in names]
        nth = {"name": "nth", "about": "The nth call is refused.",
               "rules": [{"when": {"endpoint": "resource", "nth": NTH}, "then": {"refuse": "rate-limited"}, "times": 1}]}
        load.control("POST", "sandboxes", {"name": "happy-path.nth", "scenario": nth})
        load.run([(load.client, n, wild if n % 2 else quiet) for n in range(WORKERS)]
                 + [(load.vanisher, n, wild) for n in range(4)] + [(load.counted, "happy-path.nth")] * 6
                 + [(load.meddler, wild, names)] * 2)
        tap.check("every client and every meddler worked to the end", not load.troubles, "\n".join(load.troubles[:10]))
        for box in quiet + ["happy-path.nth"]:
            sent, kept = load.sent.get(box, 0), in_journal(load, box)
            # an answer that came too late for its client was sent all the same
            tap.check(f"{box}: {sent} answered requests, {kept} in the journal or dropped", 0 < sent <= kept)
        calls = load.sent["happy-path.nth"]
        tap.check(f"of {calls} parallel calls exactly the {NTH}th is refused", load.refused == [429][:calls > NTH + 6],
                  load.refused[:10])
        # a sanitizer has a thread of its own; a look-up of a name may still be under way
        most, sanitized = THREADS + 2, any(f"/{name}/" in server.process.args[0] for name in ("asan", "tsan"))
        for _ in range(100):
            if thread_count(server) <= most + sanitized:
                break
            time.sleep(0.1)
        tap.check("no more threads than workers, reactor and main program", thread_count(server) <= most + sanitized,
                  thread_count(server))
        tap.check("the server answers", load.control("GET", "health"))
        server.process.terminate()
        began = time.monotonic()
        errors = server.process.communicate(timeout=60)[1]
        took = time.monotonic() - began
        # looking for leaks at the end takes time of its own
        tap.check("it ends within a second", took < 1 or sanitized, took)
        tap.check("it exits with 0 and no sanitizer reports anything", server.process.returncode == 0
                  and "Sanitizer" not in errors, errors[-6000:])
    print(f"# {sum(load.sent.values())} requests")
    tap.end()


main()
