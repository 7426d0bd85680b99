#!/usr/bin/env python3
"""Golden: the OAuth endpoints. A table of token requests, good and bad, in both dialects; authorize, revoke, introspect,
discovery; what the tokens say."""
import base64
import json

from golden import ARTICLE, CREDENTIALS, FORM, JSON, JWT, Mock, REST, case, form, scrub, short, surface, tap

CALLBACK = "http://localhost/callback"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
CODE = {"grant_type": "authorization_code", "client_id": "demo", "client_secret": "demo-secret", "code": "{code}",
        "redirect_uri": CALLBACK}
REFRESH = {"grant_type": "refresh_token", "client_id": "demo", "client_secret": "demo-secret",
           "refresh_token": "{refresh_token}"}
BASIC = "Authorization: Basic %s\r\n"


def basic(text):
    return BASIC % base64.b64encode(text.encode()).decode()


def without(fields, *names):
    return {name: value for name, value in fields.items() if name not in names}


def authorized(query="", client="demo"):
    """Asks to authorize before the case: {code} is filled in."""
    def prepare(box, base):
        scope = "offline_access" if base == REST else "full_access"
        box.ask("GET", f"{base}authorize?response_type=code&client_id={client}&redirect_uri={CALLBACK}&state=s"
                       f"&mock_user=jdoe@acme&scope={scope}{query}")
    return prepare


def issued(box, base):
    box.token(base + "token")


def changed(effect, before=None, **arguments):
    """A change of the world before the case."""
    def prepare(box, base):
        if before:
            before(box, base)
        done = box.control("POST", "world", {"do": effect, **arguments})
        if done.status != 200:
            raise RuntimeError(f"{effect}: {done.text()}")
    return prepare


def policy(before=None, **switches):
    def prepare(box, base):
        done = box.control("PATCH", "policy", switches)
        if done.status != 200:
            raise RuntimeError(done.text())
        if before:
            before(box, base)
    return prepare


def twice(fields):
    def prepare(box, base):
        issued(box, base)
        old = dict(box.had)
        box.ask("POST", base + "token", form(fields), FORM)
        box.had = old
    return prepare


def code_twice(box, base):
    authorized()(box, base)
    box.ask("POST", base + "token", form(CODE), FORM)


