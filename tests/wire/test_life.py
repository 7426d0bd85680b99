#!/usr/bin/env python3
"""How the program lives where nobody looks after it: as process 1, with scenarios that change under
it, on a full disk, beside another program on its port, behind a proxy; and what its log says."""
import json
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

from mock import PROGRAM, Server, Tap, TOKEN_FORM, quickest

tap = Tap()
TOKEN = "/ia/api/v1/oauth2/token"
QUIET = ["--port", "0", "--https-port", "none", "--log-level", "warn"]


def ask(url, data=None, **headers):
    call = urllib.request.Request(url, data=data, headers={k.replace("_", "-"): v for k, v in headers.items()})
    try:
        with urllib.request.urlopen(call, timeout=30) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.headers, refusal.read().decode()


def token(server):
    return ask(server.url + TOKEN, TOKEN_FORM.encode())


class Listener:
    """Hears the log of a server that goes on."""

    def __init__(self, server):
        self.fd = server.process.stderr.fileno()
        self.heard = b""

    def wait_for(self, *words, seconds=20):
        """The line that has all the words; what came before it is let go. Empty when none comes."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            line, end, rest = self.heard.partition(b"\n")
            if end:
                self.heard = rest
                if all(word in line.decode() for word in words):
                    return line.decode()
            elif select.select([self.fd], [], [], 0.1)[0]:
                piece = os.read(self.fd, 65536)
                if not piece:
                    break
                self.heard += piece
        return ""


# --- a hang-up reads the scenarios again ---

def scenario(name, cause=None):
    rules = [{"when": {"endpoint": "token"}, "then": {"refuse": cause}}] if cause else []
    return json.dumps({"name": name, "about": "A file that changes.", "rules": rules})


def hangs_up(title, options, file):
    file.write_text(scenario("mine"))
    with Server(*options, "--log-level", "info") as server:
        log = Listener(server)
        _, _, given = token(server)
        bearer = "Bearer " + json.loads(given)["access_token"]
        file.write_text(scenario("mine", "rate-limited"))
        server.process.send_signal(signal.SIGHUP)
        line = log.wait_for("read again")
        tap.check(f"{title}: SIGHUP reads it again and says so", "mine" in line, line)
        tap.check(f"{title}: what it says now counts", token(server)[0] == 429)
        vendors = ask(server.url + "/ia/api/v1/objects/accounts-payable/vendor", Authorization=bearer)
        tap.check(f"{title}: what was handed out stays", vendors[0] == 200, vendors)
        file.write_text('{"name": "mine",')
        server.process.send_signal(signal.SIGHUP)
        line = log.wait_for("not read again")
        tap.check(f"{title}: a file that has become wrong is said to be, with the place",
                  file.name in line and ":1:" in line, line)
        tap.check(f"{title}: and what was before stays", token(server)[0] == 429)
        server.process.send_signal(signal.SIGTERM)
        tap.check(f"{title}: SIGTERM still ends it", server.process.wait(10) == 0)


with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder, "mine.json")
    hangs_up("a file", ["--scenario", str(path)], path)
    hangs_up("a folder", ["--scenarios", folder, "--scenario", "mine"], path)

with Server("--log-level", "info") as server:
    log = Listener(server)
    for _ in range(3):
        server.process.send_signal(signal.SIGHUP)
        tap.check("a hang-up never ends the server", "happy-path" in log.wait_for("read again"))
    tap.check("which goes on answering", token(server)[0] == 200)

# --- an end with requests under way ---

def end_with_one_under_way(statuses, answers):
    slow = {"name": "slow", "rules": [{"when": {"endpoint": "token"}, "then": {"wire": {"delay": "60s"}}}]}
    with Server() as server:
        change = urllib.request.Request(server.url + "/__mock/sandboxes/default/scenario", method="PUT",
                                        data=json.dumps(slow).encode())
        urllib.request.urlopen(change, timeout=30).close()
        waiting = socket.create_connection(("127.0.0.1", server.port), 30)
        waiting.sendall((f"POST {TOKEN} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                         "Content-Type: application/x-www-form-urlencoded\r\n"
                         f"Content-Length: {len(TOKEN_FORM)}\r\n\r\n{TOKEN_FORM}").encode())
        while json.loads(ask(server.url + "/__mock/sandboxes/default")[2])["held"] == 0:
            pass
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        answer = b""
        while piece := waiting.recv(65536):
            answer += piece
        waiting.close()
        answers.append(answer)
        statuses.add(server.process.wait(10))
        return time.monotonic() - began


statuses, answers = set(), []
seconds = quickest(lambda: end_with_one_under_way(statuses, answers), 1)
tap.check("SIGTERM lets a request under way have its answer",
          all(one.startswith(b"HTTP/1.1 200") and b"access_token" in one for one in answers), answers)
tap.check("and ends within a second all the same", statuses == {0} and seconds < 1, (statuses, seconds))

# --- the verdict at the end is on all that was answered ---

def hammer(port, answered):
    try:
        with socket.create_connection(("127.0.0.1", port), 30) as conversation:
            while True:
                conversation.sendall(b"GET /.well-known/jwks.json HTTP/1.1\r\nHost: localhost\r\n\r\n")
                heard = b""
                while not heard.endswith(b"]}"):
                    piece = conversation.recv(65536)
                    if not piece:
                        return
                    heard += piece
                answered.append(1)
    except OSError:
        pass


with tempfile.TemporaryDirectory() as folder:
    verdict = pathlib.Path(folder, "verdict.json")
    with Server("--verdict", str(verdict), "--journal", "1000000") as server:
        answered = []
        clients = [threading.Thread(target=hammer, args=(server.port, answered)) for _ in range(8)]
        for client in clients:
            client.start()
        while len(answered) < 500:
            pass
        server.process.send_signal(signal.SIGTERM)
        for client in clients:
            client.join()
        server.process.wait(10)
        judged = json.loads(verdict.read_text())["exchanges"]
        tap.check("a verdict at exit is on every request that was answered", judged >= len(answered),
                  f"{judged} judged, {len(answered)} answered")

# --- process 1 ---

NAMESPACE = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]


def can_be_first():
    return shutil.which("unshare") and subprocess.run(
        [*NAMESPACE, "true"], capture_output=True, check=False).returncode == 0


def child_of(process):
    children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return int(children[0])


def end_as_first(number, statuses):
    first = subprocess.Popen([*NAMESPACE, PROGRAM, *QUIET], stdout=subprocess.PIPE, text=True)
    first.stdout.readline()
    began = time.monotonic()
    os.kill(child_of(first), signal.SIGHUP)
    os.kill(child_of(first), number)
    statuses.add(first.wait(10))
    first.stdout.close()
    return time.monotonic() - began


for number in (signal.SIGTERM, signal.SIGINT):
    if not can_be_first():
        tap.skip(f"as process 1 {number.name} ends it with 0", "no right to a process namespace")
        continue
    statuses = set()
    seconds = quickest(lambda signal_=number: end_as_first(signal_, statuses), 1)
    tap.check(f"as process 1 {number.name} ends it with 0", statuses == {0}, statuses)
    tap.check("within a second", seconds < 1, seconds)

# --- a full disk ---

if os.path.exists("/dev/full"):
    with tempfile.TemporaryDirectory() as folder:
        full = f"{folder}/full.json"
        os.symlink("/dev/full", full)
        done = subprocess.run([PROGRAM, *QUIET, "--port-file", full], capture_output=True, text=True, timeout=20)
        tap.check("a full disk for --port-file is said at the start",
                  done.returncode == 3 and "No space left" in done.stderr and "--port-file" in done.stderr
                  and len(done.stderr.splitlines()) == 1, done)
        tap.check("and a device is not replaced", os.path.islink(full) and os.listdir(folder) == ["full.json"])
        server = Server("--verdict", full)
        server.process.terminate()
        _, errors = server.process.communicate(timeout=10)
        tap.check("a full disk for --verdict is said at exit, which then is a failure",
                  server.process.returncode == 1 and "No space left" in errors and "--verdict" in errors,
                  f"{server.process.returncode}: {errors}")
else:
    tap.skip("a full disk is said", "no /dev/full")

# --- another program on the port ---

with Server() as server:
    done = subprocess.run([PROGRAM, "--port", str(server.port), "--https-port", "none"], capture_output=True,
                          text=True, timeout=20)
    tap.check("a busy port: how to find out by whom", f"`ss -ltnp 'sport = :{server.port}'`" in done.stderr,
              done.stderr)

# --- behind a proxy, and for pages of another origin ---

DISCOVERY = "/.well-known/openid-configuration"
FORWARDED = {"X_Forwarded_Proto": "https", "X_Forwarded_Host": "mock.example", "X_Forwarded_Prefix": "/m"}
with Server() as plain, Server("--trust-proxy", "on") as trusting:
    tap.check("a proxy is not believed unasked",
              "mock.example" not in ask(plain.url + DISCOVERY, **FORWARDED)[2])
    tap.check("with --trust-proxy on links follow it", "https://mock.example/m/ia/api/v1/oauth2/token"
              in ask(trusting.url + DISCOVERY, **FORWARDED)[2])

with Server("--public-url", "http://elsewhere.example") as server:
    for _ in range(3):
        ask(server.url + DISCOVERY)
    server.process.terminate()
    _, errors = server.process.communicate(timeout=10)
    tap.check("--public-url beside a client's Host is warned of once",
              errors.count("than --public-url") == 1 and "elsewhere.example" in errors, errors)

ORIGIN = "Origin: https://app.example\r\n"
PREFLIGHT = ORIGIN + ("Access-Control-Request-Method: POST\r\n"
                      "Access-Control-Request-Headers: content-type\r\n")
with Server("--control-origin", "https://app.example") as open_, Server("--cors", "off") as closed:
    for path in (TOKEN, "/s/happy-path.a" + TOKEN, "/__mock/sandboxes"):
        head = open_.request("OPTIONS", path, headers=PREFLIGHT).partition(b"\r\n\r\n")[0]
        tap.check(f"a preflight of {path} is answered 204 with what it asks for",
                  head.startswith(b"HTTP/1.1 204") and b"Access-Control-Allow-Headers: content-type" in head
                  and re.search(rb"Access-Control-Allow-Methods: .*POST", head), head)
    given = ask(open_.url + TOKEN, TOKEN_FORM.encode(), Origin="https://app.example")
    tap.check("the answer after it may be read", given[0] == 200
              and given[1]["Access-Control-Allow-Origin"] == "https://app.example", given)
    refused = closed.request("OPTIONS", TOKEN, headers=PREFLIGHT)
    tap.check("--cors off knows nothing of it",
              refused.startswith(b"HTTP/1.1 405") and b"Access-Control" not in refused, refused)

# --- the log ---

SECRETS = ["demo-secret", "s3cr3t-of-nobody"]


def live(server):
    """A bit of everything that a log could give away; returns the secrets that were handed out."""
    _, _, given = token(server)
    fresh = json.loads(given)
    vendors = server.url + "/ia/api/v1/objects/accounts-payable/vendor"
    ask(vendors, Authorization="Bearer " + fresh["access_token"])
    ask(vendors + "?access_token=" + fresh["access_token"])
    ask(vendors, Authorization="Bearer not.a." + fresh["access_token"][-20:])
    ask(server.url + TOKEN, f"grant_type=refresh_token&client_id=demo&client_secret={SECRETS[1]}"
                            f"&refresh_token={fresh['refresh_token']}".encode())
    ask(server.url + TOKEN, b'\xff"\\\n{')
    ask(server.url + "/%22%0a%5c\"x")
    ask(server.url + "/__mock/health")
    return [*SECRETS, fresh["access_token"], fresh["refresh_token"]]


def logged(*options):
    with Server(*options) as server:
        secrets = live(server)
        server.process.terminate()
        return server.process.communicate(timeout=10)[1].splitlines(), secrets


for form in ("text", "json"):
    lines, secrets = logged("--log", form, "--log-level", "debug")
    tap.check(f"{form}: no secret in any line, whatever happened",
              not [line for line in lines for secret in secrets if secret in line], "\n".join(lines))
    tap.check(f"{form}: the calls of the control API too, at debug",
              len([line for line in lines if "/__mock/health" in line]) == 1, "\n".join(lines))
    if form == "json":
        entries = []
        try:
            entries = [json.loads(line) for line in lines]
        except ValueError as why:
            tap.check("each line is a JSON object", False, why)
        tap.check("json: each line is an object with time, level and event",
                  entries and all({"time", "level", "event"} <= entry.keys() for entry in entries), lines)
        refused = [entry for entry in entries if entry.get("status") in (401, "401")]
        tap.check("json: a refusal has its cause and evidence",
                  refused and all(entry["cause"] and entry["evidence"] for entry in refused), refused)
        tap.check("json: one line per exchange", len(entries) == 8, "\n".join(lines))

lines, _ = logged("--log", "json", "--log-level", "info")
tap.check("at info the control API is silent", not [line for line in lines if "__mock" in line], lines)
lines, _ = logged("--log-level", "error")
tap.check("at error nothing is said of refusals", lines == [], lines)

tap.end()
