#!/usr/bin/env python3
"""What a page in somebody's browser can do to a mock on the same machine or network: use it as an integration
does, and nothing else. Programs, whatever they call the host, notice nothing of that."""
import json

from attack import AUTHORIZE, BOX, FORM, JSON, TOKEN, VENDORS, Tap, Watched, body, status
from mock import TOKEN_FORM

tap = Tap()
CHROME = "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36\r\n"
EVIL = "Origin: https://evil.example\r\n"
SITE = "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: script\r\n"


def ask(server, method, path, headers="", text="", host=None):
    """One request under a Host of our own choice."""
    host = host or f"localhost:{server.port}"
    head = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}"
    if text or method != "GET":
        head += f"Content-Length: {len(text)}\r\n"
    return server.raw((head + "\r\n" + text).encode())


def header(answer, name):
    for line in answer.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]:
        if line.lower().startswith(name.lower() + ":"):
            return line.partition(":")[2].strip()
    return None


def lets_in(title, answer):
    tap.check(title, 200 <= status(answer) < 300, answer[:500])


def keeps_out(title, answer):
    said = body(answer).decode("utf-8", "replace")
    tap.check(title, status(answer) == 403 and json.loads(said)["error"] == "forbidden"
              and not header(answer, "Access-Control-Allow-Origin"), answer[:500])


with Watched() as server:
    ask(server, "POST", TOKEN, FORM, TOKEN_FORM)
    requests, clock = f"{BOX}/requests", f"{BOX}/clock"
    later = '{"advance":"1h"}'

    keeps_out("a page of another origin reads no journal", ask(server, "GET", requests, CHROME + EVIL))
    keeps_out("nor one without an origin (Origin: null)", ask(server, "GET", requests, CHROME + "Origin: null\r\n"))
    keeps_out("nor as a script of its own", ask(server, "GET", requests, CHROME + SITE + "Referer: https://evil.example/x\r\n"))
    keeps_out("nor where the browser hides the referrer", ask(server, "GET", requests, CHROME + SITE))
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/json"):
        keeps_out(f"a page of another origin changes nothing with {kind}",
                  ask(server, "POST", clock, f"{CHROME}{EVIL}Content-Type: {kind}\r\n", later))
    keeps_out("nor by an old browser, which sends a Referer alone",
              ask(server, "POST", clock, CHROME + "Referer: https://evil.example/\r\n", later))
    for method in ("DELETE", "PUT", "PATCH"):
        keeps_out(f"nor with {method}", ask(server, method, requests, CHROME + EVIL))
    keeps_out("it gets no permission beforehand",
              ask(server, "OPTIONS", clock, f"{CHROME}{EVIL}Access-Control-Request-Method: POST\r\n"))
    keeps_out("another port of this machine is another origin",
              ask(server, "GET", requests, CHROME + "Origin: http://localhost:1\r\n"))
    keeps_out("so is the other scheme", ask(server, "GET", requests, f"{CHROME}Origin: https://localhost:{server.port}\r\n"))
    keeps_out("an origin that begins as ours does is another", ask(
        server, "GET", requests, f"{CHROME}Origin: http://localhost:{server.port}.evil.example\r\n"))
    now = json.loads(body(ask(server, "GET", clock)))
    tap.check("the clock has not moved", now["offset_s"] == 0, now)

    for host in ("evil.example", "rebind.attacker.net:8080", "localhost.evil.example", "127.0.0.1.evil.example",
                 "1.2.3.evil", "xlocal.evil", "EVIL.EXAMPLE", "evil.example."):
        keeps_out(f"a name that was made to lead here is refused: {host}",
                  ask(server, "GET", requests, f"{CHROME}Origin: http://{host}\r\n", host=host))
        keeps_out(f"also where the browser sends no Origin: {host}", ask(server, "GET", requests, CHROME, host=host))
        keeps_out(f"also without the word Mozilla: {host}",
                  ask(server, "GET", requests, "Sec-Fetch-Site: same-origin\r\n", host=host))
    for host in (f"localhost:{server.port}", "127.0.0.1:8080", "[::1]:8080", "10.1.2.3", "intacct-mock", "a.localhost",
                 "mock.local", "host.docker.internal:8080", "mock.test", "MOCK.TEST"):
        lets_in(f"a browser on our own page may use it: {host}",
                ask(server, "GET", requests, f"{CHROME}Origin: http://{host}\r\nSec-Fetch-Site: same-origin\r\n", host=host))
    lets_in("a link from another page may be followed", ask(
        server, "GET", "/__mock/causes", CHROME + "Referer: https://docs.example/\r\nSec-Fetch-Site: cross-site\r\n"
        "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n"))
    lets_in("readiness is no secret", ask(server, "GET", "/__mock/ready", CHROME + EVIL))

    agents = {"curl": "User-Agent: curl/8.5\r\nAccept: */*\r\n", "nothing at all": "",
              "Node's fetch": "User-Agent: node\r\nSec-Fetch-Mode: cors\r\nAccept-Language: *\r\n",
              "PowerShell": "User-Agent: Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1\r\n",
              "Java": "User-Agent: Java-http-client/21\r\n", "Python": "User-Agent: python-requests/2.32\r\n"}
    for agent, headers in agents.items():
        for host in ("mock.ci.company.example", "intacct-mock.default.svc.cluster.local:8080", "mock_1", "x"):
            lets_in(f"a program is served whatever it calls us: {agent}, {host}",
                    ask(server, "POST", clock, headers + JSON, '{"advance":"1s"}', host=host))

    answer = ask(server, "POST", TOKEN, CHROME + EVIL + FORM, TOKEN_FORM, host="evil.example")
    tap.check("OAuth stays open to pages of every origin",
              status(answer) == 200 and header(answer, "Access-Control-Allow-Origin") == "https://evil.example", answer[:400])
    token = json.loads(body(answer))["access_token"]
    answer = ask(server, "GET", VENDORS, f"{CHROME}{EVIL}Authorization: Bearer {token}\r\n")
    tap.check("so does the API", status(answer) == 200 and header(answer, "Access-Control-Allow-Origin"), answer[:400])
    answer = ask(server, "GET", f"{AUTHORIZE}?client_id=demo&response_type=code&redirect_uri=http%3A%2F%2F127.0.0.1%2Fcallback")
    tap.check("no page may show the sign-in in a frame",
              "frame-ancestors 'none'" in (header(answer, "Content-Security-Policy") or ""), answer[:600])
    answer = ask(server, "POST", clock, "Content-Encoding: gzip\r\n" + JSON, "\x1f\x08")
    tap.check("a compressed control call is refused for that", status(answer) == 415, answer[:400])

with Watched("--control-origin", "http://localhost:5173, https://app.example", "--public-url", "https://mock.company.example/x",
             "--cert-name", "other.company.example") as server:
    answer = ask(server, "GET", f"{BOX}/requests", CHROME + "Origin: https://app.example\r\n")
    tap.check("--control-origin lets the pages in that it names",
              status(answer) == 200 and header(answer, "Access-Control-Allow-Origin") == "https://app.example", answer[:400])
    keeps_out("and no others", ask(server, "GET", f"{BOX}/requests", CHROME + EVIL))
    for host in ("mock.company.example", "other.company.example:8443"):
        lets_in(f"--public-url and --cert-name are names of ours: {host}", ask(server, "GET", f"{BOX}/requests", CHROME, host=host))
    lets_in("a page of --public-url is our own",
            ask(server, "POST", f"{BOX}/clock", f"{CHROME}Origin: https://mock.company.example\r\n{JSON}", '{"advance":"1s"}',
                host="mock.company.example"))

tap.end()
