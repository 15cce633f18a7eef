"""The steps of the check, in order, each with the steps without which it would only repeat their failure."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from . import enriching, grouping, sharing, signals, standing, talking
from .scene import Scene

Run = Callable[[Scene], Awaitable[None]]


class Step(NamedTuple):
    title: str
    run: Run
    needs: tuple[Run, ...] = ()


STEPS: tuple[Step, ...] = (
    Step("the server is alive and ready", talking.alive),
    Step("people sign in with their tokens", talking.sign_in, (talking.alive,)),
    Step("a missing, forged or expired token is refused", talking.refusals, (talking.sign_in,)),
    Step("five sockets connect, over WebSocket and polling", talking.connect, (talking.sign_in,)),
    Step("a new conversation appears for everyone in it", talking.create, (talking.connect,)),
    Step("sockets join its room, over WebSocket and polling", talking.join, (talking.create,)),
    Step("a message sent over HTTP arrives once everywhere", talking.send_over_http, (talking.join,)),
    Step(
        "a message sent over a socket arrives once everywhere",
        talking.send_over_socket,
        (talking.send_over_http,),
    ),
    Step("a repeated send finds the stored message", talking.repeat, (talking.send_over_socket,)),
    Step(
        "a clientId used for another message is refused", talking.reuse_client_id, (talking.send_over_http,)
    ),
    Step("unread counts add up", talking.count_unread, (talking.send_over_socket,)),
    Step("a delivery shows to those who look", signals.delivered, (talking.send_over_socket,)),
    Step("reading lowers the counts on all devices", talking.mark_read, (talking.send_over_socket,)),
    Step("typing and recording show to all who take part", signals.typing, (talking.join,)),
    Step("people who share a conversation see each other", signals.presence, (talking.create,)),
    Step("an edit shows everywhere", talking.edit, (talking.send_over_socket,)),
    Step("a reaction shows everywhere, given and taken back", enriching.react, (talking.edit,)),
    Step("an answer quotes, and mentions who takes part", enriching.answer, (talking.edit,)),
    Step("a forwarded message brings its text", enriching.forward, (talking.edit,)),
    Step("former texts are there for those who read", enriching.former_texts, (talking.edit,)),
    Step("a file comes in parts and goes with its message", sharing.upload_and_send, (talking.join,)),
    Step("a file is for those who take part", sharing.download, (sharing.upload_and_send,)),
    Step("a picture has its size and a small one", sharing.show_picture, (sharing.upload_and_send,)),
    Step("a voice message is measured", sharing.say_by_voice, (sharing.upload_and_send,)),
    Step("what is too large, empty or harmful is refused", sharing.refuse_files, (talking.join,)),
    Step("pinned and archived is everyone's own", enriching.keep, (talking.join,)),
    Step("a deleted message leaves its place empty", talking.delete_message, (talking.send_over_http,)),
    Step("a closed conversation takes no message until reopened", talking.close_and_reopen, (talking.join,)),
    Step(
        "sends that do not wait keep their order",
        talking.keep_order,
        (talking.send_over_http, talking.close_and_reopen),
    ),
    Step(
        "a reading that is kept back shows to oneself only",
        signals.read_unseen,
        (talking.join, talking.close_and_reopen),
    ),
    Step(
        "history reads the same in both directions",
        standing.history,
        (talking.keep_order, talking.delete_message),
    ),
    Step("an outsider finds nothing", standing.foreign_access, (talking.send_over_socket,)),
    Step(
        "a cut connection resumes with exactly the gap",
        standing.cut_and_resume,
        (talking.send_over_http, talking.close_and_reopen),
    ),
    Step("positions of another store are reset", standing.foreign_epoch, (talking.join,)),
    Step("whoever left the room is notified instead", standing.leave, (standing.cut_and_resume,)),
    Step("whoever goes is offline after a grace", signals.offline, (talking.create,)),
    Step("a deleted conversation is gone for everyone", standing.delete_conversation, (talking.create,)),
    Step("the outsider heard nothing all the while", standing.silence, (talking.create,)),
    Step(
        "a group is created, and its owner alone may add",
        grouping.create_group,
        (talking.create, talking.send_over_socket),
    ),
    Step("who is added hears and sees from then on", grouping.add, (grouping.create_group,)),
    Step("who is removed hears and finds nothing any more", grouping.remove, (grouping.add,)),
    Step("who leaves is gone, and the last one takes the group along", grouping.leave, (grouping.remove,)),
)
