#!/usr/bin/env python3
"""The pages at /__mock/ in a real browser: what they show while traffic comes, what a person does with them, and that they
are there for everybody. Prints TAP; pictures go to build/browser."""
import concurrent.futures
import http.client
import json
import pathlib
import threading
import urllib.parse

from browser import ROOT, browser as open_browser, chromedriver
from mock import Server, Tap

tap = Tap()
VENDORS = "/ia/api/v1/objects/accounts-payable/vendor"
NASTY = "<script>alert(1)</script>"
PAGES = {"traffic": "", "exchange": "#3", "control": "control", "causes": "causes?q=invalid_grant",
         "cause": "causes/access-token-expired", "explain": "explain"}


class Client:
    """An integration: it talks to one sandbox."""

    def __init__(self, server, box=""):
        self.server, self.base, self.token, self.refresh = server, box and f"/s/{box}", "", ""

    def ask(self, method, path, body=None, headers=None):
        talk = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        talk.request(method, path, body, headers or {})
        answer = talk.getresponse()
        text = answer.read()
        talk.close()
        return answer.status, json.loads(text) if text[:1] in (b"{", b"[") else text

    def sign_on(self, **fields):
        form = {"grant_type": "client_credentials", "client_id": "demo", "client_secret": "demo-secret", "username": "ws_user@acme"}
        status, given = self.ask("POST", self.base + "/ia/api/v1/oauth2/token", urllib.parse.urlencode({**form, **fields}),
                                 {"Content-Type": "application/x-www-form-urlencoded"})
        self.token, self.refresh = given.get("access_token", self.token), given.get("refresh_token", self.refresh)
        return status

    def renew(self):
        return self.sign_on(grant_type="refresh_token", refresh_token=self.refresh)

    def call(self):
        return self.ask("GET", self.base + VENDORS, headers={"Authorization": "Bearer " + self.token})[0]

    def control(self, method, call, body=None, box="default"):
        return self.ask(method, f"/__mock/sandboxes/{box}/{call}", body and json.dumps(body))[1]


def a_story(client):
    """Signs on, calls, is refused after thirteen hours, refreshes, calls again; then a client of a bad name."""
    client.sign_on()
    client.call()
    client.control("POST", "clock", {"advance": "13h"})
    client.call()
    client.renew()
    client.call()
    client.sign_on(client_id=NASTY)


# ---- what everybody must be able to use ----

def tell_of_looks(driver, server):
    for width, height, scheme in ((1280, 860, "light"), (1280, 860, "dark"), (360, 740, "light"), (360, 740, "dark")):
        with open_browser(driver, width, height, scheme) as browser:
            for name, path in PAGES.items():
                browser.open("about:blank")
                browser.open(server.url + "/__mock/" + path)
                browser.until("document.querySelector('main h1, main h2') && !document.querySelector('[aria-busy]')")
                browser.until("document.querySelector('.row, .panel li, .causes li, .lines, form.explain')")
                browser.picture(f"{name}-{width}-{scheme}")
                found = browser.complaints()
                tap.check(f"axe finds nothing on {name} ({width} px, {scheme})", not found, "\n".join(found))
                wide = browser.run("return document.documentElement.scrollWidth - innerWidth")
                tap.check(f"{name} fits its width ({width} px, {scheme})", wide <= 0, f"{wide} px too wide")
            said = browser.console()
            tap.check(f"nothing breaks a policy or throws ({width} px, {scheme})", not said, "\n".join(said))


def tell_of_keys(browser, server):
    browser.open(server.url + "/__mock/")
    browser.until("document.querySelectorAll('.row').length === 6")
    browser.run("document.querySelector('.row a').focus()")
    browser.press("\ue015")
    browser.press("\ue015")
    tap.check("the arrow keys go from row to row", browser.until("document.activeElement.dataset.index === '2'"))
    browser.press("\ue007")
    tap.check("Enter opens the exchange, and the focus follows",
              browser.until("document.activeElement.id === 'exchange'"), browser.run("return document.activeElement.outerHTML"))
    browser.back()
    tap.check("Back closes it", browser.until("!document.querySelector('.detail')"))


