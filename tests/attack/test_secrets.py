#!/usr/bin/env python3
"""Secrets by value: each kind, in every place of a request, must come out of no way out: not by journal,
HAR, events, log, metrics, verdict, nor by the hints of an answer; also once it is no secret any more."""
import base64
import json
import re
import urllib.parse

from attack import AUTHORIZE, BOX, FORM, JSON, TOKEN, VENDORS, Tap, Watched, body, hints, quote, status

tap = Tap()
SECRET = "demo-secret"
OWN = 'k9$Zp%q+r "t&u<v;w'  # every mark that some encoding escapes
PASSWORD = "Tr0ub4dor-and-3"
GRANT = "grant_type=client_credentials"


def places(v):
    """name → (method, target, headers, body) with the value somewhere where nobody expects it."""
    e, j = quote(v, safe=""), json.dumps(v)[1:-1]
    line = urllib.parse.quote(v, safe="$+,;=&-._~!'()*%")  # as little as a request line allows
    form = lambda text: ("POST", TOKEN, FORM, text)  # noqa: E731
    return {
        "as client_id": form(f"{GRANT}&client_id={e}"),
        "as client_id and secret": form(f"{GRANT}&client_id={e}&client_secret={e}"),
        "swapped": form(f"{GRANT}&client_id={e}&client_secret=demo&username=ws_user@acme"),
        "as username": form(f"{GRANT}&client_id=demo&client_secret=demo-secret&username={e}@acme"),
        "as company": form(f"{GRANT}&client_id=demo&client_secret=demo-secret&username=ws_user@{e}"),
        "as entity": form(f"{GRANT}&client_id=demo&client_secret=demo-secret&username=ws_user@acme%7C{e}"),
        "as scope": form(f"{GRANT}&client_id=demo&client_secret=demo-secret&username=ws_user@acme&scope={e}"),
        "as grant_type": form(f"grant_type={e}&client_id=demo"),
        "as a code": form(f"grant_type=authorization_code&client_id=demo&client_secret=demo-secret&code={e}"),
        "as a refresh token": form(f"grant_type=refresh_token&client_id=demo&client_secret=demo-secret&refresh_token={e}"),
        "as a name": form(f"{GRANT}&{e}=1"),
        "as the name of nothing else": form(e),
        "as an unknown parameter": form(f"{GRANT}&remark={e}"),
        "behind the sandbox's mark": form(f"{GRANT}&client_id=demo~{e}"),
        "behind a semicolon": form(f"{GRANT};client_secret={e}"),
        "behind a comma": form(f"{GRANT},client_secret={e}"),
        "behind a blank": form(f"{GRANT} client_secret={e}"),
        "behind a newline": form(f"{GRANT}\nclient_secret={e}"),
        "in a name behind the sandbox's mark": form(f"{GRANT}&client_id=demo~client_secret={e}"),
        "within a scope": form(f"{GRANT}&client_id=demo&client_secret=demo-secret&username=ws_user@acme&scope=x;client_secret={e}"),
        "within a username": form(f"{GRANT}&client_id=demo&client_secret=demo-secret&username=ws_user@acme password={e}"),
        "encoded twice": form(f"{GRANT}&client_id={quote(e, safe='')}"),
        "in JSON": ("POST", TOKEN, JSON, f'{{"grant_type":"client_credentials","client_id":"{j}"}}'),
        "in a list of JSON": ("POST", TOKEN, JSON, f'{{"auth":["id","{j}"]}}'),
        "as a value beside its name": ("POST", TOKEN, JSON, f'{{"key":"client_secret","value":"{j}"}}'),
        "as a name of JSON": ("POST", TOKEN, JSON, f'{{"{j}":1}}'),
        "in broken JSON": ("POST", TOKEN, JSON, f'{{"client_id":"{j}"'),
        "in XML": ("POST", TOKEN, "Content-Type: text/xml\r\n", f"<a><password><![CDATA[{v}]]></password></a>"),
        "as an attribute": ("POST", TOKEN, "Content-Type: text/xml\r\n", f"<a id='1' pw='{e}'/>"),
        "in the path": ("GET", f"/ia/api/v1/objects/{e}", "", ""),
        "in a path of nothing": ("GET", f"/{line.replace('%', '%25')}/x", "", ""),
        "in a path without ia": ("GET", f"/api/v1/oauth2/{e}", "", ""),
        "as a sandbox": ("GET", f"/s/{e}/x", "", ""),
        "in the query": ("GET", f"{VENDORS}?a={e}", "", ""),
        "as state": ("GET", f"{AUTHORIZE}?client_id=demo&response_type=x&redirect_uri=http%3A%2F%2F127.0.0.1%2Fcallback&state={e}", "", ""),
        "as nonce": ("GET", f"{AUTHORIZE}?client_id=demo&nonce={e}", "", ""),
        "in a redirect URI": ("GET", f"{AUTHORIZE}?client_id=demo&redirect_uri={quote('https://x/cb?code=' + e, safe='')}", "", ""),
        "as a redirect URI": ("GET", f"{AUTHORIZE}?client_id=demo&redirect_uri={e}", "", ""),
        "as mock_user": ("GET", f"{AUTHORIZE}?client_id=demo&response_type=code&redirect_uri=http%3A%2F%2F127.0.0.1%2Fcallback&mock_user={e}", "", ""),
        "as a bearer token": ("GET", VENDORS, f"Authorization: Bearer {v}\r\n", ""),
        "as the whole header": ("GET", VENDORS, f"Authorization: {v}\r\n", ""),
        "as a scheme": ("GET", VENDORS, f"Authorization: {v} x\r\n", ""),
        "in Basic": ("POST", TOKEN, f"{FORM}Authorization: Basic {base64.b64encode(f'demo:{v}'.encode()).decode()}\r\n", GRANT),
        "as the id in Basic": ("POST", TOKEN, f"{FORM}Authorization: Basic {base64.b64encode(f'{v}:x'.encode()).decode()}\r\n", GRANT),
        "Basic in a body": form(f"a=Basic {base64.b64encode(f'demo:{v}'.encode()).decode()}"),
        "in User-Agent": ("GET", VENDORS, f"User-Agent: me/{v}\r\n", ""),
        "in a header of its own": ("GET", VENDORS, f"X-Auth: {v}\r\nX-Session: {v}\r\nX-Pass: {v}\r\nX-Own: {v}\r\n", ""),
        "in the entity header": ("GET", VENDORS, f"X-IA-API-Param-Entity: {v}\r\n", ""),
        "as Content-Type": ("POST", TOKEN, f"Content-Type: {v}\r\n", GRANT),
        "in Host": ("GET", VENDORS, f"X-Forwarded-Host: {v}\r\n", ""),
        "as a Referer": ("GET", VENDORS, f"Referer: https://x/?q={e}\r\n", ""),
        "as Origin": ("GET", VENDORS, f"Origin: https://{e}\r\n", ""),
        "to be revoked": ("POST", "/ia/api/v1/oauth2/revoke", FORM, f"token={e}&token_type_hint={e}"),
        "to be introspected": ("POST", "/ia/api/v1/oauth2/introspect", FORM, f"token={e}&client_id={e}"),
    }


