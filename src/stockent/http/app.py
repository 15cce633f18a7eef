"""Puts the HTTP side together: browser rules around the API and the page. Called by the composition root and tests.

The order is: security headers and origins, whether the server stops, whether there is room, then the API or the page by
path, then for the API the token, then how much its user has asked already, then the body. A request that fails one is
not looked at by the next. What the API answers gets its ETag and content coding before it comes back to the rules.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from importlib.resources.abc import Traversable

from litestar import Litestar
from litestar.datastructures import CacheControlHeader
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from ..auth import Authenticator
from ..messaging.attachments import Attachments
from ..messaging.domain import Domain
from ..rates import Rates
from .bodies import MAX_BODY_BYTES, ApiRequest
from .browsers import BrowserRules
from .demo_routes import Demo
from .description import description_routes
from .figures import Answered, CountsAnswers
from .health import LIVENESS, Readiness
from .metrics import Metrics
from .problems import answer
from .representations import Representations
from .routes import given, open_routes, speaking_routes
from .site import Site
from .speaker import SpeakerMiddleware
from .stopping import Stopping
from .throttling import Anonymous, InFlight

API_PATHS = ("/api", LIVENESS, "/readyz", "/metrics")


def create_app(
    domain: Domain,
    authenticator: Authenticator,
    attachments: Attachments,
    *,
    allowed_origins: Collection[str],
    files_origin: str | None = None,
    demo: Demo | None = None,
    readiness: Readiness | None = None,
    rates: Rates | None = None,
    page_dir: Traversable | None = None,
    is_stopping: Callable[[], bool] = bool,
    metrics: Metrics | None = None,
    answers: Counter[Answered] | None = None,
) -> ASGIApp:
    """Return the ASGI app of everything but Socket.IO.

    `allowed_origins` is the exact allow-list for browsers. `files_origin` is where links to files lead, None when files
    come from here. `rates` count, by default as the table says. `readiness` is what `/readyz` asks, by default
    the store. `page_dir` holds the built page, by default the package's own. `is_stopping` is asked with each request.
    `metrics` is what `/metrics` shows to an admin; `answers` counts what was answered. The store need not be open yet.
    """
    rates = rates or Rates()
    api = Representations(
        create_api(
            domain,
            authenticator,
            attachments,
            demo=demo,
            readiness=readiness,
            rates=rates,
            metrics=metrics,
        )
    )
    site = Anonymous(Site(page_dir), rates)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or _is_api(scope["path"]):
            await api(scope, receive, send)
        else:
            await site(scope, receive, send)

    serving = Stopping(InFlight(app, rates), is_stopping)
    rules = BrowserRules(serving, origins=allowed_origins, files_origin=files_origin)
    return rules if answers is None else CountsAnswers(rules, answers)


def create_api(
    domain: Domain,
    authenticator: Authenticator,
    attachments: Attachments,
    *,
    demo: Demo | None = None,
    readiness: Readiness | None = None,
    rates: Rates | None = None,
    metrics: Metrics | None = None,
) -> Litestar:
    """Return the API alone, without the rules for browsers; its `routes` are the whole route table."""
    given_rates = rates or Rates()

    # Closures, because Litestar copies a router deeply with all that it holds, but functions as they are.
    def speaker(app: ASGIApp) -> SpeakerMiddleware:
        return SpeakerMiddleware(app, domain=domain, authenticator=authenticator, rates=given_rates)

    def anonymous(app: ASGIApp) -> Anonymous:
        return Anonymous(app, given_rates)

    return Litestar(
        route_handlers=[
            speaking_routes([speaker]),
            open_routes([anonymous]),
            description_routes([anonymous]),
        ],
        dependencies=given(
            domain=domain,
            attachments=attachments,
            authenticator=authenticator,
            demo=demo,
            readiness=readiness or domain.store.ping,
            metrics=metrics,
        ),
        exception_handlers={Exception: answer},
        request_class=ApiRequest,
        request_max_body_size=MAX_BODY_BYTES,
        cache_control=CacheControlHeader(no_store=True),
        openapi_config=None,
        logging_config=None,
    )


def _is_api(path: str) -> bool:
    return path in API_PATHS or path.startswith("/api/")
