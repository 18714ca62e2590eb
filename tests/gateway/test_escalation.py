"""Cheap first, dearer on evidence: each trigger, at once or with the next turn."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from faregate.core.escalation import EscalationRule, Trigger
from faregate.core.money import ZERO
from faregate.gateway import keep_alive
from faregate.gateway.inbound import Whole
from faregate.providers.spec import OPENAI_CHAT
from tests.gateway.building import CountingLedger, FakeClock, turn
from tests.gateway.escalations import (
    BAD,
    SCHEMA,
    asked,
    bad,
    collected,
    gate_with,
    good,
    run,
    streamed,
)
from tests.gateway.fallbacks import ERROR, GOOD, booked, said
from tests.gateway.gates import (
    COST,
    SPEC,
    FakeAnswer,
    SmallGate,
    ask,
    delta,
    route,
    row,
)


@pytest.mark.parametrize("trigger", BAD)
async def test_a_validated_answer_that_does_not_hold_up_never_arrives(
    trigger: Trigger, ledger: CountingLedger, clock: FakeClock
) -> None:
    gate = gate_with(ledger, clock, validate=True)
    answer, more = bad(trigger)
    fine = streamed(delta('{"a": 1}'))
    result, reply = await run(gate, answer, fine, **more)
    assert result is None
    assert b"".join(reply.written) == b"".join(
        p for p in fine.parts if isinstance(p, bytes)
    )
    assert asked(gate) == "cd"
    columns = "cause, waste, verdict, wasted, cost"
    assert booked(gate, columns) == [
        (None, str(trigger), str(trigger), 1, COST.pico),
        (f"escalation:{trigger}", None, "ok", 0, COST.pico),
    ]
    # And the session stays with the dearer target.
    gate.upstream.sent.clear()
    await run(gate, good())
    assert asked(gate) == "d"
    assert booked(gate, "cause")[-1] == (f"escalation:{trigger}",)


@pytest.mark.parametrize("trigger", BAD)
async def test_whole_answers_are_simply_checked(
    trigger: Trigger, ledger: CountingLedger, clock: FakeClock
) -> None:
    gate = gate_with(ledger, clock, validate=True)
    answer, more = bad(trigger)
    fine = collected(streamed(delta('{"a": 1}')))
    result, _ = await run(gate, collected(answer), fine, stream=False, **more)
    assert isinstance(result, Whole)
    assert b'{\\"a\\": 1}' in result.body
    assert asked(gate) == "cd"
    assert booked(gate, "waste") == [(str(trigger),), (None,)]


@pytest.mark.parametrize("trigger", BAD)
async def test_without_validation_the_next_turn_escalates(
    trigger: Trigger, ledger: CountingLedger, clock: FakeClock
) -> None:
    gate = gate_with(ledger, clock)
    answer, more = bad(trigger)
    parts = [*answer.parts]
    _, reply = await run(gate, answer, **more)
    assert reply.written == parts
    assert booked(gate, "verdict, waste") == [(str(trigger), None)]
    await run(gate, good())
    assert asked(gate) == "cd"
    assert booked(gate, "cause")[-1] == (f"escalation:{trigger}",)
    assert "escalation" in gate.kinds()


@pytest.mark.parametrize("trigger", BAD)
async def test_what_the_route_does_not_mind_is_no_reason(
    trigger: Trigger, ledger: CountingLedger, clock: FakeClock
) -> None:
    other = Trigger.EMPTY if trigger is not Trigger.EMPTY else Trigger.TRUNCATED
    gate = gate_with(ledger, clock, other, validate=True)
    answer, more = bad(trigger)
    await run(gate, answer, **more)
    await run(gate, good())
    assert asked(gate) == "cc"


async def test_a_schema_for_the_answer_is_checked(
    ledger: CountingLedger, clock: FakeClock
) -> None:
    gate = gate_with(ledger, clock, Trigger.RESPONSE_FORMAT, validate=True)
    await run(gate, streamed(delta("[1]")), good(), response_format=SCHEMA)
    assert asked(gate) == "cd"
    assert booked(gate, "waste")[0] == ("response_format",)


async def test_good_turns_bring_a_session_back(
    ledger: CountingLedger, clock: FakeClock
) -> None:
    gate = gate_with(ledger, clock, back_after=2)
    answer, more = bad(Trigger.EMPTY)
    await run(gate, answer, **more)
    for _ in range(3):
        clock.pass_by(301)
        await run(gate, good())
    assert asked(gate) == "cddc"


async def test_where_no_dearer_target_is_left_the_answer_is_passed_on(
    ledger: CountingLedger, clock: FakeClock
) -> None:
    gate = gate_with(ledger, clock, validate=True)
    answer, more = bad(Trigger.TRUNCATED)
    second, _ = bad(Trigger.TRUNCATED)
    parts = [*second.parts]
    result, reply = await run(gate, answer, second, **more)
    assert result is None
    assert reply.written == parts
    assert booked(gate, "waste, verdict") == [
        ("truncated", "truncated"),
        (None, "truncated"),
    ]


async def test_an_answer_that_does_not_hold_up_is_better_than_none(
    ledger: CountingLedger, clock: FakeClock
) -> None:
    gate = gate_with(ledger, clock, validate=True)
    answer, more = bad(Trigger.TRUNCATED)
    parts = [p for p in answer.parts if isinstance(p, bytes)]
    result, reply = await run(gate, answer, said(503), **more)
    assert result is None
    assert reply.status == 200
    assert b"".join(reply.written) == b"".join(parts)


async def test_a_validated_stream_that_breaks_midway_falls_back(
    ledger: CountingLedger, clock: FakeClock
) -> None:
    gate = gate_with(ledger, clock, validate=True)
    result, reply = await run(gate, FakeAnswer(parts=[delta("hi"), ERROR]), good())
    assert result is None
    assert b"".join(reply.written) == b"".join(GOOD)
    assert asked(gate) == "cd"


async def test_the_client_hears_something_while_its_answer_is_checked(
    ledger: CountingLedger, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keep_alive, "SILENT_S", 0.0)
    gate = gate_with(ledger, clock, validate=True)
    pause = asyncio.Event()
    answer = FakeAnswer(parts=[delta("hi"), pause, *GOOD[1:]])
    exchange, reply = gate.exchange(ask("r"))
    gate.upstream.script = [answer]
    task = asyncio.ensure_future(exchange.run())
    await turn(20)
    assert reply.written == [b": faregate: the answer is checked\n\n"]
    pause.set()
    assert await task is None
    assert b"".join(reply.written[1:]) == b"".join(GOOD)


async def test_a_client_that_leaves_ends_the_checking(
    ledger: CountingLedger, clock: FakeClock
) -> None:
    gate = gate_with(ledger, clock, validate=True)
    pause = asyncio.Event()
    answer, more = bad(Trigger.TRUNCATED)
    answer.parts.insert(1, pause)
    exchange, reply = gate.exchange(ask("r", **more))
    gate.upstream.script = [answer]
    task = asyncio.ensure_future(exchange.run())
    await turn(20)
    exchange.client_gone()
    pause.set()
    await task
    assert asked(gate) == "c"
    assert not reply.started
    assert gate.month().held == ZERO
    assert gate.month().spent == COST


async def test_requests_without_a_route_are_not_read(
    ledger: CountingLedger, clock: FakeClock
) -> None:
    gate = gate_with(ledger, clock, validate=True)
    answer, more = bad(Trigger.TOOL_ARGUMENTS)
    exchange, reply = gate.exchange(ask("p/m", **more))
    gate.upstream.script = [answer]
    await exchange.run()
    assert reply.written
    assert booked(gate, "verdict, route") == [(None, None)]


async def test_a_translated_answer_is_judged_in_the_providers_own_words(
    ledger: CountingLedger, clock: FakeClock
) -> None:
    rule = EscalationRule(on=frozenset({Trigger.TOOL_ARGUMENTS}), validate=True)
    chat = {OPENAI_CHAT: "http://t"}
    gate = SmallGate(
        ledger,
        clock,
        specs=(
            replace(SPEC, name="t", base_urls=chat),
            replace(SPEC, name="u", base_urls=chat),
        ),
        rows=(row("t"), row("u")),
        routes=(route("t/m", "u/m", escalation=rule),),
    )
    body = {
        "model": "r",
        "max_tokens": 100,
        "stream": True,
        "messages": [{"role": "user", "content": "hi"}],
        "tools": [{"name": "read", "input_schema": {"type": "object"}}],
    }
    exchange, reply = gate.exchange(body, "/v1/messages")
    broken, _ = bad(Trigger.TOOL_ARGUMENTS)
    gate.upstream.script = [broken, good()]
    assert await exchange.run() is None
    text = b"".join(reply.written)
    assert text.startswith(b"event: message_start")
    assert b"tool_use" not in text
    assert booked(gate, "verdict, waste") == [
        ("tool_arguments", "tool_arguments"),
        ("ok", None),
    ]
