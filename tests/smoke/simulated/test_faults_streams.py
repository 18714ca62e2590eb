"""Faults of streams and usage do on the socket what their names say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from faregate.smoke.simulated.faults import streams, usages
from faregate.smoke.simulated.faults.table import TABLE
from faregate.smoke.simulated.reply import ToolCall
from faregate.smoke.simulated.script import Step
from tests.smoke.simulated.asking import STREAMED, TEXT, ask, said, told
from tests.smoke.wire import CALLS, post

if TYPE_CHECKING:
    from faregate.smoke.simulated.server import SimulatedProvider


@pytest.mark.parametrize("dialect", STREAMED)
async def test_error_first_and_midway(
    provider: SimulatedProvider, dialect: str
) -> None:
    first = await ask(provider, "error_first", dialect)
    assert first.status == 200
    assert len(first.events) == 1
    assert "Overloaded" in first.events[0]
    midway = await ask(provider, streams.error_midway(after=5), dialect)
    assert midway.complete
    assert "Overloaded" in midway.events[-1]
    assert "Overloaded" not in midway.events[-2]
    assert len(provider.bill.rows) == 1
    assert 0 < provider.bill.rows[0].output < 64


async def test_error_first_without_a_stream(provider: SimulatedProvider) -> None:
    raw = await ask(provider, "error_first", stream=False)
    assert raw.status == 200
    assert raw.json["error"]["message"] == "Overloaded"


@pytest.mark.parametrize("dialect", STREAMED)
async def test_a_clean_end_has_no_finish(
    provider: SimulatedProvider, dialect: str
) -> None:
    ended = await ask(provider, "clean_end", dialect)
    assert ended.complete
    for mark in ("[DONE]", "message_stop", "response.completed", "finishReason"):
        assert mark not in ended.body.decode()
    assert '"finish_reason":"stop"' not in ended.body.decode()
    midway = await ask(provider, streams.clean_end(after=2), dialect)
    assert len(midway.events) == 2
    assert midway.complete


async def test_ends_missing_doubled_and_not_last(provider: SimulatedProvider) -> None:
    assert "[DONE]" not in (await ask(provider, "no_done")).events
    assert (await ask(provider, "doubled_end")).events[-2:] == ["[DONE]", "[DONE]"]
    after = (await ask(provider, "data_after_end")).events
    assert after[-2] == "[DONE]"
    assert json.loads(after[-1])["choices"][0]["delta"]
    twice = await ask(provider, "doubled_end", "messages")
    assert [e["type"] for e in told(twice)[-2:]] == ["message_stop"] * 2
    unfinished = told(await ask(provider, "no_finish"))
    assert not any(e["choices"][0]["finish_reason"] for e in unfinished)


async def test_odd_events(provider: SimulatedProvider) -> None:
    strange = await ask(provider, "strange_events")
    assert b"event: proxy.approval" in strange.body
    empty = await ask(provider, "empty_data")
    for line in (b"\ndata:\n", b"\ndata: null\n", b"\ndata: {half\n"):
        assert line in empty.body
    odd = await ask(provider, "odd_fields")
    assert b"id: 7\nretry: 10\n: note\n" in odd.body


async def test_framing(provider: SimulatedProvider) -> None:
    split = (await ask(provider, "many_data_lines")).body
    event = split.split(b"\n\n")[0].replace(b"data:", b"").replace(b"\n", b"")
    assert json.loads(event)["object"] == "chat.completion.chunk"
    assert split.split(b"\n\n")[0].count(b"data:") > 3
    assert not (await ask(provider, "no_last_blank_line")).body.endswith(b"\n\n")
    crlf = (await ask(provider, "crlf")).body
    assert crlf.count(b"\r\n") == crlf.count(b"\n")
    cr = (await ask(provider, "cr")).body
    assert b"\n" not in cr
    assert cr.endswith(b"data: [DONE]\r\r")
    noted = (await ask(provider, "comments")).body
    assert noted.startswith(b": keep-alive\n\ndata: ")
    assert noted.count(b": keep-alive") > 5
    marked = (await ask(provider, "byte_order_mark")).body
    assert marked.startswith(b"\xef\xbb\xbfdata: ")


async def test_a_burst_is_one_chunk(provider: SimulatedProvider) -> None:
    burst = await ask(provider, "burst")
    wire = burst.data.partition(b"\r\n\r\n")[2]
    assert int(wire.split(b"\r\n")[0], 16) == len(burst.body)
    assert said(burst) == TEXT


COUNTERS = {"chat": "prompt_tokens", "messages": "input_tokens"}
LIES: dict[str, Any] = {
    "usage_negative": lambda value: value < 0,
    "usage_text": lambda value: isinstance(value, str),
    "usage_huge": lambda value: value >= 2**63,
    "usage_inflated": lambda value: value in {3600, 3000},
}


@pytest.mark.parametrize("name", LIES)
@pytest.mark.parametrize("dialect", COUNTERS)
async def test_usage_that_lies(
    provider: SimulatedProvider, name: str, dialect: str
) -> None:
    whole = await ask(provider, name, dialect, stream=False)
    assert LIES[name](whole.json["usage"][COUNTERS[dialect]])
    options = {"include_usage": True} if dialect == "chat" else None
    streamed = await ask(provider, name, dialect, stream_options=options)
    last = [e["usage"] for e in told(streamed) if e.get("usage")][-1]
    assert LIES[name](last[COUNTERS[dialect]])
    bills = [row.output for row in provider.bill.rows]
    assert bills == ([192] * 2 if name == "usage_inflated" else [64] * 2)


@pytest.mark.parametrize("dialect", STREAMED)
async def test_usage_missing_and_null(
    provider: SimulatedProvider, dialect: str
) -> None:
    for stream in (True, False):
        missing = await ask(provider, "usage_missing", dialect, stream=stream)
        null = await ask(provider, "usage_null", dialect, stream=stream)
        for body in (missing.body, null.body):
            for counter in (b'"input_tokens', b'"prompt_tokens', b"TokenCount"):
                assert counter not in body
    assert {row.output for row in provider.bill.rows} == {64}


async def test_usage_told_more_than_once(provider: SimulatedProvider) -> None:
    asked = {"stream_options": {"include_usage": True}}

    async def outputs(name: str, dialect: str, **fields: Any) -> list[int]:
        events = told(await ask(provider, name, dialect, **fields))
        found = [e["usage"] for e in events if e.get("usage")]
        return [u.get("completion_tokens", u.get("output_tokens")) for u in found]

    assert await outputs("usage_twice", "chat", **asked) == [64, 64]
    assert await outputs("usage_decreasing", "chat", **asked) == [64, 32]
    assert await outputs("usage_cumulative", "chat", **asked) == [32, 64]
    assert await outputs("usage_cumulative", "messages") == [32, 64]
    assert await outputs("usage_unasked", "chat") == [64]
    assert [row.output for row in provider.bill.rows] == [64] * 5


async def test_usage_in_unusual_places(provider: SimulatedProvider) -> None:
    in_choice = told(await ask(provider, usages.in_choice()))[-1]
    assert in_choice["choices"][0]["usage"]["prompt_tokens"] == 1200
    in_groq = told(await ask(provider, usages.in_x_groq()))[-1]
    assert in_groq["x_groq"]["usage"]["prompt_tokens"] == 1200
    assert "usage" not in in_groq
    with_finish = told(await ask(provider, usages.with_finish()))[-1]
    assert with_finish["usage"]["prompt_tokens"] == 1200
    assert with_finish["choices"][0]["finish_reason"] == "stop"
    assert said(await ask(provider, usages.with_finish())) == TEXT


async def test_null_bytes(provider: SimulatedProvider) -> None:
    raw = await ask(provider, "null_bytes")
    assert b"\0" in raw.body
    assert said(raw) == TEXT


@pytest.mark.parametrize(
    ("name", "indexes"),
    [("tool_index_huge", {1_000_000, 1_000_001}), ("tool_index_reused", {0})],
)
async def test_tool_calls_with_odd_numbers(
    provider: SimulatedProvider, name: str, indexes: set[int]
) -> None:
    tools = (ToolCall(name="a", arguments="{}"), ToolCall(name="b", arguments="{}"))
    provider.script(Step(tools=tools, fault=TABLE[name]))
    path, body = CALLS["chat"]
    raw = await post(provider.url, path, {**body, "stream": True})
    deltas = [event["choices"][0]["delta"] for event in told(raw)]
    parts = [part for delta in deltas for part in delta.get("tool_calls", [])]
    assert {part["index"] for part in parts} == indexes
