from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from faregate.core.money import Money
from tests import leaks
from tests.running import KEY, MODEL, RunningGate, running_gate
from tests.server.wire import exchange, post

CAP = "20.0"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def shared_gate(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[RunningGate]:
    """One gate for a module's tests: they run on the module's loop."""
    async with running_gate(tmp_path_factory.mktemp("home"), monthly=CAP) as gate:
        yield gate


@pytest_asyncio.fixture(loop_scope="module")
async def gate(
    shared_gate: RunningGate, caplog: pytest.LogCaptureFixture
) -> AsyncIterator[RunningGate]:
    """The shared gate, which each test must leave as it found it."""
    caplog.set_level(logging.DEBUG)
    # It also opens the connection to the provider that stays for the next request.
    assert await next_request_works(shared_gate)
    await leave_no_trace(shared_gate)
    shared_gate.provider.clear()
    tasks, sockets = len(leaks.other_tasks()), leaks.sockets()
    yield shared_gate
    assert await next_request_works(shared_gate)
    await leave_no_trace(shared_gate)
    for _ in range(400):
        if len(leaks.other_tasks()) <= tasks:
            break
        await asyncio.sleep(0.005)
    assert len(leaks.other_tasks()) <= tasks
    await leaks.until_sockets(sockets)
    for text in (caplog.text, *(record.getMessage() for record in caplog.records)):
        assert KEY not in text
        assert shared_gate.token not in text
    assert "Traceback" not in caplog.text


async def next_request_works(gate: RunningGate) -> bool:
    """Send a plain request over a new connection."""
    body = {"model": MODEL, "messages": [{"role": "user", "content": "hi"}]}
    answer = await exchange(
        gate.url,
        post(
            gate.url, json.dumps(body).encode(), f"Authorization: Bearer {gate.token}"
        ),
    )
    return answer.status == 200


async def leave_no_trace(gate: RunningGate) -> None:
    """Wait until nothing runs, and check the books."""
    with contextlib.suppress(TimeoutError):
        await gate.settled(5)
    month = gate.month()
    assert len(gate.daemon.gate.flights) == 0
    assert month.held == Money(0)
    assert month.budget.limit is not None
    assert month.spent + month.unknown <= month.budget.limit
