"""Packets that attackers have sent to other Socket.IO servers: each is refused, and in linear time."""

from __future__ import annotations

import json
import time

import pytest

from stockent.socketio import Limits
from stockent.socketio.packets import RESERVED_EVENTS, Decoder, PacketError, decode_payload, encode

LIMITS = Limits()
ONE_PLACEHOLDER = '51-["m",{{"_placeholder":true,"num":{}}}]'

REFUSED_TEXTS = {
    # CVE-2023-32695: an event whose name is not a string.
    "an object as the event's name": '2[{"toString":"foo"}]',
    "true as the event's name": '2[true,"x"]',
    "null as the event's name": '2[null,"x"]',
    "a number as the event's name": "2[1]",
    "an object as the event": "2{}",
    "an empty event": "2[]",
    "an event without payload": "2",
    "a string as the event": '2"m"',
    "an array as the connect payload": "0[]",
    "a string as the connect payload": '0"token"',
    "a connect with an ack id": "01",
    "a disconnect with a payload": "1/admin,{}",
    "a disconnect with an ack id": "1/admin,1",
    "JSON without its end": '2/admin,"bad',
    "JSON and more": '2["m"]["n"]',
    "a namespace without comma before JSON": '2/admin["m"]',
    "an ack without id": '3["m"]',
    "an ack of an object": "31{}",
    "an ack without payload": "31",
    "a refusal from a client": '4{"message":"x"}',
    "no packet": "",
    "no such type": "7",
    "a letter as the type": "abc",
    "another script's digit as the type": "２[]",
    # CVE-2026-33151, CVE-2026-69185: the number of attachments.
    "ten digits of attachments": '5999999999-["m"]',
    "eleven attachments": '511-["m"]',
    "no attachments": '50-["m"]',
    "no attachments, with zeros": '5000-["m"]',
    "a count without its dash": "51",
    "a dash without its count": '5-["m"]',
    "nothing behind the type": "5",
    "a letter as the count": '5a-["m"]',
    "a negative count": '5-1-["m"]',
    "a fraction as the count": '51.23-["m"]',
    "another script's digit as the count": '5²-["m"]',
    "a binary ack without id": "61-[]",
    "an ack id beyond a safe integer": f'2{"9" * 16}["m"]',
    "another script's digit as the ack id": '2٣["m"]',
    "a negative ack id": '2-1["m"]',
    "NaN": '2["m",NaN]',
    "Infinity": '2["m",Infinity]',
    "a number beyond a double": '2["m",{"n":1e999}]',
    "half a surrogate pair": '2["m","\\ud800"]',
    "half a surrogate pair, not escaped": '2["m","\ud800"]',
    "a key that stands twice": '2["m",{"a":1,"a":1}]',
    "a key that stands twice, once escaped": '2["m",{"a":1,"\\u0061":2}]',
    "a key that stands twice, deep within": '2["m",{"x":[{"a":1, "b":2, "a" :3}]},"y"]',
    "a key that stands twice before an array": '2["m",[],{"a":1,"a":2}]',
    "a control character in a string": '2["m","\x00"]',
    "a namespace of a megabyte": "0/" + "a" * 1_000_000,
    "a namespace one character too long": "0/" + "a" * 128,
}


@pytest.mark.parametrize("message", REFUSED_TEXTS.values(), ids=REFUSED_TEXTS.keys())
def test_a_text_message_that_the_protocol_does_not_know_is_refused(message: str) -> None:
    with pytest.raises(PacketError):
        Decoder(LIMITS).text(message)


def test_a_namespace_of_the_longest_name_is_read() -> None:
    packet = Decoder(LIMITS).text("0/" + "a" * 127)

    assert packet is not None
    assert len(packet.namespace) == LIMITS.max_namespace_chars


@pytest.mark.parametrize("name", sorted(RESERVED_EVENTS))
def test_an_event_that_only_the_server_may_raise_is_refused(name: str) -> None:
    """CVE-2024-38355."""
    with pytest.raises(PacketError, match="reserved"):
        Decoder(LIMITS).text(f'2["{name}","1"]')


@pytest.mark.parametrize(
    "number",
    ['"splice"', '"0"', "-1", "1", "1.5", "0.0", "true", "null", "[0]", "{}", "99999999999999999999"],
)
def test_a_placeholder_that_names_no_attachment_is_refused(number: str) -> None:
    """CVE-2022-2421."""
    decoder = Decoder(LIMITS)
    assert decoder.text(ONE_PLACEHOLDER.format(number)) is None

    with pytest.raises(PacketError):
        decoder.binary(b"x")


def test_a_placeholder_with_a_number_beyond_a_double_is_refused() -> None:
    with pytest.raises(PacketError):
        Decoder(LIMITS).text(ONE_PLACEHOLDER.format("1e309"))


def test_a_placeholder_without_a_number_is_refused() -> None:
    decoder = Decoder(LIMITS)
    decoder.text('51-["m",{"_placeholder":true}]')

    with pytest.raises(PacketError):
        decoder.binary(b"x")


