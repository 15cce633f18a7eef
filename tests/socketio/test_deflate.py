"""permessage-deflate by itself: offers, payloads that are compressed, and compressed data of every kind."""

from __future__ import annotations

import tracemalloc
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockent.socketio import Limits
from stockent.socketio.deflate import (
    MAX_OFFERS_CHARS,
    DeflateError,
    Deflater,
    InflatedTooLargeError,
    inflate,
    negotiate,
)

PLAIN = "permessage-deflate"
ANSWER = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
NO_LIMIT = 1 << 40

TAKEN = {
    "": (PLAIN, ANSWER),
    "of a browser": (f"{PLAIN}; client_max_window_bits", ANSWER),
    "of a client with a small window": (f"{PLAIN}; client_max_window_bits=9", ANSWER),
    "quoted": (f'{PLAIN}; client_max_window_bits="15"', ANSWER),
    "without contexts": (f"{PLAIN};server_no_context_takeover;client_no_context_takeover", ANSWER),
    "with spaces": (f" {PLAIN} ;\tclient_max_window_bits = 10 ", ANSWER),
    "with the largest window": (
        f"{PLAIN}; server_max_window_bits=15",
        f"{ANSWER}; server_max_window_bits=15",
    ),
    "second, behind another extension": (f"x-webkit-deflate-frame, {PLAIN}", ANSWER),
    "second, behind a malformed one": (f"{PLAIN}; server_max_window_bits=99, {PLAIN}", ANSWER),
    "first of two": (
        f"{PLAIN}; server_max_window_bits=15, {PLAIN}",
        f"{ANSWER}; server_max_window_bits=15",
    ),
}


@pytest.mark.parametrize(("offers", "answer"), TAKEN.values(), ids=TAKEN.keys())
def test_an_offer_is_taken_without_any_context(offers: str, answer: str) -> None:
    agreement = negotiate(offers)

    assert agreement is not None
    assert agreement.answer == answer
    assert agreement.max_bytes > NO_LIMIT


@pytest.mark.parametrize("bits", range(8, 15))
def test_a_small_window_is_agreed_on_for_payloads_that_fit_into_it(bits: int) -> None:
    agreement = negotiate(f"{PLAIN}; server_max_window_bits={bits}; client_max_window_bits")

    assert agreement is not None
    assert agreement.answer == f"{ANSWER}; server_max_window_bits={bits}"
    assert agreement.max_bytes == 2**bits


DECLINED = [
    "",
    ",",
    ";",
    "permessage-bzip2",
    "Permessage-Deflate2",
    f"{PLAIN}; unknown",
    f"{PLAIN}; unknown=1",
    f"{PLAIN};",
    f"{PLAIN};;client_max_window_bits",
    f"{PLAIN} client_max_window_bits",
    f"{PLAIN}; server_max_window_bits",
    f"{PLAIN}; server_max_window_bits=7",
    f"{PLAIN}; server_max_window_bits=16",
    f"{PLAIN}; server_max_window_bits=08",
    f"{PLAIN}; server_max_window_bits=١٢",
    f"{PLAIN}; server_max_window_bits=-9",
    f"{PLAIN}; server_max_window_bits=",
    f"{PLAIN}; server_max_window_bits==12",
    f'{PLAIN}; server_max_window_bits="12',
    f'{PLAIN}; server_max_window_bits="1,2"',
    f"{PLAIN}; client_max_window_bits=7",
    f"{PLAIN}; client_max_window_bits=1e1",
    f"{PLAIN}; client_no_context_takeover=1",
    f"{PLAIN}; server_no_context_takeover=true",
    f"{PLAIN}; client_max_window_bits; client_max_window_bits",
    f"{PLAIN}; server_no_context_takeover; server_no_context_takeover",
    f"{PLAIN}\x00",
    f"{PLAIN}; é",
    PLAIN + " " * MAX_OFFERS_CHARS,
]


@pytest.mark.parametrize("offers", DECLINED)
def test_what_is_malformed_or_unknown_is_declined(offers: str) -> None:
    assert negotiate(offers) is None


@given(st.text(alphabet='permsage-dflt;,= "\t_noxwib120', max_size=80))
def test_no_offer_is_an_error(offers: str) -> None:
    negotiate(offers)
    negotiate(f"{PLAIN};{offers}")


# what is sent


def deflater() -> Deflater:
    return Deflater(Limits())


def peer_inflates(payload: bytes, *, window_bits: int = 15) -> bytes:
    """As section 7.2.2 says, with a context of its own."""
    return zlib.decompressobj(-window_bits).decompress(payload + b"\x00\x00\xff\xff")


@given(st.lists(st.binary(min_size=1, max_size=3_000).map(lambda part: part * 3), min_size=1, max_size=5))
def test_each_payload_can_be_inflated_without_the_ones_before(payloads: list[bytes]) -> None:
    ours = deflater()
    for payload in payloads:
        deflated = ours.deflate(payload)
        assert deflated is None or peer_inflates(deflated) == payload


