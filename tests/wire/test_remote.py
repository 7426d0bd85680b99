#!/usr/bin/env python3
"""Remote control: every verb that speaks to a running server, from outside, over HTTP and HTTPS."""
import json
import os
import pty
import re
import select
import socket
import subprocess
import tempfile
import threading
import urllib.request

from mock import PROGRAM, Server, TOKEN_FORM, Tap, status

tap = Tap()
folder = tempfile.TemporaryDirectory()
TOKEN = "/ia/api/v1/oauth2/token"
VENDORS = "/ia/api/v1/objects/accounts-payable/vendor"
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("INTACCT_")}


def run(*words, env=None, program=PROGRAM):
    return subprocess.run([program, *words], capture_output=True, text=True, timeout=60, env={**CLEAN, **(env or {})})


def ask_token(server, base="", secret="demo-secret"):
    return server.request("POST", base + TOKEN, TOKEN_FORM.replace("demo-secret", secret),
                          "Content-Type: application/x-www-form-urlencoded\r\n")


def token_of(answer):
    return re.search(rb'"access_token":"([^"]*)"', answer)[1].decode()


def says(title, done, code, *words):
    said = done.stdout + done.stderr
    tap.check(title, done.returncode == code and all(word in said for word in words), f"{done.returncode}\n{said}")


def finding(server):
    at = {"INTACCT_MOCK_URL": server.url}
    says("INTACCT_MOCK_URL says where the server is", run("clock", env=at), 0, "Z")
    says("so does INTACCT_MOCK_PORT", run("clock", env={"INTACCT_MOCK_PORT": str(server.port)}), 0, "Z")
    says("--url goes first", run("clock", "--url", server.url, env={"INTACCT_MOCK_URL": "http://127.0.0.1:1"}), 0, "Z")
    says("localhost is this machine", run("clock", "--url", f"http://localhost:{server.port}/"), 0, "Z")
    tap.fails("nobody there", run("clock", "--url", "http://127.0.0.1:1"), 1, "http://127.0.0.1:1", "Connection refused",
              "start", "--url")
    tap.fails("a variable that is no URL", run("clock", env={"INTACCT_MOCK_URL": "x"}), 2,
              "INTACCT_MOCK_URL", "http://HOST:PORT", '"x"')
    tap.fails("a name that is nobody's", run("clock", "--url", "http://nobody.invalid:80"), 1, "nobody.invalid")
    for url in ("127.0.0.1:8080", "ftp://x", "http://", "http://:80", "http://x:0", "http://x:65536", "http://x:y", "http://[::1",
                "http://a b", "http://a@b", "http://x/?y", "http://" + "x" * 300):
        tap.fails(f"no URL: {url[:30]}", run("clock", "--url", url), 2, "--url")
    tap.fails("a sandbox of no scenario", run("clock", "--sandbox", "nothing.x", env=at), 1, "nothing.x", "scenario")
    tap.fails("a name that is none", run("clock", "--sandbox", "../x?y", env=at), 1, "sandbox")
    run("do", "lock-user", "ws_user@acme", "--url", server.url + "/s/happy-path.by-url")
    tap.check("the base URL of a sandbox names it", status(ask_token(server, "/s/happy-path.by-url")) != 200
              and status(ask_token(server)) == 200)


