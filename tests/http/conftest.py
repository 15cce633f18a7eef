"""The real HTTP side over a real SQLite store, spoken to as its ASGI app; `heard` holds what was emitted."""

from __future__ import annotations

import asyncio
import shutil
import socket
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from stockent.auth import Authenticator, mint
from stockent.config import DATABASE_NAME, Settings
from stockent.files.folder import FolderBlobs
from stockent.http import create_app
from stockent.http.figures import Answered
from stockent.inspecting import MediaInspector
from stockent.media.worker import MediaWorkers
from stockent.messaging.attachments import Attachments
from stockent.messaging.domain import Domain
from stockent.messaging.models import Profile
from stockent.store import migrate, open_store
from tests.waiting import poll_until

SECRET = "4f1c9a77d1e84b0c9c53b8f0a2e6d7c1"
ORIGIN = "http://shop.example"


class Heard:
    """An emitter that keeps what it is given, as (event, rooms)."""

    def __init__(self) -> None:
        self.events: list[tuple[str, tuple[str, ...]]] = []

    def emit(
        self, event: str, payload: object, *, to: Sequence[str], except_rooms: Sequence[str] = ()
    ) -> None:
        self.events.append((event, tuple(to)))

    def reaches(self, rooms: Sequence[str], *, except_rooms: Sequence[str] = ()) -> bool:
        return True

    def end_user(self, user_id: str) -> None:
        self.events.append(("end_user", (user_id,)))

    def end_token(self, token_id: str) -> None:
        self.events.append(("end_token", (token_id,)))

    def leave_room(self, room: str, *, members_of: str) -> None:
        pass

    def close_room(self, room: str) -> None:
        self.events.append(("close_room", (room,)))


@dataclass
class Web:
    """The app and the people who use it."""

    app: Any
    settings: Settings
    domain: Domain
    attachments: Attachments
    heard: Heard
    answers: Counter[Answered]
    _open: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def anonymous(self, **headers: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:5001", headers=headers)
        return await self._open.enter_async_context(client)

    async def user(self, user_id: str, **headers: str) -> httpx.AsyncClient:
        """A client whose every request carries a token of `user_id`."""
        return await self.anonymous(**{"authorization": f"Bearer {self.token(user_id)}", **headers})

    def token(self, user_id: str, *, ttl_s: float = 3600, **profile: Any) -> str:
        claims = {"name": user_id.title(), "company_name": f"{user_id.title()} Ltd", **profile}
        assert self.settings.jwt_secret is not None
        return mint(self.settings.jwt_secret, Profile(id=user_id, **claims), ttl_s)

    async def close(self) -> None:
        await self._open.aclose()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.load({"JWT_SECRET": SECRET, "DATA_DIR": str(tmp_path), "SOCKET_CORS_ORIGIN": ORIGIN})


@pytest.fixture
def page_dir(tmp_path: Path) -> Path:
    """A page as Vite builds it, small."""
    page = tmp_path / "page"
    (page / "assets").mkdir(parents=True)
    (page / "demo").mkdir()
    (page / "index.html").write_text("<!doctype html><title>Messages</title>" + " " * 2_000)
    (page / "assets" / "index-a1b2c3.js").write_text("console.log('hello');\n" * 200)
    (page / "demo" / "cotton-yarn.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    return page


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of the newest schema, to copy: migrating takes longer than most of these tests."""
    return migrate(f"sqlite:///{tmp_path_factory.mktemp('empty') / 'store.db'}")


@pytest.fixture
async def domain(settings: Settings, empty_store: Path) -> AsyncIterator[Domain]:
    shutil.copy(empty_store, settings.data_dir / DATABASE_NAME)
    store = open_store(settings.database_url)
    await store.open()
    yield Domain(store, Heard())
    await store.close()


@pytest.fixture
async def attachments(settings: Settings, domain: Domain) -> AsyncIterator[Attachments]:
    blobs, workers = FolderBlobs(settings.files_dir, reserve_bytes=0), MediaWorkers()
    await blobs.open()
    yield Attachments(domain, blobs, MediaInspector(workers))
    await workers.close()
    await blobs.close()


@pytest.fixture
async def web(
    settings: Settings, domain: Domain, attachments: Attachments, page_dir: Path
) -> AsyncIterator[Web]:
    answers: Counter[Answered] = Counter()
    app = create_app(
        domain,
        Authenticator(settings),
        attachments,
        allowed_origins=settings.allowed_origins(),
        page_dir=page_dir,
        metrics=lambda: b"stockent_sockets 1.0\n",
        answers=answers,
    )
    assert isinstance(domain.emitter, Heard)
    web = Web(app, settings, domain, attachments, domain.emitter, answers)
    yield web
    await web.close()


@dataclass
class Wire:
    """One connection to the app under uvicorn."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def head(self) -> str:
        return (await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 5)).decode()

    async def rest(self) -> bytes:
        """Everything until the server closes."""
        return await asyncio.wait_for(self.reader.read(), 5)


@pytest.fixture
async def port(web: Web) -> AsyncIterator[int]:
    config = uvicorn.Config(web.app, http="httptools", lifespan="off", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        await poll_until(lambda: server.started)
        yield listening.getsockname()[1]
        server.should_exit = True
        await serving


@pytest.fixture
async def wire(port: int) -> AsyncIterator[Wire]:
    wire = Wire(*await asyncio.open_connection("127.0.0.1", port))
    yield wire
    wire.writer.close()
    await wire.writer.wait_closed()


@dataclass(frozen=True)
class Talk:
    """A conversation of Ana and Bo about a product, with one message of Ana's; Mallory is not in it."""

    ana: httpx.AsyncClient
    bo: httpx.AsyncClient
    mallory: httpx.AsyncClient
    id: str
    message_id: str


CANARY = "canary-2f6f0c"
SUBJECT = {"type": "product", "id": "yarn-30", "title": "Cotton yarn"}


def client_id() -> str:
    return str(uuid.uuid4())


@pytest.fixture
async def talk(web: Web) -> Talk:
    ana, bo, mallory = [await web.user(name) for name in ("ana", "bo", "mallory")]
    started = await ana.post(
        "/api/messages",
        json={"recipientId": "bo", "clientId": client_id(), "content": CANARY, "subject": SUBJECT},
    )
    assert started.status_code == 201
    made = started.json()
    web.heard.events.clear()
    return Talk(ana, bo, mallory, made["conversation"]["id"], made["message"]["id"])


def assert_problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Every refusal has one shape; returns its body."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert {"type", "title", "status", "detail", "code", "retryable"} <= body.keys()
    assert (body["status"], body["code"]) == (status, code)
    return body
