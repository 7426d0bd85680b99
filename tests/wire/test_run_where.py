#!/usr/bin/env python3
"""`intacct-mock run` with a mock over HTTPS, with a mock that runs already, and in parts: the same outcome everywhere."""
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.request
import xml.etree.ElementTree as xml

from mock import PROGRAM, ROOT, Server, Tap

tap = Tap()
folder = tempfile.TemporaryDirectory()
SOUND, NAIVE = [sys.executable, f"{ROOT}/tests/clients/sound.py"], [sys.executable, f"{ROOT}/tests/clients/naive.py"]
CHOSEN = ["--scenario", "access-token-*", "--scenario", "client-secret-rotated", "--scenario", "rate-limited"]
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("INTACCT_", "SSL_CERT_"))}


def run(*words, env=None):
    return subprocess.run([PROGRAM, "run", *words], capture_output=True, text=True, timeout=120,
                          env={**CLEAN, "TMPDIR": folder.name, **(env or {})})


def card(done):
    """The outcomes, as the scorecard has them."""
    return re.findall(r"(?m)^(passed|FAILED|partly|skipped) +([a-z0-9-]+)", done.stdout)


def without_numbers(text):
    """What does not change from one run to the next."""
    text = re.sub(r"https?://[^ ]*?(?=/ia/)", "URL", text)
    text = re.sub(r"hmac:[0-9a-f]+|\d{4}-\d\d-\d\dT[\d:.]+Z|alone: .*", "", text)
    return re.sub(r"\b\d+(\.\d+)? ?(ms|s)\b", "", text)


def names_of(url):
    return [box["name"] for box in json.load(urllib.request.urlopen(url + "/__mock/sandboxes"))["sandboxes"]]


own = run(*CHOSEN, "--", *SOUND)
naive = run("--scenario", "access-token-revoked", "--", *NAIVE)
tap.check("a sound client passes with a mock of our own", own.returncode == 0 and len(card(own)) == 5, own)
done = run("--https", *CHOSEN, "--", *SOUND)
tap.check("and over HTTPS", done.returncode == 0 and card(done) == card(own), done)
tap.check("no certificate is left behind", not os.listdir(folder.name), os.listdir(folder.name))
probe = "import os; print(os.environ['INTACCT_BASE_URL'], os.environ['INTACCT_API_URL'], os.environ['NODE_EXTRA_CA_CERTS'])"
done = run("--https", "--scenario", "happy-path", "--show-output", "--", sys.executable, "-c", probe)
tap.check("CMD is told https and its CA", re.search(r"\| (https://127\.0\.0\.1:\d+/s/\S+) \1/ia/api/v1 /\S+/ca\.pem", done.stdout), done)

ca = f"{folder.name}/ca.pem"
with Server("--https-port", "0", "--ca-file", ca, "--control-token", "T0ken") as server:
    https = next(word for word in server.ready.split() if word.startswith("https"))
    at = ["--url", server.url, "--token", "T0ken"]
    tap.fails("a mock that wants its token", run("--url", server.url, "--", "true"), 3, "401", "--token")
    junit, artifacts = f"{folder.name}/results.xml", f"{folder.name}/artifacts"
    done = run(*at, *CHOSEN, "--jobs", "3", "--junit", junit, "--artifacts", artifacts, "--", *SOUND)
    tap.check("a sound client passes with a mock that runs already", done.returncode == 0 and card(done) == card(own), done)
    tap.check("JUnit has the same suites", [s.get("name") for s in xml.parse(junit).getroot()] == [name for _, name in card(own)])
    tap.check("HAR, journal and verdict of each are kept", len(os.listdir(artifacts)) == 15, os.listdir(artifacts))
    with open(f"{artifacts}/rate-limited.har") as file:
        tap.check("the HAR is one", len(json.load(file)["log"]["entries"]) > 0)
    done = run("--url", https, "--ca-file", ca, "--token", "T0ken", *CHOSEN, "--", *SOUND)
    tap.check("over https too, with the CA of that server", done.returncode == 0 and card(done) == card(own), done)
    tap.fails("without its CA it says what to do", run("--url", https, "--token", "T0ken", "--", "true"), 3, "--ca-file")
    done = run(*at, "--scenario", "access-token-revoked", "--", *NAIVE)
    tap.check("a failure is told in the same words", done.returncode == 1
              and without_numbers(done.stdout) == without_numbers(naive.stdout), f"{done.stdout}\n{naive.stdout}")
    tap.check("and how to repeat it", f"alone: {PROGRAM} run --url {server.url} --scenario access-token-revoked -- " in done.stdout, done)
    done = run(*at, "--client", "fail-fast", "--scenario", "access-token-revoked", "--", *NAIVE)
    tap.check("--client counts there", "--client fail-fast" in done.stdout, done)
    done = run(*at, "--scenario", "access-token-*", "--timeout", "300ms", "--", "sleep", "1000")
    tap.check("--timeout too", done.returncode == 1 and done.stdout.count("did not end within 0.3s") == 3, done)

