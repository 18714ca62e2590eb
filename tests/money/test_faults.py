"""Every way a provider can misbehave: what the client sees, what the ledger keeps.

The master property is that what is booked covers the provider's own bill, whatever
the fault, the protocol, and streamed or not.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from faregate.core.money import ZERO, Money
from faregate.gateway.settings import Patience
from faregate.smoke.simulated.fault import Fault
from faregate.smoke.simulated.faults import bodies
from faregate.smoke.simulated.faults.table import TABLE
from faregate.smoke.simulated.script import Step
from tests.money.calls import (
    Client,
    Got,
    booked,
    call_of,
    client_of,
    provider_of,
    until,
)
from tests.running import RunningGate, running_gate

PROTOCOLS = ("chat", "messages", "responses", "gemini")
CASES = [(protocol, stream) for protocol in PROTOCOLS for stream in (False, True)]
HASTY = Patience(
    look=0.02,
    first_byte_stream=0.3,
    first_byte_whole=0.3,
    idle=0.3,
    quiet=0.6,
    total=0.6,
    drain=0.1,
)
UNHURRIED = Patience(
    look=0.02,
    first_byte_stream=0.9,
    first_byte_whole=0.9,
    idle=0.9,
    quiet=1.8,
    total=1.8,
    drain=0.3,
)
"""The same, long enough for a busy machine to have sent eight requests at once."""
STALLS = (
    "stall_before_first_byte",
    "stall_after_headers",
    "stall_midway",
    "slow_drip",
)
MEGABYTE = bodies.MEGABYTE
SMALLER = {
    "gzip_bomb": bodies.gzip_bomb(8 * MEGABYTE),
    "endless": bodies.endless(2 * MEGABYTE),
    "long_line": bodies.long_line(17 * MEGABYTE),
}
"""The same faults, just large enough."""

VOIDED = {
    "400", "401", "403", "404", "413", "422", "429", "429_after_1", "429_after_3600",
    "429_after_date", "429_after_garbage", "429_after_negative", "429_quota",
    "redirect",
}  # fmt: skip
"""Faults that prove that nothing was billed."""

UNKNOWN = {
    "402", "500", "500_billed", "502", "503", "503_billed", "504", "529",
    "reset_before_response", "reset_mid_header", "reset_midway", "cut_midway",
    "html_page", "no_content", "empty_body", "partial_content", "gzip_flag_only",
    "gzip_bomb", "truncated_json", "long_line", "usage_missing", "usage_null",
    "usage_negative", "usage_text", "usage_huge", *STALLS,
}  # fmt: skip
"""Faults after which nobody can tell, streamed or not."""

SETTLED = {
    "no_done", "doubled_end", "data_after_end", "usage_twice", "usage_decreasing",
    "usage_cumulative", "usage_unasked", "usage_inflated", "wrong_content_type", "crlf",
    "cr", "burst", "strange_events", "odd_fields", "many_data_lines", "gzipped",
    "no_last_blank_line", "early_hints", "empty_data", "blank_lines_first",
    "byte_order_mark", "byte_by_byte", "stray_headers", "escapes", "tools_as_text",
}  # fmt: skip
"""Oddities that cost no exactness."""

LEAST_HOLD = Money.usd("0.01")
"""The output bound of every call alone, at the configured price."""


@pytest.fixture
async def gate(tmp_path: Path) -> AsyncIterator[RunningGate]:
    async with running_gate(
        tmp_path / "home", provider_of(chunks=6), monthly="1000"
    ) as running:
        yield running


@pytest.fixture
async def client(gate: RunningGate) -> AsyncIterator[Client]:
    async with client_of(gate) as made:
        yield made


def fault_of(name: str) -> Fault:
    fault = SMALLER.get(name, TABLE[name])
    return replace(fault, name=name)


async def send(
    gate: RunningGate, client: Client, fault: str, protocol: str, *, stream: bool
) -> Got:
    """Send one call that meets the fault, and wait until both sides are done."""
    gate.provider.script(Step(fault=fault_of(fault)))
    path, body = call_of(protocol, stream=stream)
    got = await client.post(path, body)
    await gate.settled()
    await until(lambda: not gate.provider.in_flight)
    return got


@pytest.mark.parametrize("fault", [name for name in TABLE if name not in STALLS])
async def test_what_is_booked_covers_the_bill_whatever_the_fault(
    fault: str, gate: RunningGate, client: Client
) -> None:
    for protocol, stream in CASES:
        before, bill = gate.month(), gate.provider.bill.total
        got = await send(gate, client, fault, protocol, stream=stream)
        state = gate.month()
        billed = gate.provider.bill.total - bill
        spent, unknown = state.spent - before.spent, state.unknown - before.unknown
        case = f"{protocol}, stream={stream}: {got}"
        assert spent + unknown >= billed, case
        assert not state.held, case
        if fault in VOIDED:
            assert (spent, unknown) == (ZERO, ZERO), case
        elif fault in UNKNOWN:
            assert unknown >= LEAST_HOLD, case
            assert spent == ZERO, case
        elif fault in SETTLED:
            assert (spent, unknown) == (billed, ZERO), case
            assert (got.status, got.broken) == (200, False), case
    again = await client.chat(max_tokens=10)
    assert again.status == 200


@pytest.mark.parametrize("fault", STALLS)
async def test_a_stall_is_ended_and_counts_in_full(fault: str, tmp_path: Path) -> None:
    async with (
        running_gate(
            tmp_path / "home", provider_of(), monthly="1000", patience=UNHURRIED
        ) as gate,
        client_of(gate) as client,
    ):
        gate.provider.script(*(Step(fault=TABLE[fault]) for _ in CASES))
        calls = [call_of(protocol, stream=stream) for protocol, stream in CASES]
        answers = await asyncio.gather(*(client.post(*call) for call in calls))
        await gate.settled()
        await until(lambda: not gate.provider.in_flight)
        state = gate.month()
        assert (state.spent, state.held) == (ZERO, ZERO)
        assert state.unknown >= LEAST_HOLD * len(CASES)
        assert state.unknown >= gate.provider.bill.total
        for (protocol, stream), got in zip(CASES, answers, strict=True):
            started = stream and fault in {"stall_midway", "slow_drip"}
            case = f"{protocol}, stream={stream}: {got}"
            assert got.status == (200 if started else 504), case
            assert got.broken == started, case
            if not started:
                assert (
                    "stalled" in got.body.decode() or "no answer" in got.body.decode()
                )
            elif protocol != "gemini":
                assert "error" in got.events[-1], case


@pytest.mark.parametrize(
    "fault", ["reset_midway", "cut_midway", "clean_end_midway", "truncated_json"]
)
async def test_a_broken_stream_never_ends_cleanly(
    fault: str, gate: RunningGate, client: Client
) -> None:
    for protocol in PROTOCOLS:
        got = await send(gate, client, fault, protocol, stream=True)
        assert got.status == 200
        assert got.broken, f"{protocol}: {got.body[-300:]!r}"
        if fault != "truncated_json":
            assert "error" in json.dumps(json.loads(got.events[-1])), protocol


@pytest.mark.parametrize("fault", ["gzip_flag_only", "empty_body", "html_page"])
async def test_what_breaks_before_the_first_byte_is_a_plain_error(
    fault: str, gate: RunningGate, client: Client
) -> None:
    for protocol in PROTOCOLS:
        got = await send(gate, client, fault, protocol, stream=True)
        assert got.status == 502, f"{protocol}: {got}"
        assert not got.broken
        assert "error" in got.json
        assert got.headers["content-type"].startswith("application/json")


@pytest.mark.parametrize("fault", ["400", "401", "404", "429_quota", "500", "529"])
async def test_a_providers_error_passes_byte_for_byte(
    fault: str, gate: RunningGate, client: Client
) -> None:
    straight = Client(client.session, gate.provider.url, {})
    for protocol, stream in CASES:
        got = await send(gate, client, fault, protocol, stream=stream)
        gate.provider.script(Step(fault=TABLE[fault]))
        path, body = call_of(protocol, stream=stream, model="claude-x")
        direct = await straight.post(path, body)
        assert got.status == direct.status
        assert _nameless(got) == _nameless(direct)
        assert got.headers["content-type"] == direct.headers["content-type"]


@pytest.mark.parametrize("stated", ["", "unbilled = [500]"])
async def test_a_person_may_say_that_errors_of_a_provider_cost_nothing(
    stated: str, tmp_path: Path
) -> None:
    async with (
        running_gate(
            tmp_path / "home", provider_of(), monthly="1000", each_provider=stated
        ) as gate,
        client_of(gate) as client,
    ):
        assert (await send(gate, client, "500", "chat", stream=True)).status == 500
        assert bool(gate.month().unknown) is not bool(stated)
        # One that was cut after its beginning says nothing of the kind.
        await send(gate, client, "cut_midway", "chat", stream=True)
        assert gate.month().unknown


@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        ("429_after_1", "1"),
        ("429_after_3600", "60"),
        ("429_after_date", "60"),
        ("429_after_garbage", "60"),
        ("429_after_negative", "60"),
    ],
)
async def test_a_long_pause_is_never_asked_of_an_agent(
    fault: str, seen: str, gate: RunningGate, client: Client
) -> None:
    got = await send(gate, client, fault, "chat", stream=True)
    assert got.status == 429
    assert got.headers["retry-after"] == seen


@pytest.mark.parametrize("fault", ["error_first", "error_midway"])
async def test_an_error_inside_a_stream_passes_and_its_cost_is_unknown(
    fault: str, gate: RunningGate, client: Client
) -> None:
    for protocol in PROTOCOLS:
        before = booked(gate.month())
        got = await send(gate, client, fault, protocol, stream=True)
        assert got.status == 200
        assert "verloaded" in got.body.decode()
        assert booked(gate.month()) - before >= LEAST_HOLD


async def test_nothing_of_one_hop_reaches_the_client(
    gate: RunningGate, client: Client
) -> None:
    for stream in (False, True):
        got = await send(gate, client, "stray_headers", "chat", stream=stream)
        stray = {"set-cookie", "alt-svc", "strict-transport-security", "trailer"}
        assert not stray & got.headers.keys()
        assert not any(name.startswith("access-control-") for name in got.headers)


def _nameless(got: Got) -> bytes:
    """The body without its serial number."""
    serial = got.headers.get("x-request-id") or got.headers.get("request-id") or "\0"
    return got.body.replace(serial.encode(), b"")
