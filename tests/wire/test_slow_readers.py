#!/usr/bin/env python3
"""Who waits for the journal, and who reads it slowly: they hold no thread, cost little memory, end when their client
has gone, and a stop never waits for them."""
import json
import pathlib
import re
import select
import socket
import time

from mock import PATIENCE_S, Server, Tap, TOKEN_FORM, body, quickest, status

tap = Tap()
TOKEN = "/ia/api/v1/oauth2/token"
REQUESTS = "/__mock/sandboxes/default/requests"
FORM = "Content-Type: application/x-www-form-urlencoded\r\n"
STOPPED = 2  # seconds: one, and a little; a slow reader is given up after five
LINUX = pathlib.Path("/proc/self/status").exists()


def ask(server, path=TOKEN):
    return server.request("POST", path, TOKEN_FORM, FORM)


def begin(server, target, receive=None):
    conversation = socket.socket()
    if receive:
        conversation.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
    conversation.settimeout(30)
    conversation.connect(("127.0.0.1", server.port))
    conversation.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return conversation


def process_figure(server, name):
    text = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.search(rf"^{name}:\s+(\d+)", text, re.M)[1])


def descriptors(server):
    return len(list(pathlib.Path(f"/proc/{server.process.pid}/fd").iterdir()))


def comes_true(condition, seconds=20):
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        select.select([], [], [], 0.01)
    return True


def hear(conversation, until=None):
    heard = b""
    while not (until and heard.endswith(until)):
        piece = conversation.recv(65536)
        if not piece:
            break
        heard += piece
    return heard


# --- long polling ---

with Server("--threads", "4") as server:
    waits = [begin(server, f"{REQUESTS}?endpoint=token&count=1&wait=60s") for _ in range(150)]
    streams = [begin(server, "/__mock/sandboxes/default/events") for _ in range(50)]
    for stream in streams:
        stream.recv(65536)
    tap.check("beside 150 waits and 50 streams all others are answered at once",
              status(server.request("GET", "/__mock/health")) == 200 and not select.select(waits, [], [], 0)[0])
    if LINUX:
        tap.check("they hold no thread", process_figure(server, "Threads") < 20, process_figure(server, "Threads"))
    ask(server)
    answers = [hear(wait, until=b"]}") for wait in waits]
    tap.check("what they wait for wakes all of them",
              all(json.loads(body(answer))["count"] == 1 for answer in answers), answers[0])
    tap.check("streams hear of it as well", all(b"event: exchange" in stream.recv(65536) for stream in streams))
    for conversation in waits + streams:
        conversation.close()

    if LINUX:
        comes_true(lambda: descriptors(server) < 40)
        before = descriptors(server)
        gone = [begin(server, f"{REQUESTS}?since=1000&wait=10m") for _ in range(40)]
        comes_true(lambda: descriptors(server) >= before + 40)
        for conversation in gone:
            conversation.close()
        tap.check("a wait ends when its client has gone", comes_true(lambda: descriptors(server) <= before),
                  descriptors(server))
    wait = begin(server, f"{REQUESTS}?since=1000&wait=10m")
    quick = begin(server, f"{REQUESTS}?since=1000&wait=50ms")
    tap.check("one whose time is over is answered with what there is", b'"count":0' in hear(quick, until=b"]}"))
    server.request("GET", "/__mock/health")
    ended, seconds = server.stop()
    tap.check("a stop answers those who wait, and does not wait itself",
              ended == 0 and seconds < PATIENCE_S and b'"count":0' in hear(wait, until=b"]}"), (ended, seconds))

# --- a large journal ---

def fill(server):
    for _ in range(900):
        server.request("POST", "/blob", "x" * 9000, "Content-Type: text/plain\r\n")


def read_slowly(server, count):
    slow = []
    for _ in range(count):
        slow.append(begin(server, REQUESTS, receive=4096))
        slow[-1].recv(100)
    return slow


with Server() as server:
    fill(server)
    whole = hear(begin(server, REQUESTS), until=b"\r\n0\r\n\r\n")
    document = json.loads(body(whole))
    tap.check(f"a large journal comes in chunks, whole ({len(whole) >> 20} MB)",
              document["count"] == len(document["requests"]) == 900 and len(whole) > 7 << 20
              and b"chunked" in whole[:400])
    har = json.loads(body(hear(begin(server, REQUESTS + ".har"), until=b"\r\n0\r\n\r\n")))
    tap.check("so does an archive", len(har["log"]["entries"]) == 900)
    twice = begin(server, REQUESTS)
    hear(twice, until=b"\r\n0\r\n\r\n")
    twice.sendall(b"GET /__mock/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
    tap.check("and its connection can go on", twice.recv(65536).startswith(b"HTTP/1.1 200"))
    old = server.raw(f"GET {REQUESTS} HTTP/1.0\r\n\r\n".encode())
    tap.check("HTTP/1.0 gets it up to the end of the connection",
              b"chunked" not in old[:400] and json.loads(body(old))["count"] == 900, old[:400])
    cut = begin(server, REQUESTS, receive=4096)
    heard = cut.recv(1000)
    server.request("DELETE", REQUESTS)
    heard += hear(cut, until=b"\r\n0\r\n\r\n")
    tap.check("what is forgotten while it is read is in it all the same",
              len(json.loads(body(heard))["requests"]) == 900)

    fill(server)
    before = process_figure(server, "VmRSS") if LINUX else 0
    slow = read_slowly(server, 200)
    if LINUX:
        after = process_figure(server, "VmRSS")
        tap.check("200 who read slowly cost less than 100 MB together", after - before < 100 << 10,
                  f"{after - before} kB")
    tap.check("and hold nobody up", status(server.request("GET", "/__mock/health")) == 200)
    for conversation in slow:
        conversation.close()


def stop_beside_slow_readers(statuses):
    with Server() as server:
        fill(server)
        slow = read_slowly(server, 200)
        ended, seconds = server.stop()
        for conversation in slow:
            conversation.close()
    statuses.add(ended)
    return seconds


statuses = set()
seconds = quickest(lambda: stop_beside_slow_readers(statuses), STOPPED)
tap.check("a stop waits for none of them", statuses == {0} and seconds < STOPPED, (statuses, seconds))

tap.end()
