"""An integration that has Sage's host built in: client.py requests|httpx|urllib [OTHER]."""
import sys
import urllib.error
import urllib.parse
import urllib.request

API = "https://api.intacct.com/ia/api/v1/"
FORM = {"grant_type": "client_credentials", "client_id": "demo", "client_secret": "demo-secret", "username": "ws_user@acme"}


class Urllib:
    def __init__(self, status, text):
        self.status_code, self.text = status, text

    def json(self):
        import json
        return json.loads(self.text)

    @classmethod
    def ask(cls, url, data=None, headers=None):
        try:
            form = urllib.parse.urlencode(data).encode() if data else None
            with urllib.request.urlopen(urllib.request.Request(url, form, headers or {})) as answer:
                return cls(answer.status, answer.read().decode())
        except urllib.error.HTTPError as refusal:
            return cls(refusal.code, refusal.read().decode())

    post = get = ask


def library(name):
    if name == "urllib":
        return Urllib
    return __import__(name)


http = library(sys.argv[1])
answer = http.post(API + "oauth2/token", data=FORM)
print("token", answer.status_code)
if answer.status_code == 200:
    bearer = {"Authorization": "Bearer " + answer.json()["access_token"]}
    print("call", http.get(API + "objects/accounts-payable/vendor", headers=bearer).status_code)
for other in sys.argv[2:]:
    try:
        print("other", http.get(other).status_code)
    except Exception as error:
        print("other", error)
