"""Sockets that speak just enough of the protocol to be let in, and then do as a scenario wants. Blocking."""

from __future__ import annotations

import base64
import json
import os
import socket

TIMEOUT_S = 20.0


def dial(port: int, *, host: str = "127.0.0.1", receive_bytes: int | None = None) -> socket.socket:
    """`receive_bytes`: the kernel's buffer for what is not read."""
    sock = socket.socket()
    sock.settimeout(TIMEOUT_S)
    if receive_bytes is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    sock.connect((host, port))
    return sock


def upgrade(sock: socket.socket) -> None:
    """As far as the Engine.IO handshake. Raises OSError when it is refused."""
    key = base64.b64encode(os.urandom(16)).decode()
    sock.sendall(
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    read_past(sock, b'"maxPayload":')


def frame(text: str) -> bytes:
    """One masked text frame (RFC 6455, section 5.2); a mask of zeros leaves the text as it is."""
    body = text.encode()
    size = bytes([0x80 | len(body)]) if len(body) < 126 else b"\xfe" + len(body).to_bytes(2, "big")
    return b"\x81" + size + bytes(4) + body


def connect(sock: socket.socket, token: str, conversation_id: str | None = None) -> None:
    """Into the namespace, and into the conversation's room."""
    sock.sendall(frame("40" + json.dumps({"token": token})))
    read_past(sock, b'42["ready"')
    if conversation_id is not None:
        sock.sendall(frame(f'420["join_conversation","{conversation_id}"]'))
        read_past(sock, b'430[{"ok":true')


def read_past(sock: socket.socket, mark: bytes) -> bytes:
    """Read until `mark` has come. Raises OSError when the connection ends before."""
    came = b""
    while mark not in came:
        chunk = sock.recv(65_536)
        if not chunk:
            raise OSError(f"the connection ended after {came[-200:]!r}")
        came += chunk
    return came


def is_closed(sock: socket.socket) -> bool:
    """Whether the peer has ended it; takes what has come, and waits for nothing.

    From here on the socket is not blocking: with a timeout of its own it would be waited for, whatever the flags.
    """
    sock.setblocking(False)
    try:
        while sock.recv(65_536):
            pass
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
