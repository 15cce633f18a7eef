"""The catalogue of refusals: one class, one table. Every code that a client can see stands here.

A refusal is a `MessagingError`; HTTP shows it as problem+json with the status below, the socket as an error
ack. An error means that nothing was stored. `retryable` says that the same request may succeed later,
unchanged.
"""

from __future__ import annotations

from enum import StrEnum
from secrets import randbelow
from typing import NamedTuple

OVERLOAD_RETRY_MS = 1_000


class Code(StrEnum):
    AUTH_REQUIRED = "auth_required"
    AUTH_INVALID = "auth_invalid"
    AUTH_EXPIRED = "auth_expired"
    AUTH_UNAVAILABLE = "auth_unavailable"
    ORIGIN_FORBIDDEN = "origin_forbidden"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    INVALID = "invalid"
    MALFORMED = "malformed"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    REQUEST_TIMEOUT = "request_timeout"
    CLIENT_ID_REUSED = "client_id_reused"
    CONVERSATION_CLOSED = "conversation_closed"
    MESSAGE_DELETED = "message_deleted"
    TOO_LATE = "too_late"
    OFFSET_MISMATCH = "offset_mismatch"
    CONTENT_REFUSED = "content_refused"
    STORAGE_FULL = "storage_full"
    UNKNOWN_COMMAND = "unknown_command"
    TOO_LARGE = "too_large"
    RATE_LIMITED = "rate_limited"
    OVERLOADED = "overloaded"
    STORE_UNAVAILABLE = "store_unavailable"
    SHUTTING_DOWN = "shutting_down"
    INTERNAL = "internal"


class Entry(NamedTuple):
    status: int
    title: str
    retryable: bool


CATALOGUE: dict[Code, Entry] = {
    Code.AUTH_REQUIRED: Entry(401, "Authentication required", False),
    Code.AUTH_INVALID: Entry(401, "Token not accepted", False),
    Code.AUTH_EXPIRED: Entry(401, "Token expired", False),
    Code.AUTH_UNAVAILABLE: Entry(503, "Tokens cannot be checked now", True),
    Code.ORIGIN_FORBIDDEN: Entry(403, "Origin not allowed", False),
    Code.FORBIDDEN: Entry(403, "Not allowed", False),
    Code.NOT_FOUND: Entry(404, "Not found", False),
    Code.INVALID: Entry(422, "Invalid input", False),
    Code.MALFORMED: Entry(400, "Malformed request", False),
    Code.METHOD_NOT_ALLOWED: Entry(405, "Method not allowed", False),
    Code.UNSUPPORTED_MEDIA_TYPE: Entry(415, "Unsupported media type", False),
    Code.REQUEST_TIMEOUT: Entry(408, "Request took too long", True),
    Code.CLIENT_ID_REUSED: Entry(409, "clientId was used for another message", False),
    Code.CONVERSATION_CLOSED: Entry(409, "Conversation is closed", False),
    Code.MESSAGE_DELETED: Entry(409, "Message is deleted", False),
    Code.TOO_LATE: Entry(409, "The time for it is over", False),
    Code.OFFSET_MISMATCH: Entry(409, "The upload stands elsewhere", True),
    Code.CONTENT_REFUSED: Entry(422, "Content not accepted", False),
    Code.STORAGE_FULL: Entry(507, "No room for files", True),
    Code.UNKNOWN_COMMAND: Entry(404, "Unknown command", False),
    Code.TOO_LARGE: Entry(413, "Too large", False),
    Code.RATE_LIMITED: Entry(429, "Too many requests", True),
    Code.OVERLOADED: Entry(503, "Overloaded", True),
    Code.STORE_UNAVAILABLE: Entry(503, "Store unavailable", True),
    Code.SHUTTING_DOWN: Entry(503, "Server is stopping", True),
    Code.INTERNAL: Entry(500, "Internal error", True),
}


class FieldError(NamedTuple):
    field: str
    message: str


class MessagingError(Exception):
    """A refusal with a code of the catalogue.

    `message` says what was expected and what came; it never holds another user's data. `retry_after_ms` is
    set for overload and rate limits, jittered by who raises it. `offset`: where an upload stands.
    """

    def __init__(
        self,
        code: Code,
        message: str,
        *,
        errors: tuple[FieldError, ...] = (),
        retry_after_ms: int | None = None,
        offset: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.errors = errors
        self.retry_after_ms = retry_after_ms
        self.offset = offset

    @property
    def status(self) -> int:
        return CATALOGUE[self.code].status

    @property
    def retryable(self) -> bool:
        return CATALOGUE[self.code].retryable


def not_found(what: str = "conversation") -> MessagingError:
    """The one answer for "does not exist" and "not yours": a guesser learns nothing from it."""
    return MessagingError(Code.NOT_FOUND, f"no such {what}")


def jittered(least_ms: int) -> int:
    """When to come back: after `least_ms` and up to as much again, so that those who were refused together part."""
    return least_ms + randbelow(least_ms)


def overloaded(what: str) -> MessagingError:
    """Everybody is to come back later, and not all at once."""
    return MessagingError(
        Code.OVERLOADED, what, retry_after_ms=OVERLOAD_RETRY_MS + randbelow(4 * OVERLOAD_RETRY_MS)
    )


def invalid(field: str, message: str) -> MessagingError:
    return MessagingError(Code.INVALID, f"{field}: {message}", errors=(FieldError(field, message),))
