#!/usr/bin/env python3
"""Ready means that requests are answered: under a limit of the system the program answers, with fewer threads if
need be, or ends with status 3 and one line that names the limit. Never does it say ready and stay silent."""
import json
import os
import resource
import socket
import subprocess

from mock import PROGRAM, Server, Tap, body, status

tap = Tap()
NOBODY = 65534


def start(limits, user=None):
    """The program under limits; the process, and the line that it begins with."""
    def confine():
        for limit, value in limits.items():
            resource.setrlimit(limit, (value, value))
        if user is not None:
            os.setuid(user)
    process = subprocess.Popen([PROGRAM, "serve", "--port", "0", "--https-port", "none", "--log-level", "error"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=confine)
    return process, process.stdout.readline()


def answers(ready):
    port = int(ready.partition("http://127.0.0.1:")[2].split()[0])
    with socket.create_connection(("127.0.0.1", port), 10) as conversation:
        conversation.sendall(b"GET /__mock/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return conversation.recv(65536)


def starts_or_says_why(title, limits, user=None):
    process, ready = start(limits, user)
    answer = answers(ready) if ready else b""
    if ready:
        process.terminate()
    _, log = process.communicate(timeout=20)
    if ready:
        tap.check(f"{title}: ready, and a request is answered", status(answer) in (200, 500), answer[:200])
        return
    tap.check(f"{title}: status 3 and one line", process.returncode == 3 and len(log.splitlines()) == 1, log)
    tap.check(f"{title}: which names the limit", any(word in log for word in ("ulimit", "Too many open files", "memory")),
              log)


for megabytes in (12, 20, 30, 40, 60, 90, 150):
    starts_or_says_why(f"{megabytes} MB of addresses", {resource.RLIMIT_AS: megabytes << 20})
for files in (4, 6, 8, 12, 16, 24):
    starts_or_says_why(f"{files} open files", {resource.RLIMIT_NOFILE: files})

process, ready = start({resource.RLIMIT_NPROC: 1}, NOBODY if os.geteuid() == 0 else None)
_, log = process.communicate(timeout=20) if not ready else (process.terminate(), "")
if ready or "Permission denied" in log:
    tap.skip("no thread can be started", "the limit does not count here")
else:
    tap.check("no thread can be started: status 3, and the line says what to raise", process.returncode == 3
              and len(log.splitlines()) == 1 and "starting a thread" in log and "ulimit -u" in log, log)
# --- bounds of our own ---

with Server("--journal-memory", "1") as server:
    for i in range(300):
        server.request("POST", f"/s/happy-path.{i % 3}/blob", "x" * 60000, "Content-Type: text/plain\r\n")
    kept = [json.loads(body(server.request("GET", f"/__mock/sandboxes/happy-path.{i}/requests"))) for i in range(3)]
    tap.check("--journal-memory bounds all journals together: the oldest go, and are counted",
              all(0 < one["count"] < 50 and one["count"] + one["dropped"] == 100 for one in kept),
              [(one["count"], one["dropped"]) for one in kept])

for url in ("api.local:8080", "ftp://a", "x", "http://", "https://a b", "http://a/?q=1", "http://a#f", "http://:80",
            "http://a:0", "http://a:99999", "http://user@a"):
    done = subprocess.run([PROGRAM, "--port", "0", "--https-port", "none", "--public-url", url], capture_output=True,
                          text=True, timeout=20, check=False)
    tap.check(f"--public-url {url} is refused with the right form",
              done.returncode in (2, 3) and len(done.stderr.splitlines()) == 1 and "--public-url" in done.stderr
              and "http://HOST:PORT" in done.stderr and url in done.stderr, done)
for url in ("http://a", "https://api.local:8443", "http://[::1]:80/mock", "https://a.example/x/"):
    with Server("--public-url", url) as server:
        issuer = json.loads(body(server.request("GET", "/.well-known/openid-configuration")))["issuer"]
        tap.check(f"--public-url {url} is what links say", issuer.startswith(url.rstrip("/")), issuer)

limit = resource.getrlimit(resource.RLIMIT_NOFILE)
if limit[1] < 2048 or not os.path.exists("/proc/self/limits"):
    tap.skip("the soft limit of open files is raised", f"the hard one is {limit[1]}")
else:
    with Server(before=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 2048))) as server:
        clients = [socket.create_connection(("127.0.0.1", server.port), 10) for _ in range(200)]
        answers = []
        for client in clients:
            client.sendall(b"GET /__mock/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            answers.append(status(client.recv(65536)))
        tap.check("the soft limit of open files is raised to the hard one", set(answers) == {200}, answers)
        for client in clients:
            client.close()

with Server() as server:
    with socket.create_connection(("127.0.0.1", server.port), 10) as conversation:
        conversation.sendall(b"GET /__mock/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        head = conversation.recv(65536).partition(b"\r\n\r\n")[0]
    tap.check("Keep-Alive tells how long a connection may be relied on", b"\r\nKeep-Alive: timeout=" in head, head)
    head = server.request("GET", "/__mock/health").partition(b"\r\n\r\n")[0]
    tap.check("where it goes on at all", b"Keep-Alive:" not in head, head)

tap.end()
