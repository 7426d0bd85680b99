#!/usr/bin/env python3
"""The control API's description by itself: valid OpenAPI 3.1, told in full, with examples that fit."""
from beside import complaints

from openapi_spec_validator import OpenAPIV31SpecValidator

from control_api import DOCUMENT, OPERATIONS, resolved
from mock import Tap

tap = Tap()


def examples_in(media):
    """(schema, example) of each example of one media type."""
    if "example" in media:
        yield media["schema"], media["example"]
    for example in media.get("examples", {}).values():
        yield media["schema"], example["value"]


def refs_in(value):
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from refs_in(item)


errors = [f"{'/'.join(map(str, error.absolute_path))}: {error.message}"
          for error in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()]
tap.check("the document is valid OpenAPI 3.1", not errors, "\n".join(errors))

ids = [operation.id for operation in OPERATIONS]
tap.check("each operation has an id of its own", len(ids) == len(set(ids)), ids)

tags = {tag["name"] for tag in DOCUMENT["tags"]}
tap.check("tags and their use agree", tags == {tag for o in OPERATIONS for tag in o.spec["tags"]})

used = set(refs_in(DOCUMENT))
defined = {f"#/components/{kind}/{name}" for kind in ("schemas", "parameters", "responses")
           for name in DOCUMENT["components"][kind]}
tap.check("each component is used, and each that is used is there", used == defined, used ^ defined)

for operation in OPERATIONS:
    wrong = []
    for parameter in operation.parameters():
        if "example" in parameter:
            wrong += complaints(parameter["example"], parameter["schema"])
        if parameter["in"] == "path" and "example" not in parameter:
            wrong.append(f"{parameter['name']} has no example")
    media = list(operation.spec.get("requestBody", {}).get("content", {}).values())
    if media and not any(examples_in(media[0])):
        wrong.append("the request's body has no example")
    for response in operation.spec["responses"].values():
        media += resolved(response).get("content", {}).values()
    for one in media:
        for schema, example in examples_in(one):
            wrong += complaints(example, schema)
    tap.check(f"the examples of {operation.id} fit", not wrong, "\n".join(wrong))

tap.end()
