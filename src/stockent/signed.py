"""A signed token taken apart (RFC 7515, compact form; RFC 7519): its header, its signature, what it must claim.

`auth` calls it with a key that it chose. The cryptography is PyJWT's. Its `decode` does the rest in Python, character
by character, and prepares the key anew for each token: half of what a verified token cost. A test holds both
against each other.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any, NamedTuple

import msgspec

from .keys import VerifyKey

_TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


class BadTokenError(Exception):
    """Why it is refused: for the log, and for nobody else."""


class Token(NamedTuple):
    """`header` is unverified: enough to pick a key, and trusted for nothing else."""

    header: dict[str, Any]
    signed: bytes
    payload: bytes
    signature: bytes


def take_apart(text: str) -> Token:
    """Raises `BadTokenError` for what is no token, in base64url of one spelling only, or has a `crit` header."""
    if not _TOKEN.fullmatch(text):
        raise BadTokenError("it is not three parts of base64url")
    data = text.encode()
    head, payload, signature = data.split(b".")
    try:
        header = msgspec.json.decode(_decoded(head), type=dict[str, Any])
        token = Token(header, data[: -len(signature) - 1], _decoded(payload), _decoded(signature))
    except (ValueError, RecursionError) as error:
        raise BadTokenError(type(error).__name__) from None
    if "crit" in header or header.get("b64") is False:
        raise BadTokenError("it has a crit or b64 header")
    return token


def verified_claims(
    token: Token, key: VerifyKey, *, audience: str | None, issuer: str | None
) -> dict[str, Any]:
    """What a token says that this key signed, for this audience, by this issuer. Raises `BadTokenError`.

    Its times are not judged here. A token for an audience where none is configured is another service's.
    """
    if token.header.get("alg") != key.algorithm:
        raise BadTokenError("its alg is not the key's")
    if not key.verifies(token.signed, token.signature):
        raise BadTokenError("its signature is another")
    try:
        # Not by msgspec, which refuses half of a character: names that were cut have one at their end.
        claims = json.loads(token.payload.decode())
    except (ValueError, RecursionError) as error:
        raise BadTokenError(type(error).__name__) from None
    if not isinstance(claims, dict):
        raise BadTokenError("its payload is no object")
    if issuer is not None and claims.get("iss") != issuer:
        raise BadTokenError("its iss is another")
    if not _is_for(audience, claims.get("aud")):
        raise BadTokenError("its aud is another")
    if not isinstance(claims.get("jti", ""), str):
        raise BadTokenError("its jti is no text")
    return claims


def _is_for(audience: str | None, claimed: object) -> bool:
    """RFC 7519, section 4.1.3: one text, or several of which this is one."""
    if audience is None:
        return not claimed
    several = [claimed] if isinstance(claimed, str) else claimed
    return (
        isinstance(several, list) and audience in several and all(isinstance(each, str) for each in several)
    )


def _decoded(part: bytes) -> bytes:
    data = urlsafe_b64decode(part + b"=" * (-len(part) % 4))
    # Spare bits at the end would make many texts of one token.
    if urlsafe_b64encode(data).rstrip(b"=") != part:
        raise ValueError
    return data
