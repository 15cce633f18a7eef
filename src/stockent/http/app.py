"""Puts the HTTP side together: browser rules around the API and the page. Called by the composition root and tests.

The order is: security headers and origins, then the API or the page by path, then for the API the token, then the
body. A request that fails one is not looked at by the next. What the API answers gets its ETag and content coding
before it comes back to the rules.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from importlib.resources.abc import Traversable

from litestar import Litestar
from litestar.datastructures import CacheControlHeader
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from ..auth import Authenticator
from ..messaging.attachments import Attachments
from ..messaging.domain import Domain
from .bodies import MAX_BODY_BYTES, ApiRequest
from .browsers import BrowserRules
from .demo_routes import Demo
from .description import description_routes
from .figures import Answered, CountsAnswers
from .health import Readiness
from .metrics import Metrics
from .problems import answer
from .representations import Representations
from .routes import given, open_routes, speaking_routes
from .site import Site
from .speaker import SpeakerMiddleware

API_PATHS = ("/api", "/healthz", "/readyz", "/metrics")


def create_app(
    domain: Domain,
    authenticator: Authenticator,
    attachments: Attachments,
    *,
    allowed_origins: Collection[str],
    files_origin: str | None = None,
    demo: Demo | None = None,
    readiness: Readiness | None = None,
    page_dir: Traversable | None = None,
    metrics: Metrics | None = None,
    answers: Counter[Answered] | None = None,
) -> ASGIApp:
    """Return the ASGI app of everything but Socket.IO.

    `allowed_origins` is the exact allow-list for browsers. `files_origin` is where links to files lead, None when files
    come from here. `readiness` is what `/readyz` asks, by default
    the store. `page_dir` holds the built page, by default the package's own. `metrics` is what `/metrics` shows to an
    admin; `answers` counts what was answered. The store need not be open yet.
    """
    api = Representations(
        create_api(domain, authenticator, attachments, demo=demo, readiness=readiness, metrics=metrics)
    )
    site = Site(page_dir)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or _is_api(scope["path"]):
            await api(scope, receive, send)
        else:
            await site(scope, receive, send)

    rules = BrowserRules(app, origins=allowed_origins, files_origin=files_origin)
    return rules if answers is None else CountsAnswers(rules, answers)


def create_api(
    domain: Domain,
    authenticator: Authenticator,
    attachments: Attachments,
    *,
    demo: Demo | None = None,
    readiness: Readiness | None = None,
    metrics: Metrics | None = None,
) -> Litestar:
    """Return the API alone, without the rules for browsers; its `routes` are the whole route table."""

    def speaker(app: ASGIApp) -> SpeakerMiddleware:
        """A closure, because Litestar copies a router deeply with all that it holds, but functions as they are."""
        return SpeakerMiddleware(app, domain=domain, authenticator=authenticator)

    return Litestar(
        route_handlers=[speaking_routes([speaker]), open_routes(), description_routes()],
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
