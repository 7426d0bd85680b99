#!/usr/bin/env python3
"""Golden: the paths there are, what methods each takes, and how what is beside them is answered."""
from golden import BOX, Mock, surface, tap

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND")
OAUTH = [f"{base}{name}" for base in ("/ia/api/v1/oauth2/", "/identity/v2/oauth2/", "/identity/v2/oauth/")
         for name in ("token", "authorize", "revoke", "introspect")]
OBJECTS = ("accounts-payable/vendor", "accounts-payable/bill", "accounts-receivable/customer",
           "accounts-receivable/invoice", "general-ledger/account", "company-config/location", "company-config/entity",
           "company-config/user", "company-config/contact")
PATHS = [
    "/", "/favicon.ico", "/robots.txt", "/ia/authorize", *OAUTH,
    "/.well-known/openid-configuration", "/.well-known/jwks.json", "/.well-known/oauth-authorization-server",
    *(f"/ia/api/v1/objects/{name}" for name in OBJECTS), "/ia/api/v1/objects/accounts-payable/vendor/43",
    "/ia/api/v1/objects", "/ia/api/v1/objects/", "/ia/api/v1/objects/accounts-payable",
    "/ia/api/v1/objects/accounts-payable/vendr", "/ia/api/v1/objects/accounts-payable/vendor/43/more",
    "/ia/api/v1/services/core/query", "/ia/api/v1/services/core/model", "/ia/api/v1/services/core/session/id",
    "/ia/api/v1/services/company-config/dimensions/list",
    "/ia/api/v1/services/core/nothing",
    *(f"/api/v1/{name}" for name in ("Vendor", "Bill", "Customer", "Invoice", "Account", "Location", "Entity", "User",
                                     "Contact", "Vendr", "Vendor/43", "")),
    # as people mistype them
    "/api/v1/oauth2/token", "/oauth2/token", "/token", "/ia/api/v1/oauth2/tokens", "/ia/api/v1/oautha2/token",
    "/identity/v2/oautha/token", "/ia/api/v1/oauth2/token/", "//ia/api/v1/oauth2/token", "/IA/API/V1/OAUTH2/TOKEN",
    "/ia/api/v2/oauth2/token", "/ia/xml/xmlgw.phtml", "/s/", "/s/nothing-like-it/ia/api/v1/oauth2/token",
    "/s/token-dorp.x/ia/api/v1/oauth2/token", "/s/UPPER/ia/api/v1/oauth2/token", "/s/happy-path", "/s/happy-path/",
]
ORIGIN = "Origin: https://page.example\r\n"


def line(answer):
    return "  ".join(filter(None, [
        answer.line, answer.header("Allow") and "Allow: " + answer.header("Allow"),
        answer.header("Location") and "Location: " + answer.header("Location"),
        answer.header("X-Intacct-Mock-Cause")]))


def grouped(pairs):
    """`GET HEAD: ANSWER`, methods with the same answer together."""
    groups = {}
    for method, said in pairs:
        groups.setdefault(said, []).append(method)
    return "".join(f"  {' '.join(methods)}: {said}\n" for said, methods in groups.items())


def routes():
    with Mock() as mock:
        box = mock.box()
        text = ""
        for path in PATHS:
            ask = mock.ask if path.startswith("/s/") or path == "/" else box.ask
            answers = [(method, ask(method, path)) for method in METHODS]
            said = {answer.header("X-Intacct-Mock-Evidence") for _, answer in answers} - {""}
            text += f"{path}\n" + grouped((method, line(answer)) for method, answer in answers)
            text += "".join(f"    {one}\n" for one in sorted(said)) if any(
                answer.status == 404 for _, answer in answers) else ""
        return text.replace(f"/s/{BOX}", "/s/BOX")


def preflights():
    with Mock() as mock:
        box = mock.box()
        text = ""
        for path in PATHS:
            if path.startswith("/s/"):
                continue
            answers = [(method, box.ask("OPTIONS", path, headers=ORIGIN + f"Access-Control-Request-Method: {method}\r\n"))
                       for method in ("GET", "POST", "PATCH", "DELETE")]
            text += f"{path}\n" + grouped(
                (method, f"{answer.line}  {answer.header('Access-Control-Allow-Methods')}") for method, answer in answers)
        whole = [("a preflight in full", "OPTIONS", ORIGIN + "Access-Control-Request-Method: POST\r\n"
                  "Access-Control-Request-Headers: authorization, x-mine\r\n"
                  "Access-Control-Request-Private-Network: true\r\n"),
                 ("a simple call of a page", "GET", ORIGIN), ("no origin", "GET", "")]
        for title, method, headers in whole:
            text += f"== {title}\n" + box.ask(method, "/ia/api/v1/objects/accounts-payable/vendor", headers=headers).text() + "\n"
        answer = mock.ask("OPTIONS", "/__mock/sandboxes", headers=whole[0][2])
        text += "== a preflight of the control API\n" + answer.text() + "\n"
    with Mock("--cors", "off") as mock:
        answer = mock.box().ask("OPTIONS", "/ia/api/v1/oauth2/token", headers=whole[0][2])
        text += "== a preflight with --cors off\n" + answer.text() + "\n"
    return text


surface("routes.txt", routes)
surface("preflights.txt", preflights)
tap.end()
