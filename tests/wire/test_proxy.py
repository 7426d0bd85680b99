#!/usr/bin/env python3
"""The forward proxy as its clients meet it: tunnels that end here and tunnels that do not, who may have them, and
input that is none. Prints TAP."""
import contextlib
import json
import os
import re
import resource
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import time

from mock import PATIENCE_S, TOKEN_FORM, Server, Tap, body, status
from proxied import TOKEN, Proxied, basic, get, read_all, read_answer, read_head

tap = Tap()
# 1,000 tunnels take as many sockets of ours, and many systems let a program begin with 1,024
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
def request_of(exchange):
    return exchange["request"]["method"] + " " + exchange["request"]["target"]


@contextlib.contextmanager
def listening(serve, family=socket.AF_INET):
    """A server that is somebody else: serve(connection) for each that comes."""
    with socket.create_server(("127.0.0.1" if family == socket.AF_INET else "::1", 0), family=family) as server:
        over = threading.Event()

        def accept():
            while not over.is_set():
                with contextlib.suppress(OSError):
                    connection, _ = server.accept()
                    threading.Thread(target=one, args=(connection,), daemon=True).start()

        def one(connection):
            with connection, contextlib.suppress(OSError):
                serve(connection)

        server.settimeout(0.1)
        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        over.set()
        thread.join(10)


def echo(connection):
    connection.settimeout(20)
    while piece := connection.recv(65536):
        connection.sendall(piece)


# ---- tunnels that end here ----

def intercepted(server):
    answer = server.token()
    tap.check("a token comes through a tunnel to api.intacct.com", status(answer) == 200 and b"access_token" in answer, answer)
    kinds = [(request_of(one), one["endpoint"], one["status"]) for one in server.journal()]
    tap.check("the journal has the tunnel and the request",
              kinds == [("CONNECT api.intacct.com:443", "proxy", 200), (f"POST {TOKEN}", "token", 200)], kinds)
    with server.secure() as secured:
        cert = secured.getpeercert()
        names = [value for _, value in cert["subjectAltName"]]
        tap.check("the certificate is for that host alone", names == ["api.intacct.com"], cert)
        tap.check("HTTP/1.1 is spoken there", secured.selected_alpn_protocol() is None)
        discovery = server.ask(secured, "GET", "/.well-known/openid-configuration")
        tap.check("what it says of itself is the address that the client believes in",
                  json.loads(body(discovery))["issuer"].startswith("https://api.intacct.com"), discovery)
    http2 = ssl.create_default_context(cadata=get(server.url + "/__mock/ca.pem"))
    http2.set_alpn_protocols(["h2", "http/1.1"])
    with server.secure(trust=http2) as secured:
        tap.check("HTTP/1.1 is agreed on with who also offers HTTP/2", secured.selected_alpn_protocol() == "http/1.1")
    plain, head = server.tunnel("API.Intacct.com.:443")
    tap.check("a name in capitals, with its last dot, is the same", status(head) == 200, head)
    tap.check("the answer to CONNECT has no length", b"content-length" not in head.lower(), head)
    plain.close()
    plain, _ = server.tunnel("api.intacct.com:80")
    with plain:
        plain.sendall(b"GET /.well-known/jwks.json HTTP/1.1\r\nHost: api.intacct.com\r\n\r\n")
        answer = read_answer(plain)
        tap.check("plain HTTP in a tunnel is answered", status(answer) == 200 and b'"keys"' in answer, answer)
    plain, _ = server.tunnel("api.intacct.com:443")
    with plain:
        plain.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
        plain.shutdown(socket.SHUT_WR)
        answer = read_all(plain)
        tap.check("what is neither is refused in words", status(answer) == 400, answer)
    with server.dial() as early:
        early.sendall(b"CONNECT api.intacct.com:443 HTTP/1.1\r\n\r\nGET /.well-known/jwks.json HTTP/1.1\r\nHost: x\r\n\r\n")
        read_head(early)
        answer = read_answer(early)
        tap.check("no Host with CONNECT, and no waiting for its answer, are fine", status(answer) == 200, answer)


