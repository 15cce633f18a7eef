"""Engine.IO protocol 4 over the wire: opening, messages, heartbeat and the end of a session, on both transports.

The ground of the public Engine.IO test suite, and the refusals around it.
"""

from __future__ import annotations

import asyncio
import json

import pytest
from websockets.exceptions import InvalidStatus

from stockent.socketio import Server

from .conftest import Serve
from .serving import Endpoint
from .wire import WITHIN_S, Clients, Packet, from_payload

TRANSPORTS = pytest.mark.parametrize("transport", ["websocket", "polling"])

UNKNOWN_TRANSPORT, UNKNOWN_SID, BAD_METHOD, BAD_REQUEST, UNSUPPORTED_VERSION = 0, 1, 2, 3, 5


@pytest.fixture
def engine(echo: Endpoint) -> Endpoint:
    return echo.at("/engine.io/")


# opening


@pytest.mark.parametrize(("transport", "upgrades"), [("websocket", []), ("polling", ["websocket"])])
async def test_the_handshake_names_the_session_and_the_limits(
    engine: Endpoint, clients: Clients, transport: str, upgrades: list[str]
) -> None:
    client = await clients.open(transport, engine)

    assert len(client.handshake.pop("sid")) >= 20
    assert client.handshake == {
        "upgrades": upgrades,
        "pingInterval": 300,
        "pingTimeout": 200,
        "maxPayload": 1_000_000,
    }


REFUSED_QUERIES = {
    "no EIO": ("transport={0}", UNSUPPORTED_VERSION),
    "EIO is a word": ("EIO=abc&transport={0}", UNSUPPORTED_VERSION),
    "EIO is empty": ("EIO=&transport={0}", UNSUPPORTED_VERSION),
    "EIO 3": ("EIO=3&transport={0}", UNSUPPORTED_VERSION),
    "EIO 99": ("EIO=99&transport={0}", UNSUPPORTED_VERSION),
    "EIO twice": ("EIO=4&EIO=4&transport={0}", UNSUPPORTED_VERSION),
    "no transport": ("EIO=4", UNKNOWN_TRANSPORT),
    "a transport of nobody": ("EIO=4&transport=abc", UNKNOWN_TRANSPORT),
    "a transport of every object": ("EIO=4&transport=__proto__", UNKNOWN_TRANSPORT),
    "transport twice": ("EIO=4&transport={0}&transport={0}", UNKNOWN_TRANSPORT),
    "a sid that was never given": ("EIO=4&transport={0}&sid=abc", UNKNOWN_SID),
    "a sid of every object": ("EIO=4&transport={0}&sid=__proto__", UNKNOWN_SID),
    "a sid of NUL": ("EIO=4&transport={0}&sid=%00", UNKNOWN_SID),
    "an empty sid": ("EIO=4&transport={0}&sid=", UNKNOWN_SID),
    "sid twice": ("EIO=4&transport={0}&sid=a&sid=b", BAD_REQUEST),
    "a sid of 3,000 characters": ("EIO=4&transport={0}&sid=" + "a" * 3_000, BAD_REQUEST),
}


@pytest.mark.parametrize(("query", "code"), REFUSED_QUERIES.values(), ids=REFUSED_QUERIES.keys())
async def test_a_polling_request_that_is_not_the_protocols_is_a_400_with_its_code(
    engine: Endpoint, clients: Clients, query: str, code: int
) -> None:
    async with clients.http.get(engine.http(query.format("polling"))) as response:
        assert response.status == 400
        assert response.content_type == "application/json"
        assert (await response.json())["code"] == code


