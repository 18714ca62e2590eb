"""Each fault does on the socket what its name says, and bills what it declares."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from faregate.smoke.simulated.bill import BilledBecause
from faregate.smoke.simulated.faults import (
    answers,
    bodies,
    connection,
    statuses,
    streams,
    usages,
)
from faregate.smoke.simulated.faults.fault import Charge, Fault
from faregate.smoke.simulated.faults.table import TABLE
from faregate.smoke.simulated.rates import Counts
from faregate.smoke.simulated.reply import ToolCall
from faregate.smoke.simulated.script import Step
from tests.smoke.wire import CALLS, Raw, post, until

if TYPE_CHECKING:
    from faregate.smoke.simulated.server import SimulatedProvider

USAGE = Counts(input=1000, cached=200, output=64, reasoning=8)
TEXT = "An answer of some length, so that it comes in several pieces."
ENDLESS = {
    "stall_before_first_byte",
    "stall_after_headers",
    "stall_midway",
    "slow_drip",
}
LARGE = {"gzip_bomb", "long_line", "endless"}
QUICK = sorted(TABLE.keys() - ENDLESS - LARGE)
STREAMED = ["chat", "messages", "responses", "gemini"]


def _step(fault: Fault) -> Step:
    return Step(text=TEXT, usage=USAGE, fault=fault)


async def ask(
    provider: SimulatedProvider,
    fault: Fault | str,
    dialect: str = "chat",
    *,
    stream: bool = True,
    **fields: Any,
) -> Raw:
    """Post one request that meets the fault."""
    provider.script(_step(TABLE[fault] if isinstance(fault, str) else fault))
    path, body = CALLS[dialect]
    asked = {**body, **fields}
    if dialect == "gemini":
        path = path if stream else path.replace("streamGenerate", "generate")
    elif stream:
        asked["stream"] = True
    return await post(provider.url, path, asked)


def told(raw: Raw) -> list[Any]:
    """The events as JSON, without the end mark."""
    return [json.loads(event) for event in raw.events if event != "[DONE]"]


def said(raw: Raw) -> str:
    """The text of a chat stream."""
    deltas = [e["choices"][0]["delta"] for e in told(raw) if e.get("choices")]
    return "".join(delta.get("content") or "" for delta in deltas)


@pytest.mark.parametrize("name", QUICK)
async def test_each_fault_ends_and_bills_as_declared(
    provider: SimulatedProvider, name: str
) -> None:
    asked = 0
    for dialect in STREAMED:
        for stream in (True, False):
            await ask(provider, name, dialect, stream=stream)
            asked += 1
    await until(lambda: provider.in_flight == 0)
    assert {seen.fault for seen in provider.generations} == {name}
    charge = TABLE[name].charge
    outputs = [row.output for row in provider.bill.rows]
    if charge is Charge.NOTHING:
        assert outputs == []
        return
    assert len(outputs) == asked
    if name not in {"usage_inflated", "empty_answer"} and charge is Charge.ALL:
        assert outputs == [USAGE.output] * asked


@pytest.mark.parametrize("code", [400, 401, 402, 403, 404, 413, 422, 429])
def test_a_refusal_is_never_billed(code: int) -> None:
    with pytest.raises(ValueError, match="never billed"):
        statuses.status(code, charge=Charge.ALL)


@pytest.mark.parametrize(
    ("dialect", "path"),
    [
        ("chat", ("error", "type")),
        ("messages", ("error", "type")),
        ("responses", ("error", "code")),
        ("gemini", ("error", "status")),
    ],
)
async def test_statuses_come_in_the_dialect(
    provider: SimulatedProvider, dialect: str, path: tuple[str, str]
) -> None:
    for code in (400, 401, 402, 403, 404, 413, 422, 429, 500, 502, 503, 529):
        raw = await ask(provider, str(code), dialect)
        assert raw.status == code
        assert raw.json[path[0]]["message"]
        assert path[1] in raw.json[path[0]]
    assert not provider.bill.rows


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("429", None),
        ("429_after_1", "1"),
        ("429_after_3600", "3600"),
        ("429_after_date", "wed, 21 oct 2065 07:28:00 gmt"),
        ("429_after_garbage", "soon"),
        ("429_after_negative", "-5"),
    ],
)
async def test_retry_after(
    provider: SimulatedProvider, name: str, header: str | None
) -> None:
    raw = await ask(provider, name)
    assert raw.status == 429
    if header is None:
        assert b"retry-after" not in raw.head
    else:
        assert f"\r\nretry-after: {header}".encode() in raw.head


async def test_a_server_error_may_be_billed(provider: SimulatedProvider) -> None:
    raw = await ask(provider, "500_billed")
    assert raw.status == 500
    row = provider.bill.rows[0]
    assert (row.output, row.status) == (64, 500)
    assert row.billed_because is BilledBecause.FAULT


async def test_reset_before_response(provider: SimulatedProvider) -> None:
    raw = await ask(provider, "reset_before_response")
    assert raw.reset
    assert raw.data == b""
    assert provider.bill.rows[0].output == 64


async def test_reset_mid_header(provider: SimulatedProvider) -> None:
    raw = await ask(provider, "reset_mid_header")
    assert raw.reset
    assert raw.data.startswith(b"HTTP/1.1 200")
    assert b"\r\n\r\n" not in raw.data


async def test_reset_and_cut_midway(provider: SimulatedProvider) -> None:
    reset = await ask(provider, connection.reset_midway(after=4))
    cut = await ask(provider, connection.cut_midway(after=4))
    assert reset.reset
    assert not cut.reset
    for raw in (reset, cut):
        assert not raw.complete
        assert len(raw.events) == 4
        assert "[DONE]" not in raw.events
    # One frame opens the message, three of eight pieces carry 24 of 64 tokens.
    assert [row.output for row in provider.bill.rows] == [24, 24]


async def test_reset_and_cut_mid_body(provider: SimulatedProvider) -> None:
    reset = await ask(provider, "reset_midway", stream=False)
    cut = await ask(provider, "cut_midway", stream=False)
    assert reset.reset
    assert not cut.reset
    assert not cut.complete
    assert cut.body.startswith(b'{"id"')
    assert [row.output for row in provider.bill.rows] == [64, 64]


@pytest.mark.parametrize(
    ("fault", "head", "events"),
    [
        (connection.stall_before_first_byte(), False, 0),
        (connection.stall_midway(after=0), True, 0),
        (connection.stall_midway(after=3), True, 3),
    ],
)
async def test_stalls_last_until_the_client_leaves(
    provider: SimulatedProvider, fault: Fault, head: bool, events: int
) -> None:
    provider.script(_step(fault))
    path, body = CALLS["chat"]
    reader, writer = await asyncio.open_connection(*_address(provider))
    payload = json.dumps({**body, "stream": True}).encode()
    writer.write(_head(path, payload) + payload)
    data = b""
    while data.count(b"data: ") < events or (head and b"\r\n\r\n" not in data):
        data += await reader.read(65536)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), 0.05)
    writer.transport.abort()
    await until(lambda: provider.in_flight == 0)
    row = provider.bill.rows[0]
    assert row.billed_because is BilledBecause.CLIENT_LEFT_STOPPED
    assert row.output == max(0, events - 1) * 8


async def test_a_short_stall_ends_with_the_answer(provider: SimulatedProvider) -> None:
    raw = await ask(provider, connection.stall_before_first_byte(0.01))
    assert said(raw) == TEXT


@pytest.mark.parametrize("stream", [True, False])
async def test_drip_sends_the_usual_answer(
    provider: SimulatedProvider, stream: bool
) -> None:
    raw = await ask(provider, "byte_by_byte", stream=stream)
    assert raw.complete
    assert (
        said(raw) if stream else raw.json["choices"][0]["message"]["content"]
    ) == TEXT


async def test_slow_drip_is_slow(provider: SimulatedProvider) -> None:
    provider.script(_step(TABLE["slow_drip"]))
    path, body = CALLS["chat"]
    call = asyncio.ensure_future(post(provider.url, path, {**body, "stream": True}))
    await until(lambda: provider.in_flight)
    await asyncio.sleep(0.05)
    assert not call.done()
    call.cancel()
    await until(lambda: provider.in_flight == 0)


async def test_pings_only(provider: SimulatedProvider) -> None:
    raw = await ask(provider, connection.pings_only(5), "messages")
    assert raw.body.count(b"event: ping") == 5
    assert raw.complete
    assert provider.bill.rows[0].output == 0


async def test_early_hints(provider: SimulatedProvider) -> None:
    raw = await ask(provider, connection.early_hints(7))
    assert raw.data.count(b"HTTP/1.1 103") == 7
    assert raw.data.count(b"HTTP/1.1 200") == 1
    assert raw.data.endswith(b"0\r\n\r\n")


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


async def test_bodies_that_are_no_answer(provider: SimulatedProvider) -> None:
    page = await ask(provider, "html_page")
    assert (page.status, page.body[:14]) == (200, b"<!DOCTYPE html")
    assert b"content-type: text/html" in page.head
    assert (await ask(provider, "no_content")).status == 204
    empty = await ask(provider, "empty_body")
    assert (empty.status, empty.body) == (200, b"")
    partial = await ask(provider, "partial_content", stream=False)
    assert partial.status == 206
    assert b"content-range: bytes 0-" in partial.head
    moved = await ask(provider, bodies.redirect("http://127.0.0.1:9/x"))
    assert moved.status == 307
    assert b"location: http://127.0.0.1:9/x" in moved.head
    torn = await ask(provider, "truncated_json", stream=False)
    assert torn.complete
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        _ = torn.json


@pytest.mark.parametrize("stream", [True, False])
async def test_compression(provider: SimulatedProvider, stream: bool) -> None:
    right = await ask(provider, "gzipped", stream=stream)
    assert b"content-encoding: gzip" in right.head
    assert TEXT.split()[-1].encode() in gzip.decompress(right.body)
    wrong = await ask(provider, "gzip_flag_only", stream=stream)
    assert b"content-encoding: gzip" in wrong.head
    assert TEXT.split()[-1].encode() in wrong.body
    bomb = await ask(provider, bodies.gzip_bomb(4 * bodies.MEGABYTE), stream=stream)
    assert len(bomb.body) < 40_000
    assert len(zlib.decompress(bomb.body, wbits=31)) == 4 * bodies.MEGABYTE


async def test_wrong_content_types(provider: SimulatedProvider) -> None:
    streamed = await ask(provider, "wrong_content_type")
    assert b"content-type: application/json" in streamed.head
    assert streamed.events[-1] == "[DONE]"
    whole = await ask(provider, "wrong_content_type", stream=False)
    assert b"content-type: text/event-stream" in whole.head
    assert whole.json["choices"]


async def test_long_and_endless_bodies_are_bounded(
    provider: SimulatedProvider,
) -> None:
    line = await ask(provider, bodies.long_line(3 * bodies.MEGABYTE))
    assert line.body.count(b"\n") == 0
    assert len(line.body) == 3 * bodies.MEGABYTE + len(b"data: ")
    endless = await ask(provider, bodies.endless(bodies.MEGABYTE))
    assert bodies.MEGABYTE <= len(endless.body) < 2 * bodies.MEGABYTE
    assert set(endless.events) == {endless.events[0]}
    assert [row.output for row in provider.bill.rows] == [64, 64]


async def test_a_client_can_leave_an_endless_stream(
    provider: SimulatedProvider,
) -> None:
    provider.script(_step(bodies.endless(1024 * bodies.MEGABYTE)))
    path, body = CALLS["chat"]
    asked = {**body, "stream": True}
    await post(provider.url, path, asked, stop_after=200_000)
    await until(lambda: provider.in_flight == 0)
    assert [row.output for row in provider.bill.rows] == [64]


async def test_blank_lines_and_stray_headers(provider: SimulatedProvider) -> None:
    blank = await ask(provider, "blank_lines_first", stream=False)
    assert blank.body.startswith(b"\n\n\n")
    assert blank.json["choices"]
    stray = await ask(provider, "stray_headers")
    for header in (b"set-cookie: track=1", b"keep-alive: timeout=5", b"alt-svc:"):
        assert header in stray.head


async def test_answers_that_were_not_asked_for(provider: SimulatedProvider) -> None:
    swapped = await ask(provider, answers.swapped_model("sim-cheap"), stream=False)
    assert swapped.json["model"] == "sim-cheap"
    assert provider.bill.rows[-1].model == "sim-cheap"
    escaped = await ask(provider, "escapes", stream=False)
    assert "\x1b]0;" in escaped.json["model"]
    assert "\x1b[2J" in escaped.json["choices"][0]["message"]["content"]
    nothing = await ask(provider, "empty_answer", stream=False)
    assert nothing.json["choices"][0]["message"]["content"] == ""
    assert nothing.json["usage"]["completion_tokens"] == 0
    assert provider.bill.rows[-1].output == 0


@pytest.mark.parametrize("dialect", ["chat", "messages", "responses"])
async def test_tool_calls_printed_as_text(
    provider: SimulatedProvider, dialect: str
) -> None:
    tools = (ToolCall(name="bash", arguments={"command": "ls"}), ToolCall(name="b"))
    provider.script(Step(text="Now: ", tools=tools, fault=answers.tools_as_text()))
    path, body = CALLS[dialect]
    raw = await post(provider.url, path, body)
    text = raw.body.decode().replace("\\", "")
    assert (
        '<tool_call>{"name":"bash","arguments":"{"command":"ls"}"}</tool_call>' in text
    )
    assert '<tool_call>{"name":"b","arguments":""}</tool_call>' in text
    assert '"tool_calls":[' not in text
    assert '"tool_use"' not in text


def _address(provider: SimulatedProvider) -> tuple[str, int]:
    host, _, port = provider.url.removeprefix("http://").partition(":")
    return host, int(port)


def _head(path: str, payload: bytes) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(payload)}\r\n\r\n"
    return head.encode()
