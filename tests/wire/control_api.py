"""The description of the control API, as it is served: what is written in server/control/openapi.json, and the schemas that
the program makes of its tables."""
import json

from mock import ROOT, Server, body

WRITTEN = json.loads((ROOT / "server/control/openapi.json").read_text())
with Server() as _server:
    DOCUMENT = json.loads(body(_server.request("GET", "/__mock/openapi.json")))
METHODS = ("get", "put", "post", "delete", "patch")


class Operation:
    def __init__(self, path, method):
        self.path, self.method = path, method.upper()
        self.spec = DOCUMENT["paths"][path][method]
        self.id = self.spec["operationId"]

    def parameters(self):
        """Those of the path, and the operation's own, which go before them."""
        found = {}
        for one in DOCUMENT["paths"][self.path].get("parameters", []) + self.spec.get("parameters", []):
            one = resolved(one)
            found[one["in"], one["name"]] = one
        return list(found.values())

    def bodies(self):
        """Every example of a request's body, by name; without a body {"": None}."""
        content = self.spec.get("requestBody", {}).get("content", {}).get("application/json")
        if not content:
            return {"": None}
        if "example" in content:
            return {"": content["example"]}
        return {name: example["value"] for name, example in content["examples"].items()}

    def success(self):
        """(status, its media types) of the answer when all is well."""
        status = next(status for status in self.spec["responses"] if status.startswith("2"))
        return int(status), self.spec["responses"][status].get("content", {})


def resolved(value):
    while "$ref" in value:
        found = DOCUMENT
        for step in value["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        value = found
    return value


OPERATIONS = [Operation(path, method) for path, item in DOCUMENT["paths"].items()
              for method in METHODS if method in item]
