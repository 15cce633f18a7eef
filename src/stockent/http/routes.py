"""The table of API routes, in two halves: those that need a speaker, and those open to everybody.

A route is reachable only if it stands here; one in `speaking_routes` cannot forget the token, because the router's
middleware asks for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Router
from litestar.di import Provide
from litestar.types import Middleware

from . import access, conversations, demo_routes, health, metrics, participants, people, search, signals
from . import attachments as files
from .speaker import current_actor


def speaking_routes(middleware: Sequence[Middleware]) -> Router:
    """The routes for whom a token is needed; `middleware` must set the request's user."""
    return Router(
        "/api",
        route_handlers=[
            conversations.router,
            files.router,
            files.shared_files,
            participants.router,
            people.start_conversation,
            people.unread_counts,
            people.my_profile,
            people.user_profile,
            search.search_messages,
            signals.mark_delivered,
            signals.my_settings,
            signals.change_settings,
            signals.list_presences,
            access.sign_out_myself,
            access.admin_router,
        ],
        middleware=middleware,
        dependencies={"actor": Provide(current_actor, sync_to_thread=False)},
    )


def given(
    *, domain: Any, attachments: Any, authenticator: Any, demo: Any, readiness: Any, metrics: Any
) -> dict[str, Provide]:
    """The dependencies that handlers ask for by name."""
    values = {
        "domain": domain,
        "attachments": attachments,
        "authenticator": authenticator,
        "demo": demo,
        "readiness": readiness,
        "metrics": metrics,
    }
    return {name: _provide(value) for name, value in values.items()}


def open_routes(middleware: Sequence[Middleware] = ()) -> Router:
    """The routes that need no token; `middleware` counts who asks."""
    return Router(
        "/",
        route_handlers=[
            health.alive,
            health.ready,
            metrics.metrics,
            Router("/api", route_handlers=[demo_routes.router, people.session]),
        ],
        middleware=middleware,
        security=[{}],
    )


def _provide(value: Any) -> Provide:
    def provided() -> Any:
        return value

    return Provide(provided, sync_to_thread=False)
