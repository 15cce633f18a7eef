"""Who may come in: TCP connections at the port, and Engine.IO sessions. The application above decides and counts."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class TurnedAway(NamedTuple):
    """The answer to who may not come in. `abruptly`: not even that, the connection is cut."""

    status: int
    message: str
    retry_after_s: int
    abruptly: bool = False

    def response(self) -> bytes:
        """The whole of it, for a connection that is closed behind it."""
        phrase = "Service Unavailable" if self.status == 503 else "Too Many Requests"
        body = self.message.encode()
        head = (
            f"HTTP/1.1 {self.status} {phrase}\r\ncontent-type: text/plain; charset=utf-8\r\n"
            f"content-length: {len(body)}\r\nretry-after: {self.retry_after_s}\r\nconnection: close\r\n\r\n"
        )
        return head.encode() + body


class Door(Protocol):
    """Called on the event loop; must neither block nor raise."""

    def connected(self, peer: str) -> TurnedAway | None:
        """A TCP connection was opened. `disconnected` is called for each, turned away or not."""
        ...

    def disconnected(self, peer: str) -> None: ...

    def admit(self, address: str) -> TurnedAway | None:
        """A session is asked for. Where it is let in, `opened` follows at once."""
        ...

    def opened(self, address: str) -> None: ...

    def closed(self, address: str) -> None:
        """Once for each that was opened."""
        ...


class OpenDoor:
    """Lets everybody in."""

    def connected(self, peer: str) -> TurnedAway | None:
        return None

    def disconnected(self, peer: str) -> None: ...

    def admit(self, address: str) -> TurnedAway | None:
        return None

    def opened(self, address: str) -> None: ...

    def closed(self, address: str) -> None: ...
