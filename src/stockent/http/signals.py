"""`/api/delivered`, `/api/me/settings` and `/api/presence`: the commands of a socket for those who have none."""

from __future__ import annotations

from typing import Annotated

from litestar import get, patch, put
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter, SkipValidation

from ..messaging import receipts, settings
from ..messaging.commands import MAX_WATCHED, ChangeSettings, MarkDeliveredCommand, WatchPresence
from ..messaging.decoding import decode
from ..messaging.domain import Actor, Domain
from ..messaging.models import MAX_ID_CHARS, Presences, UserSettings
from .responses import refusals

GivenDomain = NamedDependency[SkipValidation[Domain]]
GivenActor = NamedDependency[SkipValidation[Actor]]


@put(
    "/delivered",
    tags=["conversations"],
    status_code=204,
    summary="What has come to my device, up to a position in each conversation",
    responses=refusals(body=True),
)
async def mark_delivered(
    domain: GivenDomain, actor: GivenActor, data: JSONBody[MarkDeliveredCommand]
) -> None:
    await receipts.mark_delivered(domain, actor, data.conversations)


@get("/me/settings", tags=["users"], summary="What I let others know", responses=refusals())
async def my_settings(domain: GivenDomain, actor: GivenActor) -> UserSettings:
    return await settings.settings(domain, actor)


@patch("/me/settings", tags=["users"], summary="Change what I let others know", responses=refusals(body=True))
async def change_settings(
    domain: GivenDomain, actor: GivenActor, data: JSONBody[ChangeSettings]
) -> UserSettings:
    return await settings.change(domain, actor, data)


@get(
    "/presence",
    tags=["users"],
    summary="Who is there, of those with whom I share a conversation",
    responses=refusals(422),
)
async def list_presences(
    domain: GivenDomain,
    actor: GivenActor,
    user_ids: Annotated[
        str,
        QueryParameter(
            name="userIds",
            max_length=MAX_WATCHED * (MAX_ID_CHARS + 1),
            description=f"Up to {MAX_WATCHED} ids with commas between. Who shares no conversation is left out.",
        ),
    ] = "",
) -> Presences:
    asked = decode(WatchPresence, {"userIds": user_ids.split(",") if user_ids else []})
    return Presences(presences=await domain.presence.watch(actor, asked.user_ids))
