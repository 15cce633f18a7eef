"""The frames that a server makes, held against another maker's parser and against what polling takes them apart to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from stockent.socketio.frames import (
    binary_frame,
    deflated_frame,
    messages,
    packet_frames,
    pong_frame,
    text_frame,
)

SIZES = (0, 1, 124, 125, 126, 127, 255, 256, 65_535, 65_536, 70_000)


def parsed(data: bytes) -> list[Frame]:
    """As another maker's client reads them."""
    client = ClientProtocol(parse_uri("ws://127.0.0.1/"), state=State.OPEN, max_size=None)
    client.receive_data(data)
    return [event for event in client.events_received() if isinstance(event, Frame)]


@pytest.mark.parametrize("size", SIZES)
def test_a_frame_of_any_size_is_read_by_another_maker(size: int) -> None:
    content = b"x" * size

    assert parsed(text_frame(content) + binary_frame(content)) == [
        Frame(Opcode.TEXT, content),
        Frame(Opcode.BINARY, content),
    ]


def test_a_pong_is_a_pong_and_compressed_text_has_its_bit() -> None:
    assert parsed(pong_frame(b"1")) == [Frame(Opcode.PONG, b"1")]
    assert deflated_frame(b"abc") == b"\xc1\x03abc"


@given(st.text(max_size=200), st.lists(st.binary(max_size=300), max_size=4))
def test_what_was_put_together_comes_apart_again(text: str, attachments: list[bytes]) -> None:
    frames = packet_frames([text.encode(), *attachments])

    assert list(messages(frames + frames)) == [text, *attachments] * 2


@pytest.mark.parametrize("size", SIZES)
def test_a_message_of_any_size_comes_out_again(size: int) -> None:
    packets = [b"4" * size, bytes(size)]

    assert list(messages(packet_frames(packets))) == ["4" * size, bytes(size)]
