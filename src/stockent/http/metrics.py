"""`/metrics`, for who runs the server: only a token with the role ADMIN sees that it is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from litestar import MediaType, Request, Response, get
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from ..auth import Authenticator, identify, token_from_request
from ..messaging.domain import Domain
from ..messaging.errors import MessagingError, not_found
from ..messaging.models import Role

#: Writes down the figures of this moment, in the text format of Prometheus.
Metrics = Callable[[], bytes]

CONTENT_TYPE = "text/plain; version=0.0.4"


@get("/metrics", include_in_schema=False, media_type=MediaType.TEXT)
async def metrics(
    request: Request[Any, Any, Any],
    domain: NamedDependency[SkipValidation[Domain]],
    authenticator: NamedDependency[SkipValidation[Authenticator]],
    metrics: NamedDependency[SkipValidation[Metrics | None]],
) -> Response[bytes]:
    """Not by the cookie: what asks is a program, and no page of any origin is to see it."""
    token = token_from_request(None, request.headers.get("authorization"))
    try:
        identity = await identify(authenticator, domain.store, token)
    except MessagingError as refusal:
        if refusal.status != 401:
            raise
        raise not_found("address") from None
    if metrics is None or identity.profile.role is not Role.ADMIN:
        raise not_found("address")
    return Response(metrics(), media_type=CONTENT_TYPE)
