"""What the attacks share: a server whose log is kept, and every way in which it tells of an exchange."""
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "wire"))

from mock import PROGRAM, Server, Tap, body, status  # noqa: E402,F401

FORM = "Content-Type: application/x-www-form-urlencoded\r\n"
JSON = "Content-Type: application/json\r\n"
TOKEN = "/ia/api/v1/oauth2/token"
AUTHORIZE = "/ia/api/v1/oauth2/authorize"
VENDORS = "/ia/api/v1/objects/accounts-payable/vendor"
BOX = "/__mock/sandboxes/default"
PIECE = 65536
quote = urllib.parse.quote


class Watched(Server):
    def __init__(self, *options):
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [PROGRAM, "--port", "0", "--https-port", "none", "--log", "json", *options],
            stdout=subprocess.PIPE, stderr=self.log, text=True, env=dict(os.environ))
        self.ready = self.process.stdout.readline()
        self.url = next(word for word in self.ready.split() if word.startswith("http"))
        self.port = int(self.url.rsplit(":", 1)[1])

    def log_text(self):
        self.log.seek(0)
        return self.log.read().decode("utf-8", "replace")

    def control(self, method, path, document=None):
        """What the control API answers, parsed; a failure of it ends the test."""
        answer = self.request(method, path, "" if document is None else json.dumps(document), JSON)
        if status(answer) // 100 != 2:
            raise RuntimeError(f"{method} {path}: {answer[:400]!r}")
        return json.loads(body(answer) or b"null")

    def events(self):
        """The stream of events, up to the last exchange that the journal has."""
        last = self.control("GET", f"{BOX}/requests?last=1")["requests"][-1]["id"]
        end, got = re.compile(rb"^id: %d\r?\n.*?\n\r?\n" % last, re.MULTILINE | re.DOTALL), b""
        with socket.create_connection(("127.0.0.1", self.port), 10) as stream:
            stream.sendall(f"GET {BOX}/events HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: 0\r\n\r\n".encode())
            stream.settimeout(60)
            while not end.search(got, max(0, len(got) - 2 * PIECE)):
                piece = stream.recv(PIECE)
                if not piece:
                    raise RuntimeError(f"the stream ends before exchange {last}: {got[-400:]!r}")
                got += piece
        return got.decode("utf-8", "replace")

    def told(self):
        """Every way out but the answers themselves: name → text."""
        ways = {way: body(self.request("GET", f"{BOX}/{way}")).decode("utf-8", "replace")
                for way in ("requests", "requests.har", "verdict", "tokens")}
        return {**ways, "metrics": self.request("GET", "/__mock/metrics").decode(), "log": self.log_text()}


def hints(answer):
    """The headers of an answer that tell why."""
    head = answer.partition(b"\r\n\r\n")[0].decode("latin-1")
    return "\n".join(line for line in head.split("\r\n") if line.startswith(("X-Intacct-Mock", "Link")))
