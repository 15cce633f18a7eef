"""What the database keeps by triggers is what counting and sorting everything would give."""

from __future__ import annotations

from pathlib import Path

from stockent.store.connect import connect_reader
from stockent.store.spans import SPAN_BITS
from stockent.store.sqlite import SqliteStore
from tests.store.acts import opened, say

SPAN_S = 2**SPAN_BITS / 1_000_000


async def test_pages_of_a_list_go_by_activity_across_spans_and_within_them(tmp_path: Path) -> None:
    now = [1_790_000_000.0]
    store = SqliteStore(tmp_path / "stockent.db", clock=lambda: now[0])
    await store.open()
    cids = []
    for n in range(12):
        cids.append(await opened(store, "ann", f"u{n}"))
        now[0] += (0.0, 1.0, SPAN_S)[n % 3]
    moved, pinned, archived = cids[2], cids[4], cids[5]
    await say(store, moved, "u2")
    await store.change_personal(pinned, user_id="ann", pinned=True, archived=None, marked_unread=None)
    await store.change_personal(archived, user_id="ann", pinned=None, archived=True, marked_unread=None)
    rest = [cid for cid in reversed(cids) if cid not in (moved, pinned, archived)]
    for limit in (1, 2, 3, 5, 50):
        found: list[str] = []
        cursor: str | None = None
        while cursor or not found:
            page = await store.conversations(
                user_id="ann", cursor=cursor, limit=limit, status=None, unread=None, q=None
            )
            found += [each.id for each in page.items]
            cursor = page.next_cursor
        assert found == [pinned, moved, *rest]
    beside = connect_reader(store.path)
    assert beside.execute("SELECT count(DISTINCT active_span) > 3 FROM participants").fetchone() == (1,)
    assert beside.execute(_WRONG).fetchall() == []
    beside.close()
    await store.close()


_WRONG = f"""
    SELECT u.id, c.id FROM participants p JOIN users u ON u.key = p.user_key
    JOIN conversations c ON c.key = p.conversation_key
    WHERE p.active_span <> c.activity >> {SPAN_BITS}
        OR u.unread <> (SELECT sum(unread) FROM participants WHERE user_key = u.key)
"""
