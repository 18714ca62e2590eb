"""Reasons beside the answer: tool results, silence, and what people say."""

from __future__ import annotations

import asyncio

import pytest

from faregate.core.escalation import Trigger
from tests.gateway.building import CountingLedger, FakeClock
from tests.gateway.escalations import (
    asked,
    gate_with,
    good,
    run,
)
from tests.gateway.fallbacks import HASTY, said
from tests.gateway.gates import (
    FakeAnswer,
)


async def test_bad_tool_results_escalate_the_request_that_carries_them(
    ledger: CountingLedger, clock: FakeClock
) -> None:
    gate = gate_with(ledger, clock, Trigger.TOOL_ERRORS, tool_errors=2)
    failing = {"role": "tool", "tool_call_id": "c", "content": "1 failed, 3 passed"}
    made = {"id": "c", "type": "function", "function": {"name": "t", "arguments": "{}"}}
    called = {"role": "assistant", "content": "", "tool_calls": [made]}
    opening = {"role": "user", "content": "fix it"}
    await run(gate, good(), messages=[opening, called, failing])
    await run(gate, good(), messages=[opening, called, failing, called, failing])
    assert asked(gate) == "cd"
    # The same results are no new reason.
    state = gate.gate.routes.state("s", "r")
    assert (state.level.height, state.blamed) == (1, 5)


async def test_a_rate_limit_and_a_silence_are_reasons_too(
    ledger: CountingLedger, clock: FakeClock
) -> None:
    gate = gate_with(ledger, clock, Trigger.RATE_LIMIT, Trigger.TIMEOUT, retries=HASTY)
    await run(gate, said(429), good())
    clock.pass_by(1000)
    await run(gate, good())
    assert asked(gate) == "cdd"
    state = gate.gate.routes.state("s", "r")
    assert state.level.cause is Trigger.RATE_LIMIT
    state.level.height = 0
    clock.pass_by(1000)
    await run(gate, FakeAnswer(parts=[asyncio.Event()]), good())
    assert gate.gate.routes.state("s", "r").level.cause is Trigger.TIMEOUT


@pytest.mark.parametrize(("verdict", "who"), [("rejected", "d"), ("nonsense", "c")])
async def test_a_verdict_in_a_header_counts_at_once(
    verdict: str, who: str, ledger: CountingLedger, clock: FakeClock
) -> None:
    gate = gate_with(ledger, clock)
    await run(gate, good(), headers={"x-faregate-verdict": verdict})
    assert asked(gate) == who
    await run(gate, good(), headers={"x-faregate-verdict": "accepted"})
    assert gate.gate.routes.state("s", "r").level.height == 0


async def test_a_persons_verdict_counts_from_the_next_request_on(
    ledger: CountingLedger, clock: FakeClock
) -> None:
    gate = gate_with(ledger, clock)
    await run(gate, good())
    gate.gate.routes.judged("somebody else", accepted=False)
    await run(gate, good())
    gate.gate.routes.judged("s", accepted=False)
    await run(gate, good())
    assert asked(gate) == "ccd"
    gate.gate.routes.judged("s", accepted=True)
    clock.pass_by(301)
    await run(gate, good())
    assert asked(gate) == "ccdc"
