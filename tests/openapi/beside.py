"""Makes what the wire tests share importable, and schemas of the description usable."""
import copy
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "wire"))

from jsonschema import Draft202012Validator  # noqa: E402

from control_api import DOCUMENT  # noqa: E402


def complaints(value, schema, components=DOCUMENT["components"]):
    """What does not fit, in words."""
    validator = Draft202012Validator({**schema, "components": components},
                                     format_checker=Draft202012Validator.FORMAT_CHECKER)
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]


def closed(schema):
    """The schema, in which an object has no members but those that are described."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {key: closed(item) for key, item in schema.items()}
    if isinstance(schema.get("properties"), dict) and "additionalProperties" not in schema:
        schema["additionalProperties"] = False
    return schema


CLOSED_COMPONENTS = {**DOCUMENT["components"], "schemas": closed(copy.deepcopy(DOCUMENT["components"]["schemas"]))}
