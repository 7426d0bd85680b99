#!/usr/bin/env python3
"""An integration with Sage Intacct as it should be: it connects, does a small job and survives what
can go wrong on the way. Standard library only; read it from top to bottom.

The rules it lives by:

  * A refused access token is renewed once, however many calls were refused; each of those calls is
    then repeated once. Tokens are not renewed by the clock: the server knows best when one is dead.
  * "Refused" is not only a 401: Intacct also says it with 400 and a text.
  * A refused refresh token is forgotten at once, and one other way in is tried.
  * Wrong credentials and missing permissions do not get better by asking again: stop, say why.
  * Trouble on the way (5xx, silence, half an answer, HTML) is borne a few times, with pauses that
    grow.
  * Whoever is told Retry-After waits, and so do all other threads.
  * Secrets go to the addresses that were configured and nowhere else: redirects are not followed.

    INTACCT_BASE_URL=http://127.0.0.1:8080 … ./sound.py      # see README.md beside it
    … ./sound.py --broken only-401                           # the same, with a fault in it
"""
import base64
import hashlib
import http.client
import json
import os
import ssl
import sys
import threading
import time
from collections import namedtuple
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit

REDIRECT_URI = "http://127.0.0.1/callback"
TIMEOUT = 1.0               # seconds without a byte
PAUSES = (0.1, 0.3, 0.6)    # between the tries of one call: at most four tries
LONGEST_WAIT = 60.0         # who asks for more patience than this gets none
TOKEN_REQUESTS = 8          # in one run: the fuse that blows when all other rules have failed

API = "/ia/api/v1/"
VENDORS = API + "objects/accounts-payable/vendor"
BILLS = API + "objects/accounts-payable/bill"
IN_PARALLEL = tuple(API + "objects/" + name for name in (
    "accounts-receivable/customer", "accounts-payable/bill", "accounts-receivable/invoice",
    "general-ledger/account"))

Config = namedtuple("Config", "base_url client_id client_secret username token_url authorize_url "
                              "entity second", defaults=("", ""))
Outcome = namedtuple("Outcome", "done reason steps")  # steps: names of those that were finished


def config_from(environment):
    base = environment.get("INTACCT_BASE_URL", "http://127.0.0.1:8080").rstrip("/")
    return Config(
        base_url=base,
        client_id=environment.get("INTACCT_CLIENT_ID", "demo"),
        client_secret=environment.get("INTACCT_CLIENT_SECRET", "demo-secret"),
        username=environment.get("INTACCT_USERNAME", "ws_user@acme"),
        token_url=environment.get("INTACCT_TOKEN_URL", base + API + "oauth2/token"),
        authorize_url=environment.get("INTACCT_AUTHORIZE_URL", base + API + "oauth2/authorize"),
        entity=environment.get("INTACCT_ENTITY", ""),
        second=environment.get("INTACCT_SECOND_USERNAME", ""))  # another customer's


