#!/usr/bin/env python3
"""certs/: the script makes what it says, and again only what is missing; each way to trust the CA that
certs/README.md shows works, where the machine has the tool. Prints TAP."""
import contextlib
import os
import pathlib
import re
import shutil
import socket
import ssl
import stat
import subprocess
import tempfile
import threading

from mock import ROOT, Server, Tap

SCRIPT = ROOT / "certs/make-certs.sh"
NAMES = ("server", "expired", "not-yet-valid", "wrong-host", "untrusted")
tap = Tap()


def make(*arguments, **more):
    return subprocess.run([SCRIPT, *arguments], capture_output=True, text=True, timeout=60, **more)


@contextlib.contextmanager
def serving(folder, name):
    """A TLS server with that certificate, for one connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{folder}/{name}.pem", f"{folder}/{name}-key.pem")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        def serve():
            with contextlib.suppress(OSError), listening.accept()[0] as plain:
                context.wrap_socket(plain, server_side=True).close()
        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        thread.join(10)


def complaint(folder, name, host="localhost"):
    context = ssl.create_default_context(cafile=f"{folder}/ca.pem")
    with serving(folder, name) as port:
        try:
            with socket.create_connection(("127.0.0.1", port), 10) as plain:
                context.wrap_socket(plain, server_hostname=host).close()
        except ssl.SSLError as error:
            return str(error)
    return ""


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(pathlib.Path(folder).iterdir())}


def test_script(folder):
    done = make(folder, "a.test", "10.9.8.7")
    tap.check("the script makes a set", done.returncode == 0 and not done.stderr
              and done.stdout.count("made ") == 6, done.stdout + done.stderr)
    before = contents(folder)
    tap.check("keys and certificates, and nothing half made",
              set(before) == {"ca.pem", "ca-key.pem", "names"} | {f"{name}{end}.pem" for name in NAMES
                                                                 for end in ("", "-key")}, sorted(before))
    open_keys = [path.name for path in pathlib.Path(folder).glob("*-key.pem")
                 if stat.S_IMODE(path.stat().st_mode) != 0o600]
    tap.check("nobody else may read the keys", not open_keys, open_keys)
    for name, words in zip(NAMES, ("", "has expired", "not yet valid", "Hostname mismatch",
                                   "unable to get local issuer")):
        said = complaint(folder, name)
        tap.check(f"{name}.pem is {words and 'refused: ' + words or 'good'}",
                  words in said and bool(words) == bool(said), said)
    tap.check("names that are given are in it", complaint(folder, "server", "a.test") == ""
              and complaint(folder, "server", "10.9.8.7") == "")
    done = make(folder, "a.test", "10.9.8.7")
    tap.check("a second time it makes nothing", done.returncode == 0 and not done.stdout
              and contents(folder) == before, done.stdout + done.stderr)
    os.unlink(f"{folder}/expired.pem")
    shutil.copy(f"{folder}/server-key.pem", f"{folder}/wrong-host-key.pem")
    done = make(folder, "a.test", "10.9.8.7")
    made = [line.rsplit("/", 1)[1] for line in done.stdout.splitlines()]
    tap.check("what is missing, or has another's key, is made again", made == ["expired.pem", "wrong-host.pem"],
              done.stdout + done.stderr)
    done = make(folder, "b.test")
    tap.check("other names make other certificates, of the same CA", done.stdout.count("made ") == 4
              and contents(folder)["ca.pem"] == before["ca.pem"]
              and complaint(folder, "server", "b.test") == "", done.stdout + done.stderr)
    os.unlink(f"{folder}/ca-key.pem")
    tap.check("another CA makes anew all that it signs", make(folder, "b.test").stdout.count("made ") == 5
              and complaint(folder, "server") == "")
    with Server("--https-port", "0", "--ca-dir", folder) as server:
        port = int(server.ready.split("https://")[1].split()[0].rsplit(":", 1)[1])
        with socket.create_connection(("127.0.0.1", port), 10) as plain:
            context = ssl.create_default_context(cafile=f"{folder}/ca.pem")
            with context.wrap_socket(plain, server_hostname="localhost") as secure:
                tap.check("the server takes over the CA", secure.version() == "TLSv1.3")


def test_refusals(folder):
    for arguments, words in (([folder, "a b"], '"a b" is neither'), ([folder, ""], "neither"),
                             (["--frce"], "unknown option --frce"), (["/proc/none"], "/proc/none")):
        done = make(*arguments)
        tap.check(f"refused: {words}", done.returncode == 1 and words in done.stderr, done.stdout + done.stderr)
    tap.check("--help says how it is called", "FOLDER" in make("--help").stdout)
    make(cwd=folder)
    tap.check("without a folder it is ./out", os.path.exists(f"{folder}/out/server.pem"))
    ignored = (ROOT / ".gitignore").read_text().split()
    tap.check("which is not committed", "/out/" in ignored and "/certs/out/" in ignored)


def languages():
    """(heading, its shell block) of certs/README.md"""
    text = (ROOT / "certs/README.md").read_text()
    return re.findall(r"^## ([^\n]+)\n(?:(?!^#).)*?```sh\n(.*?)```", text, re.M | re.S)


def test_languages(folder):
    tools = {"curl": "curl", "Python": "python3", "Node": "node", "Java": "java", "Go": "go", "Ruby": "ruby",
             "PHP": "php", ".NET": "dotnet"}
    clean = {name: value for name, value in os.environ.items()
             if not name.lower().endswith("_proxy") and not name.startswith("SSL_CERT")}
    clean["GO111MODULE"] = "off"
    tap.check("every language has its lines", [name for name, _ in languages()] == list(tools)[:6] + ["PHP", ".NET"],
              [name for name, _ in languages()])
    with Server("--https-port", "0", "--ca-file", f"{folder}/ca.pem", "--log-level", "error") as server:
        address = next(word for word in server.ready.split() if word.startswith("https://"))
        for name, block in languages():
            if not shutil.which(tools[name]) or name == ".NET":
                tap.check(f"{name} # SKIP no {tools[name]} here", True)
                continue
            port = address.rsplit(":", 1)[1]
            block = block.replace("localhost:8443", f"localhost:{port}")
            done = subprocess.run(["sh", "-euc", block], cwd=folder, env=clean, capture_output=True, text=True,
                                  timeout=120)
            tap.check(f"{name} trusts it", done.returncode == 0 and re.search("200|ok", done.stdout),
                      done.stdout + done.stderr)
            bare = re.sub(r"--cacert ca.pem|\w+=ca.pem |-Djavax\S+", "", block.replace("openssl.cafile=ca.pem", "a=b"))
            without = subprocess.run(["sh", "-euc", bare.replace("keytool", ": keytool")], cwd=folder, env=clean,
                                     capture_output=True, text=True, timeout=120)
            tap.check("and without that does not", without.returncode != 0 or not without.stdout,
                      without.stdout + without.stderr)


with tempfile.TemporaryDirectory() as room:
    os.mkdir(f"{room}/refused")
    os.mkdir(f"{room}/languages")
    test_script(f"{room}/made")
    test_refusals(f"{room}/refused")
    test_languages(f"{room}/languages")
tap.end()
