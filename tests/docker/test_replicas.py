#!/usr/bin/env python3
"""docker/replicas.conf in a real nginx before three real processes: no request for a sandbox meets a process that does not know it."""
import concurrent.futures
import contextlib
import json
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "wire"))

from mock import ROOT, Server, Tap  # noqa: E402

PROCESSES, SANDBOXES = 3, 50
TOKEN, VENDORS = "/ia/api/v1/oauth2/token", "/ia/api/v1/objects/accounts-payable/vendor"
FORM = {"client_id": "demo", "client_secret": "demo-secret"}
tap = Tap()


def ask(url, form=None, token=None, method=None, headers=None):
    """(status, body), whatever the status."""
    request = urllib.request.Request(url, urllib.parse.urlencode(form).encode() if form else None, headers or {}, method=method)
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


class Nginx:
    """The example with the addresses of this test in the place of its own, as whoever runs this."""

    def __init__(self, folder, servers):
        self.folder, self.servers = pathlib.Path(folder), servers
        self.port = self.process = None

    def config(self):
        text = (ROOT / "docker/replicas.conf").read_text()
        for number, server in enumerate(self.servers, 1):
            text = text.replace(f"intacct-mock-{number}:8080", f"127.0.0.1:{server.port}")
        text = text.replace("listen 8080;", f"listen 127.0.0.1:{self.port};").replace("worker_processes auto;", "worker_processes 4;")
        places = "".join(f"    {kind}_temp_path {self.folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        return (f"pid {self.folder}/pid;\nerror_log {self.folder}/error.log warn;\n"
                + text.replace("http {\n", "http {\n" + places, 1))

    def starts(self):
        with socket.socket() as taken:  # nginx cannot say which free port it has taken, and somebody else may take this one first
            taken.bind(("127.0.0.1", 0))
            self.port = taken.getsockname()[1]
        (self.folder / "nginx.conf").write_text(self.config())
        self.process = subprocess.Popen([shutil.which("nginx") or "/usr/sbin/nginx", "-p", self.folder, "-c", self.folder / "nginx.conf",
                                         "-g", "daemon off;"], stderr=subprocess.PIPE)
        until = time.monotonic() + 20
        while time.monotonic() < until and self.process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return True
        return False

    def __enter__(self):
        if not any(self.starts() for _ in range(3)):
            raise SystemExit(f"nginx does not start: {self.process.stderr.read().decode()}")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.communicate(timeout=20)


def lives(url, name):
    """What an integration does in a sandbox of its own; every status that it saw."""
    base, seen = f"{url}/s/{name}", []
    status, body = ask(base + TOKEN, {"grant_type": "client_credentials", "username": "ws_user@acme", **FORM})
    seen.append(status)
    for _ in range(4):
        if status != 200:
            break
        tokens = json.loads(body)
        seen += [ask(base + VENDORS, token=tokens["access_token"])[0] for _ in range(3)]
        status, body = ask(base + TOKEN, {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], **FORM})
        seen.append(status)
    count = json.loads(ask(f"{url}/__mock/sandboxes/{name}/requests")[1])["count"]
    return seen, count


def boxes_of(server):
    return {box["name"]: box["exchanges"] for box in json.loads(ask(server.url + "/__mock/sandboxes")[1])["sandboxes"]}


def all_at_once(url, servers):
    names = [f"happy-path.test-{n}" for n in range(SANDBOXES)]
    with concurrent.futures.ThreadPoolExecutor(SANDBOXES) as pool:
        results = list(pool.map(lambda name: lives(url, name), names))
    tap.check(f"{SANDBOXES} sandboxes at once: no call meets a process that does not know its token",
              all(set(seen) == {200} for seen, _ in results), [seen for seen, _ in results if set(seen) != {200}])
    tap.check("the journal of each is whole, through the same name", all(count == len(seen) for seen, count in results), results)
    homes = {name: [server.port for server in servers if name in boxes_of(server)] for name in names}
    tap.check("each lives in one process", all(len(home) == 1 for home in homes.values()), homes)
    tap.check("and all processes have some", len({home[0] for home in homes.values()}) == PROCESSES, homes)
    return {name: home[0] for name, home in homes.items()}


def faults(url, servers):
    status, _ = ask(f"{url}/s/drop.f{TOKEN}", {"grant_type": "client_credentials", "username": "ws_user@acme", **FORM})
    statuses = [ask(f"{url}/s/drop.f{VENDORS}", token="x")[0] for _ in range(6)]
    homes = [server for server in servers if "drop.f" in boxes_of(server)]
    tap.check("a dropped answer is a 502 here, and is asked of no other process", 502 in statuses and len(homes) == 1
              and boxes_of(homes[0])["drop.f"] == 7, (status, statuses, [boxes_of(s) for s in servers]))


def client_id_way(url, servers):
    form = {"grant_type": "client_credentials", "username": "ws_user@acme", "client_id": "demo~happy-path.by-id", "client_secret": "demo-secret"}
    token = json.loads(ask(url + TOKEN, form)[1])["access_token"]
    seen = {ask(url + VENDORS, token=token)[0] for _ in range(20)}
    homes = [server.port for server in servers if "happy-path.by-id" in boxes_of(server)]
    defaults = [server.port for server in servers if boxes_of(server)["default"]]
    tap.check("by the client id all of it stays in one process: nothing is spread, nothing is lost", seen == {200} and len(homes) == 1, homes)
    tap.check("that of the default sandbox", not defaults or defaults == homes, (defaults, homes))


def one_less(url, homes, servers):
    servers[0].stop()
    left = [name for name, port in homes.items() if port != servers[0].port]
    moved = [name for name, port in homes.items() if port == servers[0].port]
    before = {name: boxes_of(server).get(name) for server in servers[1:] for name in left if name in boxes_of(server)}
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        seen = dict(zip(left, pool.map(lambda name: ask(f"{url}/s/{name}/.well-known/jwks.json")[0], left)))
    after = {name: boxes_of(server).get(name) for server in servers[1:] for name in left if name in boxes_of(server)}
    tap.check("when a process ends, the sandboxes of the others stay where they are", set(seen.values()) == {200}
              and all(after[name] == before[name] + 1 for name in left), (before, after))
    tap.check("its own are gone, and that is said", {ask(f"{url}/s/{name}/.well-known/jwks.json")[0] for name in moved} == {502})


with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
    running = [stack.enter_context(Server()) for _ in range(PROCESSES)]
    with Nginx(folder, running) as nginx:
        where = f"http://127.0.0.1:{nginx.port}"
        homes_of = all_at_once(where, running)
        faults(where, running)
        client_id_way(where, running)
        issuer = json.loads(ask(where + "/s/happy-path.iss/.well-known/openid-configuration")[1])["issuer"]
        tap.check("the issuer is the name that clients use", issuer == where + "/s/happy-path.iss", issuer)
        one_less(where, homes_of, running)
    log = (pathlib.Path(folder) / "error.log").read_text()
    wrong = [line for line in log.splitlines() if not re.search(r"upstream prematurely closed|Connection refused|user\" directive", line)]
    tap.check("nginx has nothing else to complain of", not wrong, "\n".join(wrong))
tap.end()
