"""Holds that shrink to what fits, where the body can say so; and half a cap at most."""

from __future__ import annotations

from collections.abc import Callable

from faregate.core.money import Money
from faregate.core.policy import OnTight
from faregate.gateway.admission import Admitted
from faregate.gateway.settings import GateSettings
from tests.gateway.building import Bench, refused, turn

WithSettings = Callable[[GateSettings], Bench]


async def test_an_output_bound_of_our_own_shrinks_to_what_fits(bench: Bench) -> None:
    await bench.hold(90)
    outcome = await bench.start(40, floor=4)
    assert isinstance(outcome, Admitted)
    assert outcome.held.amount <= Money.usd("0.10")
    assert outcome.held.amount > Money.usd("0.0999")
    assert outcome.bounds.output == 10 * 1024 // 4


async def test_it_never_shrinks_below_the_floor(bench: Bench) -> None:
    first = await bench.hold(97)
    waiting = bench.start(40, floor=4)
    await turn()
    assert not waiting.done()
    bench.settle(first, 97)
    refusal = refused(await waiting)
    assert refusal.needed == Money.usd("0.04")


async def test_a_bound_of_the_callers_shrinks_only_where_that_is_wanted(
    bench_with: WithSettings,
) -> None:
    bench = bench_with(GateSettings(on_tight=OnTight.CLAMP))
    await bench.hold(90)
    outcome = await bench.start(40, floor=4, injected=False)
    assert isinstance(outcome, Admitted)
    assert outcome.bounds.output < 40 * 1024 // 4


async def test_a_bound_that_cannot_reach_the_body_never_shrinks(
    bench_with: WithSettings,
) -> None:
    bench = bench_with(GateSettings(on_tight=OnTight.CLAMP))
    await bench.hold(90)
    waiting = bench.start(40)
    await turn()
    assert not waiting.done()
    waiting.cancel()


async def test_callers_without_a_token_hold_half_a_cap_at_most(bench: Bench) -> None:
    first = await bench.hold(30, tokenless=True)
    second = bench.start(30, tokenless=True)
    await turn()
    assert not second.done()
    assert isinstance(await bench.start(30), Admitted)
    bench.settle(first)
    assert isinstance(await second, Admitted)


async def test_a_single_one_of_them_may_hold_more(bench: Bench) -> None:
    assert isinstance(await bench.start(80, tokenless=True), Admitted)


async def test_their_output_bound_shrinks_to_their_part(bench: Bench) -> None:
    await bench.hold(30, tokenless=True)
    outcome = await bench.start(40, floor=4, tokenless=True)
    assert isinstance(outcome, Admitted)
    assert outcome.held.amount == Money.usd("0.20")
