"""Golden files: what the outside sees of the program, as recorded in files/, one file for each surface.

A test program calls surface(NAME, FUNCTION) for each; the function returns text. With GOLDEN=write in the environment
(`make golden`) the file is written, otherwise compared, and a difference is shown as a unified diff. What truly varies
between two runs (ports, process ids, real times, durations, folders) is replaced by a word in angle brackets; everything
else is made to stand still: the seed is fixed, the clock is frozen, and each case has a sandbox of its own, so that one
case more or less changes no other."""
import difflib
import hashlib
import json
import os
import pathlib
import re
import sys
import traceback

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/wire"))

from mock import PROGRAM, Server, Tap  # noqa: E402, F401

FILES = pathlib.Path(__file__).resolve().parent / "files"
NOW = "2027-01-01T00:00:00Z"
SEED = 7
BOX = "happy-path.g"
FORM = "Content-Type: application/x-www-form-urlencoded\r\n"
JSON = "Content-Type: application/json\r\n"
REST, ARTICLE = "/ia/api/v1/oauth2/", "/identity/v2/oauth2/"
VENDORS = "/ia/api/v1/objects/accounts-payable/vendor"
CREDENTIALS = {"grant_type": "client_credentials", "client_id": "demo", "client_secret": "demo-secret",
               "username": "ws_user@acme"}
DIFF_LINES = 120

# nothing of the environment may reach the program or what it runs
for variable in [name for name in os.environ if name.startswith("INTACCT_")]:
    del os.environ[variable]

tap = Tap()


def surface(name, make):
    """One golden file, NAME with its suffix."""
    path = FILES / name
    try:
        text = make()
    except Exception:  # a surface that cannot be recorded fails alone
        tap.check(f"{name} can be recorded", False, traceback.format_exc())
        return
    text = "\n".join(line.rstrip() for line in text.splitlines()).strip("\n") + "\n"
    if os.environ.get("GOLDEN") == "write":
        path.write_text(text)
    recorded = path.read_text() if path.exists() else ""
    diff = list(difflib.unified_diff(recorded.splitlines(), text.splitlines(), f"recorded: tests/golden/files/{name}",
                                     "now", lineterm="", n=2))
    more = len(diff) - DIFF_LINES
    tap.check(f"{name} is as recorded ({len(text.splitlines())} lines)", not diff,
              "\n".join(diff[:DIFF_LINES] + ([f"({more} lines more)"] if more > 0 else []))
              + "\nIs it meant? `make golden` records it anew.")


# ---- what varies ----

JWT = re.compile(r"eyJ[\w-]+\.eyJ[\w-]*\.[\w-]*")
VARIES = [
    (JWT, lambda found: f"<JWT {short(found[0])}>"),
    (re.compile(r'"at_real": ?"[^"]*"'), '"at_real":"<real time>"'),
    (re.compile(r'"duration_us": ?\d+'), '"duration_us":"<duration>"'),
    (re.compile(r'"(time|wait)": ?[\d.]+'), r'"\1":"<duration>"'),
    (re.compile(r'"uptime_s": ?\d+'), '"uptime_s":"<duration>"'),
    (re.compile(r'"pid": ?\d+'), '"pid":"<pid>"'),
    (re.compile(r'"offset_s": ?-?\d+'), '"offset_s":"<offset>"'),
    (re.compile(r"\bprocess \d+"), "process <pid>"),
    (re.compile(r"\b127\.0\.0\.1:\d{4,5}\b"), "127.0.0.1:<port>"),
]


def short(text):
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def scrub(text, also=()):
    """The text without what varies; `also` are further (text, word) to be replaced."""
    for found, word in also:
        text = text.replace(str(found), word)
    for pattern, word in VARIES:
        text = pattern.sub(word, text)
    return text


def pretty(text):
    """JSON over several lines, its members in the order in which they came."""
    return json.dumps(json.loads(text), indent=1, ensure_ascii=False)


# ---- asking ----

