"""The HTTP side of the devices: one request, its status and body, or no answer."""

from __future__ import annotations

from typing import Any

import aiohttp

from . import wire
from .links import CONNECT_TIMEOUT_S, http_session

ANSWER_TIMEOUT_S = 30.0
MAX_CONNECTIONS = 48


class NoAnswer(Exception):
    """`silent`: the connection lived, and nothing came for `ANSWER_TIMEOUT_S`; else it was lost."""

    def __init__(self, *, silent: bool) -> None:
        super().__init__("silent" if silent else "lost")
        self.silent = silent


class Requests:
    """Connections are kept for the next request, until `close`; a request after that opens new ones."""

    def __init__(self) -> None:
        self._http: aiohttp.ClientSession | None = None

    async def ask(self, port: int, token: str, method: str, path: str, body: Any = None) -> tuple[int, bytes]:
        """Raises `NoAnswer`. Nothing is tried twice."""
        headers = {"Authorization": f"Bearer {token}"}
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = wire.encode(body)
        url = f"http://127.0.0.1:{port}{path}"
        if self._http is None:
            self._http = http_session(
                aiohttp.TCPConnector(limit=MAX_CONNECTIONS),
                aiohttp.ClientTimeout(total=ANSWER_TIMEOUT_S, sock_connect=CONNECT_TIMEOUT_S),
            )
        try:
            async with self._http.request(method, url, data=data, headers=headers) as response:
                return response.status, await response.read()
        except TimeoutError:
            raise NoAnswer(silent=True) from None
        except (aiohttp.ClientError, OSError):
            raise NoAnswer(silent=False) from None

    async def close(self) -> None:
        http, self._http = self._http, None
        if http is not None:
            await http.close()
