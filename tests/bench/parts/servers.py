"""The servers that are measured besides the mock: bare CivetWeb, and the peers that the registries hold, each with its
ordinary set-up. A peer whose packages are not to be had is left out, and said so."""
import os
import pathlib
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(os.environ.get("BUILD", ROOT / "build"))
PEERS = ROOT / "tests/bench/peers"
FORM = "grant_type=client_credentials&client_id=demo&client_secret=demo-secret"


class Bare:
    """CivetWeb with a canned answer, and a certificate of its own for HTTPS."""

    def __init__(self):
        pem = BUILD / "bench/bare.pem"
        pem.parent.mkdir(parents=True, exist_ok=True)
        made = subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                               "-subj", "/CN=localhost", "-days", "1", "-keyout", "-", "-out", "-"],
                              capture_output=True, check=True).stdout
        pem.write_bytes(made)
        self.process = subprocess.Popen([BUILD / "tests/bench/bare", pem], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        http, https = self.process.stdout.readline().split()[1:]
        self.http, self.https = f"http://127.0.0.1:{http}", f"https://127.0.0.1:{https}"

    def stop(self):
        self.process.stdin.close()
        self.process.wait(30)


class Peer:
    """One mock of others, which answers a token request of client_credentials."""

    def __init__(self, name, command, base, token_path, folder):
        self.name, self.base, self.token_path = name, base, token_path
        self.log = (BUILD / f"bench/{name}.log").open("w")
        began = time.monotonic()
        self.process = subprocess.Popen(command, cwd=folder, stdout=self.log, stderr=subprocess.STDOUT)
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() - began > 60:
                self.stop()
                raise RuntimeError(f"{name} does not answer; see {self.log.name}")
            time.sleep(0.01)
        self.start_ms = (time.monotonic() - began) * 1000

    def answers(self):
        try:
            with urllib.request.urlopen(self.base + self.token_path, FORM.encode(), timeout=5) as answer:
                return answer.status == 200
        except (OSError, urllib.error.URLError):
            return False

    def resident_mib(self):
        return resident_kib(self.process.pid) / 1024

    def stop(self):
        self.process.terminate()
        self.process.wait(30)
        self.log.close()


def resident_kib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def node_peers():
    """oauth2-mock-server and oidc-provider, as package-lock.json has them."""
    folder = BUILD / "bench/node"
    folder.mkdir(parents=True, exist_ok=True)
    for file in ("package.json", "package-lock.json", "oidc.mjs"):
        shutil.copy(PEERS / file, folder)
    subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=folder, check=True, timeout=180)
    yield lambda port: Peer("oauth2-mock-server", ["node_modules/.bin/oauth2-mock-server", "-a", "127.0.0.1", "-p", str(port)],
                            f"http://127.0.0.1:{port}", "/token", folder)
    yield lambda port: Peer("oidc-provider", ["node", "oidc.mjs", str(port)], f"http://127.0.0.1:{port}", "/token", folder)


def java_peers():
    """WireMock with one stub, and navikt's mock-oauth2-server, as pom.xml has them."""
    folder = BUILD / "bench/java"
    (folder / "mappings").mkdir(parents=True, exist_ok=True)
    shutil.copy(PEERS / "pom.xml", folder)
    shutil.copy(PEERS / "wiremock.json", folder / "mappings")
    subprocess.run(["mvn", "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=jars"], cwd=folder, check=True,
                   timeout=240, stdout=subprocess.DEVNULL)
    jar = next(folder.glob("jars/wiremock-standalone-*.jar")).resolve()
    others = ":".join(str(path.resolve()) for path in folder.glob("jars/*.jar") if path.resolve() != jar)
    yield lambda port: Peer("wiremock", ["java", "-jar", jar, "--port", str(port), "--bind-address", "127.0.0.1",
                                         "--root-dir", "."], f"http://127.0.0.1:{port}", "/token", folder)
    yield lambda port: Peer("mock-oauth2-server", ["env", f"SERVER_PORT={port}", "java", "-cp", others,
                                                   "no.nav.security.mock.oauth2.StandaloneMockOAuth2ServerKt"],
                            f"http://127.0.0.1:{port}", "/default/token", folder)


def peers(free_port):
    """Each peer that can be had, running; the caller stops it."""
    for tool, group in (("npm", node_peers), ("mvn", java_peers)):
        try:
            if not shutil.which(tool):
                raise RuntimeError(f"{tool} is not installed")
            for start in group():
                yield start(free_port())
        except (OSError, RuntimeError, StopIteration, subprocess.SubprocessError) as problem:
            print(f"# SKIPPED: {group.__doc__.splitlines()[0]} {problem}", file=sys.stderr)