class Answer:
    def __init__(self, raw):
        head, _, body = raw.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.line, self.headers = lines[0].removeprefix("HTTP/1.1 "), lines[1:]
        self.status = int(self.line.split()[0]) if self.line[:1].isdigit() else 0
        self.body = body.decode("utf-8", "backslashreplace")

    def header(self, name):
        return next((line.partition(": ")[2] for line in self.headers if line.lower().startswith(name.lower() + ":")), "")

    def json(self):
        return json.loads(self.body)

    def shown_body(self):
        """Of a page, what it says: not its head, nor the frame that every page has."""
        main = re.search("<main>.*</main>", self.body, re.S)
        return main[0] if main else self.body

    def text(self):
        """All of it but `Connection`, which we asked for, and `Date`, where the clock stands still."""
        kept = [re.sub("^Date: .*", "Date: <real time>", line) for line in self.headers
                if line not in ("Connection: close", "Date: Fri, 01 Jan 2027 00:00:00 GMT")]
        if "<main>" in self.body:  # the style sheet in it has a file of its own
            kept = [re.sub("^Content-Length: .*", "Content-Length: <with it>", re.sub("'sha256-[^']*'", "'sha256-…'", line))
                    for line in kept]
        return scrub("\n".join([f"< {self.line}"] + [f"< {line}" for line in kept]
                               + [f"  {line}" for line in self.shown_body().splitlines()]))


class Mock(Server):
    """A server with a fixed seed whose default sandbox stands still."""

    def __init__(self, *options, env=None):
        super().__init__("--seed", str(SEED), *options, env=env)

    def ask(self, method, path, body="", headers=""):
        return Answer(self.request(method, path, body, headers))

    def control(self, method, path, body=None, headers=""):
        return self.ask(method, "/__mock/" + path, "" if body is None else json.dumps(body), headers)

    def freeze(self, box="default"):
        """In two steps: between the two orders of one call a millisecond may pass."""
        self.control("POST", f"sandboxes/{box}/clock", {"freeze": True})
        self.control("POST", f"sandboxes/{box}/clock", {"set": NOW})

    def box(self, scenario=None):
        """The same sandbox, always made anew."""
        self.control("DELETE", f"sandboxes/{BOX}")
        made = self.control("POST", "sandboxes", {"name": BOX, "seed": SEED, "now": NOW})
        if made.status != 201:
            raise RuntimeError(f"making a sandbox: {made.text()}")
        self.freeze(BOX)
        if scenario:
            put = self.control("PUT", f"sandboxes/{BOX}/scenario", scenario)
            if put.status != 200:
                raise RuntimeError(f"following {scenario}: {put.text()}")
        return Box(self)


class Box:
    """One sandbox, asked by path; it remembers the tokens that it was given."""

    def __init__(self, mock):
        self.mock, self.had = mock, {}

    def ask(self, method, path, body="", headers=""):
        body, headers, path = (self.filled(text) for text in (body, headers, path))
        answer = self.mock.ask(method, f"/s/{BOX}{path}", body, headers)
        self.remember(answer)
        return answer

    def control(self, method, path, body=None, headers=""):
        return self.mock.control(method, f"sandboxes/{BOX}" + ("/" + path if path else ""), body, headers)

    def token(self, path=REST + "token", **fields):
        return self.ask("POST", path, form({**CREDENTIALS, **fields}), FORM)

    def filled(self, text):
        for name, value in self.had.items():
            text = text.replace("{" + name + "}", value)
        for name in ("access_token", "refresh_token", "code"):
            if "{" + name + "}" in text:
                raise RuntimeError(f"there is no {name} yet to be sent in {text!r}")
        return text

    def remember(self, answer):
        if answer.body.startswith("{"):
            try:
                said = answer.json()
            except ValueError:
                return
            for name in ("access_token", "refresh_token"):
                if isinstance(said.get(name), str):
                    self.had[name] = said[name]
        code = re.search(r"[?&]code=([^&]+)", answer.header("Location"))
        if code:
            self.had["code"] = code[1]


def form(fields):
    """As a client writes it, `@` left as it is; a list repeats the field."""
    pairs = [(name, one) for name, value in fields.items() if value is not None
             for one in (value if isinstance(value, list) else [value])]
    return "&".join(f"{name}={value}" for name, value in pairs)


def case(title, asked, answer):
    """A block of a golden file: what was asked, in short, and the whole answer."""
    return f"== {title}\n" + "".join(f"> {line}\n" for line in scrub(asked).splitlines()) + answer.text() + "\n"
