#!/usr/bin/env python3
"""Replays a recording (HAR) against the server at INTACCT_BASE_URL: the same requests in the same order, with the
credentials of the environment in place of those recorded. Prints the statuses, one a line; 0 is no answer.

    INTACCT_BASE_URL=http://127.0.0.1:8080 … ./replay.py TRACE.har
"""
import gzip
import http.client
import json
import os
import sys
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

REDIRECT_URI = "http://127.0.0.1/callback"
BASE = urlsplit(os.environ["INTACCT_BASE_URL"])
CLIENT = {"client_id": os.environ["INTACCT_CLIENT_ID"], "client_secret": os.environ["INTACCT_CLIENT_SECRET"]}


def ask(method, target, body=None, headers=None):
    """(status, Location, body as text); status 0 when there is no answer."""
    connection = http.client.HTTPConnection(BASE.hostname, BASE.port, timeout=30)
    try:
        connection.request(method, BASE.path + target, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.getheader("Location") or "", answer.read().decode("utf-8", "replace")
    except (http.client.HTTPException, OSError):
        return 0, "", ""
    finally:
        connection.close()


class Client:
    def __init__(self):
        self.access = self.refresh = "none-yet"
        self.code = ""

    def token(self, target, grant):
        form = {"grant_type": grant, **CLIENT}
        if grant == "authorization_code":
            if not self.code:   # the browser was not recorded
                self.authorize(target.rsplit("/", 1)[0] + "/authorize", mock_user="jdoe@acme")
            form.update(code=self.code, redirect_uri=REDIRECT_URI)
        elif grant == "refresh_token":
            form["refresh_token"] = self.refresh
        elif grant == "client_credentials":
            form["username"] = os.environ["INTACCT_USERNAME"]
        status, _, text = ask("POST", target, urlencode(form), {"Content-Type": "application/x-www-form-urlencoded"})
        self.code = ""
        if status == 200:
            got = json.loads(text)
            self.access, self.refresh = got["access_token"], got.get("refresh_token", self.refresh)
        return status

    def authorize(self, target, **more):
        query = urlencode({**more, "response_type": "code", "client_id": CLIENT["client_id"], "redirect_uri": REDIRECT_URI,
                           "scope": "offline_access", "state": "s"})
        status, location, _ = ask("GET", f"{target}?{query}")
        self.code = parse_qs(urlsplit(location).query).get("code", [self.code])[0]
        return status

    def send(self, request):
        url = urlsplit(request["url"])
        body = request.get("postData", {}).get("text", "")
        if url.path.endswith("/token"):
            return self.token(url.path, dict(parse_qsl(body)).get("grant_type", ""))
        if url.path.endswith("/authorize"):
            return self.authorize(url.path)
        target = url.path + ("?" + url.query if url.query else "")
        return ask(request["method"], target, body or None, {"Authorization": f"Bearer {self.access}",
                                                             "Content-Type": "application/json"})[0]


def replayed(entries):
    """The status of each exchange with Intacct."""
    client = Client()
    for entry in entries:
        if "/ia/" in entry["request"]["url"]:
            yield client.send(entry["request"])


def entries_of(path):
    with open(path, "rb") as file:
        data = file.read()
    return json.loads(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)["log"]["entries"]


def recorded(entries):
    return [entry["response"]["status"] for entry in entries if "/ia/" in entry["request"]["url"]]


if __name__ == "__main__":
    listed = entries_of(sys.argv[1])
    statuses = list(replayed(listed))
    print("\n".join(map(str, statuses)))
    sys.exit(0 if statuses == recorded(listed) else 1)
