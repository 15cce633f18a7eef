"""`/api/me/sessions` and `/api/admin`: ending the life of tokens, and who may come in at all."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, Router, delete, put
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath, JSONBody, QueryParameter, SkipValidation

from ..auth import Identity
from ..messaging import access
from ..messaging.commands import Command
from ..messaging.domain import Actor, Domain
from .responses import refusals
from .speaker import actor_of

GivenDomain = NamedDependency[SkipValidation[Domain]]
GivenActor = NamedDependency[SkipValidation[Actor]]


class SetAccess(Command, frozen=True):
    disabled: bool


async def for_admins(connection: ASGIConnection[Any, Identity, Any, Any], _: BaseRouteHandler) -> None:
    """Before the body is read: who is none learns nothing from a 422 either."""
    access.prove_admin(actor_of(connection.user))


@delete(
    "/me/sessions",
    tags=["users"],
    summary="Sign out everywhere",
    description="Voids every token of mine that was issued up to now, this one too, and ends its sockets.",
    responses=refusals(),
)
async def sign_out_myself(domain: GivenDomain, request: Request[Identity, Any, Any]) -> None:
    await access.sign_out_myself(domain, request.user.credential)


@put(
    "/users/{user_id:str}/access",
    status_code=204,
    summary="Disable a user, or let them in again",
    description="A disabled user's tokens are refused and their sockets end. The user need not be known yet.",
    responses=refusals(404, body=True),
)
async def set_access(
    domain: GivenDomain, actor: GivenActor, user_id: FromPath[str], data: JSONBody[SetAccess]
) -> None:
    await access.set_disabled(domain, actor, user_id, disabled=data.disabled)


@delete(
    "/users/{user_id:str}/sessions",
    summary="Sign a user out everywhere",
    description="Voids every token of theirs that was issued up to now, and ends its sockets.",
    responses=refusals(404, 422),
)
async def sign_out(domain: GivenDomain, actor: GivenActor, user_id: FromPath[str]) -> None:
    await access.sign_out(domain, actor, user_id)


@delete(
    "/tokens/{jti:str}",
    summary="Revoke one token by its jti",
    description="The token need not have been seen. Its sockets end.",
    responses=refusals(404, 422),
)
async def revoke_token(
    domain: GivenDomain,
    actor: GivenActor,
    jti: FromPath[str],
    exp: Annotated[
        int | None,
        QueryParameter(
            description="The token's exp: then it need not be remembered longer. Without it: for ten years."
        ),
    ] = None,
) -> None:
    await access.revoke_token(domain, actor, jti, expires_at=exp)


admin_router = Router(
    "/admin",
    tags=["administration"],
    guards=[for_admins],
    route_handlers=[set_access, sign_out, revoke_token],
)
