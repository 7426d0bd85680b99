#!/usr/bin/env python3
"""The program as its users meet it: ready line, port file, signals, exit statuses, and errors in one
line that say what to do."""
import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request

from mock import PROGRAM, Server, Tap, TOKEN_FORM, quickest

tap = Tap()


def run(*arguments, env=None):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=20,
                          env={**os.environ, **(env or {})})


def ask(url, data=None, timeout=60):
    with urllib.request.urlopen(url, data=data, timeout=timeout) as answer:
        return json.load(answer)


with tempfile.TemporaryDirectory() as folder:
    port_file = f"{folder}/ready.json"
    with Server("--port-file", port_file) as server:
        tap.check("the first line on stdout is the ready line",
                  server.ready.startswith("intacct-mock ") and " ready http://127.0.0.1:" in server.ready
                  and server.ready.endswith(" scenario happy-path\n"), server.ready)
        document = json.load(open(port_file))
        tap.check("the port file holds the ready document",
                  document["http"] == server.url and document["pid"] == server.process.pid
                  and document["client_id"] == "demo", document)
        tap.check("the control API holds the same", ask(server.url + "/__mock/ready") == document)
        tap.check("ready says 0", run("ready", "--url", server.url).returncode == 0)
        tap.check("a token is given",
                  "access_token" in ask(server.url + "/ia/api/v1/oauth2/token", TOKEN_FORM.encode()))
        tap.fails("a busy port is named, with what to do",
              run("--port", str(server.port), "--https-port", "none"), 3, str(server.port), "--port")
        tap.check("SIGTERM ends it with 0", server.stop()[0] == 0)
        tap.check("the port file is gone", not os.path.exists(port_file))
        tap.fails("ready says 1 when nobody answers", run("ready", "--url", server.url), 1, "not ready")

    with Server("--port-file", port_file) as first, Server("--port-file", port_file) as second:
        first.stop()
        tap.check("a server leaves the port file that a later one wrote",
                  json.load(open(port_file))["pid"] == second.process.pid)
        second.stop()
        tap.check("which removes it", not os.path.exists(port_file))

    def stop():
        with Server() as idle:
            return idle.stop()[1]

    took = quickest(stop, 1.0)
    tap.check("within a second", took < 1.0, took)

    tap.fails("a port file in a folder that is not there",
          run("--port", "0", "--https-port", "none", "--port-file", f"{folder}/no/where"), 3,
          "--port-file", f"{folder}/no/where: No such file")
    open(f"{folder}/key.pem", "w").write("no key")
    tap.fails("an unreadable certificate", run("--port", "0", "--https-port", "0", "--cert",
                                           f"{folder}/none.pem", "--key", f"{folder}/key.pem"), 3,
          "none.pem")
    tap.fails("a certificate that is none", run("--port", "0", "--https-port", "0", "--cert",
                                            f"{folder}/key.pem", "--key", f"{folder}/key.pem"), 3,
          "key.pem")

tap.fails("an unknown option is told the nearest", run("--prot", "0"), 2, "--prot", "--port")
tap.fails("an unknown command is told the nearest", run("serv"), 2, "serve")
tap.fails("a bad port", run("--port", "http"), 2, "--port", "65535")
tap.fails("a public URL that is none", run("--public-url", "foo"), 2, "--public-url", "http://HOST:PORT", '"foo"')
tap.fails("a host to intercept that is an address", run("--intercept", "http://x"), 2, '"http://x"', "such as")
tap.fails("a control origin that is none", run("--control-origin", "foo/bar"), 2, '"foo/bar"')
tap.check("--help is answered with a bad variable at hand",
          run("serve", "--help", env={"INTACCT_MOCK_PORT": "bad"}).returncode == 0)
tap.fails("an option without its argument", run("--port"), 2, "--port", "N")
tap.fails("--cert without --key", run("--cert", "x.pem"), 2, "--key")
tap.fails("nothing to listen on", run("--port", "none", "--https-port", "none"), 2, "none")
tap.fails("an unknown cause is told the nearest", run("causes", "access-token-expird"), 1,
      "access-token-expired")
tap.fails("a bad variable", run(env={"INTACCT_MOCK_PORT": "x"}), 2, "INTACCT_MOCK_PORT")
tap.check("version", run("version").stdout.startswith("intacct-mock 0."))

# ---- one parser for every command ----

listed = run("--help").stdout
lines = [line for line in listed.splitlines() if line.startswith("  intacct-mock ")]
commands = [line.split()[1] for line in lines]
tap.check("help lists the commands", {"serve", "run", "ready", "version"} <= set(commands), listed)
tap.check("a command and what follows it stand apart", "scenarios [" in listed, listed)
columns = {len(re.match(r"  \S+ .*? {2,}", line + "  ")[0]) for line in lines}
tap.check("and what they do stands in one column", len(columns) == 1, listed)
tap.check("-h and help are --help", run("-h").stdout == run("help").stdout == listed)
for command in commands:
    for way in ("--help", "-h"):
        told = run(command, way)
        tap.check(f"{command} {way} says how it is called", told.returncode == 0 and not told.stderr
                  and told.stdout.startswith(f"intacct-mock {command}") and "\n  --help" in told.stdout, told)
    tap.fails(f"{command}: an unknown option is told the nearest", run(command, "--hlep"), 2, "--hlep", "--help")
    tap.fails(f"{command}: an unknown option that is near to none", run(command, "--frobnicate"), 2,
          "--frobnicate", f"intacct-mock {command} --help")
    tap.fails(f"{command}: a word with one dash", run(command, "-x"), 2, '"-x"')
