"""Every route of the API's own description, with requests made up from it: good ones, wrong ones, and neither.

Schemathesis makes them, so a new route is among them by itself. What comes back must be one of the answers that the
description names, in its media type and form, and never a fault of the server's.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
import uvloop
from hypothesis import HealthCheck, assume, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.gateway.child import Child, serving

#: `test_schema_drift` holds this file against what the server serves.
schema = schemathesis.openapi.from_path(Path(__file__).parents[2] / "docs" / "openapi.json")
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
MAX_QUERY_CHARS = 8_000


@dataclass
class Served:
    """A running server, somebody's token, and ids of what is theirs by the names of path parameters."""

    url: str
    token: str
    ids: dict[str, str]
    child: Child
    session: requests.Session

    def faults(self) -> list[str]:
        """What the log says is wrong with the server."""
        return [line for line in self.child.lines if '"level": "error"' in line or "Traceback" in line]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The loop only runs while the server starts and ends, so the server must not write more than a pipe holds."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner, requests.Session() as session:
        life = AsyncExitStack()
        server = serving(tmp_path_factory.mktemp("openapi"), LOG_LEVEL="error", RATE_LIMITS="off")
        child = runner.run(life.enter_async_context(server))
        token = child.token("ann")
        session.headers["Authorization"] = f"Bearer {token}"
        served = Served(child.url, token, {}, child, session)
        served.ids = _begin(served)
        yield served
        runner.run(life.aclose())
        assert served.faults() == []


def _begin(served: Served) -> dict[str, str]:
    body = {"recipientId": "ben", "clientId": str(uuid.uuid4()), "content": "Is it in stock?"}
    started = served.session.post(f"{served.url}/api/messages", json=body, timeout=10).json()
    return {
        "cid": started["conversation"]["id"],
        "mid": started["message"]["id"],
        "uid": "ben",
        "user_id": "ben",
    }


@schema.parametrize()
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_answer_is_one_that_the_description_names(case: schemathesis.Case[Any], served: Served) -> None:
    """Made-up ids lead nowhere: half of the requests are about what is there."""
    if len(json.dumps(case.body if isinstance(case.body, (dict, list, str)) else "")) % 2:
        case.path_parameters = {**case.path_parameters, **_known(case, served)}
    # A head beyond its limit never gets as far as the description.
    assume(len(json.dumps(case.query)) < MAX_QUERY_CHARS)
    case.call_and_validate(base_url=served.url, session=served.session, checks=CHECKS)


def _known(case: schemathesis.Case[Any], served: Served) -> dict[str, str]:
    return {name: value for name, value in served.ids.items() if name in case.path_parameters}
