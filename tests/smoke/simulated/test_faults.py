"""Each fault does on the socket what its name says, and bills what it declares."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from typing import TYPE_CHECKING

import aiohttp
import pytest

from faregate.smoke.simulated.bill import BilledBecause
from faregate.smoke.simulated.fault import Charge, Fault
from faregate.smoke.simulated.faults import (
    answers,
    bodies,
    connection,
    statuses,
)
from faregate.smoke.simulated.faults.table import TABLE
from faregate.smoke.simulated.reply import ToolCall
from faregate.smoke.simulated.script import Step
from tests.smoke.simulated.asking import STREAMED, TEXT, USAGE, ask, said, spoiled
from tests.smoke.wire import CALLS, post, until

if TYPE_CHECKING:
    from faregate.smoke.simulated.server import SimulatedProvider

ENDLESS = {
    "stall_before_first_byte",
    "stall_after_headers",
    "stall_midway",
    "slow_drip",
}
LARGE = {"gzip_bomb", "long_line", "endless"}
QUICK = sorted(TABLE.keys() - ENDLESS - LARGE)


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


async def test_reset_when_reused(provider: SimulatedProvider) -> None:
    provider.match(lambda _: spoiled(TABLE["reset_when_reused"]))
    path, body = CALLS["chat"]
    async with aiohttp.ClientSession() as client:
        async with client.post(provider.url + path, json=body) as answer:
            assert answer.status == 200
            await answer.read()
        with pytest.raises(aiohttp.ClientError):
            # A retry by the client library itself would come on a fresh connection.
            await client.post(provider.url + path, json=body)
        assert len(provider.bill.rows) == 1
        async with client.post(provider.url + path, json=body) as answer:
            assert answer.status == 200
    assert len(provider.bill.rows) == 2
    assert len(provider.requests) == 3


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
    provider.script(spoiled(fault))
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
    provider.script(spoiled(TABLE["slow_drip"]))
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
    torn = await ask(provider, "gzip_truncated", stream=stream)
    assert torn.complete
    with pytest.raises(EOFError):
        gzip.decompress(torn.body)
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
    provider.script(spoiled(bodies.endless(1024 * bodies.MEGABYTE)))
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
