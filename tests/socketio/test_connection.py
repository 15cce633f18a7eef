"""One Engine.IO session by itself: heartbeat, connect timeout and upgrade, with numbers for the time."""

from __future__ import annotations

import json
from math import inf

import pytest

from stockent.socketio import Limits, Reason, Request
from stockent.socketio.connection import POLLING, WEBSOCKET, ClosedByPeer, Connection, State
from stockent.socketio.frames import messages
from stockent.socketio.packets import PacketError

LIMITS = Limits(ping_interval_s=25, ping_timeout_s=20, connect_timeout_s=45)
REQUEST = Request("/socket.io/", {"EIO": "4"}, {"user-agent": "test"}, "192.0.2.1")
START = 1_000.0


class Recorder:
    """A link that keeps what is sent through it."""

    max_deflated_bytes = 0

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.closed_by: str | None = None

    def send(self, frames: bytes) -> None:
        self.sent += [each if isinstance(each, bytes) else each.encode() for each in messages(frames)]

    def pause_reading(self) -> None:
        self.sent.append(b"paused")

    def resume_reading(self) -> None:
        self.sent.append(b"resumed")

    def close(self, reason: str) -> None:
        self.closed_by = reason


@pytest.fixture
def link() -> Recorder:
    return Recorder()


@pytest.fixture
def connection(link: Recorder) -> Connection:
    """A polling session whose namespace was accepted, so that only the heartbeat counts."""
    connection = Connection("sid", POLLING, link, REQUEST, LIMITS, now=START)
    connection.connect_due = None
    return connection


def pass_time(connection: Connection, *, until: float) -> str | None:
    """Tick at each deadline that the session names; returns the reason to close, or None."""
    while (due := connection.deadline()) <= until:
        reason = connection.tick(now=due)
        if reason is not None:
            return reason
    return None


# the handshake


@pytest.mark.parametrize(("transport", "upgrades"), [(POLLING, ["websocket"]), (WEBSOCKET, [])])
def test_the_open_packet_tells_the_limits_in_milliseconds(
    link: Recorder, transport: str, upgrades: list[str]
) -> None:
    limits = Limits(ping_interval_s=0.3, ping_timeout_s=0.2, max_payload_bytes=1_234)
    packet = Connection("sid", transport, link, REQUEST, limits, now=START).open_packet()

    assert packet[:1] == b"0"
    assert json.loads(packet[1:]) == {
        "sid": "sid",
        "upgrades": upgrades,
        "pingInterval": 300,
        "pingTimeout": 200,
        "maxPayload": 1_234,
    }


# packets


def test_a_message_is_handed_up_without_its_type(connection: Connection) -> None:
    assert connection.receive_text("4hello", now=START) == "hello"
    assert connection.receive_text("4", now=START) == ""


@pytest.mark.parametrize(
    "packet", ["", "0{}", "2", "2probe", "3probe", "5", "6", "7", "abc", "1x", "b", "\x00", "4️⃣"[1:], "４x"]
)
def test_any_other_packet_is_refused(connection: Connection, packet: str) -> None:
    with pytest.raises(PacketError):
        connection.receive_text(packet, now=START)


def test_a_close_packet_says_that_the_peer_closed(connection: Connection) -> None:
    with pytest.raises(ClosedByPeer):
        connection.receive_text("1", now=START)


# the heartbeat


def test_the_first_ping_goes_out_after_one_interval(connection: Connection, link: Recorder) -> None:
    assert connection.deadline() == START + 25
    assert connection.tick(now=START + 24.9) is None
    assert link.sent == []

    assert connection.tick(now=START + 25) is None
    assert link.sent == [b"2"]


def test_a_ping_that_is_not_answered_in_time_ends_the_session(connection: Connection, link: Recorder) -> None:
    connection.tick(now=START + 25)

    assert connection.deadline() == START + 45
    assert connection.tick(now=START + 44.9) is None
    assert connection.tick(now=START + 45) == Reason.PING_TIMEOUT
    assert link.sent == [b"2"]


def test_an_answered_ping_is_followed_by_the_next_one_interval_later(
    connection: Connection, link: Recorder
) -> None:
    connection.tick(now=START + 25)
    assert connection.receive_text("3", now=START + 27) is None

    assert connection.deadline() == START + 27 + 25
    assert connection.tick(now=START + 52) is None
    assert link.sent == [b"2", b"2"]


def test_a_pong_in_the_last_moment_saves_the_session(connection: Connection) -> None:
    connection.tick(now=START + 25)
    connection.receive_text("3", now=START + 44.999)

    assert pass_time(connection, until=START + 44.999 + 44.9) is None
    assert pass_time(connection, until=START + 44.999 + 45) == Reason.PING_TIMEOUT


def test_a_pong_that_nobody_asked_for_counts_as_life_and_no_more(
    connection: Connection, link: Recorder
) -> None:
    connection.receive_text("3", now=START + 10)

    assert pass_time(connection, until=START + 35) is None
    assert link.sent == [b"2"]
    assert pass_time(connection, until=START + 55) == Reason.PING_TIMEOUT


def test_an_answered_ping_tells_up_to_when_the_peer_has_heard(connection: Connection) -> None:
    connection.receive_text("3", now=START + 10)
    assert connection.heard_at == -inf
    connection.tick(now=START + 35)
    connection.tick(now=START + 54)
    assert connection.heard_at == -inf
    connection.receive_text("3", now=START + 54.5)
    connection.receive_text("3", now=START + 55)

    assert connection.heard_at == START + 35


