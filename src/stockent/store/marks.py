"""Read marks: all that stand together in a batch, in two statements for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from stockent.messaging.errors import MessagingError, not_found
from stockent.messaging.models import Personal
from stockent.messaging.ports import Delivered, Read

from .documents import VIEW, encode_text, view_from
from .transaction import Transaction, with_marks


class ReadMark(NamedTuple):
    conversation_id: str
    user_id: str
    seq: int


class _Standing(NamedTuple):
    """What the database says of one mark: where it stands now, and how much it would make read."""

    position: int
    conversation_key: int
    user_key: int
    read_seq: int
    shown_read_seq: int
    read_at: str | None
    delivered_seq: int
    delivered_at: str | None
    last_seq: int
    newly_read: int
    sends_receipts: bool
    unread: int
    total_unread: int
    personal: Personal | None
    visible_after: int
    own_read_seq: int | None


def mark_group(tx: Transaction, marks: Sequence[ReadMark]) -> list[Read | MessagingError]:
    """Move each mark forward, never back; each result stands where its mark stood."""
    results: list[Read | MessagingError] = []
    for run in _distinct_runs(marks):
        results += _mark_distinct(tx, run)
    return results


def _distinct_runs(marks: Sequence[ReadMark]) -> list[list[ReadMark]]:
    """Split so that one statement sees each participant once: a second mark must find the first one written."""
    runs: list[list[ReadMark]] = [[]]
    seen: set[tuple[str, str]] = set()
    for mark in marks:
        participant = (mark.conversation_id, mark.user_id)
        if participant in seen:
            runs.append([])
            seen.clear()
        seen.add(participant)
        runs[-1].append(mark)
    return runs


def _mark_distinct(tx: Transaction, marks: list[ReadMark]) -> list[Read | MessagingError]:
    standing = {stands.position: stands for stands in _standing_from(tx.value(_STANDING, encode_text(marks)))}
    conversations = tx.conversations({marks[position].conversation_id for position in standing})
    totals: dict[str, int] = {}
    results: list[Read | MessagingError] = []
    moved: list[tuple[object, ...]] = []
    for position, mark in enumerate(marks):
        stands = standing.get(position)
        if stands is None:
            results.append(not_found())
            continue
        conversation = conversations[mark.conversation_id]
        total = totals.get(mark.user_id, stands.total_unread)
        read = _move(
            stands, mark, total, tx.now, tuple(person.user_id for person in conversation.participants)
        )
        totals[mark.user_id] = read.view.total_unread
        results.append(read)
        if read.changed:
            moved.append(_row(stands, read))
            if read.shown or read.delivered:
                _remember(tx, mark, read)
    if moved:
        tx.run(_MOVE_MARKS, encode_text(moved))
    return results


def _move(stands: _Standing, mark: ReadMark, total: int, now: str, people: tuple[str, ...]) -> Read:
    """What is read is delivered. A mark that does not move may still end the being marked as unread."""
    view = view_from(stands.unread, total, stands.personal, stands.visible_after, stands.own_read_seq)
    target = min(mark.seq, stands.last_seq)
    forward = target > stands.read_seq
    if not (forward or view.personal.marked_unread):
        return Read(stands.read_seq, stands.read_at, view, people, False, False)
    read_seq = max(target, stands.read_seq)
    newly_read = stands.newly_read if forward else 0
    shown = forward and stands.sends_receipts
    view = replace(
        view,
        unread=stands.unread - newly_read,
        total_unread=total - newly_read,
        personal=replace(view.personal, marked_unread=False),
        read_seq=None if shown or read_seq == stands.shown_read_seq else read_seq,
    )
    delivered = Delivered(mark.conversation_id, read_seq, now) if read_seq > stands.delivered_seq else None
    return Read(read_seq, now if shown else stands.read_at, view, people, True, shown, delivered)


def _row(stands: _Standing, read: Read) -> tuple[object, ...]:
    delivered = read.delivered
    return (
        stands.conversation_key,
        stands.user_key,
        read.read_seq,
        read.view.unread,
        read.read_seq if read.shown else stands.shown_read_seq,
        read.read_at,
        delivered.delivered_seq if delivered else stands.delivered_seq,
        delivered.delivered_at if delivered else stands.delivered_at,
    )


def _remember(tx: Transaction, mark: ReadMark, read: Read) -> None:
    moved: dict[str, Any] = {}
    if read.shown:
        moved = {"read_seq": read.read_seq, "read_at": read.read_at}
    if read.delivered is not None:
        moved |= {
            "delivered_seq": read.delivered.delivered_seq,
            "delivered_at": read.delivered.delivered_at,
        }
    tx.memory.put(with_marks(tx.conversation(mark.conversation_id), {mark.user_id: moved}))


# What a mark makes read is counted between the old and the new mark; up to the last message it is all that is left.
_STANDING = f"""
    SELECT json_group_array(json_array(j.key, p.conversation_key, p.user_key, p.read_seq, p.shown_read_seq,
        p.read_at, p.delivered_seq, p.delivered_at, c.last_seq,
        CASE WHEN p.unread = 0 OR j.value ->> 2 <= p.read_seq THEN 0
        WHEN j.value ->> 2 >= c.last_seq THEN p.unread
        ELSE (
            SELECT count(*) FROM messages m
            WHERE m.conversation_key = c.key AND m.seq > p.read_seq AND m.seq <= j.value ->> 2
                AND m.sender_key <> p.user_key AND m.deleted_at IS NULL AND m.type <> 'SYSTEM')
        END,
        json(iif(u.send_receipts, 'true', 'false')), {VIEW}))
    FROM json_each(?) j
    CROSS JOIN conversations c ON c.id = j.value ->> 0
    CROSS JOIN users u ON u.id = j.value ->> 1
    CROSS JOIN participants p ON p.conversation_key = c.key AND p.user_key = u.key
"""
_MOVE_MARKS = """
    UPDATE participants SET read_seq = j.value ->> 2, unread = j.value ->> 3, shown_read_seq = j.value ->> 4,
        read_at = j.value ->> 5, delivered_seq = j.value ->> 6, delivered_at = j.value ->> 7, marked_unread = false
    FROM json_each(?) j WHERE conversation_key = j.value ->> 0 AND user_key = j.value ->> 1
"""
_standing_from = msgspec.json.Decoder(list[_Standing]).decode
