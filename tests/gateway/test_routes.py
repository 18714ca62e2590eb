"""A session on a route: who is asked first, and what that rests on."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from faregate.core.model_facts import ModelFacts
from faregate.core.pricing import Rates
from faregate.core.routing import Complexity, RoutePolicy, Target, TargetOptions
from faregate.gateway.inbound import Whole
from faregate.providers.spec import OPENAI_CHAT
from tests.gateway.building import CountingLedger, FakeClock
from tests.gateway.gates import SPEC, SmallGate, ask, route, row, whole

A, B = "p/m", "q/m"
ANSWER = {
    "choices": [{"index": 0, "message": {"content": "hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 10_000, "completion_tokens": 100},
}


def gate_with(ledger: CountingLedger, clock: FakeClock, **how: Any) -> SmallGate:
    specs = (
        replace(SPEC, name="q", base_urls=dict.fromkeys(SPEC.base_urls, "http://q")),
    )
    return SmallGate(
        ledger,
        clock,
        specs=specs,
        rows=(CACHED,),
        facts={(name, "m"): ModelFacts(context=100_000) for name in "pq"},
        limit="20",
        routes=(route(A, B, **how),),
    )


async def served_by(gate: SmallGate, *script: Any, **more: Any) -> str:
    """Let one request through, and tell which provider answered it."""
    exchange, _ = gate.exchange(ask("r", stream=False, **more))
    gate.upstream.script = [*(script or [whole(ANSWER)])]
    result = await exchange.run()
    assert isinstance(result, Whole), result
    return "q" if gate.upstream.sent[-1].url.startswith("http://q") else "p"


CACHED = replace(
    row("q"),
    base=Rates.per_mtok(
        input=Decimal(1), output=Decimal(10), cache_read=Decimal("0.1")
    ),
)
"""Input that is cached costs a tenth."""


def busy() -> Any:
    return whole({"error": {"message": "slow down"}}, 429)


async def test_a_session_stays_with_its_fallback_while_its_cache_is_warm(
    ledger: CountingLedger, clock: FakeClock
) -> None:
    gate = gate_with(ledger, clock)
    assert await served_by(gate, busy(), whole(ANSWER)) == "q"
    clock.pass_by(10)
    assert await served_by(gate) == "q"
    clock.pass_by(301)
    assert await served_by(gate) == "p"


async def test_without_stickiness_the_order_counts_each_time(
    ledger: CountingLedger, clock: FakeClock
) -> None:
    gate = gate_with(ledger, clock, sticky=False)
    assert await served_by(gate, busy(), whole(ANSWER)) == "q"
    clock.pass_by(10)
    assert await served_by(gate) == "p"


@pytest.mark.parametrize(
    "too_much",
    [
        {"messages": [{"role": "user", "content": "x" * 9000}]},
        {"tools": [{"type": "function", "function": {"name": "f"}}] * 3},
        {"reasoning_effort": "high"},
        {
            "messages": [
                {
                    "role": "user",
                    "content": [{"type": "image_url", "image_url": {"url": "data:,"}}],
                }
            ]
        },
    ],
    ids=["input", "tools", "reasoning", "images"],
)
async def test_a_complex_request_begins_further_on(
    ledger: CountingLedger, clock: FakeClock, too_much: dict[str, Any]
) -> None:
    complexity = Complexity(input_tokens=2000, tools=3, images=True, reasoning=True)
    gate = gate_with(ledger, clock, complexity=complexity, sticky=False)
    assert await served_by(gate) == "p"
    assert await served_by(gate, **too_much) == "q"


async def test_the_cheapest_is_asked_and_a_warm_cache_makes_one_cheaper(
    ledger: CountingLedger, clock: FakeClock
) -> None:
    gate = gate_with(ledger, clock, policy=RoutePolicy.CHEAPEST)
    long = {"messages": [{"role": "user", "content": "x" * 40_000}]}
    assert await served_by(gate, busy(), whole(ANSWER), **long) == "q"
    clock.pass_by(10)
    assert await served_by(gate, **long) == "q"
    clock.pass_by(301)
    assert await served_by(gate, **long) == "p"


async def test_an_answer_is_no_longer_than_its_target_may_give(
    ledger: CountingLedger, clock: FakeClock
) -> None:
    first = Target(provider="p", model="m", route="r")
    gate = gate_with(ledger, clock, options={first: TargetOptions(max_output=1234)})
    await served_by(gate)
    assert b'"max_tokens":1234' in gate.upstream.sent[0].body.replace(b" ", b"")


async def test_who_speaks_the_dialect_comes_before_who_needs_a_translation(
    ledger: CountingLedger, clock: FakeClock
) -> None:
    other = replace(
        SPEC, name="t", base_urls={"anthropic_messages": "http://t"}, key_env=()
    )
    same = replace(SPEC, name="q", base_urls={OPENAI_CHAT: "http://q"})
    gate = SmallGate(
        ledger,
        clock,
        specs=(other, same),
        rows=(row("t"), row("q")),
        routes=(route(A, "t/m", B),),
    )
    assert await served_by(gate, busy(), whole(ANSWER)) == "q"


async def test_the_choice_is_explained(
    ledger: CountingLedger, clock: FakeClock
) -> None:
    gate = gate_with(ledger, clock)
    exchange, _ = gate.exchange(ask("r", stream=False))
    gate.upstream.script = [busy(), whole(ANSWER)]
    await exchange.run()
    story = exchange._inbound.explanation
    told = story.last("route")
    assert told is not None
    assert (told["route"], told["why"]) == ("r", "ordered")
    attempt = next(f for s, f in story if s == "attempt" and "then" in f)
    assert attempt["then"] == "fallback:rate_limit"


async def test_who_is_seldom_accepted_is_asked_later(
    ledger: CountingLedger, clock: FakeClock
) -> None:
    gate = gate_with(ledger, clock, policy=RoutePolicy.CHEAPEST_ACCEPTED)
    assert await served_by(gate) == "p"
    clock.pass_by(301)
    gate.gate.routes.outcomes = {"p/m": (9, 0), "q/m": (9, 8)}
    assert await served_by(gate) == "q"
