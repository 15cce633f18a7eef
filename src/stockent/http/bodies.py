"""Request bodies: JSON read strictly into the structs of `messaging.commands`.

`ApiRequest` is the app's request class; a handler's argument `data` is what its `json` returns. What two readers
could understand differently is malformed (400): duplicate keys, NaN, lone surrogates, U+0000, absurd numbers and
depth. What is well-formed but not what the struct asks for is invalid (422), with every wrong field named.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec
import msgspec.structs
from litestar import Request
from litestar.exceptions import InternalServerException

from ..messaging.decoding import decode
from ..messaging.errors import Code, FieldError, MessagingError

MAX_BODY_BYTES = 256 * 1024
#: From the head to the last byte of the body: a body that trickles must not hold its connection for ever.
BODY_TIMEOUT_S = 15.0
MAX_SHOWN_CHARS = 60


class ApiRequest(Request[Any, Any, Any]):
    """A request whose JSON body is checked and already the struct that the handler declares."""

    async def body(self) -> bytes:
        try:
            async with asyncio.timeout(BODY_TIMEOUT_S):
                body = await super().body()
        except TimeoutError:
            raise MessagingError(
                Code.REQUEST_TIMEOUT, f"expected the whole body within {BODY_TIMEOUT_S:g} seconds"
            ) from None
        except InternalServerException:
            # The framework's word for a client that went away, or whose chunks are none: no fault of ours.
            raise MessagingError(Code.REQUEST_TIMEOUT, "the connection ended before the body did") from None
        if not body and self.route_handler.parsed_data_field is not None:
            raise MessagingError(Code.MALFORMED, "expected a JSON body, got none")
        return body

    async def json(self) -> Any:
        body = await self.body()
        self._check_media_type()
        field = self.route_handler.parsed_data_field
        assert field is not None
        return to_struct(parse(body), field.annotation)

    def _check_media_type(self) -> None:
        """A form of another site can send JSON as text/plain with the victim's cookie, but not as JSON."""
        media_type, options = self.content_type
        if media_type != "application/json" or options.get("charset", "utf-8").lower() != "utf-8":
            came = media_type[:MAX_SHOWN_CHARS] or "none"
            raise _unsupported(f"expected Content-Type application/json in UTF-8, got {came}")
        if self.headers.get("content-encoding", "identity").lower() != "identity":
            raise _unsupported("expected a body without Content-Encoding")


def parse(body: bytes) -> Any:
    """Read JSON in the one way that RFC 8259 leaves no doubt about. Raises `MessagingError` with `MALFORMED`."""
    try:
        value = msgspec.json.decode(body)
        json.loads(body, object_pairs_hook=_distinct)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        reason = "nested too deep" if isinstance(error, RecursionError) else str(error)
        raise MessagingError(Code.MALFORMED, f"expected a JSON body: {reason}") from None
    if b"\\u0000" in body and _holds_nul(value):
        raise MessagingError(Code.MALFORMED, "expected text without the character U+0000")
    return value


def to_struct(value: Any, struct: Any) -> Any:
    """Convert plain JSON to `struct`. Raises `MessagingError` with `INVALID` that names every wrong field."""
    try:
        return decode(struct, value)
    except MessagingError as first:
        errors = tuple(_field_errors(value, struct)) or first.errors
    detail = "; ".join(f"{each.field or 'the body'}: {each.message}" for each in errors)
    raise MessagingError(Code.INVALID, detail, errors=errors)


def _field_errors(value: Any, struct: Any) -> Iterator[FieldError]:
    """The first mistake ends a conversion; each field is tried alone to find the others too."""
    if not isinstance(value, dict):
        return
    for field, alone in _fields_alone(struct):
        if field.required or field.encode_name in value:
            try:
                decode(alone, value)
            except MessagingError as error:
                yield from error.errors


@cache
def _fields_alone(struct: Any) -> tuple[tuple[msgspec.structs.FieldInfo, type], ...]:
    return tuple(
        (
            field,
            msgspec.defstruct("Alone", [(field.name, field.type)], rename={field.name: field.encode_name}),
        )
        for field in msgspec.structs.fields(struct)
    )


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _holds_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_holds_nul(key) or _holds_nul(each) for key, each in value.items())
    return isinstance(value, list) and any(_holds_nul(each) for each in value)


def _unsupported(detail: str) -> MessagingError:
    return MessagingError(Code.UNSUPPORTED_MEDIA_TYPE, detail)
