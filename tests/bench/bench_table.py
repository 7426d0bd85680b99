#!/usr/bin/env python3
"""How fast the program is, beside what CivetWeb alone can do and beside other mocks: one table, and build/bench/table.json.

    tests/bench/bench_table.py [--write]

All of it is measured in one run, since machines differ and are shared: what counts is a ratio within the run. --write puts
the ratios into README.md beside this file. Nothing here fails because something was slow."""
import datetime
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parent / "parts"))
from load import WRK, Request
from servers import BUILD, Bare, peers, resident_kib
from report import print_report, write_readme

PROGRAM = os.environ.get("INTACCT_MOCK", str(BUILD / "intacct-mock"))
CLIENT = "client_id=demo&client_secret=demo-secret"
FORM = f"grant_type=client_credentials&{CLIENT}&username=ws_user@acme"
TOKEN, ARTICLE = "/ia/api/v1/oauth2/token", "/identity/v2/oauth2/token"
VENDORS = "/ia/api/v1/objects/accounts-payable/vendor"
CONNECTIONS = (1, 16, 64, 256)
TOKENS, SANDBOXES = 100_000, 10_000
STARTS, TURNS = 9, 2


def free_port():
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return place.getsockname()[1]


class Mock:
    """The program as it is, but for its log: every line of that would be written to a terminal."""

    def __init__(self, *options):
        began = time.monotonic()
        self.process = subprocess.Popen([PROGRAM, "--port", "0", "--https-port", "0", "--bind", "127.0.0.1", "--seed", "7",
                                         "--log-level", "error", *options], stdout=subprocess.PIPE, text=True)
        self.http, self.https = re.findall(r"https?://127\.0\.0\.1:\d+", self.process.stdout.readline())[:2]
        self.ready_ms = (time.monotonic() - began) * 1000
        self.token()
        self.first_token_ms = (time.monotonic() - began) * 1000

    def call(self, path, form=None, method=None, kind="application/x-www-form-urlencoded"):
        data = form.encode() if form else None
        request = urllib.request.Request(self.http + path, data, {"Content-Type": kind} if data else {}, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read()

    def token(self):
        return json.loads(self.call(TOKEN, FORM))

    def resident_kib(self):
        return resident_kib(self.process.pid)

    def stop(self):
        """In how many ms it ends."""
        began = time.monotonic()
        self.process.terminate()
        self.process.wait(30)
        return (time.monotonic() - began) * 1000


def median(values):
    return sorted(values)[len(values) // 2]


def ask_refresh(mock):
    """One refresh token that goes on working, by policy."""
    mock.call("/__mock/sandboxes/default/policy", '{"rotation": "keep"}', "PATCH", "application/json")
    return Request(TOKEN, f"grant_type=refresh_token&{CLIENT}&refresh_token={mock.token()['refresh_token']}")


def ask_with_bearer(path):
    return lambda mock: Request(path, authorization="Bearer " + mock.token()["access_token"])


# made anew for each measurement: a store that is full drops the oldest tokens
KINDS = {
    "token, client_credentials": lambda mock: Request(TOKEN, FORM),
    "token, refresh": ask_refresh,
    "token, article (2 RS512)": lambda mock: Request(ARTICLE, FORM),
    "API list, 200": ask_with_bearer(VENDORS),
    "API record, 200": ask_with_bearer(VENDORS + "/43"),
    "API, refused": lambda mock: Request(VENDORS, authorization="Bearer nope", refused=True),
    "control, sandbox": lambda mock: Request("/__mock/sandboxes/default"),
}


def measure_cell(mock, everything, tls, keep_alive, connections):
    """Every kind in one way, in turns; the best turn counts, for what other programs take away is no cost of ours."""
    best = {}
    for _ in range(TURNS):
        for name, (server, make) in everything.items():
            found = make(mock).measure(server.https if tls else server.http, connections, keep_alive)
            if found and (not best.get(name) or found["rps"] > best[name]["rps"]):
                best[name] = found
    beside = best.get("bare CivetWeb")
    return [{"what": name, "tls": tls, "keep_alive": keep_alive, "connections": connections, "found": best.get(name),
             "ratio": round(best[name]["rps"] / beside["rps"], 3) if beside and best.get(name) else None}
            for name in everything]


def measure_matrix(mock, bare):
    everything = {"bare CivetWeb": (bare, lambda _: Request("/", FORM))}
    everything.update({name: (mock, make) for name, make in KINDS.items()})
    return [row for tls in (False, True) for keep_alive in (True, False) for connections in CONNECTIONS
            for row in measure_cell(mock, everything, tls, keep_alive, connections)]


def measure_life():
    """Starts and stops, with HTTPS on, and what it holds in memory."""
    lives, stops = [], []
    for _ in range(STARTS):
        mock = Mock()
        lives.append((mock.ready_ms, mock.first_token_ms, mock.resident_kib() / 1024))
        stops.append(mock.stop())
    ready, first, memory = (median(column) for column in zip(*lives))
    return {"ready_ms": round(ready, 1), "first_token_ms": round(first, 1), "stop_ms": round(median(stops), 1),
            "resident_mib": round(memory, 1)}


def fill_with_tokens(mock):
    """Until there are so many; returns what one takes, in bytes."""
    before, asked = mock.resident_kib(), 0
    while asked < TOKENS / 2:  # each request gives an access and a refresh token
        found = Request(TOKEN, FORM).measure(mock.http)
        if not found:
            return None
        asked += found["rps"]
    return round((mock.resident_kib() - before) * 1024 / (asked * 2))


def measure_crowds():
    """The same requests beside many tokens, and beside many sandboxes."""
    found = {}
    mock = Mock("--sandboxes", str(SANDBOXES + 10))
    kinds = {"API": "API list, 200", "unknown token": "API, refused", "token": "token, client_credentials"}

    def measure_kinds():
        return {name: KINDS[kind](mock).measure(mock.http) for name, kind in kinds.items()}

    found["alone"] = measure_kinds()
    found["bytes_per_token"] = fill_with_tokens(mock)
    found["beside_tokens"] = measure_kinds()
    began = time.monotonic()
    mock.call("/__mock/sandboxes/default/tokens?limit=1000")
    found["list_1000_tokens_ms"] = round((time.monotonic() - began) * 1000, 1)
    before, began = mock.resident_kib(), time.monotonic()
    with socket.create_connection(("127.0.0.1", int(mock.http.rsplit(":", 1)[1]))) as wire:
        for i in range(SANDBOXES):  # over one connection: its cost is not counted
            wire.sendall(f"GET /s/happy-path.{i}/nothing HTTP/1.1\r\nHost: h\r\n\r\n".encode())
            got = b""
            while not got.endswith(b"}}"):
                got += wire.recv(65536)
    found["touch_ms"] = round((time.monotonic() - began) * 1000 / SANDBOXES, 3)
    found["kib_per_sandbox"] = round((mock.resident_kib() - before) / SANDBOXES, 1)
    found["beside_sandboxes"] = measure_kinds()
    mock.stop()
    return found


def measure_openssl():
    """Signatures of all cores together, to hold the article's tokens against (two RS512 each)."""
    said = subprocess.run(["openssl", "speed", "-mr", "-seconds", "2", "-multi", str(os.cpu_count()), "rsa2048"],
                          capture_output=True, text=True, check=False)
    line = re.search(r"^\+F2:\d+:2048:([\d.e+-]+):", said.stdout, re.MULTILINE)
    return {"rsa2048_signatures_per_s": round(float(line[1]))} if line else {}


def measure_peers(token):
    rows = []
    for peer in peers(free_port):
        try:
            request = Request(peer.token_path, "grant_type=client_credentials&" + CLIENT)
            for _ in range(3):  # a virtual machine compiles what it runs often
                request.measure(peer.base)
            found = request.measure(peer.base, seconds=2)
            rows.append({"name": peer.name, "found": found, "start_ms": round(peer.start_ms),
                         "resident_mib": round(peer.resident_mib()),
                         "ratio": round(token["rps"] / found["rps"], 1) if found and token else None})
        finally:
            peer.stop()
    return rows


def machine():
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    return {"date": datetime.date.today().isoformat(), "processor": cpu[1] if cpu else os.uname().machine,
            "cores": len(os.sched_getaffinity(0)), "load_before": round(os.getloadavg()[0], 1)}


def main():
    if not WRK:
        print("# SKIPPED: wrk is not installed, and nothing here makes a load without it: apt-get install wrk")
        return
    result = {"machine": machine(), "life": measure_life()}
    mock, bare = Mock(), Bare()
    try:
        result["matrix"] = measure_matrix(mock, bare)
        result["openssl"] = measure_openssl()
        result["peers"] = measure_peers(Request(TOKEN, FORM).measure(mock.http, seconds=2))
    finally:
        bare.stop()
        mock.stop()
    result["crowds"] = measure_crowds()
    file = BUILD / "bench/table.json"
    file.write_text(json.dumps(result, indent=1) + "\n")
    print_report(result)
    print(f"# {file}")
    if "--write" in sys.argv[1:]:
        write_readme(pathlib.Path(__file__).with_name("README.md"), result)


if __name__ == "__main__":
    main()
