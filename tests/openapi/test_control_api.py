#!/usr/bin/env python3
"""Calls every operation of the control API as its description says: with each of its examples for a body, for
each media type of its answer, on a server of its own. Status, media type and body must be what is described, and no
member may be there that is not. What goes wrong must be described as well."""
import json
import urllib.error
import urllib.parse
import urllib.request

from beside import CLOSED_COMPONENTS, closed, complaints

from control_api import OPERATIONS
from mock import Server, Tap, TOKEN_FORM

ERROR = {"$ref": "#/components/schemas/Error"}
tap = Tap()


class Answer:
    def __init__(self, response, stream):
        self.status = response.status
        self.media = (response.headers["Content-Type"] or "").partition(";")[0]
        self.text = (response.readline() if stream else response.read()).decode()

    def __str__(self):
        return f"{self.status} {self.media}: {self.text[:2000]}"


def send(server, method, path, body=None, accept="*/*"):
    data = None if body is None else json.dumps(body).encode()
    headers = {"Accept": accept, **({"Content-Type": "application/json"} if data else {})}
    request = urllib.request.Request(server.url + path, data=data, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return Answer(response, accept == "text/event-stream")
    except urllib.error.HTTPError as refusal:
        return Answer(refusal, False)


def path_of(operation, **instead):
    path, query = operation.path, {}
    for parameter in operation.parameters():
        value = instead.get(parameter["name"], parameter.get("example"))
        if parameter["in"] == "path":
            path = path.replace("{" + parameter["name"] + "}", str(value))
        elif parameter["in"] == "query" and value is not None:
            query[parameter["name"]] = value
    return "/__mock" + path + ("?" + urllib.parse.urlencode(query) if query else "")


def prepare(server, operation):
    """There is one exchange, and the sandbox that the operation is about."""
    urllib.request.urlopen(server.url + "/ia/api/v1/oauth2/token", TOKEN_FORM.encode()).close()
    for parameter in operation.parameters():
        if parameter["name"] == "name" and parameter["example"] != "default":
            touched = f"{server.url}/s/{parameter['example']}/.well-known/openid-configuration"
            urllib.request.urlopen(touched).close()


def unlike(answer, status, media, schema):
    """What of the answer is not as described."""
    if answer.status != status or answer.media != media:
        return [f"{status} {media} is described"]
    if media != "application/json":
        return [] if answer.text else ["it is empty"]
    return complaints(json.loads(answer.text), closed(schema), CLOSED_COMPONENTS)


def call(operation, example, body, media, schema):
    status, _ = operation.success()
    with Server("--https-port", "0") as server:
        prepare(server, operation)
        answer = send(server, operation.method, path_of(operation), body, media or "*/*")
    wrong = unlike(answer, status, media, schema) if media else [] if answer.status == status else ["wrong status"]
    title = " ".join(filter(None, ["calling", operation.id, example and f"({example})", media and f"for {media}"]))
    tap.check(title, not wrong, "\n".join(wrong + [str(answer)]))


def check_refusal(title, server, status, method, path, body=None, field=None):
    answer = send(server, method, path, body)
    wrong = unlike(answer, status, "application/json", ERROR)
    said = {} if wrong else json.loads(answer.text)
    # what is wrong in a scenario is told as in a file of it
    in_a_file = f'"{field}"' in said.get("message", "") and said["message"].startswith("line ")
    if field and not wrong and said.get("field") != field and not in_a_file:
        wrong = [f"it does not name {field}"]
    tap.check(title, not wrong, "\n".join(wrong + [str(answer)]))


for one in OPERATIONS:
    _, content = one.success()
    for name, given in one.bodies().items():
        for type_, described in (content or {"": {"schema": {}}}).items():
            call(one, name, given, type_, described["schema"])

with Server() as mock:
    for one in OPERATIONS:
        if "404" in one.spec["responses"] and "{" in one.path:
            check_refusal(f"{one.id} of what is not there", mock, 404, one.method,
                          path_of(one, name="nobody", id="999"), next(iter(one.bodies().values())))
        if "application/json" in one.spec.get("requestBody", {}).get("content", {}):
            check_refusal(f"{one.id} with a field that is none", mock, 400, one.method, path_of(one),
                          {**next(iter(one.bodies().values())), "no-such-field": 1}, "no-such-field")
        if any(parameter["in"] == "query" for parameter in one.parameters()):
            check_refusal(f"{one.id} with a parameter that is none", mock, 400, one.method,
                          path_of(one).partition("?")[0] + "?no-such=1", field="no-such")
        check_refusal(f"the path of {one.id} with a method it does not take", mock, 405, "PROPFIND", path_of(one))

with Server("--control-token", "t0ken") as mock:
    for one in OPERATIONS:
        if one.spec.get("security") != []:
            check_refusal(f"{one.id} without the control token", mock, 401, one.method, path_of(one))

tap.end()
