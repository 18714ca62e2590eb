"""A storm over a route of three targets: few attempts, one answer, every bill booked.

Two of the three targets fail in the same way, one is well. What the client gets is one
good answer; what the providers bill is in the ledger.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from faregate.core.money import ZERO
from faregate.smoke.simulated.fault import Charge, Fault
from faregate.smoke.simulated.faults import connection, statuses, streams
from faregate.smoke.simulated.faults.table import TABLE
from faregate.smoke.simulated.reply import ToolCall
from faregate.smoke.simulated.script import Step
from faregate.smoke.simulated.server import SimulatedProvider
from tests.money.calls import Client, Got, chat, client_of, provider_of
from tests.running import RunningGate, running_gate

REQUESTS = 100
AT_ONCE = 4
MOST_ATTEMPTS = 1.2

FAULTS: dict[str, Fault] = {
    "429": statuses.status(429, retry_after="30"),
    "429_quota": TABLE["429_quota"],
    "401": TABLE["401"],
    "500": TABLE["500"],
    "503_billed": statuses.status(503, charge=Charge.ALL),
    "hang": connection.stall_before_first_byte(),
    "hang_after_headers": connection.stall_midway(after=0),
    "reset": TABLE["reset_before_response"],
    "error_in_200": TABLE["error_first"],
    "nothing_in_200": streams.clean_end(after=0),
    "html": TABLE["html_page"],
}

BROKEN_CALL = Step(tools=(ToolCall(name="read", arguments='{"path": '),))
"""An answer that is paid for and no use: its tool call is no JSON."""

USUAL = ("429", "503_billed", "reset", "error_in_200", "nothing_in_200")
HANGS = ("hang", "hang_after_headers")

MORE = """
[providers.s2]
kind = "openai"
base_url = "{second}/v1"
key_env = "FAREGATE_TEST_KEY"
[providers.s3]
kind = "openai"
base_url = "{third}/v1"
key_env = "FAREGATE_TEST_KEY"
[prices."s2/gpt-x"]
input = 1.0
output = 10.0
[prices."s3/gpt-x"]
input = 1.0
output = 10.0
[retries]
first_event = "{patience}"
[routes.storm]
models = ["storm"]
targets = ["sim/gpt-x", "s2/gpt-x", "s3/gpt-x"]
[routes.checked]
models = ["checked"]
targets = ["sim/gpt-x", "s2/gpt-x", "s3/gpt-x"]
escalate_on = ["tool_arguments", "empty"]
validate = true
"""
TOOL = {"type": "function", "function": {"name": "read", "parameters": {}}}


class Route:
    """A running gate with a route over three providers."""

    def __init__(self, gate: RunningGate, providers: list[SimulatedProvider]) -> None:
        self.gate = gate
        self.providers = providers

    @property
    def attempts(self) -> int:
        return sum(len(each.generations) for each in self.providers)

    async def storm(
        self, client: Client, *, stream: bool, model: str = "storm"
    ) -> list[Got]:
        """Send the requests, some at a time, each from a session of its own."""
        line = asyncio.Semaphore(AT_ONCE)

        async def one(number: int) -> Got:
            async with line:
                body = chat(model=model, stream=stream, max_tokens=100, tools=[TOOL])
                return await client.post(f"/s/run-{number}/v1/chat/completions", body)

        return await asyncio.gather(*map(one, range(REQUESTS)))


@contextlib.asynccontextmanager
async def route(home: Path, patience: str = "60s") -> AsyncIterator[Route]:
    first, second, third = (provider_of() for _ in range(3))
    await second.start()
    await third.start()
    try:
        more = MORE.format(second=second.url, third=third.url, patience=patience)
        async with running_gate(home, first, monthly="20", more=more) as gate:
            yield Route(gate, [first, second, third])
    finally:
        await second.stop()
        await third.stop()


def cases() -> list[Any]:
    slow = [pytest.mark.slow]
    return [
        pytest.param(name, marks=[] if name in USUAL else slow)
        for name in FAULTS
        if name not in HANGS
    ]


async def weather(over: Route, client: Client, fault: str, ill: int) -> None:
    """Let the storm pass while the first `ill` targets fail, and look at all of it."""
    for provider in over.providers[:ill]:
        provider.match(lambda _seen: Step(fault=FAULTS[fault]))
    answers = await over.storm(client, stream=True)
    await over.gate.settled()
    assert [got for got in answers if got.status != 200 or got.broken] == []
    assert {got.events[-1] for got in answers} == {"[DONE]"}
    assert over.attempts <= MOST_ATTEMPTS * REQUESTS
    month = over.gate.month()
    assert month.held == ZERO
    good = [each.bill for each in over.providers[ill:]]
    assert sum(len(bill.rows) for bill in good) == REQUESTS
    assert month.spent == sum((bill.total for bill in good), ZERO)
    billed = [each.bill.total for each in over.providers]
    assert month.spent + month.unknown >= sum(billed, ZERO)


@pytest.mark.parametrize("fault", cases())
async def test_a_storm_costs_few_attempts_and_every_bill_is_booked(
    fault: str, tmp_path: Path
) -> None:
    async with route(tmp_path / "home") as over, client_of(over.gate) as client:
        await weather(over, client, fault, 2)


@pytest.mark.parametrize(
    "fault", ["hang", pytest.param("hang_after_headers", marks=pytest.mark.slow)]
)
async def test_who_does_not_answer_in_time_is_left_for_the_next(
    fault: str, tmp_path: Path
) -> None:
    async with (
        route(tmp_path / "home", "2s") as over,
        client_of(over.gate) as client,
    ):
        await weather(over, client, fault, 1)


@pytest.mark.parametrize("fault", ["broken_call", "cut_midway"])
async def test_bad_answers_are_checked_away_without_a_storm(
    fault: str, tmp_path: Path
) -> None:
    bad = BROKEN_CALL if fault == "broken_call" else Step(fault=TABLE[fault])
    async with route(tmp_path / "home") as over, client_of(over.gate) as client:
        for provider in over.providers[:2]:
            provider.match(lambda _seen: bad)
        answers = await over.storm(client, stream=True, model="checked")
        await over.gate.settled()
        assert [got for got in answers if got.status != 200 or got.broken] == []
        assert not any(b"tool_calls" in got.body for got in answers)
        assert over.attempts <= MOST_ATTEMPTS * REQUESTS
        assert len(over.providers[2].bill.rows) == REQUESTS
        month = over.gate.month()
        billed = [each.bill.total for each in over.providers]
        assert month.spent + month.unknown >= sum(billed, ZERO)
        if fault == "broken_call":
            # Every answer was whole: what it cost is known to the last token, and
            # what nobody got is booked as lost.
            assert (month.spent, month.unknown) == (sum(billed, ZERO), ZERO)
            sessions = over.gate.daemon.reports.sessions(limit=500)
            lost = sum((each.wasted for each in sessions), ZERO)
            assert lost == billed[0] + billed[1]


async def test_the_breakers_are_seen_and_close_again(tmp_path: Path) -> None:
    async with route(tmp_path / "home") as over, client_of(over.gate) as client:
        first = over.providers[0]
        first.match(lambda _seen: Step(fault=TABLE["500"]))
        await over.storm(client, stream=False)
        live = over.gate.daemon.live
        await live.fresh()
        shown = {view.name: view for view in live.status().providers}
        assert shown["sim"].breaker == "open"
        assert "server errors" in (shown["sim"].last_error or "") or "too often" in (
            shown["sim"].last_error or ""
        )
        assert shown["s2"].breaker == "closed"
        assert len(over.providers[2].generations) == 0


async def test_where_nothing_is_well_the_storm_stays_small(tmp_path: Path) -> None:
    async with route(tmp_path / "home") as over, client_of(over.gate) as client:
        for provider in over.providers:
            provider.match(lambda _seen: Step(fault=TABLE["503"]))
        answers = await over.storm(client, stream=True)
        assert {got.status for got in answers} == {503}
        assert over.attempts <= REQUESTS / 2
        resting = [got for got in answers if got.code == "provider_resting"]
        assert len(resting) >= REQUESTS / 2
        assert all(1 <= int(got.headers["retry-after"]) <= 60 for got in resting)
        assert answers[0].headers["x-should-retry"] == "false"
