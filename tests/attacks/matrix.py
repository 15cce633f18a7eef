"""Who may call what: a row for each route of the app and each command of the table. `test_permissions` holds them.

People of the rows are of one group: `ann` owns it, `ben` and `cy` take part; `cem` and `dan` are nobody's. A test puts
the ids of its own people in their place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from stockent.check.scene import message
from tests.media.making import encoded, picture

Json = dict[str, Any]
PICTURE = encoded(picture(), "PNG")


@dataclass(frozen=True)
class Route:
    """Statuses by who asks. `outsider`: a signed-in stranger, and who was removed. `owner` also wrote the message.

    Who is disabled and whose token was revoked is as good as anonymous. `admin`: an administrator who does not take
    part, by default an outsider. `shows`: a participant's answer holds something that is the group's, be it their own
    name. `body`, `params`: what is sent.
    """

    anonymous: int
    outsider: int
    participant: int
    owner: int
    admin: int | None = None
    shows: bool = False
    body: Mapping[str, Any] | None = None
    params: Mapping[str, str | int] | None = None


def open_to_all(status: int = 200, body: Mapping[str, Any] | None = None, **more: Any) -> Route:
    return Route(status, status, status, status, body=body, **more)


def speakers(status: int, body: Mapping[str, Any] | None = None, **more: Any) -> Route:
    return Route(401, status, status, status, body=body, **more)


def participants(status: int, body: Mapping[str, Any] | None = None, **more: Any) -> Route:
    return Route(401, 404, status, status, body=body, **more)


def owners(status: int, body: Mapping[str, Any] | None = None, **more: Any) -> Route:
    return Route(401, 404, 403, status, body=body, **more)


def admins(status: int, body: Mapping[str, Any] | None = None) -> Route:
    return Route(401, 404, 404, 404, admin=status, body=body)


C = "/api/conversations/{cid}"
#: A file of Ann's, which her message shows.
A = "/api/attachments/{attachment_id}"
ROUTES: Mapping[tuple[str, str], Route] = {
    ("GET", "/healthz"): open_to_all(),
    ("HEAD", "/healthz"): open_to_all(),
    ("GET", "/readyz"): open_to_all(),
    ("HEAD", "/readyz"): open_to_all(),
    # An admin's answer: tests/http/test_metrics.py.
    ("GET", "/metrics"): Route(404, 404, 404, 404, admin=200),
    ("GET", "/api/openapi.json"): open_to_all(),
    ("GET", "/api/docs"): open_to_all(),
    ("GET", "/api/docs/style.css"): open_to_all(),
    ("GET", "/api/demo"): open_to_all(404),
    ("POST", "/api/demo/login"): open_to_all(404, {"userId": "jonas"}),
    ("POST", "/api/demo/refresh"): open_to_all(404),
    ("GET", "/api/session"): open_to_all(shows=True),
    ("GET", "/api/me"): speakers(200, shows=True),
    ("DELETE", "/api/me/sessions"): speakers(204),
    ("GET", "/api/me/settings"): speakers(200),
    ("PATCH", "/api/me/settings"): speakers(200, {"sendReadReceipts": False}),
    ("GET", "/api/presence"): speakers(200, params={"userIds": "{user_id}"}),
    ("PUT", "/api/delivered"): speakers(204, {"conversations": {"of-anybody": 1}}),
    ("GET", "/api/unread"): speakers(200),
    ("GET", "/api/search"): speakers(200, shows=True, params={"q": "{word}"}),
    ("GET", "/api/users/{user_id}"): Route(401, 404, 200, 200, shows=True),
    ("GET", "/api/conversations"): speakers(200, shows=True),
    ("POST", "/api/conversations"): speakers(201, {"participantIds": ["somebody"]}, shows=True),
    ("POST", "/api/messages"): speakers(201, {"recipientId": "somebody", "content": "hello"}, shows=True),
    ("GET", C): participants(200, shows=True),
    ("PATCH", C): participants(200, {"title": "New title"}, shows=True),
    ("DELETE", C): Route(401, 404, 204, 404),
    ("GET", C + "/messages"): participants(200, shows=True),
    ("POST", C + "/messages"): participants(201, {"content": "hello"}, shows=True),
    ("PATCH", C + "/messages/{mid}"): owners(200, {"content": "edited"}),
    ("DELETE", C + "/messages/{mid}"): owners(200),
    ("GET", C + "/messages/{mid}/history"): participants(200, shows=True),
    ("PUT", C + "/messages/{mid}/reactions"): participants(200, {"emoji": "👍"}, shows=True),
    ("DELETE", C + "/messages/{mid}/reactions/{emoji}"): participants(200, shows=True),
    ("PATCH", C + "/personal"): participants(200, {"pinned": True}, shows=True),
    ("PUT", C + "/read"): participants(200, {"seq": 1}),
    ("GET", C + "/attachments"): participants(200, shows=True),
    ("POST", "/api/attachments"): speakers(201, {"name": "a.txt", "sizeBytes": 3}),
    ("GET", A): Route(401, 404, 404, 200),
    ("PATCH", A): Route(401, 404, 404, 200, params={"offset": len(PICTURE)}),
    ("DELETE", A): Route(401, 404, 404, 409),
    ("GET", A + "/content"): participants(200, shows=True),
    ("HEAD", A + "/content"): participants(200, shows=True),
    ("GET", A + "/thumbnail"): participants(200),
    ("HEAD", A + "/thumbnail"): participants(200),
    ("POST", C + "/participants"): owners(200, {"userIds": ["somebody"]}),
    ("DELETE", C + "/participants/{uid}"): owners(204),
    ("PATCH", C + "/participants/{uid}"): owners(200, {"role": "OWNER"}),
    ("PUT", "/api/admin/users/{user_id}/access"): admins(204, {"disabled": True}),
    ("DELETE", "/api/admin/users/{user_id}/sessions"): admins(204),
    ("DELETE", "/api/admin/tokens/{jti}"): admins(204),
}


def body_of(route: tuple[str, str]) -> Json | None:
    """What is sent, with a `clientId` of its own where there is to be one."""
    body = ROUTES[route].body
    if body is None:
        return None
    once = route[0] == "POST" and body.keys() & {"content", "sizeBytes"}
    return {**(message("") if once else {}), **body}


class Here(Protocol):
    """What an argument may need to know of the server and its people."""

    @property
    def epoch(self) -> str: ...

    def token(self, user_id: str) -> str: ...


@dataclass(frozen=True)
class Command:
    """`argument`: one that is good, of Ann's message in her group. `ok` or the code of the refusal, by who asks:

    `outsider` is also who was removed, and an administrator who does not take part. `shows`: the ack of a participant
    whose command it is holds something of the conversation.
    """

    argument: Callable[[Here, str, str], Json]
    outsider: str = "not_found"
    participant: str = "ok"
    shows: bool = False


#: Leaving needs no proof: it is of one's own socket only. The others that are `ok` for all name no one conversation.
COMMANDS: Mapping[str, Command] = {
    "join_conversation": Command(lambda _, cid, mid: {"conversationId": cid, "afterSeq": 0}, shows=True),
    "leave_conversation": Command(lambda _, cid, mid: {"conversationId": cid}, outsider="ok"),
    "send_message": Command(lambda _, cid, mid: {"conversationId": cid} | message("Hello"), shows=True),
    "edit_message": Command(
        lambda _, cid, mid: {"conversationId": cid, "messageId": mid, "content": "Better"},
        participant="forbidden",
    ),
    "delete_message": Command(
        lambda _, cid, mid: {"conversationId": cid, "messageId": mid}, participant="forbidden"
    ),
    "message_history": Command(lambda _, cid, mid: {"conversationId": cid, "messageId": mid}, shows=True),
    "add_reaction": Command(
        lambda _, cid, mid: {"conversationId": cid, "messageId": mid, "emoji": "👍"}, shows=True
    ),
    "remove_reaction": Command(
        lambda _, cid, mid: {"conversationId": cid, "messageId": mid, "emoji": "👍"}, shows=True
    ),
    "search_messages": Command(lambda _, cid, mid: {"q": "hello"}, outsider="ok", shows=True),
    "mark_read": Command(lambda _, cid, mid: {"conversationId": cid, "seq": 1}),
    "mark_delivered": Command(lambda _, cid, mid: {"conversations": {cid: 1}}, outsider="ok"),
    "typing_start": Command(lambda _, cid, mid: {"conversationId": cid, "activity": "recording"}),
    "typing_stop": Command(lambda _, cid, mid: {"conversationId": cid}),
    "set_presence": Command(lambda _, cid, mid: {"status": "away"}, outsider="ok"),
    "watch_presence": Command(lambda _, cid, mid: {"userIds": ["ben"]}, outsider="ok"),
    "change_settings": Command(lambda _, cid, mid: {"sendReadReceipts": False}, outsider="ok"),
    "create_conversation": Command(
        lambda _, cid, mid: {"participantIds": ["cem", "dan"], "title": "Three"},
        outsider="ok",
        shows=True,
    ),
    "change_conversation": Command(lambda _, cid, mid: {"conversationId": cid, "title": "New"}, shows=True),
    "change_personal": Command(lambda _, cid, mid: {"conversationId": cid, "pinned": True}, shows=True),
    "close_conversation": Command(lambda _, cid, mid: {"conversationId": cid}, shows=True),
    "reopen_conversation": Command(lambda _, cid, mid: {"conversationId": cid}, shows=True),
    "delete_conversation": Command(lambda _, cid, mid: {"conversationId": cid}),
    "add_participants": Command(
        lambda _, cid, mid: {"conversationId": cid, "userIds": ["cem"]}, participant="forbidden"
    ),
    "remove_participant": Command(
        lambda _, cid, mid: {"conversationId": cid, "userId": "ben"}, participant="forbidden"
    ),
    "set_group_role": Command(
        lambda _, cid, mid: {"conversationId": cid, "userId": "ben", "role": "OWNER"}, participant="forbidden"
    ),
    "leave_group": Command(lambda _, cid, mid: {"conversationId": cid}),
    "resume": Command(
        lambda here, cid, mid: {"epoch": here.epoch, "conversations": {cid: 0}}, outsider="ok", shows=True
    ),
    "refresh_token": Command(lambda here, cid, mid: {"token": here.token("ann")}, outsider="ok"),
}
GOOD: Mapping[str, Callable[[Here, str, str], Json]] = {
    name: each.argument for name, each in COMMANDS.items()
}
