#!/usr/bin/env python3
"""HTTPS with only the CA given, and the faults that a client chooses by the name it connects to:
each is told by a real client (curl, Python, Node) as what it is. Prints TAP."""
import concurrent.futures
import json
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import warnings

from mock import PROGRAM, Server, Tap

# name before a good one: what curl exits with, and what curl, Python and Node say of it
FAULTS = {
    "expired": (60, "has expired", "certificate has expired", "CERT_HAS_EXPIRED"),
    "not-yet-valid": (60, "not yet valid", "not yet valid", "CERT_NOT_YET_VALID"),
    "wrong-host": (60, "does not match|no alternative certificate subject name matches",
                   "Hostname mismatch", "ERR_TLS_CERT_ALTNAME_INVALID"),
    "untrusted": (60, "unable to get local issuer", "unable to get local issuer",
                  "UNABLE_TO_VERIFY_LEAF_SIGNATURE"),
    "old-protocol": (35, "protocol", "PROTOCOL", "PROTOCOL_VERSION"),
    "abort": (35, "SSL_ERROR_SYSCALL|unexpected eof|reset", "EOF|reset", "ECONNRESET"),
}
# what `explain` calls it where that is not certificate-NAME; of Node's abort it knows no more than the reset
EXPLAINED = {"old-protocol": {"tls-version"}, "abort": {"tls-failed", "connection-closed"}}
NODE = """
const [, name, port] = process.argv;
const socket = require('tls').connect({host: '127.0.0.1', port: +port, servername: name},
    () => { console.log(socket.getProtocol()); socket.end(); });
socket.on('error', error => console.log(error.code, error.message));
"""
tap = Tap()


def says(text, alternatives):
    return any(words.lower() in text.lower() for words in alternatives.split("|"))


def curl(name, port, ca, *options):
    """TLS 1.2 at least: left alone, curl takes TLS 1.1 on some systems, and old-protocol serves who does."""
    return subprocess.run(
        ["curl", "-sS", "--tlsv1.2", "--cacert", ca, "--connect-to", f"::127.0.0.1:{port}", "-w", "%{http_code}",
         "-o", os.devnull, *options, f"https://{name}/__mock/health"],
        capture_output=True, text=True, timeout=30)


