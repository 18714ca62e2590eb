"""One request: its bounds, its key, its times, and how its hold ends."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from faregate.core.holds import HoldState
from faregate.core.model_facts import ModelFacts
from faregate.core.money import ZERO, Money
from faregate.core.pricing import Rates
from faregate.core.side_spend import SpendAsk, SpendEnd, SpendHeld, SpendRefused
from faregate.protocols.flags import COMPLETION_EXCLUDES_REASONING
from faregate.providers.spec import GEMINI, OnAbort
from faregate.smoke.asking.asker import Call, RefusedError
from faregate.smoke.asking.prices import Prices
from faregate.smoke.asking.spending import Purse
from faregate.smoke.asking.target import SmokeTarget
from faregate.smoke.asking.timing import TimedDeparture
from faregate.smoke.asking.transcript import Broke
from faregate.smoke.dialects.messages import MessagesDialect
from faregate.smoke.dialects.wanted import Wanted
from faregate.smoke.exchanges import TEXT_OUTPUT, numbers
from faregate.smoke.simulated.faults import bodies, connection
from faregate.smoke.simulated.faults.table import TABLE
from faregate.smoke.simulated.interception import RawAnswer
from faregate.smoke.simulated.obedient import Obedient
from tests.smoke.probing import (
    CHAT,
    KEY,
    MESSAGES,
    NONCE,
    ROW,
    MemorySpender,
    stage,
    target_of,
)

DIALECT = MessagesDialect()
HELLO = Wanted(prompt="Say hello.", max_output=64)
STREAM = replace(HELLO, stream=True)


class TestKeys:
    @pytest.mark.parametrize(
        ("protocol", "header", "value"),
        [
            (CHAT, "authorization", f"Bearer {KEY}"),
            (MESSAGES, "x-api-key", KEY),
            (GEMINI, "x-goog-api-key", KEY),
        ],
    )
    async def test_the_key_goes_where_it_belongs(
        self, protocol: str, header: str, value: str
    ) -> None:
        async with stage(protocol) as on:
            asked = await on.ctx.ask(HELLO)
            seen = on.provider.requests[0]
        assert asked.ok
        assert seen.headers[header] == value
        assert KEY not in seen.path

    async def test_another_key_or_none(self) -> None:
        async with stage() as on:
            await on.ctx.ask(HELLO, key="sk-other")
            await on.ctx.ask(HELLO, key="")
            first, second = on.provider.requests
        assert first.headers["authorization"] == "Bearer sk-other"
        assert "authorization" not in second.headers


class TestBounds:
    @pytest.mark.parametrize(
        ("fault", "broke"),
        [
            (connection.stall_before_first_byte(), Broke.TIMEOUT),
            (connection.stall_midway(), Broke.TIMEOUT),
            (connection.drip(gap=0.02), Broke.TIMEOUT),
            (bodies.endless(), Broke.TOO_LARGE),
            (bodies.long_line(), Broke.TOO_LARGE),
            (bodies.gzip_bomb(), Broke.TOO_LARGE),
            (TABLE["reset_midway"], Broke.CUT),
            (TABLE["reset_before_response"], Broke.CUT),
        ],
    )
    async def test_everything_ends(self, fault: object, broke: Broke) -> None:
        async with stage(fault=fault) as on:  # type: ignore[arg-type]
            deadline = 20.0 if broke is Broke.TOO_LARGE else 0.5
            asked = await on.ctx.ask(STREAM, deadline_s=deadline)
            assert not on.spender.open
        assert asked.broke is broke
        assert asked.duration_s < deadline + 3
        assert asked.fault

    async def test_nobody_there(self) -> None:
        def gone(target: SmokeTarget) -> SmokeTarget:
            return replace(target_of("http://127.0.0.1:9"), key=target.key)

        async with stage(change=gone) as on:
            asked = await on.ctx.ask(HELLO)
        assert (asked.broke, asked.booked) == (Broke.UNREACHED, "voided")

    async def test_a_redirect_is_not_followed(self) -> None:
        async with stage() as on:
            there = {"Location": f"{on.provider.url}/v1/elsewhere"}
            on.provider.intercept(lambda _: RawAnswer(status=307, headers=there))
            asked = await on.ctx.ask(HELLO)
            assert len(on.provider.requests) == 1
        assert asked.status == 307

    async def test_a_cancelled_request_is_booked_and_remembered(self) -> None:
        async with stage(gap=0.05) as on:
            task = asyncio.ensure_future(on.ctx.ask(replace(STREAM, prompt="forty")))
            await asyncio.sleep(0.2)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert not on.spender.open
            assert [t.booked for t in on.ctx.transcripts] == ["settled"]


class TestBooking:
    @pytest.mark.parametrize(
        ("fault", "state"),
        [
            (None, "settled"),
            ("401", "voided"),
            ("429", "voided"),
            ("redirect", "voided"),
            ("500", "unknown"),
            ("500_billed", "unknown"),
            ("usage_missing", "settled"),
            ("cut_midway", "settled"),
        ],
    )
    async def test_ends(self, fault: str | None, state: str) -> None:
        async with stage(fault=fault) as on:
            asked = await on.ctx.ask(STREAM)
            (end,) = on.spender.ends
            covered = end.cost + (asked.held if asked.booked == "unknown" else ZERO)
            assert covered >= on.provider.bill.total
        assert asked.booked == end.state.value == state

    async def test_whole_answers_that_break_are_unknown(self) -> None:
        async with stage(fault="cut_midway") as on:
            assert (await on.ctx.ask(HELLO)).booked == "unknown"

    async def test_a_provider_that_bills_after_a_hang_up_keeps_the_hold(self) -> None:
        def careful(target: SmokeTarget) -> SmokeTarget:
            return replace(target, spec=replace(target.spec, on_abort=OnAbort.HOLD))

        async with stage(fault="usage_missing", change=careful) as on:
            assert (await on.ctx.ask(STREAM)).booked == "unknown"

    async def test_a_refused_hold_sends_nothing(self) -> None:
        async with stage() as on:
            on.spender.room = ZERO
            with pytest.raises(RefusedError, match="no room"):
                await on.ctx.ask(HELLO)
            assert on.provider.requests == []

    async def test_what_generates_nothing_holds_nothing(self) -> None:
        async with stage() as on:
            await on.ctx.call(Call(path="/models"))
            await on.ctx.call(Call(path="/models", body={}, free=True))
            assert on.spender.made == 0


async def test_times_are_in_order() -> None:
    async with stage(matcher=Obedient(gap=0.01)) as on:
        asked = await on.ctx.ask(replace(STREAM, prompt="code ZEBRA-1, to forty"))
    times = [event.at for event in asked.events]
    assert asked.connect_s is not None
    assert asked.ttfb_s is not None
    assert 0 <= asked.ttfb_s <= times[0]
    assert times == sorted(times)
    assert times[-1] <= asked.duration_s
    assert sum(size for _, size in asked.chunks) == sum(e.size for e in asked.events)


def test_a_departure_is_timed_from_its_connection() -> None:
    now = iter([1.0, 3.0])
    departure = TimedDeparture(lambda: next(now))
    assert departure.zero == 1.0
    departure.connecting = True
    departure.connecting = False
    departure.connecting = False
    assert (departure.zero, departure.connected_at) == (3.0, 3.0)


class TestPrices:
    def test_a_hold_covers_more_than_the_output_bound(self) -> None:
        prices = Prices(row=ROW)
        bounds = prices.bounds(100, 50)
        assert bounds.output > 200
        assert prices.hold(bounds) >= Money.usd("0.001")

    def test_a_dear_model_fits_the_usual_limit_of_a_run(self) -> None:
        base = Rates.per_mtok(
            input=Decimal(5), output=Decimal(25), cache_write_5m=Decimal("6.25")
        )
        prices = Prices(row=replace(ROW, base=base))
        body = len(str(DIALECT.shape(Wanted(prompt=numbers(NONCE)), "claude").body))
        assert prices.hold(prices.bounds(body, TEXT_OUTPUT)) < Money.usd("0.02")

    def test_what_is_known_of_the_model_bounds_it(self) -> None:
        prices = Prices(row=ROW, facts=ModelFacts(context=80, max_output=60))
        assert prices.bounds(1000, 50).input == 80
        assert prices.bounds(1000, None).output == 60

    def test_hidden_reasoning_is_held_for(self) -> None:
        prices = Prices(row=ROW, usage_flags=frozenset({COMPLETION_EXCLUDES_REASONING}))
        assert prices.bounds(1, 10).hidden_output > 0

    def test_without_a_price_nothing_is_held(self) -> None:
        prices = Prices(row=None)
        assert not prices.metered
        assert prices.hold(prices.bounds(10, 10)) == ZERO

    def test_a_region_that_costs_more(self) -> None:
        dear = Prices(row=ROW, multiplier=(2, 1))
        plain = Prices(row=ROW)
        bounds = plain.bounds(10, 10)
        assert dear.hold(bounds) == plain.hold(bounds) * 2
        assert Rates.per_mtok(input=Decimal(1), output=Decimal(1)).input == 10**6


class TestPurse:
    ASK = SpendAsk(
        provider="sim",
        model="m",
        protocol=CHAT,
        amount=Money.usd("0.4"),
        input_bound=1,
        output_bound=1,
    )

    def test_it_keeps_the_limit_over_all_holds(self) -> None:
        inner = MemorySpender()
        purse = Purse(inner, Money.usd(1))
        first, second = purse.hold(self.ASK), purse.hold(self.ASK)
        third = purse.hold(self.ASK)
        assert isinstance(third, SpendRefused)
        assert third.by_run
        assert isinstance(first, SpendHeld)
        assert isinstance(second, SpendHeld)
        assert inner.made == 2
        cheap = Money.usd("0.1")
        purse.end(SpendEnd(attempt=first.attempt, state=HoldState.SETTLED, cost=cheap))
        purse.end(SpendEnd(attempt=second.attempt, state=HoldState.UNKNOWN))
        assert purse.committed == Money.usd("0.5")
        assert isinstance(purse.hold(self.ASK), SpendHeld)

    def test_a_budget_that_is_full_is_not_the_runs_limit(self) -> None:
        made = Purse(MemorySpender(room=ZERO), Money.usd(9)).hold(self.ASK)
        assert isinstance(made, SpendRefused)
        assert not made.by_run
