"""Codecs of Engine.IO protocol 4 and Socket.IO protocol 5. No I/O, no clock, no state but a half-received packet.

Engine.IO packets are text (`str`, first character the type) or binary (`bytes`, always a message). Socket.IO packets
travel in Engine.IO messages: `<type>[<attachments>-][<namespace>,][<ack id>][JSON]`, binary parts behind it.
"""

from __future__ import annotations

import binascii
import json
from base64 import b64encode
from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Any

import msgspec

from .limits import Limits

SEPARATOR = "\x1e"

# Engine.IO packet types (protocol, "Packet encoding").
OPEN, CLOSE, PING, PONG, MESSAGE, UPGRADE, NOOP = "0123456"


class Kind(IntEnum):
    """Socket.IO packet types (protocol, "Packet encoding")."""

    CONNECT = 0
    DISCONNECT = 1
    EVENT = 2
    ACK = 3
    CONNECT_ERROR = 4
    BINARY_EVENT = 5
    BINARY_ACK = 6


#: Names that the local API gives a meaning of its own; a client that sends one is not a Socket.IO client.
RESERVED_EVENTS = frozenset(
    {
        "connect",
        "connect_error",
        "connection",
        "disconnect",
        "disconnecting",
        "error",
        "newListener",
        "removeListener",
    }
)

#: Ack ids are counters of a JavaScript client: larger than a safe integer is not one.
MAX_ACK_ID_DIGITS = 15

#: To look a member of an enumeration up takes 50 ns, and these are asked for ten times a packet.
EVENT, ACK = Kind.EVENT, Kind.ACK
_BINARY_EVENT, _BINARY_ACK = Kind.BINARY_EVENT, Kind.BINARY_ACK

#: What a packet begins with, by its kind.
_HEADS = {kind: f"{MESSAGE}{int(kind)}".encode() for kind in Kind}
_PLAIN = frozenset({str, int, float, bool, type(None)})

_DIGITS = "0123456789"
_KINDS = {str(int(kind)): kind for kind in Kind}
_decode_json = msgspec.json.Decoder().decode
_encode_json = msgspec.json.Encoder().encode


class PacketError(ValueError):
    """The peer sent what the protocol does not allow; the text says what. The connection is to be closed."""


class Packet(msgspec.Struct, gc=False):
    """One Socket.IO packet. `data`: the event's name and arguments, an ack's arguments, or a CONNECT's payload.

    BINARY_EVENT and BINARY_ACK appear only on the wire; here an EVENT or ACK may hold `bytes` anywhere.
    """

    kind: Kind
    namespace: str = "/"
    data: Any = None
    id: int | None = None


# Engine.IO


def encode_payload(packets: Iterable[bytes | memoryview | str]) -> bytes:
    """Join packets for one polling response. Text packets come as `str`, binary messages as `bytes`."""
    return SEPARATOR.join(
        packet if isinstance(packet, str) else "b" + b64encode(packet).decode("ascii") for packet in packets
    ).encode()


def decode_payload(body: bytes, *, max_packets: int) -> list[str | bytes]:
    """Split the body of a polling request into its packets.

    Raises `PacketError` for an empty body, more than `max_packets`, broken UTF-8 or base64.
    """
    if body.count(b"\x1e") >= max_packets:
        raise PacketError(f"at most {max_packets} packets in a payload")
    try:
        parts = body.decode("utf-8").split(SEPARATOR)
    except UnicodeDecodeError as error:
        raise PacketError("payload is not UTF-8") from error
    return [_decode_part(part) for part in parts]


def _decode_part(part: str) -> str | bytes:
    if not part:
        raise PacketError("empty packet")
    if part[0] != "b":
        return part
    try:
        return binascii.a2b_base64(part[1:], strict_mode=True)
    except (binascii.Error, ValueError) as error:
        raise PacketError("binary packet is not base64") from error


# Socket.IO, outgoing


def encode(packet: Packet) -> list[bytes]:
    """The Engine.IO packets of a Socket.IO packet, for a WebSocket: the first is text in UTF-8, the others binary.

    `bytes` anywhere in `data` become attachments, left to right. A msgspec Struct is JSON only and holds none.
    """
    attachments: list[bytes] = []
    data = packet.data
    kind = packet.kind
    if data and (kind is EVENT or kind is ACK) and _holds_bytes(data):
        data = _extract(data, attachments)
        kind = _BINARY_EVENT if kind is EVENT else _BINARY_ACK
    head = _HEADS[kind]
    if attachments:
        head += b"%d-" % len(attachments)
    if packet.namespace != "/":
        head += packet.namespace.encode() + b","
    if packet.id is not None:
        head += b"%d" % packet.id
    return [head if data is None else head + _encode_json(data), *attachments]


