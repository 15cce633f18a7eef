"""`/healthz` and `/readyz`: is the process alive, and can it do its work. For load balancers; open to everybody."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from litestar import route
from litestar.di import NamedDependency
from litestar.enums import HttpMethod
from litestar.params import SkipValidation

from ..messaging.errors import Code, MessagingError
from ..messaging.models import Wire
from .responses import open_refusals

READY_TIMEOUT_S = 2.0
#: Answered whatever else is refused: the process must not seem dead because it is busy, or stops in order.
LIVENESS = "/healthz"

#: Returns when the node can do its work, raises when it cannot.
Readiness = Callable[[], Awaitable[object]]

log = structlog.get_logger("stockent.http")


class Health(Wire, frozen=True):
    status: str


@route(LIVENESS, http_method=[HttpMethod.GET, HttpMethod.HEAD], tags=["health"], summary="Liveness")
async def alive() -> Health:
    return Health(status="ok")


@route(
    "/readyz",
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    tags=["health"],
    summary="Readiness: store, files and broker answer",
    responses=open_refusals(503),
)
async def ready(readiness: NamedDependency[SkipValidation[Readiness]]) -> Health:
    try:
        await asyncio.wait_for(readiness(), READY_TIMEOUT_S)
    except MessagingError as error:
        log.warning("not_ready", reason=error.message)
        raise
    except (TimeoutError, OSError) as error:
        log.warning("not_ready", reason=str(error) or type(error).__name__)
        reason = "no answer in time" if isinstance(error, TimeoutError) else "a part of the server failed"
        raise MessagingError(Code.STORE_UNAVAILABLE, f"not ready: {reason}") from None
    return Health(status="ready")
