"""The replaced stack's database: its schema, and what the HTTP workloads find in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from . import postgres, requests
from .toolchain import HERE
from .workloads import Workload

SCRIPTS = HERE / "peers" / "replaced"


def create_schema(database: postgres.Database) -> None:
    postgres.execute(database, (SCRIPTS / "schema.sql").read_text())


def environment(database: postgres.Database, secret: str) -> dict[str, str]:
    return {**database.environment, "NODE_ENV": "production", "JWT_SECRET": secret}


def identities(
    database: postgres.Database, token: Callable[[str], str], workload: Workload, sockets: int
) -> str:
    """The load generator's input: a line for each socket, its token and its conversation.

    A conversation has two people. Where more sockets share one, all but the last are devices of the first, so that a
    message is one notification there too.
    """
    if not workload.joins:
        return "".join(f"{token(f'user-{number}')} -\n" for number in range(sockets))
    size = min(workload.group_of, sockets)
    rows = postgres.execute(database, (SCRIPTS / "pairs.sql").read_text(), pairs=sockets // size)
    lines = []
    for buyer, seller, conversation_id in rows:
        speakers = [token(buyer)] * (size - 1) + [token(seller)]
        lines += [f"{speaker} {conversation_id}\n" for speaker in speakers]
    return "".join(lines)


def fill(database: postgres.Database, token: Callable[[str], str]) -> list[requests.Person]:
    """Store the data set of the HTTP workloads, once for a database; who may ask for what is returned."""
    rows = postgres.execute(
        database,
        (SCRIPTS / "fill.sql").read_text(),
        users=requests.USERS,
        nearest=requests.CONVERSATIONS // 2,
        messages=requests.MESSAGES,
        text_chars=len(requests.TEXT),
    )
    mine: dict[str, list[str]] = defaultdict(list)
    for buyer, seller, conversation_id in rows:
        mine[buyer].append(conversation_id)
        mine[seller].append(conversation_id)
    return [requests.Person(token(user), ids) for user, ids in mine.items()]
