#!/usr/bin/env python3
"""A person in a real browser: signs in, accepts, denies, types a wrong password, reads why. Speaks the
W3C WebDriver protocol to chromedriver, which needs nothing beyond Python. Prints TAP.

With SCREENSHOTS=folder it leaves a picture of every page there."""
import base64
import http.server
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "wire"))
from mock import Server, Tap  # noqa: E402

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
tap = Tap()


class Browser:
    def __init__(self, driver, profile, width, height):
        self.base = driver
        flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                 "--disable-background-networking", "--disable-component-update", "--disable-sync",
                 f"--user-data-dir={profile}", f"--window-size={width},{height}"]
        started = self.call("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": {"args": flags}}}})
        self.base += "/session/" + started["sessionId"]

    def call(self, method, path, data=None):
        call = urllib.request.Request(self.base + path, method=method,
                                      data=None if data is None else json.dumps(data).encode(),
                                      headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(call, timeout=60) as answer:
            return json.load(answer)["value"]

    def open(self, url):
        self.call("POST", "/url", {"url": url})

    def url(self):
        return self.call("GET", "/url")

    def find(self, css):
        found = self.call("POST", "/elements", {"using": "css selector", "value": css})
        return [f"/element/{item[ELEMENT]}" for item in found]

    def text(self, css="body"):
        return self.call("GET", self.find(css)[0] + "/text")

    def type(self, css, text):
        self.call("POST", self.find(css)[0] + "/clear", {})
        self.call("POST", self.find(css)[0] + "/value", {"text": text})

    def click(self, css):
        """Clicks what leads to another page, and returns when that is there."""
        self.run("window.left = true")
        self.call("POST", self.find(css)[0] + "/click", {})
        for _ in range(2000):
            if self.run("return !window.left && document.readyState === 'complete'"):
                return
        raise TimeoutError(f"no other page after a click on {css}")

    def run(self, script):
        return self.call("POST", "/execute/sync", {"script": script, "args": []})

    def wait(self, script):
        """What the promise that the script's `return` gives comes to."""
        return self.call("POST", "/execute/async", {"args": [], "script":
                         f"const done = arguments[0]; (async () => {{ {script} }})().then(done, e => done(String(e)))"})

    def picture(self, name):
        if folder := os.environ.get("SCREENSHOTS"):
            png = base64.b64decode(self.call("GET", "/screenshot"))
            pathlib.Path(folder, name + ".png").write_bytes(png)

    def close(self):
        self.call("DELETE", "")


def authorize_url(server, **more):
    # the redirect leads back to the server itself, so that the browser arrives at a page
    fields = {"response_type": "code", "client_id": "demo", "state": "s 1&2",
              "redirect_uri": f"http://127.0.0.1:{server.port}/callback",
              "scope": "offline_access", **more}
    return f"{server.url}/ia/api/v1/oauth2/authorize?{urllib.parse.urlencode(fields)}"


def sign_in(browser, server, user="jdoe", password="secret"):
    browser.open(authorize_url(server))
    browser.type("input[name=company_id]", "acme")
    browser.type("input[name=user_id]", user)
    browser.type("input[name=password]", password)
    browser.click("button")


def callback(browser):
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(browser.url()).query))