with Server() as server:
    before = names_of(server.url)
    done = run("--url", server.url, *CHOSEN, "--jobs", "4", "--", *SOUND)
    tap.check("its sandboxes are gone afterwards", names_of(server.url) == before == ["default"], names_of(server.url))
    both = [subprocess.Popen([PROGRAM, "run", "--url", server.url, *CHOSEN, "--", *SOUND], stdout=subprocess.PIPE, text=True, env=CLEAN)
            for _ in range(2)]
    said = [one.communicate(timeout=120)[0] for one in both]
    tap.check("two runs at once on one server do not meet", [one.returncode for one in both] == [0, 0], "\n".join(said))
    listed = run("--url", server.url, "--list", "--scenario", "rate-*")
    tap.check("--list is that server's", listed.stdout == run("--list", "--scenario", "rate-*").stdout, listed)
    tap.fails("a scenario that it does not have", run("--url", server.url, "--scenario", "rate-limitd", "--", "true"), 2, "rate-limited")
    tap.check("INTACCT_MOCK_URL alone is not used", "127.0.0.1:1" not in run("--list", env={"INTACCT_MOCK_URL": "http://127.0.0.1:1"}).stderr)
    stop = ("import os, urllib.request as u; u.urlopen(os.environ['INTACCT_BASE_URL'] + '/.well-known/jwks.json').read(); "
            f"os.kill({server.process.pid}, 15)")
    done = run("--url", server.url, "--scenario", "happy-path", "--", sys.executable, "-c", stop)
    tap.check("a server that goes in the middle is a failure that says so", done.returncode == 1 and "asking for its verdict" in done.stdout, done)

PROXIED = ('import urllib.parse as p, urllib.request as u; u.urlopen("https://api.intacct.com/ia/api/v1/oauth2/token", '
           'p.urlencode({"grant_type": "client_credentials", "client_id": "demo", "client_secret": "demo-secret", '
           '"username": "ws_user@acme"}).encode()).read()')
with Server("--proxy", "0") as server:
    done = run("--url", server.url, "--intercept", "--scenario", "happy-path", "--", sys.executable, "-c", PROXIED)
    tap.check("--url with --intercept: a proxy of that server for each", "a token is had" not in done.stdout and "the API is called" in done.stdout, done)
with Server("--proxy", "0", "--intercept", "sage.test") as server:
    done = run("--url", server.url, "--intercept", "--scenario", "happy-path", "--show-output", "--", sys.executable, "-c",
               "import os; print(os.environ['NO_PROXY']);" + PROXIED.replace("api.intacct.com", "sage.test"),
               env={"NO_PROXY": "sage.test,api.intacct.com"})
    tap.check("which hosts are intercepted is that server's to say", "a token is had" not in done.stdout
              and "| localhost,127.0.0.1,::1,api.intacct.com\n" in done.stdout, done)
tap.fails("--https and --intercept", run("--https", "--intercept", "--", "true"), 2, "--https", "--intercept")
tap.fails("nobody there", run("--url", "http://127.0.0.1:1", "--", "true"), 3, "127.0.0.1:1")
tap.fails("no address", run("--url", "127.0.0.1:1", "--", "true"), 2, "--url")
tap.fails("--scenarios is for a mock of our own", run("--url", "http://127.0.0.1:1", "--scenarios", "x", "--", "true"), 2, "--scenarios", "--url")
tap.fails("and so is --https", run("--url", "http://127.0.0.1:1", "--https", "--", "true"), 2, "--https", "--url")

# ---- parts ----

names = [line.split()[0] for line in run("--list").stdout.splitlines()]
for parts in (1, 2, 3, 7):
    pieces = [[line.split()[0] for line in run("--list", "--shard", f"{i}/{parts}").stdout.splitlines()] for i in range(1, parts + 1)]
    together = sorted(name for piece in pieces for name in piece)
    tap.check(f"{parts} parts are disjoint and complete, and of one size", together == sorted(names)
              and max(map(len, pieces)) - min(map(len, pieces)) <= 1, [len(piece) for piece in pieces])
tap.check("they are the same each time", run("--list", "--shard", "2/3").stdout == run("--list", "--shard", "2/3").stdout)
cards = [card(run("--shard", f"{i}/2", *CHOSEN, "--", *SOUND)) for i in (1, 2)]
tap.check("a part plays its scenarios and no others", sorted(cards[0] + cards[1]) == sorted(card(own)) and not set(cards[0]) & set(cards[1]), cards)
done = run("--shard", "9/9", "--junit", f"{folder.name}/none.xml", *CHOSEN, "--", "false")
tap.check("a part without a scenario is fine", done.returncode == 0 and "no scenario falls in part 9/9" in done.stdout
          and len(xml.parse(f"{folder.name}/none.xml").getroot()) == 0, done)
for wrong in ("0/2", "3/2", "1", "1/0", "x/2", "1/2/3", "-1/2"):
    tap.fails(f"no part: {wrong}", run("--shard", wrong, "--", "true"), 2, "--shard", "2/4")
tap.end()
