"""May a lost socket's rooms be given back: access to each is proved again, as if it were joined now.

What ended access while the socket was lost took it out of the room, as it does with a connected one; that is in order.
A room that it is still in without a right to it tells that something else ended the right: then nothing is given back.
"""

from __future__ import annotations

from ..messaging.errors import MessagingError
from ..messaging.events import conversation_room, presence_room, user_room
from ..messaging.ports import Store
from ..socketio import Lost

_CONVERSATION, _WATCHED = conversation_room(""), presence_room("")


async def may_return(store: Store, user_id: str, lost: Lost) -> bool:
    """Only if every room that `lost` is in at the end is one that this user may be in. Changes nothing."""
    proved = {user_room(user_id)}
    watched = []
    # What is left meanwhile is left; nothing is joined meanwhile.
    for room in tuple(lost.rooms or ()):
        if room.startswith(_CONVERSATION):
            if await _may_see(store, user_id, room.removeprefix(_CONVERSATION)):
                proved.add(room)
        elif room.startswith(_WATCHED):
            watched.append(room.removeprefix(_WATCHED))
    try:
        known = await store.acquaintances(user_id, watched) if watched else ()
    except MessagingError:
        return False
    proved.update(map(presence_room, known))
    return proved.issuperset(lost.rooms or ())


async def _may_see(store: Store, user_id: str, conversation_id: str) -> bool:
    try:
        await store.check_access(conversation_id, user_id=user_id)
    except MessagingError:
        return False
    return True
