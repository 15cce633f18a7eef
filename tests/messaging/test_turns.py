"""Who may have how much under way at once."""

from __future__ import annotations

import pytest

from stockent.messaging.errors import Code, MessagingError
from stockent.messaging.turns import Turns


def refusal(turns: Turns, user_id: str) -> MessagingError:
    with pytest.raises(MessagingError) as caught, turns.taken(user_id):
        pass
    assert caught.value.retry_after_ms
    return caught.value


def test_one_user_takes_no_more_than_a_share_and_all_together_no_more_than_there_is() -> None:
    turns = Turns("uploads", most=3, most_each=2)
    with turns.taken("ann"), turns.taken("ann"):
        assert refusal(turns, "ann").code is Code.RATE_LIMITED
        with turns.taken("bob"):
            assert refusal(turns, "cem").code is Code.OVERLOADED
        with turns.taken("cem"):
            pass


def test_a_turn_comes_back_also_from_what_fails() -> None:
    turns = Turns("uploads", most=1, most_each=1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), turns.taken("ann"):
            raise ZeroDivisionError
    with turns.taken("bob"):
        assert refusal(turns, "bob").code is Code.RATE_LIMITED
