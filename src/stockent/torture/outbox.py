"""The outbox of a device: what it wants to say until the server has acked or refused it. It survives every crash."""

from __future__ import annotations

from typing import NamedTuple

from .world import Talk


class Draft(NamedTuple):
    client_id: str
    talk: Talk
    content: str
    digest: int

    def argument(self) -> dict[str, str]:
        return {"conversationId": self.talk.id, "clientId": self.client_id, "content": self.content}


class Outbox:
    """In the order of writing. What is under way is not sent again until its fate is known to be unknown."""

    def __init__(self) -> None:
        self._drafts: dict[str, Draft] = {}
        self._to_send: dict[str, Draft] = {}

    def __len__(self) -> int:
        return len(self._drafts)

    def __contains__(self, client_id: str) -> bool:
        return client_id in self._drafts

    def put(self, draft: Draft) -> None:
        """Keep it, as under way."""
        self._drafts[draft.client_id] = draft

    def settle(self, client_id: str) -> None:
        self._drafts.pop(client_id, None)
        self._to_send.pop(client_id, None)

    def again(self, draft: Draft) -> None:
        """One more try is wanted, unless it was settled meanwhile."""
        if draft.client_id in self._drafts:
            self._to_send[draft.client_id] = draft

    def all_again(self) -> None:
        """The connection is new: nothing is under way."""
        self._to_send = dict(self._drafts)

    def next(self) -> Draft | None:
        """What is to be sent again now, oldest first."""
        if not self._to_send:
            return None
        return self._to_send.pop(next(iter(self._to_send)))
