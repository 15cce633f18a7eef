"""The command that finds messages."""

from __future__ import annotations

from collections.abc import Mapping

from ..messaging import searching
from ..messaging.commands import SearchedAck, SearchMessages
from ..messaging.domain import Actor
from ..socketio import Socket
from .context import Context, Verb


async def search(context: Context, socket: Socket, actor: Actor, command: SearchMessages) -> SearchedAck:
    page = await searching.search(context.domain, actor, command)
    return SearchedAck(items=page.items, next_cursor=page.next_cursor)


VERBS: Mapping[str, Verb] = {"search_messages": search}
