"""Levels go up on a reason and come back after good turns."""

from __future__ import annotations

from faregate.core.escalation import OF_ANSWERS, EscalationRule, Level, Trigger


def test_a_reason_lifts_it_up_to_the_highest() -> None:
    level = Level()
    assert level.up(Trigger.EMPTY, 2)
    assert level.up(Trigger.VERDICT, 2)
    assert (level.height, level.cause) == (2, Trigger.VERDICT)
    assert not level.up(Trigger.TIMEOUT, 2)
    assert (level.height, level.cause) == (2, Trigger.VERDICT)


def test_good_turns_in_a_row_bring_it_back_one_by_one() -> None:
    level = Level(height=2, cause=Trigger.EMPTY)
    assert [level.well(2) for _ in range(4)] == [False, True, False, True]
    assert (level.height, level.cause) == (0, None)
    assert not level.well(1)


def test_a_bad_turn_begins_the_count_anew() -> None:
    level = Level(height=1, cause=Trigger.EMPTY)
    level.well(3)
    level.well(3)
    level.up(Trigger.EMPTY, 1)
    assert not level.well(3)
    assert level.good == 1


def test_only_some_reasons_need_the_answer_to_be_read() -> None:
    assert not EscalationRule(on=frozenset({Trigger.VERDICT, Trigger.TIMEOUT})).judges
    assert all(EscalationRule(on=frozenset({each})).judges for each in OF_ANSWERS)
