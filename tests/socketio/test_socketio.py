"""Socket.IO protocol 5 over the wire: connecting, disconnecting, events and acks, and what closes the connection.

The ground of the public Socket.IO test suite, on both transports, against the echo server.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from .serving import Endpoint
from .wire import Client, Clients, Packet

PLACEHOLDERS = '{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}'


@pytest.fixture(params=["websocket", "polling"])
async def client(request: pytest.FixtureRequest, echo: Endpoint, clients: Clients) -> Client:
    """A client that has not connected to a namespace yet."""
    return await clients.open(request.param, echo)


@pytest.fixture
async def connected(client: Client) -> Client:
    """A client on the main namespace, past its greeting."""
    await client.enter()
    assert await client.event() == ["auth", {}]
    return client


# connecting


@pytest.mark.parametrize("payload", [None, {}, {"token": "123"}, {"nested": {"list": [1, None]}}])
@pytest.mark.parametrize("namespace", ["/", "/custom"])
async def test_a_client_connects_with_a_payload_and_gets_its_id(
    client: Client, namespace: str, payload: dict[str, Any] | None
) -> None:
    sid = await client.enter(namespace, payload)

    assert len(sid) >= 20
    assert sid != client.sid
    assert await client.event(namespace) == ["auth", payload or {}]


async def test_a_namespace_may_come_without_its_comma(client: Client) -> None:
    await client.send("40/custom")

    packet = await client.receive()
    assert isinstance(packet, str)
    assert packet.startswith('40/custom,{"sid":"')


async def test_an_unknown_namespace_is_refused_and_another_can_be_had(client: Client) -> None:
    await client.send("40/random")
    assert await client.receive() == '44/random,{"message":"Invalid namespace"}'

    assert await client.enter("/custom")


async def test_both_namespaces_live_on_one_connection(client: Client) -> None:
    main, custom = await client.enter(), None
    assert await client.event() == ["auth", {}]
    custom = await client.enter("/custom", {"a": 1})
    assert await client.event("/custom") == ["auth", {"a": 1}]
    assert main != custom

    await client.send('42/custom,["message","c"]', '42["message","m"]')

    assert await client.event("/custom") == ["message-back", "c"]
    assert await client.event() == ["message-back", "m"]


@pytest.mark.parametrize(
    "packet", ["4abc", '40["token"]', '40"token"', "4", '42["message","early"]', "41", "43[]"]
)
async def test_a_handshake_that_is_none_closes_the_connection(client: Client, packet: str) -> None:
    assert await client.is_refused(packet)


async def test_connecting_twice_to_a_namespace_closes_the_connection(connected: Client) -> None:
    assert await connected.is_refused("40")


async def test_who_never_connects_is_closed_at_the_connect_timeout(echo: Endpoint, clients: Clients) -> None:
    started = asyncio.get_running_loop().time()
    client = await clients.websocket(echo)

    # Its pings are answered: it is alive, but wants nothing.
    assert await client.closed() == 1008

    assert asyncio.get_running_loop().time() - started >= 0.95


# disconnecting


async def test_who_leaves_the_main_namespace_stays_on_the_other(connected: Client) -> None:
    await connected.enter("/custom")
    assert await connected.event("/custom") == ["auth", {}]

    await connected.send("41", '42/custom,["message",1]')

    assert await connected.event("/custom") == ["message-back", 1]


async def test_who_leaves_a_custom_namespace_stays_on_the_main_one(connected: Client) -> None:
    await connected.enter("/custom")
    assert await connected.event("/custom") == ["auth", {}]

    await connected.send("41/custom,", '42["message",1]')

    assert await connected.event() == ["message-back", 1]


async def test_after_leaving_all_the_transport_stands_and_one_can_come_back(connected: Client) -> None:
    await connected.send("41")
    assert await connected.receive_any() == "2"
    await connected.send("3")

    await connected.enter(auth={"again": True})

    assert await connected.event() == ["auth", {"again": True}]


async def test_an_event_for_a_namespace_that_was_left_closes_the_connection(connected: Client) -> None:
    await connected.enter("/custom")
    await connected.send("41/custom,")

    assert await connected.is_refused('42/custom,["message",1]')


# events and acks

ECHOED = {
    "plain": (['42["message",1,"2",{"3":[true]}]'], ['42["message-back",1,"2",{"3":[true]}]']),
    "without arguments": (['42["message"]'], ['42["message-back"]']),
    "binary": (
        [f'452-["message",{PLACEHOLDERS}]', b"\x01\x02\x03", b"\x04\x05\x06"],
        [f'452-["message-back",{PLACEHOLDERS}]', b"\x01\x02\x03", b"\x04\x05\x06"],
    ),
    "with an ack": (
        ['42456["message-with-ack",1,"2",{"3":[false]}]'],
        ['43456[1,"2",{"3":[false]}]'],
    ),
    "with an ack of nothing": (['420["message-with-ack"]'], ["430[]"]),
    "binary with an ack": (
        [f'452-789["message-with-ack",{PLACEHOLDERS}]', b"\x01\x02\x03", b"\x04\x05\x06"],
        [f"462-789[{PLACEHOLDERS}]", b"\x01\x02\x03", b"\x04\x05\x06"],
    ),
}


@pytest.mark.parametrize(("sent", "expected"), ECHOED.values(), ids=ECHOED.keys())
async def test_an_event_is_handled_and_answered(
    connected: Client, sent: list[Packet], expected: list[Packet]
) -> None:
    await connected.send(*sent)

    assert await connected.receive_many(len(expected)) == expected


async def test_an_event_that_nobody_handles_is_passed_over(connected: Client) -> None:
    await connected.send('42["nobody",1]', '421["nobody"]', '42["message",2]')

    assert await connected.event() == ["message-back", 2]


async def test_an_ack_that_nobody_waits_for_is_passed_over(connected: Client) -> None:
    await connected.send("4399[1]", "43/custom,1[]", '42["message",2]')

    assert await connected.event() == ["message-back", 2]


MALFORMED = {
    "an unknown type": "4abc",
    "an object as an event": "42{}",
    "letters as an ack id": '42abc["message-with-ack",1]',
    "an array as a connect payload": "40[]",
    "a disconnect with a payload": "41/admin,{}",
    "JSON without its end": '42/admin,"bad',
    "a name that is an object": '42[{"toString":"foo"}]',
    "a name that is true": '42[true,"x"]',
    "a name that is null": '42[null,"x"]',
    "a reserved name": '42["disconnect","1"]',
    "a thousand million attachments": '45999999999-["message"]',
    "eleven attachments": '4511-["message"]',
    "no attachments": '450-["message"]',
    "ten million digits": "42" + "1" * 900_000,
    "an event for an unknown namespace": '42/admin,["message"]',
    "an integer of 5,000 digits": '42["message",' + "1" * 5_000 + "]",
    "depth": '42["message",' + "[" * 10_000 + "]" * 10_000 + "]",
    "a depth that only a recursion would notice": '421["message-with-ack",' + "[" * 600 + "]" * 600 + "]",
}


@pytest.mark.parametrize("packet", MALFORMED.values(), ids=MALFORMED.keys())
async def test_a_malformed_packet_closes_the_connection_and_no_other(
    connected: Client, echo: Endpoint, clients: Clients, packet: str, caplog: pytest.LogCaptureFixture
) -> None:
    healthy = await clients.websocket(echo)
    await healthy.enter()

    assert await connected.is_refused(packet)

    await healthy.send('42["message","well"]')
    assert await healthy.receive_many(2) == ['42["auth",{}]', '42["message-back","well"]']
    assert not [record for record in caplog.records if record.exc_info]


@pytest.mark.parametrize("number", ['"splice"', "-1", "1", "1.5", "true"])
async def test_a_placeholder_of_no_attachment_closes_the_connection(connected: Client, number: str) -> None:
    assert await connected.is_refused(f'451-["message",{{"_placeholder":true,"num":{number}}}]', b"x")


@pytest.mark.parametrize(
    "packets",
    [[b"x"], ['451-["message"]', '42["message"]'], ['451-["message"]', b"x", b"y"]],
    ids=["unannounced", "text instead", "one too many"],
)
async def test_attachments_out_of_place_close_the_connection(
    connected: Client, packets: list[Packet]
) -> None:
    assert await connected.is_refused(*packets)


async def test_the_head_of_a_binary_packet_before_connecting_is_refused(client: Client) -> None:
    """CVE-2026-48804: its attachments would be waited for, by a client that is nobody yet."""
    assert await client.is_refused('451-["message",{"_placeholder":true,"num":0}]')
