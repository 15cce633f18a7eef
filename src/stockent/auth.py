"""Who is speaking: turns a token into an identity, or says why not.

The HTTP middleware and the socket gateway call `Authenticator.authenticate`; `stockent token` and the demo
call `mint`. Nothing in a token is followed (`jku`, `x5u`, `jwk`), no algorithm is taken from it, and it never
reaches a log.
"""

from __future__ import annotations

import re
import secrets
import time
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, NamedTuple, NoReturn

import jwt
import msgspec
import structlog

from .config import Settings
from .jwks import KeySet
from .keys import VerifyKey, key_from_pem, key_from_secret
from .messaging.access import MAX_EXPIRY
from .messaging.errors import Code, MessagingError
from .messaging.models import MAX_URL_CHARS, Id, Profile, Role
from .messaging.ports import Credential, Store
from .signed import BadTokenError, Token, take_apart, verified_claims

MAX_TOKEN_BYTES = 8_192
MAX_NAME_CHARS = 120
MAX_COUNTRY_CHARS = 60
#: A token that was verified a moment ago is not taken apart again: pages ask often, and come back together.
REMEMBERED_S = 60.0
MAX_REMEMBERED_TOKENS = 10_000
COOKIE_NAME = "accessToken"
ALGORITHMS = ("HS256", "RS256", "ES256", "EdDSA")

#: Not `//host`, which names another site as much as `https://host` does but looks like a path.
_PICTURE_URL = re.compile(r"https?://[\x21-\x7e]+|/(?![/\\])[\x21-\x7e]*")
_BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

log = structlog.get_logger("stockent.auth")


@dataclass(frozen=True, slots=True)
class Identity:
    """A verified speaker. `expires_at` is Unix seconds; after it the token no longer counts."""

    profile: Profile
    expires_at: float
    credential: Credential


class _Verified(NamedTuple):
    identity: Identity
    until: float