# title: fields or body, headers besides the content type, what was before
TOKEN = {
    "client credentials": (CREDENTIALS,),
    "client credentials by Basic": (without(CREDENTIALS, "client_id", "client_secret"), basic("demo:demo-secret")),
    "client credentials as JSON": (json.dumps(CREDENTIALS), JSON),
    "client credentials with an entity": ({**CREDENTIALS, "username": "ws_user@acme|100"},),
    "client credentials with a scope": ({**CREDENTIALS, "scope": "full_access:read"},),
    "client credentials with an unknown field": ({**CREDENTIALS, "colour": "red"},),
    "no body": ("",),
    "no body and no content type": ("", None),
    "no grant_type": (without(CREDENTIALS, "grant_type"),),
    "grant_type empty": ({**CREDENTIALS, "grant_type": ""},),
    "grant_type twice": ({**CREDENTIALS, "grant_type": ["client_credentials", "refresh_token"]},),
    "grant_type misspelled": ({**CREDENTIALS, "grant_type": "client_credential"},),
    "grant_type password": ({**CREDENTIALS, "grant_type": "password", "password": "secret"},),
    "grant_type in capitals": ({**CREDENTIALS, "grant_type": "CLIENT_CREDENTIALS"},),
    "a field misspelled": ({**without(CREDENTIALS, "client_secret"), "client%20secret": "demo-secret"},),
    "a field in camel case": ({**without(CREDENTIALS, "client_id"), "clientId": "demo"},),
    "no client_id": (without(CREDENTIALS, "client_id"),),
    "client_id empty": ({**CREDENTIALS, "client_id": ""},),
    "client_id twice": ({**CREDENTIALS, "client_id": ["demo", "demo"]},),
    "client unknown": ({**CREDENTIALS, "client_id": "dem"},),
    "client of the other environment": ({**CREDENTIALS, "client_id": "demo-sandbox", "client_secret": "demo-sandbox-secret"},),
    "client inactive": (CREDENTIALS, "", changed("deactivate-client", client_id="demo")),
    "no client_secret": (without(CREDENTIALS, "client_secret"),),
    "client_secret empty": ({**CREDENTIALS, "client_secret": ""},),
    "client_secret wrong": ({**CREDENTIALS, "client_secret": "nope"},),
    "client_secret padded": ({**CREDENTIALS, "client_secret": "demo-secret%20"},),
    "client_secret twice": ({**CREDENTIALS, "client_secret": ["demo-secret", "demo-secret"]},),
    "client_secret rotated": (CREDENTIALS, "", changed("rotate-client-secret", client_id="demo")),
    "Basic with a wrong secret": (without(CREDENTIALS, "client_id", "client_secret"), basic("demo:nope")),
    "Basic that is no Base64": (without(CREDENTIALS, "client_id", "client_secret"), BASIC % "!!!"),
    "Basic without a colon": (without(CREDENTIALS, "client_id", "client_secret"), basic("demo")),
    "Basic and the form": (CREDENTIALS, basic("demo:demo-secret")),
    "Basic and the form that differ": (CREDENTIALS, basic("demo-public:x")),
    "Authorization twice": (CREDENTIALS, basic("demo:demo-secret") * 2),
    "Bearer instead of Basic": (CREDENTIALS, "Authorization: Bearer abc\r\n"),
    "a client assertion": ({**without(CREDENTIALS, "client_secret"), "client_assertion": "x",
                            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},),
    "a grant that the client may not use": ({**CREDENTIALS, "client_id": "demo-public", "client_secret": None},),
    "no username": (without(CREDENTIALS, "username"),),
    "username empty": ({**CREDENTIALS, "username": ""},),
    "username twice": ({**CREDENTIALS, "username": ["ws_user@acme", "ws_user@acme"]},),
    "username without a company": ({**CREDENTIALS, "username": "ws_user"},),
    "username with an empty company": ({**CREDENTIALS, "username": "ws_user@"},),
    "company unknown": ({**CREDENTIALS, "username": "ws_user@acne"},),
    "company inactive": (CREDENTIALS, "", changed("deactivate-company", company="acme")),
    "company of the other environment": ({**CREDENTIALS, "username": "ws_user@acme-sandbox"},),
    "user unknown": ({**CREDENTIALS, "username": "ws_usr@acme"},),
    "user in another case": ({**CREDENTIALS, "username": "WS_User@acme"},),
    "user locked": (CREDENTIALS, "", changed("lock-user", user="ws_user@acme")),
    "user inactive": (CREDENTIALS, "", changed("deactivate-user", user="ws_user@acme")),
    "user of no Web Services": ({**CREDENTIALS, "username": "jdoe@acme"},),
    "entity unknown": ({**CREDENTIALS, "username": "ws_user@acme|999"},),
    "Web Services off": (CREDENTIALS, "", changed("web-services-off", company="acme")),
    "client not authorized by the company": (CREDENTIALS, "", changed("withdraw-client-authorization", client_id="demo",
                                                                      company="acme")),
    "sender not authorized": (CREDENTIALS, "", changed("withdraw-sender", client_id="demo", company="acme")),
    "scope unknown": ({**CREDENTIALS, "scope": "everything"},),
    "scope twice": ({**CREDENTIALS, "scope": ["openid", "openid"]},),
    "session_id unknown": ({**without(CREDENTIALS, "username"), "session_id": "abc"},),
    "invalid_client_style of old": ({**CREDENTIALS, "client_secret": "nope"}, "", policy(invalid_client_style="400-rest")),
    "JSON cut short": ('{"grant_type": "client_credentials"', JSON),
    "JSON that is a list": ("[1]", JSON),
    "JSON with a number for text": ('{"grant_type": 5}', JSON),
    "XML": ("<request/>", "Content-Type: text/xml\r\n"),
    "multipart": ("--x\r\n", "Content-Type: multipart/form-data; boundary=x\r\n"),
    "a form called plain text": (CREDENTIALS, "Content-Type: text/plain\r\n"),
    "a form with a charset": (CREDENTIALS, "Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\n"),
    "a form with a bad escape": ("grant_type=client%ZZcredentials",),
    "a form with a NUL": ("grant_type=client%00credentials",),
    "fields in the query": ("",),
    "authorization code": (CODE, "", authorized()),
    "authorization code with PKCE": ({**CODE, "code_verifier": VERIFIER}, "",
                                     authorized(f"&code_challenge={CHALLENGE}&code_challenge_method=S256")),
    "code without its PKCE verifier": (CODE, "", authorized(f"&code_challenge={CHALLENGE}&code_challenge_method=S256")),
    "code with a wrong PKCE verifier": ({**CODE, "code_verifier": VERIFIER[::-1]}, "",
                                        authorized(f"&code_challenge={CHALLENGE}&code_challenge_method=S256")),
    "code of a public client": ({**without(CODE, "client_secret"), "client_id": "demo-public", "code_verifier": VERIFIER}, "",
                                authorized(f"&code_challenge={CHALLENGE}&code_challenge_method=S256", "demo-public")),
    "no code": (without(CODE, "code"),),
    "code empty": ({**CODE, "code": ""},),
    "code unknown": ({**CODE, "code": "nope"},),
    "code expired": (CODE, "", changed("advance-clock", authorized(), by="2m")),
    "code reused": (CODE, "", code_twice),
    "code of another client": ({**CODE, "client_id": "demo-sandbox", "client_secret": "demo-sandbox-secret"}, "", authorized()),
    "no redirect_uri": (without(CODE, "redirect_uri"), "", authorized()),
    "redirect_uri that differs": ({**CODE, "redirect_uri": CALLBACK + "/"}, "", authorized()),
    "refresh": (REFRESH, "", issued),
    "refresh by Basic": (without(REFRESH, "client_id", "client_secret"), basic("demo:demo-secret"), issued),
    "refresh by Basic and the form": (REFRESH, basic("demo:demo-secret"), issued),
    "no refresh_token": (without(REFRESH, "refresh_token"),),
    "refresh_token empty": ({**REFRESH, "refresh_token": ""},),
    "refresh_token unknown": ({**REFRESH, "refresh_token": "nope"},),
    "refresh_token expired": (REFRESH, "", changed("advance-clock", issued, by="31d")),
    "refresh_token revoked": (REFRESH, "", changed("revoke-refresh-token", issued)),
    "refresh_token reused": (REFRESH, "", twice(REFRESH)),
    "refresh_token of another client": ({**REFRESH, "client_id": "demo-public", "client_secret": None}, "", issued),
    "an access token for a refresh token": ({**REFRESH, "refresh_token": "{access_token}"}, "", issued),
    "refresh of a user locked since": (REFRESH, "", changed("lock-user", issued, user="ws_user@acme")),
    "refresh after a second authorization": (REFRESH, "", changed("second-authorization", issued, user="ws_user@acme")),
    "refresh after the password changed": (REFRESH, "", changed("change-password", issued, user="ws_user@acme")),
    "refresh after consent was withdrawn": (REFRESH, "", changed("withdraw-consent", issued, user="ws_user@acme", client_id="demo")),
    "refresh of a revoked user": (REFRESH, "", changed("revoke-user", issued, user="ws_user@acme")),
    "refresh that narrows the scope": ({**REFRESH, "scope": "openid"}, "", issued),
    "refresh under rotation keep": (REFRESH, "", policy(issued, rotation="keep")),
    "reuse under rotation grace": (REFRESH, "", policy(twice(REFRESH), rotation="grace:5s")),
    "reuse that revokes the family": (REFRESH, "", policy(twice(REFRESH), reuse="revoke-family")),
    "invalid_grant_status 401": ({**REFRESH, "refresh_token": "nope"}, "", policy(invalid_grant_status=401)),
}


