"""Read marks: all that stand together in a batch, in two statements for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from stockent.messaging.errors import MessagingError, not_found
from stockent.messaging.ports import Counts, Read

from .documents import encode_text
from .transaction import Transaction


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
    last_seq: int
    unread: int
    newly_read: int
    total_unread: int


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
    moved: list[tuple[int, int, int, int]] = []
    for position, mark in enumerate(marks):
        stands = standing.get(position)
        if stands is None:
            results.append(not_found())
            continue
        total = totals.get(mark.user_id, stands.total_unread)
        unread = stands.unread
        target = min(mark.seq, stands.last_seq)
        changed = target > stands.read_seq
        if changed:
            unread -= stands.newly_read
            total -= stands.newly_read
            moved.append((stands.conversation_key, stands.user_key, target, unread))
        totals[mark.user_id] = total
        people = tuple(person.user_id for person in conversations[mark.conversation_id].participants)
        results.append(Read(max(target, stands.read_seq), Counts(unread, total), people, changed))
    if moved:
        tx.run(_MOVE_MARKS, encode_text(moved))
        for mark, read in zip(marks, results, strict=True):
            if isinstance(read, Read) and read.changed:
                _remember(tx, mark, read.read_seq)
    return results


def _remember(tx: Transaction, mark: ReadMark, read_seq: int) -> None:
    conversation = tx.conversation(mark.conversation_id)
    people = [
        replace(person, read_seq=read_seq) if person.user_id == mark.user_id else person
        for person in conversation.participants
    ]
    tx.memory.put(replace(conversation, participants=people))


# What a mark makes read is counted between the old and the new mark; up to the last message it is all that is left.
_STANDING = """
    SELECT json_group_array(json_array(j.key, p.conversation_key, p.user_key, p.read_seq, c.last_seq, p.unread,
        CASE WHEN p.unread = 0 OR j.value ->> 2 <= p.read_seq THEN 0
        WHEN j.value ->> 2 >= c.last_seq THEN p.unread
        ELSE (
            SELECT count(*) FROM messages m
            WHERE m.conversation_key = c.key AND m.seq > p.read_seq AND m.seq <= j.value ->> 2
                AND m.sender_key <> p.user_key AND m.deleted_at IS NULL AND m.type <> 'SYSTEM')
        END,
        (SELECT coalesce(sum(t.unread), 0) FROM participants t WHERE t.user_key = p.user_key AND t.unread > 0)))
    FROM json_each(?) j
    CROSS JOIN conversations c ON c.id = j.value ->> 0
    CROSS JOIN users u ON u.id = j.value ->> 1
    CROSS JOIN participants p ON p.conversation_key = c.key AND p.user_key = u.key
"""
_MOVE_MARKS = """
    UPDATE participants SET read_seq = j.value ->> 2, unread = j.value ->> 3
    FROM json_each(?) j WHERE conversation_key = j.value ->> 0 AND user_key = j.value ->> 1
"""
_standing_from = msgspec.json.Decoder(list[_Standing]).decode