def test_messages_do_not_stand_in_for_a_pong(connection: Connection) -> None:
    connection.tick(now=START + 25)
    connection.receive_text("4hello", now=START + 40)

    assert pass_time(connection, until=START + 45) == Reason.PING_TIMEOUT


def test_a_tick_that_comes_late_sends_one_ping_and_gives_the_whole_timeout(
    connection: Connection, link: Recorder
) -> None:
    assert connection.tick(now=START + 500) is None

    assert link.sent == [b"2"]
    assert pass_time(connection, until=START + 519.9) is None
    assert pass_time(connection, until=START + 520) == Reason.PING_TIMEOUT


def test_no_second_ping_is_sent_while_one_waits_even_if_the_interval_is_shorter_than_the_timeout(
    link: Recorder,
) -> None:
    limits = Limits(ping_interval_s=10, ping_timeout_s=35)
    connection = Connection("sid", WEBSOCKET, link, REQUEST, limits, now=START)
    connection.connect_due = None

    assert pass_time(connection, until=START + 44.9) is None
    assert link.sent == [b"2"]
    assert pass_time(connection, until=START + 45) == Reason.PING_TIMEOUT


# the connect timeout


def test_a_session_without_a_namespace_ends_at_the_connect_timeout(link: Recorder) -> None:
    limits = Limits(ping_interval_s=25, ping_timeout_s=20, connect_timeout_s=3)
    connection = Connection("sid", WEBSOCKET, link, REQUEST, limits, now=START)

    assert connection.deadline() == START + 3
    assert connection.tick(now=START + 2.9) is None
    assert connection.tick(now=START + 3) == Reason.CONNECT_TIMEOUT


def test_pongs_do_not_put_off_the_connect_timeout(link: Recorder) -> None:
    connection = Connection("sid", WEBSOCKET, link, REQUEST, LIMITS, now=START)
    for elapsed_s in range(0, 45, 5):
        connection.receive_text("3", now=START + elapsed_s)

    assert pass_time(connection, until=START + 45) == Reason.CONNECT_TIMEOUT


# the upgrade


def test_a_probe_and_an_upgrade_packet_move_the_session_to_the_websocket(
    connection: Connection, link: Recorder
) -> None:
    websocket = Recorder()

    assert connection.begin_upgrade(websocket)
    assert not connection.receive_probe("2probe")
    assert websocket.sent == [b"3probe"]
    assert (connection.transport, connection.link) == (POLLING, link)

    assert connection.receive_probe("5")
    assert (connection.transport, connection.link) == (WEBSOCKET, websocket)
    connection.send_text(b"4new")
    connection.send_binary(b"bytes")
    assert websocket.sent == [b"3probe", b"4new", b"bytes"]
    assert link.sent == []


def test_until_the_upgrade_packet_everything_goes_by_polling(connection: Connection, link: Recorder) -> None:
    connection.begin_upgrade(Recorder())
    connection.receive_probe("2probe")

    connection.send_text(b"4old")

    assert link.sent == [b"4old"]


@pytest.mark.parametrize("packet", ["", "5", "2", "2probes", "3probe", "4hello", "1", "abc"])
def test_a_probe_begins_with_its_ping(connection: Connection, packet: str) -> None:
    connection.begin_upgrade(Recorder())

    with pytest.raises(PacketError, match="2probe"):
        connection.receive_probe(packet)
    assert connection.transport == POLLING


@pytest.mark.parametrize("packet", ["", "2probe", "4hello", "6", "5x"])
def test_only_the_upgrade_packet_follows_the_probe(connection: Connection, packet: str) -> None:
    connection.begin_upgrade(Recorder())
    connection.receive_probe("2probe")

    with pytest.raises(PacketError, match="upgrade"):
        connection.receive_probe(packet)
    assert connection.transport == POLLING


def test_a_second_websocket_cannot_probe_beside_the_first(connection: Connection) -> None:
    first = Recorder()
    assert connection.begin_upgrade(first)

    assert not connection.begin_upgrade(Recorder())
    assert connection.probe is first


def test_an_abandoned_probe_leaves_room_for_the_next(connection: Connection) -> None:
    first, second = Recorder(), Recorder()
    connection.begin_upgrade(first)
    connection.receive_probe("2probe")

    connection.abandon_upgrade(first)

    assert (connection.probe, connection.probed) == (None, False)
    assert connection.begin_upgrade(second)
    assert not connection.receive_probe("2probe")
    assert connection.receive_probe("5")


def test_a_stranger_cannot_abandon_the_probe(connection: Connection) -> None:
    first = Recorder()
    connection.begin_upgrade(first)

    connection.abandon_upgrade(Recorder())

    assert connection.probe is first


def test_an_upgraded_session_is_not_upgraded_again(connection: Connection) -> None:
    connection.begin_upgrade(Recorder())
    connection.receive_probe("2probe")
    connection.receive_probe("5")

    assert not connection.begin_upgrade(Recorder())


def test_a_websocket_session_is_not_upgraded(link: Recorder) -> None:
    connection = Connection("sid", WEBSOCKET, link, REQUEST, LIMITS, now=START)

    assert not connection.begin_upgrade(Recorder())


def test_a_closed_session_is_not_upgraded(connection: Connection) -> None:
    connection.state = State.CLOSED

    assert not connection.begin_upgrade(Recorder())