class Broken:
    """Ways to break this client, for tests that must see it fail: marked branches below."""
    ABOUT = {
        "hammers-dead-token": "repeats a refused call three times with the same token",
        "refresh-per-thread": "has no lock: every refused call gets a new token of its own",
        "never-renews": "gives up as soon as a token is refused",
        "does-not-repeat-the-call": "gets a new token, but leaves the refused call undone",
        "loops-on-dead-refresh-token": "sends a refused refresh token again and again",
        "hammers-credentials": "repeats a refused token request five times at once",
        "calls-without-token": "goes on to the API although no token was given",
        "refreshes-on-403": "gets a new token because a permission is missing",
        "repeats-403": "repeats a call whose permission is missing",
        "ignores-retry-after": "does not wait as long as Retry-After says",
        "waits-alone": "only the thread that was told Retry-After waits",
        "gives-up-on-retry-after": "never repeats a call that was told to wait",
        "gives-up-at-once": "never repeats a call that met trouble on the way",
        "retries-at-once": "leaves no pause between tries",
        "retries-for-ever": "tries twelve times",
        "takes-faults-for-success": "takes whatever comes back for the answer",
        "repeats-refused-calls": "repeats what no repeat can mend: wrong path, method, type, size",
        "follows-redirects-with-credentials": "carries secrets wherever a redirect points",
        "only-401": "does not know that a dead token can also be a 400",
        "refreshes-twice-after-lost-answer": "keeps sending a refresh token that is used up",
        "keeps-old-refresh-token": "does not store the new refresh token",
        "refreshes-without-token": "sends the refresh grant without a refresh token",
        "basic-on-refresh": "sends the client's credentials by HTTP Basic on a refresh",
        "sends-code-twice": "exchanges every authorization code twice",
        "forgets-verifier": "sends a PKCE challenge, but not its verifier",
        "forgets-state": "sends no state, so it cannot tell whose code comes back",
        "sends-wrong-entity-header": "names the entity in a header that is silently ignored",
        "renews-on-trouble": "gets a new token whenever a call fails, whatever the reason",
        "renews-three-times": "gets three new tokens where one would do",
        "renews-by-its-own-clock": "gets a new token when its own clock says that the old one is over",
        "hammers-sign-in": "asks authorize five times at once after it was refused",
        "exchanges-no-code": "goes on to the token endpoint although no code came",
        "creates-without-a-key": "repeats a create whose answer was lost without an Idempotency-Key",
        "creates-anew": "repeats a create whose answer was lost with a new Idempotency-Key and a new body",
        "renews-for-ever": "renews and repeats as long as a call is refused",
        "is-impatient": "gives up after 0.3 seconds without a byte",
        "gives-up-on-slow-answers": "gives up on an answer that is not whole after 0.3 seconds",
        "one-token-for-all": "makes the calls of its second company with the token of the first",
        "last-token-wins": "keeps one token for both companies, the one that came last",
        "misspells-a-parameter": "sends clientsecret where client_secret is wanted",
        "misspells-the-host": "asks for a host whose name is nearly right",
        "never-asks-for-a-token": "calls the API without a token and asks for none",
        "leaves-after-connecting": "gets a token and calls nothing with it",
        "trusts-any-certificate": "does not check who it talks to",
        "speaks-old-tls": "still takes TLS 1.0 and 1.1",
        "never-connects": "does nothing and says that all is well",
    }

    def __init__(self, names=()):
        unknown = sorted(set(names) - set(self.ABOUT))
        if unknown:
            raise ValueError(f"no such fault: {', '.join(unknown)}; there are "
                             f"{', '.join(self.ABOUT)}")
        self._names = frozenset(names)

    def __contains__(self, name):
        assert name in self.ABOUT, name
        return name in self._names


# ---- what can come back ----

class Stop(Exception):
    """The end of the run, with a reason that a person can act on."""


class Fault(Exception):
    """Trouble on the way: the same request may well succeed later.

    wait: seconds that the server asks for, or None. lost: perhaps the request took effect, and
    only its answer did not reach us."""

    def __init__(self, reason, wait=None, lost=False):
        super().__init__(reason)
        self.wait, self.lost = wait, lost


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body
        self.type = (headers.get("Content-Type") or "").partition(";")[0].strip().lower()
        try:
            parsed = json.loads(body)
        except (ValueError, RecursionError):
            parsed = None
        self.json = parsed if isinstance(parsed, dict) else None

    @property
    def fine(self):
        return 200 <= self.status < 300 and not self.error

    @property
    def error(self):
        """The word for what is wrong: "invalid_grant", "GW-0040", "REST-1206", …; or "".
        Intacct has three shapes of errors, and one of them may arrive with a 200."""
        body = self.json or {}
        result = body.get("ia::result")
        found = body.get("ia::error") or body.get("error")
        if isinstance(result, dict):
            found = result.get("ia::error") or found
        if isinstance(found, list):
            found = found[0] if found else None
        if isinstance(found, dict):
            found = found.get("errorId") or found.get("code") or "error"
        return found if isinstance(found, str) else ""

    def __str__(self):
        return f"{self.status} {self.error}".strip()


TOKEN_ERRORS = {"GW-0031", "GW-0034", "GW-0040", "REST-1206", "REST-2102", "tokenInvalid",
                "invalid_grant", "invalid_token"}
TOKEN_TEXTS = (b"token is not valid", b"invalid token", b"expired token", b"tokeninvalid")
CLIENT_ERRORS = {"invalid_client", "unauthorized_client", "REST-1216"}


def token_was_refused(answer, broken=Broken()):
    """Does the answer of an API call say that the access token is dead?"""
    if answer.error in CLIENT_ERRORS:
        return False
    if answer.status == 401:
        return True
    if "only-401" in broken:  # fault
        return False
    if answer.status == 400 and any(text in answer.body.lower() for text in TOKEN_TEXTS):
        return True
    return answer.status in (200, 400) and answer.error in TOKEN_ERRORS


