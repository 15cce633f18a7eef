"""Before the first fault: people, their tokens, and the conversations that they have with each other."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from stockent.check.passes import Issuer

from . import history, texts, wire
from .options import MAX_CONVERSATIONS_OF_USER, Options
from .requests import Requests
from .world import Talk, World

TOKEN_LIFE_S = 8 * 86_400
#: Asks for `/metrics` and says nothing.
WATCHER = "watcher"
LEAST_GROUP, MOST_GROUP = 3, 6
GROUP_SHARE = 0.5


class SettingFailed(Exception):
    """The server did not create what the run needs."""


def tokens(secret: str, users: int) -> dict[str, str]:
    issuer = Issuer(secret)
    return {f"u{number}": issuer.token(f"u{number}", life_s=TOKEN_LIFE_S) for number in range(1, users + 1)}


def watcher_token(secret: str) -> str:
    return Issuer(secret).token(WATCHER, role="ADMIN", life_s=TOKEN_LIFE_S)


async def converse(world: World, requests: Requests, options: Options) -> None:
    """Create the conversations. Raises `SettingFailed`."""
    for number, users in enumerate(_circles(world.rng, options), 1):
        word = texts.canary(world.rng)
        # The subject makes each one its own, also between the same people.
        body = {
            "participantIds": users[1:],
            "kind": "DIRECT" if len(users) == 2 else "GROUP",
            "subject": {"type": "torture", "id": f"c{number}", "title": f"Number {number}"},
        }
        status, answer = await requests.ask(
            world.port, world.tokens[users[0]], "POST", "/api/conversations", body
        )
        if status != 201:
            raise SettingFailed(f"POST /api/conversations: expected 201, got {status} {answer[:300]!r}")
        talk = Talk(f"c{number}", wire.decode_conversation(answer).id, word, users, len(users) > 2)
        world.add(talk)
        world.write(history.Opened(t=world.now(), c=talk.c, id=talk.id, canary=word, users=users))


def _circles(rng: Random, options: Options) -> Iterator[list[str]]:
    """Who talks with whom; each user has a conversation of two, which nobody can be removed from."""
    users = [f"u{number}" for number in range(1, options.users + 1)]
    count = dict.fromkeys(users, 0)
    alone = users.copy()
    rng.shuffle(alone)
    for _ in range(options.conversations):
        if alone:
            circle = [alone.pop(), alone.pop() if alone else rng.choice(users)]
            if circle[0] == circle[1]:
                circle[1] = next(user for user in users if user != circle[0])
        else:
            size = 2 if rng.random() >= GROUP_SHARE else rng.randint(LEAST_GROUP, MOST_GROUP)
            free = [user for user in users if count[user] < MAX_CONVERSATIONS_OF_USER]
            if len(free) < 2:
                return
            circle = rng.sample(free, min(size, len(free)))
        for user in circle:
            count[user] += 1
        yield circle
