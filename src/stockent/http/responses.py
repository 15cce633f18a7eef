"""The answers besides the usual one, for the API's description: repeats and refusals."""

from __future__ import annotations

from litestar.openapi.datastructures import ResponseSpec

from .problems import MEDIA_TYPE, Problem

_MEANINGS = {
    400: "Malformed request.",
    401: "No token, or one that is not accepted.",
    403: "Not allowed.",
    404: "No such thing, or not yours: the two look the same.",
    408: "The body did not come in time.",
    409: "It contradicts what is stored.",
    413: "The body, or the file, is too large.",
    415: "The body is of another kind, by its Content-Type.",
    422: "Invalid input; `errors` names the fields.",
    429: "Too many requests; see `Retry-After`.",
    503: "Overloaded, stopping, or the store is unavailable; see `Retry-After`.",
    507: "No room for files; what came before is kept.",
}


def also(status: int, body: type, meaning: str) -> dict[int, ResponseSpec]:
    return {status: ResponseSpec(body, description=meaning, generate_examples=False)}


def refusals(*statuses: int, body: bool = False) -> dict[int, ResponseSpec]:
    """The refusals of a route that needs a token: the given ones, and those that any such route may answer.

    `body`: the route reads one, which can be late, too large or of another kind.
    """
    of_body = (408, 413, 415, 422) if body else ()
    return open_refusals(*sorted({400, 401, 429, 503, *statuses, *of_body}))


def open_refusals(*statuses: int) -> dict[int, ResponseSpec]:
    return {
        status: ResponseSpec(
            Problem, description=_MEANINGS[status], media_type=MEDIA_TYPE, generate_examples=False
        )
        for status in statuses
    }
