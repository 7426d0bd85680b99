#!/usr/bin/env python3
"""Golden: the protected API in both dialects, bearer tokens good and bad, every cause as it is worded in each place, and
every damage to delivery."""
import json

from golden import ARTICLE, CREDENTIALS, FORM, JSON, Mock, REST, VENDORS, case, form, scrub, surface, tap

GOOD = "Authorization: Bearer {access_token}\r\n"
QUERY = "/ia/api/v1/services/core/query"
OBJECTS = "/ia/api/v1/objects/"


def query(**asked):
    return json.dumps({"object": "accounts-payable/vendor", "fields": ["id", "name"], **asked})


# title: method, path, body
CALLS = {
    "a list": ("GET", VENDORS),
    "a page of it": ("GET", VENDORS + "?start=2&size=2"),
    "a page size of nothing": ("GET", VENDORS + "?size=0"),
    "an unknown parameter": ("GET", VENDORS + "?colour=red"),
    "one": ("GET", VENDORS + "/43"),
    "one that is not there": ("GET", VENDORS + "/999"),
    "a key that is no number": ("GET", VENDORS + "/abc"),
    "an object that is none": ("GET", OBJECTS + "accounts-payable/vendr"),
    "a list of bills": ("GET", OBJECTS + "accounts-payable/bill"),
    "a bill": ("GET", OBJECTS + "accounts-payable/bill/60"),
    "made": ("POST", VENDORS, '{"id": "V-1", "name": "New"}'),
    "made without its id": ("POST", VENDORS, '{"name": "New"}'),
    "made twice": ("POST", VENDORS, '{"id": "V-100", "name": "New"}'),
    "made with an unknown field": ("POST", VENDORS, '{"id": "V-1", "name": "New", "colour": "red"}'),
    "made with a wrong type": ("POST", VENDORS, '{"id": "V-1", "name": 5}'),
    "made of a list": ("POST", VENDORS, "[]"),
    "made of nothing": ("POST", VENDORS, ""),
    "made of half a JSON": ("POST", VENDORS, '{"id": '),
    "made as a form": ("POST", VENDORS, "id=V-1"),
    "made at a key": ("POST", VENDORS + "/43", '{"id": "V-1"}'),
    "changed": ("PATCH", VENDORS + "/43", '{"name": "Other"}'),
    "changed, but not there": ("PATCH", VENDORS + "/999", '{"name": "Other"}'),
    "changed without a key": ("PATCH", VENDORS, '{"name": "Other"}'),
    "deleted": ("DELETE", VENDORS + "/59"),
    "deleted, and nothing needs it": ("DELETE", VENDORS + "/45"),
    "deleted, but not there": ("DELETE", VENDORS + "/999"),
    "deleted without a key": ("DELETE", VENDORS),
    "a query": ("POST", QUERY, query()),
    "a query with a filter": ("POST", QUERY, query(filters=[{"$eq": {"id": "V-100"}}])),
    "a query in order": ("POST", QUERY, query(orderBy=[{"name": "desc"}], size=2)),
    "a query with a filter that is none": ("POST", QUERY, query(filters=[{"$like": {"id": "V-100"}}])),
    "a query of an unknown field": ("POST", QUERY, query(fields=["colour"])),
    "a query of an unknown object": ("POST", QUERY, query(object="accounts-payable/vendr")),
    "a query without an object": ("POST", QUERY, '{"fields": ["id"]}'),
    "the model": ("GET", "/ia/api/v1/services/core/model?name=accounts-payable/vendor"),
    "the model of everything": ("GET", "/ia/api/v1/services/core/model"),
    "the model of what is none": ("GET", "/ia/api/v1/services/core/model?name=nothing"),
    "the session": ("GET", "/ia/api/v1/services/core/session/id"),
}
ARTICLE_CALLS = {
    "a list": ("GET", "/api/v1/Vendor"),
    "one": ("GET", "/api/v1/Vendor/43"),
    "one that is not there": ("GET", "/api/v1/Vendor/999"),
    "an object that is none": ("GET", "/api/v1/Vendr"),
    "made": ("POST", "/api/v1/Contact", '{"id": "C-1"}'),
    "made with an unknown field": ("POST", "/api/v1/Contact", '{"id": "C-1", "colour": "red"}'),
    "made of half a JSON": ("POST", "/api/v1/Contact", '{"id": '),
    "changed": ("PATCH", "/api/v1/Contact/1", '{"id": "C-1"}'),
    "deleted": ("DELETE", "/api/v1/Contact/1"),
}


