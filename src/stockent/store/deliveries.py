"""Delivery marks: all of a batch, of many users in many conversations each, in one reading and one writing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from stockent.messaging.ports import Delivered

from .documents import encode_text
from .transaction import Transaction, with_marks


class DeliveryMarks(NamedTuple):
    """Of one user: conversation → how far it has come to a device."""

    user_id: str
    positions: Mapping[str, int]


class _Standing(NamedTuple):
    user_id: str
    conversation_id: str
    conversation_key: int
    user_key: int
    delivered_seq: int
    last_seq: int


def deliver_group(tx: Transaction, marks: Sequence[DeliveryMarks]) -> list[list[Delivered]]:
    """Move each mark forward, never back, never past the last change; tells for each user's marks which moved.

    What the user takes no part in is passed over.
    """
    standing = _read(tx, marks)
    moved: dict[tuple[str, str], Delivered] = {}
    results: list[list[Delivered]] = []
    for user_id, positions in marks:
        result: list[Delivered] = []
        for conversation_id, seq in positions.items():
            stands = standing.get((user_id, conversation_id))
            if stands is None:
                continue
            former = moved.get((user_id, conversation_id))
            delivered_seq = min(seq, stands.last_seq)
            if delivered_seq > (former.delivered_seq if former else stands.delivered_seq):
                delivered = Delivered(conversation_id, delivered_seq, tx.now)
                moved[user_id, conversation_id] = delivered
                result.append(delivered)
        results.append(result)
    if moved:
        _write(tx, standing, moved)
    return results


def _read(tx: Transaction, marks: Sequence[DeliveryMarks]) -> dict[tuple[str, str], _Standing]:
    wanted = [(user_id, list(positions)) for user_id, positions in marks]
    found = _standing_from(tx.value(_STANDING, encode_text(wanted)))
    return {(stands.user_id, stands.conversation_id): stands for stands in found}


def _write(
    tx: Transaction,
    standing: Mapping[tuple[str, str], _Standing],
    moved: Mapping[tuple[str, str], Delivered],
) -> None:
    rows: list[tuple[int, int, int]] = []
    shown: defaultdict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for place, delivered in moved.items():
        stands = standing[place]
        rows.append((stands.conversation_key, stands.user_key, delivered.delivered_seq))
        shown[stands.conversation_id][stands.user_id] = {
            "delivered_seq": delivered.delivered_seq,
            "delivered_at": delivered.delivered_at,
        }
    tx.run(_MOVE, tx.now, encode_text(rows))
    for conversation_id, people in shown.items():
        remembered = tx.memory.get(conversation_id)
        if remembered is not None:
            tx.memory.put(with_marks(remembered, people))


_STANDING = """
    SELECT json_group_array(json_array(u.id, c.id, p.conversation_key, p.user_key, p.delivered_seq, c.last_seq))
    FROM json_each(?) j
    CROSS JOIN users u ON u.id = j.value ->> 0
    CROSS JOIN json_each(j.value -> 1) named
    CROSS JOIN conversations c ON c.id = named.value
    CROSS JOIN participants p ON p.conversation_key = c.key AND p.user_key = u.key
"""
_MOVE = """
    UPDATE participants SET delivered_seq = j.value ->> 2, delivered_at = ?1
    FROM json_each(?2) j WHERE conversation_key = j.value ->> 0 AND user_key = j.value ->> 1
"""
_standing_from = msgspec.json.Decoder(list[_Standing]).decode
