"""How far an ask may be lowered, and which budgets limit it."""

from __future__ import annotations

from faregate.core.estimate import OUTPUT_FLOOR
from faregate.core.money import Money
from faregate.gateway.asks import floor_of, largest, scopes_of
from tests.gateway.building import Bench


def test_the_floor_is_worth_asking_for(bench: Bench) -> None:
    wide = bench.ask(90, floor=1)
    assert floor_of(wide.bounds).output == OUTPUT_FLOOR
    narrow = wide.bounds.with_output(10)
    assert floor_of(narrow).output == 10


def test_the_largest_is_the_last_that_fits(bench: Bench) -> None:
    ask = bench.ask(90, floor=1)
    room = ask.price(ask.bounds.with_output(5000))
    found = largest(ask, room)
    assert ask.price(found) <= room
    assert ask.price(found.with_output(found.output + 1)) > room
    assert largest(ask, Money.usd(100)).output == ask.bounds.output


def test_only_budgets_with_a_limit_are_met(bench: Bench) -> None:
    assert scopes_of(bench.ask(1)) == {("global", "month")}
    bench.sessions["s"] = Money.usd(1)
    assert scopes_of(bench.ask(1)) == {("global", "month"), ("session:s", "session")}