tap.fails("an option's value may stand behind =", run("ready", "--wait=0s", "--url=http://127.0.0.1:1"), 1, "127.0.0.1:1")
tap.fails("a bad value of another command's option", run("ready", "--wait=5"), 2, "--wait", "unit")
tap.fails("a bad address", run("ready", "--url", "127.0.0.1:1"), 2, "--url", "http://")
tap.fails("check without a file", run("check"), 2, "check [options] FILE")
tap.fails("a name too many", run("causes", "access-token-expired", "code-expired"), 2, "code-expired", "causes [ID|CODE|TEXT]")
tap.fails("version takes nothing", run("version", "x"), 2, '"x"')
tap.fails("a flag with a value", run("scenarios", "--schema=1"), 2, "--schema takes no value")
with tempfile.TemporaryDirectory() as folder:
    with open(f"{folder}/-mine.json", "w") as file:
        file.write('{"name": "mine", "about": "Of my own."}')
    for title, words in (("=", [f"--scenarios={folder}", "mine"]), ("an option behind a name", ["mine", "--scenarios", folder])):
        tap.check(f"scenarios: {title}", "Of my own" in run("scenarios", *words).stdout, run("scenarios", *words))
    done = subprocess.run([PROGRAM, "check", "--", "-mine.json"], capture_output=True, text=True, cwd=folder)
    tap.check("behind -- a name may begin with a dash", done.returncode == 0 and "mine" in done.stdout, done)

with Server(env={"INTACCT_MOCK_HINTS": "off", "INTACCT_MOCK_PROT": "1"}) as server:
    try:
        urllib.request.urlopen(server.url + "/ia/api/v1/oauth2/nowhere")
    except urllib.error.HTTPError as refusal:
        tap.check("the environment sets options: no hints",
                  "X-Intacct-Mock-Cause" not in refusal.headers, refusal.headers)
    server.process.terminate()
    _, errors = server.process.communicate(timeout=10)
    tap.check("an unknown variable is a warning that names the nearest",
              "INTACCT_MOCK_PROT" in errors and "INTACCT_MOCK_PORT" in errors, errors)

# a service called intacct-mock beside the container: docker's links and Kubernetes set this
LINK = "tcp://10.96.0.1:8080"
with Server(env={"INTACCT_MOCK_PORT": LINK}) as server:
    server.process.terminate()
    _, errors = server.process.communicate(timeout=10)
    tap.check("serve ignores a container link, with a warning",
              server.process.returncode == 0 and f"warning: INTACCT_MOCK_PORT={LINK} is ignored" in errors, errors)
linked = run("ready", env={"INTACCT_MOCK_PORT": LINK, "INTACCT_MOCK_CONTROL": LINK})
warned = [f"intacct-mock: warning: {name}={LINK} is ignored" in linked.stderr
          for name in ("INTACCT_MOCK_CONTROL", "INTACCT_MOCK_PORT")]
tap.check("so does ready", linked.returncode in (0, 1) and all(warned), linked)

# a log pipe that nobody reads: sixty-four kilobytes are full after some hundred lines
silent = subprocess.Popen([PROGRAM, "--port", "0", "--https-port", "none"], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)
url = silent.stdout.readline().split()[3]
answered = 0
try:
    for _ in range(1000):
        ask(url + "/.well-known/openid-configuration", timeout=10)
        answered += 1
except OSError:
    pass
tap.check("a log that nobody reads does not hold the server up", answered == 1000, answered)
silent.terminate()
silent.communicate(timeout=10)

with Server("--control-token", "t0ken") as server:
    tap.check("with a control token health stays open", ask(server.url + "/__mock/health"))
    try:
        ask(server.url + "/__mock/sandboxes")
        tap.check("the rest wants the token", False)
    except urllib.error.HTTPError as refusal:
        tap.check("the rest wants the token", refusal.code == 401)
    call = urllib.request.Request(server.url + "/__mock/sandboxes",
                                  headers={"Authorization": "Bearer t0ken"})
    tap.check("and takes it", json.load(urllib.request.urlopen(call))["sandboxes"])

world = run("world").stdout
tap.check("the world is JSON that can be read without a tool", "\n  \"companies\": [\n" in world and
          "acme" in [company["id"] for company in json.loads(world)["companies"]], world)
quoted = run("run", "--", "python3 ./x.py")
tap.check("a command line in quotes is told to go without", "without quotes" in quoted.stderr, quoted)

with socket.create_server(("127.0.0.1", 0)) as spare:
    free = spare.getsockname()[1]
with Server("--control", str(free)) as server:
    try:
        ask(server.url + "/__mock/health")
        tap.check("with a control port of its own /__mock is not on the API's", False)
    except urllib.error.HTTPError as refusal:
        tap.check("with a control port of its own /__mock is not on the API's", refusal.code == 404)
    tap.check("but there", ask(f"http://127.0.0.1:{free}/__mock/health")["status"] == "ok")

with Server("--seed", "5") as one, Server("--seed", "5") as two:
    for server in (one, two):
        ask(server.url + "/__mock/sandboxes/default/clock",
            b'{"set":"2026-01-01T00:00:00Z","freeze":true}')
    tokens = [ask(server.url + "/identity/v2/oauth2/token", TOKEN_FORM.encode())
              for server in (one, two)]
    tap.check("two servers with one seed give the same token", tokens[0] == tokens[1], tokens)

with Server("--public-url", "https://mock.example/") as server:
    found = ask(server.url + "/.well-known/openid-configuration")
    tap.check("--public-url is what discovery says",
              found["token_endpoint"] == "https://mock.example/ia/api/v1/oauth2/token", found)

tap.end()
