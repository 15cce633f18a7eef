"""The codecs by themselves: what goes in comes out; what a peer may not send raises PacketError and nothing else."""

from __future__ import annotations

from base64 import b64encode
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stockent.socketio import Limits
from stockent.socketio.packets import (
    MAX_ACK_ID_DIGITS,
    RESERVED_EVENTS,
    Decoder,
    Kind,
    Packet,
    PacketError,
    decode_payload,
    encode,
    encode_payload,
)

LIMITS = Limits()

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
keys = texts.filter(lambda key: key != "_placeholder")
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)
binaries = st.binary(max_size=40)
#: Half of the leaves are binary, but no packet has more attachments than a client may send.
mixed_values = st.recursive(
    scalars | binaries,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)
namespaces = st.just("/") | st.from_regex(r"/[a-zA-Z0-9_\-]{1,40}", fullmatch=True)
ack_ids = st.none() | st.integers(0, 10**MAX_ACK_ID_DIGITS - 1)
event_names = texts.filter(lambda name: name not in RESERVED_EVENTS)


def decode(packets: list[bytes]) -> Packet | None:
    """Feed the Engine.IO packets of one Socket.IO packet to a fresh decoder; what the last one completed."""
    decoder = Decoder(LIMITS)
    text, *attachments = packets
    assert text[:1] == b"4"
    packet = decoder.text(text[1:].decode())
    for attachment in attachments:
        assert packet is None
        packet = decoder.binary(attachment)
    return packet


def attachments_of(packets: list[bytes]) -> int:
    return len(packets) - 1


# round trips


@given(namespaces, event_names, st.lists(json_values, max_size=4), ack_ids)
def test_an_event_survives_the_round_trip(
    namespace: str, name: str, args: list[Any], ack_id: int | None
) -> None:
    packet = Packet(Kind.EVENT, namespace, [name, *args], ack_id)

    assert decode(encode(packet)) == packet


@given(namespaces, st.lists(mixed_values, max_size=2), ack_ids)
@example("/", [{"a": [b"", {"b": b"\x00"}]}, b"\xff"], 7)
def test_binary_anywhere_in_an_event_survives_the_round_trip(
    namespace: str, args: list[Any], ack_id: int | None
) -> None:
    packet = Packet(Kind.EVENT, namespace, ["m", *args], ack_id)
    encoded = encode(packet)

    limits = Limits(max_attachments=max(1, attachments_of(encoded)))
    decoder = Decoder(limits)
    decoded = decoder.text(encoded[0][1:].decode())
    for attachment in encoded[1:]:
        assert decoded is None
        decoded = decoder.binary(attachment)

    assert decoded == packet


@given(namespaces, st.lists(json_values, max_size=4), st.integers(0, 10**MAX_ACK_ID_DIGITS - 1))
def test_an_ack_survives_the_round_trip(namespace: str, args: list[Any], ack_id: int) -> None:
    packet = Packet(Kind.ACK, namespace, args, ack_id)

    assert decode(encode(packet)) == packet


@given(namespaces, st.none() | st.dictionaries(texts, json_values, max_size=4))
def test_a_connect_survives_the_round_trip(namespace: str, payload: dict[str, Any] | None) -> None:
    packet = Packet(Kind.CONNECT, namespace, payload)

    assert decode(encode(packet)) == packet


@given(namespaces)
def test_a_disconnect_survives_the_round_trip(namespace: str) -> None:
    packet = Packet(Kind.DISCONNECT, namespace)

    assert decode(encode(packet)) == packet


WRITTEN = {
    "connect": (Packet(Kind.CONNECT, "/", {"sid": "x"}), [b'40{"sid":"x"}']),
    "connect without payload": (Packet(Kind.CONNECT, "/admin"), [b"40/admin,"]),
    "disconnect": (Packet(Kind.DISCONNECT, "/admin"), [b"41/admin,"]),
    "event": (Packet(Kind.EVENT, "/", ["m", 1, "é"]), ['42["m",1,"é"]'.encode()]),
    "event with an ack": (Packet(Kind.EVENT, "/admin", ["m"], 12), [b'42/admin,12["m"]']),
    "ack": (Packet(Kind.ACK, "/", (), 0), [b"430[]"]),
    "refusal": (Packet(Kind.CONNECT_ERROR, "/", {"message": "no"}), [b'44{"message":"no"}']),
    "binary event": (
        Packet(Kind.EVENT, "/", ["m", b"\x01", {"k": (bytearray(b"\x02"), memoryview(b"\x03"))}]),
        [
            b'453-["m",{"_placeholder":true,"num":0},'
            b'{"k":[{"_placeholder":true,"num":1},{"_placeholder":true,"num":2}]}]',
            b"\x01",
            b"\x02",
            b"\x03",
        ],
    ),
    "binary ack": (
        Packet(Kind.ACK, "/admin", [b"\x01"], 5),
        [b'461-/admin,5[{"_placeholder":true,"num":0}]', b"\x01"],
    ),
}


@pytest.mark.parametrize(("packet", "expected"), WRITTEN.values(), ids=WRITTEN.keys())
def test_packets_are_written_as_the_protocol_says(packet: Packet, expected: list[bytes]) -> None:
    assert encode(packet) == expected


