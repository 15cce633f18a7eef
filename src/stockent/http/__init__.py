"""The HTTP side: REST routes, problem+json, the API's own description, and the page's files.

`create_app` makes one ASGI app of it. Routes translate between HTTP and the verbs of `messaging`, and decide nothing:
no rules and no SQL here.
"""

from .app import create_app

__all__ = ["create_app"]
