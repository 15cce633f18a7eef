"""Whatever JSON comes, to whichever route reads one, the answer is never a fault of ours."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stockent.messaging.models import Role
from tests.attacks.matrix import ROUTES, C
from tests.http.conftest import Talk, Web, client_id

WITH_BODY = [route for route, rule in ROUTES.items() if rule.body is not None]
FIELDS = [
    "participantIds",
    "subject",
    "title",
    "status",
    "clientId",
    "content",
    "type",
    "recipientId",
    "seq",
    "userId",
    "name",
    "sizeBytes",
    "voice",
    "attachments",
    "userIds",
    "role",
    "historyVisible",
]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(
        ["ana", "bo", "TEXT", "SYSTEM", "CLOSED", "javascript:alert(1)", "\u202e", "\x00", client_id()]
    ),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([*FIELDS, "id", "url", "imageUrl", "data"]), inner, max_size=4)
    ),
    max_leaves=12,
)
BODIES = VALUES | st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=len(FIELDS))


@pytest.mark.parametrize("route", WITH_BODY, ids=" ".join)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=BODIES)
async def test_no_json_makes_the_server_fail(web: Web, talk: Talk, route: tuple[str, str], body: Any) -> None:
    method, path = route
    # An administrator for whom the rest is as for Ana: other people's bodies are not even read there.
    root = await web.anonymous(authorization=f"Bearer {web.token('root', role=Role.ADMIN)}")
    answer = await (root if "/admin/" in path else talk.ana).request(
        method, path.format(cid=talk.id, mid=talk.message_id, uid="bo", user_id="nobody"), json=body
    )
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
    assert (await talk.bo.get(C.format(cid=talk.id))).status_code == 200