def test_an_attachment_cannot_be_the_name_of_an_event() -> None:
    with pytest.raises(PacketError):
        Decoder(LIMITS).text('51-[{"_placeholder":true,"num":0}]')


def test_text_before_the_last_attachment_is_refused() -> None:
    decoder = Decoder(LIMITS)
    decoder.text('52-["m"]')
    decoder.binary(b"x")

    with pytest.raises(PacketError):
        decoder.text('2["m"]')


def test_a_binary_message_that_nobody_announced_is_refused() -> None:
    decoder = Decoder(LIMITS)
    assert decoder.text('2["m"]') is not None

    with pytest.raises(PacketError):
        decoder.binary(b"x")


def test_one_attachment_too_many_is_refused() -> None:
    decoder = Decoder(LIMITS)
    decoder.text(ONE_PLACEHOLDER.format(0))
    assert decoder.binary(b"x") is not None

    with pytest.raises(PacketError):
        decoder.binary(b"y")


def nested(depth: int, pair: tuple[str, str]) -> str:
    """An event that is `depth` levels deep: its own array is the first."""
    opening, closing = pair
    return f'2["m",{opening * (depth - 1)}1{closing * (depth - 1)}]'


NESTINGS = pytest.mark.parametrize("pair", [("[", "]"), ('{"a":', "}")], ids=["arrays", "objects"])


@NESTINGS
@pytest.mark.parametrize("depth", [101, 400, 950, 1_100, 100_000])
def test_json_that_is_nested_too_deeply_is_refused(pair: tuple[str, str], depth: int) -> None:
    with pytest.raises(PacketError, match="nested"):
        Decoder(LIMITS).text(nested(depth, pair))


@NESTINGS
def test_json_of_the_deepest_nesting_can_be_read_and_sent_on(pair: tuple[str, str]) -> None:
    message = nested(LIMITS.max_depth, pair)
    packet = Decoder(LIMITS).text(message)

    assert packet is not None
    assert encode(packet) == [b"4" + message.encode()]


@pytest.mark.parametrize(
    "arguments",
    [
        '{"a":1,"b":2}',
        '{"a":"at 10:30: \\"a\\":","b":{"a":1}}',
        '{"a":{"a":{"a":1}}},{"a":2}',
        '[{"a":1},{"a":2}]',
        '"a:b",1',
    ],
)
def test_a_key_may_stand_in_many_objects_and_colons_in_texts(arguments: str) -> None:
    packet = Decoder(LIMITS).text(f'2["m",{arguments}]')

    assert packet is not None
    assert packet.data == json.loads(f'["m",{arguments}]')


def test_many_brackets_side_by_side_are_not_deep() -> None:
    packet = Decoder(LIMITS).text('2["m",[],' + "{}," * 500 + '"[[[["]')

    assert packet is not None
    assert len(packet.data) == 503


SLOW_IF_QUADRATIC = {
    "ack id digits": lambda size: "2" + "1" * size,
    "attachment digits": lambda size: "5" + "1" * size,
    "an integer's digits": lambda size: '2["m",' + "1" * size + "]",
    "a fraction's digits": lambda size: '2["m",0.' + "1" * size,
    "a namespace": lambda size: "0/" + "a" * size,
    "open brackets": lambda size: '2["m",' + "[" * size,
    "keys": lambda size: '2["m",{"a":1},' + '{"a":1},' * (size // 8) + '{"b":1,"b":2}]',
    "flat objects": lambda size: '2["m"' + ",{}" * (size // 3),
    "escapes": lambda size: '2["' + "\\u0041" * (size // 6),
}


@pytest.mark.parametrize("attack", SLOW_IF_QUADRATIC.values(), ids=SLOW_IF_QUADRATIC.keys())
def test_a_megabyte_of_it_is_refused_in_linear_time(attack: object) -> None:
    assert callable(attack)
    message = attack(1_000_000)
    started = time.process_time()

    with pytest.raises(PacketError):
        Decoder(LIMITS).text(message)

    assert time.process_time() - started < 0.5  # what is quadratic takes minutes


def test_ten_million_digits_are_refused_by_looking_at_the_first_few() -> None:
    message = "2" + "1" * 10_000_000
    started = time.process_time()

    with pytest.raises(PacketError):
        Decoder(LIMITS).text(message)

    assert time.process_time() - started < 0.01


def test_a_body_of_a_million_packets_is_refused_by_counting() -> None:
    """CVE-2020-36049."""
    body = b"\x1e".join([b"4"] * 1_000_000)
    started = time.process_time()

    with pytest.raises(PacketError):
        decode_payload(body, max_packets=LIMITS.max_packets_per_body)

    assert time.process_time() - started < 0.05


def test_an_integer_of_five_thousand_digits_is_refused() -> None:
    with pytest.raises(PacketError):
        Decoder(LIMITS).text('2["m",' + "1" * 5_000 + "]")
