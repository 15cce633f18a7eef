"""What the server itself writes into a group: SYSTEM messages about its people, its name and its past.

Each is a sentence in plain English, and a note of the same for a client that speaks another language. The sender of the
message is who did it; `users` of the note are those to whom it was done.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .models import GroupRole, QuotedSender, SystemEvent, SystemNote

#: A sentence names so many people, and counts the others.
MAX_NAMED = 3


class Notice(NamedTuple):
    content: str
    note: SystemNote


def added(actor: QuotedSender, people: Sequence[QuotedSender]) -> Notice:
    return _notice(SystemEvent.ADDED, f"{_name(actor)} added {_listed(people)}", people)


def removed(actor: QuotedSender, person: QuotedSender) -> Notice:
    return _notice(SystemEvent.REMOVED, f"{_name(actor)} removed {_name(person)}", [person])


def left(actor: QuotedSender, heir: QuotedSender | None) -> Notice:
    """`heir`: who is an owner by it, because the last one left."""
    if heir is None:
        return _notice(SystemEvent.LEFT, f"{_name(actor)} left", [])
    return _notice(SystemEvent.LEFT, f"{_name(actor)} left; {_name(heir)} is an owner now", [heir])


def role_given(actor: QuotedSender, person: QuotedSender, role: GroupRole) -> Notice:
    if role is GroupRole.OWNER:
        return _notice(SystemEvent.MADE_OWNER, f"{_name(actor)} made {_name(person)} an owner", [person])
    sentence = f"{_name(actor)} made {_name(person)} a member"
    if person.id == actor.id:
        sentence = f"{_name(actor)} is no longer an owner"
    return _notice(SystemEvent.MADE_MEMBER, sentence, [person])


def renamed(actor: QuotedSender, title: str | None) -> Notice:
    sentence = "took the group’s name away" if title is None else f"named the group “{title}”"
    return Notice(f"{_name(actor)} {sentence}", SystemNote(event=SystemEvent.RENAMED, title=title))


def history_set(actor: QuotedSender, *, visible: bool) -> Notice:
    if visible:
        sentence = "let people who are added see earlier messages"
        return _notice(SystemEvent.HISTORY_SHOWN, f"{_name(actor)} {sentence}", [])
    sentence = "keeps earlier messages from people who are added"
    return _notice(SystemEvent.HISTORY_HIDDEN, f"{_name(actor)} {sentence}", [])


def _notice(event: SystemEvent, content: str, users: Sequence[QuotedSender]) -> Notice:
    return Notice(content, SystemNote(event=event, users=list(users)))


def _name(person: QuotedSender) -> str:
    return person.name or person.id


def _listed(people: Sequence[QuotedSender]) -> str:
    names = [_name(person) for person in people[:MAX_NAMED]]
    others = len(people) - len(names)
    if others:
        names.append(f"{others} other{'' if others == 1 else 's'}")
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
