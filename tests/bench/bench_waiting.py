#!/usr/bin/env python3
"""Is waiting on purpose true under load? 500 connections whose answers are delayed by 500 ms, then 200 held requests and 300
calls that wait for exchanges, while another client asks for tokens that nothing delays. Says what was met of: each delay
within 500 to 650 ms, an undelayed token under 50 ms at p99, the process under 40 MiB. A machine that is busy with other
programs misses the times; so this is no test."""
import json
import multiprocessing
import os
import pathlib
import select
import socket
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "wire"))
sys.path.insert(0, str(pathlib.Path(__file__).parent / "parts"))
from mock import Server, TOKEN_FORM
from servers import resident_kib

TOKEN = "/ia/api/v1/oauth2/token"
DELAYED, HELD, POLLING, DELAY_MS = 500, 200, 300, 500


def message(method, path, body="", kind="application/x-www-form-urlencoded"):
    return (f"{method} {path} HTTP/1.1\r\nHost: h\r\nContent-Type: {kind}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}").encode()


def ask(port, data):
    with socket.create_connection(("127.0.0.1", port), 30) as wire:
        wire.sendall(data)
        got = b""
        while b"\r\n\r\n" not in got:
            got += wire.recv(65536)
        return int(got.split()[1])


class Crowd:
    """Connections that are open before anything is sent, so that connecting is not counted."""

    def __init__(self, port, messages):
        self.wires = [(socket.create_connection(("127.0.0.1", port), 30), data) for data in messages]

    def send(self):
        self.sent = {}
        self.waiting = select.epoll()
        for wire, data in self.wires:
            self.sent[wire.fileno()] = time.monotonic()  # before: the process may be kept waiting right behind the send
            wire.sendall(data)
            self.waiting.register(wire.fileno(), select.EPOLLIN | select.EPOLLONESHOT)

    def receive(self, seconds):
        """After how many ms each of them was answered, and its status."""
        took, until = {}, time.monotonic() + seconds
        wires = {wire.fileno(): wire for wire, _ in self.wires}
        while len(took) < len(self.wires) and time.monotonic() < until:
            for number, _ in self.waiting.poll(0.2):
                took[number] = ((time.monotonic() - self.sent[number]) * 1000, int(wires[number].recv(65536).split()[1]))
        return list(took.values())

    def close(self):
        for wire, _ in self.wires:
            wire.close()


def ask_undelayed(port, stop, results):
    """A process of its own: one kept connection, one token after the other."""
    data, took = message("POST", TOKEN, TOKEN_FORM), []
    with socket.create_connection(("127.0.0.1", port), 30) as wire:
        while not stop.is_set():
            began = time.monotonic()
            wire.sendall(data)
            wire.recv(65536)
            took.append((time.monotonic() - began) * 1000)
            time.sleep(0.001)
    results.put(sorted(took))


class Beside:
    """What an undelayed client meets while the block runs, and the memory at its end."""

    def __init__(self, server):
        self.server, self.stop, self.results = server, multiprocessing.Event(), multiprocessing.Queue()

    def __enter__(self):
        self.process = multiprocessing.Process(target=ask_undelayed, args=(self.server.port, self.stop, self.results))
        self.process.start()
        time.sleep(0.2)
        return self

    def __exit__(self, *_):
        self.mib = resident_kib(self.server.process.pid) / 1024
        self.stop.set()
        took = self.results.get(timeout=30)
        self.process.join(30)
        self.p99_ms, self.count = took[int(len(took) * 0.99)], len(took)


def tell(what, met, found):
    print(f"{what:56} {found:>30}   {'met' if met else 'MISSED'}")


def tell_beside(beside):
    tell("undelayed tokens meanwhile, under 50 ms at p99", beside.p99_ms < 50, f"{beside.p99_ms:.1f} ms of {beside.count}")
    tell("resident memory under 40 MiB", beside.mib < 40, f"{beside.mib:.1f} MiB")


def follow(server, sandbox, wire):
    scenario = {"name": "waits", "about": "Waits.", "rules": [{"when": {"endpoint": "token"}, "then": {"wire": wire}}]}
    status = ask(server.port, message("PUT", f"/__mock/sandboxes/{sandbox}/scenario", json.dumps(scenario), "application/json"))
    if status != 200:
        raise RuntimeError(f"{sandbox} does not follow: {status}")


def measure_delays(server):
    follow(server, "happy-path.delayed", {"delay": f"{DELAY_MS}ms"})
    crowd = Crowd(server.port, [message("POST", "/s/happy-path.delayed" + TOKEN, TOKEN_FORM)] * DELAYED)
    with Beside(server) as beside:
        crowd.send()
        took = crowd.receive(20)
    crowd.close()
    fine = [ms for ms, status in took if status == 200 and DELAY_MS <= ms <= DELAY_MS + 150]
    times = sorted(ms for ms, _ in took) or [0]
    tell(f"{DELAYED} answers delayed by {DELAY_MS} ms, each 500 to 650 ms", len(fine) == DELAYED,
         f"{len(fine)}, {times[0]:.0f} to {times[-1]:.0f} ms")
    tell_beside(beside)


def measure_holds(server):
    follow(server, "happy-path.held", {"hold": {"until": HELD + 1, "for": "60s"}})
    held = Crowd(server.port, [message("POST", "/s/happy-path.held" + TOKEN, TOKEN_FORM)] * HELD)
    # each tells the last exchange alone: 300 lists of 200 exchanges are another measurement, that of long answers
    ask_for = f"/__mock/sandboxes/happy-path.held/requests?count={HELD}&wait=60s&last=1"
    polling = Crowd(server.port, [message("GET", ask_for)] * POLLING)
    with Beside(server) as beside:
        polling.send()
        held.send()
        time.sleep(1.5)
        early = len(held.waiting.poll(0)) + len(polling.waiting.poll(0))
        tell(f"{HELD} held and {POLLING} waiting calls wait", early == 0, f"{early} answered early")
        ask(server.port, message("POST", "/__mock/sandboxes/happy-path.held/release"))
        done = held.receive(20) + polling.receive(20)
    answered = sum(status == 200 for _, status in done)
    tell("all of them answered once they are released", answered == HELD + POLLING, f"{answered}")
    tell_beside(beside)
    held.close()
    polling.close()


def main():
    with Server("--bind", "127.0.0.1", "--log-level", "error") as server:
        print(f"load of the machine: {os.getloadavg()[0]:.1f} on {len(os.sched_getaffinity(0))} cores")
        measure_delays(server)
        measure_holds(server)


if __name__ == "__main__":
    main()