def absolute(server):
    answer = server.via(b"GET http://api.intacct.com/.well-known/openid-configuration HTTP/1.1\r\n"
                        b"Host: other.example\r\nConnection: close\r\n\r\n")
    tap.check("a whole URL is served, and counts instead of Host",
              status(answer) == 200 and b'"issuer":"http://api.intacct.com' in answer, answer)
    answer = server.via(b"GET https://api.intacct.com/.well-known/openid-configuration HTTP/1.1\r\n"
                        b"Host: api.intacct.com\r\nConnection: close\r\n\r\n")
    tap.check("so is one with https that comes without a tunnel",
              status(answer) == 200 and b'"issuer":"https://api.intacct.com' in answer, answer)
    answer = server.via(f"GET {server.url}/__mock/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    tap.check("the mock's own address is answered in place", status(answer) == 200, answer)
    answer = server.via(b"OPTIONS * HTTP/1.1\r\nHost: api.intacct.com\r\nConnection: close\r\n\r\n")
    tap.check("OPTIONS * is refused readably", status(answer) == 404, answer)
    at = server.journal()[-1]
    tap.check("and journalled", request_of(at) == "OPTIONS *", at)


def ordinary_ports(server):
    answer = server.raw(b"CONNECT api.intacct.com:443 HTTP/1.1\r\nHost: api.intacct.com:443\r\n\r\n", half_close=True)
    tap.check("CONNECT at an ordinary port is refused, and where to go is said",
              status(answer) == 400 and b"--proxy" in answer, answer)
    for target in ("http:///x", "http://user@api.intacct.com/", "https://api.intacct.com:0/"):
        answer = server.raw(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        tap.check(f"{target} is refused at an ordinary port", status(answer) == 400, answer)
    answer = server.raw(b"GET http://api.intacct.com/ia/api/v1/objects/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    tap.check("a whole URL is served there", status(answer) == 401, answer)
    targets = [re.sub(r"hmac:[0-9a-f]+", "HIDDEN", one["request"]["target"]) for one in server.journal()[-5:]]
    tap.check("all of it is in the journal, the user of an address hidden",
              targets == ["api.intacct.com:443", "http:///x", "http://HIDDEN@api.intacct.com/", "https://api.intacct.com:0/",
                          "/ia/api/v1/objects/x"], targets)


def by_name_at_https(server):
    ready = get(server.url + "/__mock/ready")
    port = int(ready["https"].rsplit(":", 1)[1])
    with server.trust.wrap_socket(server.dial(port), server_hostname="api.intacct.com") as secured:
        answer = server.ask(secured, "POST", TOKEN, TOKEN_FORM.replace("client_id=demo", "client_id=demo~happy-path.sni"),
                            "Content-Type: application/x-www-form-urlencoded\r\n")
        tap.check("an intercepted host is served by its name at the HTTPS port", status(answer) == 200, answer)
    tap.check("its sandbox is that of the client id", len(server.journal("happy-path.sni")) == 1)
    try:
        server.trust.wrap_socket(server.dial(port), server_hostname="www.intacct.com").close()
        tap.check("another host has no certificate there", False)
    except ssl.SSLCertVerificationError as error:
        tap.check("another host has no certificate there", "www.intacct.com" in str(error), error)


# ---- whose sandbox ----

def sandboxes(server):
    with server.secure(headers=basic("access-token-expired.one")) as one, \
            server.secure(headers=basic("happy-path.two")) as two:
        first = server.ask(one, "POST", TOKEN, TOKEN_FORM, "Content-Type: application/x-www-form-urlencoded\r\n")
        second = server.ask(two, "POST", TOKEN, TOKEN_FORM, "Content-Type: application/x-www-form-urlencoded\r\n")
        bearer = "Authorization: Bearer {}\r\n".format
        foreign = bearer(json.loads(body(first))["access_token"])
        own = bearer(json.loads(body(second))["access_token"])
        calls = [server.ask(two, "GET", "/ia/api/v1/objects/accounts-payable/vendor", headers=header)
                 for header in (own, foreign)]
    tap.check("two sandboxes are told apart by the proxy's user", status(calls[0]) == 200 and
              b"token-bad-signature" in calls[1], calls)
    tap.check("each has its own journal", len(server.journal("access-token-expired.one")) == 2 and
              len(server.journal("happy-path.two")) == 4)
    answer = server.tunnel("api.intacct.com:443", basic("no-such-scenario.x"))[1]
    tap.check("a user that is no sandbox is refused", status(answer) == 404 and b"scenario-unknown" in answer, answer)
    for header in ("Proxy-Authorization: Bearer x", "Proxy-Authorization: Basic !", basic("").rstrip()):
        answer = server.tunnel("api.intacct.com:443", header + "\r\n")[1]
        tap.check(f"{header} is asked for again", status(answer) == 407 and b"Proxy-Authenticate: Basic" in answer, answer)
    for what, headers, why in (("two users", basic("happy-path.two") + basic("happy-path.three"), b"2 Proxy-Authorization headers"),
                               ("the same user twice", basic("happy-path.two") * 2, b"2 Proxy-Authorization headers"),
                               ("a user of 65 characters", basic("happy-path." + "x" * 54), b"has 65 characters"),
                               ("an empty header", "Proxy-Authorization:\r\n", b"is not Basic"),
                               ("no base64", "Proxy-Authorization: Basic !\r\n", b"not base64"),
                               ("no user", basic(""), b"names no user")):
        answer = server.tunnel("api.intacct.com:443", headers)[1]
        tap.check(f"{what}: what is wrong is said", status(answer) == 407 and why in answer and b"SANDBOX@" in answer, answer)
    answer = server.tunnel("api.intacct.com:443", basic("happy-path." + "x" * 53))[1]
    tap.check("a user of 64 characters is a sandbox", status(answer) == 200, answer)


def own_ports(server):
    made = get(server.url + "/__mock/sandboxes", {"scenario": "happy-path", "proxy": True})
    port = int(made["proxy"].rsplit(":", 1)[1])
    tap.check("a sandbox has a proxy of its own", status(server.token(port=port)) == 200)
    tap.check("which needs no user", len(server.journal(made["name"])) == 2)
    again = get(server.url + "/__mock/sandboxes/" + made["name"])
    tap.check("and stays where it is", again["proxy"] == made["proxy"], again)
    kept = server.secure(port=port)
    get(server.url + "/__mock/sandboxes/" + made["name"], method="DELETE")
    deadline = time.monotonic() + 20
    refused = False
    while not refused and time.monotonic() < deadline:
        try:
            server.dial(port).close()
        except ConnectionRefusedError:
            refused = True
    tap.check("it is closed with the sandbox", refused)
    with kept:
        answer = server.ask(kept, "GET", "/.well-known/jwks.json")
        tap.check("what was open says that the sandbox is gone", status(answer) == 404 and b"is gone" in answer, answer)
    ports = [get(server.url + "/__mock/sandboxes", {"scenario": "happy-path", "proxy": True}) for _ in range(30)]
    tap.check("many have one at once", len({one["proxy"] for one in ports}) == 30)
    for one in ports:
        get(server.url + "/__mock/sandboxes/" + one["name"], method="DELETE")


def own_port_without_certificates():
    with Server() as server:
        answer = server.request("POST", "/__mock/sandboxes", '{"proxy": true}')
        tap.check("without certificates there is no proxy, and why is said",
                  status(answer) == 400 and b"--proxy" in answer and b'"field":"proxy"' in answer, answer)


# ---- handshakes that come to nothing ----

def last_cause(server, cause):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        found = server.journal(query=f"?cause={cause}")
        if found:
            return found[-1]["evidence"]
    return ""


def distrust(server):
    try:
        server.secure(trust=ssl.create_default_context())
        tap.check("who does not trust our CA has no connection", False)
    except ssl.SSLCertVerificationError:
        tap.check("who does not trust our CA has no connection", True)
    evidence = last_cause(server, "tls-handshake-failed")
    tap.check("the journal says so, and what to do", "does not trust our CA" in evidence and "SSL_CERT_FILE" in evidence, evidence)
    get(server.url + "/__mock/sandboxes/default/reset", {})
    try:
        server.secure(name="localhost")
        tap.check("another name in the handshake is refused", False)
    except ssl.SSLError as error:
        tap.check("another name in the handshake is refused", "UNRECOGNIZED_NAME" in str(error), error)
    evidence = last_cause(server, "tls-handshake-failed")
    tap.check("both names are told", "api.intacct.com" in evidence and "localhost" in evidence, evidence)
    get(server.url + "/__mock/sandboxes/default/reset", {})
    server.secure().close()
    evidence = last_cause(server, "tls-handshake-failed")
    tap.check("who leaves after the handshake is told of too", "pinning" in evidence, evidence)
    get(server.url + "/__mock/sandboxes/default/reset", {})


# ---- other hosts ----

def others(server):
    answer = server.via(b"CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n")
    tap.check("another host is refused, and how to let it through is said", status(answer) == 403 and
              b"example.org" in body(answer) and b"--proxy-others pass" in body(answer), answer)
    answer = server.via(b"GET http://example.org/ HTTP/1.1\r\nHost: example.org\r\n\r\n")
    tap.check("so is one with a whole URL", status(answer) == 403 and b"--proxy-others pass" in body(answer), answer)
    for host in ("evil-api.intacct.com", "api.intacct.com.example.org", "intacct.com", "api.intacct.con"):
        answer = server.via(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        tap.check(f"{host} is another host", status(answer) == 403, answer)
    with listening(echo) as port:
        plain, head = server.tunnel(f"127.0.0.1:{port}")
        with plain:
            plain.sendall(b"hello")
            tap.check("the loopback passes, for a client on it", status(head) == 200 and plain.recv(5) == b"hello", head)
    plain, head = server.tunnel(server.url.removeprefix("http://"))
    with plain:
        plain.sendall(b"GET /__mock/health HTTP/1.1\r\nHost: x\r\n\r\n")
        tap.check("a tunnel to the mock itself ends here", status(head) == 200 and status(read_answer(plain)) == 200, head)


def serve_once(connection):
    connection.settimeout(20)
    head = read_head(connection)
    length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    content = b""
    while len(content) < length:
        content += connection.recv(65536)
    told = head + content
    connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(told) + told)


def passed(server):
    with listening(serve_once) as port:
        answer = server.via(f"POST http://localhost:{port}/a?b HTTP/1.1\r\nHost: x\r\nProxy-Authorization: {basic('happy-path.p')[21:]}"
                            "X-Own: 1\r\nX-Hop: 2\r\nConnection: x-hop, host\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n".encode())
        told = body(answer)
        tap.check("a request for somebody else is sent on as its server wants it",
                  told.startswith(b"POST /a?b HTTP/1.1\r\n") and told.endswith(b"\r\n\r\nabc") and b"X-Own: 1" in told and
                  f"Host: localhost:{port}".encode() in told, answer)
        tap.check("without what is the proxy's, or what Connection names for this connection alone",
                  not any(word in told.lower() for word in (b"proxy-", b"chunked", b"x-hop")), answer)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    answer = server.via(f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    tap.check("where nobody listens is told", status(answer) == 502 and b"refused" in answer, answer)
    answer = server.via(b"CONNECT no-such-host.invalid:443 HTTP/1.1\r\nHost: x\r\n\r\n")
    tap.check("so is a name that does not exist", status(answer) == 502 and b"no-such-host.invalid" in answer, answer)
    answer = server.via(b"GET https://example.invalid/ HTTP/1.1\r\nHost: x\r\n\r\n")
    tap.check("https without a tunnel is not spoken for others", status(answer) == 403 and b"CONNECT" in body(answer), answer)


def much(server):
    """50 MB there and back, slower than they come; each side may end before the other."""
    size = 50 * 1024 * 1024
    with listening(echo) as port:
        plain, _ = server.tunnel(f"127.0.0.1:{port}")
        block = os.urandom(1 << 16)
        got = 0
        wrong = []

        def send():
            for _ in range(size // len(block)):
                plain.sendall(block)
            plain.shutdown(socket.SHUT_WR)

        sender = threading.Thread(target=send)
        sender.start()
        with plain:
            while piece := plain.recv(1 << 16):
                at = got % len(block)
                if (block + block)[at:at + len(piece)] != piece:
                    wrong.append(got)
                got += len(piece)
            sender.join(60)
        tap.check("50 MB go through a tunnel and back, whole", got == size and not wrong, f"{got} of {size}, {wrong[:3]}")

    def reset(connection):
        connection.recv(1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with listening(reset) as port:
        plain, _ = server.tunnel(f"127.0.0.1:{port}")
        with plain:
            plain.sendall(b"x" * 10)
            try:
                tap.check("a reset of the server is one for the client", plain.recv(1) == b"reset")
            except ConnectionResetError:
                tap.check("a reset of the server is one for the client", True)
    try:
        with listening(echo, socket.AF_INET6) as port:
            plain, head = server.tunnel(f"[::1]:{port}")
            with plain:
                plain.sendall(b"six")
                tap.check("IPv6 addresses are passed to", status(head) == 200 and plain.recv(3) == b"six", head)
    except OSError as error:
        print(f"# no IPv6 here: {error}")


# ---- bad input ----

def garbage(server):
    targets = {"no port": "api.intacct.com", "port 0": "api.intacct.com:0", "port 65536": "api.intacct.com:65536",
               "a port that is a word": "api.intacct.com:https", "dots": "..:443", "two dots": "api..intacct.com:443",
               "nothing before the port": ":443", "a path": "/:443", "a URL": "https://api.intacct.com:443",
               "a user": "a@api.intacct.com:443", "an open bracket": "[::1:443", "no address in brackets": "[zz]:443",
               "an odd address": "0x7f.1:443", "a number as address": "2130706433:443", "NUL as %00": "api.intacct.com%00:443",
               "8 kB": "a" * 8192 + ":443", "8 kB of labels": "a." * 4096 + "com:443", "a minus": "api.intacct.com:-443",
               "a plus": "api.intacct.com:+443", "spaces escaped": "api.intacct.com:%34%34%33"}
    for what, target in targets.items():
        answer = server.via(f"CONNECT {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        tap.check(f"CONNECT with {what} is refused", status(answer) == 400, answer[:400])
    answer = server.via(b"\x16\x03\x01\x02\x00\x01" + os.urandom(200))
    tap.check("TLS at the proxy's port is refused in words", status(answer) == 400 and b"TLS" in answer, answer[:400])
    tap.check("and after all that it still answers", status(server.token()) == 200)


def left_open(server):
    """1,000 tunnels that are opened and left, and then all the same a token."""
    kept = []
    for _ in range(1000):
        plain, head = server.tunnel("api.intacct.com:443")
        kept.append((plain, status(head)))
    tap.check("1,000 tunnels are opened", all(code == 200 for _, code in kept))
    tap.check("and beside them there are tokens", status(server.token()) == 200)
    ended = read_all(kept[0][0])
    tap.check("one that sends nothing ends by itself", ended == b"", ended)
    for plain, _ in kept:
        plain.close()


def memory(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(next(line for line in file if line.startswith("VmRSS")).split()[1])


def wildcards():
    with Proxied("--intercept", "*.example.org,api.intacct.com") as server:
        before = memory(server.process.pid) if os.path.exists("/proc") else 0
        for n in range(600):
            server.secure(host=f"h{n}.example.org").close()
        grown = memory(server.process.pid) - before if before else 0
        tap.check("600 hosts have each a certificate, and few are kept", grown < 20000, f"{grown} kB more")
        answer = server.tunnel("example.org:443")[1]
        tap.check("*.example.org is not example.org", status(answer) == 403, answer)


# ---- options ----

def options():
    for arguments, why in ((("--proxy", "0", "--intercept", "https://api.intacct.com"), "names without scheme"),
                           (("--proxy", "x"), "--proxy"), (("--proxy", "0", "--proxy-others", "perhaps"), "refuse")):
        run = subprocess.run([os.environ.get("INTACCT_MOCK", "build/intacct-mock"), "serve", "--port", "0", "--https-port",
                              "none", *arguments], capture_output=True, text=True, timeout=20)
        tap.check(f"{' '.join(arguments)} is refused", run.returncode in (2, 3) and why in run.stderr, run.stderr)
    with tempfile.TemporaryDirectory() as folder, Proxied("--port-file", f"{folder}/ready") as server:
        with open(f"{folder}/ready", encoding="ascii") as file:
            tap.check("the port file has the proxy", json.load(file)["proxy"] == server.proxy)
    with Proxied(env={"INTACCT_MOCK_INTERCEPT": "sage.test"}) as server:
        tap.check("the hosts come from the environment too", status(server.tunnel("sage.test:443")[1]) == 200)
        hosts = get(server.url + "/__mock/ready")["intercept"]
        tap.check("the ready document has them, and the one that scenarios redirect to", hosts == "sage.test,elsewhere.invalid", hosts)
    with Proxied("--intercept", "one.test,*.two.test") as server:
        answer = server.tunnel("three.test:443")[1]
        tap.check("who is refused is told all hosts that are not", b"answers for one.test,*.two.test and" in answer, answer)
    with Server("--https-port", "none") as server:
        tap.check("without certificates there are none", "intercept" not in get(server.url + "/__mock/ready"))


with Proxied("--https-port", "0") as mock:
    for suite in (intercepted, absolute, ordinary_ports, by_name_at_https, sandboxes, own_ports, distrust, others, garbage,
                  left_open):
        get(mock.url + "/__mock/sandboxes/default/reset", {})
        suite(mock)
    ended, took = mock.stop()
    tap.check("a stop does not wait for open tunnels", ended == 0 and took < PATIENCE_S, f"{ended}, {took:.2f} s")
with Proxied("--proxy-others", "pass") as mock:
    passed(mock)
    much(mock)
own_port_without_certificates()
wildcards()
options()
tap.end()