def test_a_struct_is_written_as_its_json() -> None:
    class Point(msgspec.Struct):
        x: int
        y: int

    assert encode(Packet(Kind.EVENT, "/", ["at", Point(1, 2)])) == [b'42["at",{"x":1,"y":2}]']


READ = {
    "connect": ("0", Packet(Kind.CONNECT)),
    "connect to a namespace, with its comma": ("0/admin,", Packet(Kind.CONNECT, "/admin")),
    "connect to a namespace, without": ("0/admin", Packet(Kind.CONNECT, "/admin")),
    "connect with a payload": ('0/admin,{"a":1}', Packet(Kind.CONNECT, "/admin", {"a": 1})),
    "disconnect": ("1", Packet(Kind.DISCONNECT)),
    "event": ('2["m",1]', Packet(Kind.EVENT, "/", ["m", 1])),
    "event whose argument begins like a namespace": ('2["/m,"]', Packet(Kind.EVENT, "/", ["/m,"])),
    "event with the ack id zero": ('20["m"]', Packet(Kind.EVENT, "/", ["m"], 0)),
    "the longest ack id": (f'2{"9" * 15}["m"]', Packet(Kind.EVENT, "/", ["m"], 10**15 - 1)),
    "ack": ('3/admin,12["m"]', Packet(Kind.ACK, "/admin", ["m"], 12)),
    "white space in JSON": ('2 [ "m" ] ', Packet(Kind.EVENT, "/", ["m"])),
}


@pytest.mark.parametrize(("message", "expected"), READ.values(), ids=READ.keys())
def test_packets_are_read_as_the_protocol_says(message: str, expected: Packet) -> None:
    assert Decoder(LIMITS).text(message) == expected


def test_one_attachment_may_stand_in_two_places() -> None:
    decoder = Decoder(LIMITS)
    placeholder = '{"_placeholder":true,"num":0}'
    assert decoder.text(f'51-["m",{placeholder},[{placeholder}]]') is None

    assert decoder.binary(b"x") == Packet(Kind.EVENT, "/", ["m", b"x", [b"x"]])


def test_an_object_that_only_looks_like_a_placeholder_stays_an_object() -> None:
    decoder = Decoder(LIMITS)
    assert decoder.text('51-["m",{"_placeholder":1,"num":0},{"_placeholder":true,"num":0}]') is None

    packet = decoder.binary(b"x")

    assert packet is not None
    assert packet.data == ["m", {"_placeholder": 1, "num": 0}, b"x"]


def test_a_decoder_goes_on_after_a_binary_packet() -> None:
    decoder = Decoder(LIMITS)
    decoder.text('52-1["m",{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}]')
    assert decoder.binary(b"a") is None
    assert decoder.binary(b"b") == Packet(Kind.EVENT, "/", ["m", b"b", b"a"], 1)

    assert decoder.text('2["n"]') == Packet(Kind.EVENT, "/", ["n"])


# payloads of polling

payload_parts = (texts.map(lambda text: "4" + text.replace("\x1e", "")) | binaries) | st.just("2")


@given(st.lists(payload_parts, min_size=1, max_size=8))
def test_a_payload_survives_the_round_trip(parts: list[str | bytes]) -> None:
    assert decode_payload(encode_payload(parts), max_packets=8) == parts


def test_binary_packets_of_a_payload_are_base64() -> None:
    assert (
        encode_payload(["4a", b"\x01\x02", memoryview(b"\x03")])
        == b"4a\x1e" + b"b" + b64encode(b"\x01\x02") + b"\x1ebAw=="
    )


def test_a_payload_of_as_many_packets_as_allowed_is_read_and_one_more_is_refused() -> None:
    assert len(decode_payload(b"\x1e".join([b"4"] * 3), max_packets=3)) == 3
    with pytest.raises(PacketError, match="at most 3"):
        decode_payload(b"\x1e".join([b"4"] * 4), max_packets=3)


@pytest.mark.parametrize(
    "body", [b"", b"\x1e", b"4a\x1e", b"\x1e4a", b"4\xff", b"bA", b"b=", b"b \n", b"b\xc3\xa9"]
)
def test_a_malformed_payload_is_a_packet_error(body: bytes) -> None:
    with pytest.raises(PacketError):
        decode_payload(body, max_packets=10)


# garbage


@given(st.binary(max_size=200))
def test_no_payload_raises_anything_but_packet_error(body: bytes) -> None:
    with suppress(PacketError):
        decode_payload(body, max_packets=10)


wire_like = st.text(st.sampled_from('0123456789-/,[]{}":.eE+_truefalsn\\u "mab\x00\ud800é'), max_size=40)
wire_frames = st.lists(wire_like | st.text(max_size=20) | binaries, max_size=6)


@settings(max_examples=400)
@given(wire_frames)
@example(['51-["m",{"_placeholder":true,"num":0}]', b"x", '2["m"]'])
@example(["2\ud800", b""])
def test_no_sequence_of_messages_raises_anything_but_packet_error(frames: list[str | bytes]) -> None:
    decoder = Decoder(LIMITS)
    with suppress(PacketError):
        for frame in frames:
            packet = decoder.text(frame) if isinstance(frame, str) else decoder.binary(frame)
            assert packet is None or packet.kind in (Kind.CONNECT, Kind.DISCONNECT, Kind.EVENT, Kind.ACK)
