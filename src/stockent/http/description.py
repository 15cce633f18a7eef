"""The API's own description: the OpenAPI document, and a page made from it that needs no other host.

The document is made from the same handlers and structs that serve; `schema_export` writes it to `docs/` too.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import Enum
from functools import cache
from typing import Any, get_args

import msgspec
from litestar import Litestar, Response, Router, get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme, Tag
from litestar.routes import HTTPRoute
from litestar.types import Method, Middleware

from ..json_schema import components
from .docs_page import STYLE, render
from .routes import given, open_routes, speaking_routes

#: Of the API, not of the package: it changes when a client must.
API_VERSION = "1.0"
CACHE_S = 300
TAGS = {
    "conversations": "Conversations, their messages and read marks.",
    "groups": "Who takes part in a group, and in which role.",
    "attachments": "Files: uploads in parts, and what was sent.",
    "messages": "First messages and unread counts.",
    "users": "Profiles.",
    "administration": "Who may come in; for tokens of role ADMIN, for others not found.",
    "health": "For load balancers; open to everybody.",
    "demo": "Only with `stockent serve --demo`.",
}


@cache
def openapi_document() -> dict[str, Any]:
    """Return the OpenAPI document as plain JSON values; it is the same from run to run."""
    app = Litestar(
        route_handlers=[speaking_routes([]), open_routes()],
        dependencies=given(
            domain=None, attachments=None, authenticator=None, demo=None, readiness=None, metrics=None
        ),
        openapi_config=_config(),
        logging_config=None,
    )
    document: dict[str, Any] = msgspec.to_builtins(app.openapi_schema.to_schema())
    sent, received = _types(app)
    document["components"]["schemas"] = components(sent, received, ref_template="#/components/schemas/{name}")
    return _whole_numbers(document)  # type: ignore[no-any-return]


def _types(app: Litestar) -> tuple[list[type], list[type]]:
    """The structs that routes take, and those that they answer with, usually or otherwise; in a lasting order."""
    sent: set[Any] = set()
    received: set[Any] = set()
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            continue
        for handler in route.route_handlers:
            if handler.parsed_data_field is not None:
                sent.add(handler.parsed_data_field.annotation)
            for parameter in handler.parsed_fn_signature.parameters.values():
                choices = (parameter.annotation, *get_args(parameter.annotation))
                sent.update(each for each in choices if isinstance(each, type) and issubclass(each, Enum))
            answer = handler.parsed_return_field.annotation
            received.update((answer, *get_args(answer)))
            received.update(spec.data_container for spec in (handler.responses or {}).values())
    return _structs(sent), _structs(received)


def _structs(types: Collection[Any]) -> list[type]:
    """And choices, which stand in the description by their names too."""
    found = [each for each in types if isinstance(each, type) and issubclass(each, msgspec.Struct | Enum)]
    return sorted(found, key=lambda each: each.__name__)


def _operation_id(handler: HTTPRouteHandler, method: Method, _path: list[Any]) -> str:
    first, *rest = handler.handler_name.split("_")
    return first + "".join(word.capitalize() for word in rest) + ("Head" if method == "HEAD" else "")


def _whole_numbers(value: Any) -> Any:
    """The framework keeps limits as floats; 200.0 items would puzzle a reader."""
    if isinstance(value, dict):
        return {key: _whole_numbers(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_whole_numbers(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


@get("/openapi.json", media_type="application/json")
async def openapi_json() -> Response[bytes]:
    return _cached(_document_bytes(), "application/json")


@get("/docs", media_type="text/html")
async def docs() -> Response[bytes]:
    return _cached(_page_bytes(), "text/html; charset=utf-8")


@get("/docs/style.css", media_type="text/css")
async def docs_style() -> Response[bytes]:
    return _cached(STYLE.encode(), "text/css; charset=utf-8")


def description_routes(middleware: Sequence[Middleware] = ()) -> Router:
    handlers = [openapi_json, docs, docs_style]
    return Router("/api", route_handlers=handlers, middleware=middleware, include_in_schema=False)


def _config() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="StockENT Messaging",
        version=API_VERSION,
        description="Conversations between buyers and sellers. Errors are application/problem+json.",
        operation_id_creator=_operation_id,
        tags=[Tag(name=name, description=description) for name, description in TAGS.items()],
        security=[{"bearer": []}, {"cookie": []}],
        components=Components(
            security_schemes={
                "bearer": SecurityScheme(type="http", scheme="bearer", bearer_format="JWT"),
                "cookie": SecurityScheme(type="apiKey", name="accessToken", security_scheme_in="cookie"),
            }
        ),
    )


@cache
def _document_bytes() -> bytes:
    return msgspec.json.encode(openapi_document())


@cache
def _page_bytes() -> bytes:
    return render(openapi_document()).encode()


def _cached(body: bytes, media_type: str) -> Response[bytes]:
    headers = {"cache-control": f"public, max-age={CACHE_S}"}
    return Response(body, media_type=media_type, headers=headers)
