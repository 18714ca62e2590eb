"""Cheap first, dearer on evidence: each trigger, at once or with the next turn."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from faregate.core.escalation import EscalationRule, Trigger
from faregate.core.money import ZERO
from faregate.core.retrying import RetryPolicy
from faregate.gateway import keep_alive
from faregate.gateway.inbound import Whole
from faregate.gateway.settings import GateSettings
from tests.gateway.building import CountingLedger, FakeClock, turn
from tests.gateway.fallbacks import ERROR, GOOD, HASTY, RETRIES, booked, said
from tests.gateway.gates import (
    COST,
    DONE,
    SPEC,
    USAGE,
    FakeAnswer,
    SmallGate,
    ask,
    delta,
    event,
    route,
    row,
    whole,
)

CHEAP, DEAR = "p/m", "q/m"
TOOL = {
    "type": "function",
    "function": {
        "name": "read",
        "parameters": {
            "type": "object",
            "properties": {"path": {"type": "string"}},
            "required": ["path"],
            "additionalProperties": False,
        },
    },
}
JSON_MODE = {"type": "json_object"}
SCHEMA = {
    "type": "json_schema",
    "json_schema": {
        "name": "n",
        "schema": {"type": "object", "required": ["a"]},
    },
}
TOOLS = {"tools": [TOOL]}


def gate_with(
    ledger: CountingLedger,
    clock: FakeClock,
    *on: Trigger,
    retries: RetryPolicy = RETRIES,
    **more: Any,
) -> SmallGate:
    rule = EscalationRule(on=frozenset(on or Trigger), **more)
    specs = (
        replace(SPEC, name="q", base_urls=dict.fromkeys(SPEC.base_urls, "http://q")),
    )
    return SmallGate(
        ledger,
        clock,
        GateSettings(retries=retries),
        specs=specs,
        rows=(row("q"),),
        limit="20",
        routes=(route(CHEAP, DEAR, escalation=rule),),
    )


def call(name: str, arguments: str) -> bytes:
    function = {"name": name, "arguments": arguments}
    calls = [{"index": 0, "id": "c1", "type": "function", "function": function}]
    return event({"choices": [{"index": 0, "delta": {"tool_calls": calls}}]})


def finish(reason: str) -> bytes:
    return event({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})


def streamed(*parts: bytes, reason: str = "stop") -> FakeAnswer:
    return FakeAnswer(parts=[*parts, finish(reason), USAGE, DONE])


def doubtful() -> bytes:
    tokens = [{"token": "x", "logprob": -3.0}, {"token": "y", "logprob": -2.0}]
    return event(
        {
            "choices": [
                {
                    "index": 0,
                    "delta": {"content": "xy"},
                    "logprobs": {"content": tokens},
                }
            ]
        }
    )


BAD: dict[Trigger, tuple[list[bytes], str, dict[str, Any]]] = {
    Trigger.TOOL_ARGUMENTS: ([call("read", '{"path": ')], "tool_calls", TOOLS),
    Trigger.TOOL_SCHEMA: ([call("read", '{"file": "a"}')], "tool_calls", TOOLS),
    Trigger.UNKNOWN_TOOL: ([call("raed", '{"path": "a"}')], "tool_calls", TOOLS),
    Trigger.RESPONSE_FORMAT: ([delta("no")], "stop", {"response_format": JSON_MODE}),
    Trigger.EMPTY: ([delta("")], "stop", {}),
    Trigger.TRUNCATED: ([delta("and then")], "length", {}),
    Trigger.LOW_CONFIDENCE: ([doubtful()], "stop", {"logprobs": True}),
}


def bad(trigger: Trigger) -> tuple[FakeAnswer, dict[str, Any]]:
    parts, reason, more = BAD[trigger]
    return streamed(*parts, reason=reason), more


def collected(answer: FakeAnswer) -> FakeAnswer:
    """The same answer in one piece."""
    message: dict[str, Any] = {"role": "assistant", "content": ""}
    choice: dict[str, Any] = {"index": 0, "message": message}
    for part in answer.parts:
        assert isinstance(part, bytes)
        text = part.removeprefix(b"data: ").strip()
        if text == b"[DONE]":
            continue
        for found in json.loads(text)["choices"]:
            said_ = found["delta"]
            message["content"] += said_.get("content", "")
            if "tool_calls" in said_:
                message["tool_calls"] = said_["tool_calls"]
            choice["finish_reason"] = found.get("finish_reason")
            if "logprobs" in found:
                choice["logprobs"] = found["logprobs"]
    usage = {"prompt_tokens": 10, "completion_tokens": 100}
    return whole({"choices": [choice], "usage": usage})


async def run(
    gate: SmallGate, *script: Any, stream: bool = True, **more: Any
) -> tuple[Any, Any]:
    headers = more.pop("headers", {})
    exchange, reply = gate.exchange(ask("r", stream=stream, **more))
    if headers:
        head = replace(exchange._inbound.head, headers=headers)
        exchange._inbound = replace(exchange._inbound, head=head)
    gate.upstream.script = [*script]
    return await exchange.run(), reply


def asked(gate: SmallGate) -> str:
    """Who was asked, in order: c for the cheap one, d for the dear one."""
    return "".join(
        "d" if each.url.startswith("http://q") else "c" for each in gate.upstream.sent
    )


def good() -> FakeAnswer:
    return FakeAnswer(parts=[*GOOD])


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
