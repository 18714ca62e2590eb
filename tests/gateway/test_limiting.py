"""Requests at their session's limits: how many pass, who waits, what is clamped."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from faregate.core.holds import LedgerError
from faregate.core.identity import Grant
from faregate.core.latches import Latch, LatchState
from faregate.core.limits.limit import Limits
from faregate.core.limits.totals import SessionTotals
from faregate.core.money import Money
from faregate.core.policy import OnTight
from faregate.core.refusal import Refusal, RefusalCode
from faregate.gateway.flights import FlightState
from faregate.gateway.inbound import Result, Whole
from faregate.gateway.settings import GateSettings, Patience
from tests.gateway.building import NOW_MS, FakeClock, open_ledger, turn
from tests.gateway.gates import FakeAnswer, SmallGate

BRISK = GateSettings(patience=Patience(room=0.05))


def chat(text: str = "x", **more: Any) -> dict[str, Any]:
    said = [{"role": "user", "content": text}]
    return {"model": "p/m", "max_tokens": 10, "messages": said, **more}


def answer(sent: int = 5, made: int = 3, tools: int = 0) -> FakeAnswer:
    calls = [
        {"id": f"c{n}", "type": "function", "function": {"name": "f", "arguments": ""}}
        for n in range(tools)
    ]
    body = {
        "choices": [{"message": {"content": "y", "tool_calls": calls}}],
        "usage": {"prompt_tokens": sent, "completion_tokens": made},
    }
    kind = {"content-type": "application/json"}
    return FakeAnswer(headers=kind, parts=[json.dumps(body).encode()])


@contextmanager
def gate(
    folder: Path, settings: GateSettings = BRISK, **limits: Any
) -> Iterator[SmallGate]:
    clock = FakeClock()
    with open_ledger(folder / "ledger", clock) as ledger:
        yield SmallGate(ledger, clock, settings, limits=limits)


async def ask(small: SmallGate, times: int = 1, **body: Any) -> list[Result]:
    """Send as many different requests, one after the other."""
    results = []
    for number in range(times):
        exchange, _reply = small.exchange(chat(f"turn {number}", **body))
        results.append(await exchange.run())
    return results


def limit_of(result: Result) -> str:
    assert isinstance(result, Refusal), result
    assert result.code is RefusalCode.LIMIT_EXCEEDED
    return result.extra["limit_name"]


async def test_exactly_as_many_requests_pass_out_of_a_thousand(tmp_path: Path) -> None:
    with gate(tmp_path, requests=100, concurrency=None) as small:
        small.upstream.script = [answer() for _ in range(100)]
        asked = [small.exchange(chat(f"{n}", max_tokens=1))[0] for n in range(1000)]
        results = await asyncio.gather(*(each.run() for each in asked))
        passed = [r for r in results if isinstance(r, Whole)]
        assert len(passed) == len(small.upstream.sent) == 100
        assert {limit_of(r) for r in results if not isinstance(r, Whole)} == {
            "requests"
        }
        assert small.month().held == Money.usd(0)
        assert len(small.gate.flights) == 0
        state = small.limiter.states.known("s")
        assert state is not None
        assert (state.counters.requests, state.counters.running) == (100, 0)
        assert state.hit == {"requests": 900}


async def test_what_a_budget_refuses_was_no_request(tmp_path: Path) -> None:
    with gate(tmp_path, requests=1) as small:
        dear = chat(max_tokens=10_000_000)
        exchange, _reply = small.exchange(dear)
        result = await exchange.run()
        assert isinstance(result, Refusal)
        assert result.code is RefusalCode.BUDGET_EXCEEDED
        state = small.limiter.states.known("s")
        assert state is not None
        assert state.hit == {"budget": 1}
        small.upstream.script = [answer()]
        first, second = await ask(small, 2)
        assert isinstance(first, Whole)
        assert limit_of(second) == "requests"


async def test_what_an_earlier_process_counted_counts(tmp_path: Path) -> None:
    with gate(tmp_path, requests=8) as small:
        small.governing.sums["s"] = SessionTotals(
            started_at_ms=NOW_MS, last_at_ms=NOW_MS, requests=7
        )
        small.upstream.script = [answer()]
        first, second = await ask(small, 2)
        assert isinstance(first, Whole)
        assert limit_of(second) == "requests"


async def test_a_limit_on_tools_counts_those_of_answers(tmp_path: Path) -> None:
    with gate(tmp_path, tool_calls=3) as small:
        small.upstream.script = [answer(tools=1), answer(tools=2)]
        *passed, last = await ask(small, 3)
        assert all(isinstance(r, Whole) for r in passed)
        assert limit_of(last) == "tool_calls"


async def test_tokens_are_counted_as_used_and_asked_for_as_bounded(
    tmp_path: Path,
) -> None:
    with gate(tmp_path, output_tokens=25) as small:
        small.upstream.script = [answer(made=8), answer(made=8)]
        *passed, last = await ask(small, 3)
        assert all(isinstance(r, Whole) for r in passed)
        # 16 were made and the third may make 10: 26 would pass 25.
        assert limit_of(last) == "output_tokens"
        assert (await ask(small, 1, max_tokens=10))[0] is not None
        small.upstream.script = [answer(made=9)]
        (fits,) = await ask(small, 1, max_tokens=9)
        assert isinstance(fits, Whole)


async def test_a_bound_that_the_gate_sets_shrinks_to_what_is_left(
    tmp_path: Path,
) -> None:
    with gate(tmp_path, output_tokens=5000, request_output_tokens=4000) as small:
        small.upstream.script = [answer(made=3000), answer(made=2000)]
        await ask(small, 1, max_tokens=None)
        first = json.loads(small.upstream.sent[0].body)
        assert first["max_tokens"] == 4000
        await ask(small, 1, max_tokens=None)
        assert json.loads(small.upstream.sent[1].body)["max_tokens"] == 2000
        (result,) = await ask(small, 1, max_tokens=None)
        assert limit_of(result) == "output_tokens"


async def test_a_long_prompt_is_counted_before_it_is_refused(tmp_path: Path) -> None:
    counted: list[str] = []

    async def count(text: str, encoding: str) -> int:
        counted.append(encoding)
        return len(text) // 4

    with gate(tmp_path, request_input_tokens=300) as small:
        small.limiter._count_tokens = count
        small.upstream.script = [answer()]
        exchange, _reply = small.exchange(chat("w" * 400))
        assert isinstance(await exchange.run(), Whole)
        exchange, _reply = small.exchange(chat("w" * 3000))
        assert limit_of(await exchange.run()) == "request_input_tokens"
        exchange, _reply = small.exchange(chat("w" * 3000))
        assert limit_of(await exchange.run()) == "request_input_tokens"
        exchange, _reply = small.exchange(chat("w"))
        small.upstream.script = [answer()]
        assert isinstance(await exchange.run(), Whole)
        assert len(counted) == 2


async def test_a_repeated_request_counts_as_a_retry(tmp_path: Path) -> None:
    with gate(tmp_path, retries=2) as small:
        broken = FakeAnswer(status=500, headers={}, parts=[b"{}"])
        small.upstream.script = [broken, broken, broken, answer()]
        results = []
        for _ in range(4):
            exchange, _reply = small.exchange(chat())
            results.append(await exchange.run())
        assert limit_of(results[3]) == "retries"
        (other,) = await ask(small)
        assert isinstance(other, Whole)


async def test_the_time_of_a_session_ends(tmp_path: Path) -> None:
    with gate(tmp_path, wall_clock=20.0) as small:
        small.upstream.script = [answer(), answer()]
        await ask(small)
        small.clock.pass_by(19.9)
        (result,) = await ask(small)
        assert isinstance(result, Whole)
        small.clock.pass_by(0.1)
        (result,) = await ask(small)
        assert limit_of(result) == "wall_clock"


async def test_a_second_request_waits_for_the_first(tmp_path: Path) -> None:
    patient = GateSettings(patience=Patience(room=30.0))
    with gate(tmp_path, patient, concurrency=1) as small:
        go = asyncio.Event()
        small.upstream.script = [go, answer(), answer()]
        first, second = (small.exchange(chat(t))[0] for t in "ab")
        running = [asyncio.ensure_future(each.run()) for each in (first, second)]
        await turn(20)
        (waiting,) = [
            f for f in small.gate.flights.all() if f.state is FlightState.WAITING
        ]
        assert waiting.why == "the limit concurrency = 1"
        go.set()
        assert all(isinstance(r, Whole) for r in await asyncio.gather(*running))


async def test_nobody_waits_for_what_does_not_end(tmp_path: Path) -> None:
    with gate(tmp_path, concurrency=1) as small:
        never = asyncio.Event()
        small.upstream.script = [never]
        first, second = (small.exchange(chat(t))[0] for t in "ab")
        running = asyncio.ensure_future(first.run())
        await turn(20)
        assert limit_of(await second.run()) == "concurrency"
        assert small.ledger.calls["record_refusal"] == 1
        first.client_gone()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        state = small.limiter.states.known("s")
        assert state is not None
        assert state.counters.running == 0


async def test_those_in_line_keep_their_order(tmp_path: Path) -> None:
    patient = GateSettings(patience=Patience(room=30.0))
    with gate(tmp_path, patient, concurrency=1) as small:
        go = asyncio.Event()
        small.upstream.script = [go, *(answer() for _ in range(4))]
        asked = [small.exchange(chat(t))[0] for t in "abcd"]
        running = [asyncio.ensure_future(each.run()) for each in asked]
        await turn(20)
        assert small.gate.flights.waiting == 3
        go.set()
        await asyncio.gather(*running)
        sent = [
            json.loads(r.body)["messages"][0]["content"] for r in small.upstream.sent
        ]
        assert sent == list("abcd")


async def test_without_waiting_a_limit_refuses_at_once(tmp_path: Path) -> None:
    strict = GateSettings(on_tight=OnTight.REFUSE, patience=Patience(room=3600))
    with gate(tmp_path, strict, spend_per_minute=Money.usd("0.00019")) as small:
        small.upstream.script = [answer(sent=90, made=1)]
        (first,) = await ask(small, max_tokens=1)
        assert isinstance(first, Whole)
        (second,) = await ask(small, max_tokens=1)
        assert limit_of(second) == "spend_per_minute"
        small.clock.pass_by(60)
        small.upstream.script = [answer()]
        (third,) = await ask(small, max_tokens=1)
        assert isinstance(third, Whole)


async def test_a_token_carries_limits_of_its_own(tmp_path: Path) -> None:
    with gate(tmp_path, requests=10) as small:
        grant = Grant(session="t", limits=Limits(requests=1))
        small.upstream.script = [answer()]
        results = []
        for text in "ab":
            exchange, _reply = small.exchange(chat(text), grant=grant)
            results.append(await exchange.run())
        assert isinstance(results[0], Whole)
        assert limit_of(results[1]) == "requests"
        assert "faregate run" in results[1].extra["limit_source"]  # type: ignore[union-attr]


async def test_a_ledger_that_cannot_tell_refuses(tmp_path: Path) -> None:
    def fail(root: str) -> SessionTotals:
        raise LedgerError("the disk is gone")

    with gate(tmp_path) as small:
        small.limiter.states._ledger.totals = fail  # type: ignore[method-assign]
        (result,) = await ask(small)
        assert isinstance(result, Refusal)
        assert result.code is RefusalCode.LEDGER_UNAVAILABLE
        assert small.upstream.sent == []


async def test_what_takes_a_while_to_end_hits_its_limit_once(tmp_path: Path) -> None:
    with gate(tmp_path, wall_clock=20.0) as small:
        never = asyncio.Event()
        small.upstream.script = [never]
        exchange, _reply = small.exchange(chat())
        running = asyncio.ensure_future(exchange.run())
        await turn(20)
        small.clock.pass_by(20)
        for _ in range(3):
            small.gate.governor.look()
        assert limit_of(await running) == "wall_clock"
        state = small.limiter.states.known("s")
        assert state is not None
        assert state.hit == {"wall_clock": 1}


@pytest.mark.parametrize("state", list(LatchState))
async def test_a_latch_meets_who_stands_in_line(
    tmp_path: Path, state: LatchState
) -> None:
    patient = GateSettings(patience=Patience(room=30.0))
    with gate(tmp_path, patient, concurrency=1) as small:
        go = asyncio.Event()
        small.upstream.script = [go, answer()]
        first, second = (small.exchange(chat(t))[0] for t in "ab")
        running = asyncio.ensure_future(first.run())
        await turn(20)
        waiting = asyncio.ensure_future(second.run())
        await turn(20)
        small.gate.governor._patience_s = 0.0
        latch = Latch(scope="session:s", state=state, at_ms=1, who="me")
        ended = small.gate.governor.latch(latch)
        assert ended == (2 if state is LatchState.STOPPED else 0)
        go.set()
        result = await waiting
        assert isinstance(result, Refusal)
        assert result.code == state.value
        await running
        counters = small.limiter.states.known("s")
        assert counters is not None
        assert counters.counters.running == 0
        assert counters.waits_for is None


async def test_what_is_set_holds_from_the_next_request_on(tmp_path: Path) -> None:
    with gate(tmp_path, requests=1) as small:
        small.upstream.script = [answer() for _ in range(3)]
        first, second = await ask(small, 2)
        assert isinstance(first, Whole)
        assert limit_of(second) == "requests"
        small.limiter.reset({"session:s": {"requests": 3}}, {})
        third, fourth, fifth = await ask(small, 3)
        # What was counted stays: two more, not three.
        assert isinstance(third, Whole)
        assert isinstance(fourth, Whole)
        assert limit_of(fifth) == "requests"
        assert isinstance(fifth, Refusal)
        assert fifth.extra["limit_source"] == "faregate limits --session"
        small.limiter.reset({}, {})
        (sixth,) = await ask(small, 1)
        assert isinstance(sixth, Refusal)
        assert sixth.extra["limit"] == "1"


async def test_who_stands_in_line_is_let_through_by_a_raise(tmp_path: Path) -> None:
    patient = GateSettings(patience=Patience(room=30.0))
    with gate(tmp_path, patient, concurrency=1) as small:
        held = asyncio.Event()
        small.upstream.script = [held, held, answer(), answer()]
        running = [
            asyncio.ensure_future(small.exchange(chat(t))[0].run()) for t in "ab"
        ]
        await turn(20)
        state = small.limiter.states.known("s")
        assert state is not None
        assert state.waits_for is not None
        small.limiter.reset({"all": {"concurrency": 2}}, {})
        await turn(20)
        assert state.counters.running == 2
        held.set()
        assert all(isinstance(r, Whole) for r in await asyncio.gather(*running))
