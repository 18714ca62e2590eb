"""Further attempts of a request, within the limits that let its first one through."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from faregate.core.escalation import EscalationRule, Trigger
from faregate.core.model_facts import ModelFacts
from faregate.core.money import Money
from faregate.core.pricing import Rates
from faregate.core.routing import Target
from faregate.gateway.health import Down
from faregate.gateway.inbound import Whole
from faregate.gateway.settings import GateSettings
from faregate.providers.spec import Billing
from tests.gateway.building import CountingLedger, FakeClock
from tests.gateway.fallbacks import RETRIES
from tests.gateway.gates import (
    SPEC,
    FakeAnswer,
    SmallGate,
    ask,
    route,
    row,
    whole,
)

MOST = 9000
UNFIT = (
    "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
    "'max_completion_tokens' instead."
)
USELESS = "Unsupported parameter: 'max_tokens' is not supported with this model."


def gate_with(ledger: CountingLedger, clock: FakeClock, **more: Any) -> SmallGate:
    rule = EscalationRule(on=frozenset(Trigger), validate=True)
    return SmallGate(
        ledger,
        clock,
        GateSettings(retries=RETRIES),
        routes=(route("p/m", "o/m", escalation=rule),),
        limit="20",
        **more,
    )


async def sent_by(gate: SmallGate, *script: FakeAnswer, **more: Any) -> list[Any]:
    """Send a request that names no output bound; return the bodies that left."""
    gate.upstream.script = list(script)
    said = [{"role": "user", "content": "x"}]
    exchange, _ = gate.exchange({"model": "r", "messages": said, **more})
    assert isinstance(await exchange.run(), Whole)
    return [json.loads(request.body) for request in gate.upstream.sent]


def answer(text: str = "hi", read: int = 5, made: int = 5) -> FakeAnswer:
    message = {"content": text}
    return whole(
        {
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": read, "completion_tokens": made},
        }
    )


def refused(message: str, status: int) -> FakeAnswer:
    return whole({"error": {"message": message}}, status)


@pytest.mark.parametrize("limit", ["request_output_tokens", "output_tokens"])
async def test_a_fallback_may_not_write_more_than_the_limit(
    ledger: CountingLedger, clock: FakeClock, limit: str
) -> None:
    facts = {("p", "m"): ModelFacts(max_output=8000)}
    gate = gate_with(ledger, clock, facts=facts, limits={limit: MOST})
    first, second = await sent_by(gate, refused("no", 503), answer())
    assert first["max_tokens"] == 8000
    assert second["max_tokens"] <= MOST


async def test_a_bound_under_its_other_name_keeps_the_limit(
    ledger: CountingLedger, clock: FakeClock
) -> None:
    gate = gate_with(ledger, clock, limits={"request_output_tokens": MOST})
    _, second = await sent_by(gate, refused(UNFIT, 400), answer(), model="p/m")
    assert second["max_completion_tokens"] == MOST


async def test_who_takes_no_bound_is_not_asked_where_there_is_a_limit(
    ledger: CountingLedger, clock: FakeClock
) -> None:
    gate = gate_with(ledger, clock, limits={"request_output_tokens": MOST})
    assert len(await sent_by(gate, refused(USELESS, 400), model="p/m")) == 1


@pytest.mark.parametrize(
    ("limits", "used"),
    [
        ({"output_tokens": MOST}, {"made": MOST - 100}),
        ({"input_tokens": 150}, {"read": 100}),
        ({"tokens_per_minute": 9500}, {"made": 9000}),
        ({"spend_per_minute": Money.usd("0.35")}, {"made": 10_000}),
    ],
)
async def test_what_a_rejected_answer_used_counts_against_the_next_attempt(
    ledger: CountingLedger,
    clock: FakeClock,
    limits: dict[str, Any],
    used: dict[str, int],
) -> None:
    gate = gate_with(ledger, clock, limits=limits)
    assert len(await sent_by(gate, answer("", **used), answer())) == 1


@pytest.mark.parametrize(
    "limits",
    [
        {"output_tokens": 100 * MOST},
        {"tokens_per_minute": 100 * MOST},
        {"spend_per_minute": Money.usd(10)},
    ],
)
async def test_where_both_fit_a_rejected_answer_is_followed_by_another(
    ledger: CountingLedger, clock: FakeClock, limits: dict[str, Any]
) -> None:
    gate = gate_with(ledger, clock, limits=limits)
    assert len(await sent_by(gate, answer(""), answer())) == 2


@pytest.mark.parametrize(
    "limits", [{"tokens_per_minute": 9500}, {"spend_per_minute": Money.usd("0.12")}]
)
async def test_a_full_minute_leaves_what_used_nothing_its_next_attempt(
    ledger: CountingLedger, clock: FakeClock, limits: dict[str, Any]
) -> None:
    gate = gate_with(ledger, clock, limits=limits)
    sent = await sent_by(gate, refused("no", 429), answer(), max_tokens=9000)
    assert len(sent) == 2


async def test_a_first_target_that_costs_nothing_leaves_the_next_one_its_limit(
    ledger: CountingLedger, clock: FakeClock
) -> None:
    free = replace(SPEC, billing=Billing.FREE)
    gate = gate_with(
        ledger, clock, specs=(free,), limits={"request_output_tokens": MOST}
    )
    first, second = await sent_by(gate, refused("no", 503), answer())
    assert "max_tokens" not in first
    assert second["max_tokens"] == MOST


@pytest.mark.parametrize(("most", "asked"), [("0.50", 1), ("2", 2)])
async def test_a_minute_of_spending_is_reckoned_at_the_price_of_the_target_tried(
    ledger: CountingLedger, clock: FakeClock, most: str, asked: int
) -> None:
    dear = replace(row("o"), base=Rates.per_mtok(input=Decimal(1), output=Decimal(100)))
    limits = {"spend_per_minute": Money.usd(most)}
    gate = gate_with(ledger, clock, rows=(dear,), limits=limits)
    gate.upstream.script = [refused("no", 503), answer()]
    exchange, _ = gate.exchange(ask("r", stream=False))
    await exchange.run()
    assert len(gate.upstream.sent) == asked
    (state,) = gate.limiter.states
    assert (state.counters.cost_held, state.counters.running) == (0, 0)


async def test_a_cheaper_target_is_asked_where_the_first_one_would_not_fit_again(
    ledger: CountingLedger, clock: FakeClock
) -> None:
    cheap = replace(row("o"), base=Rates.per_mtok(input=Decimal(1), output=Decimal(1)))
    gate = gate_with(
        ledger, clock, rows=(cheap,), limits={"spend_per_minute": Money.usd("0.12")}
    )
    # The rejected answer of 3,000 tokens cost three of the twelve cents.
    gate.upstream.script = [answer("", made=3000), answer()]
    exchange, _ = gate.exchange(ask("r", stream=False))
    await exchange.run()
    assert len(gate.upstream.sent) == 2


async def test_a_target_that_rests_hands_its_price_to_the_one_instead(
    ledger: CountingLedger, clock: FakeClock
) -> None:
    dear = replace(row("o"), base=Rates.per_mtok(input=Decimal(1), output=Decimal(100)))
    gate = gate_with(
        ledger, clock, rows=(dear,), limits={"spend_per_minute": Money.usd("0.50")}
    )
    exchange, _ = gate.exchange(ask("r", stream=False))
    real = exchange._gate.health.ask

    def rests(target: Target, now: float, *, alone: bool) -> Any:
        if target.provider == "p":
            return Down(why="resting", until=now + 60)
        return real(target, now, alone=alone)

    gate.upstream.script = [answer()]
    gate.gate.health.ask = rests  # type: ignore[method-assign]
    await exchange.run()
    assert gate.upstream.sent == []
