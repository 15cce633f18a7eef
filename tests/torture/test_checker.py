"""The checker finds each kind of violation by its invariant, and finds nothing in honest histories."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockent.torture import check_history, history
from stockent.torture.checker import INVARIANTS, check
from stockent.torture.history import HistoryError, Recorder, read

from .spoiling import SPOILED, Spoil, every, leak_a_canary, lose_a_stored_message, of
from .story import Story, good


def test_a_good_history_has_no_violation() -> None:
    verdict = check(good().ended())
    assert verdict.violations == []
    assert (verdict.whole, verdict.messages, verdict.unknown_sends) == (True, 10, 2)


@pytest.mark.parametrize(
    ("invariant", "spoil"), [(name, spoil) for name, spoils in SPOILED.items() for spoil in spoils]
)
def test_each_violation_is_found_by_its_invariant(invariant: str, spoil: Spoil) -> None:
    lines = good().ended()
    spoil(lines)
    assert invariant in check(lines).found


def test_every_invariant_is_spoiled_by_some_test() -> None:
    assert SPOILED.keys() == INVARIANTS.keys()


def test_a_history_that_was_cut_off_is_judged_as_far_as_it_goes() -> None:
    lines = good().ended()
    whole = lines[: lines.index(of(lines, history.Settled))]
    verdict = check(whole)
    assert (verdict.whole, verdict.found) == (False, {})
    leak_a_canary(whole)
    assert check(whole).found == {"I6": 1}


def test_a_first_try_counts_for_the_order_and_a_repeat_does_not() -> None:
    """`id-1` may have been stored by its first try: what was acked before the second one bounds nothing."""
    story = Story(c1=("u1", "u2"))
    story.send_into_nothing("u1", "c1", "id-1", stored=True)
    story.send("u2", "c1", "id-2")
    story.send("u1", "c1", "id-1")
    assert check(story.ended()).violations == []


ACTS = st.lists(
    st.tuples(st.integers(0, 6), st.sampled_from(("u1", "u2", "u3")), st.integers(0, 20)), max_size=60
)


@given(ACTS)
def test_whatever_an_honest_server_does_is_no_violation(acts: list[tuple[int, str, int]]) -> None:
    assert check(told(acts).ended()).violations == []


@given(ACTS, st.data())
def test_a_message_that_is_lost_anywhere_is_found(
    acts: list[tuple[int, str, int]], data: st.DataObject
) -> None:
    story = told(acts)
    story.send("u1", "c2", "surely")
    lines = story.ended()
    stored = data.draw(st.sampled_from([line for line in every(lines, history.Stored) if line.rows]))
    gone = data.draw(st.integers(0, len(stored.rows) - 1))
    del stored.rows[gone]
    found = check(lines).found
    assert "I1" in found
    assert "I3" in found


@given(ACTS, st.data())
def test_what_anybody_hears_otherwise_is_found(acts: list[tuple[int, str, int]], data: st.DataObject) -> None:
    story = told(acts)
    story.send("u1", "c2", "surely")
    lines = story.ended()
    heard = data.draw(st.sampled_from([line for line in every(lines, history.Heard) if line.d]))
    heard.d += 1
    assert "I5" in check(lines).found


def told(acts: list[tuple[int, str, int]]) -> Story:
    """A story of these acts, as far as they are possible."""
    story = Story(c1=("u1", "u2"), c2=("u1", "u2", "u3"))
    for number, (act, user, which) in enumerate(acts):
        talk = story.talks["c1" if which % 2 and user != "u3" else "c2"]
        if user not in talk.members:
            if act > 3:
                story.add("u1", talk.c, user)
            continue
        mine = [each for each in talk.messages if each.sender == user and each.kind == "TEXT"]
        mine = [each for each in mine if not each.deleted and each.seq > talk.members[user]]
        if act == 1 and mine:
            story.edit(mine[which % len(mine)], talk.c, f"edited {number}")
        elif act == 2 and mine:
            story.delete(mine[which % len(mine)], talk.c)
        elif act == 3:
            story.read(user, talk.c, which)
        elif act == 4 and user == "u3":
            story.remove("u1", talk.c, user)
        elif act == 5:
            story.send_into_nothing(user, talk.c, f"id-{number}", stored=bool(which % 3))
            story.send(user, talk.c, f"id-{number}")
        else:
            story.send(user, talk.c, f"id-{number}")
    return story


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    lines = good().ended()
    assert list(read(_recorded(tmp_path, lines))) == lines


def test_a_kept_history_is_judged_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = good().ended()
    path = _recorded(tmp_path, lines)
    assert check_history(path) == 0
    lose_a_stored_message(lines)
    assert check_history(_recorded(tmp_path, lines)) == 1
    assert "I1: id-2 was acked at 2 in c1, and is not in the store" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "line"),
    [(b"", 0), (b"{}\n", 1), (b'{"e":"end","whole":true}\n', 1), (b'{"e":"run","format":9,"seed":1}\n', 1)],
)
def test_what_is_no_history_is_refused(tmp_path: Path, text: bytes, line: int) -> None:
    path = tmp_path / "history.jsonl"
    path.write_bytes(text)
    if line:
        with pytest.raises(HistoryError, match=f"line {line}"):
            list(read(path))
        assert check_history(path) == 2
    else:
        assert check_history(path) == 1  # it has no end


def _recorded(folder: Path, lines: list[Any]) -> Path:
    path = folder / "history.jsonl"
    recorder = Recorder(path)
    for line in lines:
        recorder.write(line)
    recorder.close()
    assert path.read_bytes().count(b"\n") == len(lines)
    assert msgspec.json.decode(path.read_bytes().splitlines()[0])["e"] == "run"
    return path
