"""Who tried again: the agent, or the gate; and what a refusal costs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from faregate.core.money import ZERO
from faregate.core.records import SessionRow
from faregate.smoke.simulated.faults.table import TABLE
from faregate.smoke.simulated.script import Step
from faregate.smoke.simulated.settings import ModelLimits
from tests.money.calls import Client, chat, client_of, provider_of
from tests.running import RunningGate, running_gate

CAPPED = """
[prices."sim/capped"]
input = 1.0
output = 10.0
"""
PATH = "/s/run-1/v1/chat/completions"
OTHER = "/s/run-2/v1/chat/completions"


@pytest.fixture
async def gate(tmp_path: Path) -> AsyncIterator[RunningGate]:
    limits = {"capped": ModelLimits(max_output=4_096)}
    async with running_gate(
        tmp_path / "home", provider_of(limits=limits), more=CAPPED
    ) as running:
        yield running


@pytest.fixture
async def client(gate: RunningGate) -> AsyncIterator[Client]:
    async with client_of(gate) as made:
        yield made


def session(gate: RunningGate, name: str = "run-1") -> SessionRow:
    found = gate.daemon.reports.session(name)
    assert found is not None
    return found


def fail(gate: RunningGate, *faults: str) -> None:
    gate.provider.script(*(Step(fault=TABLE[fault]) for fault in faults))


async def test_the_same_body_again_after_a_failure_is_a_retry(
    gate: RunningGate, client: Client
) -> None:
    fail(gate, "429", "500", "reset_midway")
    body = chat(max_tokens=100)
    for _ in range(4):
        await client.post(PATH, body)
    row = session(gate)
    assert (row.requests, row.attempts) == (4, 4)
    assert (row.client_retries, row.retries) == (3, 0)


async def test_the_same_body_after_a_good_answer_is_no_retry(
    gate: RunningGate, client: Client
) -> None:
    for _ in range(3):
        await client.post(PATH, chat(max_tokens=100))
    assert session(gate).client_retries == 0


async def test_another_body_or_session_is_no_retry(
    gate: RunningGate, client: Client
) -> None:
    fail(gate, "500")
    await client.post(PATH, chat(max_tokens=100))
    await client.post(PATH, chat(max_tokens=101))
    await client.post(OTHER, chat(max_tokens=100))
    assert session(gate).client_retries == 0
    assert session(gate, "run-2").client_retries == 0


@pytest.mark.parametrize("fault", ["error_midway", "clean_end_midway"])
async def test_a_stream_that_broke_and_is_asked_for_again_is_a_retry(
    fault: str, gate: RunningGate, client: Client
) -> None:
    fail(gate, fault)
    body = chat(max_tokens=100, stream=True)
    for _ in range(2):
        await client.post(PATH, body)
    assert session(gate).client_retries == 1


async def test_what_the_gate_sends_again_is_counted_apart(
    gate: RunningGate, client: Client
) -> None:
    got = await client.post(PATH, chat(model="sim/capped"))
    assert got.status == 200
    row = session(gate)
    assert (row.requests, row.attempts) == (1, 2)
    assert (row.client_retries, row.retries) == (0, 1)


async def test_refusals_are_counted_and_cost_nothing(
    gate: RunningGate, client: Client
) -> None:
    body = chat(max_tokens=200_000)
    for _ in range(5):
        got = await client.post(PATH, body)
        assert got.code == "budget_exceeded"
    row = session(gate)
    assert (row.refusals, row.attempts, row.client_retries) == (5, 0, 0)
    assert not gate.provider.requests
    state = gate.month()
    assert (state.spent, state.held, state.unknown) == (ZERO, ZERO, ZERO)


async def test_a_refusal_that_repeats_says_the_same(
    gate: RunningGate, client: Client
) -> None:
    body = chat(max_tokens=200_000)
    messages = {
        (await client.post(PATH, body)).json["error"]["message"] for _ in range(3)
    }
    assert len(messages) == 1
