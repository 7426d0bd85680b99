#!/usr/bin/env python3
"""The control API through the forward proxy: who is on this machine reaches its port, in a tunnel or by a whole URL;
who comes from elsewhere does not, whatever the port is called. Prints TAP."""
import contextlib
import json
import socket

from mock import Tap, body, status
from proxied import Proxied, get, read_answer

tap = Tap()
# names of the loopback that the proxy knows by themselves, and others that lead to this machine
LOOPBACK = ("127.0.0.1", "localhost", "LOCALHOST.", "a.localhost", "127.1.2.3", "[::1]", "[0:0:0:0:0:0:0:1]")
OWN_NAME = socket.gethostname()
DETOURS = ("0.0.0.0", "[::]", "[::ffff:127.0.0.1]", *(() if OWN_NAME.lower().endswith("localhost") else (OWN_NAME,)))
# some resolvers read these as addresses of the loopback; to the proxy they name no host, whoever asks
NO_HOSTS = ("127.1", "2130706433", "0x7f.0.0.1", "0177.0.0.1", "127%2e0.0.1", "%31%32%37.0.0.1")
SANDBOXES = "/__mock/sandboxes"


def another_address():
    """One of this machine that is not the loopback: who comes from it is to the server like another machine. None where
    there is no network. Connecting a UDP socket sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
        probe.connect(("192.0.2.1", 9))
        return probe.getsockname()[0]
    return None


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as spare:
        return spare.getsockname()[1]


def whole_url(server, authority, path=SANDBOXES, **where):
    return server.via(f"GET http://{authority}{path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n".encode(), **where)


def in_tunnel(server, authority, target=SANDBOXES, host="x", **where):
    """What a tunnel to the authority answers; the answer to CONNECT where there is no tunnel."""
    plain, head = server.tunnel(authority, **where)
    with plain:
        if status(head) != 200:
            return head + plain.recv(65536)
        plain.sendall(f"GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        return read_answer(plain)


def served(answer):
    return status(answer) == 200 and b'"sandboxes"' in answer


# ---- from this machine ----

def local(server, control):
    for host in LOOPBACK:
        answers = whole_url(server, f"{host}:{control}"), in_tunnel(server, f"{host}:{control}")
        tap.check(f"{host} and the control port: a whole URL and a tunnel reach the control API alike",
                  all(map(served, answers)), answers)
    for host in (*DETOURS, *NO_HOSTS):
        answers = whole_url(server, f"{host}:{control}"), in_tunnel(server, f"{host}:{control}")
        tap.check(f"{host} leads there in neither way", [status(one) for one in answers] == [400 if host in NO_HOSTS else 403] * 2, answers)
    answer = in_tunnel(server, f"127.0.0.1:{control}", "/ia/api/v1/objects/x")
    tap.check("and there is nothing else there, as at the port itself", status(answer) == 404 and b"/__mock" in answer, answer)
    answer = in_tunnel(server, server.url.removeprefix("http://"))
    tap.check("a tunnel to the API's port does not reach it", status(answer) == 404 and b"path-unknown" in answer, answer)
    with server.dial() as kept:
        kept.sendall(f"GET http://127.0.0.1:{control}{SANDBOXES} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        first = read_answer(kept)
        kept.sendall(f"GET http://api.intacct.com{SANDBOXES} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        second = read_answer(kept)
    tap.check("nor does the next request of a connection that has asked it", served(first) and status(second) == 404, second)


# ---- from elsewhere ----

def refused(server, answer, authority):
    at = server.journal()[-1]
    return (status(answer) == 403 and b"proxy-host-refused" in answer and b"this machine" in answer and
            at["cause"] == "proxy-host-refused" and authority in at["request"]["target"] + at["evidence"])


def afar(server, control, source):
    for host in LOOPBACK:
        plain_name = host.strip("[].")
        answer = whole_url(server, f"{host}:{control}", source=source)
        tap.check(f"from elsewhere a whole URL of {host} is refused, journalled, and why is said",
                  refused(server, answer, plain_name), answer)
        answer = in_tunnel(server, f"{host}:{control}", source=source)
        tap.check(f"so is a tunnel to {host}", refused(server, answer, plain_name), answer)
    own_port = server.url.rsplit(":", 1)[1]
    answer = whole_url(server, f"127.0.0.1:{own_port}", "/.well-known/jwks.json", source=source)
    tap.check("so is every port of the loopback", refused(server, answer, "127.0.0.1"), answer)
    for host in (*DETOURS, source, *NO_HOSTS):
        answers = whole_url(server, f"{host}:{control}", source=source), in_tunnel(server, f"{host}:{control}", source=source)
        tap.check(f"{host} is refused from there too", [status(one) for one in answers] == [400 if host in NO_HOSTS else 403] * 2, answers)
    change = json.dumps({"do": "lock-user", "user": "ws_user@acme"})
    server.via(f"POST http://127.0.0.1:{control}{SANDBOXES}/default/world HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
               f"Content-Length: {len(change)}\r\n\r\n{change}".encode(), source=source)
    tap.check("and nothing is changed by it", status(server.token()) == 200)
    for where, answer in {
            "by Host in a tunnel": in_tunnel(server, "api.intacct.com:443", host=f"127.0.0.1:{control}", source=source),
            "by a whole URL in a tunnel": in_tunnel(server, "api.intacct.com:443", f"http://127.0.0.1:{control}{SANDBOXES}",
                                                    source=source),
            "under the intercepted name": whole_url(server, f"api.intacct.com:{control}", source=source)}.items():
        tap.check(f"{where} it is a path that is not there",
                  status(answer) == 404 and server.journal()[-1]["cause"] == "path-unknown", answer)


def other_ports(server, control, source):
    ready = get(server.control + "/__mock/ready")
    data = f"GET http://127.0.0.1:{control}{SANDBOXES} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
    answer = server.via(data, port=server.port, source=source)
    tap.check("a whole URL with the control port, at the HTTP port: a path that is not there", status(answer) == 404, answer)
    with server.trust.wrap_socket(server.dial(int(ready["https"].rsplit(":", 1)[1]), source), server_hostname="localhost") as secured:
        secured.sendall(data)
        answer = read_answer(secured)
    tap.check("at the HTTPS port too", status(answer) == 404, answer)
    made = get(server.control + SANDBOXES, {"scenario": "happy-path", "proxy": True})
    own = int(made["proxy"].rsplit(":", 1)[1])
    answers = (whole_url(server, f"127.0.0.1:{control}", port=own, source=source),
               in_tunnel(server, f"127.0.0.1:{control}", port=own, source=source))
    tap.check("the proxy of one sandbox refuses it to who comes from elsewhere", [status(one) for one in answers] == [403, 403], answers)
    tap.check("in that sandbox's journal", [one["cause"] for one in server.journal(made["name"])] == ["proxy-host-refused"] * 2)
    tap.check("and serves it to who does not", served(whole_url(server, f"127.0.0.1:{control}", port=own)))


def passing(server, control, source):
    for host in (*LOOPBACK, *DETOURS, source):
        answers = whole_url(server, f"{host}:{control}", source=source), in_tunnel(server, f"{host}:{control}", source=source)
        tap.check(f"--proxy-others pass does not lead from elsewhere to {host}",
                  all(status(one) in (403, 502) for one in answers), answers)


def shared(source):
    """/__mock on the API's port is for all who reach that, and the proxy makes no difference."""
    with Proxied("--control-token", "t0ken") as server:
        for where, answer in {
                "directly": server.via(f"GET {SANDBOXES} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode(),
                                       port=server.port, source=source),
                "in a tunnel": in_tunnel(server, "api.intacct.com:443", source=source),
                "by a whole URL": whole_url(server, "api.intacct.com", source=source)}.items():
            tap.check(f"on the shared port {where} it wants its token", status(answer) == 401, answer)


