"""What a batch of writes leaves to be told to the caches: made on the writer's thread, read on the event loop."""

from __future__ import annotations

from stockent.messaging.models import Message, Profile


class Traces:
    """Of one batch, or of one attempt within it. What an attempt changed and undid leaves no trace."""

    __slots__ = ("disabled", "failed", "messages", "people", "profiles", "revoked", "valid_from")

    def __init__(self) -> None:
        #: In order: a message as it is now, new or changed; None for anything else that changed in the conversation's
        #: messages or people.
        self.messages: list[tuple[str, Message | None]] = []
        #: Users who are shown differently from now on.
        self.people: set[str] = set()
        #: Profiles as they are stored now.
        self.profiles: dict[str, Profile] = {}
        self.disabled: dict[str, bool] = {}
        #: Users who were signed out: the second before which their tokens are void.
        self.valid_from: dict[str, int] = {}
        #: Tokens by `jti`, and when they expire; None for one that is forgotten.
        self.revoked: dict[str, int | None] = {}
        #: The batch was refused as a whole.
        self.failed = False

    def add(self, later: Traces) -> None:
        self.messages += later.messages
        self.people |= later.people
        self.profiles |= later.profiles
        self.disabled |= later.disabled
        self.valid_from |= later.valid_from
        self.revoked |= later.revoked
