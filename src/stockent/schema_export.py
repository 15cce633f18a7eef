"""Writes what other languages and people read of our types: `python -m stockent.schema_export [--check]`.

Made here, and committed: `docs/socket-schema.json` and `docs/openapi.json` from the structs, the configuration table of
the README, and the rates in `docs/limits.md`. The TypeScript in the page's `client/generated` is made from the first
two by `npm run types`. With `--check` nothing is written; the exit code says whether a file is behind the code.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from .config import markdown_variables
from .http.description import openapi_document
from .json_schema import components
from .messaging.commands import COMMANDS, CommandType, Failed
from .messaging.events import EVENTS
from .rates.table import markdown_rates

DIALECT = "https://json-schema.org/draft/2020-12/schema"
TABLE_BEGIN = "<!-- configuration -->"
TABLE_END = "<!-- /configuration -->"
RATES_BEGIN = "<!-- rates -->"
RATES_END = "<!-- /rates -->"
_REF = "#/$defs/{name}"

Json = dict[str, Any]


def socket_schema() -> Json:
    """Return `{commands: {name: {request, ack}}, events: {name: payload}, refusal, $defs}`.

    An ack is either the command's own or `refusal`; `ok` tells which.
    """
    requests = [command.request for command in COMMANDS.values()]
    acks = [command.ack for command in COMMANDS.values()]
    definitions = components(requests, [*acks, *EVENTS.values(), Failed], ref_template=_REF)
    return {
        "$schema": DIALECT,
        "title": "StockENT Messaging over Socket.IO",
        "commands": {name: _command(command, definitions) for name, command in COMMANDS.items()},
        "events": {name: _ref(payload) for name, payload in EVENTS.items()},
        "refusal": _ref(Failed),
        "$defs": definitions,
    }


def files() -> dict[str, Callable[[str], str]]:
    """Return path from the project's root → what makes the file's text from its present one."""
    return {
        "docs/socket-schema.json": lambda _: _as_json(socket_schema()),
        "docs/openapi.json": lambda _: _as_json(openapi_document()),
        "README.md": lambda text: _with_table(text, TABLE_BEGIN, markdown_variables(), TABLE_END),
        "docs/limits.md": lambda text: _with_table(text, RATES_BEGIN, markdown_rates(), RATES_END),
    }


def behind(root: Path) -> list[str]:
    """Return the paths whose committed text is not what the code gives."""
    return [path for path, make in files().items() if _read(root / path) != make(_read(root / path))]


@click.command()
@click.option("--check", is_flag=True, help="Only tell what is behind the code.")
def main(*, check: bool) -> None:
    """Write the schemas and the README's table of settings, in the project's directory."""
    root = Path.cwd()
    if not (root / "pyproject.toml").exists():
        raise click.ClickException("run this in the project's directory, where pyproject.toml is")
    late = behind(root)
    if check:
        for path in late:
            click.echo(f"{path} is behind the code; run: python -m stockent.schema_export", err=True)
        sys.exit(1 if late else 0)
    for path in late:
        (root / path).write_text(files()[path](_read(root / path)), encoding="utf-8")
        click.echo(f"wrote {path}")


def _command(command: CommandType, definitions: dict[str, Json]) -> Json:
    """A command that needs no more than a conversation also takes its bare id."""
    request = _ref(command.request)
    definition = definitions[command.request.__name__]
    if definition["required"] == ["conversationId"]:
        request = {"anyOf": [request, definition["properties"]["conversationId"]]}
    return {"request": request, "ack": _ref(command.ack)}


def _ref(struct: type) -> Json:
    return {"$ref": _REF.format(name=struct.__name__)}


def _as_json(document: Json) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _with_table(text: str, begin: str, table: str, end: str) -> str:
    before, found_begin, rest = text.partition(begin)
    _, found_end, after = rest.partition(end)
    if not found_begin or not found_end:
        raise click.ClickException(f"expected the marks {begin} and {end} where the table is to stand")
    return f"{before}{begin}\n{table}\n{end}{after}"


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


if __name__ == "__main__":
    main()
