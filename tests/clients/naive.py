#!/usr/bin/env python3
"""What people write in an afternoon: it works on the day it is written. Not a model of anything:
sound.py is. Here so that a scenario can show what goes wrong with it."""
import json
import os
import urllib.error
import urllib.parse
import urllib.request

BASE = os.environ.get("INTACCT_BASE_URL", "http://127.0.0.1:8080")
TOKEN_URL = os.environ.get("INTACCT_TOKEN_URL", BASE + "/ia/api/v1/oauth2/token")
VENDORS = BASE + "/ia/api/v1/objects/accounts-payable/vendor"
TRIES = 5


def fetch(request):
    with urllib.request.urlopen(request, timeout=2) as answer:
        return answer.read().decode()


def get_token():
    form = urllib.parse.urlencode({
        "grant_type": "client_credentials",
        "client_id": os.environ.get("INTACCT_CLIENT_ID", "demo"),
        "client_secret": os.environ.get("INTACCT_CLIENT_SECRET", "demo-secret"),
        "username": os.environ.get("INTACCT_USERNAME", "ws_user@acme")}).encode()
    for _ in range(TRIES):
        try:
            return json.loads(fetch(urllib.request.Request(TOKEN_URL, form)))["access_token"]
        except Exception as error:
            print("token:", error)
    return ""


def call(url, token, body=None):
    data = json.dumps(body).encode() if body else None
    for _ in range(TRIES):
        headers = {"Authorization": "Bearer " + token, "Content-Type": "application/json"}
        try:
            text = fetch(urllib.request.Request(url, data, headers))
            print("ok:", url, len(text), "bytes")
            return text
        except urllib.error.HTTPError as error:
            print(error.code, url)
            if error.code == 403:
                token = get_token()
        except Exception as error:
            print("error:", error)
    return None


def main():
    token = get_token()
    call(VENDORS, token)
    call(BASE + "/ia/api/v1/services/core/query", token,
         {"object": "accounts-payable/vendor", "fields": ["key", "id", "name"]})
    call(BASE + "/ia/api/v1/services/core/session/id", token)
    call(VENDORS, token, {"id": "V-" + os.urandom(6).hex(), "name": "Afternoon Supplies"})
    for kind in ("accounts-payable/bill", "accounts-receivable/customer", "accounts-receivable/invoice",
                 "general-ledger/account"):
        call(BASE + "/ia/api/v1/objects/" + kind, token)


if __name__ == "__main__":
    main()
