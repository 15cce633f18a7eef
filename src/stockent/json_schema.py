"""JSON Schema of the wire's structs, for the OpenAPI document and the socket's schema alike.

What a client sends keeps its optional fields; what the server sends carries every field, so there each is required
and a client need not ask whether it is there. Only a field that may be UNSET may be left out.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import msgspec

Schema = dict[str, Any]


def components(sent: Sequence[Any], received: Sequence[Any], *, ref_template: str) -> dict[str, Schema]:
    """Return name → schema of all types that clients send and receive, with those inside them.

    A type that goes both ways is described as it may be sent.
    """
    _, by_client = msgspec.json.schema_components(sent, ref_template=ref_template)
    _, everything = msgspec.json.schema_components([*sent, *received], ref_template=ref_template)
    return {
        name: _tidy(_open(schema)) if name in by_client else _always_whole(_tidy(_open(schema)))
        for name, schema in sorted(everything.items())
    }


def _open(value: Any) -> Any:
    """An object of free keys says so: generators of types read a bare "object" as one without any."""
    if isinstance(value, list):
        return [_open(each) for each in value]
    if not isinstance(value, dict):
        return value
    if value.get("type") == "object" and not value.keys() & {"properties", "additionalProperties"}:
        return {**value, "additionalProperties": True}
    return {key: _open(each) for key, each in value.items()}


def _tidy(schema: Schema) -> Schema:
    if "description" in schema:
        schema["description"] = inspect.cleandoc(schema["description"])
    if "enum" in schema and "type" not in schema:
        schema = {"type": "string", **schema}
    return schema


def _always_whole(schema: Schema) -> Schema:
    """`ok` is what tells an ack from a refusal: it has one value in each."""
    properties = schema.get("properties")
    if properties is None:
        return schema
    required = []
    for name, each in properties.items():
        if "default" in each or name in schema.get("required", ()):
            required.append(name)
        default = each.pop("default", None)
        if name == "ok":
            each["const"] = default
    return {**schema, "required": required}