def tell(browser, server, size):
    browser.open(authorize_url(server))
    browser.picture(f"sign-in-{size}")
    labels = browser.run("return [...document.querySelectorAll('input:not([type=hidden])')]"
                         ".every(i => i.labels.length > 0)")
    tap.check(f"every input has a label ({size})", labels)
    fits = browser.run("return document.documentElement.scrollWidth <= innerWidth")
    tap.check(f"the page fits its width ({size})", fits)
    tap.check(f"it says that it is not Sage's ({size})",
              "not affiliated with Sage" in browser.text())

    sign_in(browser, server, password="wrong")
    browser.picture(f"wrong-password-{size}")
    tap.check(f"a wrong password is announced ({size})", browser.find("[role=alert]"))
    tap.check(f"the user id stands there again ({size})",
              browser.run("return document.querySelector('[name=user_id]').value") == "jdoe")

    sign_in(browser, server)
    browser.picture(f"consent-{size}")
    tap.check(f"the consent page names the client ({size})", "demo" in browser.text("main"))
    browser.click("button[value=accept]")
    got = callback(browser)
    tap.check(f"Accept leads back with a code and the state ({size})",
              got.get("code", "").startswith("eyJ") and got.get("state") == "s 1&2", browser.url())

    sign_in(browser, server)
    browser.click("button[value=deny]")
    got = callback(browser)
    tap.check(f"Deny leads back with access_denied ({size})",
              got.get("error") == "access_denied" and got.get("state") == "s 1&2", browser.url())

    browser.open(authorize_url(server, response_mode="form_post", mock_user="jdoe@acme"))
    tap.check(f"response_mode=form_post posts its form by itself ({size})",
              "/callback" in browser.url() and "code=" not in browser.url(), browser.url())

    browser.open(authorize_url(server, client_id="<script>alert(1)</script>"))
    browser.picture(f"unknown-client-{size}")
    tap.check(f"an unknown client gets a page that explains ({size})",
              "authorize-client-unknown" in browser.text())
    browser.open(server.url + "/__mock/causes/client-secret-padded")
    browser.picture(f"cause-{size}")
    tap.check(f"a cause has a page ({size})", "client-secret-padded" in browser.text("h1"))
    browser.open(server.url + "/__mock/")
    browser.picture(f"index-{size}")
    tap.check(f"the control API has an index ({size})", "/__mock/causes" in browser.text())


class Page(http.server.BaseHTTPRequestHandler):
    """A page of another origin."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>app</title>")

    def log_message(self, *_):
        pass


def fetches(browser, server):
    """What a page of another origin gets to see; each request is one that the browser asks about first."""
    api = json.dumps(server.url + "/ia/api/v1/")
    browser.wait(f"""
        window.api = {api};
        window.token = () => fetch(api + 'oauth2/token', {{method: 'POST',
            headers: {{'Content-Type': 'application/json'}},
            body: JSON.stringify({{grant_type: 'client_credentials', client_id: 'demo',
                                  client_secret: 'demo-secret', username: 'ws_user@acme'}})}});
        window.vendors = bearer => fetch(api + 'objects/accounts-payable/vendor',
                                         {{headers: {{Authorization: 'Bearer ' + bearer}}}});""")
    read = browser.wait("const given = await (await token()).json();"
                        "return (await vendors(given.access_token)).status")
    cause = browser.wait("const answer = await vendors('x'); return answer.status + ' ' + "
                         "answer.headers.get('X-Intacct-Mock-Cause')")
    return read, cause


def tell_of_other_origins(browser):
    pages = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=pages.serve_forever, daemon=True).start()
    browser.open(f"http://127.0.0.1:{pages.server_address[1]}/")
    with Server() as server:
        read, cause = fetches(browser, server)
        tap.check("a page of another origin gets a token and calls with it", read == 200, read)
        tap.check("and may read why it is refused", cause == "400 token-malformed", cause)
    with Server("--cors", "off") as server:
        read, _ = fetches(browser, server)
        tap.check("with --cors off the browser keeps it from the page", "Failed to fetch" in str(read), read)
    pages.shutdown()


def main():
    driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, text=True)
    try:
        for line in driver.stdout:
            if "started successfully on port" in line:
                address = "http://127.0.0.1:" + line.split()[-1].rstrip(".")
                break
        with Server() as server:
            for size, width, height in (("desktop", 1200, 800), ("phone", 390, 844)):
                with tempfile.TemporaryDirectory() as profile:
                    browser = Browser(address, profile, width, height)
                    tell(browser, server, size)
                    if size == "desktop":
                        tell_of_other_origins(browser)
                    browser.close()
    finally:
        driver.terminate()
        driver.wait(10)
    tap.end()


main()