@pytest.mark.parametrize(("query", "code"), REFUSED_QUERIES.values(), ids=REFUSED_QUERIES.keys())
async def test_a_websocket_request_that_is_not_the_protocols_is_a_400_with_its_code(
    engine: Endpoint, clients: Clients, query: str, code: int
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await clients.connect(engine, query.format("websocket"))

    response = refused.value.response
    assert response.status_code == 400
    assert json.loads(response.body or b"")["code"] == code


async def test_a_websocket_request_for_polling_is_a_400(engine: Endpoint, clients: Clients) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await clients.connect(engine, "EIO=4&transport=polling")

    assert refused.value.response.status_code == 400


async def test_a_plain_request_for_a_websocket_is_a_400(engine: Endpoint, clients: Clients) -> None:
    async with clients.http.get(engine.http("EIO=4&transport=websocket")) as response:
        assert response.status == 400
        assert (await response.json())["code"] == BAD_REQUEST


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "HEAD"])
async def test_only_a_get_opens_a_session(engine: Endpoint, clients: Clients, method: str) -> None:
    async with clients.http.request(method, engine.http("EIO=4&transport=polling")) as response:
        assert response.status == 400


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
async def test_a_session_is_only_read_and_written(engine: Endpoint, clients: Clients, method: str) -> None:
    client = await clients.polling(engine)

    answer = await client.request(method, f"EIO=4&transport=polling&sid={client.sid}", "4hello")
    assert answer.status == 400
    assert json.loads(answer.text)["code"] == BAD_METHOD

    await client.send("4still there")
    assert await client.receive() == "4still there"


async def test_the_endpoint_answers_with_and_without_its_slash(echo: Endpoint, clients: Clients) -> None:
    for path in ("/engine.io", "/engine.io/"):
        for transport in ("polling", "websocket"):
            assert (await clients.open(transport, echo.at(path))).sid


@pytest.mark.parametrize("path", ["/chat", "/chat/", "/deep/er/chat/"])
async def test_a_server_answers_at_the_path_of_its_choice(serve: Serve, clients: Clients, path: str) -> None:
    server = Server(path=path)
    server.of("/")
    endpoint = await serve(server)

    for asked in (path, path.removesuffix("/"), path.removesuffix("/") + "/"):
        for transport in ("polling", "websocket"):
            assert await (await clients.open(transport, endpoint.at(asked))).enter()


async def test_another_path_is_a_404(echo: Endpoint, clients: Clients) -> None:
    elsewhere = echo.at("/elsewhere/")
    async with clients.http.get(elsewhere.http("EIO=4&transport=polling")) as response:
        assert response.status == 404
    with pytest.raises(InvalidStatus) as refused:
        await clients.connect(elsewhere, "EIO=4&transport=websocket")
    assert refused.value.response.status_code == 404


# messages


@TRANSPORTS
@pytest.mark.parametrize(
    "packets",
    [
        ["4hello"],
        ["4test1", "4test2", "4test3"],
        ["4"],
        ["4grüße 🎉 \u2028"],
        [b"\x01\x02\x03\x04"],
        ["4hello", b"\x01\x02\x03\x04", "4between", b"\xff" * 70_000, "4last"],
    ],
    ids=["text", "several texts", "empty text", "beyond ASCII", "binary", "text and binary"],
)
async def test_messages_arrive_as_they_were_sent_and_in_order(
    engine: Endpoint, clients: Clients, transport: str, packets: list[Packet]
) -> None:
    client = await clients.open(transport, engine)

    await client.send(*packets)

    assert await client.receive_many(len(packets)) == packets


async def test_an_empty_binary_message_arrives_over_a_websocket(engine: Endpoint, clients: Clients) -> None:
    client = await clients.websocket(engine)

    await client.send(b"")

    assert await client.receive() == b""


async def test_a_poll_takes_everything_that_waits_at_once(engine: Endpoint, clients: Clients) -> None:
    client = await clients.polling(engine)
    await client.send("4a", b"\x01\x02\x03\x04", "4b")

    answer = await client.poll()

    assert (answer.status, answer.text) == (200, "4a\x1ebAQIDBA==\x1e4b")
    assert answer.headers["Content-Type"].lower() == "text/plain; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"


