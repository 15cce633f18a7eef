"""How much a socket may ask: what each command counts as, and the end of a socket that does not stop asking."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from ..messaging.domain import Actor
from ..messaging.errors import Code
from ..rates import Limit, Rates, address_key
from ..socketio import Socket

log = structlog.get_logger("stockent.gateway")

#: What a command counts as, besides one of `commands`. A test demands a line for each command.
COMMAND_LIMITS: Mapping[str, Limit | None] = {
    "join_conversation": None,
    "leave_conversation": None,
    "send_message": Limit.MESSAGES,
    "edit_message": Limit.CHANGES,
    "delete_message": Limit.CHANGES,
    "message_history": None,
    "add_reaction": Limit.CHANGES,
    "remove_reaction": Limit.CHANGES,
    "mark_read": Limit.SIGNALS,
    "mark_delivered": Limit.SIGNALS,
    "typing_start": Limit.SIGNALS,
    "typing_stop": Limit.SIGNALS,
    "set_presence": Limit.SIGNALS,
    "watch_presence": Limit.SIGNALS,
    "change_settings": Limit.SIGNALS,
    "create_conversation": Limit.CONVERSATIONS,
    "change_conversation": Limit.CHANGES,
    "change_personal": Limit.CHANGES,
    "close_conversation": Limit.CHANGES,
    "reopen_conversation": Limit.CHANGES,
    "delete_conversation": Limit.CHANGES,
    "add_participants": Limit.CHANGES,
    "remove_participant": Limit.CHANGES,
    "set_group_role": Limit.CHANGES,
    "leave_group": Limit.CHANGES,
    "search_messages": Limit.SEARCHES,
    "resume": None,
    "refresh_token": None,
}
#: Refusals that a well-made client sees seldom.
_OFFENCES = frozenset({Code.RATE_LIMITED, Code.INVALID, Code.UNKNOWN_COMMAND})


class Pacing:
    """One for each gateway."""

    def __init__(self, rates: Rates) -> None:
        self._rates = rates

    def enter(self, socket: Socket, actor: Actor, command: str) -> None:
        """Count a command, known or not, before anything of it is looked at. Raises `RATE_LIMITED`."""
        rates = self._rates
        rates.take(Limit.CONNECTION_COMMANDS, socket.id)
        kind = COMMAND_LIMITS.get(command)
        place = address_key(socket.request.address)
        rates.enter(Limit.COMMANDS, kind, user_id=actor.user_id, place=place)

    def refused(self, socket: Socket, actor: Actor, code: Code) -> None:
        """Count a refusal; the one that is too many ends the socket."""
        if code is Code.NOT_FOUND:
            self._rates.missed(user_id=actor.user_id, place=address_key(socket.request.address))
        elif code in _OFFENCES and self._rates.runs_out(Limit.CONNECTION_REFUSALS, socket.id):
            log.warning("flood_ended", socket=socket.id, user=actor.user_id, address=socket.request.address)
            socket.disconnect(close=True)

    def forget(self, socket: Socket) -> None:
        self._rates.forget(Limit.CONNECTION_COMMANDS, socket.id)
        self._rates.forget(Limit.CONNECTION_REFUSALS, socket.id)