def broken_servers():
    """Whatever answers in the place of the server: said in one line, never waited for without end."""
    for title, answer, word in (("no HTTP", b"SSH-2.0-x\r\n\r\n", "no HTTP server"), ("nothing", b"", "broke off"),
                                ("half a head", b"HTTP/1.1 200 OK\r\nConte", "broke off"),
                                ("half a body", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}", "broke off"),
                                ("half a chunk", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}", "broke off"),
                                ("a page", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n<p>", "not JSON"),
                                ("a 404 of another", b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", "404")):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            def serve():
                conversation, _ = listener.accept()
                with conversation:
                    conversation.recv(65536)
                    conversation.sendall(answer)
            thread = threading.Thread(target=serve)
            thread.start()
            tap.fails(f"{title} in the place of an answer", run("clock", "--url", f"http://127.0.0.1:{listener.getsockname()[1]}"), 1, word)
            thread.join()


def clocks(at):
    says("the clock is moved", run("clock", "+12h", env=at), 0, "12h ahead")
    says("and back", run("clock", "-1h", env=at), 0, "11h ahead")
    says("several changes are one", run("clock", "set", "2027-01-01T00:00:00Z", "freeze", env=at), 0, "2027-01-01T00:00:00Z", "frozen")
    says("and stay", run("clock", env=at), 0, "2027-01-01T00:00:00Z", "frozen")
    says("unfreeze, and faster", run("clock", "unfreeze", "scale", "60", env=at), 0, "60 times as fast")
    run("reset", env=at)
    says("far ahead is told in days", run("clock", "+785h", env=at), 0, ", 32d 17h ahead")
    says("all of it, and nothing more", run("clock", "+61s", env=at), 0, ", 32d 17h 1m 1s ahead")
    says("behind too", run("clock", "-790h", env=at), 0, ", 4h 58m 59s behind")
    run("reset", env=at)
    run("clock", "scale", "60", env=at)
    tap.check("--json is the server's answer", json.loads(run("clock", "--json", env=at).stdout)["scale"] == 60)
    for words in (["12"], ["+12"], ["set"], ["scale", "x"], ["stop"], ["+-5h"], ["++5h"], ["--", "--5h"]):
        tap.fails(f"no change: {' '.join(words)}", run("clock", *words, env=at), 2, words[0], "+12h")
    for words in (["+5h", "-3h"], ["freeze", "unfreeze"], ["set", "2027-01-01T00:00:00Z", "set", "2028-01-01T00:00:00Z"],
                  ["scale", "2", "scale", "3"]):
        tap.fails(f"the same change twice: {' '.join(words)}", run("clock", *words, env=at), 2, f'"{words[len(words) // 2]}"', "twice")
    tap.fails("no time", run("clock", "set", "tomorrow", env=at), 1, "set")


def effects(server, at):
    run("reset", env=at)
    answer = ask_token(server)
    says("do changes the world", run("do", "revoke-grant", "ws_user@acme", env=at), 0, "revoke-grant: 2 affected")
    refused = server.request("GET", VENDORS, headers=f"Authorization: Bearer {token_of(answer)}\r\n")
    tap.check("which the next call meets", status(refused) == 401 and b"access-token-revoked" in refused, refused)
    listed = run("do", env=at)
    catalogue = {e["do"] for e in json.loads(run_get(server, "effects"))["effects"]}
    tap.check("do alone lists every effect with what it takes",
              {line.split()[0] for line in listed.stdout.splitlines() if not line.startswith(" ")} == catalogue
              and "\nremove-role user [role]\n" in listed.stdout, listed.stdout)
    says("arguments by name", run("do", "remove-role", "role=all", "user=jdoe@acme", env=at), 0, "1 affected")
    says("by place: a user is known by its @", run("do", "withdraw-consent", "jdoe@acme", "demo", env=at), 0, "affected")
    says("two words in order", run("do", "restrict-to-entity", "jdoe@acme", "100", env=at), 0, "1 affected")
    says("a word beside a name is what the name is not", run("do", "remove-permission", "accounts-payable/vendor", "user=ws_user@acme",
                                                             env=at), 0, "affected")
    says("what a value has behind = is the value's", run("do", "register-redirect-uri", "https://x.example/cb?a=b", env=at), 0, "1 affected")
    tap.fails("an effect that is not there", run("do", "lock-usr", env=at), 2, "lock-usr", "lock-user")
    tap.fails("one word too many", run("do", "lock-user", "jdoe@acme", "x", env=at), 2, "lock-user", "user=")
    tap.fails("the same twice", run("do", "lock-user", "user=jdoe@acme", "user=x@acme", env=at), 2, "user=x@acme", "twice")
    tap.fails("twice, by place and by name", run("do", "lock-user", "jdoe@acme", "user=x@acme", env=at), 2, "jdoe@acme", "no use")
    tap.fails("a user that is not there", run("do", "lock-user", "nobody@acme", env=at), 1, "nobody")
    tap.fails("what it needs is not said", run("do", "lock-user", env=at), 1, "user")


def run_get(server, path):
    return urllib.request.urlopen(f"{server.url}/__mock/{path}").read()


def redirects(server, at):
    uri = "https://new.example:3000/cb"
    where = ("/ia/api/v1/oauth2/authorize?response_type=code&client_id=demo&state=s&scope=offline_access&mock_user=jdoe@acme"
             f"&redirect_uri={uri}")
    tap.check("a redirect URI that is not registered is refused", b"redirect-uri-unregistered" in server.request("GET", where))
    says("do register-redirect-uri registers it", run("do", "register-redirect-uri", uri, env=at), 0, "1 affected")
    answer = server.request("GET", where)
    tap.check("then it is answered there", status(answer) in (302, 303) and f"Location: {uri}?code=".encode() in answer, answer[:600])
    for body, wanted in (({"redirect_uri": "http://127.0.0.1:1/x"}, 200), ({"redirect_uri": "http://x/y", "client_id": "demo-public"}, 200),
                         ({"redirect_uri": "x y"}, 400), ({"redirect_uri": "http://x/#y"}, 400), ({}, 400),
                         ({"redirect_uri": "http://x/y", "client_id": "demmo"}, 400), ({"redirect_uri": 1}, 400)):
        answer = server.request("POST", "/__mock/sandboxes/default/clients", json.dumps(body))
        tap.check(f"POST clients {json.dumps(body)}: {wanted}", status(answer) == wanted, answer)
    for scheme in ("http", "https"):
        for host in ("127.0.0.1", "localhost"):
            answer = server.request("GET", where.replace(uri, f"{scheme}://{host}:54321/callback"))
            tap.check(f"{scheme}://{host}/callback is registered, whatever the port", status(answer) in (302, 303), answer[:300])


def tokens(server, at):
    sandbox = [*["--sandbox", "happy-path.t"]]
    ask_token(server, "/s/happy-path.t")
    says("expire ends tokens", run("expire", *sandbox, env=at), 0, "expired: 2 tokens")
    ask_token(server, "/s/happy-path.t")
    says("revoke, of one kind and user", run("revoke", "access", "user=ws_user@acme", *sandbox, env=at), 0, "revoked: 1 token\n")
    says("of nobody", run("revoke", "client_id=demo-public", *sandbox, env=at), 0, "0 tokens")
    tap.fails("what is no kind", run("expire", "acess", *sandbox, env=at), 2, "acess", "access, refresh")
    tap.fails("a name that there is not", run("revoke", "access", "client=demo", *sandbox, env=at), 2, '"client=demo"',
              'there is no name "client"', '"client_id"')
    tap.fails("one that is near", run("revoke", "usr=x@acme", *sandbox, env=at), 2, 'did you mean "user"?')
    tap.fails("a name without a value", run("revoke", "user=", *sandbox, env=at), 2, '"user="', "user=U@COMPANY")
    for words in (["access", "refresh"], ["user=a@acme", "user=b@acme"]):
        tap.fails(f"the same twice: {' '.join(words)}", run("expire", *words, *sandbox, env=at), 2, f'"{words[1]}"', "twice")
    says("reset", run("reset", *sandbox, env=at), 0, "happy-path.t")
    says("sandboxes lists them", run("sandboxes", env=at), 0, "default", f"{server.url}/s/happy-path.t", "0 exchanges")
    tap.check("sandboxes --json", any(box["name"] == "happy-path.t" for box in
                                      json.loads(run("sandboxes", "--json", env=at).stdout)["sandboxes"]))


def verdicts(server, at):
    box = ["--sandbox", "access-token-expired.v"]
    says("a verdict of nothing yet is no failure", run("verdict", *box, env=at), 0, "access-token-expired: not-exercised")
    fails_all = run("verdict", *box, "--require-all", env=at)
    tap.check("unless all is required", fails_all.returncode == 1, fails_all)
    token = token_of(ask_token(server, "/s/access-token-expired.v"))
    for _ in range(5):
        server.request("GET", "/s/access-token-expired.v" + VENDORS, headers=f"Authorization: Bearer {token}\r\n")
    says("not met is exit 1", run("verdict", *box, env=at), 1, "not-met", "dead token")
    tap.check("in every form", all(run("verdict", *box, "--format", form, env=at).returncode == 1 for form in ("json", "junit", "text")))
    tap.check("JSON is JSON", json.loads(run("verdict", *box, "--json", env=at).stdout)["outcome"] == "not-met")
    says("JUnit is JUnit", run("verdict", *box, "--format", "junit", env=at), 1, "<testsuite ")


def journal(server, at):
    box = ["--sandbox", "happy-path.j"]
    tap.fails("nothing was refused", run("why", *box, env=at), 1, "nothing was refused", "happy-path.j")
    ask_token(server, "/s/happy-path.j")
    ask_token(server, "/s/happy-path.j", "first-wrong")
    ask_token(server, "/s/happy-path.j")
    ask_token(server, "/s/happy-path.j", "second-wrong")
    why = run("why", *box, env=at)
    says("why shows the last refusal whole", why, 0, "#4 client-secret-wrong", "evidence: ", "why: ", "what to do: ",
         "> POST /s/happy-path.j" + TOKEN, "> Content-Type:", "< 401", '< {"error":"invalid_client"}')
    tap.check("and it alone, without the secret", "#2" not in why.stdout and "second-wrong" not in why.stdout, why.stdout)
    two = run("why", "2", *box, env=at)
    tap.check("why 2: the last two, the newest at the end", re.findall(r"(?m)^#(\d)", two.stdout) == ["2", "4"], two.stdout)
    tap.check("why 9: as many as there are", re.findall(r"(?m)^#(\d)", run("why", "9", *box, env=at).stdout) == ["2", "4"])
    tap.check("--json", json.loads(run("why", "--json", *box, env=at).stdout)["count"] == 1)
    for number in ("0", "x", "-1"):
        tap.fails(f"why {number}", run("why", number, *box, env=at), 2, number)

    tail = run("tail", "--since", "0", "--count", "4", *box, env=at)
    tap.check("tail: a line for each exchange", len(tail.stdout.splitlines()) == 4 and
              re.match(r"\d\d:\d\d:\d\d #1 POST /ia/api/v1/oauth2/token client_credentials → 200\n", tail.stdout), tail)
    tap.check("without colours where it is no terminal", "\033" not in tail.stdout)
    for number in ("-2", "x"):
        tap.fails(f"tail --since {number}", run("tail", "--since", number, *box, env=at), 2, "--since", number)
    tap.check("only the refused", re.findall(r"#(\d)", run("tail", "--since", "0", "--count", "2", "--refused", *box, env=at).stdout)
              == ["2", "4"])
    lines = run("tail", "--since", "0", "--count", "1", "--json", "--cause", "client-secret-wrong", *box, env=at).stdout
    tap.check("--json and --cause", json.loads(lines)["id"] == 2, lines)
    tap.fails("a cause that is not there", run("tail", "--cause", "client-secret-wrnog", *box, env=at), 1, "client-secret-wrong")


def live(server, at):
    """What comes later is shown when it comes; a terminal gets colours; a closed pipe and the server's end end it."""
    main, other = pty.openpty()
    command = [PROGRAM, "tail", "--sandbox", "happy-path.l"]
    process = subprocess.Popen(command, stdout=other, stderr=subprocess.PIPE, env={**CLEAN, **at})
    os.close(other)
    shown = b""
    while b"\n" not in shown:  # until it listens: what was asked before that is not shown
        ask_token(server, "/s/happy-path.l", "wrong")
        while select.select([main], [], [], 0.05)[0]:
            shown += os.read(main, 4096)
    tap.check("tail is live, and in colour on a terminal", b"\033[31m" in shown and b"client-secret-wrong" in shown, shown)
    server.stop()
    tap.check("it ends when the server does", process.wait(30) == 0, process.stderr.read())
    process.stderr.close()
    os.close(main)


def tail_to_a_closed_pipe(at, sandbox):
    """`tail | head -1`, whose head has just left."""
    reader, writer = os.pipe()
    process = subprocess.Popen([PROGRAM, "tail", "--since", "0", "--sandbox", sandbox], stdout=writer,
                               stderr=subprocess.PIPE, env={**CLEAN, **at})
    os.close(writer)
    os.read(reader, 10)
    os.close(reader)
    return process


def closed_pipe(server, at):
    process = tail_to_a_closed_pipe(at, "happy-path.j")
    while process.poll() is None:
        ask_token(server, "/s/happy-path.j")
    tap.check("whoever reads its output may go", process.returncode == 0 and not process.stderr.read(), process.returncode)
    process.stderr.close()


def closed_pipe_in_silence(server, at):
    """It ends at once, also when nothing is asked any more."""
    ask_token(server, "/s/happy-path.k")
    process = tail_to_a_closed_pipe(at, "happy-path.k")
    try:
        code = process.wait(10)  # the server says only every 15 s that it lives
    except subprocess.TimeoutExpired:
        process.kill()
        code = process.wait()
    tap.check("nor does it wait for the next request to see that they went", code == 0 and not process.stderr.read(), code)
    process.stderr.close()


with Server() as server:
    at = {"INTACCT_MOCK_URL": server.url}
    finding(server)
    broken_servers()
    clocks({**at, "INTACCT_MOCK_URL": server.url + "/s/happy-path.c"})
    effects(server, at)
    redirects(server, at)
    tokens(server, at)
    verdicts(server, at)
    journal(server, at)
    closed_pipe(server, at)
    closed_pipe_in_silence(server, at)
    live(server, at)

with Server("--control-token", "T0ken") as server:
    at = {"INTACCT_MOCK_URL": server.url}
    tap.fails("without the control token", run("clock", env=at), 1, "--token")
    tap.fails("with a wrong one", run("clock", "--token", "x", env=at), 1, "--token", "wrong")
    tap.fails("tail without it", run("tail", env=at), 1, "--token")
    says("with it", run("clock", "--token", "T0ken", env=at), 0, "Z")
    says("by the environment", run("clock", env={**at, "INTACCT_MOCK_CONTROL_TOKEN": "T0ken"}), 0, "Z")
    tap.fails("one that is no token", run("clock", "--token", "a b", env=at), 2, "--token")
    says("ready needs none", run("ready", env=at), 0)

with Server("--control", "off") as server:
    tap.fails("a server without a control API", run("clock", "--url", server.url), 1, "control API")

ca = f"{folder.name}/ca.pem"
with Server("--https-port", "0", "--ca-file", ca) as server:
    https = next(word for word in server.ready.split() if word.startswith("https"))
    tap.fails("https without its CA says what to do", run("clock", "--url", https), 1, "--ca-file")
    says("with it", run("clock", "--url", https, "--ca-file", ca), 0, "Z")
    says("by the environment", run("clock", env={"INTACCT_MOCK_URL": https, "INTACCT_MOCK_CA_FILE": ca}), 0, "Z")
    says("by a name", run("clock", "--url", https.replace("127.0.0.1", "localhost"), "--ca-file", ca), 0, "Z")
    tap.fails("another's certificate", run("clock", "--url", https.replace("127.0.0.1", "expired.localhost"), "--ca-file", ca), 1, "expired.localhost")
    says("ready over https", run("ready", "--url", https, "--ca-file", ca), 0)
    tail = run("tail", "--url", https, "--ca-file", ca, "--count", "1", "--since", "0") if status(ask_token(server)) == 200 else None
    tap.check("tail over https", tail and tail.stdout.count("\n") == 1, tail)
    tap.fails("http at the port of https", run("clock", "--url", https.replace("https", "http")), 1, "400")
    tap.fails("https at the port of http", run("clock", "--url", server.url.replace("http", "https")), 1, "TLS")
    tap.fails("a CA file that is none", run("clock", "--url", https, "--ca-file", "/dev/null"), 1, "/dev/null")
tap.end()