async def test_a_poll_takes_no_more_packets_than_any_client_reads_and_the_next_the_rest(
    engine: Endpoint, clients: Clients
) -> None:
    client = await clients.polling(engine)
    packets: list[Packet] = [f"4{number}" for number in range(40)]
    await client.send(*packets)

    assert [from_payload((await client.poll()).text) for _ in range(3)] == [
        packets[:16],
        packets[16:32],
        packets[32:],
    ]


async def test_a_poll_that_waits_is_answered_by_what_is_sent_in_one_turn(
    engine: Endpoint, clients: Clients
) -> None:
    client = await clients.polling(engine)

    poll, _ = await asyncio.gather(client.poll(), client.push("4a\x1e4b"))

    assert poll.text == "4a\x1e4b"


@pytest.mark.parametrize(
    "body",
    [
        "abc",
        "",
        "\x1e",
        "4a\x1e",
        "5",
        "2probe",
        "0{}",
        "6",
        "3probe",
        "7",
        "b=",
        "bAQ",
        "bA Q==",
        "bAQIDBA==x",
        b"4\xff\xfe",
        "2:422:42",
    ],
)
async def test_a_malformed_body_is_a_400_and_ends_the_session(
    engine: Endpoint, clients: Clients, body: str | bytes
) -> None:
    client = await clients.polling(engine)

    assert (await client.push(body)).status == 400

    assert (await client.poll()).status == 400


@pytest.mark.parametrize("packet", ["abc", "", "5", "2", "2probe", "0{}", "6", "3probe", "7"])
async def test_a_malformed_packet_closes_the_websocket(
    engine: Endpoint, clients: Clients, packet: str
) -> None:
    client = await clients.websocket(engine)

    await client.send(packet)

    assert await client.closed() == 1003


# heartbeat


@TRANSPORTS
async def test_a_session_whose_pings_are_answered_lives_on(
    engine: Endpoint, clients: Clients, transport: str
) -> None:
    client = await clients.open(transport, engine)

    for _ in range(3):
        assert await client.receive_any() == "2"
        await client.send("3")

    await client.send("4alive")
    assert await client.receive() == "4alive"


async def test_a_websocket_that_answers_no_ping_is_closed(engine: Endpoint, clients: Clients) -> None:
    started = asyncio.get_running_loop().time()
    client = await clients.websocket(engine)

    assert await client.receive_any() == "2"
    async with asyncio.timeout(WITHIN_S):
        await client.ws.wait_closed()

    assert asyncio.get_running_loop().time() - started >= 0.48


async def test_a_polling_session_that_answers_no_ping_is_closed(engine: Endpoint, clients: Clients) -> None:
    client = await clients.polling(engine)

    assert (await client.poll()).text == "2"
    assert (await client.poll()).text == "6"
    assert (await client.poll()).status == 400


# the end


async def test_a_close_packet_ends_a_polling_session_and_its_waiting_poll(
    engine: Endpoint, clients: Clients
) -> None:
    client = await clients.polling(engine)

    poll, push = await asyncio.gather(client.poll(), client.push("1"))

    assert (poll.status, poll.text) == (200, "6")
    assert push.status == 200
    assert (await client.poll()).status == 400
    assert (await client.push("4late")).status == 400


async def test_a_close_packet_closes_the_websocket(engine: Endpoint, clients: Clients) -> None:
    client = await clients.websocket(engine)

    await client.send("1")

    assert await client.closed() == 1000


async def test_a_second_poll_ends_the_session(engine: Endpoint, clients: Clients) -> None:
    client = await clients.polling(engine)

    answers = await asyncio.gather(client.poll(), client.poll())

    assert sorted((answer.status, answer.text == "1") for answer in answers) == [(200, True), (400, False)]
    assert (await client.poll()).status == 400


async def test_what_one_session_does_leaves_another_alone(engine: Endpoint, clients: Clients) -> None:
    broken, healthy = await clients.polling(engine), await clients.websocket(engine)

    assert (await broken.push("abc")).status == 400

    await healthy.send("4well")
    assert await healthy.receive() == "4well"
