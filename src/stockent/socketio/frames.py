"""WebSocket frames of a server (RFC 6455, section 5.2): whole, unmasked, and so the same bytes for every recipient.

They are made once for an event and handed to each link as one piece; polling takes them apart again. No I/O.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

_TEXT, _BINARY, _PONG = 0x81, 0x82, 0x8A
#: With RSV1 (RFC 7692, section 6): the message is compressed.
_DEFLATED_TEXT = 0xC1
#: The first two bytes of the frames whose length stands in the second.
_SHORT_TEXT = tuple(bytes((_TEXT, size)) for size in range(126))


def text_frame(packet: bytes) -> bytes:
    """`packet`: UTF-8."""
    size = len(packet)
    return (_SHORT_TEXT[size] if size < 126 else _head(_TEXT, size)) + packet


def binary_frame(message: bytes) -> bytes:
    return _head(_BINARY, len(message)) + message


def deflated_frame(payload: bytes) -> bytes:
    """Of a text that went through `Deflater.deflate`."""
    return _head(_DEFLATED_TEXT, len(payload)) + payload


def pong_frame(payload: bytes) -> bytes:
    """The answer to a ping; `payload` is the ping's."""
    return _head(_PONG, len(payload)) + payload


def packet_frames(packets: Sequence[bytes]) -> bytes:
    """The frames of one packet as `packets.encode` gives it: its text, and its attachments behind."""
    return b"".join((text_frame(packets[0]), *map(binary_frame, packets[1:])))


def messages(frames: bytes) -> Iterator[str | bytes]:
    """What stands in text and binary frames that were made here."""
    at = 0
    while at < len(frames):
        opcode, size = frames[at], frames[at + 1]
        at += 2
        if size >= 126:
            width = 2 if size == 126 else 8
            size = int.from_bytes(frames[at : at + width], "big")
            at += width
        message = frames[at : at + size]
        at += size
        yield message.decode() if opcode == _TEXT else message


def _head(opcode: int, size: int) -> bytes:
    if size < 126:
        return bytes((opcode, size))
    if size < 1 << 16:
        return bytes((opcode, 126)) + size.to_bytes(2, "big")
    return bytes((opcode, 127)) + size.to_bytes(8, "big")
