"""What `stockent user` does: over HTTP by the server that runs, or on the store itself when none does.

A running server holds the store's lock, so there is no third way. The token for the server is signed here, lives a
minute and goes to this machine or over TLS only.
"""

from __future__ import annotations

import time
from enum import StrEnum
from http import HTTPStatus
from typing import Any

import aiohttp

from .auth import mint
from .config import Settings
from .messaging.errors import MessagingError
from .messaging.models import Profile, Role
from .messaging.ports import Store, StoreInUse
from .origins import is_loopback, parse_origin, split_url
from .store import open_store, store_exists

#: Who the server's log says did it.
OPERATOR = "stockent-cli"
TOKEN_TTL_S = 60
ANSWER_TIMEOUT_S = 10.0


class OperatingError(Exception):
    """Why it was not done, in a sentence for the operator."""


class Act(StrEnum):
    DISABLE = "disable"
    ENABLE = "enable"
    SIGN_OUT = "sign-out"


_DONE = {
    Act.DISABLE: "is disabled: their tokens are refused from now on",
    Act.ENABLE: "is let in again",
    Act.SIGN_OUT: "is signed out: every token that they had is void",
}


async def change_access(settings: Settings, act: Act, user_id: str, *, url: str | None) -> str:
    """Do it and return the sentence that says so. `url` names a running server; without it, it is found.

    Raises `OperatingError`, and `StoreError` when the store cannot be opened.
    """
    if url is not None:
        await _by_server(settings, act, user_id, _address(url))
        return f"{user_id} {_DONE[act]}"
    if not store_exists(settings.database_url):
        raise OperatingError(
            f"there is no store at {settings.database_url}; is DATA_DIR right? Or name the server with --url"
        )
    store = open_store(settings.database_url)
    try:
        await store.open()
    except StoreInUse:
        await _by_server(settings, act, user_id, settings.base_url())
        return f"{user_id} {_DONE[act]}"
    try:
        await _on_store(store, act, user_id)
    except MessagingError as refusal:
        raise OperatingError(refusal.message) from None
    finally:
        await store.close()
    return f"{user_id} {_DONE[act]} (no server runs; this is in its store)"


async def _on_store(store: Store, act: Act, user_id: str) -> None:
    if act is Act.SIGN_OUT:
        await store.sign_out(user_id, before=int(time.time()) + 1)
    else:
        await store.set_disabled(user_id, disabled=act is Act.DISABLE)


async def _by_server(settings: Settings, act: Act, user_id: str, server: str) -> None:
    method, path, body = _request(act, user_id)
    headers = {"Authorization": f"Bearer {_token(settings)}"}
    timeout = aiohttp.ClientTimeout(total=ANSWER_TIMEOUT_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.request(
                method, server + path, json=body, headers=headers, allow_redirects=False
            ) as response,
        ):
            if response.status != HTTPStatus.NO_CONTENT:
                raise OperatingError(_refusal(server, response.status, await _detail(response)))
    except (aiohttp.ClientError, TimeoutError) as error:
        reason = str(error) or "no answer in time"
        raise OperatingError(
            f"no server answers at {server} ({reason}); name the one that uses the store with --url"
        ) from None


def _request(act: Act, user_id: str) -> tuple[str, str, object]:
    user = f"/api/admin/users/{user_id}"
    if act is Act.SIGN_OUT:
        return "DELETE", f"{user}/sessions", None
    return "PUT", f"{user}/access", {"disabled": act is Act.DISABLE}


def _token(settings: Settings) -> str:
    if settings.jwt_secret is None:
        raise OperatingError(
            "a running server does this for a token of role ADMIN, which the issuer of the public key signs, not this"
            " machine; call its /api/admin/users yourself, or stop it and run this again"
        )
    return mint(
        settings.jwt_secret,
        Profile(id=OPERATOR, role=Role.ADMIN),
        TOKEN_TTL_S,
        audience=settings.jwt_audience,
        issuer=settings.jwt_issuer,
    )


def _address(url: str) -> str:
    origin = parse_origin(url)
    parts = split_url(url)
    if origin is None or parts is None:
        raise OperatingError(
            f"--url: expected the server's address such as http://127.0.0.1:5001, got {url[:80]!r}"
        )
    if parts.scheme.lower() != "https" and not is_loopback(parts.hostname or ""):
        raise OperatingError(
            "--url: expected https, or an address of this machine: the token that goes there may do anything to users"
        )
    return origin


async def _detail(response: aiohttp.ClientResponse) -> str:
    try:
        problem: Any = await response.json(content_type=None)
        return str(problem["detail"])[:200]
    except (ValueError, TypeError, KeyError):
        return "its answer is none of this system's"


def _refusal(server: str, status: int, detail: str) -> str:
    if status == HTTPStatus.UNAUTHORIZED:
        return (
            f"the server at {server} does not accept the token ({detail}); does it have the same JWT_SECRET?"
        )
    if status == HTTPStatus.NOT_FOUND:
        return f"the server at {server} knows no such address; is it StockENT Messaging, of this version?"
    return f"the server at {server} refused with {status}: {detail}"
