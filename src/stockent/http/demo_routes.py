"""`/api/demo`: who one can be in the demo, and tokens for them. Not found unless the server runs as a demo."""

from __future__ import annotations

from typing import Any, Protocol

from litestar import Request, Router, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, SkipValidation

from ..auth import Authenticator, identify, token_from_request
from ..messaging.commands import Command
from ..messaging.domain import Domain
from ..messaging.errors import not_found
from ..messaging.models import Id, Profile, Wire
from .representations import SECRET
from .responses import open_refusals


class DemoPeople(Wire, frozen=True):
    people: list[Profile]


class DemoLogin(Command, frozen=True):
    user_id: Id


class DemoSession(Wire, frozen=True):
    token: str
    user: Profile
    expires_at: str


class Demo(Protocol):
    """What the routes need of a demo; `stockent.demo` has it."""

    @property
    def people(self) -> tuple[Profile, ...]: ...

    def login(self, user_id: str) -> tuple[str, Profile, str]:
        """Return a new token, its user and when it expires; raises `not_found` for others than the demo's people."""
        ...


GivenDemo = NamedDependency[SkipValidation[Demo | None]]


@get("/", summary="The people of the demo", responses=open_refusals(404))
async def demo_people(demo: GivenDemo) -> DemoPeople:
    return DemoPeople(people=list(_running(demo).people))


@post(
    "/login",
    status_code=200,
    summary="A token for one of them",
    responses=open_refusals(400, 404, 422),
    cache_control=SECRET,
)
async def demo_login(demo: GivenDemo, data: JSONBody[DemoLogin]) -> DemoSession:
    return _session(_running(demo), data.user_id)


@post(
    "/refresh",
    status_code=200,
    summary="A new token for the holder of one",
    responses=open_refusals(401, 404),
    cache_control=SECRET,
)
async def demo_refresh(
    request: Request[Any, Any, Any],
    demo: GivenDemo,
    domain: NamedDependency[SkipValidation[Domain]],
    authenticator: NamedDependency[SkipValidation[Authenticator]],
) -> DemoSession:
    running = _running(demo)
    token = token_from_request(None, request.headers.get("authorization"))
    identity = await identify(authenticator, domain.store, token)
    return _session(running, identity.profile.id)


def _running(demo: Demo | None) -> Demo:
    if demo is None:
        raise not_found("address")
    return demo


def _session(demo: Demo, user_id: str) -> DemoSession:
    token, user, expires_at = demo.login(user_id)
    return DemoSession(token=token, user=user, expires_at=expires_at)


router = Router("/demo", tags=["demo"], route_handlers=[demo_people, demo_login, demo_refresh])
