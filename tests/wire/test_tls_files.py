#!/usr/bin/env python3
"""Certificates in files: the CA that is written and the one that stays, a certificate of one's own,
certificates of clients, and who speaks the wrong protocol to a port. Prints TAP."""
import concurrent.futures
import os
import re
import shutil
import socket
import ssl
import stat
import subprocess
import tempfile

from mock import PROGRAM, ROOT, Server, Tap

tap = Tap()


def port_of(server):
    return int(server.ready.split("https://")[1].split()[0].rsplit(":", 1)[1])


def visit(port, ca, pair=None, version=None):
    """What a client that trusts `ca` gets, or the error it has."""
    context = ssl.create_default_context(cafile=ca)
    if pair:
        context.load_cert_chain(*pair)
    if version:
        context.maximum_version = version
    try:
        with socket.create_connection(("127.0.0.1", port), 10) as plain:
            with context.wrap_socket(plain, server_hostname="localhost") as secure:
                secure.sendall(b"GET /__mock/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                return b"".join(iter(lambda: secure.recv(65536), b"")).decode()
    except OSError as error:
        return str(error)


def well(answer):
    return answer.startswith("HTTP/1.1 200 ")


def refused(title, options, *words):
    """That it does not start, says these words in one line, and exits with 3."""
    done = subprocess.run([PROGRAM, "--port", "0", "--https-port", "0", *options], capture_output=True, text=True,
                          timeout=10)
    missing = [word for word in words if word not in done.stderr]
    tap.check(title, done.returncode == 3 and not missing and len(done.stderr.splitlines()) == 1
              and "PRIVATE KEY" not in done.stderr.replace("BEGIN PRIVATE KEY", ""), f"{missing} {done.stderr}")


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def self_signed(folder, name, *more):
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
            "-days", "30", "-keyout", f"{folder}/{name}-key.pem", "-out", f"{folder}/{name}.pem", *more)
    return f"{folder}/{name}.pem", f"{folder}/{name}-key.pem"


def expired_ca(folder, made):
    """The certificate of a CA that ended in 2021: what make-certs.sh signs, as a CA."""
    os.mkdir(folder)
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
            "/O=old/CN=old", "-keyout", f"{folder}/ca-key.pem", "-out", f"{folder}/csr")
    open(f"{folder}/index.txt", "w").close()
    subprocess.run(["openssl", "ca", "-batch", "-notext", "-config", ROOT / "certs/openssl.cnf", "-extensions",
                    "authority", "-selfsign", "-keyfile", f"{folder}/ca-key.pem", "-in", f"{folder}/csr", "-out",
                    f"{folder}/ca.pem", "-startdate", "20200101000000Z", "-enddate", "20210101000000Z"],
                   check=True, capture_output=True,
                   env={**os.environ, "FOLDER": folder, "NAMES": "DNS:x", "COMMON_NAME": "x"})


def test_ca_file(folder):
    ca = f"{folder}/ca.pem"
    open(ca, "w").write("of old")
    with Server("--https-port", "0", "--ca-file", ca) as server:
        written = open(ca).read()
        tap.check("--ca-file holds the CA when the server is ready", well(visit(port_of(server), ca)), written)
        served = server.request("GET", "/__mock/ca.pem").partition(b"\r\n\r\n")[2].decode()
        tap.check("the same as /__mock/ca.pem", served == written, served)
        refused("a second server on the same port", ["--https-port", str(port_of(server)), "--ca-file", ca], "--https-port")
        tap.check("which leaves the file of the first alone", open(ca).read() == written)
        tap.check("no private key, and nothing half made", written.count("BEGIN") == 1
                  and "CERTIFICATE" in written and os.listdir(folder) == ["ca.pem"], os.listdir(folder))
    refused("a CA file where none can be written", ["--ca-file", f"{folder}/no/ca.pem"], "--ca-file", "No such file")
    if os.path.exists("/dev/full"):
        refused("a CA file in a place that is no folder", ["--ca-file", "/dev/full/ca.pem"], "Not a directory")
    refused("a CA file without HTTPS", ["--https-port", "none", "--ca-file", ca], "--ca-file", "--https-port")


