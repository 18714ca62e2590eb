from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from faregate.core.money import Money
from tests import leaks
from tests.running import KEY, MODEL, RunningGate, running_gate
from tests.server.wire import exchange, post

CAP = "20.0"


@dataclass(frozen=True, slots=True)
class Shared:
    """A gate for a module's tests, and what it has open while nothing happens."""

    gate: RunningGate
    tasks: int
    sockets: int


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def shared_gate(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Shared]:
    """One gate for a module's tests: they run on the module's loop."""
    async with running_gate(tmp_path_factory.mktemp("home"), monthly=CAP) as gate:
        # This opens the connection to the provider that stays for the next request.
        assert await next_request_works(gate)
        await at_rest(gate)
        sockets = await leaks.settled_sockets()
        yield Shared(
            gate, len(leaks.other_tasks()) - idle(gate), sockets - 2 * idle(gate)
        )


@pytest_asyncio.fixture(loop_scope="module")
async def gate(
    shared_gate: Shared, caplog: pytest.LogCaptureFixture
) -> AsyncIterator[RunningGate]:
    """The shared gate, which each test must leave as it found it."""
    caplog.set_level(logging.DEBUG)
    gate = shared_gate.gate
    gate.provider.clear()
    yield gate
    assert await next_request_works(gate)
    await at_rest(gate)
    for _ in range(400):
        if len(leaks.other_tasks()) <= shared_gate.tasks + idle(gate):
            break
        await asyncio.sleep(0.005)
    assert len(leaks.other_tasks()) <= shared_gate.tasks + idle(gate)
    await leaks.until_sockets(shared_gate.sockets + 2 * idle(gate))
    for text in (caplog.text, *(record.getMessage() for record in caplog.records)):
        assert KEY not in text
        assert gate.token not in text
    assert "Traceback" not in caplog.text


def idle(gate: RunningGate) -> int:
    """Return the connections to the provider that wait for the next request.

    Each is a task of the simulated provider, and a socket at either end.
    """
    return gate.daemon.upstream.idle


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


async def at_rest(gate: RunningGate) -> None:
    """Wait until nothing runs, and check the books."""
    with contextlib.suppress(TimeoutError):
        await gate.settled(5)
    month = gate.month()
    assert len(gate.daemon.gate.flights) == 0
    assert month.held == Money(0)
    assert month.budget.limit is not None
    assert month.spent + month.unknown <= month.budget.limit
