"""The token issuer's key set, fetched from the one configured address and kept.

`auth` asks for the key of one token; a `kid` is only looked up in the set, never followed. However many
unknown kids come, one request leaves in `MIN_REFRESH_S`, so that forged tokens cannot turn this server on the
issuer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import aiohttp
import structlog

from .keys import UnusableKeyError, VerifyKey, keys_from_jwks
from .messaging.errors import Code, MessagingError

TTL_S = 600.0
MIN_REFRESH_S = 30.0
#: How long the last good set is used while the issuer does not answer.
MAX_STALE_S = 86_400.0
FETCH_TIMEOUT_S = 5.0
#: How long a token whose key is known waits for a set that is due: a slow issuer must not slow everybody.
DUE_WAIT_S = 1.0
MAX_DOCUMENT_BYTES = 256 * 1024

log = structlog.get_logger("stockent.auth")


class KeySet:
    """The keys behind `url`. `clock` gives monotonic seconds."""

    def __init__(self, url: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._url = url
        self._clock = clock
        self._keys: tuple[VerifyKey, ...] = ()
        self._fetched_at: float | None = None
        self._tried_at: float | None = None
        self._fetching: asyncio.Task[None] | None = None

    async def find(self, kid: str | None, algorithm: str) -> VerifyKey | None:
        """Return the key for a token of this `kid` and algorithm, if the issuer has it.

        A token without a kid matches only when the set has a single key of its algorithm. Raises
        `AUTH_UNAVAILABLE` while no set can be had.
        """
        if self._age_s() >= TTL_S:
            await self._refresh(wait_s=DUE_WAIT_S if self._keys else FETCH_TIMEOUT_S)
        key = self._look_up(kid, algorithm)
        if key is None:
            await self._refresh(wait_s=FETCH_TIMEOUT_S)
            key = self._look_up(kid, algorithm)
        if self._age_s() > MAX_STALE_S:
            raise MessagingError(
                Code.AUTH_UNAVAILABLE,
                "the keys of the token issuer cannot be had now",
                retry_after_ms=int(MIN_REFRESH_S * 1000),
            )
        return key

    def _look_up(self, kid: str | None, algorithm: str) -> VerifyKey | None:
        fitting = [key for key in self._keys if key.algorithm == algorithm and kid in (None, key.kid)]
        return fitting[0] if len(fitting) == 1 else None

    def _age_s(self) -> float:
        return float("inf") if self._fetched_at is None else self._clock() - self._fetched_at

    async def _refresh(self, *, wait_s: float) -> None:
        """Wait for a fetch that is under way or allowed; cancelling the caller leaves it to the others."""
        if self._fetching is None:
            if self._tried_at is not None and self._clock() - self._tried_at < MIN_REFRESH_S:
                return
            self._tried_at = self._clock()
            self._fetching = asyncio.create_task(self._fetch())
        await asyncio.wait({self._fetching}, timeout=wait_s)

    async def _fetch(self) -> None:
        try:
            self._keys = keys_from_jwks(await _get(self._url))
            self._fetched_at = self._clock()
        except (aiohttp.ClientError, TimeoutError, UnusableKeyError) as error:
            log.warning("jwks_fetch_failed", reason=str(error) or type(error).__name__)
        finally:
            self._fetching = None


async def _get(url: str) -> bytes:
    timeout = aiohttp.ClientTimeout(total=FETCH_TIMEOUT_S)
    async with (
        aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session,
        session.get(url, allow_redirects=False) as response,
    ):
        if response.status != 200:
            raise UnusableKeyError(f"expected status 200, got {response.status}")
        document = b""
        async for chunk in response.content.iter_any():
            document += chunk
            if len(document) > MAX_DOCUMENT_BYTES:
                raise UnusableKeyError(f"expected at most {MAX_DOCUMENT_BYTES} bytes")
        return document
