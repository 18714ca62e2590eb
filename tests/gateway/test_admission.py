"""Who gets room in a budget, who waits for it, and who is told that it is no use."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from faregate.core.holds import LedgerError
from faregate.core.money import Money
from faregate.core.policy import OnTight
from faregate.core.refusal import Refusal, RefusalCode
from faregate.gateway.admission import MOST_CALLS, Admitted
from faregate.gateway.settings import GateSettings
from faregate.gateway.waiting import MOST_OVERTAKES
from tests.gateway.building import Bench, FakeClock, refused, turn

WithSettings = Callable[[GateSettings], Bench]


async def test_what_fits_is_held_at_once(bench: Bench) -> None:
    held = await bench.hold(60)
    assert bench.state().held == held.amount == Money.usd("0.60")
    assert bench.admission.waiting == 0


async def test_what_does_not_fit_waits_until_it_does(bench: Bench) -> None:
    first = await bench.hold(60)
    second = bench.start(60)
    await turn()
    assert not second.done()
    bench.settle(first, 30)
    assert isinstance(await second, Admitted)
    assert bench.state().spent == Money.usd("0.30")
    assert bench.state().held == Money.usd("0.60")


async def test_what_can_never_fit_is_refused_at_once(bench: Bench) -> None:
    spent = await bench.hold(50)
    bench.settle(spent, 50)
    await bench.hold(10)
    refusal = refused(await bench.start(51))
    assert refusal.code is RefusalCode.BUDGET_EXCEEDED
    assert refusal.spent == Money.usd("0.50")
    assert refusal.held == Money.usd("0.10")


async def test_who_can_no_longer_fit_is_told_as_soon_as_that_is_known(
    bench: Bench,
) -> None:
    first, waiting = await bench.hold(60), bench.start(50)
    await turn()
    assert not waiting.done()
    bench.settle(first, 55)
    assert "reached" in refused(await waiting).message


async def test_the_line_is_served_in_order(bench: Bench) -> None:
    first = await bench.hold(90)
    served: list[int] = []

    async def stand(number: int) -> None:
        outcome = await bench.start(40)
        assert isinstance(outcome, Admitted)
        served.append(number)
        await turn(5)
        bench.settle(outcome.held)

    line = [asyncio.ensure_future(stand(number)) for number in range(6)]
    await turn()
    bench.settle(first)
    await asyncio.gather(*line)
    assert served == [0, 1, 2, 3, 4, 5]


async def test_a_small_hold_passes_a_large_one_a_few_times(bench: Bench) -> None:
    await bench.hold(50)
    large = bench.start(60)
    await turn()
    passed = [await bench.hold(1) for _ in range(MOST_OVERTAKES)]
    late = bench.start(1)
    await turn()
    assert not late.done()
    assert not large.done()
    for held in passed:
        bench.settle(held)
    await turn()
    assert not late.done()


async def test_who_waited_through_all_that_is_next(bench: Bench) -> None:
    first = await bench.hold(50)
    large = bench.start(60)
    await turn()
    small = [await bench.hold(1) for _ in range(MOST_OVERTAKES)]
    late = bench.start(1)
    await turn()
    bench.settle(first)
    for held in small:
        bench.settle(held)
    await turn()
    assert isinstance(large.result(), Admitted)
    assert isinstance(await late, Admitted)


async def test_when_the_one_that_held_up_the_line_leaves_the_others_go_on(
    bench: Bench,
) -> None:
    """No hold ends meanwhile, so nothing else would ever wake them."""
    await bench.hold(50)
    large = bench.start(60)
    await turn()
    for _ in range(MOST_OVERTAKES):
        await bench.hold(1)
    late = bench.start(1)
    await turn()
    assert not late.done()
    large.cancel()
    await turn()
    assert isinstance(await late, Admitted)


async def test_other_budgets_are_not_held_up(bench: Bench) -> None:
    bench.sessions = {"full": Money.usd("0.10"), "free": Money.usd("0.10")}
    bench.limit = None
    await bench.hold(10, session="full")
    waiting = bench.start(10, session="full")
    await turn()
    for _ in range(2 * MOST_OVERTAKES):
        held = await bench.hold(10, session="free")
        bench.settle(held)
    assert not waiting.done()
    waiting.cancel()


async def test_patience_ends(bench: Bench, clock: FakeClock) -> None:
    await bench.hold(60)
    waiting = bench.start(60)
    await turn()
    clock.pass_by(30)
    bench.admission.look(clock.monotonic())
    await turn()
    assert not waiting.done()
    clock.pass_by(0.1)
    bench.admission.look(clock.monotonic())
    refusal = refused(await waiting)
    assert refusal.code is RefusalCode.BUDGET_EXCEEDED
    assert "Waited 30 s" in refusal.message
    assert bench.admission.waiting == 0


async def test_a_pause_of_the_process_is_not_waiting(
    bench: Bench, clock: FakeClock
) -> None:
    await bench.hold(60)
    waiting = bench.start(60)
    await turn()
    clock.pass_by(3600)
    bench.admission.excuse(3600)
    bench.admission.look(clock.monotonic())
    await turn()
    assert not waiting.done()
    waiting.cancel()


async def test_a_hold_made_just_as_its_client_leaves_is_given_back(
    bench: Bench,
) -> None:
    first = await bench.hold(60)
    waiting = bench.start(60)
    await turn()
    bench.settle(first)
    assert bench.state().held == Money.usd("0.60")
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not bench.state().held
    assert isinstance(await bench.start(100), Admitted)


async def test_who_waits_behind_such_a_hold_is_served(bench: Bench) -> None:
    first = await bench.hold(60)
    leaving, staying = bench.start(60), bench.start(60)
    await turn()
    bench.settle(first)
    leaving.cancel()
    assert isinstance(await staying, Admitted)


async def test_patience_that_ends_with_the_hold_there_takes_the_hold(
    bench: Bench, clock: FakeClock
) -> None:
    first = await bench.hold(60)
    waiting = bench.start(60)
    await turn()
    clock.pass_by(31)
    bench.settle(first)
    bench.admission.look(clock.monotonic())
    assert isinstance(await waiting, Admitted)
    assert bench.state().held == Money.usd("0.60")


async def test_a_line_that_is_too_long_refuses(bench_with: WithSettings) -> None:
    bench = bench_with(GateSettings(queue_size=2))
    first = await bench.hold(60)
    line = [bench.start(60) for _ in range(2)]
    await turn()
    refusal = refused(await bench.start(60))
    assert refusal.code is RefusalCode.QUEUE_FULL
    assert "2 requests" in refusal.message
    bench.settle(first)
    assert isinstance(await line[0], Admitted)
    line[1].cancel()


async def test_nobody_waits_where_that_is_not_wanted(bench_with: WithSettings) -> None:
    bench = bench_with(GateSettings(on_tight=OnTight.REFUSE))
    await bench.hold(60)
    assert refused(await bench.start(60)).code is RefusalCode.BUDGET_EXCEEDED


async def test_a_raised_limit_admits_who_waits(bench: Bench) -> None:
    await bench.hold(60)
    waiting = bench.start(60)
    await turn()
    bench.limit = Money.usd(2)
    bench.admission.refresh()
    assert isinstance(await waiting, Admitted)


async def test_a_lowered_limit_counts_for_who_waits(bench: Bench) -> None:
    first = await bench.hold(60)
    waiting = bench.start(60)
    await turn()
    bench.limit = Money.usd("0.50")
    bench.admission.refresh()
    assert refused(await waiting).limit == Money.usd("0.50")
    bench.settle(first)
    assert not bench.state().held


async def test_closing_refuses_who_waits_and_who_comes(bench: Bench) -> None:
    await bench.hold(60)
    waiting = bench.start(60)
    await turn()
    leaving = Refusal(code=RefusalCode.SHUTTING_DOWN, message="stopping")
    bench.admission.close(leaving)
    assert await waiting is leaving
    assert await bench.start(1) is leaving


async def test_a_ledger_that_fails_refuses(bench: Bench) -> None:
    bench.ledger.failing["hold"] = LedgerError("the disk is full")
    refusal = refused(await bench.start(1))
    assert refusal.code is RefusalCode.LEDGER_UNAVAILABLE
    assert "the disk is full" in refusal.message


async def test_a_ledger_that_fails_refuses_who_waits_as_well(bench: Bench) -> None:
    first = await bench.hold(60)
    waiting = bench.start(60)
    await turn()
    bench.ledger.failing["hold"] = LedgerError("the disk is full")
    bench.settle(first)
    assert refused(await waiting).code is RefusalCode.LEDGER_UNAVAILABLE


async def test_a_ledger_that_cannot_be_read_refuses_who_must_queue(
    bench: Bench,
) -> None:
    await bench.hold(50)
    large = bench.start(60)
    await turn()
    for _ in range(MOST_OVERTAKES):
        await bench.hold(1)
    bench.ledger.failing["states"] = LedgerError("no")
    assert refused(await bench.start(1)).code is RefusalCode.LEDGER_UNAVAILABLE
    large.cancel()


async def test_what_no_ledger_can_count_is_refused(bench: Bench) -> None:
    bench.limit = None
    refusal = refused(await bench.start(10**12))
    assert refusal.code is RefusalCode.BUDGET_EXCEEDED


async def test_an_overrun_is_nothing_to_wait_for(bench: Bench) -> None:
    """No open hold that ends opens the budget again."""
    other = await bench.hold(10)
    bench.settle(await bench.hold(10), 20)
    assert bench.state().closed
    assert "closed" in refused(await bench.start(10)).message
    bench.settle(other)


async def test_one_wake_up_with_hundreds_in_line_asks_the_ledger_a_little_at_a_time(
    bench: Bench,
) -> None:
    bench.limit = Money.usd(10)
    first = await bench.hold(1000)
    line = [bench.start(1) for _ in range(400)]
    await turn()
    bench.ledger.calls.clear()
    bench.settle(first)
    assert bench.ledger.calls["hold"] == MOST_CALLS
    for _ in range(400 // MOST_CALLS + 2):
        before = bench.ledger.calls["hold"]
        await asyncio.sleep(0)
        assert bench.ledger.calls["hold"] - before <= MOST_CALLS
    outcomes = await asyncio.gather(*line)
    assert all(isinstance(outcome, Admitted) for outcome in outcomes)
    assert bench.ledger.calls["hold"] == 400


async def test_whoever_comes_while_the_line_is_served_stands_behind_it(
    bench: Bench,
) -> None:
    bench.limit = Money.usd(1)
    first = await bench.hold(100)
    line = [bench.start(1) for _ in range(100)]
    await turn()
    bench.settle(first)
    late = bench.start(1)
    outcomes = await asyncio.gather(*line)
    assert all(isinstance(outcome, Admitted) for outcome in outcomes)
    await turn()
    assert not late.done()
    late.cancel()


async def test_a_booking_that_leaves_too_little_asks_the_ledger_nothing(
    bench: Bench,
) -> None:
    bench.limit = Money.usd(10)
    await bench.hold(900)
    small = [await bench.hold(1) for _ in range(50)]
    line = [bench.start(60) for _ in range(300)]
    await turn()
    bench.ledger.calls.clear()
    for held in small[:5]:
        bench.settle(held)
    assert bench.ledger.calls["hold"] == 0
    for held in small[5:]:
        bench.settle(held)
    # Room for one: it is asked for once, and once more to see that it is full.
    assert bench.ledger.calls["hold"] <= 2 * 45
    assert sum(task.done() for task in line) <= 1
    for task in line:
        task.cancel()


async def test_what_costs_nothing_never_waits(bench: Bench) -> None:
    await bench.hold(50)
    large = bench.start(60)
    await turn()
    for _ in range(MOST_OVERTAKES):
        await bench.hold(1)
    assert isinstance(await bench.start(0), Admitted)
    large.cancel()


async def test_who_waits_says_for_what(bench: Bench) -> None:
    await bench.hold(60)
    said: list[str] = []
    task = asyncio.ensure_future(bench.admission.admit(bench.ask(60), said.append))
    await turn()
    assert said == ["$0.60 of room in the monthly budget"]
    task.cancel()
