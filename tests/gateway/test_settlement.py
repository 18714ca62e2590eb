"""What an answer proves about money."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from faregate.core.holds import AlreadyResolvedError, HoldState, LedgerError
from faregate.core.money import ZERO, Money
from faregate.core.pricing import PriceRow, Rates
from faregate.gateway.inbound import Whole
from faregate.gateway.settlement import UNBILLED
from faregate.providers.spec import Billing, ErrorClass, ErrorRule
from tests.gateway.building import CountingLedger, FakeClock, turn
from tests.gateway.gates import (
    COST,
    DONE,
    FINISH,
    OBSERVED,
    SPEC,
    USAGE,
    FakeAnswer,
    SmallGate,
    ask,
    delta,
    event,
    row,
    whole,
)

ERROR = {"error": {"message": "no", "type": "x"}}
USED = {"usage": {"prompt_tokens": 10, "completion_tokens": 100}}
SAID = {
    "choices": [{"index": 0, "message": {"content": "hi"}, "finish_reason": "stop"}]
}


@pytest.fixture
def small(ledger: CountingLedger, clock: FakeClock) -> SmallGate:
    return SmallGate(ledger, clock)


async def run(small: SmallGate, answer: Any, model: str = "p/m", **more: Any) -> None:
    exchange, _ = small.exchange(ask(model, **more))
    small.upstream.script = [answer]
    await exchange.run()


def outcome(small: SmallGate) -> HoldState:
    state = small.month()
    assert not state.held
    if state.unknown:
        assert not state.spent
        return HoldState.UNKNOWN
    return HoldState.SETTLED if state.spent else HoldState.VOIDED


@pytest.mark.parametrize("status", sorted(UNBILLED))
async def test_an_error_that_no_provider_bills_is_voided(
    status: int, small: SmallGate
) -> None:
    await run(small, whole(ERROR, status), stream=False)
    assert outcome(small) is HoldState.VOIDED


@pytest.mark.parametrize("status", [402, 409, 451, 500, 502, 503, 529])
async def test_any_other_error_may_have_been_billed(
    status: int, small: SmallGate
) -> None:
    await run(small, whole(ERROR, status), stream=False)
    assert outcome(small) is HoldState.UNKNOWN


async def test_a_provider_may_be_known_not_to_bill_more_of_them(
    ledger: CountingLedger, clock: FakeClock
) -> None:
    kind = replace(SPEC, name="k", unbilled_statuses=frozenset({529}))
    small = SmallGate(ledger, clock, specs=(kind,), rows=(row("k"),))
    await run(small, whole(ERROR, 529), "k/m", stream=False)
    assert outcome(small) is HoldState.VOIDED


@pytest.mark.parametrize(
    ("code", "state"),
    [(1008, HoldState.VOIDED), (1001, HoldState.UNKNOWN), (7, HoldState.UNKNOWN)],
)
async def test_a_code_can_prove_it_where_the_status_says_nothing(
    code: int, state: HoldState, ledger: CountingLedger, clock: FakeClock
) -> None:
    rules = (
        ErrorRule(error_class=ErrorClass.QUOTA_EXHAUSTED, code="1008"),
        ErrorRule(error_class=ErrorClass.UPSTREAM, code="1001"),
    )
    kind = replace(SPEC, name="k", error_rules=rules)
    small = SmallGate(ledger, clock, specs=(kind,), rows=(row("k"),))
    body = {"base_resp": {"status_code": code, "status_msg": "no"}}
    await run(small, whole(body), "k/m", stream=False)
    assert outcome(small) is state


async def test_usage_in_an_error_is_no_proof(small: SmallGate) -> None:
    await run(small, whole(ERROR | USED, 400), stream=False)
    assert outcome(small) is HoldState.UNKNOWN


async def test_output_in_an_error_is_no_proof(small: SmallGate) -> None:
    await run(small, whole(ERROR | SAID, 400), stream=False)
    assert outcome(small) is HoldState.UNKNOWN


async def test_an_answer_without_usage_is_unknown(small: SmallGate) -> None:
    await run(small, whole(SAID), stream=False)
    assert outcome(small) is HoldState.UNKNOWN


async def test_unless_the_provider_is_known_to_bill_what_is_seen(
    small: SmallGate, clock: FakeClock
) -> None:
    await run(small, whole(SAID), "o/m", stream=False)
    assert outcome(small) is HoldState.SETTLED
    assert COST < small.month().spent < Money.usd("0.01")


async def test_a_broken_stream_of_such_a_provider_is_estimated(
    small: SmallGate, clock: FakeClock
) -> None:
    exchange, _ = small.exchange(ask("o/m"))
    small.upstream.script = [FakeAnswer(parts=[delta("x" * 400), asyncio.Event()])]
    task = asyncio.ensure_future(exchange.run())
    await turn(6)
    clock.pass_by(10)
    exchange.client_gone()
    for flight in small.gate.flights.all():
        flight.hang_up()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    # Ten seconds of hidden reasoning are 3,000 tokens; the input is its bytes.
    spent = small.month().spent
    assert Money.usd("0.03") < spent < Money.usd("0.031")
    assert outcome(small) is HoldState.SETTLED


async def test_several_choices_are_made_at_once(
    small: SmallGate, clock: FakeClock
) -> None:
    exchange, _ = small.exchange(ask("o/m", n=4, max_tokens=2_000))
    small.upstream.script = [FakeAnswer(parts=[delta("x"), asyncio.Event()])]
    task = asyncio.ensure_future(exchange.run())
    await turn(6)
    clock.pass_by(5)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert Money.usd("0.06") < small.month().spent < Money.usd("0.061")


async def test_an_estimate_never_passes_its_hold(
    small: SmallGate, clock: FakeClock
) -> None:
    exchange, _ = small.exchange(ask("o/m", max_tokens=100))
    small.upstream.script = [FakeAnswer(parts=[delta("x"), asyncio.Event()])]
    task = asyncio.ensure_future(exchange.run())
    await turn(6)
    held = small.month().held
    clock.pass_by(3600)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert small.month().spent == held


def _started(**counters: int) -> bytes:
    usage = {"input_tokens": 0, "output_tokens": 1, **counters}
    message = {"id": "m", "model": "m", "usage": usage}
    return b"event: message_start\n" + event(
        {"type": "message_start", "message": message}
    )


async def _cut(small: SmallGate, start: bytes, **more: Any) -> Money:
    body = {"model": "o/m", "max_tokens": 100, "stream": True, **more}
    body["messages"] = [{"role": "user", "content": "x" * 4_000}]
    exchange, _ = small.exchange(body, "/v1/messages")
    small.upstream.script = [FakeAnswer(parts=[start, asyncio.Event()])]
    task = asyncio.ensure_future(exchange.run())
    await turn(6)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return small.month().spent


async def test_input_that_the_provider_stated_is_exact(small: SmallGate) -> None:
    spent = await _cut(small, _started(input_tokens=1_000))
    assert spent == Money.usd("0.001") + Money.usd("0.001")


async def test_but_not_where_its_tools_sample_again(small: SmallGate) -> None:
    """Each round reads the input anew, and what the tools found besides."""
    tool = {"type": "web_search_20250305", "name": "web_search", "max_uses": 2}
    spent = await _cut(small, _started(input_tokens=1_000), tools=[tool])
    assert spent > Money.usd("0.06")


async def test_the_dearer_class_that_an_answer_names_counts(
    ledger: CountingLedger, clock: FakeClock
) -> None:
    small = SmallGate(ledger, clock)
    plan_rows: dict[str, PriceRow] = {
        "priority": row("p", service="priority"),
    }
    fast = Rates.per_mtok(input=Decimal(2), output=Decimal(20))
    plan_rows["priority"] = replace(plan_rows["priority"], base=fast)
    planner: Any = small.gate.planner
    real = planner._prices.row

    def row_of(provider: str, model: str, at: Any, *, service: Any = None) -> Any:
        return plan_rows.get(service) or real(provider, model, at, service=service)

    planner._prices.row = row_of
    await run(small, whole(SAID | USED | {"service_tier": "priority"}), stream=False)
    assert small.month().spent == COST + COST
    await run(small, whole(SAID | USED | {"service_tier": "default"}), stream=False)
    assert small.month().spent == COST * 3


async def test_what_somebody_else_resolved_is_left_alone(small: SmallGate) -> None:
    small.ledger.failing["settle"] = AlreadyResolvedError("it was voided before")
    await run(small, whole(SAID | USED), stream=False)
    assert "resolved" in small.kinds()
    assert small.ledger.calls["mark_unknown"] == 0


@pytest.mark.parametrize("end", ["settle", "void", "mark_unknown"])
async def test_a_hold_ends_as_unknown_where_its_end_cannot_be_booked(
    end: str, small: SmallGate, caplog: pytest.LogCaptureFixture
) -> None:
    """A fault of our own costs no room for good: a person can resolve what is unknown."""
    ledger: Any = small.ledger.ledger
    real, faults = ledger.mark_unknown, [ValueError("a bug")]

    def breaks(release: Any) -> Any:
        if faults:
            raise faults.pop()
        return real(release)

    ledger.mark_unknown = breaks
    if end != "mark_unknown":
        faults.clear()
        small.ledger.failing[end] = ValueError("a bug")
    answers: dict[str, dict[str, Any]] = {}
    answers |= {"settle": SAID | USED, "void": ERROR, "mark_unknown": SAID}
    status = 400 if end == "void" else 200
    exchange, _ = small.exchange(ask(stream=False))
    small.upstream.script = [whole(answers[end], status)]
    result = await exchange.run()
    assert isinstance(result, Whole)
    assert result.status == status
    assert outcome(small) is HoldState.UNKNOWN
    (told,) = (e for e in small.gate.events.since(0) if e.kind == "ledger")
    assert told.text == "The ledger keeps a hold: a bug"
    assert "a bug" in caplog.text


async def test_what_costs_nothing_holds_nothing_and_is_still_counted(
    ledger: CountingLedger, clock: FakeClock
) -> None:
    free = replace(SPEC, name="f", billing=Billing.FREE)
    small = SmallGate(ledger, clock, specs=(free,), limit="0")
    await run(small, whole(SAID | USED), "f/m", stream=False)
    await run(small, whole(SAID), "f/m", stream=False)
    await run(small, whole(ERROR, 500), "f/m", stream=False)
    state = small.month()
    assert (state.spent, state.held, state.unknown) == (ZERO, ZERO, ZERO)
    assert small.ledger.calls["settle"] == 2
    assert small.ledger.calls["mark_unknown"] == 0


async def test_a_mark_of_the_budget_is_told_once(small: SmallGate) -> None:
    small.ledger.ledger.set_alert_marks((50, 80))
    used = {"usage": {"prompt_tokens": 550_000, "completion_tokens": 1}}
    body = ask(stream=False) | {"max_tokens": 1}
    body["messages"] = [{"role": "user", "content": "x" * 560_000}]
    exchange, _ = small.exchange(body)
    small.upstream.script = [whole(SAID | used)]
    await exchange.run()
    (told,) = (e for e in small.gate.events.since(0) if e.kind == "alert")
    assert told.text == "50 % of the monthly budget: $0.55 of $1.00 spent"
    assert told.severity == "warn"


async def test_the_stream_of_an_observed_provider_is_still_exact_with_usage(
    small: SmallGate,
) -> None:
    await run(small, FakeAnswer(parts=[delta("hi"), FINISH, USAGE, DONE]), "o/m")
    assert small.month().spent == COST
    assert OBSERVED.on_abort.value == "observed"


async def test_an_answer_may_be_thrown_away_after_it_was_paid(
    small: SmallGate, ledger: CountingLedger
) -> None:
    exchange, _ = small.exchange(ask(stream=False))
    small.upstream.script = [whole(SAID | USED)]
    await exchange.run()
    hold: Any = exchange._inbound.explanation.hold
    hold.throw_away("untranslatable")
    connection = ledger.ledger._parts.connection
    found = connection.execute("SELECT wasted, waste FROM attempt").fetchall()
    assert found == [(1, "untranslatable")]
    # What cannot be noted is told, and breaks nothing.
    ledger.failing["waste"] = LedgerError("the disk is full")
    hold.throw_away("again")
    assert small.kinds()[-1] == "ledger"
