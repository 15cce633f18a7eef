"""Rates over the whole node: what a socket hears that asks too much, that it stored nothing, and that others go on.

Rates stand still here: what was taken comes back when a test moves the clock.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from stockent.check.clients import POLLING, WEBSOCKET, Device
from stockent.check.scene import message
from stockent.gateway.pacing import COMMAND_LIMITS
from stockent.messaging.commands import COMMANDS
from stockent.rates import Limit
from tests.socketio.serving import Endpoint
from tests.socketio.wire import Client, Clients
from tests.waiting import poll_until

from .place import Place, open_place
from .ways import OverHttp, OverSocket

TRANSPORTS = pytest.mark.parametrize("transport", [WEBSOCKET, POLLING])
Open = Callable[..., Awaitable[Place]]


@pytest.fixture
async def limited(tmp_path: Path, empty_store: Path) -> AsyncIterator[Open]:
    """Open a place with these `RATE_LIMITS`."""
    async with AsyncExitStack() as stack:

        async def start(rates: str = "on") -> Place:
            opened = open_place(tmp_path, empty_store, rates_stand_still=True, RATE_LIMITS=rates)
            return await stack.enter_async_context(opened)

        yield start


@pytest.fixture
async def clients() -> AsyncIterator[Clients]:
    async with aiohttp.ClientSession() as http, AsyncExitStack() as stack:
        yield Clients(stack, http)


async def from_address(place: Place, clients: Clients, address: str, transport: str, token: str) -> Any:
    """What a socket from there is told: `{"sid": …}`, or the data of `connect_error`."""
    endpoint = Endpoint(place.node.port)
    client = await clients.open(transport, endpoint, {"X-Forwarded-For": address})
    return await told(client, token)


async def told(client: Client, token: str) -> Any:
    await client.send("40" + json.dumps({"token": token}))
    packet = await client.receive()
    assert isinstance(packet, str)
    body = json.loads(packet[2:])
    return body if packet.startswith("40") else body["data"]


def test_every_command_has_its_line() -> None:
    assert COMMAND_LIMITS.keys() == COMMANDS.keys()


@TRANSPORTS
async def test_a_send_too_many_is_refused_and_stored_nowhere_and_its_repeat_succeeds(
    limited: Open, transport: str
) -> None:
    place = await limited("messages=1/10s:3")
    cid = await place.conversation("ann", "ben")
    ann, ben = await place.device("ann", transport, joins=cid), await place.device("ben", joins=cid)
    for number in range(3):
        await OverSocket(ann).send(cid, f"message {number}")
    late = message("one too many")
    error = await ann.refused("send_message", code="rate_limited", conversationId=cid, **late)
    assert error["retryable"] is True
    assert 10_000 <= error["retryAfterMs"] < 15_000
    page = await place.person("ben").done("GET", f"/api/conversations/{cid}/messages")
    assert [each["content"] for each in page["items"]] == ["message 0", "message 1", "message 2"]
    place.clock.advance(error["retryAfterMs"] / 1000)
    ack = await ann.done("send_message", conversationId=cid, **late)
    assert (ack["message"]["seq"], ack["message"]["clientId"]) == (4, late["clientId"])
    await ben.settle()
    heard = [each.payload["content"] for each in ben.heard if each.event == "message_received"]
    assert heard == ["message 0", "message 1", "message 2", "one too many"]


async def test_a_user_has_one_rate_for_all_sockets_and_http_and_each_user_their_own(limited: Open) -> None:
    place = await limited("messages=1/h:4")
    cid = await place.conversation("ann", "ben")
    first, second = await place.device("ann"), await place.device("ann", POLLING)
    await OverSocket(first).send(cid, "1")
    await OverSocket(second).send(cid, "2")
    for number in (3, 4):
        await OverHttp(place.person("ann")).send(cid, str(number))
    for device in (first, second):
        await device.refused("send_message", code="rate_limited", conversationId=cid, **message("5"))
    await place.person("ann").refused(
        "POST", f"/api/conversations/{cid}/messages", message("5"), status=429, code="rate_limited"
    )
    ben = await place.device("ben")
    for number in range(5, 9):
        await OverSocket(ben).send(cid, str(number))


async def test_acks_and_refusals_come_in_the_order_of_the_commands(limited: Open) -> None:
    place = await limited("messages=1/h:5")
    cid = await place.conversation("ann", "ben")
    ann = await place.device("ann")
    done: list[int] = []

    async def send(number: int) -> bool:
        ack = await ann.command("send_message", {"conversationId": cid, **message(str(number))})
        done.append(number)
        return bool(ack["ok"])

    stored = await asyncio.gather(*(send(number) for number in range(20)))
    assert done == list(range(20))
    assert stored == [True] * 5 + [False] * 15


@pytest.mark.parametrize(
    ("limit", "command", "argument"),
    [
        (Limit.COMMANDS, "leave_conversation", {"conversationId": "any"}),
        (Limit.CONNECTION_COMMANDS, "leave_conversation", {"conversationId": "any"}),
        (Limit.CONVERSATIONS, "create_conversation", {"participantIds": ["cy"]}),
        (Limit.SEARCHES, "search_messages", {"q": "hello"}),
        (Limit.SIGNALS, "change_settings", {"sharePresence": True}),
        (Limit.CHANGES, "change_personal", {"pinned": True}),
    ],
)
async def test_each_kind_of_command_has_its_own_rate(
    limited: Open, limit: Limit, command: str, argument: dict[str, Any]
) -> None:
    place = await limited(f"{limit}=1/60s:2")
    if limit is Limit.CHANGES:
        argument = argument | {"conversationId": await place.conversation("ann", "ben")}
    for user_id in ("ann", "ben"):
        device = await place.device(user_id)
        for _ in range(2):
            await device.done(command, **argument)
        await device.refused(command, code="rate_limited", **argument)
        place.clock.advance(120)
        await device.done(command, **argument)


@pytest.mark.parametrize(
    ("limit", "method", "path", "body"),
    [
        (Limit.REQUESTS, "GET", "/api/me", None),
        (Limit.CONVERSATIONS, "POST", "/api/conversations", {"participantIds": ["cy"]}),
        (Limit.CONVERSATIONS, "POST", "/api/messages", {"recipientId": "cy", "content": "hello"}),
        (Limit.SEARCHES, "GET", "/api/search?q=hello", None),
        (Limit.SIGNALS, "PATCH", "/api/me/settings", {"sharePresence": True}),
        (Limit.UPLOADS, "POST", "/api/attachments", {"name": "a.txt", "sizeBytes": 3}),
    ],
)
async def test_each_kind_of_request_has_its_own_rate(
    limited: Open, limit: Limit, method: str, path: str, body: dict[str, Any] | None
) -> None:
    place = await limited(f"{limit}=1/60s:2")
    needs_id = body is not None and body.keys() & {"name", "content"}
    for user_id in ("ann", "ben"):
        person = place.person(user_id)
        answers = []
        for _ in range(3):
            given = {**body, "clientId": str(uuid.uuid4())} if body and needs_id else body
            answers.append((await person.request(method, path, given)).status)
        assert [status < 300 for status in answers] == [True, True, False]
        assert answers[2] == 429
        place.clock.advance(120)
        assert (await person.request(method, path, given)).status < 300


async def test_a_limit_of_one_connection_leaves_another_of_the_same_user(limited: Open) -> None:
    place = await limited("connection_commands=1/h:3")
    first, second = await place.device("ann"), await place.device("ann")
    for _ in range(3):
        await first.settle()
    await first.refused("leave_conversation", code="rate_limited", conversationId="any")
    await second.settle()


async def test_unknown_and_malformed_commands_count_as_any(limited: Open) -> None:
    place = await limited("commands=1/h:4")
    ann = await place.device("ann")
    for _ in range(2):
        await ann.refused("no_such_command", code="unknown_command")
        await ann.refused("send_message", code="invalid")
    await ann.refused("no_such_command", code="rate_limited")
    await ann.refused("send_message", code="rate_limited")


@TRANSPORTS
@pytest.mark.parametrize(
    ("command", "code"), [("leave_conversation", "rate_limited"), ("nonsense", "unknown_command")]
)
async def test_a_socket_that_goes_on_after_refusals_is_ended_and_a_control_beside_it_misses_nothing(
    limited: Open, transport: str, command: str, code: str
) -> None:
    place = await limited("commands=1/h:50, connection_refusals=1/h:20, connection_commands=off")
    cid = await place.conversation("ann", "ben")
    ann, ben = await place.device("ann", joins=cid), await place.device("ben", joins=cid)
    mallory = await place.device("mallory", transport)
    codes: list[str] = []
    while mallory.connected and len(codes) < 200:
        ack = await answer_or_end(mallory, command)
        codes.append("" if ack is None or ack["ok"] else ack["error"]["code"])
        if len(codes) % 10 == 0:
            await OverSocket(ann).send(cid, f"after {len(codes)}")
    assert codes.count(code) in (20, 21)
    assert not mallory.connected
    await ben.settle()
    heard = [each.payload["content"] for each in ben.heard if each.event == "message_received"]
    assert heard == [f"after {number}" for number in range(10, len(codes) + 1, 10)]


async def answer_or_end(device: Device, command: str) -> dict[str, Any] | None:
    """The ack, or None when the socket is ended instead."""
    acking = asyncio.create_task(device.command(command, {"conversationId": "any"}))
    await poll_until(lambda: acking.done() or not device.connected)
    if acking.done():
        return acking.result()
    acking.cancel()
    return None


async def test_nothing_is_kept_of_sockets_that_are_gone(limited: Open) -> None:
    place = await limited("commands=off")
    devices = [await place.device(f"user-{number}") for number in range(10)]
    for device in devices:
        await device.settle()
        await device.refused("nonsense", code="unknown_command")
    for device in devices:
        await device.close()
    await poll_until(lambda: not place.namespace.sockets)
    assert place.node.rates.remembered == 0


async def test_who_guesses_ids_is_refused_before_a_guess_is_looked_at(limited: Open) -> None:
    """10,000 guesses, of which the first few are answered; a true one among the others looks as they do."""
    place = await limited("misses=1/60s:20, connection_refusals=off, commands=off, connection_commands=off")
    cid = await place.conversation("ann", "ben")
    ann, mallory = await place.device("ann"), await place.device("mallory")
    codes = [await guess(mallory, str(uuid.uuid4())) for _ in range(100)]
    assert codes == ["not_found"] * 20 + ["rate_limited"] * 80
    assert await guess(mallory, cid) == "rate_limited"
    person = place.person("mallory")
    await person.refused("GET", f"/api/conversations/{uuid.uuid4()}", status=429, code="rate_limited")
    await ann.done("join_conversation", conversationId=cid)
    place.clock.advance(60)
    assert await guess(mallory, cid) == "not_found"
    assert await guess(mallory, cid) == "rate_limited"


async def test_guesses_over_http_count_as_well(limited: Open) -> None:
    place = await limited("misses=1/60s:20")
    person = place.person("mallory")
    statuses = [
        (await person.request("GET", f"/api/conversations/{uuid.uuid4()}/messages")).status for _ in range(30)
    ]
    assert statuses == [404] * 20 + [429] * 10


async def guess(device: Device, cid: str) -> str:
    ack = await device.command("join_conversation", {"conversationId": cid})
    return str(ack["error"]["code"])


@TRANSPORTS
async def test_an_address_of_many_wrong_tokens_is_refused_before_they_are_looked_at(
    limited: Open, clients: Clients, transport: str
) -> None:
    place = await limited("address_failures=1/60s:5")
    forged = place.token("ann", secret="another-secret-" + "x" * 32)
    for _ in range(5):
        refusal = await from_address(place, clients, "192.0.2.1", transport, forged)
        assert refusal == {"code": "auth_invalid", "retryable": False}
    good = place.token("ann")
    refusal = await from_address(place, clients, "192.0.2.1", transport, good)
    assert (refusal["code"], refusal["retryable"]) == ("rate_limited", True)
    assert refusal["retryAfterMs"] >= 60_000
    assert "sid" in await from_address(place, clients, "192.0.2.2", transport, good)
    assert "sid" in await from_address(place, clients, "192.0.2.1", transport, good), "known since a moment"
    place.clock.advance(120)
    assert "sid" in await from_address(place, clients, "192.0.2.1", transport, place.token("ben"))


async def test_wrong_tokens_to_renew_a_socket_by_count_as_those_to_open_one(
    limited: Open, clients: Clients
) -> None:
    place = await limited("address_failures=1/60s:3")
    forged = place.token("ann", secret="another-secret-" + "x" * 32)
    ann = await clients.open(WEBSOCKET, Endpoint(place.node.port), {"X-Forwarded-For": "192.0.2.1"})
    assert "sid" in await told(ann, place.token("ann"))
    assert "ready" in str(await ann.receive())
    assert [await renewed(ann, forged) for _ in range(3)] == ["auth_invalid"] * 3
    good = place.token("ann", life_s=1_000)
    assert await renewed(ann, good) == "rate_limited"
    refusal = await from_address(place, clients, "192.0.2.1", WEBSOCKET, place.token("ben"))
    assert refusal["code"] == "rate_limited"
    place.clock.advance(120)
    assert await renewed(ann, good) is None


async def renewed(client: Client, token: str) -> Any:
    """The code of the refusal, if it is one."""
    await client.send("420" + json.dumps(["refresh_token", {"token": token}]))
    ack = json.loads(str(await client.receive())[3:])[0]
    return None if ack["ok"] else ack["error"]["code"]


async def test_sessions_of_an_address_are_limited_and_this_machine_s_are_not(
    limited: Open, clients: Clients
) -> None:
    place = await limited("address_open_sessions=2")
    token = place.token("ann")
    for _ in range(2):
        assert "sid" in await from_address(place, clients, "192.0.2.1", WEBSOCKET, token)
    url = f"{place.url}/socket.io/?EIO=4&transport=polling"
    async with clients.http.get(url, headers={"X-Forwarded-For": "192.0.2.1"}) as response:
        assert response.status == 429
        assert int(response.headers["Retry-After"]) >= 1
    for _ in range(3):
        await place.device("ben")


async def test_default_limits_let_a_person_who_pastes_quickly_be(limited: Open) -> None:
    place = await limited()
    cid = await place.conversation("ann", "ben")
    ann = await place.device("ann", joins=cid)
    for number in range(80):
        await OverSocket(ann).send(cid, f"line {number}")
    await OverSocket(ann).mark_read(cid, 80)


async def test_who_invents_addresses_before_the_proxy_s_word_is_counted_as_one(
    limited: Open, clients: Clients
) -> None:
    place = await limited("address_requests=1/h:3, address_sessions=1/h:3")
    for url in (f"{place.url}/api/session", f"{place.url}/socket.io/?EIO=4&transport=polling"):
        statuses = []
        for number in range(5):
            forged = {"X-Forwarded-For": f"198.51.100.{number}, 192.0.2.1"}
            async with clients.http.get(url, headers=forged) as response:
                statuses.append(response.status)
        assert statuses == [200] * 3 + [429] * 2


async def test_where_no_proxy_is_named_the_header_counts_for_nothing(
    tmp_path: Path, empty_store: Path, clients: Clients
) -> None:
    rates = "address_requests=1/h:1"
    async with open_place(
        tmp_path, empty_store, rates_stand_still=True, RATE_LIMITS=rates, TRUSTED_PROXIES="none"
    ) as place:
        for _ in range(5):
            url, headers = f"{place.url}/api/session", {"X-Forwarded-For": "192.0.2.1"}
            async with clients.http.get(url, headers=headers) as response:
                assert response.status == 200


async def test_a_full_node_answers_503_serves_who_is_inside_and_heals(
    limited: Open, clients: Clients
) -> None:
    place = await limited("node_connections=6")
    ann = await place.device("ann")
    idle = []
    while place.node.door.connections < 6:
        idle.append(await asyncio.open_connection("127.0.0.1", place.node.port))
        await poll_until(lambda: place.node.door.connections > len(idle))
    url = f"{place.url}/api/session"
    async with clients.http.get(url) as response:
        assert response.status == 503
        assert int(response.headers["Retry-After"]) >= 1
    await ann.settle()
    for _, writer in idle:
        writer.close()
    await poll_until(lambda: place.node.door.connections < 6)
    async with clients.http.get(url) as response:
        assert response.status == 200