def calls_of(base, calls):
    def make():
        text = ""
        with Mock() as mock:
            for title, (method, path, *body) in calls.items():
                box = mock.box()
                box.token(base + "token")
                kind = FORM if title == "made as a form" else JSON
                answer = box.ask(method, path, body[0] if body else "", GOOD + (kind if body else ""))
                text += case(title, f"{method} {path}\n{body[0] if body else ''}".rstrip(), answer)
            for header in ("X-IA-API-Param-Entity: 100", "X-IA-API-Param-Entity: 999"):
                box = mock.box()
                box.token(base + "token")
                text += case(header, f"GET {path_of(base)}", box.ask("GET", path_of(base), headers=GOOD + header + "\r\n"))
        return text
    return make


def path_of(base):
    return "/api/v1/Vendor" if base == ARTICLE else VENDORS


# title: the header, and what becomes of the world before
BEARERS = {
    "good": (GOOD,),
    "none": ("",),
    "twice": (GOOD * 2,),
    "Basic": ("Authorization: Basic ZGVtbzpkZW1vLXNlY3JldA==\r\n",),
    "Bearer without a token": ("Authorization: Bearer\r\n",),
    "Bearer in small letters": (GOOD.replace("Bearer", "bearer"),),
    "the token alone": ("Authorization: {access_token}\r\n",),
    "two blanks": (GOOD.replace("Bearer ", "Bearer  "),),
    "in quotes": ('Authorization: Bearer "{access_token}"\r\n',),
    "a refresh token": ("Authorization: Bearer {refresh_token}\r\n",),
    "one character": ("Authorization: Bearer x\r\n",),
    "cut off": ("Authorization: Bearer {half}\r\n",),
    "in the query": ("",),
    "expired": (GOOD, {"do": "advance-clock", "by": "13h"}),
    "session over": (GOOD, {"do": "end-session"}),
    "revoked": (GOOD, {"do": "revoke-access-token"}),
    "grant revoked": (GOOD, {"do": "revoke-grant"}),
    "revoked elsewhere": (GOOD, {"do": "revoke-user", "user": "ws_user@acme"}),
    "second authorization": (GOOD, {"do": "second-authorization", "user": "ws_user@acme"}),
    "signed in to the web UI": (GOOD, {"do": "sign-in", "user": "ws_user@acme"}),
    "password changed": (GOOD, {"do": "change-password", "user": "ws_user@acme"}),
    "consent withdrawn": (GOOD, {"do": "withdraw-consent", "user": "ws_user@acme", "client_id": "demo"}),
    "user locked": (GOOD, {"do": "lock-user", "user": "ws_user@acme"}),
    "user inactive": (GOOD, {"do": "deactivate-user", "user": "ws_user@acme"}),
    "company inactive": (GOOD, {"do": "deactivate-company", "company": "acme"}),
    "client inactive": (GOOD, {"do": "deactivate-client", "client_id": "demo"}),
    "client not authorized": (GOOD, {"do": "withdraw-client-authorization", "client_id": "demo", "company": "acme"}),
    "sender not authorized": (GOOD, {"do": "withdraw-sender", "client_id": "demo", "company": "acme"}),
    "Web Services off": (GOOD, {"do": "web-services-off", "company": "acme"}),
    "module not subscribed": (GOOD, {"do": "unsubscribe-module", "company": "acme", "module": "accounts-payable"}),
    "no role": (GOOD, {"do": "remove-role", "user": "ws_user@acme"}),
    "no permission": (GOOD, {"do": "remove-permission", "user": "ws_user@acme", "permission": "accounts-payable/vendor:read"}),
    "one entity only": (GOOD, {"do": "restrict-to-entity", "user": "ws_user@acme", "entity": "100"}),
    "keys rotated": (GOOD, {"do": "rotate-keys"}),
    "clock wrong": (GOOD, {"do": "skew", "by": "-1h"}),
}
FLAWS = ("expired", "not-yet-valid", "bad-signature", "unknown-key", "wrong-issuer", "wrong-company", "wrong-algorithm",
         "malformed")


def bearers_of(base):
    def make():
        text, path = "", path_of(base)
        with Mock() as mock:
            for title, (header, *change) in BEARERS.items():
                box = mock.box()
                box.token(base + "token")
                box.had["half"] = box.had["access_token"][:255]
                for order in change:
                    done = box.control("POST", "world", order)
                    if done.status != 200:
                        raise RuntimeError(done.text())
                more = "?access_token={access_token}" if title == "in the query" else ""
                text += case(title, json.dumps(change[0]) if change else "", box.ask("GET", path + more, headers=header))
            for flaw in FLAWS:
                box = mock.box()
                box.remember(box.control("POST", "tokens", {"user": "ws_user@acme", "client_id": "demo", "flaw": flaw,
                                                            "dialect": "article" if base == ARTICLE else "rest"}))
                text += case(f"minted: {flaw}", "", box.ask("GET", path, headers=GOOD))
        return text
    return make