def tokens_of(base):
    def make():
        text = ""
        with Mock() as mock:
            for title, (fields, *more) in TOKEN.items():
                box = mock.box()
                headers = more[0] if more else ""
                if len(more) > 1:
                    more[1](box, base)
                body = fields if isinstance(fields, str) else form(fields)
                if headers is not None and "Content-Type" not in headers:
                    headers += FORM
                query = "?" + form(CREDENTIALS) if title == "fields in the query" else ""
                answer = box.ask("POST", base + "token" + query, body, headers or "")
                shown = (headers or "").replace(FORM, "").replace("\r\n", "\n")
                text += case(title, shown + body, answer)
        return text
    return make


def decoded(text):
    """The two JSON parts of each JWT that is in the text."""
    for token in JWT.findall(text):
        parts = [json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in token.split(".")[:2]]
        yield token, parts


def what_tokens_say():
    text = ""
    with Mock() as mock:
        for title, base, prepare, fields in (
                ("client credentials, REST", REST, None, CREDENTIALS),
                ("client credentials, article", ARTICLE, None, CREDENTIALS),
                ("with an entity, REST", REST, None, {**CREDENTIALS, "username": "ws_user@acme|100"}),
                ("a person's code, REST", REST, authorized("+openid&nonce=n"), CODE),
                ("a person's code, article", ARTICLE, authorized(), CODE)):
            box = mock.box()
            if prepare:
                prepare(box, base)
            answer = box.ask("POST", base + "token", form(fields), FORM)
            text += f"== {title}\n"
            for token, (header, claims) in decoded(answer.body):
                text += f"<JWT {short(token)}>\n {json.dumps(header)}\n {json.dumps(claims)}\n"
    return text