def retry_after(answer):
    """Seconds to wait, or None. A date is measured against the server's own clock."""
    said = (answer.headers.get("Retry-After") or "").strip()
    if not said:
        return None
    if said.isdigit():
        return float(said)
    try:
        until = parsedate_to_datetime(said)
        now = parsedate_to_datetime(answer.headers.get("Date") or "")
        return max(0.0, (until - now).total_seconds())
    except (TypeError, ValueError, IndexError):
        return None


def trouble_in(answer, member, redirects=False):
    """The Fault that the answer stands for, or None. An answer that is fine must be JSON with that
    MEMBER; "": with whatever members, or empty; None: a page for a person will do, too."""
    if answer.status in (408, 429) or answer.status >= 500:
        return Fault(f"answered {answer}", wait=retry_after(answer))
    if 300 <= answer.status < 400 and not redirects:
        return Fault(f"answered {answer.status}, a redirect that is not followed")
    if not answer.fine or member is None or (member == "" and not answer.body):
        return None
    if answer.json is None or not answer.type.endswith("json"):
        return Fault(f"answered {answer.status} with {answer.type or 'no type'} that is not the "
                     "JSON expected", lost=True)
    if member and member not in answer.json:
        return Fault(f"answered {answer.status} without {member}", lost=True)
    return None


def is_token_response(body):
    """Nothing is stored before this was asked."""
    return (isinstance(body.get("access_token"), str) and body["access_token"] != ""
            and isinstance(body.get("expires_in"), (int, float))
            and not isinstance(body["expires_in"], bool)
            and isinstance(body.get("token_type"), str)
            and body["token_type"].casefold() == "bearer"
            and isinstance(body.get("refresh_token", ""), str))


# ---- the wire ----

class Line:
    """The kept-alive connections of one thread: one to each host."""

    def __init__(self, timeout, whole=None, trust=None):
        self._timeout = timeout
        self._trust = trust  # an SSLContext; None: as the environment says
        self._whole = whole  # fault: seconds for all of an answer
        self._connections = {}

    def _to(self, scheme, host):
        if (scheme, host) not in self._connections:
            proxy = urlsplit(os.environ.get("HTTPS_PROXY", "") if host == "api.intacct.com" else "")
            if scheme == "http":
                made = http.client.HTTPConnection(host, timeout=self._timeout)
            else:
                made = http.client.HTTPSConnection(proxy.netloc or host, timeout=self._timeout, context=self._trust)
                if proxy.netloc:
                    made.set_tunnel(host, 443)
            self._connections[scheme, host] = made
        return self._connections[scheme, host]

    def open(self, url):
        """Connects ahead of the first request. A failure shows again when that is sent."""
        parts = urlsplit(url)
        try:
            self._to(parts.scheme, parts.netloc).connect()
        except OSError:
            pass

    def close(self):
        for connection in self._connections.values():
            connection.close()

    def _read(self, answer):
        """However slowly it comes: as long as something comes, nothing is lost."""
        if not self._whole:
            return answer.read()
        until, body = time.monotonic() + self._whole, b""
        while piece := answer.read1():
            body += piece
            if time.monotonic() > until:
                raise TimeoutError
        return body + answer.read()

    def send(self, method, url, headers, body):
        parts = urlsplit(url)
        connection = self._to(parts.scheme, parts.netloc)
        target = (parts.path or "/") + ("?" + parts.query if parts.query else "")
        answer = None
        try:
            connection.request(method, target, body, headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, self._read(answer))
        except ssl.SSLCertVerificationError as error:
            raise Stop(f"{parts.netloc} is not trusted: {error.verify_message}") from error
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            if answer is not None:
                answer.close()  # it holds the socket too, and the server should see us leave
            if answer is not None and answer.status in (401, 403):
                return Answer(answer.status, answer.headers, b"")  # the status says it all
            raise Fault(f"gave no whole answer ({type(error).__name__})", lost=True) from error


# ---- the integration ----