def test_equal_payloads_become_equal_bytes_whatever_came_between() -> None:
    ours = deflater()
    first = ours.deflate(b"the same " * 200)
    ours.deflate(b"the same " * 199 + b"and another")

    assert ours.deflate(b"the same " * 200) == first


def test_what_would_grow_is_not_compressed() -> None:
    noise = zlib.compress(bytes(range(256)) * 10, 9)
    ours = deflater()

    assert ours.deflate(noise) is None
    assert (ours.payloads, ours.plain_bytes, ours.deflated_bytes) == (1, len(noise), len(noise))


@pytest.mark.parametrize("bits", range(9, 15))
def test_a_payload_of_the_size_of_a_window_is_inflated_by_that_window(bits: int) -> None:
    payload = (b"%d," * 9_000 % tuple(range(9_000)))[: 2**bits - 8]
    payload += payload[:8]
    deflated = deflater().deflate(payload)

    assert deflated is not None
    inflater = zlib.decompressobj(-bits)
    # Byte by byte: otherwise zlib would look back into its output, whatever the window.
    inflated = b"".join(inflater.decompress(bytes([byte])) for byte in deflated + b"\x00\x00\xff\xff")
    assert inflated == payload


# what comes


def peer_deflates(payload: bytes, level: int = 6, flush: int = zlib.Z_SYNC_FLUSH) -> bytes:
    compressor = zlib.compressobj(level, zlib.DEFLATED, -15)
    return (compressor.compress(payload) + compressor.flush(flush))[:-4]


@given(st.binary(max_size=2_000), st.integers(0, 9))
def test_what_a_peer_compressed_is_inflated(payload: bytes, level: int) -> None:
    assert inflate(peer_deflates(payload, level), max_bytes=2_000) == payload


#: From RFC 7692, section 7.2.3.
EXAMPLES = {
    "one block": ("f248cdc9c90700", b"Hello"),
    "a stored block": ("000500faff48656c6c6f00", b"Hello"),
    "a last block": ("f348cdc9c9070000", b"Hello"),
    "two blocks": ("f248050000 00ffffcac9c90700", b"Hello"),
    "an empty message": ("00", b""),
}


@pytest.mark.parametrize(("data", "payload"), EXAMPLES.values(), ids=EXAMPLES.keys())
def test_the_examples_of_the_rfc_are_inflated(data: str, payload: bytes) -> None:
    assert inflate(bytes.fromhex(data), max_bytes=5) == payload


GOOD = peer_deflates(b'42["m","something that is said"]' * 20)

CORRUPT = {
    "nothing": b"",
    "noise": b"\xff" * 40,
    "a header of zlib's own format": zlib.compress(b"Hello" * 100),
    "a reserved block type": b"\x06\x00",
    "a stored block of another length than it says": bytes.fromhex("000500fafe48656c6c6f00"),
    "a distance before the beginning": bytes.fromhex("4a040200"),
    "cut short": GOOD[: len(GOOD) // 2],
    "cut by its last byte": GOOD[:-1],
    "with the tail that is to be cut off": GOOD + b"\x00\x00\xff\xff\x01",
    "a last block without the byte behind it": bytes.fromhex("f348cdc9c90700"),
    "a message behind a last block": bytes.fromhex("f348cdc9c90700") + GOOD,
    "many last blocks": bytes.fromhex("0300") * 1_000,
}


@pytest.mark.parametrize("data", CORRUPT.values(), ids=CORRUPT.keys())
def test_corrupt_data_is_refused(data: bytes) -> None:
    with pytest.raises(DeflateError):
        inflate(data, max_bytes=100_000)


@given(st.binary(max_size=300))
def test_noise_is_refused_or_inflated_within_the_limit(data: bytes) -> None:
    with suppress(DeflateError, InflatedTooLargeError):
        assert len(inflate(data, max_bytes=1_000)) <= 1_000


def bomb(inflated_bytes: int) -> bytes:
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = b""
    for _ in range(inflated_bytes >> 20):
        data += compressor.compress(bytes(1 << 20))
    return data + compressor.flush(zlib.Z_SYNC_FLUSH)[:-4]


def test_a_bomb_is_inflated_no_further_than_the_limit() -> None:
    data = bomb(1 << 27)
    assert len(data) < 1 << 18

    tracemalloc.start()
    try:
        with pytest.raises(InflatedTooLargeError):
            inflate(data, max_bytes=10_000)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 1 << 20


def test_the_limit_itself_may_be_reached() -> None:
    data = peer_deflates(b"x" * 1_000)

    assert inflate(data, max_bytes=1_000) == b"x" * 1_000
    with pytest.raises(InflatedTooLargeError):
        inflate(data, max_bytes=999)
