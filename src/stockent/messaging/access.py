"""Verbs on who may come in: bar a user, end the life of tokens. HTTP's admin routes and the command line call them.

A role of ADMIN gives these and nothing else: of conversations an administrator sees their own. What is done holds for
every request from then on, and ends the sockets that live by it at once on this node, on others at their next check.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
import structlog
from msgspec import Meta

from .domain import Actor, Domain
from .errors import invalid, not_found
from .models import Id, Role
from .ports import Credential

#: How long a revoked token is remembered whose end nobody told.
REVOKED_FOR_S = 10 * 366 * 86_400
#: 9999-12-31T23:59:59Z, the last second that RFC 3339 can write.
MAX_EXPIRY = 253_402_300_799

#: A token's `jti` as it can be revoked: any text that fits.
TokenId = Annotated[str, Meta(min_length=1, max_length=255)]

log = structlog.get_logger("stockent.access")


def prove_admin(actor: Actor) -> None:
    """Others get the answer of an address that is not there."""
    if actor.role is not Role.ADMIN:
        raise not_found("address")


async def set_disabled(domain: Domain, actor: Actor, user_id: str, *, disabled: bool) -> None:
    """Bar a user, who need not have been seen yet, or let them in again."""
    prove_admin(actor)
    user_id = _id(user_id)
    await domain.store.set_disabled(user_id, disabled=disabled)
    log.info("user_disabled" if disabled else "user_enabled", user=user_id, by=actor.user_id)
    if disabled:
        domain.emitter.end_user(user_id)


async def sign_out(domain: Domain, actor: Actor, user_id: str) -> None:
    """Void every token that the user has; they may come back with one that is issued later."""
    prove_admin(actor)
    await _sign_out(domain, _id(user_id), int(domain.now()), by=actor.user_id)


async def sign_out_myself(domain: Domain, credential: Credential) -> None:
    """Void every token of one's own, this one too, even if its issuer's clock is ahead."""
    last = max(domain.now(), credential.issued_at or 0)
    await _sign_out(domain, credential.user_id, int(last), by=credential.user_id)


async def revoke_token(domain: Domain, actor: Actor, token_id: str, *, expires_at: int | None) -> None:
    """Void one token by its `jti`. `expires_at`: its `exp`, after which it is forgotten that it was revoked."""
    prove_admin(actor)
    try:
        msgspec.convert(token_id, TokenId)
    except msgspec.ValidationError as error:
        raise invalid("jti", str(error)) from None
    now = int(domain.now())
    if expires_at is not None and not 0 <= expires_at <= MAX_EXPIRY:
        raise invalid("exp", f"expected Unix seconds up to {MAX_EXPIRY}, got {expires_at}")
    await domain.store.revoke_token(
        token_id, expires_at=now + REVOKED_FOR_S if expires_at is None else expires_at
    )
    log.info("token_revoked", token_id=token_id, by=actor.user_id)
    domain.emitter.end_token(token_id)


async def _sign_out(domain: Domain, user_id: str, last: int, *, by: str) -> None:
    """`iat` counts whole seconds, so all of the last second goes: of its tokens none is provably later."""
    await domain.store.sign_out(user_id, before=last + 1)
    log.info("user_signed_out", user=user_id, by=by)
    domain.emitter.end_user(user_id)


def _id(user_id: str) -> str:
    try:
        return msgspec.convert(user_id, Id)
    except msgspec.ValidationError as error:
        raise invalid("userId", str(error)) from None
