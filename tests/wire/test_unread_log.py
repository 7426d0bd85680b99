#!/usr/bin/env python3
"""A log that nobody reads holds nothing up: whatever standard error is, requests are answered, SIGTERM ends the
program, and what the log did not take is counted."""
import os
import pty
import re
import socket
import tempfile
import tty

from mock import PATIENCE_S, Server, Tap, body, status

tap = Tap()
LONG = "/" + "x" * 1500  # a line of the log is as long as this
LINES = 700


def pipe():
    reader, writer = os.pipe()
    return writer, [reader]


def fifo():
    folder = tempfile.mkdtemp()
    path = os.path.join(folder, "log")
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    writer = os.open(path, os.O_WRONLY)
    os.unlink(path)
    os.rmdir(folder)
    return writer, [reader]


def pair():
    ours, theirs = socket.socketpair()
    return theirs.detach(), [ours.detach()]


def unix_socket():
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as door:
        door.bind(os.path.join(folder, "log"))
        door.listen(1)
        client = socket.socket(socket.AF_UNIX)
        client.connect(os.path.join(folder, "log"))
        served, _ = door.accept()
    return client.detach(), [served.detach()]


def terminal():
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    return theirs, [ours]


def dropped(server):
    text = body(server.request("GET", "/__mock/metrics")).decode()
    found = re.search(r"^intacct_mock_log_lines_dropped_total (\d+)$", text, re.M)
    return int(found[1]) if found else -1


def lines_of(text):
    return [line for line in text.split(b"\n") if line]


for name, make in (("a pipe", pipe), ("a FIFO", fifo), ("a socketpair", pair), ("a UNIX socket", unix_socket),
                   ("a terminal", terminal)):
    writer, others = make()
    server = Server("--log-level", "info", stderr=writer)
    os.close(writer)
    answered = 0
    try:
        for _ in range(LINES):
            answered += status(server.request("GET", LONG)) == 404
    except OSError as why:
        print(f"# {why}")
    tap.check(f"{name} that nobody reads: all requests are answered", answered == LINES, answered)
    lost = dropped(server) if answered == LINES else -1
    tap.check(f"{name}: what it did not take is counted", 0 < lost <= LINES, lost)
    os.set_blocking(others[0], False)
    heard = b""
    try:
        while piece := os.read(others[0], 65536):
            heard += piece
    except OSError:
        pass
    server.request("GET", "/afterwards")
    try:
        heard += os.read(others[0], 65536)
    except OSError:
        pass
    last = lines_of(heard)[-1]
    tap.check(f"{name}: once it is read again, a line is a line", last.startswith(b"20") and b"/afterwards" in last,
              heard[-3000:])
    ended, seconds = server.stop()
    tap.check(f"{name}: SIGTERM ends it at once", ended == 0 and seconds < PATIENCE_S, (ended, seconds))
    server.process.stdout.close()
    for fd in others:
        os.close(fd)

# --- standard descriptors that are closed ---

for closed in ((2,), (0, 2), (0,)):
    server = Server("--log-level", "debug", stderr=None, before=lambda: [os.close(fd) for fd in closed])
    process = f"/proc/{server.process.pid}/fd"
    held = [os.readlink(f"{process}/{fd}") for fd in closed] if os.path.isdir(process) else []
    tap.check(f"{closed} closed: nothing of the program's own takes its place", set(held) <= {"/dev/null"}, held)
    tap.check(f"{closed} closed: requests are answered",
              all(status(server.request("GET", "/x")) == 404 for _ in range(20)))
    tap.check(f"{closed} closed: SIGTERM ends it", server.stop()[0] == 0)
    server.process.stdout.close()

tap.end()