class Client:
    """run() does the job once and says how it went. No state outside of itself, no prints.

    sleep: how it waits. faults: names of Broken. log(text): told what happens. between(n): called
    after the nth of STEPS, from 1. disconnect: give the tokens back at the end?"""

    STEPS = ("discover", "connect", "introspect", "list", "get", "session", "query", "model",
             "create", "parallel", "list-again", "second-company", "disconnect")

    def __init__(self, config, sleep=time.sleep, faults=frozenset(), timeout=TIMEOUT,
                 log=lambda text: None, between=lambda number: None, disconnect=True):
        self._config = config
        self._second_faults = faults
        self._broken = Broken(faults)
        self._timeout = 0.3 if "is-impatient" in self._broken else timeout  # fault
        self._log, self._between = log, between
        self._sleep = sleep
        self._disconnects = disconnect
        self._whole = 0.3 if "gives-up-on-slow-answers" in self._broken else None  # fault
        self._trust = None
        if "trusts-any-certificate" in self._broken:  # fault
            self._trust = ssl._create_unverified_context()
        if "speaks-old-tls" in self._broken:  # fault
            self._trust = ssl.create_default_context()
            self._trust.minimum_version = ssl.TLSVersion.TLSv1
            self._trust.set_ciphers("DEFAULT:@SECLEVEL=0")
        self._line = Line(self._timeout, self._whole, self._trust)  # of the thread that runs the job
        self._turn = threading.Lock()       # guards _not_before
        self._not_before = 0.0              # nobody sends anything before this moment
        self._renewing = threading.Lock()   # held while a token is got; guards what follows
        self._access, self._refresh = "", ""
        self._grant = None                  # the kind of connection, once it is known
        self._token_requests = 0
        self._stopped = None                # the Stop that ended the run, for all threads
        self._vendors = []

    def run(self):
        if "never-connects" in self._broken:  # fault
            return Outcome(True, "", [])
        finished = []
        try:
            self._check_addresses()
            for number, name in enumerate(self.STEPS, 1):
                getattr(self, "_" + name.replace("-", "_"))()
                finished.append(name)
                self._between(number)
        except Stop as stop:
            return Outcome(False, str(stop), finished)
        finally:
            self._line.close()
        return Outcome(True, "", finished)

    def _check_addresses(self):
        for url in (self._config.base_url, self._config.token_url, self._config.authorize_url):
            try:
                parts = urlsplit(url)
                right = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
            except ValueError:
                right = False
            if not right:
                raise self._stop(f'"{url}" is no address; one is like http://127.0.0.1:8080/path')

    # -- the job --

    def _discover(self):
        """What the server can do. Nothing here needs it, so a refusal is no reason to stop."""
        for path, member in (("/.well-known/openid-configuration", "issuer"),
                             ("/.well-known/jwks.json", "keys")):
            answer = self._patiently("GET", self._config.base_url + path, member)
            if not answer.fine:
                self._log(f"GET {path}: {answer}")

    def _introspect(self):
        answer = self._call("POST", self._beside_token_url("introspect"), "active",
                            form=lambda token: {"token": token})
        if answer and not answer.json.get("active"):
            self._log("the server says that the new token is not active")

    def _list(self):
        answer = self._call("GET", VENDORS, "ia::result")
        rows = answer.json["ia::result"] if answer else []
        if not isinstance(rows, list):
            raise self._stop("the list of vendors is not a list")
        self._vendors = [row["key"] for row in rows if isinstance(row, dict) and "key" in row]

    def _get(self):
        for key in self._vendors[:1]:
            self._call("GET", f"{VENDORS}/{quote(str(key), safe='')}", "ia::result")

    def _session(self):
        self._call("GET", API + "services/core/session/id", "ia::result")

    def _query(self):
        self._call("POST", API + "services/core/query", "ia::result",
                   body={"object": "accounts-payable/vendor", "fields": ["key", "id", "name"]})

    def _model(self):
        self._call("GET", API + "services/core/model", "ia::result")

    def _create(self):
        """The Idempotency-Key makes it safe to send this twice: a bill has no number that could be there already."""
        once = {"Idempotency-Key": os.urandom(16).hex()}
        if "creates-without-a-key" in self._broken:  # fault
            once = {}
        for key in self._vendors[:1]:
            self._call("POST", BILLS, "ia::result", headers=once,
                       body={"vendor": {"key": key}, "createdDate": "2026-01-31", "dueDate": "2026-02-28",
                             "description": os.urandom(6).hex()})

    def _parallel(self):
        lines = [Line(self._timeout, self._whole, self._trust) for _ in IN_PARALLEL]
        for line in lines:
            line.open(self._config.base_url)
        start = threading.Barrier(len(IN_PARALLEL))
        failures = []

        def work(path, line):
            try:
                start.wait()
                self._call("GET", path, "ia::result", line=line)
            except Exception as failure:
                failures.append(failure)
            finally:
                line.close()

        threads = [threading.Thread(target=work, args=pair) for pair in zip(IN_PARALLEL, lines)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]

    def _list_again(self):
        self._call("GET", VENDORS + "?start=1&size=10", "ia::result")

    def _second_company(self):
        """Another customer: a client of its own, so that no token can get where it does not belong."""
        if not self._config.second:
            return
        second = Client(self._config._replace(username=self._config.second, second=""), self._sleep,
                        self._second_faults, self._timeout, self._log)
        try:
            second._connect()
            second._list()
            if "one-token-for-all" in self._broken:  # fault
                second._access = self._access
            second._get()
            if "last-token-wins" in self._broken:  # fault
                self._access, self._refresh = second._access, second._refresh
        finally:
            second._line.close()
        self._get()

    def _disconnect(self):
        """Revoking one token revokes all of that user: only at the very end."""
        if not self._disconnects or not (self._refresh or self._access):
            return
        form = {**self._credentials(), "token": self._refresh or self._access}
        answer = self._patiently("POST", self._beside_token_url("revoke"), "", form=form)
        if not answer.fine:
            raise self._stop(f"disconnecting was refused: {answer}")

    # -- a call of the API --

    def _call(self, method, where, member, body=None, form=None, headers=None, line=None):
        """Every call of this job may be sent twice: reads, and the create with its key.
        Returns the answer; None when a rule of the business refused it, and the job can go on."""
        line = line or self._line
        url = where if "://" in where else self._config.base_url + where
        what = f"{method} {urlsplit(url).path}"
        patience = Patience(self, what)

        def send():
            """With the token of now: another thread may have renewed it meanwhile."""
            token = self._current_token()
            self._mutated_create(headers, body)
            try:
                return token, self._send(line, method, url, member, body, form and form(token),
                                         {**(headers or {}), **self._authorization(token)})
            except Fault:
                self._mutated_renewal(line)
                raise

        token, answer = patience.through(send)
        if "hammers-dead-token" in self._broken:  # fault
            for _ in range(3 if token_was_refused(answer, self._broken) else 0):
                token, answer = patience.through(send)
        if token_was_refused(answer, self._broken) and token:
            self._log(f"{what}: {answer}: the token is dead")
            self._renew(line, token)
            if "does-not-repeat-the-call" in self._broken:  # fault
                return None
            token, answer = patience.through(send)
            for _ in range(6 if "renews-for-ever" in self._broken else 0):  # fault
                if token_was_refused(answer, self._broken):
                    self._renew(line, token)
                    token, answer = patience.through(send)
            if token_was_refused(answer, self._broken):
                raise self._stop(f"{what}: a new token was refused, too: {answer}")
        return self._judge(what, token, answer, line, lambda: patience.through(send))

    def _mutated_create(self, headers, body):
        if "creates-anew" in self._broken and "Idempotency-Key" in (headers or {}):  # fault
            headers["Idempotency-Key"], body["description"] = os.urandom(16).hex(), os.urandom(6).hex()

    def _judge(self, what, token, answer, line, again):
        if answer.fine:
            return answer
        if not token and ("calls-without-token" in self._broken
                          or "takes-faults-for-success" in self._broken):  # fault
            return None
        if answer.status in (409, 422):  # 409 on a create: it is there already
            self._log(f"{what}: {answer}: left alone")
            return None
        if answer.status == 403 and "refreshes-on-403" in self._broken:  # fault
            self._renew(line, token)
        if answer.status == 403 and "repeats-403" in self._broken:  # fault
            again(), again()
        if answer.status not in (403, 409, 422) and "repeats-refused-calls" in self._broken:  # fault
            again(), again(), again()
        self._mutated_renewal(line)
        raise self._stop(f"{what}: {answer}" + (": a permission is missing, which no token mends"
                                                if answer.status == 403 else ""))

    def _authorization(self, token):
        headers = {"Authorization": "Bearer " + token}
        if "sends-wrong-entity-header" in self._broken:  # fault
            headers["Sage-Param-Entity"] = self._config.entity or "100"
        elif self._config.entity:
            headers["X-IA-API-Param-Entity"] = self._config.entity
        return headers

    # -- tokens --

    def _current_token(self):
        if "refresh-per-thread" in self._broken:  # fault
            return self._access
        with self._renewing:  # while somebody renews it, wait for the new one
            if "renews-by-its-own-clock" in self._broken and self._is_over():  # fault
                self._renew_now(self._line)
            return self._access

    def _is_over(self):
        """As a JWT says it: the server's time, held against ours."""
        try:
            claims = self._access.split(".")[1]
            return json.loads(base64.urlsafe_b64decode(claims + "==="))["exp"] < time.time()
        except (IndexError, ValueError, KeyError):
            return False

    def _connect(self):
        if "never-asks-for-a-token" in self._broken:  # fault
            return
        with self._renewing:
            self._unless_it_goes_on_without(
                lambda: self._sign_on(self._line, Patience(self, "connecting")))
        self._log(f"connected by {self._grant}")
        if "leaves-after-connecting" in self._broken:  # fault
            raise self._stop("connected, and that was all")

    def _unless_it_goes_on_without(self, get_token):
        try:
            get_token()
        except Stop:
            if "calls-without-token" not in self._broken:  # fault
                raise
            self._stopped, self._access = None, ""

    def _renew(self, line, refused):
        """A token other than REFUSED is there when this returns, whoever got it."""
        if "never-renews" in self._broken:  # fault
            raise self._stop("the token was refused")
        if "refresh-per-thread" in self._broken:  # fault
            return self._renew_now(line)
        with self._renewing:
            self._check_stopped()
            if self._access == refused:
                self._unless_it_goes_on_without(lambda: self._renew_now(line))

    def _renew_now(self, line):
        for _ in range(3 if "renews-three-times" in self._broken else 1):  # fault
            self._renew_once(line)
        self._log("the token is renewed")

    def _mutated_renewal(self, line):
        if "renews-on-trouble" in self._broken:  # fault
            self._renew_now(line)

    def _renew_once(self, line):
        patience = Patience(self, "renewing the token")
        if "refreshes-without-token" in self._broken:  # fault
            self._mutated_token_request(line, {"grant_type": "refresh_token", "refresh_token": ""})
        if not self._refresh or not self._try_refresh(line, patience):
            self._sign_on(line, patience)

    def _try_refresh(self, line, patience):
        """False: this refresh token is of no use any more, and forgotten."""
        form = {"grant_type": "refresh_token", "refresh_token": self._refresh}
        lost, doubts = 0, 0
        while True:
            try:
                answer = self._token_request(line, form)
            except Fault as fault:
                patience.bear(fault)
                lost += fault.lost
                if lost == 2 and "refreshes-twice-after-lost-answer" not in self._broken:
                    self._refresh = ""  # used up, perhaps; a third try would be a guess
                    return False
                continue
            if answer.fine:
                return self._keep(answer)
            if answer.error == "invalid_client" and not doubts:
                doubts += 1  # seen now and then although all is right: ask once more
                self._mutated_credentials(line, form)
                patience.bear(Fault(f"answered {answer}"))
                continue
            self._mutated_refresh(line, form, lost)
            if answer.error in TOKEN_ERRORS or (answer.status in (400, 401) and not answer.error):
                self._refresh = ""
                patience.breathe()
                return False
            raise self._stop(f"the refresh was refused: {answer}")

    def _mutated_refresh(self, line, form, lost):
        loops = "loops-on-dead-refresh-token" in self._broken or (
            lost and "refreshes-twice-after-lost-answer" in self._broken)
        for _ in range(4 if loops else 0):  # fault
            self._mutated_token_request(line, form)

    def _sign_on(self, line, patience):
        """A way in without a refresh token: a person's consent if one can be had, else as the
        Web Services user. One kind of connection for the whole run."""
        if self._grant != "client_credentials" and self._sign_on_by_code(line, patience):
            return
        self._grant = "client_credentials"
        form = {"grant_type": self._grant, "username": self._config.username}
        answer = patience.through(lambda: self._token_request(line, form))
        if not answer.fine:
            self._mutated_credentials(line, form)
            raise self._stop(f"the credentials were refused: {answer}")
        self._keep(answer)

    def _mutated_credentials(self, line, form):
        for _ in range(4 if "hammers-credentials" in self._broken else 0):  # fault
            self._mutated_token_request(line, form)

    def _sign_on_by_code(self, line, patience):
        """False: a person would have to sign in, and none is there."""
        refused = False
        while True:
            code, verifier = self._authorize(line, patience)
            if not code and self._grant:
                raise self._stop("a person has to connect this integration again")
            if not code:
                return False
            self._grant = "authorization_code"
            form = {"grant_type": self._grant, "code": code, "redirect_uri": REDIRECT_URI,
                    "code_verifier": verifier}
            if "forgets-verifier" in self._broken:  # fault
                del form["code_verifier"]
            try:
                answer = self._token_request(line, form)
            except Fault as fault:
                patience.bear(fault)
                continue  # with a new code: one that may be used up is not sent again
            if "sends-code-twice" in self._broken:  # fault
                self._mutated_token_request(line, form)
            if answer.fine:
                return self._keep(answer)
            hasty = "calls-without-token" in self._broken  # fault
            if answer.error != "invalid_grant" or refused or hasty:
                self._mutated_credentials(line, form)
                raise self._stop(f"the authorization code was refused: {answer}")
            refused = True  # it may have been too old; a fresh one gets one chance

    def _authorize(self, line, patience):
        """(code, verifier); (None, None) when a person would have to sign in."""
        while True:
            verifier, state = secret(), secret()
            ask = {"response_type": "code", "client_id": self._config.client_id,
                   "redirect_uri": REDIRECT_URI, "scope": "offline_access", "state": state,
                   "code_challenge": base64url(hashlib.sha256(verifier.encode()).digest()),
                   "code_challenge_method": "S256"}
            if "forgets-state" in self._broken:  # fault
                state = ask.pop("state") and None
            url = self._config.authorize_url
            url += ("&" if "?" in url else "?") + urlencode(ask)
            try:
                answer = self._send(line, "GET", url, None, redirects=True)
                if answer.status in (302, 303):
                    code = self._read_redirect(line, url, answer.headers.get("Location") or "",
                                               state)
                    return code, code and verifier
                if answer.status == 200 and answer.type == "text/html":
                    return None, None
                if answer.status < 400:
                    raise Fault(f"answered {answer.status} {answer.type}")
            except Fault as fault:
                patience.bear(fault)
                continue
            self._mutated_sign_in(line, url)
            raise self._stop(f"authorize refused: {answer.status}")

    def _mutated_sign_in(self, line, url):
        for _ in range(4 if "hammers-sign-in" in self._broken else 0):  # fault
            line.send("GET", url, {}, None)
        if "exchanges-no-code" in self._broken:  # fault
            self._mutated_token_request(line, {"grant_type": "authorization_code", "code": "",
                                               "redirect_uri": REDIRECT_URI})

    def _read_redirect(self, line, url, location, state):
        """The code; None when a person would have to sign in."""
        where, _, query = location.partition("?")
        said = dict(parse_qsl(query))
        if where != REDIRECT_URI:
            raise Fault("answered with a redirect to another place")
        if said.get("state") != state:
            raise self._stop("the answer of authorize carries another state: it is not for us")
        error = said.get("error", "")
        if error in ("login_required", "interaction_required"):
            self._mutated_sign_in(line, url)
            return None
        if error in ("server_error", "temporarily_unavailable"):
            raise Fault(f"answered {error}")
        if error or not said.get("code"):
            self._mutated_sign_in(line, url)
            raise self._stop(f"authorize refused: {error or 'no code'}")
        return said["code"]

    def _token_request(self, line, form):
        """An answer that is fine holds a token; every other is a refusal. Trouble is a Fault."""
        self._token_requests += 1
        if self._token_requests > TOKEN_REQUESTS and not self._loops_on_purpose():
            raise self._stop(f"{TOKEN_REQUESTS} token requests in one run: something is wrong")
        headers = {}
        if "basic-on-refresh" in self._broken and form["grant_type"] == "refresh_token":  # fault
            pair = f"{self._config.client_id}:{self._config.client_secret}".encode()
            headers["Authorization"] = "Basic " + base64.b64encode(pair).decode()
        else:
            form = {**self._credentials(), **form}
        if "misspells-a-parameter" in self._broken:  # fault
            form["clientsecret"] = form.pop("client_secret", "")
        answer = self._send(line, "POST", self._config.token_url, "access_token", form=form,
                            headers=headers)
        if answer.fine and not is_token_response(answer.json or {}):
            if "takes-faults-for-success" not in self._broken:  # fault
                raise Fault("answered with something that is not a token", lost=True)
        return answer

    def _mutated_token_request(self, line, form):
        try:
            self._token_request(line, form)
        except Fault:
            pass

    def _loops_on_purpose(self):
        return any(name in self._broken for name in (
            "loops-on-dead-refresh-token", "hammers-credentials", "retries-for-ever",
            "refresh-per-thread", "refreshes-twice-after-lost-answer", "renews-on-trouble",
            "renews-three-times", "renews-for-ever"))

    def _keep(self, answer):
        """Both tokens at once: the old refresh token died when the new one was made."""
        said = answer.json or {}
        refresh = said.get("refresh_token") or self._refresh
        if "keeps-old-refresh-token" in self._broken:  # fault
            refresh = self._refresh or refresh
        self._access, self._refresh = said.get("access_token") or "", refresh
        return True

    def _credentials(self):
        return {"client_id": self._config.client_id, "client_secret": self._config.client_secret}

    def _beside_token_url(self, name):
        return self._config.token_url.rpartition("/")[0] + "/" + name

    # -- one request --

    def _patiently(self, method, url, member, form=None):
        patience = Patience(self, f"{method} {urlsplit(url).path}")
        return patience.through(lambda: self._send(self._line, method, url, member, form=form))

    def _send(self, line, method, url, member, body=None, form=None, headers=None,
              redirects=False):
        """One try. An Answer that can be believed, or a Fault."""
        headers = {"Accept": "application/json", **(headers or {})}
        if "misspells-the-host" in self._broken:  # fault
            headers["Host"] = "api.intaact.com"
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode(form)
        elif body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(body)
        self._wait_for_turn()
        self._check_stopped()
        answer = None
        try:
            answer = line.send(method, url, headers, body)
            answer = self._mutated_redirect(line, method, url, headers, body, redirects, answer)
            fault = trouble_in(answer, member, redirects)
        except Fault as caught:
            fault = caught
        if fault is None:
            return answer
        if "takes-faults-for-success" in self._broken:  # fault
            return Answer(200, {}, b'{"ia::result":[],"active":true}')
        self._log(f"{method} {urlsplit(url).path}: {fault}")
        self._hear(fault)
        raise fault

    def _mutated_redirect(self, line, method, url, headers, body, redirects, answer):
        """Follows on this machine only: no test sends a secret into the world."""
        follows = "follows-redirects-with-credentials" in self._broken and not redirects  # fault
        target = urlsplit(urljoin(url, answer.headers.get("Location") or ""))
        if follows and 300 <= answer.status < 400 and target.hostname in ("127.0.0.1", "localhost"):
            return line.send(method, target.geturl(), headers, body)
        return answer

    def _hear(self, fault):
        """Retry-After holds for all threads."""
        if fault.wait is None or "ignores-retry-after" in self._broken:  # fault
            return
        if fault.wait > LONGEST_WAIT:
            raise self._stop(f"the server {fault} and wants {fault.wait:.0f} s of patience")
        if "gives-up-on-retry-after" in self._broken:  # fault
            raise self._stop(f"the server {fault}")
        if "waits-alone" in self._broken:  # fault
            return self._sleep(fault.wait)
        with self._turn:
            self._not_before = max(self._not_before, time.monotonic() + fault.wait)

    def _wait_for_turn(self):
        while True:
            with self._turn:
                until = self._not_before
            rest = until - time.monotonic()
            if rest <= 0:
                return
            self._sleep(rest)
            with self._turn:
                if self._not_before == until:  # unless somebody was told to wait longer
                    self._not_before = 0.0

    def _stop(self, reason):
        """Ends the run for all threads: `raise self._stop(…)`."""
        self._stopped = self._stopped or Stop(reason)
        return Stop(reason)

    def _check_stopped(self):
        if self._stopped:
            raise Stop(str(self._stopped))