PLACES = {
    "token": ("POST", REST + "token", form(CREDENTIALS), FORM),
    "api": ("GET", VENDORS, "", GOOD),
    "article token": ("POST", ARTICLE + "token", form(CREDENTIALS), FORM),
    "article api": ("GET", "/api/v1/Vendor", "", GOOD),
    "authorize": ("GET", REST + "authorize?response_type=code&client_id=demo&redirect_uri=http://localhost/callback"
                  "&state=s&mock_user=jdoe@acme", "", ""),
}


def refusal(answer):
    """Without the headers that are the same for every cause."""
    dull = ("Content-Length:", "Content-Type: application/json", "Cache-Control:", "Pragma:", "X-Intacct-Mock-", "Link:",
            "Content-Security-Policy:", "Referrer-Policy:", "X-Content-Type-Options:")
    said = [answer.line] + [line for line in answer.headers if not line.startswith(("Connection:", "Date:", *dull))]
    return scrub("  ".join(said) + ("\n    " + answer.body if answer.body and "<main>" not in answer.body else ""))


def refusals():
    """Each cause, refused with by a scenario, in each place."""
    text = ""
    with Mock() as mock:
        for cause in mock.control("GET", "causes").json()["causes"]:
            said = {}
            for place, (method, path, body, headers) in PLACES.items():
                box = mock.box()
                box.token(ARTICLE + "token" if "article" in place else REST + "token")
                put = box.control("PUT", "scenario", {"name": "golden", "rules": [
                    {"when": {"endpoint": "oauth" if "token" in place or place == "authorize" else "api"},
                     "then": {"refuse": cause["id"]}}]})
                answer = box.ask(method, path, body, headers) if put.status == 200 else put
                said.setdefault(refusal(answer), []).append(place)
            text += f"== {cause['id']}\n" + "".join(f"  {', '.join(places)}: {one}\n" for one, places in said.items())
    return text


FAULTS = {
    "drop": "drop", "reset": "reset", "truncate": "truncate", "malformed-json": "malformed-json",
    "wrong-type": "wrong-type", "html": "html", "html of our own": {"html": True, "body": "<p>no</p>"},
    "status": {"status": 503}, "status and body": {"status": 418, "body": "tea", "retry_after": "2s"},
    "status and JSON": {"status": 500, "body": '{"a":1}'}, "redirect": {"redirect": "https://elsewhere.example/x"},
    "delay": {"delay": "10ms"}, "retry_after": {"retry_after": "3s", "delay": "1ms"},
    "hold": {"hold": {"until": 2, "for": "10ms"}}, "drop after": {"drop": True, "at": "after"},
    "html after": {"html": True, "at": "after"},
}


def faults():
    text = ""
    with Mock() as mock:
        for title, wire in FAULTS.items():
            for place in ("token", "api"):
                box = mock.box()
                box.token()
                put = box.control("PUT", "scenario", {"name": "golden", "rules": [
                    {"when": {"endpoint": "token" if place == "token" else "api"}, "then": {"wire": wire}}]})
                if put.status != 200:
                    text += f"== {title}\n{put.text()}\n"
                    break
                method, path, body, headers = PLACES[place]
                text += case(f"{title}, {place}", "", box.ask(method, path, body, headers))
    return text


def headers():
    """The same call with and without hints, and what a page of another origin is sent."""
    text = ""
    for title, options, more in (("hints on", [], ""), ("hints off", ["--hints", "off"], ""),
                                 ("of another origin", [], "Origin: https://page.example\r\n"),
                                 ("the control API elsewhere is off", ["--control", "off"], "")):
        with Mock(*options) as mock:
            mock_box = mock.box() if "off" not in options[-1:] or "--hints" in options else None
            ask = mock_box.ask if mock_box else mock.ask
            for method, path, body, kind in (("POST", REST + "token", form({**CREDENTIALS, "client_id": "dem"}), FORM),
                                             ("POST", REST + "token", form({**CREDENTIALS, "colour": "red"}), FORM),
                                             ("GET", VENDORS, "", "")):
                answer = ask(method, path, body, kind + more)
                names = [scrub(line) for line in answer.headers
                         if not line.startswith(("Date:", "Content-Length:"))]
                text += f"== {title}: {method} {path} → {answer.line}\n" + "".join(f"  {name}\n" for name in names)
    return text


surface("api-rest.txt", calls_of(REST, CALLS))
surface("api-article.txt", calls_of(ARTICLE, ARTICLE_CALLS))
surface("bearer-rest.txt", bearers_of(REST))
surface("bearer-article.txt", bearers_of(ARTICLE))
surface("refusals.txt", refusals)
surface("faults.txt", faults)
surface("headers.txt", headers)
tap.end()
