#!/usr/bin/env python3
"""What a request costs in instructions, counted by callgrind: unlike time, a number that another program on the machine
does not change. One client sends its requests over one kept-alive connection; what starting, warming up and stopping cost
is counted in a run of its own and taken off.

    tests/bench/instructions.py [--write]

The figures must not exceed those of instructions.json by more than its tolerance; --write records them. They depend on the
compiler, OpenSSL and the processor's features, so a machine that differs from the recorded one shows them and compares
nothing. Prints TAP."""
import concurrent.futures
import json
import os
import pathlib
import platform
import re
import shutil
import socket
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.path.abspath(os.environ.get("INTACCT_MOCK", ROOT / "build/intacct-mock"))
REFERENCE = pathlib.Path(__file__).with_name("instructions.json")
REQUESTS = 2000
# more than the journal holds: from there on each request also drops one
WARM_UP = 1100
SEED = "7"

TOKEN = b"grant_type=client_credentials&client_id=demo&client_secret=demo-secret&username=ws_user@acme"
VENDORS = "/ia/api/v1/objects/accounts-payable/vendor"


def request(method, path, headers="", body=b""):
    length = f"Content-Length: {len(body)}\r\nContent-Type: application/x-www-form-urlencoded\r\n" if body else ""
    return f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{headers}{length}\r\n".encode() + body


ASK_TOKEN = request("POST", "/ia/api/v1/oauth2/token", body=TOKEN)


def bearer(token):
    return request("GET", VENDORS, f"Authorization: Bearer {token}\r\n")


# name: the request, given a good access token, and the status it gets
KINDS = {
    "token": (lambda token: ASK_TOKEN, 200),
    "api-list": (bearer, 200),
    "refused": (lambda token: bearer("nope"), 400),
}


class Connection:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), 60)
        self.got = b""

    def ask(self, message, wanted):
        self.socket.sendall(message)
        head, body = self.part(b"\r\n\r\n"), b""
        length = int(re.search(rb"(?i)\ncontent-length: (\d+)", head)[1])
        while len(self.got) < length:
            self.receive()
        body, self.got = self.got[:length], self.got[length:]
        if int(head.split()[1]) != wanted:
            raise RuntimeError(f"{wanted} was expected: {head.decode()}{body.decode()}")
        return body

    def part(self, end):
        while end not in self.got:
            self.receive()
        head, _, self.got = self.got.partition(end)
        return head

    def receive(self):
        piece = self.socket.recv(65536)
        if not piece:
            raise RuntimeError("the server closed the connection")
        self.got += piece


def counted(kind, requests):
    """Instructions of a whole run of the server, with so many requests of that kind after the warm-up."""
    # a thread or two, for each one that waits also counts; the addresses of both runs are the same, so are the hashes
    process = subprocess.Popen(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", PROGRAM, "--port", "0", "--https-port", "none",
         "--bind", "127.0.0.1", "--threads", "2", "--seed", SEED, "--log-level", "error"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={name: value for name, value in os.environ.items() if not name.startswith("INTACCT_")})
    try:
        ready = re.search(r"http://127\.0\.0\.1:(\d+)", process.stdout.readline())
        if not ready:
            raise RuntimeError(process.communicate(timeout=60)[1])
        connection = Connection(int(ready[1]))
        token = json.loads(connection.ask(ASK_TOKEN, 200))["access_token"]
        message, wanted = KINDS[kind][0](token), KINDS[kind][1]
        for _ in range(WARM_UP + requests):
            connection.ask(message, wanted)
        connection.socket.close()
        process.terminate()
        errors = process.communicate(timeout=60)[1]
        return int(re.search(r"Collected : (\d+)", errors)[1])
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def per_request(kind):
    return (counted(kind, REQUESTS) - counted(kind, 0)) / REQUESTS


def machine():
    """What the figures depend on besides our own source."""
    def first_line(*command):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.stdout.splitlines()[0].strip() if done.stdout else "unknown"

    flags = re.search(r"(?m)^(?:flags|Features)\s*:(.*)$", pathlib.Path("/proc/cpuinfo").read_text())
    known = [flag for flag in ("avx2", "bmi2", "aes") if flags and flag in flags[1].split()]
    return {"processor": " ".join([platform.machine(), *known]),
            # without its name: cc and gcc may be one
            "compiler": first_line(*os.environ.get("CC", "cc").split(), "--version").partition(" ")[2],
            "openssl": first_line("openssl", "version").partition(" (")[0], "valgrind": first_line("valgrind", "--version")}


def main():
    if not shutil.which("valgrind"):
        print(f"1..{len(KINDS)}\n# SKIPPED: valgrind is not installed, so no instruction was counted")
        for number, kind in enumerate(KINDS, 1):
            print(f"ok {number} - {kind} # SKIP valgrind is not installed")
        return
    with concurrent.futures.ThreadPoolExecutor(min(len(KINDS), os.cpu_count() or 1)) as pool:
        figures = dict(zip(KINDS, (round(figure) for figure in pool.map(per_request, KINDS))))
    if "--write" in sys.argv[1:]:
        REFERENCE.write_text(json.dumps({"about": "Instructions per request; see instructions.py", "tolerance": 0.05,
                                         "machine": machine(), "instructions": figures}, indent=2) + "\n")
    tell(figures, json.loads(REFERENCE.read_text()))


def tell(figures, reference):
    here, failed = machine(), False
    differs = [f"{name} is {here[name]}, not {known}" for name, known in reference["machine"].items() if here.get(name) != known]
    print(f"{'instructions per request':<26}{'now':>10}{'recorded':>10}{'change':>9}")
    for kind, figure in figures.items():
        recorded = reference["instructions"][kind]
        print(f"{kind:<26}{figure:>10,}{recorded:>10,}{figure / recorded - 1:>+9.1%}")
    if differs:
        print(f"# SKIPPED: the figures are not compared, for this machine is not the recorded one: {'; '.join(differs)}")
    print(f"1..{len(figures)}")
    for number, (kind, figure) in enumerate(figures.items(), 1):
        limit = reference["instructions"][kind] * (1 + reference["tolerance"])
        fine = bool(differs) or figure <= limit
        failed = failed or not fine
        print(f"{'ok' if fine else 'not ok'} {number} - {kind}: {figure:,} instructions, at most {limit:,.0f}"
              + (" # SKIP another machine" if differs else ""))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