class Patience:
    """How much trouble one call is borne: a few tries, with pauses that grow."""

    def __init__(self, client, what):
        self._client, self._what = client, what
        self._borne = 0

    def through(self, send):
        """What send() returns, once it does."""
        while True:
            try:
                return send()
            except Fault as fault:
                self.bear(fault)

    def bear(self, fault):
        """Returns when it is time for the next try."""
        broken = self._client._broken
        tries = 12 if "retries-for-ever" in broken else len(PAUSES) + 1  # fault
        if "gives-up-at-once" in broken:  # fault
            tries = 1
        self._borne += 1
        if self._borne >= tries:
            raise self._client._stop(f"{self._what}: given up after try {self._borne}: {fault}")
        self._pause(self._borne)

    def breathe(self):
        """After trouble, a next request that is not a repeat has its pause as well."""
        if self._borne:
            self._pause(self._borne + 1)

    def _pause(self, number):
        broken = self._client._broken
        if "retries-at-once" in broken:  # fault
            return
        at_most = 0.15 if "retries-for-ever" in broken else PAUSES[-1]  # fault
        self._client._sleep(min(PAUSES[min(number, len(PAUSES)) - 1], at_most))


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def secret():
    return base64url(os.urandom(32))


def main(arguments):
    faults = arguments[1].split(",") if len(arguments) == 2 and arguments[0] == "--broken" else []
    if arguments and not faults:
        sys.exit("usage: sound.py [--broken NAME[,NAME]…]")
    try:
        outcome = Client(config_from(os.environ), faults=faults, log=print).run()
    except Exception as error:  # a fault of ours: still an account, not a traceback
        outcome = Outcome(False, f"{type(error).__name__}: {error}", [])
    print("done" if outcome.done else f"stopped: {outcome.reason}")
    return 0 if outcome.done else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
