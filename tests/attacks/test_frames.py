"""WebSocket frames against RFC 6455, as the suite of Autobahn sends them (its parts 1 to 7)."""

from __future__ import annotations

import struct

import pytest

from tests.socketio.frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, encode

from .conftest import UnderAttack
from .offender import Offender

EVENT = b'421["leave_conversation",{"conversationId":"x"}]'
PROTOCOL, TEXT_ERROR = 1002, 1007


def close(code: int, reason: bytes = b"") -> bytes:
    return encode(CLOSE, struct.pack("!H", code) + reason)


FRAMES: dict[str, tuple[bytes, int]] = {
    "first reserved bit": (encode(TEXT, EVENT, rsv=4), PROTOCOL),
    "second reserved bit": (encode(TEXT, EVENT, rsv=2), PROTOCOL),
    "third reserved bit": (encode(BINARY, EVENT, rsv=1), PROTOCOL),
    "all reserved bits of a ping": (encode(PING, rsv=7), PROTOCOL),
    "unmasked": (encode(TEXT, EVENT, masked=False), PROTOCOL),
    "unmasked ping": (encode(PING, masked=False), PROTOCOL),
    "text that is not UTF-8": (encode(TEXT, b'42["\xff"]'), TEXT_ERROR),
    "text cut within a character": (encode(TEXT, b'42["\xe2\x82'), TEXT_ERROR),
    "a surrogate": (encode(TEXT, b'42["\xed\xa0\x80"]'), TEXT_ERROR),
    "beyond Unicode": (encode(TEXT, b'42["\xf4\x90\x80\x80"]'), TEXT_ERROR),
    "overlong": (encode(TEXT, b'42["\xc0\xaf"]'), TEXT_ERROR),
    "text in two fragments that is not UTF-8": (
        encode(TEXT, b'42["\xe2\x82', fin=False) + encode(CONTINUATION, b'"]'),
        TEXT_ERROR,
    ),
    **{f"opcode {opcode}": (encode(opcode, EVENT), PROTOCOL) for opcode in (3, 4, 5, 6, 7)},
    **{f"opcode {opcode}": (encode(opcode), PROTOCOL) for opcode in (11, 12, 13, 14, 15)},
    "a ping in fragments": (encode(PING, b"x", fin=False), PROTOCOL),
    "a close in fragments": (encode(CLOSE, b"\x03\xe8", fin=False), PROTOCOL),
    "a pong of 126 bytes": (encode(PONG, b"x" * 126), PROTOCOL),
    "a close of one byte": (encode(CLOSE, b"\x03"), PROTOCOL),
    **{
        f"a close by {code}": (close(code), PROTOCOL) for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 2999)
    },
    "a close whose reason is not UTF-8": (close(1000, b"\xff"), TEXT_ERROR),
    "a length with the top bit set": (b"\x81\xff" + struct.pack("!Q", 1 << 63) + b"mask", PROTOCOL),
    "a length that fits fewer bytes": (b"\x81\xfe" + struct.pack("!H", 5) + b"mask4....", PROTOCOL),
    "a continuation of nothing": (encode(CONTINUATION, EVENT), PROTOCOL),
    "a message within a message": (encode(TEXT, b"4", fin=False) + encode(TEXT, EVENT), PROTOCOL),
}


@pytest.mark.parametrize(("frame", "code"), FRAMES.values(), ids=FRAMES)
async def test_frames(under_attack: UnderAttack, frame: bytes, code: int) -> None:
    """Frames against RFC 6455: reserved bits and opcodes, masks, UTF-8, lengths, fragments, closes."""

    async def attack(offender: Offender) -> str:
        raw = await offender.raw_websocket()
        raw.send(frame + encode(TEXT, EVENT))
        assert await raw.close_code() == code
        return f"close {code}"

    await under_attack(attack)
