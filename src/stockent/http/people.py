"""`/api/messages`, `/api/unread`, `/api/me`, `/api/users/{id}` and `/api/session`."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation

from ..auth import Authenticator, identify, token_from_request
from ..messaging import announce, conversations, reading, users
from ..messaging.commands import StartConversation, StartedAck
from ..messaging.domain import Actor, Domain
from ..messaging.errors import MessagingError
from ..messaging.models import Profile, Unread, Wire
from .demo_routes import GivenDemo
from .representations import REVALIDATED
from .responses import also, open_refusals, refusals

GivenDomain = NamedDependency[SkipValidation[Domain]]
GivenActor = NamedDependency[SkipValidation[Actor]]


class Session(Wire, frozen=True):
    """Who the request speaks for, null for nobody; and whether this server is a demo."""

    user: Profile | None
    demo: bool


@post(
    "/messages",
    tags=["messages"],
    summary="Send a first message, and create the conversation with it",
    responses=also(200, StartedAck, "A repeat: the stored message.") | refusals(404, 409, body=True),
)
async def start_conversation(
    domain: GivenDomain, actor: GivenActor, data: JSONBody[StartConversation]
) -> Response[StartedAck]:
    started = await conversations.start(domain, actor, data)
    sent = started.sent
    mine = announce.as_seen(sent.conversation, sent.views[actor.user_id], actor.user_id)
    return Response(
        StartedAck(conversation=mine, message=sent.message), status_code=200 if sent.repeated else 201
    )


@get(
    "/unread",
    tags=["messages"],
    summary="My unread messages, in all and by conversation",
    responses=refusals(),
    cache_control=REVALIDATED,
)
async def unread_counts(domain: GivenDomain, actor: GivenActor) -> Unread:
    return await reading.unread(domain, actor)


@get("/me", tags=["users"], summary="My profile", responses=refusals(), cache_control=REVALIDATED)
async def my_profile(domain: GivenDomain, actor: GivenActor) -> Profile:
    return await users.profile(domain, actor, actor.user_id)


@get(
    "/users/{user_id:str}",
    tags=["users"],
    summary="Profile of somebody I talk with",
    responses=refusals(404),
    cache_control=REVALIDATED,
)
async def user_profile(domain: GivenDomain, actor: GivenActor, user_id: FromPath[str]) -> Profile:
    return await users.profile(domain, actor, user_id)


@get("/session", tags=["users"], summary="Who I am, if anybody: never refused", responses=open_refusals())
async def session(
    request: Request[Any, Any, Any],
    domain: GivenDomain,
    demo: GivenDemo,
    authenticator: NamedDependency[SkipValidation[Authenticator]],
) -> Session:
    """What a page asks first: unlike `/api/me` it is no error, and no line on a browser's console, to be nobody."""
    token = token_from_request(request.headers.get("cookie"), request.headers.get("authorization"))
    try:
        user: Profile | None = (await identify(authenticator, domain.store, token)).profile
    except MessagingError as refusal:
        if refusal.status != 401:
            raise
        user = None
    return Session(user=user, demo=demo is not None)
