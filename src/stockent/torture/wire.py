"""Just enough of Socket.IO and of the wire contract: packets to bytes and back, and the fields that the proof looks at.

Everything that is not named here is ignored, as a client should.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from .texts import CANARY, digest

#: Packets of Engine.IO with those of Socket.IO inside.
OPEN, CLOSE, PING, PONG = b"0", b"1", b"2", b"3"
CONNECT, DISCONNECT, EVENT, ACK, CONNECT_ERROR = b"40", b"41", b"42", b"43", b"44"
SEPARATOR = b"\x1e"

#: Events come to many sockets as the same bytes, and are read once.
MAX_REMEMBERED = 2_048


class _Wire(msgspec.Struct, rename="camel", gc=False):
    pass


class Sender(_Wire):
    id: str


class Message(_Wire):
    id: str
    conversation_id: str
    seq: int
    updated_seq: int
    client_id: str
    type: str
    content: str
    sender: Sender
    deleted_at: str | None = None

    def digest(self) -> int:
        return digest(
            self.sender.id, self.client_id, self.type, self.content, deleted=self.deleted_at is not None
        )


class Participant(_Wire):
    user_id: str
    read_seq: int = 0


class Conversation(_Wire):
    id: str
    seq: int
    epoch: str
    unread: int = 0
    last_message: Message | None = None
    participants: list[Participant] = []


class Event(_Wire):
    """The fields of every payload that matters here: which are there depends on the event."""

    id: str = ""
    conversation_id: str = ""
    seq: int = 0
    updated_seq: int = 0
    client_id: str = ""
    type: str = ""
    content: str = ""
    sender: Sender | None = None
    deleted_at: str | None = None
    message: Message | None = None
    conversation: Conversation | None = None
    message_seq: int = 0
    user_id: str = ""
    read_seq: int = 0
    epoch: str = ""
    reconnect_in_ms: int = 0


class Entry(_Wire):
    seq: int
    event: str
    payload: Event


class Catchup(_Wire):
    events: list[Entry] | None = None
    reset: bool = False
    gone: bool = False
    unread: int = 0
    reads: dict[str, int] = {}


class Problem(_Wire):
    code: str
    retryable: bool = False
    retry_after_ms: int | None = None


class Ack(_Wire):
    """The fields of every ack that matters here."""

    ok: bool
    error: Problem | None = None
    message: Message | None = None
    conversation: Conversation | None = None
    events: list[Entry] | None = None
    reset: bool = False
    read_seq: int = 0
    unread: int = 0
    epoch: str = ""
    conversations: dict[str, Catchup] | None = None
    others: list[Conversation] = []


class Handshake(_Wire):
    sid: str


class MessagePage(_Wire):
    items: list[Message]
    next_cursor: str | None = None


class ConversationPage(_Wire):
    items: list[Conversation]
    next_cursor: str | None = None


class News(NamedTuple):
    """What an event says of a conversation: the position it takes, and of which message in which version."""

    c: str
    position: int
    message_seq: int = 0
    version: int = 0
    digest: int = 0


class Read(NamedTuple):
    """An event as it was read from bytes, with the canaries in them."""

    name: str
    payload: Event
    news: News | None
    canaries: tuple[bytes, ...]


encode = msgspec.json.Encoder().encode
_event = msgspec.json.Decoder(tuple[str, Event]).decode
_ack = msgspec.json.Decoder(tuple[Ack]).decode
_handshake = msgspec.json.Decoder(Handshake).decode
decode_message = msgspec.json.Decoder(Message).decode
decode_problem = msgspec.json.Decoder(Problem).decode
decode_conversation = msgspec.json.Decoder(Conversation).decode
decode_messages = msgspec.json.Decoder(MessagePage).decode
decode_conversations = msgspec.json.Decoder(ConversationPage).decode


def command(number: int, name: str, argument: Any) -> bytes:
    return b"42%d%b" % (number, encode((name, argument)))


def read_ack(packet: bytes) -> tuple[int, Ack]:
    """Raises ValueError for anything but an ack with one object. `msgspec.MsgspecError` is one of those."""
    at = packet.index(b"[")
    return int(packet[2:at]), _ack(packet[at:])[0]


def decode_sid(packet: bytes) -> str:
    """The id in an Engine.IO handshake. Raises ValueError for anything else."""
    if not packet.startswith(OPEN):
        raise ValueError("expected a handshake")
    return _handshake(packet[1:]).sid


class Reader:
    """Events from packets. The same bytes give the same object."""

    def __init__(self) -> None:
        self._remembered: dict[bytes, Read] = {}

    def event(self, packet: bytes) -> Read:
        """Raises ValueError for what is no event."""
        read = self._remembered.get(packet)
        if read is None:
            if len(self._remembered) >= MAX_REMEMBERED:
                self._remembered.clear()
            name, payload = _event(packet[2:])
            read = Read(name, payload, news_of(name, payload), canaries_in(packet))
            self._remembered[packet] = read
        return read


def canaries_in(received: bytes) -> tuple[bytes, ...]:
    return tuple(set(CANARY.findall(received)))


def news_of(name: str, payload: Event, position: int | None = None) -> News | None:
    """What takes a position in its conversation; None for what takes none. `position` is a log entry's own."""
    if name in ("message_received", "message_updated"):
        assert payload.sender is not None
        at = payload.updated_seq if name == "message_updated" else payload.seq
        known = digest(
            payload.sender.id,
            payload.client_id,
            payload.type,
            payload.content,
            deleted=payload.deleted_at is not None,
        )
        return News(
            payload.conversation_id,
            at if position is None else position,
            payload.seq,
            payload.updated_seq,
            known,
        )
    if name in ("new_message_notification", "conversation_updated"):
        message = payload.message
        if message is None and payload.conversation is not None:
            message = payload.conversation.last_message
        if message is None:
            return News(payload.conversation_id, payload.seq)
        return News(payload.conversation_id, payload.seq, message.seq, message.updated_seq, message.digest())
    if name in ("message_deleted", "participant_removed", "conversation_deleted"):
        return News(payload.conversation_id, payload.seq)
    return None