ASK = f"response_type=code&client_id=demo&redirect_uri={CALLBACK}&state=s"
AUTHORIZE = {
    "answered at once": ASK + "&scope=offline_access&mock_user=jdoe@acme",
    "answered at once, a scope of the article": ASK + "&scope=full_access:read&mock_user=jdoe@acme",
    "answered at once with openid and nonce": ASK + "&scope=openid+offline_access&nonce=n&mock_user=jdoe@acme",
    "no state": ASK.replace("&state=s", "") + "&mock_user=jdoe@acme",
    "no query": "",
    "client unknown": ASK.replace("demo", "dem"),
    "no client_id": ASK.replace("client_id=demo&", ""),
    "client_id twice": ASK + "&client_id=demo",
    "no redirect_uri": ASK.replace(f"&redirect_uri={CALLBACK}", ""),
    "redirect_uri not registered": ASK.replace("localhost", "evil.example"),
    "redirect_uri on another port": ASK.replace("localhost", "localhost:5000") + "&mock_user=jdoe@acme",
    "response_type token": ASK.replace("=code&", "=token&"),
    "no response_type": ASK.replace("response_type=code&", ""),
    "scope unknown": ASK + "&scope=everything&mock_user=jdoe@acme",
    "scope denied": ASK + "&scope=sage/ai-agents&mock_user=jdoe@acme",
    "PKCE method plain": ASK + "&code_challenge=abc&code_challenge_method=plain&mock_user=jdoe@acme",
    "PKCE challenge too short": ASK + "&code_challenge=abc&code_challenge_method=S256&mock_user=jdoe@acme",
    "user unknown": ASK + "&mock_user=nobody@acme",
    "user without a company": ASK + "&mock_user=jdoe",
    "consent denied": ASK + "&mock_user=jdoe@acme&mock_consent=deny",
    "mock_consent unknown": ASK + "&mock_user=jdoe@acme&mock_consent=perhaps",
    "response_mode form_post": ASK + "&response_mode=form_post&mock_user=jdoe@acme",
    "prompt none": ASK + "&prompt=none",
}