def spellings(value):
    """How a careless way out might write it."""
    return {value, quote(value, safe=""), quote(value), urllib.parse.quote_plus(value), json.dumps(value)[1:-1],
            quote(quote(value, safe=""), safe=""), base64.b64encode(value.encode()).decode().rstrip("=")}


def leaks(text, value):
    lower = text.lower()
    return [spelling for spelling in spellings(value) if spelling.lower() in lower]


def token_kinds(server):
    """A live access token, refresh token and code."""
    answer = server.request("GET", f"{AUTHORIZE}?client_id=demo&response_type=code&scope=offline_access&state=1"
                            "&redirect_uri=http%3A%2F%2F127.0.0.1%2Fcallback&mock_user=jdoe@acme")
    code = re.search(rb"[?&]code=([^&\r]+)", answer)[1].decode()
    tokens = json.loads(body(server.request(
        "POST", TOKEN, f"grant_type=authorization_code&client_id=demo&client_secret=demo-secret&code={code}"
        "&redirect_uri=http%3A%2F%2F127.0.0.1%2Fcallback", FORM)))
    return {"a live access token": tokens["access_token"], "a live refresh token": tokens["refresh_token"],
            "a code": code}


# where the name beside it says that it is a secret, though no one has registered it
NAMED = ("behind a semicolon", "behind a comma", "behind a blank", "behind a newline", "within a scope", "within a username",
         "in a name behind the sandbox's mark", "in a redirect URI", "in a list of JSON", "as a value beside its name",
         "in XML", "as an attribute", "as a bearer token", "as the whole header", "in Basic", "as a code", "as a refresh token",
         "Basic in a body")


def try_everywhere(server, kind, value, only=None):
    for place, (method, target, headers, text) in places(value).items():
        if only and place not in only:
            continue
        answer = server.request(method, target, text, headers)
        found = leaks(hints(answer), value)
        tap.check(f"{kind} {place}: no hint tells it", status(answer) and not found, (found, answer[:900]))
    for way, text in {**server.told(), "events": server.events()}.items():
        found = leaks(text, value)
        at = text.lower().find(found[0].lower()) if found else 0
        tap.check(f"{kind} anywhere: {way} does not tell it", not found, (found, text[max(0, at - 300):at + 60]))


with Watched("--journal", "2000") as server:
    server.control("POST", f"{BOX}/world", {"do": "change-password", "user": "jdoe@acme", "value": PASSWORD})
    try_everywhere(server, "a wrong secret", "hunter2-zebra", NAMED)
    for kind, value in {"a client secret": SECRET, "a password": PASSWORD}.items():
        try_everywhere(server, kind, value)
    server.control("POST", f"{BOX}/world", {"do": "rotate-client-secret", "client_id": "demo", "value": OWN})
    try_everywhere(server, "a secret full of marks", OWN)
    server.control("POST", f"{BOX}/world", {"do": "rotate-client-secret", "client_id": "demo", "value": SECRET})
    for way, text in server.told().items():
        tap.check(f"once it is rotated out {way} still does not tell it", not leaks(text, OWN))
    for kind, value in token_kinds(server).items():
        try_everywhere(server, kind, value)

    server.control("POST", f"{BOX}/world", {"do": "rotate-client-secret", "client_id": "demo", "value": OWN})
    server.control("POST", f"{BOX}/reset")
    server.request("POST", TOKEN, f"{GRANT}&client_id={quote(OWN, safe='')}", FORM)
    journal = json.dumps(server.control("GET", f"{BOX}/requests"))
    tap.check("what was a secret before a reset stays hidden after it",
              "hmac:" in journal and not leaks(journal, OWN), journal[:2000])

first, second = (Watched("--seed", seed) for seed in ("7", "8"))
prints = []
for server in (first, second):
    with server:
        server.request("POST", TOKEN, f"{GRANT}&client_id=demo&client_secret={SECRET}", FORM)
        prints.append(re.search(r"client_secret=hmac:(\w+)", json.dumps(server.control("GET", f"{BOX}/requests")))[1])
tap.check("a fingerprint depends on the server's key, so that it cannot be guessed against", prints[0] != prints[1], prints)

tap.end()
