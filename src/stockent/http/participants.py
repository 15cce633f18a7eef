"""`/api/conversations/{cid}/participants`: who takes part in a group, and in which role."""

from __future__ import annotations

from litestar import Router, delete, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation

from ..messaging import groups
from ..messaging.commands import AddParticipants, SetGroupRole
from ..messaging.domain import Actor, Domain
from ..messaging.models import Conversation
from .responses import refusals

GivenDomain = NamedDependency[SkipValidation[Domain]]
GivenActor = NamedDependency[SkipValidation[Actor]]


@post(
    "/",
    status_code=200,
    summary="Add people to a group",
    description="For owners. Those who are there already are passed over.",
    responses=refusals(403, 404, body=True),
)
async def add_participants(
    domain: GivenDomain, actor: GivenActor, cid: FromPath[str], data: JSONBody[AddParticipants]
) -> Conversation:
    return await groups.add(domain, actor, cid, data)


@delete(
    "/{uid:str}",
    summary="Remove somebody from a group, or leave it",
    description="Oneself: leave. Removing others is for owners.",
    responses=refusals(403, 404, 422),
)
async def remove_participant(
    domain: GivenDomain, actor: GivenActor, cid: FromPath[str], uid: FromPath[str]
) -> None:
    if uid == actor.user_id:
        await groups.leave(domain, actor, cid)
    else:
        await groups.remove(domain, actor, cid, uid)


@patch(
    "/{uid:str}",
    summary="Make somebody an owner or a member",
    description="For owners. A group keeps at least one.",
    responses=refusals(403, 404, body=True),
)
async def set_group_role(
    domain: GivenDomain,
    actor: GivenActor,
    cid: FromPath[str],
    uid: FromPath[str],
    data: JSONBody[SetGroupRole],
) -> Conversation:
    return await groups.set_role(domain, actor, cid, uid, data.role)


router = Router(
    "/conversations/{cid:str}/participants",
    tags=["groups"],
    route_handlers=[add_participants, remove_participant, set_group_role],
)
