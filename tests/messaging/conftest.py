"""The domain on a real SQLite file, with sockets in memory, and the people of these stories."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from stockent.messaging import conversations, messages
from stockent.messaging.commands import CreateConversation, SendMessage
from stockent.messaging.domain import Actor, Domain
from stockent.messaging.models import Message
from stockent.store import open_store
from tests.gateway.clock import Clock
from tests.messaging.sockets import Sockets

ANN = Actor("ann", "Ann")
BOB = Actor("bob", "Bob")
CEM = Actor("cem", "Cem")
EVE = Actor("eve", "Eve")


@pytest.fixture
def sockets() -> Sockets:
    return Sockets()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def domain(tmp_path: Path, sockets: Sockets, clock: Clock) -> AsyncIterator[Domain]:
    store = open_store(f"sqlite:///{tmp_path}/stockent.db")
    await store.open()
    domain = Domain(store, sockets, now=clock.now, call_later=clock.call_later)
    yield domain
    await domain.presence.stop()
    await store.close()


@pytest.fixture
async def cid(domain: Domain) -> str:
    """Ann, Bob and Cem in one conversation, made before any socket listens."""
    body = CreateConversation(participant_ids=["bob", "cem"])
    return (await conversations.create(domain, ANN, body)).conversation.id


def new_client_id() -> str:
    return str(uuid.uuid4())


async def say(domain: Domain, actor: Actor, cid: str, content: str = "hello") -> Message:
    body = SendMessage(client_id=new_client_id(), content=content)
    return (await messages.send(domain, actor, cid, body)).message