def authorize_of(base):
    def make():
        text = ""
        with Mock() as mock:
            for title, query in AUTHORIZE.items():
                text += case(title, "GET " + query, mock.box().ask("GET", f"{base}authorize?{query}"))
            for title, effect, arguments in (
                    ("user locked", "lock-user", {"user": "jdoe@acme"}),
                    ("client not authorized by the company", "withdraw-client-authorization",
                     {"client_id": "demo", "company": "acme"}),
                    ("client inactive", "deactivate-client", {"client_id": "demo"})):
                box = mock.box()
                changed(effect, **arguments)(box, base)
                query = ASK + "&mock_user=jdoe@acme"
                text += case(title, "GET " + query, box.ask("GET", f"{base}authorize?{query}"))
            text += case("POST", ASK, mock.box().ask("POST", base + "authorize", ASK + "&mock_user=jdoe@acme", FORM))
        return text
    return make


def page_of_authorize():
    with Mock() as mock:
        return case("the sign-in page", ASK, mock.box().ask("GET", f"{REST}authorize?{ASK}&scope=offline_access"))


REVOKE = {
    "an access token": "token={access_token}",
    "a refresh token": "token={refresh_token}",
    "with the client": "token={access_token}&client_id=demo&client_secret=demo-secret",
    "with a hint": "token={refresh_token}&token_type_hint=refresh_token",
    "with a wrong hint": "token={refresh_token}&token_type_hint=access_token",
    "with a hint that is none": "token={refresh_token}&token_type_hint=cookie",
    "of another client": "token={refresh_token}&client_id=demo-public",
    "an access token of another client": "token={access_token}&client_id=demo-public",
    "with a wrong secret": "token={access_token}&client_id=demo&client_secret=nope",
    "no token": "client_id=demo",
    "token empty": "token=",
    "token twice": "token={access_token}&token={access_token}",
    "a token that is none": "token=nope",
    "nothing": "",
}
CLIENT = "&client_id=demo&client_secret=demo-secret"
INTROSPECT = {
    "an access token": "token={access_token}" + CLIENT,
    "a refresh token": "token={refresh_token}" + CLIENT,
    "without a client": "token={access_token}",
    "a token that is none": "token=nope" + CLIENT,
    "no token": CLIENT[1:],
    "by another client": "token={access_token}&client_id=demo-public",
    "nothing": "",
}


def bodies_of(endpoint, bodies):
    def make():
        text = ""
        with Mock() as mock:
            for base in (REST, ARTICLE) if endpoint == "revoke" else (REST,):
                for title, body in bodies.items():
                    box = mock.box()
                    issued(box, base)
                    answer = box.ask("POST", base + endpoint, body, FORM)
                    states = [f"{one['kind']} {one['state']}" for one in box.control("GET", "tokens").json()["tokens"]]
                    text += case(f"{title}{', article' if base == ARTICLE else ''}", body, answer)
                    text += f"  tokens: {', '.join(states)}\n"
        return text
    return make


def discovery():
    text = ""
    with Mock() as mock:
        for path in ("/.well-known/openid-configuration", "/.well-known/jwks.json"):
            text += case(path, "GET", mock.box().ask("GET", path))
        mock.freeze()
        for headers in ("", "Forwarded: proto=https;host=a.example\r\nX-Forwarded-Prefix: /p\r\n"):
            answer = mock.ask("GET", "/.well-known/openid-configuration", headers=headers)
            text += f"== the default sandbox: issuer {answer.json()['issuer']}\n"
    for options in (["--public-url", "https://mock.example/base"], ["--trust-proxy", "on"]):
        with Mock(*options) as mock:
            answer = mock.ask("GET", "/.well-known/openid-configuration",
                              headers="X-Forwarded-Proto: https\r\nX-Forwarded-Host: a.example\r\nX-Forwarded-Prefix: /p\r\n")
            text += f"== {' '.join(options)}\n{scrub(answer.body)}\n"
    return text


surface("token-rest.txt", tokens_of(REST))
surface("token-article.txt", tokens_of(ARTICLE))
surface("token-claims.txt", what_tokens_say)
surface("authorize-rest.txt", authorize_of(REST))
surface("authorize-article.txt", authorize_of(ARTICLE))
surface("authorize-page.txt", page_of_authorize)
surface("revoke.txt", bodies_of("revoke", REVOKE))
surface("introspect.txt", bodies_of("introspect", INTROSPECT))
surface("discovery.txt", discovery)
tap.end()
