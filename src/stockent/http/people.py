"""`/api/messages`, `/api/unread`, `/api/me` and `/api/users/{id}`. Each handler calls one verb."""

from __future__ import annotations

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation

from ..messaging import announce, conversations, reading, users
from ..messaging.commands import StartConversation, StartedAck
from ..messaging.domain import Actor, Domain
from ..messaging.models import Profile, Unread
from .responses import also, refusals

GivenDomain = NamedDependency[SkipValidation[Domain]]
GivenActor = NamedDependency[SkipValidation[Actor]]


@post(
    "/messages",
    tags=["messages"],
    summary="Send a first message, and create the conversation with it",
    responses=also(200, StartedAck, "A repeat: the stored message.") | refusals(409, 422),
)
async def start_conversation(
    domain: GivenDomain, actor: GivenActor, data: JSONBody[StartConversation]
) -> Response[StartedAck]:
    started = await conversations.start(domain, actor, data)
    sent = started.sent
    mine = announce.as_seen(sent.conversation, sent.counts[actor.user_id])
    return Response(
        StartedAck(conversation=mine, message=sent.message), status_code=200 if sent.repeated else 201
    )


@get(
    "/unread",
    tags=["messages"],
    summary="My unread messages, in all and by conversation",
    responses=refusals(),
)
async def unread_counts(domain: GivenDomain, actor: GivenActor) -> Unread:
    return await reading.unread(domain, actor)


@get("/me", tags=["users"], summary="My profile", responses=refusals())
async def my_profile(domain: GivenDomain, actor: GivenActor) -> Profile:
    return await users.profile(domain, actor, actor.user_id)


@get(
    "/users/{user_id:str}", tags=["users"], summary="Profile of somebody I talk with", responses=refusals(404)
)
async def user_profile(domain: GivenDomain, actor: GivenActor, user_id: FromPath[str]) -> Profile:
    return await users.profile(domain, actor, user_id)