# ---- what is shown ----

def tell_of_a_race(browser, server):
    """Two threads refresh with the same token: the page shows it while it happens."""
    client = Client(server)
    browser.open(server.url + "/")
    tap.check("/ leads a browser to the traffic", browser.has("live"), browser.url())
    tap.check("and says how to begin", browser.has("Nothing yet"))
    client.sign_on()
    client.call()
    tap.check("an exchange is shown as it happens", browser.until("document.querySelectorAll('.row').length === 2"))
    client.control("POST", "clock", {"advance": "13h"})
    dead, fresh = client.refresh, []
    client.call()
    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        racers = [Client(server), Client(server)]
        for racer in racers:
            racer.refresh = dead
        answers = sorted(threads.map(Client.renew, racers))
    fresh = next(racer for racer in racers if racer.token)
    fresh.call()
    tap.check("one of the two wins", answers == [200, 400], answers)
    tap.check("the loser is shown with cause, evidence and fix",
              browser.until("[...document.querySelectorAll('.row.refused')].find(r => r.innerText.includes('refresh-token-reused')"
                            " && r.innerText.includes('it was used up') && r.innerText.includes('Fix: '))"))
    for text in ("1: refused", "1: new token", "1: again, fine", "the call again (#6): 200"):
        tap.check(f"refusal, refresh and repetition are one story: {text}", browser.has(text))
    tap.check("the icon and the page are in no journal", client.control("GET", "requests?cause=path-unknown")["count"] == 0)


def tell_of_an_exchange(browser, server):
    browser.open(server.url + "/__mock/#3")
    tap.check("an exchange opens by its address", browser.has("GW-0040", ".detail"))
    for text in ("it expired 1h ago", "Get a new token", "ws_user@acme", "X-Intacct-Mock-Cause", "expired 1 hour ago; lived 12 hours",
                 "userKey", "by a key that is in force"):
        tap.check(f"it shows {text}", browser.has(text, ".detail"))
    curl = browser.wait("const said = []; navigator.clipboard.writeText = async text => said.push(text);"
                        "[...document.querySelectorAll('.detail button')].find(b => b.innerText === 'Copy as curl').click(); return said[0]")
    tap.check("it can be copied as a command, without the secret",
              f"Authorization: Bearer '\"$ACCESS_TOKEN\" '{server.url}{VENDORS}'" in curl and "eyJ" not in curl, curl)
    browser.reload()
    tap.check("and loaded again", browser.has("it expired 1h ago", ".detail"))
    browser.open(server.url + "/__mock/#6")
    tap.check("what a client sends is text, not markup", browser.has(NASTY, ".detail .refusal"))
    tap.check("and makes no element", browser.run("return document.querySelectorAll('main script').length") == 0)


def tell_of_filters(browser, server):
    browser.open(server.url + "/__mock/?status=refused")
    tap.check("a filter is in the address", browser.until("document.querySelectorAll('.row').length === 2"))
    browser.type("input[type=search]", "client-unknown")
    tap.check("text is looked for in all that is known", browser.until("document.querySelectorAll('.row').length === 1"))
    browser.reload()
    tap.check("and stays when the page is loaded again", browser.until("document.querySelectorAll('.row').length === 1"))