def test_ca_dir(folder):
    kept = f"{folder}/kept"
    for what in ("makes the CA", "uses it again"):
        with Server("--https-port", "0", "--ca-dir", kept) as server:
            ca = open(f"{kept}/ca.pem").read()
            tap.check(f"--ca-dir {what}", well(visit(port_of(server), f"{kept}/ca.pem")))
            if what == "makes the CA":
                first = ca
    tap.check("the CA is the same after a restart", ca == first)
    modes = {name: oct(stat.S_IMODE(os.stat(f"{kept}/{name}").st_mode)) for name in sorted(os.listdir(kept))}
    tap.check("nobody else may read it", modes == {"ca-key.pem": "0o600", "ca.pem": "0o600"}, modes)

    def start(_):
        with Server("--https-port", "0", "--ca-dir", f"{folder}/race") as server:
            return well(visit(port_of(server), f"{folder}/race/ca.pem"))
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        tap.check("eight that start at once have the same CA", all(pool.map(start, range(8))))

    shutil.copytree(kept, f"{folder}/mixed")
    shutil.copy(f"{folder}/race/ca-key.pem", f"{folder}/mixed/ca-key.pem")
    refused("a CA whose key is another's", ["--ca-dir", f"{folder}/mixed"], "does not belong", "ca-key.pem", "remove both")
    os.unlink(f"{folder}/mixed/ca-key.pem")
    refused("a CA without its key", ["--ca-dir", f"{folder}/mixed"], "no private key", "ca-key.pem")
    open(f"{folder}/mixed/ca-key.pem", "w").write("nonsense")
    refused("a key that is none", ["--ca-dir", f"{folder}/mixed"], "ca-key.pem", "BEGIN PRIVATE KEY")
    expired_ca(f"{folder}/old", kept)
    refused("an expired CA, since when", ["--ca-dir", f"{folder}/old"], "expired at 2021-01-01T00:00:00Z", "ca.pem")
    os.mkdir(f"{folder}/leaf")
    for end in ("", "-key"):
        shutil.copy(f"{folder}/made/server{end}.pem", f"{folder}/leaf/ca{end}.pem")
    refused("a certificate that is no CA's", ["--ca-dir", f"{folder}/leaf"], "not one of a CA")
    refused("a folder that cannot be made", ["--ca-dir", f"{folder}/no/where"], "--ca-dir", "No such file")
    refused("a folder that is a file", ["--ca-dir", f"{kept}/ca.pem"], "Not a directory")


def test_own_certificate(folder):
    made = f"{folder}/made"
    pair = ("--cert", f"{made}/server.pem", "--key", f"{made}/server-key.pem")
    with Server("--https-port", "0", *pair, "--log-level", "info") as server:
        tap.check("a certificate of one's own is shown", well(visit(port_of(server), f"{made}/ca.pem")))
        context = ssl.create_default_context(cafile=f"{made}/ca.pem")
        for name, words in (("untrusted.localhost", "unable to get local issuer"), ("abort.localhost", "EOF"),
                            ("expired.localhost", "UNRECOGNIZED_NAME")):
            try:
                with socket.create_connection(("127.0.0.1", port_of(server)), 10) as plain:
                    context.wrap_socket(plain, server_hostname=name).close()
                said = ""
            except OSError as error:
                said = str(error)
            tap.check(f"with it {name} gives {words}", words in said, said)
        server.process.terminate()
        log = server.process.stderr.read()
        tap.check("the log says why it cannot be expired", "TLS fault not possible" in log and "--cert" in log, log)
    key = f"{made}/server-key.pem"
    refused("a certificate that is not there", ["--cert", f"{made}/x.pem", "--key", key], "x.pem", "No such file")
    refused("a key that is not there", ["--cert", pair[1], "--key", f"{made}/x.pem"], "x.pem", "No such file")
    refused("a key of another", ["--cert", pair[1], "--key", f"{made}/wrong-host-key.pem"], "does not belong")
    refused("an expired one, since when", ["--cert", f"{made}/expired.pem", "--key", f"{made}/expired-key.pem"],
            "expired at 2021-01-01T00:00:00Z", "renew")
    refused("one that is not valid yet", ["--cert", f"{made}/not-yet-valid.pem", "--key",
                                          f"{made}/not-yet-valid-key.pem"], "not valid before 2045-01-01T00:00:00Z")
    for option, value in (("--ca-file", f"{folder}/x"), ("--ca-dir", f"{folder}/x"), ("--cert-name", "a.test")):
        refused(f"{option} beside --cert", [*pair, option, value], option, "leave one of the two out")
    tap.check("of that nothing is left", not os.path.exists(f"{folder}/x"))
    refused("a name that is none", ["--cert-name", "a.test,b test"], '"b test"', "DNS name")
    refused("too many names", ["--cert-name", ",".join(f"n{i}.test" for i in range(65))], "at most 64")


