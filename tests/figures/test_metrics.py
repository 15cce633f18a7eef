"""What `/metrics` says of a running node: held against what was done to it, and against the page that explains it."""

from __future__ import annotations

import re
from pathlib import Path

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from stockent.auth import mint
from stockent.check.clients import POLLING, WEBSOCKET, ConnectRefused, Device, Person
from stockent.check.scene import message
from stockent.messaging.models import Profile, Role
from tests.gateway.child import Child, serving
from tests.gateway.place import SECRET

GUIDE = Path(__file__).parents[2] / "docs" / "metrics.md"
Figures = dict[tuple[str, tuple[str, ...]], float]


async def scrape(child: Child, http: aiohttp.ClientSession) -> Figures:
    """Values by name and by the values of the labels."""
    token = mint(SECRET, Profile(id="root", role=Role.ADMIN), 600)
    headers = {"Authorization": f"Bearer {token}"}
    async with http.get(child.url + "/metrics", headers=headers) as answer:
        assert answer.status == 200
        families = text_string_to_metric_families(await answer.text())
    return {
        (sample.name.removeprefix("stockent_"), tuple(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


async def test_the_figures_follow_what_happens(tmp_path: Path) -> None:
    async with serving(tmp_path) as child, aiohttp.ClientSession() as http:
        before = await scrape(child, http)
        ann = await child.device("ann", WEBSOCKET, http)
        ben = await child.device("ben", POLLING, http)
        made = await ann.person.done("POST", "/api/conversations", {"participantIds": ["ben"]}, status=201)
        for device in (ann, ben):
            await device.done("join_conversation", conversationId=made["id"])
        for text in ("one", "two"):
            await ann.done("send_message", conversationId=made["id"], **message(text))
        await ann.refused("send_message", code="not_found", conversationId="x", **message("three"))
        await ann.refused("invented", code="unknown_command")
        forged = Person("forger", "ann", child.token("ann")[:-4] + "AAAA", child.url, http)
        with pytest.raises(ConnectRefused, match="auth_invalid"):
            await Device(forged, "socket", WEBSOCKET).connect()
        async with http.get(child.url + "/socket.io/?EIO=3&transport=polling") as answer:
            assert answer.status == 400
        after = await scrape(child, http)
        assert (after["connections", (WEBSOCKET,)], after["connections", (POLLING,)]) == (1, 1)
        assert after["sockets", ()] == 2
        assert after["rooms", ()] == 3
        assert after["commands_total", ("send_message", "ok")] == 2
        assert after["commands_total", ("send_message", "not_found")] == 1
        assert after["commands_total", ("unknown", "unknown_command")] == 1
        assert ("commands_total", ("invented", "unknown_command")) not in after
        assert after["ack_seconds_count", ()] == 6
        assert after["sockets_refused_total", ("auth_invalid",)] == 1
        assert after["connections_refused_total", ("Unsupported protocol version",)] == 1
        assert after["http_answers_total", ("POST", "/api/conversations", "201")] == 1
        assert after["store_writes_total", ()] > before["store_writes_total", ()]
        assert after["store_batch_seconds_count", ()] <= after["store_writes_total", ()]
        assert after["events_delivered_total", ()] >= 4
        assert after["loop_late_seconds_count", ()] > before["loop_late_seconds_count", ()]
        assert after["process_open_fds", ()] > before["process_open_fds", ()]
        await ann.close()
        await ben.close()


async def test_the_guide_explains_every_figure_and_no_other(tmp_path: Path) -> None:
    async with serving(tmp_path) as child, aiohttp.ClientSession() as http:
        token = mint(SECRET, Profile(id="root", role=Role.ADMIN), 600)
        async with http.get(child.url + "/metrics", headers={"Authorization": f"Bearer {token}"}) as answer:
            told = re.findall(r"^# TYPE (stockent_\w+) ", await answer.text(), re.MULTILINE)
    assert sorted(told) == sorted(re.findall(r"^\| `(stockent_\w+)", GUIDE.read_text(), re.MULTILINE))
