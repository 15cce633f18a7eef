"""The page at `/api/docs`, written from the OpenAPI document: plain HTML and one stylesheet, no script, no other host.

Everything that goes into the page is escaped here, though it all comes from our own code.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

METHODS = ("get", "post", "put", "patch", "delete")
_LIMITS = {
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minimum": "at least {}",
    "maximum": "at most {}",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "pattern": "matching {}",
    "default": "default {}",
}

Json = dict[str, Any]


def render(document: Json) -> str:
    """Return the HTML page for `document`."""
    info = document["info"]
    return "".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(info['title'])} API</title>",
            '<link rel="stylesheet" href="/api/docs/style.css"></head><body>',
            f"<header><h1>{escape(info['title'])} <small>API {escape(info['version'])}</small></h1>",
            f"<p>{escape(info.get('description', ''))} A token goes in the cookie <code>accessToken</code> or in ",
            "<code>Authorization: Bearer</code>. The same as JSON: ",
            '<a href="/api/openapi.json">/api/openapi.json</a>.</p></header><main>',
            *_sections(document),
            "<section><h2>Schemas</h2>",
            *_schemas(document),
            "</section></main></body></html>",
        ]
    )


def _sections(document: Json) -> Iterator[str]:
    for tag in document.get("tags", []):
        yield f"<section><h2>{escape(tag['name'])}</h2><p>{escape(tag.get('description', ''))}</p>"
        for path, item in sorted(document["paths"].items()):
            for method in METHODS:
                if method in item and tag["name"] in item[method].get("tags", []):
                    yield from _operation(method, path, item[method])
        yield "</section>"


def _operation(method: str, path: str, operation: Json) -> Iterator[str]:
    yield (
        f'<details><summary><b class="{method}">{method.upper()}</b> <code>{escape(path)}</code> '
        f"<span>{escape(operation.get('summary', ''))}</span></summary>"
    )
    if "description" in operation:
        yield f"<p>{escape(operation['description'])}</p>"
    if parameters := operation.get("parameters"):
        yield "<h3>Parameters</h3><table>"
        for parameter in parameters:
            name = parameter["name"] + (" *" if parameter.get("required") else "")
            about = escape(parameter.get("description", ""))
            yield _row(_code(name), parameter["in"], _type(parameter.get("schema", {})), about)
        yield "</table>"
    for content in operation.get("requestBody", {}).get("content", {}).values():
        yield f"<h3>Body</h3><p>{_type(content['schema'])}</p>"
    yield "<h3>Answers</h3><table>"
    for status, response in sorted(operation.get("responses", {}).items()):
        kinds = ", ".join(_type(content["schema"]) for content in response.get("content", {}).values())
        yield _row(_code(status), escape(response.get("description", "")), kinds)
    yield "</table></details>"


def _schemas(document: Json) -> Iterator[str]:
    for name, schema in sorted(document.get("components", {}).get("schemas", {}).items()):
        yield f'<details id="{escape(name)}"><summary><code>{escape(name)}</code></summary>'
        if "description" in schema:
            yield f"<p>{escape(schema['description'])}</p>"
        if "enum" in schema:
            yield f"<p>{_type(schema)}</p>"
        yield "<table>"
        for field, each in schema.get("properties", {}).items():
            needed = " *" if field in schema.get("required", []) else ""
            yield _row(_code(field + needed), _type(each))
        yield "</table></details>"


def _row(*cells: str) -> str:
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>"


def _type(schema: Json) -> str:
    if reference := schema.get("$ref"):
        name = escape(reference.rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    for union in ("oneOf", "anyOf"):
        if union in schema:
            return " or ".join(_type(each) for each in schema[union])
    if "enum" in schema:
        return " | ".join(f"<code>{escape(str(each))}</code>" for each in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    kind = schema.get("type", "any")
    name = escape(" or ".join(kind) if isinstance(kind, list) else kind)
    limits = ", ".join(
        escape(text.format(schema[key])) for key, text in _LIMITS.items() if schema.get(key) is not None
    )
    return f"{name} <small>{limits}</small>" if limits else name


STYLE = """
:root { color-scheme: light dark; --line: #8884; --dim: #8889; --accent: #1f6feb; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1.5rem; }
h1 small { color: GrayText; font-size: .5em; font-weight: normal; }
h2 { margin: 2.5rem 0 .25rem; text-transform: capitalize; }
h3 { font-size: .9rem; margin: 1rem 0 .25rem; }
a { color: var(--accent); }
details { border: 1px solid var(--line); border-radius: 8px; margin: .5rem 0; padding: 0 1rem; }
details[open] { padding-bottom: 1rem; }
details:target { border-color: var(--accent); }
summary { cursor: pointer; padding: .6rem 0; }
summary span { color: GrayText; margin-left: .5rem; }
summary b { display: inline-block; font-size: .8rem; width: 4rem; }
.get { color: #1a7f37; } .post { color: #1f6feb; } .put, .patch { color: #b06000; } .delete { color: #cf222e; }
table { border-collapse: collapse; width: 100%; }
td { border-top: 1px solid var(--line); padding: .35rem .75rem .35rem 0; vertical-align: top; overflow-wrap: anywhere; }
code { font: .9em ui-monospace, monospace; }
small { color: GrayText; }
"""