def tell_of_many(browser):
    with Server("--journal", "12000") as server:
        def ask(count):
            talk = http.client.HTTPConnection("127.0.0.1", server.port)
            for _ in range(count):
                talk.request("GET", "/.well-known/jwks.json")
                talk.getresponse().read()
            talk.close()
        threads = [threading.Thread(target=ask, args=(2500,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        browser.open(server.url + "/__mock/")
        tap.check("10,000 exchanges are shown", browser.has("10000 exchanges", ".top"))
        rows = browser.run("return document.querySelectorAll('.row').length")
        tap.check("of which only those in sight are in the document", 0 < rows < 80, rows)
        frames = browser.wait("""
            const times = [];
            for (let i = 0; i < 60; i++) {
                scrollTo(0, i * 6000);
                const began = performance.now();
                await new Promise(requestAnimationFrame);
                times.push(performance.now() - began);
            }
            times.sort((a, b) => a - b);
            return times;""")
        print(f"# a frame while scrolling through 10,000: median {frames[30]:.0f} ms, longest {frames[-1]:.0f} ms")
        browser.run("scrollTo(0, document.documentElement.scrollHeight)")
        tap.check("the last can be reached", browser.until("document.querySelector('.row a[href=\"#10000\"]')"))
        browser.run("document.querySelector('.row a[href=\"#10000\"]').focus()")


# ---- what a person does ----

def tell_of_the_clock(browser, server):
    client = Client(server)
    client.sign_on()
    before = client.control("GET", "clock")["offset_s"]
    browser.open(server.url + "/__mock/control")
    tap.check("tokens are listed with the time they have left", browser.has("11 h 59 min", "#tokens"))
    browser.push("+12 h", "#clock")
    tap.check("a click moves the clock, and the token's time is over", browser.has("ago", "#tokens") and browser.has("expired", "#tokens"))
    tap.check("by twelve hours", client.control("GET", "clock")["offset_s"] - before == 43200)
    tap.check("and the API refuses the token", client.call() == 401)
    browser.push("Freeze", "#clock")
    tap.check("it can be frozen", browser.has("frozen", "#clock") and client.control("GET", "clock")["frozen"])
    client.sign_on()
    tap.check("a new token is listed by itself", browser.has("live", "#tokens"))
    name = browser.until("[...document.querySelectorAll('#tokens button')].map(b => b.ariaLabel || '').find(l => l.startsWith('Revoke access'))")
    browser.push(name, "#tokens")
    tap.check("one token is revoked by its fingerprint", browser.has("Done: 1 affected", ".said") and client.call() == 401)
    client.sign_on()
    tap.check("the others go on", client.call() == 200)


def tell_of_a_cause(browser, server):
    client = Client(server)
    browser.open(server.url + "/__mock/control")
    browser.push("Lock: ws_user@acme", "#users")
    tap.check("a locked user is shown so", browser.has("locked", "#users"))
    client.sign_on()
    browser.open(server.url + "/__mock/?cause=user-locked")
    browser.until("document.querySelector('.row a')")
    browser.run("document.querySelector('.row a').click()")
    tap.check("the refusal shows its evidence", browser.has("ws_user", ".detail .refusal"))
    browser.click(".refusal a")
    tap.check("and leads to its cause", browser.has("user-locked", "h1") and browser.has("What to do"))
    browser.back()
    tap.check("Back leads to the exchange", browser.has("ws_user", ".detail .refusal"), browser.url())
    browser.open(server.url + "/__mock/causes/client-secret-rotated")
    browser.push("Make a sandbox where this happens")
    base = browser.until("document.querySelector('.made pre')?.innerText")
    tap.check("a sandbox is made in which a cause happens", base and "/s/client-secret-rotated." in base, base)
    tap.check("with the environment to copy", browser.has(f"export INTACCT_BASE_URL='{base}'", ".made"))
    statuses = [Client(server, base.rsplit("/", 1)[1]).sign_on() for _ in range(3)]
    tap.check("and there it does", 401 in statuses, statuses)


def tell_of_a_scenario(browser, server):
    client = Client(server)
    for _ in range(2):
        client.sign_on()
    client.sign_on(client_secret="wrong")
    browser.open(server.url + "/__mock/?cause=client-secret-wrong")
    browser.until("document.querySelector('.row a')")
    browser.run("document.querySelector('.row a').click()")
    browser.push("Make a scenario of this", ".detail")
    text = json.loads(browser.until("document.querySelector('dialog textarea')?.value"))
    tap.check("it says the place and the cause", text["rules"] == [
        {"when": {"endpoint": "token", "grant": "client_credentials", "nth": 3}, "then": {"refuse": "client-secret-wrong"}}], text)
    found = browser.complaints()
    tap.check("axe finds nothing on the dialog", not found, "\n".join(found))
    browser.push("Run it in a new sandbox", "dialog")
    base = browser.until("document.querySelector('dialog .made pre')?.innerText")
    box = (base or "/").rsplit("/", 1)[1]
    replay = Client(server, box)
    statuses = [replay.sign_on() for _ in range(4)]
    tap.check("a client that does the same meets the same", statuses == [200, 200, 401, 200], statuses)
    browser.open(f"{server.url}/__mock/control?sandbox={box}")
    tap.check("the rule's progress is shown", browser.has("fired 1", "#scenario"))
    tap.check("and the verdict", browser.has("met", "#scenario"))
    check = client.ask("POST", "/__mock/sandboxes", json.dumps({"scenario": text}))
    tap.check("the server takes it as it is", check[0] == 201, check)


def explain(browser, text):
    browser.run("const box = document.querySelector('#input'); box.value = arguments[0]; box.dispatchEvent(new Event('input'))", text)
    browser.push("Explain", "form.explain")


def tell_of_explaining(browser, server):
    client = Client(server)
    a_story(client)
    browser.open(server.url + "/__mock/explain")
    tap.check("it says that nothing leaves the machine", browser.has("Nothing leaves this machine"))
    explain(browser, "REST-1206")
    tap.check("a code is explained, the likeliest first", browser.has("1. access-token-expired", ".likelies"))
    tap.check("with the question that tells causes apart", browser.has("Was the token issued more than 12 hours ago"))
    browser.picture("explained-code")
    explain(browser, client.token)
    for text in ("this mock", "lives 12 hours", "Claims", "exp", "HS256"):
        tap.check(f"a token is shown as a table: {text}", browser.has(text, "section"))
    found = browser.complaints()
    tap.check("axe finds nothing on what it says of a token", not found, "\n".join(found))
    explain(browser, (ROOT / "tests/data/explain/story-no-offline-access.har").read_text())
    marked = browser.until("document.querySelector('.timeline .wrong')?.innerText")
    tap.check("of a HAR there is a timeline, in which the exchange that is explained is marked, with why it is that one",
              marked and "the renewal that failed when no. 4 was refused" in marked, marked)
    browser.picture("explained-har")
    found = browser.complaints()
    tap.check("axe finds nothing on what it says of a HAR", not found, "\n".join(found))
    explain(browser, NASTY)
    tap.check("what it does not know it says", browser.has("Not recognised"))
    browser.open(server.url + "/__mock/#3")
    browser.push("Explain", ".detail")
    tap.check("an exchange is explained from the traffic", browser.has("1. access-token-expired", ".likelies"), browser.url())
    browser.reload()
    tap.check("also when the page is loaded again", browser.has("1. access-token-expired", ".likelies"))
    browser.open(server.url + "/__mock/causes?q=REST-1206")
    tap.check("causes are found by a code in any dialect, the likeliest first",
              browser.until("document.querySelector('.cause strong')?.innerText === 'access-token-expired'") and browser.has("the likeliest first"))


def tell_of_the_token(browser):
    with Server("--control-token", "t0ken") as server:
        browser.open(server.url + "/__mock/")
        tap.check("a control token is asked for", browser.until("document.querySelector('#token')"))
        found = browser.complaints()
        tap.check("axe finds nothing where it is", not found, "\n".join(found))
        browser.type("#token", "t0ken")
        browser.click("form.card button")
        tap.check("and opens the pages", browser.has("live"))


def tell_of_size():
    pages = [file for file in (ROOT / "server/pages").rglob("*") if file.is_file() and "LICENSE" not in file.name]
    size = sum(file.stat().st_size for file in pages)
    tap.check("all pages together are below 120 kB", 0 < size < 120_000, size)


with chromedriver() as address:
    with open_browser(address) as one:
        with Server() as mock:
            tell_of_a_race(one, mock)
        with Server() as mock:
            a_story(Client(mock))
            tell_of_keys(one, mock)
            tell_of_an_exchange(one, mock)
            tell_of_filters(one, mock)
        for tell in (tell_of_the_clock, tell_of_a_cause, tell_of_a_scenario, tell_of_explaining):
            with Server() as mock:
                tell(one, mock)
        tell_of_many(one)
        tell_of_the_token(one)
    with Server() as mock:
        a_story(Client(mock))
        tell_of_looks(address, mock)
tell_of_size()
tap.end()
