#!/usr/bin/env python3
"""A person in a real browser: signs in, accepts, denies, types a wrong password, goes back, reads why. Prints TAP."""
import http.server
import json
import threading
import urllib.parse

from browser import browser as open_browser, chromedriver
from mock import Server, Tap, body, status

tap = Tap()


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
    browser.click("form.sign-in button")


def callback(browser):
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(browser.url()).query))


def slug(size):
    return size.replace(" px, ", "-")


def tell(browser, server, size):
    browser.open(authorize_url(server))
    browser.picture(f"sign-in-{slug(size)}")
    labels = browser.run("return [...document.querySelectorAll('input:not([type=hidden])')]"
                         ".every(i => i.labels.length > 0)")
    tap.check(f"every input has a label ({size})", labels)
    fits = browser.run("return document.documentElement.scrollWidth <= innerWidth")
    tap.check(f"the page fits its width ({size})", fits)
    tap.check(f"it says that it is not Sage's ({size})",
              "not affiliated with Sage" in browser.text())

    sign_in(browser, server, password="wrong")
    browser.picture(f"wrong-password-{slug(size)}")
    tap.check(f"a wrong password is announced ({size})", browser.find("[role=alert]"))
    tap.check(f"the user id stands there again ({size})",
              browser.run("return document.querySelector('[name=user_id]').value") == "jdoe")

    sign_in(browser, server)
    browser.picture(f"consent-{slug(size)}")
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
    browser.picture(f"unknown-client-{slug(size)}")
    tap.check(f"an unknown client gets a page that explains ({size})",
              "authorize-client-unknown" in browser.text())
    found = browser.complaints()
    tap.check(f"axe finds nothing on the page of a refusal ({size})", not found, found)
    browser.click("main a")
    tap.check(f"it leads to its cause ({size})", browser.has("authorize-client-unknown", "h1"), browser.url())


def tell_of_clicks(browser, server, size):
    """The whole way by clicks, to a token that works; and back again."""
    browser.open(authorize_url(server))
    tap.check(f"the first field has the focus ({size})", browser.run("return document.activeElement.name") == "company_id")
    tap.check(f"the application's name is told ({size})", "Demo application" in browser.text("main"))
    found = browser.complaints()
    tap.check(f"axe finds nothing on the sign-in page ({size})", not found, found)
    browser.click("form.people button")
    found = browser.complaints()
    tap.check(f"axe finds nothing on the consent page ({size})", not found, found)
    browser.reload()
    tap.check(f"the consent page can be loaded again ({size})", "Jane Doe" in browser.text("main"))
    browser.back()
    tap.check(f"going back leads to the sign-in page ({size})", browser.find("form.people"), browser.url())
    browser.click("form.people button")
    browser.click("button[value=accept]")
    fields = {"grant_type": "authorization_code", "client_id": "demo", "client_secret": "demo-secret",
              "code": callback(browser)["code"], "redirect_uri": f"http://127.0.0.1:{server.port}/callback"}
    given = json.loads(body(server.request("POST", "/ia/api/v1/oauth2/token", urllib.parse.urlencode(fields),
                                           "Content-Type: application/x-www-form-urlencoded\r\n")))
    answer = server.request("GET", "/ia/api/v1/objects/accounts-payable/vendor",
                            headers=f"Authorization: Bearer {given.get('access_token')}\r\n")
    tap.check(f"the code is good for tokens, and these for the API ({size})", status(answer) == 200 and "refresh_token" in given, given)
    said = browser.console()
    tap.check(f"no page broke its policy ({size})", all("400" in line or "404" in line for line in said), said)


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
    with chromedriver() as driver, Server() as server:
        for width, height, scheme in ((1280, 860, "light"), (360, 740, "dark")):
            with open_browser(driver, width, height, scheme) as browser:
                size = f"{width} px, {scheme}"
                tell(browser, server, size)
                tell_of_clicks(browser, server, size)
                if width > 1000:
                    tell_of_other_origins(browser)
    tap.end()


main()