def test_client_certificates(folder):
    trusted, stranger = self_signed(folder, "partner"), self_signed(folder, "stranger")
    ca = f"{folder}/mtls.pem"
    with Server("--https-port", "0", "--ca-file", ca, "--client-ca", trusted[0], "--log-level", "info") as server:
        port = port_of(server)
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            tap.check(f"{version.name}: a client with a certificate gets in", well(visit(port, ca, trusted, version)))
            said = visit(port, ca, None, version)
            tap.check("one without is refused", "alert" in said.lower(), said)
            said = visit(port, ca, stranger, version)
            tap.check("and so is a stranger", "alert unknown ca" in said.lower(), said)
        tap.check("plain HTTP is not concerned", well(server.request("GET", "/__mock/health").decode()))
        server.process.terminate()
        log = server.process.stderr.read()
        tap.check("the log says that there was none", "peer did not return a certificate" in log, log)
        tap.check("or what was wrong with it, and whose it was", re.search(
            "client certificate refused.*self-signed certificate.*CN=stranger", log), log)
    refused("a client CA that is not there", ["--client-ca", f"{folder}/x.pem"], "x.pem", "No such file")
    refused("one that is none", ["--client-ca", trusted[1]], "partner-key.pem", "BEGIN CERTIFICATE")
    refused("one that expired", ["--client-ca", f"{folder}/made/expired.pem"], "expired at 2021", "--client-ca")
    refused("a client CA without HTTPS", ["--https-port", "none", "--client-ca", trusted[0]], "--client-ca",
            "--https-port")


def test_wrong_protocol():
    with Server("--https-port", "0", "--log-level", "info") as server:
        with socket.create_connection(("127.0.0.1", port_of(server)), 10) as plain:
            plain.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            answer = b"".join(iter(lambda: plain.recv(65536), b"")).decode()
        tap.check("HTTP at the HTTPS port is told to say https", answer.startswith("HTTP/1.1 400 ")
                  and "https://" in answer, answer)
        with socket.create_connection(("127.0.0.1", server.port), 10) as plain:
            try:
                ssl.create_default_context().wrap_socket(plain, server_hostname="localhost")
                said = ""
            except OSError as error:
                said = str(error)
        tap.check("TLS at the HTTP port ends at once", "wrong version number" in said.lower()
                  or "record" in said.lower(), said)
        server.process.terminate()
        log = server.process.stderr.read()
        tap.check("the log says what each was", "http request" in log and "TLS at the HTTP port" in log, log)


with tempfile.TemporaryDirectory() as room:
    subprocess.run([ROOT / "certs/make-certs.sh", f"{room}/made"], check=True, capture_output=True)
    os.mkdir(f"{room}/file")
    test_ca_file(f"{room}/file")
    test_ca_dir(room)
    test_own_certificate(room)
    test_client_certificates(room)
    test_wrong_protocol()
tap.end()
