"""Engine.IO and Socket.IO packets that attackers have sent to other servers, over both transports."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
from websockets.exceptions import ConnectionClosed

from tests.socketio.frames import BINARY, TEXT, encode
from tests.socketio.wire import Client

from .acts import is_alive
from .conftest import UnderAttack
from .offender import Offender

TRANSPORTS = pytest.mark.parametrize("transport", ["websocket", "polling"])
Packet = str | bytes
#: Larger than a message may be, and almost as large as it may be.
TOO_LARGE, LARGE = 10_000_000, 250_000
CROWD = 1_000


async def refused(offender: Offender, transport: str, *packets: Packet, entered: bool = True) -> str:
    client = await offender.open(transport, entered=entered)
    assert await client.is_refused(*packets)
    return "close 1003" if transport == "websocket" else "400, closed"


async def too_large(offender: Offender, transport: str, packet: str) -> str:
    """Nothing of it is looked at: the WebSocket ends by 1009 or, where the sender does not stop, by a reset."""
    client = await offender.open(transport)
    if transport == "polling":
        length = f"Content-Length: {len(packet)}"
        assert await offender.push(client, length, body=packet.encode()) in (413, 0)
        assert await offender.push(client, length) == 413
        assert await is_alive(client)
        return "413"
    with suppress(OSError, ConnectionClosed):
        await client.send(packet)
    try:
        code = await client.closed()
    except (OSError, ConnectionClosed):
        code = 1006
    assert code in (1009, 1006)
    return "close 1009"


@TRANSPORTS
@pytest.mark.parametrize(
    "packet",
    [
        '42[{"toString":"foo"}]',
        '42[true,"x"]',
        '42[null,"x"]',
        "42{}",
        "40[]",
        "41/admin,{}",
        '42/admin,"bad',
    ],
)
async def test_forms(under_attack: UnderAttack, transport: str, packet: str) -> None:
    """Events, connects and disconnects of another form (CVE-2023-32695)."""
    await under_attack(lambda offender: refused(offender, transport, packet))


@TRANSPORTS
@pytest.mark.parametrize("packet", ['42["connect"]', '42["disconnect","1"]', '42["error","x"]'])
async def test_reserved_events(under_attack: UnderAttack, transport: str, packet: str) -> None:
    """Events that only a server may raise (CVE-2024-38355)."""
    await under_attack(lambda offender: refused(offender, transport, packet))


@TRANSPORTS
@pytest.mark.parametrize("number", ['"splice"', "-1", "1", "1.5", "true", "1e309"])
async def test_placeholders(under_attack: UnderAttack, transport: str, number: str) -> None:
    """A placeholder that names no attachment, then a binary frame (CVE-2022-2421)."""
    header = f'451-["m",{{"_placeholder":true,"num":{number}}}]'
    await under_attack(lambda offender: refused(offender, transport, header, b"x"))


@TRANSPORTS
@pytest.mark.parametrize("packet", ['45999999999-["m"]', '4511-["m"]', '450-["m"]'])
async def test_attachment_counts(under_attack: UnderAttack, transport: str, packet: str) -> None:
    """More than 10 attachments, or none, again and again (CVE-2026-33151, CVE-2026-69185)."""

    async def attack(offender: Offender) -> str:
        for _ in range(20):
            answer = await refused(offender, transport, packet, packet)
        return answer

    await under_attack(attack)


@TRANSPORTS
@pytest.mark.parametrize(
    "packets",
    [
        ('451-["m"]', '42["m"]'),
        (b"x",),
        ("45",),
        ("451",),
        ("45a-",),
        ("451.23-",),
    ],
    ids=["text before the attachment", "binary that nobody announced", "45", "451", "45a-", "451.23-"],
)
async def test_parser(under_attack: UnderAttack, transport: str, packets: tuple[Packet, ...]) -> None:
    """Parts of binary packets in the wrong order or number."""
    await under_attack(lambda offender: refused(offender, transport, *packets))


@TRANSPORTS
async def test_attachments_before_connecting(under_attack: UnderAttack, transport: str) -> None:
    """The head of a binary packet before a namespace, 1,000 sockets (CVE-2026-48804)."""

    async def attack(offender: Offender) -> str:
        header = '4510-["m"]'
        for _ in range(10):
            await asyncio.gather(
                *(refused(offender, transport, header, entered=False) for _ in range(CROWD // 10))
            )
        return "close 1003" if transport == "websocket" else "400, closed"

    await under_attack(attack)


async def test_attachments_that_never_come(under_attack: UnderAttack) -> None:
    """Half a binary packet on each of 1,000 sockets, then a reset (CVE-2026-48804)."""
    half = encode(TEXT, b'452-["m"]') + encode(BINARY, b"x" * 50_000)

    async def hold(offender: Offender) -> None:
        raw = await offender.raw_websocket()
        raw.send(half)
        await raw.writer.drain()
        raw.reset()

    async def attack(offender: Offender) -> str:
        for _ in range(10):
            await asyncio.gather(*(hold(offender) for _ in range(CROWD // 10)))
        return "none: it left"

    await under_attack(attack)


@TRANSPORTS
async def test_ten_million_digits(under_attack: UnderAttack, transport: str) -> None:
    """An event with 10⁷ digits."""
    await under_attack(lambda offender: too_large(offender, transport, "42" + "1" * TOO_LARGE))


@TRANSPORTS
async def test_an_ack_id_of_a_million_digits(under_attack: UnderAttack, transport: str) -> None:
    """An ack id of 10⁶ digits."""
    await under_attack(lambda offender: too_large(offender, transport, "42" + "1" * 1_000_000 + '["m"]'))


NUMBERS = {
    "250,000 digits": "42" + "1" * LARGE,
    "an ack id of 250,000 digits": "42" + "1" * LARGE + '["m"]',
    "attachments of 250,000 digits": "45" + "1" * LARGE + '-["m"]',
    "1e999": '42["send_message",{"n":1e999}]',
    "an integer of 5,000 digits": '42["send_message",{"n":' + "7" * 5_000 + "}]",
    "an integer of 250,000 digits": '42["send_message",{"n":' + "7" * LARGE + "}]",
    "100,000 levels of arrays": '42["m",' + "[" * 100_000 + "]" * 100_000 + "]",
    "40,000 levels of objects": '42["m",' + '{"a":' * 40_000 + "1" + "}" * 40_000 + "]",
    "100,000 levels that never end": '42["m",' + "[" * 100_000,
    "a namespace of 250,000 characters": "40/" + "n" * LARGE,
}


@TRANSPORTS
@pytest.mark.parametrize("packet", NUMBERS.values(), ids=NUMBERS)
async def test_numbers_and_depths(under_attack: UnderAttack, transport: str, packet: str) -> None:
    """Numbers without end, JSON 10⁵ deep, within the largest message."""
    await under_attack(lambda offender: refused(offender, transport, packet))


@TRANSPORTS
async def test_a_namespace_of_a_megabyte(under_attack: UnderAttack, transport: str) -> None:
    """A namespace of 1 MB."""
    await under_attack(lambda offender: too_large(offender, transport, "40/" + "n" * 1_000_000))


@TRANSPORTS
async def test_namespaces(under_attack: UnderAttack, transport: str) -> None:
    """10,000 namespaces on one session."""

    async def attack(offender: Offender) -> str:
        client = await offender.open(transport)
        for first in range(0, 10_000, 500):
            names = [f"/n{number}" for number in range(first, first + 500)]
            await client.send(*(f"40{name}," for name in names))
            await each_is_refused(client, names)
        assert await is_alive(client)
        return "connect_error"

    await under_attack(attack)


async def each_is_refused(client: Client, names: list[str]) -> None:
    for name in names:
        assert await client.receive() == f'44{name},{{"message":"Invalid namespace"}}'


@TRANSPORTS
async def test_commands_without_a_namespace(under_attack: UnderAttack, transport: str) -> None:
    """Commands before the token was shown."""

    await under_attack(
        lambda offender: refused(
            offender, transport, '421["leave_conversation",{"conversationId":"x"}]', entered=False
        )
    )
