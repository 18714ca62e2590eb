"""The line itself: who stands where, and whom a round passes over."""

from __future__ import annotations

import asyncio

from faregate.core.holds import BudgetState, BudgetWindow, NoRoom
from faregate.core.money import Money
from faregate.gateway.waiting import (
    MOST_OVERTAKES,
    Line,
    Round,
    Scope,
    Waiter,
    can_make_room,
    overtake,
)

MONTH: Scope = ("global", "month")
DAY: Scope = ("global", "day")


def waiter(cents: int = 10, *scopes: Scope) -> Waiter[str]:
    return Waiter(
        asyncio.get_running_loop().create_future(),
        least=Money(cents * 10**10),
        scopes=frozenset(scopes or (MONTH,)),
        since=0.0,
        blocked_by=(),
    )


def state(
    limit: str | None, *, spent: str = "0", held: str = "0", closed: bool = False
) -> BudgetState:
    return BudgetState(
        budget=BudgetWindow(
            scope="global",
            window="month",
            limit=None if limit is None else Money.usd(limit),
        ),
        spent=Money.usd(spent),
        held=Money.usd(held),
        closed=closed,
    )


def full(cents: int, *states: BudgetState) -> NoRoom:
    return NoRoom(amount=Money(cents * 10**10), blocking=states)


def test_room_can_be_made_by_holds_that_end_alone() -> None:
    ten = Money.usd("0.10")
    assert can_make_room([state("1", spent="0.9", held="0.1")], ten)
    assert not can_make_room([state("1", spent="0.91", held="0.09")], ten)
    assert not can_make_room([state("1", held="1"), state("1", spent="1")], ten)
    assert not can_make_room([state("1", closed=True)], ten)
    assert not can_make_room([state(None)], ten)


async def test_the_line_passes_over_those_who_have_their_outcome() -> None:
    line: Line[str] = Line()
    first, second = waiter(), waiter()
    line.join(first)
    line.join(second)
    first.future.set_result("served")
    assert list(line) == [second]
    assert len(line) == 2
    line.leave(first)
    line.leave(first)
    assert len(line) == 1


async def test_somebody_passed_too_often_holds_up_their_own_budgets_only() -> None:
    line: Line[str] = Line()
    starving = waiter(50, MONTH)
    line.join(starving)
    for _ in range(MOST_OVERTAKES):
        assert not line.holds_up(frozenset({MONTH}))
        overtake(line, frozenset({MONTH, DAY}))
    assert line.holds_up(frozenset({MONTH}))
    assert not line.holds_up(frozenset({DAY}))
    overtake([starving], frozenset({DAY}))
    assert starving.overtaken == MOST_OVERTAKES


async def test_a_round_skips_who_stands_behind_a_starving_one() -> None:
    line: Line[str] = Line()
    starving, behind, elsewhere = waiter(50), waiter(1), waiter(1, DAY)
    starving.overtaken = MOST_OVERTAKES
    for each in (starving, behind, elsewhere):
        line.join(each)
    round_ = Round(line)
    seen = []
    for each in round_:
        seen.append(each)
        if each is starving:
            round_.stays(each, full(50, state("1", held="0.9")))
    assert seen == [starving, elsewhere]
    assert round_.blocked == [starving, behind]


async def test_a_round_remembers_what_was_found_full() -> None:
    line: Line[str] = Line()
    large, same, small, other = waiter(50), waiter(50), waiter(5), waiter(50, DAY)
    for each in (large, same, small, other):
        line.join(each)
    round_ = Round(line)
    found = state("1", held="0.9")
    round_.stays(large, full(50, found))
    assert round_.known(same) == (found,)
    assert round_.known(small) is None
    assert round_.known(other) is None


async def test_who_joins_during_a_round_is_not_part_of_it() -> None:
    line: Line[str] = Line()
    first, late = waiter(), waiter()
    line.join(first)
    round_ = Round(line)
    line.join(late)
    assert list(round_) == [first]
