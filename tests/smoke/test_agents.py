"""Scripted agents run their loop against the simulator as the real ones would."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from faregate.smoke.agents import KINDS, AgentRun, message_of, run_agent
from faregate.smoke.simulated.bill import BilledBecause
from faregate.smoke.simulated.fault import Fault
from faregate.smoke.simulated.faults import connection, statuses, streams
from faregate.smoke.simulated.faults.table import TABLE
from faregate.smoke.simulated.reply import ToolCall
from faregate.smoke.simulated.script import Step

if TYPE_CHECKING:
    from collections.abc import Callable

    from faregate.smoke.simulated.seen import SeenRequest
    from faregate.smoke.simulated.server import SimulatedProvider

MODEL = "sim-small"
BUDGET = statuses.status(
    400, error_code="budget_exceeded", message="The monthly cap of $2 is reached."
)
SIDE_CALLS = {"opencode": 1}


async def run(
    provider: SimulatedProvider,
    kind: str,
    turns: int = 3,
    *,
    seed: int = 1,
    on_retry: Callable[[], None] | None = None,
) -> AgentRun:
    return await run_agent(
        kind, provider.url, "fg-x", turns, MODEL, Random(seed), 0, on_retry=on_retry
    )


def with_tools(seen: SeenRequest) -> Step | None:
    """Two tool calls wherever tools are offered."""
    if not seen.json.get("tools"):
        return None
    first = ToolCall(name="bash", arguments={"command": "ls"})
    return Step(text="Let me look.", tools=(first, ToolCall(name="read")))


def main_calls(provider: SimulatedProvider, kind: str) -> list[SeenRequest]:
    return provider.generations[SIDE_CALLS.get(kind, 0) :]


def turns_of(seen: SeenRequest) -> list[Any]:
    found = seen.json.get("messages") or seen.json["input"]
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize("kind", KINDS)
async def test_a_loop_grows_its_conversation(
    provider: SimulatedProvider, kind: str
) -> None:
    provider.match(with_tools)
    done = await run(provider, kind, turns=4)
    await _settled(provider)
    calls = main_calls(provider, kind)
    assert len(calls) == 4
    assert done.stopped_by is None
    assert done.client_retries == 0
    assert done.turns == 4
    assert done.requests == len(provider.generations)
    sizes = [len(seen.body) for seen in calls]
    assert sizes == sorted(set(sizes))
    for earlier, later in pairwise(calls):
        before, after = turns_of(earlier), turns_of(later)
        assert len(after) > len(before)
        # All but the marks of a cache stays what it was.
        assert _unmarked(after[: len(before)]) == _unmarked(before)
    assert all(seen.model == MODEL and seen.stream for seen in calls)
    reasons = {row.billed_because for row in provider.bill.rows}
    assert reasons == {BilledBecause.COMPLETED}


@pytest.mark.parametrize("kind", ["claude-code", "codex", "opencode"])
async def test_an_agent_sees_the_tokens_it_is_billed_for(
    provider: SimulatedProvider, kind: str
) -> None:
    provider.match(with_tools)
    done = await run(provider, kind)
    await _settled(provider)
    rows = provider.bill.rows
    assert done.output_tokens == sum(row.output for row in rows)
    read = sum(row.input + row.cached + row.cache_write for row in rows)
    assert done.input_tokens == read
    assert {row.label for row in rows} == {done.session}


async def test_aider_sees_no_usage_and_sends_no_session(
    provider: SimulatedProvider,
) -> None:
    done = await run(provider, "aider")
    assert (done.input_tokens, done.output_tokens) == (0, 0)
    assert {seen.label for seen in provider.requests} == {""}
    assert all("stream_options" not in seen.json for seen in provider.requests)
    assert all("max_tokens" not in seen.json for seen in provider.requests)


async def test_a_prefix_goes_before_the_path(provider: SimulatedProvider) -> None:
    done = await run_agent(
        *("aider", provider.url, "fg-x", 1, MODEL, Random(1), 0),
        prefix="/s/{session}",
    )
    path = f"/s/{done.session}/v1/chat/completions"
    assert [seen.path for seen in provider.requests] == [path]
    # The provider knows no prefixes: the gate has to take them off.
    assert done.stopped_by is not None
    assert "Unknown request URL" in done.stopped_by


@pytest.mark.parametrize("kind", KINDS)
async def test_a_budget_refusal_stops_at_once(
    provider: SimulatedProvider, kind: str
) -> None:
    provider.script(*[Step(text="ok")] * (1 + SIDE_CALLS.get(kind, 0)))
    provider.match(lambda _: Step(fault=BUDGET))
    done = await run(provider, kind, turns=5)
    assert done.stopped_by == "The monthly cap of $2 is reached."
    assert done.turns == 1
    assert done.client_retries == 0
    assert len(main_calls(provider, kind)) == 2


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        ("claude-code", "429"),
        ("claude-code", "529"),
        ("codex", "503"),
        ("opencode", "429_after_1"),
        ("opencode", "500"),
        ("aider", "429"),
        ("aider", "reset_before_response"),
        ("codex", "reset_midway"),
        ("codex", "clean_end"),
    ],
)
async def test_a_retry_is_the_same_bytes_again(
    provider: SimulatedProvider, kind: str, fault: str
) -> None:
    told: list[int] = []
    provider.script(*[Step(text="ok")] * SIDE_CALLS.get(kind, 0))
    provider.script(Step(fault=TABLE[fault]), Step(fault=TABLE[fault]), Step(text="ok"))
    done = await run(provider, kind, turns=1, on_retry=lambda: told.append(1))
    calls = main_calls(provider, kind)
    assert len(calls) == 3
    assert len({seen.body for seen in calls}) == 1
    assert done.client_retries == 2 == len(told)
    assert done.stopped_by is None


async def test_claude_repeats_a_broken_stream_once_and_whole(
    provider: SimulatedProvider,
) -> None:
    for fault in (connection.reset_midway(), streams.error_midway()):
        provider.clear()
        provider.script(Step(fault=fault))
        done = await run(provider, "claude-code", turns=1)
        first, second = provider.generations
        assert first.json["stream"] is True
        assert second.json == {**first.json, "stream": False}
        assert done.stopped_by is None


@pytest.mark.parametrize(
    ("kind", "fault", "tries"),
    [
        ("claude-code", "429", 11),
        ("claude-code", "401", 11),
        ("claude-code", "404", 2),
        ("claude-code", "402", 1),
        ("claude-code", "429_after_3600", 1),
        ("codex", "429", 1),
        ("codex", "401", 6),
        ("codex", "500", 30),
        ("codex", "400", 1),
        ("opencode", "503", 6),
        ("opencode", "404", 6),
        ("opencode", "402", 1),
        ("opencode", "error_midway", 1),
        ("aider", "429", 24),
        ("aider", "402", 2),
        ("aider", "404", 1),
        ("aider", "400", 1),
    ],
)
async def test_patience_is_that_of_the_real_program(
    provider: SimulatedProvider, kind: str, fault: str, tries: int
) -> None:
    provider.script(*[Step(text="ok")] * SIDE_CALLS.get(kind, 0))
    provider.match(lambda _: Step(fault=TABLE[fault]))
    done = await run(provider, kind, turns=2)
    assert len(main_calls(provider, kind)) == tries
    assert done.stopped_by


async def test_claude_obeys_a_word_against_retries(provider: SimulatedProvider) -> None:
    fault = statuses.status(503, headers={"x-should-retry": "false"})
    provider.match(lambda _: Step(fault=fault))
    done = await run(provider, "claude-code")
    assert (done.requests, done.client_retries) == (1, 0)


async def test_a_closed_port_ends_the_patience_too() -> None:
    done = await run_agent(
        "opencode", "http://127.0.0.1:9", "fg-x", 1, MODEL, Random(1), 0
    )
    assert done.stopped_by is not None
    assert "connection lost" in done.stopped_by
    assert done.client_retries == 10  # five for the title, five for the turn


async def test_an_answer_that_makes_no_sense_is_no_crash(
    provider: SimulatedProvider,
) -> None:
    odd: list[Fault] = [
        TABLE["html_page"],
        TABLE["truncated_json"],
        TABLE["empty_data"],
    ]
    for kind in KINDS:
        for fault in odd:
            provider.clear()
            provider.script(*[Step(fault=fault)] * 40)
            done = await run(provider, kind, turns=1)
            assert done.turns == 1 or done.stopped_by


async def test_pace_scales_every_wait(
    provider: SimulatedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    real = asyncio.sleep

    async def noted(seconds: float) -> None:
        slept.append(seconds)
        await real(0)

    monkeypatch.setattr("faregate.smoke.agents.asyncio.sleep", noted)
    provider.script(Step(fault=TABLE["429"]), Step(fault=TABLE["429"]))
    await run_agent("claude-code", provider.url, "t", 2, MODEL, Random(1), 0.5)
    waited = [seconds for seconds in slept if seconds]
    assert waited[:2] == [0.35, 0.65]
    assert 0.2 <= waited[2] <= 1.0


def test_the_sentence_for_a_person() -> None:
    assert message_of('{"error":{"message":"why"}}') == "why"
    assert message_of("<html>") == "<html>"
    assert message_of('{"error":"no"}') == '{"error":"no"}'


def _unmarked(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _unmarked(v) for k, v in value.items() if k != "cache_control"}
    return [_unmarked(item) for item in value] if isinstance(value, list) else value


async def _settled(provider: SimulatedProvider) -> None:
    for _ in range(1000):
        if provider.in_flight == 0:
            return
        await asyncio.sleep(0.002)
    raise AssertionError("a request stays open")
