#!/usr/bin/env python3
"""Ready means that requests are answered: under a limit of the system the program answers, with fewer threads if
need be, or ends with status 3 and one line that names the limit. Never does it say ready and stay silent."""
import os
import resource
import socket
import subprocess

from mock import PROGRAM, Tap, status

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
    tap.results.append(True)
    print(f"ok {len(tap.results)} - no thread can be started # SKIP the limit does not count here")
else:
    tap.check("no thread can be started: status 3, and the line says what to raise", process.returncode == 3
              and len(log.splitlines()) == 1 and "starting a thread" in log and "ulimit -u" in log, log)
tap.end()
