"""Clients that hang up: exact usage where it comes in time, else what is safe."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from faregate.core.money import ZERO, Money
from faregate.gateway.settings import Patience
from faregate.ledger.reports import Reports
from faregate.smoke.simulated.rates import BillRates
from faregate.smoke.simulated.script import Step
from faregate.smoke.simulated.server import SimulatedProvider
from faregate.smoke.simulated.settings import SimulatorSettings
from tests.money.calls import (
    Client,
    booked,
    call_of,
    chat,
    client_of,
    messages,
    provider_of,
    until,
)
from tests.money.raw_provider import STREAM, chunk, raw_provider
from tests.running import RunningGate, running_gate

PROTOCOLS = ("chat", "messages", "responses", "gemini")
OBSERVED = 'on_abort = "observed"'
BRIEF = Patience(look=0.01, drain=0.05)


@pytest.fixture
async def provider() -> AsyncIterator[SimulatedProvider]:
    simulated = provider_of(gap=0.02, output_tokens=200, chunks=10)
    await simulated.start()
    yield simulated
    await simulated.stop()


async def _quiet(gate: RunningGate) -> None:
    await gate.settled()
    await until(lambda: not gate.provider.in_flight)


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_usage_that_comes_within_the_drain_is_exact(
    protocol: str, tmp_path: Path, provider: SimulatedProvider
) -> None:
    async with (
        running_gate(tmp_path / "home", provider, url=provider.url) as gate,
        client_of(gate) as client,
    ):
        await client.leave(*call_of(protocol, stream=True))
        assert gate.month().held
        await _quiet(gate)
        state = gate.month()
        assert (state.spent, state.unknown) == (provider.bill.total, ZERO)
        assert not provider.bill.rows[0].aborted


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_usage_that_does_not_come_leaves_the_hold_as_unknown(
    protocol: str, tmp_path: Path
) -> None:
    provider = provider_of(gap=0.2, on_disconnect="finish")
    async with (
        running_gate(tmp_path / "home", provider, patience=BRIEF) as gate,
        client_of(gate) as client,
    ):
        await client.leave(*call_of(protocol, stream=True))
        held = gate.month().held
        await _quiet(gate)
        state = gate.month()
        assert (state.spent, state.held, state.unknown) == (ZERO, ZERO, held)
        assert state.unknown >= provider.bill.total > ZERO
        # The provider saw the gate leave: it is not made to write on for nobody.
        assert provider.bill.rows[0].aborted


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_a_provider_that_stops_billing_is_booked_by_what_was_seen(
    protocol: str, tmp_path: Path
) -> None:
    provider = provider_of(gap=0.1, output_tokens=300, chunks=30)
    async with (
        running_gate(
            tmp_path / "home", provider, each_provider=OBSERVED, patience=BRIEF
        ) as gate,
        client_of(gate) as client,
    ):
        await client.leave(*call_of(protocol, stream=True), after=400)
        held = gate.month().held
        await _quiet(gate)
        state = gate.month()
        assert state.unknown == ZERO
        assert provider.bill.total <= state.spent < held
        (session,) = _reports(gate).sessions()
        assert session.cost_source == "estimated"
        if protocol == "messages":
            # Its first event states the input, so nothing of that is a guess.
            assert session.input_tokens == provider.bill.rows[0].input


async def test_a_whole_answer_that_nobody_waits_for_counts_in_full(
    tmp_path: Path,
) -> None:
    """It is made and billed to its end, whoever stops reading."""
    provider = provider_of(gap=0.3, on_disconnect="finish")
    async with (
        running_gate(
            tmp_path / "home", provider, each_provider=OBSERVED, patience=BRIEF
        ) as gate,
        client_of(gate) as client,
    ):
        call = asyncio.create_task(client.chat(max_tokens=1000))
        await until(lambda: provider.in_flight)
        held = gate.month().held
        call.cancel()
        await _quiet(gate)
        state = gate.month()
        assert (state.spent, state.unknown) == (ZERO, held)
        assert state.unknown >= provider.bill.total > ZERO


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_hanging_up_before_the_first_byte_still_drains(
    stream: bool, tmp_path: Path
) -> None:
    provider = provider_of(first_byte=0.2)
    async with running_gate(tmp_path / "home", provider) as gate, client_of(gate) as c:
        call = asyncio.create_task(c.chat(stream=stream, max_tokens=1000))
        await until(lambda: provider.in_flight)
        call.cancel()
        await _quiet(gate)
        state = gate.month()
        assert (state.spent, state.unknown) == (provider.bill.total, ZERO)


async def test_codex_leaves_when_its_answer_is_complete_and_that_is_no_hang_up(
    tmp_path: Path,
) -> None:
    """The provider lingers, so only the event can have settled it."""
    done = {
        "type": "response.completed",
        "response": {
            "id": "resp_1",
            "object": "response",
            "status": "completed",
            "model": "gpt-x",
            "output": [],
            "usage": {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15},
        },
    }

    async def answer(writer: asyncio.StreamWriter) -> None:
        event = b"event: response.completed\ndata: %b\n\n" % json.dumps(done).encode()
        writer.write(STREAM + chunk(event))
        await asyncio.sleep(60)

    async with raw_provider(answer) as raw:
        patience = Patience(look=0.01, drain=60)
        async with (
            running_gate(tmp_path / "home", url=raw.url, patience=patience) as gate,
            client_of(gate) as client,
        ):
            got = await client.leave(*call_of("responses", stream=True), after=150)
            assert b"response.completed" in got
            await gate.settled(within_s=5)
            state = gate.month()
            assert state.spent == Money.usd("0.00006")
            assert (state.held, state.unknown) == (ZERO, ZERO)
            (session,) = _reports(gate).sessions()
            assert session.cost_source == "reported"
            assert not session.last_error
        await until(lambda: raw.left == 1)


async def test_a_client_that_reads_nothing_is_cut_and_its_usage_still_read(
    tmp_path: Path,
) -> None:
    """Its full buffers stop the relay; dropping it lets the usage come."""
    provider = provider_of()
    provider.script(Step(text="x" * 24_000_000, output_tokens=100_000, chunks=400))
    patience = Patience(look=0.02, write_stall=0.3)
    async with (
        running_gate(
            tmp_path / "home", provider, monthly="5", patience=patience
        ) as gate,
        client_of(gate) as client,
    ):
        path, body = "/v1/chat/completions", chat(stream=True, max_tokens=100_000)
        async with client.session.post(
            client.url + path, json=body, headers=client.headers
        ):
            await _quiet(gate)
        state = gate.month()
        assert (state.spent, state.unknown) == (provider.bill.total, ZERO)


CLAUDE_RATES = """
[providers.anthropic]
base_url = "{url}"
key_env = "FAREGATE_TEST_KEY"
"""


def claude_code() -> dict[str, object]:
    """A request of the size and shape that Claude Code sends: 85 kB, 64k output."""
    marked = {"cache_control": {"type": "ephemeral"}}
    rules = "Do exactly what is asked, and read before you write. " * 480
    return messages(
        model="anthropic/claude-opus-4-8",
        stream=True,
        max_tokens=64_000,
        system=[
            {"type": "text", "text": "You are a coding agent."},
            {"type": "text", "text": rules, **marked},
        ],
        tools=[
            {
                "name": f"Tool{number}",
                "description": "Runs one thing and says what came of it. " * 60,
                "input_schema": {"type": "object", "properties": {}},
            }
            for number in range(23)
        ],
        thinking={"type": "adaptive"},
    )


@pytest.mark.parametrize("hidden", [False, True], ids=["seen", "hidden reasoning"])
async def test_twenty_escs_of_claude_code_leave_the_cap_usable(
    hidden: bool, tmp_path: Path
) -> None:
    provider = _opus(hidden=hidden)
    await provider.start()
    # Long enough for more reasoning than the margin alone would cover.
    reading, drain = (1.0, 0.5) if hidden else (0.2, 0.1)
    patience = Patience(look=0.02, drain=drain)
    async with (
        running_gate(
            tmp_path / "home",
            provider,
            url=provider.url,
            monthly="20",
            more=CLAUDE_RATES.format(url=provider.url),
            patience=patience,
        ) as gate,
        client_of(gate) as client,
    ):
        body = claude_code()
        assert 80_000 < len(json.dumps(body)) < 95_000
        await asyncio.gather(*(_esc(client, body, reading) for _ in range(20)))
        await _quiet(gate)
        assert len(provider.bill.rows) == 20
        assert all(row.aborted for row in provider.bill.rows)
        state = gate.month()
        assert provider.bill.total <= booked(state) < Money.usd(4)
        assert (state.held, state.unknown) == (ZERO, ZERO)
        provider.script(Step(output_tokens=50))
        got = await client.post("/v1/messages?beta=true", body)
        assert got.status == 200
    await provider.stop()


def _opus(*, hidden: bool) -> SimulatedProvider:
    """About two hundred and fifty tokens a second, seen or not."""
    rates = BillRates(
        input="5", output="25", cached="0.5", cache_write="6.25", cache_write_1h="10"
    )
    provider = SimulatedProvider(
        settings=SimulatorSettings(cache=True, gap=0.04),
        rates={"claude-opus-4-8": rates},
    )
    if hidden:
        step = Step(text="." * 300, output_tokens=3_000, chunks=300)
    else:
        step = Step(output_tokens=3_000, chunks=300)
    provider.script(*(step for _ in range(20)))
    return provider


async def _esc(client: Client, body: object, reading_s: float) -> None:
    path = client.url + "/v1/messages?beta=true"
    async with client.session.post(path, json=body, headers=client.headers) as answer:
        await answer.content.readany()
        await asyncio.sleep(reading_s)
        answer.close()


def _reports(gate: RunningGate) -> Reports:
    reports = gate.daemon.reports
    assert isinstance(reports, Reports)
    return reports
