"""Ways to spoil a good history, each by the invariant that must find it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from stockent.torture import history
from stockent.torture.history import Line

T = TypeVar("T", bound=Line)
Spoil = Callable[[list[Line]], None]


def of(lines: list[Line], kind: type[T], **fields: object) -> T:
    """The first such line; there must be one, or the test would spoil nothing."""
    return next(every(lines, kind, **fields))


def last(lines: list[Line], kind: type[T], **fields: object) -> T:
    return list(every(lines, kind, **fields))[-1]


def every(lines: list[Line], kind: type[T], **fields: object) -> Iterator[T]:
    for line in lines:
        if isinstance(line, kind) and all(getattr(line, name) == value for name, value in fields.items()):
            yield line


def drop(lines: list[Line], line: Line) -> None:
    lines.pop(next(at for at, each in enumerate(lines) if each is line))


def after(lines: list[Line], line: Line, *more: Line) -> None:
    at = next(at for at, each in enumerate(lines) if each is line) + 1
    lines[at:at] = more


def lose_a_stored_message(lines: list[Line]) -> None:
    stored = of(lines, history.Stored, c="c1")
    del stored.rows[1]


def lose_a_whole_conversation(lines: list[Line]) -> None:
    drop(lines, of(lines, history.Stored, c="c1"))


def lose_an_edit(lines: list[Line]) -> None:
    """The message is as it was before its acked edit, though the log has the change."""
    stored = of(lines, history.Stored, c="c1")
    seq, _, sender, client_id, digest = stored.rows[0]
    stored.rows[0] = (seq, seq, sender, client_id, digest)


def forget_a_change(lines: list[Line]) -> None:
    changes = of(lines, history.Changes, c="c1")
    del changes.rows[0]


def hide_from_a_final_view(lines: list[Line]) -> None:
    seen = of(lines, history.Seen, u="u2", c="c1")
    del seen.seqs[2], seen.digests[2]


def hide_the_end_of_a_final_view(lines: list[Line]) -> None:
    drop(lines, of(lines, history.Seen, u="u2", c="c1"))


def hide_a_conversation_from_the_list(lines: list[Line]) -> None:
    drop(lines, of(lines, history.Counted, u="u2", c="c1"))


def load_from_before(lines: list[Line]) -> None:
    of(lines, history.Loaded, c="c2", k="u2.1.3").n -= 3


def store_twice(lines: list[Line]) -> None:
    stored = of(lines, history.Stored, c="c1")
    _, _, sender, client_id, digest = stored.rows[1]
    seq = stored.last + 1
    stored.rows.append((seq, seq, sender, client_id, digest))
    stored.last = seq


def show_twice(lines: list[Line]) -> None:
    seen = of(lines, history.Seen, u="u2", c="c1")
    seen.seqs.append(99)
    seen.digests.append(seen.digests[0])


def ack_a_repeat_elsewhere(lines: list[Line]) -> None:
    """The third command is the repeat of the first."""
    of(lines, history.Ok, q=3).m = 2


def hear_a_second_copy(lines: list[Line]) -> None:
    heard = of(lines, history.Heard, c="c1", p=1, k="u2.1.1")
    end = last(lines, history.Heard, k="u2.1.3", c="c1")
    copy = history.Heard(k=end.k, c="c1", p=end.p + 1, n=end.p + 1, m=end.p + 1, v=end.p + 1, d=heard.d)
    after(lines, end, copy)


def leave_a_hole(lines: list[Line]) -> None:
    drop(lines, of(lines, history.Changes, c="c2"))


def give_a_position_twice(lines: list[Line]) -> None:
    changes = of(lines, history.Changes, c="c1")
    changes.rows.append((1, 1))


def count_one_too_many(lines: list[Line]) -> None:
    of(lines, history.Stored, c="c1").last += 1


def skip_a_step(lines: list[Line]) -> None:
    drop(lines, of(lines, history.Heard, k="u2.1.1", c="c1", p=2))


def step_twice(lines: list[Line]) -> None:
    heard = of(lines, history.Heard, k="u2.1.1", c="c1", p=2)
    after(lines, heard, history.Heard(k=heard.k, c="c1", p=2, m=2, v=2, d=heard.d, n=3))


def hear_an_event_twice(lines: list[Line]) -> None:
    heard = of(lines, history.Heard, k="u2.1.1", c="c1", p=2)
    after(lines, heard, heard)


def hear_out_of_order(lines: list[Line]) -> None:
    """Put aside by the client, and still not what the server promises."""
    heard = of(lines, history.Heard, k="u2.1.1", c="c1", p=2)
    early = history.Heard(k=heard.k, c="c1", p=3, n=1)
    at = lines.index(heard)
    lines.insert(at, early)


def apply_past_a_gap(lines: list[Line]) -> None:
    heard = of(lines, history.Heard, k="u2.1.1", c="c1", p=2)
    after(lines, heard, history.Applied(k=heard.k, c="c1", n=4))


def settle_behind(lines: list[Line]) -> None:
    settled = of(lines, history.Settled, c="c1", k="u1.1.1")
    settled.n -= 1


def settle_without_a_view(lines: list[Line]) -> None:
    drop(lines, of(lines, history.Settled, c="c1", k="u1.1.1"))


def show_out_of_order(lines: list[Line]) -> None:
    seen = of(lines, history.Seen, u="u1", c="c1")
    seen.seqs.reverse()
    seen.digests.reverse()


def swap_what_was_ordered(lines: list[Line]) -> None:
    """`id-2` was sent after `id-1` was acked; the store has them the other way round."""
    for line in list(lines):
        if isinstance(line, history.Ok) and line.q in (1, 2):
            line.m = line.v = 3 - line.m
    stored = of(lines, history.Stored, c="c1")
    (a, _, *first), (b, _, *second) = stored.rows[:2]
    stored.rows[:2] = [(a, a, *second), (b, b, *first)]  # type: ignore[list-item]


def store_an_unknown_send_too_low(lines: list[Line]) -> None:
    """`id-5` was sent twice; its ack is dropped, so that the store alone tells where it is: before what was acked."""
    for invoke in list(every(lines, history.Invoke, i="id-5")):
        for ok in list(every(lines, history.Ok, q=invoke.q)):
            lines.remove(ok)
            lines.insert(lines.index(invoke) + 1, history.Unknown(q=invoke.q, why="lost"))
    stored = of(lines, history.Stored, c="c1")
    row = next(row for row in stored.rows if row[3] == "id-5")
    stored.rows.remove(row)
    stored.rows.insert(0, (1, 1, *row[2:]))


def disagree_on_a_message(lines: list[Line]) -> None:
    of(lines, history.Heard, k="u2.1.1", c="c1", p=2).d += 1


def disagree_on_a_version(lines: list[Line]) -> None:
    of(lines, history.Heard, k="u2.1.1", c="c1", p=3).d += 1


def ack_another_text(lines: list[Line]) -> None:
    of(lines, history.Invoke, i="id-2").d += 1


def page_another_text(lines: list[Line]) -> None:
    page = of(lines, history.Page)
    seq, version, digest = page.rows[1]
    page.rows[1] = (seq, version, digest + 1)


def store_another_text(lines: list[Line]) -> None:
    stored = of(lines, history.Stored, c="c1")
    *row, digest = stored.rows[1]
    stored.rows[1] = (*row, digest + 1)  # type: ignore[assignment]
    for seen in every(lines, history.Seen, c="c1"):
        seen.digests[1] += 1


def show_another_text(lines: list[Line]) -> None:
    of(lines, history.Seen, u="u2", c="c1").digests[1] += 1


def leak_a_canary(lines: list[Line]) -> None:
    after(lines, of(lines, history.Invoke, w="probe"), history.Canary(k="u3.1.1", x="canary-c1"))


def let_a_stranger_in(lines: list[Line]) -> None:
    invoke = of(lines, history.Invoke, w="probe")
    fail = of(lines, history.Fail, q=invoke.q)
    after(lines, fail, history.Ok(q=invoke.q))
    drop(lines, fail)


def tell_the_removed(lines: list[Line]) -> None:
    left = of(lines, history.Left, k="u3.1.1")
    after(lines, left, history.Heard(k="u3.1.1", c="c2", p=left.p + 1, m=left.p + 1, v=left.p + 1))


def tell_the_removed_elsewhere(lines: list[Line]) -> None:
    """On a connection that did not hear of the removal."""
    left = of(lines, history.Left, k="u3.1.1")
    after(lines, left, history.Heard(k="u3.2.1", c="c2", p=left.p + 1, m=left.p + 1, v=left.p + 1))


def show_the_hidden_past(lines: list[Line]) -> None:
    stored = of(lines, history.Stored, c="c2")
    seen = of(lines, history.Seen, u="u3", c="c2")
    seen.seqs.insert(0, stored.rows[0][0])
    seen.digests.insert(0, stored.rows[0][4])


def show_to_a_stranger(lines: list[Line]) -> None:
    of(lines, history.Seen, u="u2", c="c1").u = "u3"
    of(lines, history.Counted, u="u2", c="c1").u = "u3"


def let_a_mark_fall_in_an_event(lines: list[Line]) -> None:
    mark = of(lines, history.Mark, k="u1.1.1", u="u2")
    after(lines, mark, history.Mark(k=mark.k, c=mark.c, u="u2", p=mark.p - 1))


def let_a_mark_fall_in_an_ack(lines: list[Line]) -> None:
    """The second mark asks for less, and must be told where the mark is."""
    ok = last(lines, history.Ok, p=2)
    ok.p = 1


def let_a_mark_fall_in_the_store(lines: list[Line]) -> None:
    of(lines, history.Member, u="u2", c="c1").read -= 1
    of(lines, history.Counted, u="u2", c="c1").read -= 1


def miscount_in_the_store(lines: list[Line]) -> None:
    of(lines, history.Member, u="u1", c="c1").unread += 1


def miscount_in_the_list(lines: list[Line]) -> None:
    of(lines, history.Counted, u="u1", c="c1").unread += 1


def miscount_in_a_resume(lines: list[Line]) -> None:
    of(lines, history.Settled, k="u1.1.1", c="c1").unread += 1


def hang(lines: list[Line]) -> None:
    of(lines, history.Unknown, why="lost").why = "silent"


def never_answer(lines: list[Line]) -> None:
    drop(lines, last(lines, history.Ok))


def answer_what_is_not_open(lines: list[Line]) -> None:
    ok = of(lines, history.Ok, q=2)
    after(lines, ok, ok)


def fail_within(lines: list[Line]) -> None:
    of(lines, history.Fail).code = "internal"


def talk_nonsense(lines: list[Line]) -> None:
    after(lines, of(lines, history.Ok), history.Nonsense(k="u1.1.1", text="42[]"))


def leak(field: str) -> Spoil:
    def spoil(lines: list[Line]) -> None:
        line = of(lines, history.Rest, turn=2)
        setattr(line, field, 5 * getattr(line, field))

    return spoil


def break_the_file(lines: list[Line]) -> None:
    of(lines, history.Examined, life=1).problems.append("integrity check: wrong # of entries in index")


def become_another_store(lines: list[Line]) -> None:
    of(lines, history.Connected, k="u2.1.2").epoch = "f"


def die_while_draining(lines: list[Line]) -> None:
    of(lines, history.Life, life=1).what = "ended with code 1"


SPOILED: dict[str, tuple[Spoil, ...]] = {
    "I1": (
        lose_a_stored_message,
        lose_a_whole_conversation,
        lose_an_edit,
        forget_a_change,
        hide_from_a_final_view,
        hide_the_end_of_a_final_view,
        hide_a_conversation_from_the_list,
        load_from_before,
    ),
    "I2": (store_twice, show_twice, ack_a_repeat_elsewhere, hear_a_second_copy),
    "I3": (
        leave_a_hole,
        give_a_position_twice,
        count_one_too_many,
        skip_a_step,
        step_twice,
        hear_an_event_twice,
        hear_out_of_order,
        apply_past_a_gap,
        settle_behind,
        settle_without_a_view,
        show_out_of_order,
    ),
    "I4": (swap_what_was_ordered, store_an_unknown_send_too_low),
    "I5": (
        disagree_on_a_message,
        disagree_on_a_version,
        ack_another_text,
        page_another_text,
        store_another_text,
        show_another_text,
    ),
    "I6": (
        leak_a_canary,
        let_a_stranger_in,
        tell_the_removed,
        tell_the_removed_elsewhere,
        show_the_hidden_past,
        show_to_a_stranger,
    ),
    "I7": (
        let_a_mark_fall_in_an_event,
        let_a_mark_fall_in_an_ack,
        let_a_mark_fall_in_the_store,
        miscount_in_the_store,
        miscount_in_the_list,
        miscount_in_a_resume,
    ),
    "I8": (hang, never_answer, answer_what_is_not_open, fail_within, talk_nonsense),
    "I9": (leak("fds"), leak("rss_kb"), leak("threads"), leak("tasks")),
    "I10": (break_the_file, become_another_store, die_while_draining),
}