class Authenticator:
    """Verifies tokens by the one kind of key that the settings name. `now` gives Unix seconds."""

    def __init__(self, settings: Settings, *, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._audience = settings.jwt_audience
        self._issuer = settings.jwt_issuer
        self._key = _configured_key(settings)
        self._verified: dict[bytes, _Verified] = {}
        self._key_set = KeySet(settings.jwt_jwks_url) if settings.jwt_jwks_url else None
        if self._key is None and self._key_set is None:
            raise ValueError("settings hold no key to verify tokens with")

    async def authenticate(self, token: str) -> Identity:
        """Return who the token speaks for.

        Raises `MessagingError` with `AUTH_REQUIRED` (empty), `AUTH_EXPIRED` (genuine, but over),
        `AUTH_UNAVAILABLE` (the issuer's keys cannot be had) or `AUTH_INVALID`. The reason of the last is for
        the log; the client is told no more than that, so that a forger learns nothing.
        """
        if not token:
            raise MessagingError(Code.AUTH_REQUIRED, "expected a token, got none")
        if len(token) > MAX_TOKEN_BYTES:
            _refuse("it is longer than 8 KB")
        digest = token_digest(token)
        remembered = self._remembered(digest)
        if remembered is not None:
            return remembered
        claims = await self._claims(token)
        profile = _profile(claims)
        identity = Identity(profile, self._check_times(claims), _credential(profile.id, claims))
        self._remember(digest, identity)
        return identity

    def remembers(self, token: str) -> bool:
        """Whether it was verified a moment ago, so that `authenticate` need not take it apart again."""
        return len(token) <= MAX_TOKEN_BYTES and self._remembered(token_digest(token)) is not None

    def _remembered(self, digest: bytes) -> Identity | None:
        found = self._verified.get(digest)
        if found is None or self._now() >= min(found.until, found.identity.expires_at):
            return None
        return found.identity

    def _remember(self, digest: bytes, identity: Identity) -> None:
        self._verified.pop(digest, None)
        self._verified[digest] = _Verified(identity, self._now() + REMEMBERED_S)
        if len(self._verified) > MAX_REMEMBERED_TOKENS:
            del self._verified[next(iter(self._verified))]

    async def _claims(self, text: str) -> dict[str, Any]:
        try:
            token = take_apart(text)
            algorithm, kid = _read_header(token)
            key = await self._key_for(algorithm, kid)
            return verified_claims(token, key, audience=self._audience, issuer=self._issuer)
        except BadTokenError as error:
            _refuse(str(error))

    async def _key_for(self, algorithm: str, kid: str | None) -> VerifyKey:
        key = self._key
        if self._key_set is not None:
            key = await self._key_set.find(kid, algorithm)
        if key is None:
            raise BadTokenError("no key of the issuer fits its kid and alg")
        return key

    def _check_times(self, claims: dict[str, Any]) -> float:
        now = self._now()
        expires_at = _time(claims, "exp")
        if expires_at is None:
            _refuse("it has no exp")
        not_before = _time(claims, "nbf")
        if not_before is not None and not_before > now:
            _refuse("its nbf is in the future")
        if expires_at <= now:
            raise MessagingError(Code.AUTH_EXPIRED, "the token has expired")
        return float(expires_at)


async def identify(authenticator: Authenticator, store: Store, token: str) -> Identity:
    """Return who speaks, if the token is good and was not voided since: the one check of HTTP and the socket.

    Raises as `Authenticator.authenticate`; a disabled user, who was signed out, and a revoked token get the same
    `AUTH_INVALID` as a forger.
    """
    identity = await authenticator.authenticate(token)
    reason = await store.voided(identity.credential)
    if reason is not None:
        _refuse(reason.value)
    return identity


def token_from_request(cookie_header: str | None, auth_header: str | None) -> str:
    """Return the token of an HTTP request: the `accessToken` cookie, else `Authorization: Bearer`, else an
    empty text.

    Never a query string: addresses end in logs and histories.
    """
    return _cookie(cookie_header or "") or _bearer(auth_header or "")


def mint(
    secret: str,
    profile: Profile,
    ttl_s: float,
    *,
    audience: str | None = None,
    issuer: str | None = None,
    token_id: str | None = None,
    now: Callable[[], float] = time.time,
) -> str:
    """Sign an HS256 token for `profile` that lives `ttl_s` seconds. `token_id`: its `jti`, by default a new one."""
    claims = {
        "sub": profile.id,
        "name": profile.name,
        "companyName": profile.company_name,
        "country": profile.country,
        "avatarUrl": profile.avatar_url,
        "role": profile.role,
        "aud": audience,
        "iss": issuer,
        "jti": token_id or new_token_id(),
    }
    issued_at = int(now())
    times = {"iat": issued_at, "exp": issued_at + max(1, int(ttl_s))}
    return jwt.encode(
        {name: value for name, value in claims.items() if value is not None} | times, secret, "HS256"
    )


def token_digest(token: str) -> bytes:
    """What tells a token from others where the token itself is not to be kept."""
    return blake2b(token.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def new_token_id() -> str:
    return secrets.token_hex(16)


def _configured_key(settings: Settings) -> VerifyKey | None:
    if settings.jwt_public_key is not None:
        return key_from_pem(settings.jwt_public_key)
    if settings.jwt_jwks_url is not None or settings.jwt_secret is None:
        return None
    return key_from_secret(settings.jwt_secret)


def _read_header(token: Token) -> tuple[str, str | None]:
    """`alg` and `kid`."""
    algorithm, kid = token.header.get("alg"), token.header.get("kid")
    if kid is not None and not isinstance(kid, str):
        raise BadTokenError("its kid is no text")
    if algorithm not in ALGORITHMS:
        raise BadTokenError("its alg is not one of " + ", ".join(ALGORITHMS))
    return algorithm, kid


def _time(claims: dict[str, Any], name: str) -> int | None:
    if name not in claims:
        return None
    value = claims[name]
    if type(value) is not int or not 0 <= value <= MAX_EXPIRY:
        _refuse(f"its {name} is no whole number of Unix seconds")
    return value


def _credential(user_id: str, claims: dict[str, Any]) -> Credential:
    """An `iat` or `jti` of another kind counts as not there: it voids no token that was good before."""
    issued_at: Any = claims.get("iat")
    token_id = claims.get("jti")
    return Credential(
        user_id,
        issued_at if type(issued_at) in (int, float) and 0 <= issued_at <= MAX_EXPIRY else None,
        token_id if isinstance(token_id, str) else None,
    )


def _profile(claims: dict[str, Any]) -> Profile:
    try:
        user_id = msgspec.convert(claims["sub"] if "sub" in claims else claims.get("userId"), Id)
    except msgspec.ValidationError:
        _refuse("its sub (or userId) is no user id")
    return Profile(
        id=user_id,
        name=_text(claims.get("name"), MAX_NAME_CHARS),
        company_name=_text(claims.get("companyName"), MAX_NAME_CHARS),
        country=_text(claims.get("country"), MAX_COUNTRY_CHARS),
        avatar_url=_picture_url(claims.get("avatarUrl")),
        role=_role(claims.get("role")),
    )


def _text(value: object, max_chars: int) -> str | None:
    """A name as it may be shown: control characters and direction overrides would let it pose as other text."""
    if not isinstance(value, str):
        return None
    shown = value[: 4 * max_chars]
    # Of these no character is one of those; most names need no look at each.
    if not (shown.isascii() and shown.isprintable()):
        shown = "".join(char for char in shown if _is_shown(char))
    return " ".join(shown.split())[:max_chars].strip() or None


def _is_shown(char: str) -> bool:
    return char == " " or not (
        char in _BIDI_CONTROLS or unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")
    )


def _picture_url(value: object) -> str | None:
    if not isinstance(value, str) or len(value) > MAX_URL_CHARS:
        return None
    return value if _PICTURE_URL.fullmatch(value) else None


def _role(value: object) -> Role | None:
    return Role(value) if isinstance(value, str) and value in Role.__members__ else None


def _cookie(header: str) -> str:
    if len(header) > 4 * MAX_TOKEN_BYTES:
        return ""
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE_NAME:
            return value.strip('"')
    return ""


def _bearer(header: str) -> str:
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _refuse(reason: str) -> NoReturn:
    log.debug("token_refused", reason=reason)
    raise MessagingError(Code.AUTH_INVALID, "the token is not accepted")
