"""`/api/conversations`: conversations, their messages and read marks. Each handler calls one verb."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, Router, delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter, SkipValidation

from ..messaging import announce, conversations, messages, personal, reactions, reading
from ..messaging.commands import (
    ChangeConversation,
    ChangePersonal,
    CreateConversation,
    EditMessage,
    MarkRead,
    React,
    ReadState,
    SendMessage,
)
from ..messaging.domain import Actor, Domain
from ..messaging.models import (
    DEFAULT_PAGE_CONVERSATIONS,
    DEFAULT_PAGE_MESSAGES,
    MAX_PAGE,
    MAX_TITLE_CHARS,
    Conversation,
    ConversationPage,
    ConversationStatus,
    Message,
    MessageHistory,
    MessagePage,
)
from .representations import REVALIDATED
from .responses import also, refusals

MAX_CURSOR_CHARS = 512
MAX_SEQ = 2**53 - 1

GivenDomain = NamedDependency[SkipValidation[Domain]]
GivenActor = NamedDependency[SkipValidation[Actor]]
Limit = Annotated[int, QueryParameter(ge=1, le=MAX_PAGE, description="At most this many.")]
Bound = Annotated[int | None, QueryParameter(ge=0, le=MAX_SEQ)]


@post(
    "/",
    summary="Create a conversation",
    description="The same people and subject give the existing one with 200.",
    responses=also(200, Conversation, "It was there already.") | refusals(body=True),
)
async def create_conversation(
    domain: GivenDomain, actor: GivenActor, data: JSONBody[CreateConversation]
) -> Response[Conversation]:
    created = await conversations.create(domain, actor, data)
    mine = announce.as_seen(created.conversation, created.views[actor.user_id], actor.user_id)
    return Response(mine, status_code=200 if created.repeated else 201)


@get(
    "/",
    summary="List my conversations, pinned ones first, then newest activity",
    responses=refusals(422),
    cache_control=REVALIDATED,
)
async def list_conversations(
    domain: GivenDomain,
    actor: GivenActor,
    cursor: Annotated[str | None, QueryParameter(max_length=MAX_CURSOR_CHARS)] = None,
    limit: Limit = DEFAULT_PAGE_CONVERSATIONS,
    status: Annotated[ConversationStatus | None, QueryParameter()] = None,
    unread: Annotated[bool | None, QueryParameter(description="Only with, or only without, unread.")] = None,
    archived: Annotated[
        bool | None, QueryParameter(description="The archived ones instead of the others.")
    ] = None,
    q: Annotated[str | None, QueryParameter(max_length=MAX_TITLE_CHARS)] = None,
) -> ConversationPage:
    return await conversations.listing(
        domain,
        actor,
        cursor=cursor or None,
        limit=limit,
        status=status,
        unread=unread,
        archived=bool(archived),
        q=q,
    )


@get("/{cid:str}", summary="One conversation", responses=refusals(404), cache_control=REVALIDATED)
async def get_conversation(domain: GivenDomain, actor: GivenActor, cid: FromPath[str]) -> Conversation:
    return await conversations.get(domain, actor, cid)


@patch("/{cid:str}", summary="Close, reopen or rename", responses=refusals(404, body=True))
async def change_conversation(
    domain: GivenDomain, actor: GivenActor, cid: FromPath[str], data: JSONBody[ChangeConversation]
) -> Conversation:
    return await conversations.change(domain, actor, cid, data)


@delete("/{cid:str}", summary="Delete a conversation for everyone", responses=refusals(404))
async def delete_conversation(domain: GivenDomain, actor: GivenActor, cid: FromPath[str]) -> None:
    await conversations.delete(domain, actor, cid)


@get(
    "/{cid:str}/messages",
    summary="Messages by seq, oldest first",
    responses=refusals(404, 422),
    cache_control=REVALIDATED,
)
async def list_messages(
    domain: GivenDomain,
    actor: GivenActor,
    cid: FromPath[str],
    before: Bound = None,
    after: Bound = None,
    around: Bound = None,
    limit: Limit = DEFAULT_PAGE_MESSAGES,
) -> MessagePage:
    return await messages.page(domain, actor, cid, before=before, after=after, around=around, limit=limit)


@post(
    "/{cid:str}/messages",
    summary="Send a message",
    description="The same clientId again gives the stored message with 200 and sends nothing.",
    responses=also(200, Message, "A repeat: the stored message.") | refusals(404, 409, body=True),
)
async def send_message(
    domain: GivenDomain, actor: GivenActor, cid: FromPath[str], data: JSONBody[SendMessage]
) -> Response[Message]:
    sent = await messages.send(domain, actor, cid, data)
    return Response(sent.message, status_code=200 if sent.repeated else 201)


@patch(
    "/{cid:str}/messages/{mid:str}", summary="Edit my message", responses=refusals(403, 404, 409, body=True)
)
async def edit_message(
    domain: GivenDomain,
    actor: GivenActor,
    cid: FromPath[str],
    mid: FromPath[str],
    data: JSONBody[EditMessage],
) -> Message:
    return await messages.edit(domain, actor, cid, mid, data)


@delete(
    "/{cid:str}/messages/{mid:str}",
    status_code=200,
    summary="Delete my message",
    description="Its place stays, without its text.",
    responses=refusals(403, 404),
)
async def delete_message(
    domain: GivenDomain, actor: GivenActor, cid: FromPath[str], mid: FromPath[str]
) -> Message:
    return await messages.delete(domain, actor, cid, mid)


@get(
    "/{cid:str}/messages/{mid:str}/history",
    summary="Every text that a message had",
    responses=refusals(404, 409),
    cache_control=REVALIDATED,
)
async def message_history(
    domain: GivenDomain, actor: GivenActor, cid: FromPath[str], mid: FromPath[str]
) -> MessageHistory:
    return await reactions.history(domain, actor, cid, mid)


@put(
    "/{cid:str}/messages/{mid:str}/reactions",
    summary="Give my reaction",
    description="The same again changes nothing.",
    responses=refusals(404, 409, body=True),
)
async def add_reaction(
    domain: GivenDomain, actor: GivenActor, cid: FromPath[str], mid: FromPath[str], data: JSONBody[React]
) -> Message:
    return await reactions.react(domain, actor, cid, mid, data.emoji, present=True)


@delete(
    "/{cid:str}/messages/{mid:str}/reactions/{emoji:str}",
    status_code=200,
    summary="Take my reaction back",
    responses=refusals(404, 409, 422),
)
async def remove_reaction(
    domain: GivenDomain, actor: GivenActor, cid: FromPath[str], mid: FromPath[str], emoji: FromPath[str]
) -> Message:
    return await reactions.react(domain, actor, cid, mid, emoji, present=False)


@patch(
    "/{cid:str}/personal",
    summary="Pin, mute, archive or mark as unread, for myself",
    responses=refusals(404, body=True),
)
async def change_personal(
    domain: GivenDomain, actor: GivenActor, cid: FromPath[str], data: JSONBody[ChangePersonal]
) -> Conversation:
    return await personal.change(domain, actor, cid, data)


@put("/{cid:str}/read", summary="Read up to a position", responses=refusals(404, body=True))
async def mark_read(
    domain: GivenDomain, actor: GivenActor, cid: FromPath[str], data: JSONBody[MarkRead]
) -> ReadState:
    return await reading.mark_read(domain, actor, cid, data.seq)


router = Router(
    "/conversations",
    tags=["conversations"],
    route_handlers=[
        create_conversation,
        list_conversations,
        get_conversation,
        change_conversation,
        delete_conversation,
        list_messages,
        send_message,
        edit_message,
        delete_message,
        message_history,
        add_reaction,
        remove_reaction,
        change_personal,
        mark_read,
    ],
)