def _holds_bytes(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        items: Iterable[Any] = value
    elif isinstance(value, dict):
        items = value.values()
    else:
        return isinstance(value, (bytes, bytearray, memoryview))
    for item in items:
        # Most are texts and numbers, or one struct: none of them costs a call.
        if type(item) not in _PLAIN and not isinstance(item, msgspec.Struct) and _holds_bytes(item):
            return True
    return False


def _extract(value: Any, attachments: list[bytes]) -> Any:
    if isinstance(value, (bytes, bytearray, memoryview)):
        attachments.append(bytes(value))
        return {"_placeholder": True, "num": len(attachments) - 1}
    if isinstance(value, dict):
        return {key: _extract(item, attachments) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_extract(item, attachments) for item in value]
    return value


# Socket.IO, incoming


class Decoder:
    """Puts the Socket.IO packets of one connection together. After a `PacketError` it must not be used again."""

    __slots__ = ("_attachments", "_limits", "_missing", "_partial")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._partial: Packet | None = None
        self._missing = 0
        self._attachments: list[bytes] = []

    def text(self, message: str) -> Packet | None:
        """Take a text message: the packet, or None when its attachments are still to come."""
        if self._partial is not None:
            raise PacketError("a text message before the attachments of the last packet")
        kind = _KINDS.get(message[:1])
        if kind is None:
            raise PacketError("unknown packet type")
        position = 1
        attachments = 0
        if kind is _BINARY_EVENT or kind is _BINARY_ACK:
            attachments, position = self._attachment_count(message)
            kind = EVENT if kind is _BINARY_EVENT else ACK
        packet = self._parse(kind, message[position:])
        if not attachments:
            return packet
        self._partial = packet
        self._missing = attachments
        return None

    def binary(self, message: bytes) -> Packet | None:
        """Take a binary message: the packet that it completes, or None when more are to come."""
        if self._partial is None:
            raise PacketError("a binary message that no packet announced")
        self._attachments.append(message)
        self._missing -= 1
        if self._missing:
            return None
        packet, attachments = self._partial, self._attachments
        self._partial, self._attachments = None, []
        packet.data = _restore(packet.data, attachments)
        return packet

    def clear(self) -> None:
        """Let go of a packet whose attachments will not come."""
        self._partial, self._attachments = None, []

    def _attachment_count(self, message: str) -> tuple[int, int]:
        end = message.find("-", 1, 8)
        digits = message[1:end]
        if end < 0 or not _is_digits(digits) or not 1 <= int(digits) <= self._limits.max_attachments:
            raise PacketError(f"expected 1 to {self._limits.max_attachments} attachments and a dash")
        return int(digits), end + 1

    def _parse(self, kind: Kind, rest: str) -> Packet:
        namespace = "/"
        if rest[:1] == "/":
            namespace, _, rest = rest.partition(",")
            if len(namespace) > self._limits.max_namespace_chars:
                raise PacketError(f"a namespace has at most {self._limits.max_namespace_chars} characters")
        head = rest[: MAX_ACK_ID_DIGITS + 1]
        digits = len(head) - len(head.lstrip(_DIGITS))
        if digits > MAX_ACK_ID_DIGITS:
            raise PacketError(f"an ack id has at most {MAX_ACK_ID_DIGITS} digits")
        ack_id = int(head[:digits]) if digits else None
        data = self._payload(rest[digits:]) if digits < len(rest) else None
        _check(kind, data, ack_id)
        return Packet(kind, namespace, data, ack_id)

    def _payload(self, text: str) -> Any:
        try:
            data = _decode_json(text)
        except (msgspec.MsgspecError, UnicodeError) as error:
            raise PacketError(f"payload is not JSON: {error}") from error
        except RecursionError as error:
            raise PacketError("JSON is nested too deeply") from error
        max_depth = self._limits.max_depth
        # A level takes two characters. Few packets are that long and have that many brackets; only those are walked.
        if (
            len(text) > 2 * max_depth
            and text.count("[") + text.count("{") > max_depth
            and _is_deeper(data, max_depth)
        ):
            raise PacketError(f"JSON is nested at most {max_depth} deep")
        if "{" in text and not _keeps_every_key(text, data) and _repeats_a_key(text):
            raise PacketError("a key stands twice in one object")
        return data


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _is_deeper(value: Any, depth: int) -> bool:
    level = [value]
    for _ in range(depth):
        level = [item for container in level for item in _items(container) if isinstance(item, (list, dict))]
    return bool(level)


def _keeps_every_key(text: str, data: Any) -> bool:
    """Where a name and a flat object hold as many keys as there are colons, none was written twice.

    Nearly every command with an object is of that shape, and then this is all that is done about it: 0.15 µs, not 3.
    """
    return type(data) is list and len(data) == 2 and type(data[1]) is dict and text.count(":") == len(data[1])


def _repeats_a_key(text: str) -> bool:
    """One reader keeps the first value, another the last: what is meant is not said (RFC 8259, section 4)."""
    try:
        json.loads(text, object_pairs_hook=_distinct)
    except ValueError:
        return True
    return False


def _distinct(pairs: list[tuple[str, Any]]) -> None:
    if len(dict(pairs)) != len(pairs):
        raise ValueError


def _items(container: Any) -> Iterable[Any]:
    return container.values() if isinstance(container, dict) else container


def _check(kind: Kind, data: Any, ack_id: int | None) -> None:
    """Hold a packet of a client against the protocol's table of payloads."""
    if kind is EVENT:
        if not isinstance(data, list) or not data or not isinstance(data[0], str):
            raise PacketError("an event is a JSON array whose first item is its name")
        if data[0] in RESERVED_EVENTS:
            raise PacketError(f"the event name {data[0]!r} is reserved")
    elif kind is ACK:
        if not isinstance(data, list) or ack_id is None:
            raise PacketError("an ack is an id and a JSON array")
    elif kind is Kind.CONNECT:
        if ack_id is not None or not (data is None or isinstance(data, dict)):
            raise PacketError("a connect payload is a JSON object")
    elif kind is Kind.DISCONNECT:
        if ack_id is not None or data is not None:
            raise PacketError("a disconnect has no payload")
    else:
        raise PacketError("a client does not send connect_error")


def _restore(value: Any, attachments: Sequence[bytes]) -> Any:
    if isinstance(value, list):
        return [_restore(item, attachments) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("_placeholder") is not True:
        return {key: _restore(item, attachments) for key, item in value.items()}
    number = value.get("num")
    # `type is int`: True is an int to isinstance, and 1.0 would index in JavaScript (CVE-2022-2421).
    if type(number) is not int or not 0 <= number < len(attachments):
        raise PacketError("a placeholder names an attachment that is not there")
    return attachments[number]
