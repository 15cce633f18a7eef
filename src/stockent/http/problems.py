"""Every error of the HTTP side as `application/problem+json` (RFC 9457), with the catalogue's code and `retryable`.

Refusals of the domain and errors of the framework come out in one shape; an unknown exception is logged and answered
as `internal` without a word of it.
"""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import Send
from msgspec import UNSET, UnsetType

from ..messaging.errors import CATALOGUE, Code, FieldError, MessagingError
from ..messaging.models import Wire

MEDIA_TYPE = "application/problem+json"
DEFAULT_RETRY_AFTER_S = 1
#: What the framework raises by status; a status that is not here is shown as the nearest of its hundred.
_CODES = {
    400: Code.MALFORMED,
    401: Code.AUTH_REQUIRED,
    403: Code.FORBIDDEN,
    404: Code.NOT_FOUND,
    405: Code.METHOD_NOT_ALLOWED,
    408: Code.REQUEST_TIMEOUT,
    413: Code.TOO_LARGE,
    415: Code.UNSUPPORTED_MEDIA_TYPE,
    422: Code.INVALID,
    429: Code.RATE_LIMITED,
    503: Code.OVERLOADED,
}
#: The body may not have been read to its end: what follows on the connection is not a request.
_CLOSING = (Code.REQUEST_TIMEOUT, Code.TOO_LARGE, Code.SHUTTING_DOWN)

log = structlog.get_logger("stockent.http")


class FieldProblem(Wire, frozen=True):
    field: str
    message: str


class Problem(Wire, frozen=True):
    """Why a request was refused. `code` is stable; `detail` is for people.

    `errors` names fields of invalid input; `offset` is where an upload stands.
    """

    type: str
    title: str
    status: int
    detail: str
    code: str
    retryable: bool
    errors: list[FieldProblem] | UnsetType = UNSET
    offset: int | UnsetType = UNSET


def problem(error: MessagingError) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of a refusal."""
    entry = CATALOGUE[error.code]
    body = {
        "type": "about:blank",
        "title": entry.title,
        "status": entry.status,
        "detail": error.message,
        "code": error.code.value,
        "retryable": entry.retryable,
    }
    if error.errors:
        body["errors"] = [{"field": each.field, "message": each.message} for each in error.errors]
    if error.offset is not None:
        body["offset"] = error.offset
    return entry.status, _headers(error), msgspec.json.encode(body)


def answer(_request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Litestar's handler for every exception."""
    status, headers, body = problem(as_refusal(error))
    if isinstance(error, HTTPException) and error.headers and "allow" in error.headers:
        headers["allow"] = error.headers["allow"]
    return Response(body, status_code=status, headers=headers, media_type=MEDIA_TYPE)


async def send_problem(send: Send, error: MessagingError, **more_headers: str) -> None:
    """Answer a request with a refusal, where there is no framework to do it."""
    status, headers, body = problem(error)
    headers |= {**more_headers, "content-type": MEDIA_TYPE, "content-length": str(len(body))}
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def as_refusal(error: Exception) -> MessagingError:
    """Find the refusal that an exception stands for; log it when it stands for a fault of ours."""
    if isinstance(error, MessagingError):
        return error
    if isinstance(error, ValidationException):
        return _invalid_parameters(error)
    if isinstance(error, HTTPException) and error.status_code < 500:
        code = _CODES.get(error.status_code, Code.MALFORMED)
        return MessagingError(code, _detail(code, error))
    log.error("request_failed", exc_info=error)
    return MessagingError(Code.INTERNAL, "the server failed; the fault is in its log")


def _invalid_parameters(error: ValidationException) -> MessagingError:
    entries = error.extra if isinstance(error.extra, list) else []
    errors = tuple(FieldError(str(entry.get("key", "")), str(entry["message"])) for entry in entries)
    detail = "; ".join(f"{each.field}: {each.message}" for each in errors) or "the request is not valid"
    return MessagingError(Code.INVALID, detail, errors=errors)


def _detail(code: Code, error: HTTPException) -> str:
    if code is Code.NOT_FOUND:
        return "no such address"
    if code is Code.METHOD_NOT_ALLOWED:
        allowed = (error.headers or {}).get("allow", "")
        return f"expected one of the methods {allowed}" if allowed else "the method is not allowed here"
    if code is Code.TOO_LARGE:
        return "the body is larger than this address takes"
    return HTTPStatus(error.status_code).description or HTTPStatus(error.status_code).phrase


def _headers(error: MessagingError) -> dict[str, str]:
    headers: dict[str, str] = {}
    if error.status == 401:
        headers["www-authenticate"] = "Bearer"
    if error.status in (429, 503):
        retry_after_ms = error.retry_after_ms or 1000 * DEFAULT_RETRY_AFTER_S
        headers["retry-after"] = str(math.ceil(retry_after_ms / 1000))
    if error.code in _CLOSING:
        headers["connection"] = "close"
    return headers
