"""What is generated and committed is what the code gives, and describes what really goes over the wire."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stockent.http.description import openapi_document
from stockent.messaging.commands import COMMANDS, ConversationRef, Failed
from stockent.messaging.events import EVENTS
from stockent.schema_export import TABLE_BEGIN, behind, files, socket_schema

ROOT = Path(__file__).parent.parent


def test_no_committed_file_is_behind_the_code() -> None:
    assert behind(ROOT) == [], "run: python -m stockent.schema_export"


def test_a_file_that_differs_is_noticed(tmp_path: Path) -> None:
    for path, make in files().items():
        file = tmp_path / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(make((ROOT / path).read_text()))
    assert behind(tmp_path) == []
    schema = tmp_path / "docs" / "socket-schema.json"
    schema.write_text(schema.read_text().replace('"maxLength": 128', '"maxLength": 129'))
    readme = tmp_path / "README.md"
    readme.write_text(readme.read_text().replace(TABLE_BEGIN, TABLE_BEGIN + "\nold"))
    assert behind(tmp_path) == ["docs/socket-schema.json", "README.md"]


def references(value: Any) -> set[str]:
    if isinstance(value, list):
        return {found for each in value for found in references(each)}
    if isinstance(value, dict):
        return {value["$ref"]} if "$ref" in value else references(list(value.values()))
    return set()


def test_every_reference_leads_to_a_definition_and_none_is_idle() -> None:
    openapi, socket = openapi_document(), socket_schema()
    assert references(openapi) == {
        f"#/components/schemas/{name}" for name in openapi["components"]["schemas"]
    }
    assert references(socket) == {f"#/$defs/{name}" for name in socket["$defs"]}


def test_every_command_and_event_has_its_schema() -> None:
    schema = socket_schema()
    assert schema["commands"].keys() == COMMANDS.keys()
    assert schema["events"].keys() == EVENTS.keys()


def test_a_command_that_needs_only_a_conversation_takes_its_bare_id_too() -> None:
    commands = socket_schema()["commands"]
    bare = {name for name, command in commands.items() if "anyOf" in command["request"]}
    assert {name for name, command in COMMANDS.items() if command.request is ConversationRef} < bare
    assert "join_conversation" in bare
    assert "send_message" not in bare


def test_ok_tells_an_ack_from_a_refusal() -> None:
    definitions = socket_schema()["$defs"]
    for command in COMMANDS.values():
        assert definitions[command.ack.__name__]["properties"]["ok"]["const"] is True
    assert definitions[Failed.__name__]["properties"]["ok"]["const"] is False


@pytest.mark.parametrize("name", EVENTS)
def test_what_the_server_sends_carries_every_field_that_its_schema_requires(name: str) -> None:
    struct = EVENTS[name]
    definition = socket_schema()["$defs"][struct.__name__]
    assert definition["required"] == [field.encode_name for field in msgspec.structs.fields(struct)]


def test_the_api_names_each_operation_once_and_says_who_may_call_it() -> None:
    document = openapi_document()
    operations = [
        (path, operation) for path, item in document["paths"].items() for operation in item.values()
    ]
    names = [operation["operationId"] for _, operation in operations]
    assert len(names) == len(set(names))
    for path, operation in operations:
        is_open = operation.get("security") == [{}]
        assert is_open == path.startswith(("/healthz", "/readyz", "/api/demo", "/api/session"))
        assert ("401" in operation["responses"]) or is_open
    assert json.loads(json.dumps(document)) == document
