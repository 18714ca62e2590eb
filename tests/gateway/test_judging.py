"""A judge reads beside the stream and never stands in its way."""

from __future__ import annotations

import asyncio

import pytest

from faregate.core.escalation import EscalationRule, Trigger
from faregate.core.identity import Identity, identify
from faregate.gateway import judging
from faregate.gateway.inbound import Inbound
from faregate.gateway.judging import Judge, ReadMeter, judge_of
from faregate.gateway.plan import Plan
from tests.gateway.building import CountingLedger, FakeClock
from tests.gateway.gates import DONE, USAGE, SmallGate, ask, delta, event

RULE = EscalationRule(on=frozenset({Trigger.TRUNCATED}))
LENGTH = event({"choices": [{"index": 0, "delta": {}, "finish_reason": "length"}]})
CUT_OFF = delta("and then") + LENGTH + USAGE + DONE


def judge(ledger: CountingLedger, clock: FakeClock, rule: EscalationRule) -> Judge:
    found = judge_of(*plan(ledger, clock, rule))
    assert found is not None
    return found


def plan(
    ledger: CountingLedger, clock: FakeClock, rule: EscalationRule | None
) -> tuple[Plan, EscalationRule | None, Inbound]:
    gate = SmallGate(ledger, clock)
    exchange, _ = gate.exchange(ask())
    inbound = exchange._inbound
    facts = inbound.codec.inspect(inbound.head, inbound.body)
    identity = identify(
        grant=inbound.grant,
        url=inbound.url,
        headers=inbound.labels,
        hints=facts.hints,
        opening="",
    )
    assert isinstance(identity, Identity)
    planned = gate.gate.planner.plan(inbound, facts, identity)
    assert isinstance(planned, Plan)
    return planned, rule, inbound


async def test_it_judges_whatever_the_pieces(
    ledger: CountingLedger, clock: FakeClock
) -> None:
    for size in (1, 7, 1000):
        one = judge(ledger, clock, RULE)
        for start in range(0, len(CUT_OFF), size):
            one.feed(CUT_OFF[start : start + size])
        found = await one.finding()
        assert found is not None
        assert found.trigger is Trigger.TRUNCATED


async def test_what_cannot_be_read_is_not_judged(
    ledger: CountingLedger, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    strange = judge(ledger, clock, RULE)
    strange.feed(b'data: {"choices": 7}\n\ndata: [1\n\n')
    await strange.finding()
    monkeypatch.setattr(judging, "MOST_READ", 100)
    endless = judge(ledger, clock, RULE)
    endless.feed(CUT_OFF)
    assert await endless.finding() is None


async def test_a_long_request_is_read_in_a_thread(
    ledger: CountingLedger, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judging, "READ_ON_LOOP", 1)
    one = judge(ledger, clock, RULE)
    one.feed(CUT_OFF)
    found = await asyncio.wait_for(one.finding(), 20)
    assert found is not None


def test_there_is_none_where_nothing_is_asked_for(
    ledger: CountingLedger, clock: FakeClock
) -> None:
    assert judge_of(*plan(ledger, clock, None)) is None
    verdicts = EscalationRule(on=frozenset({Trigger.VERDICT}))
    assert judge_of(*plan(ledger, clock, verdicts)) is None


def test_a_meter_beside_a_judge_passes_everything_on(
    ledger: CountingLedger, clock: FakeClock
) -> None:
    planned, rule, inbound = plan(ledger, clock, RULE)
    one = judge_of(planned, rule, inbound)
    assert one is not None
    meter = inbound.codec.meter(strip_usage=False, flags=frozenset())
    read = ReadMeter(meter, one)
    before = read.started
    assert read.feed(CUT_OFF) == CUT_OFF
    assert (before, read.started, read.ended) == (False, True, True)
    assert read.finish() == b""
    assert read.answer().finish == "length"