def with_token():
    """A port of its own and a token: the proxy neither asks for another, nor spares who has none."""
    port = free_port()
    with Proxied("--control-token", "t0ken", control=port) as server:
        for host in LOOPBACK:
            answers = whole_url(server, f"{host}:{port}"), in_tunnel(server, f"{host}:{port}")
            tap.check(f"{host}: without its token it refuses, by a whole URL and in a tunnel",
                      [status(one) for one in answers] == [401, 401], answers)
        bearer = "x\r\nAuthorization: Bearer t0ken"
        answers = (in_tunnel(server, f"127.0.0.1:{port}", host=bearer), server.via(
            f"GET http://127.0.0.1:{port}{SANDBOXES} HTTP/1.1\r\nHost: {bearer}\r\nConnection: close\r\n\r\n".encode()))
        tap.check("with it it serves both", all(map(served, answers)), answers)


with_token()
port = free_port()
with Proxied("--bind", "0.0.0.0", "--https-port", "0", control=port) as mock:
    local(mock, port)
    elsewhere = another_address()
    if elsewhere:
        afar(mock, port, elsewhere)
        other_ports(mock, port, elsewhere)
if elsewhere:
    port = free_port()
    with Proxied("--bind", "0.0.0.0", "--proxy-others", "pass", control=port) as mock:
        passing(mock, port, elsewhere)
    shared(elsewhere)
else:
    print("# this machine has no address but the loopback: nobody can come from elsewhere")
tap.end()