def greet(name, port, ca, version=None, session=None, context=None):
    """(version, session was used again, session, what the server sent), or an exception."""
    context = context or ssl.create_default_context(cafile=ca)
    if version:
        context.minimum_version = context.maximum_version = version
    with socket.create_connection(("127.0.0.1", port), 10) as plain:
        with context.wrap_socket(plain, server_hostname=name, session=session) as secure:
            secure.sendall(b"GET /__mock/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            answer = b"".join(iter(lambda: secure.recv(65536), b""))
            return secure.version(), secure.session_reused, secure.session, answer


def complaint(name, port, ca, **more):
    """What Python says, or "" when it is content."""
    try:
        greet(name, port, ca, **more)
    except OSError as error:
        return str(error)
    return ""


def node(name, port, ca):
    return subprocess.run(["node", "-e", NODE, name, str(port)], capture_output=True, text=True,
                          timeout=30, env={**os.environ, "NODE_EXTRA_CA_CERTS": ca}).stdout


def explained(said):
    done = subprocess.run([PROGRAM, "explain", "--json", "-"], input=said, capture_output=True, text=True, timeout=30)
    return json.loads(done.stdout).get("transport", {}).get("id")


def https_port(server):
    return int(next(word for word in server.ready.split() if word.startswith("https://")).rsplit(":", 1)[1])


def test_good_names(port, ca):
    host = socket.gethostname()
    for name in ("localhost", "intacct-mock", "127.0.0.1", "a.test", "public.test", host):
        done = curl(name, port, ca)
        tap.check(f"curl reaches {name if name != host else 'the name of this machine'}",
                  done.returncode == 0 and done.stdout == "200", done.stdout + done.stderr)
    tap.check("but not a name the certificate is not for", curl("other.test", port, ca).returncode == 60)
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        spoken, _, _, answer = greet("localhost", port, ca, version)
        tap.check(f"{version.name} is spoken", spoken.replace(".", "_") == version.name
                  and b" 200 " in answer.splitlines()[0], (spoken, answer))


def test_sessions(port, ca):
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = ssl.create_default_context(cafile=ca)
        _, first, session, _ = greet("localhost", port, ca, version, context=context)
        _, second, _, answer = greet("localhost", port, ca, session=session, context=context)
        tap.check(f"a session of {version.name} resumes", not first and second and b" 200 " in answer)
        said = complaint("expired.localhost", port, ca, session=session, context=context)
        tap.check("but not at a name with a fault", "expired" in said, said)


def test_faults(port, ca):
    for label, (status, of_curl, of_python, of_node) in FAULTS.items():
        for name in (f"{label}.localhost", f"{label}.a.test"):
            done = curl(name, port, ca)
            tap.check(f"curl is told at {name}", done.returncode == status and says(done.stderr, of_curl),
                      f"{done.returncode} {done.stderr}")
            said = complaint(name, port, ca)
            tap.check("and Python", says(said, of_python), said)
            if shutil.which("node"):
                said = node(name, port, ca)
                tap.check("and Node", of_node in said, said)
    for label in ("expired", "not-yet-valid", "wrong-host", "untrusted"):
        said = complaint(f"{label}.localhost", port, ca, version=ssl.TLSVersion.TLSv1_2)
        tap.check(f"{label} fails with TLS 1.2 as well", says(said, FAULTS[label][2]), said)
        done = curl(f"{label}.localhost", port, ca, "-k")
        tap.check("and who does not look gets through", done.stdout == "200", done.stdout + done.stderr)
    done = curl("EXPIRED.Localhost", port, ca)
    tap.check("case does not matter", done.returncode == 60 and "expired" in done.stderr, done.stderr)
    tap.check("a label before a name that is not ours is no fault",
              complaint("abort.other.test", port, ca) and "EOF" not in complaint("abort.other.test", port, ca))


def test_explained(port, ca):
    """Whoever pastes what his client said is told the fault that was chosen."""
    for label in FAULTS:
        name, wanted = f"{label}.localhost", EXPLAINED.get(label, {f"certificate-{label}"})
        said = [curl(name, port, ca).stderr, f"ssl.SSLError: {complaint(name, port, ca)}"]
        if shutil.which("node"):
            said.append(f"Error: {node(name, port, ca)}")
        found = [explained(text) for text in said]
        tap.check(f"explain knows {label} by the words of each client", set(found) <= wanted, (found, said))


def test_many_at_once(port, ca):
    names = ["localhost", *(f"{label}.localhost" for label in FAULTS)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        said = list(pool.map(lambda i: complaint(names[i % len(names)], port, ca), range(20 * len(names))))
    wrong = {(names[i % len(names)], words) for i, words in enumerate(said)
             if not says(words, ["", *(fault[2] for fault in FAULTS.values())][i % len(names)])
             or bool(words) != bool(i % len(names))}
    tap.check("many at once each have their own", not wrong, wrong)


def test_old_protocol(port, ca):
    context = ssl.create_default_context(cafile=ca)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        spoken, _, _, answer = greet("old-protocol.localhost", port, ca, context=context)
        tap.check("a client that still speaks TLS 1.1 gets through", spoken == "TLSv1.1" and b" 200 " in answer,
                  (spoken, answer))
        context.set_ciphers("kRSA:@SECLEVEL=1")  # no signature of TLS 1.1 is allowed at this level
        spoken, _, _, answer = greet("old-protocol.localhost", port, ca, context=context)
        tap.check("also one that takes no signature by SHA-1: nothing but the protocol keeps it away",
                  spoken == "TLSv1.1" and b" 200 " in answer, (spoken, answer))
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        spoken, _, _, _ = greet("localhost", port, ca, context=context)
        tap.check("at a good name it is given a new one", spoken == "TLSv1.3", spoken)
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        said = complaint("localhost", port, ca, context=context)
        tap.check("or nothing", "PROTOCOL" in said.upper(), said)


with tempfile.TemporaryDirectory() as folder:
    ca_file = f"{folder}/ca.pem"
    with Server("--https-port", "0", "--ca-file", ca_file, "--cert-name", "a.test, 10.9.8.7", "--public-url",
                "https://public.test:8443/", "--log-level", "error") as server:
        test_good_names(https_port(server), ca_file)
        test_sessions(https_port(server), ca_file)
        test_faults(https_port(server), ca_file)
        test_explained(https_port(server), ca_file)
        test_old_protocol(https_port(server), ca_file)
        test_many_at_once(https_port(server), ca_file)
        tap.check("after all that the server is well", curl("localhost", https_port(server), ca_file).stdout == "200")
    tap.check("the CA file stays when the server has gone", os.path.exists(ca_file))
tap.end()
