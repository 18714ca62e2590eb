"""`kill -9` of a real proxy at every step of a request, and a restart.

The provider lives on in this process, so its bill survives every kill.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from faregate.core.money import Money
from faregate.ledger.errors import LedgerLockedError
from faregate.smoke.simulated.server import SimulatedProvider
from tests.money.calls import (
    FIVE_CENTS,
    Client,
    Sampler,
    booked,
    chat,
    client_of,
    provider_of,
)
from tests.money.children import bearer, child, make_home
from tests.money.runner import STEPS
from tests.running import RunningGate, running_gate

CAP = Money.usd(1)
BODY = chat(text="x" * 9_930, stream=True, max_tokens=4_000)
PATH = "/v1/chat/completions"


@pytest.fixture
async def provider() -> AsyncIterator[SimulatedProvider]:
    simulated = provider_of(first_byte=0.01, gap=0.01, usage=FIVE_CENTS)
    await simulated.start()
    yield simulated
    await simulated.stop()


@pytest.fixture
def home(tmp_path: Path, provider: SimulatedProvider) -> Path:
    return make_home(tmp_path, provider.url)


@pytest.mark.parametrize("step", STEPS)
async def test_a_kill_at_any_step_loses_no_money(
    step: str, home: Path, provider: SimulatedProvider
) -> None:
    # Many settlements share one write.
    count = 1 if step == "after flush" else 5
    async with _killed_at(home, step, count=count) as url:
        await storm(home, url, requests=12)
    async with running_gate(home, provider, url=provider.url) as gate:
        state = gate.month()
        assert not state.held
        assert provider.bill.total <= booked(state) <= CAP
        if step in {"after hold", "after send", "mid-stream", "after usage"}:
            assert state.unknown >= Money.usd("0.05")
            assert "died" in gate.daemon.gate.events.since(0)[0].text
        await spend_the_rest(gate)
        assert len(provider.generations) <= 20


async def test_killed_again_and_again_it_stays_below_the_cap(
    home: Path, provider: SimulatedProvider
) -> None:
    for step in ("after hold", "mid-stream"):
        async with _killed_at(home, step, count=2) as url:
            await storm(home, url, requests=5)
    async with running_gate(home, provider, url=provider.url) as gate:
        await spend_the_rest(gate)


async def test_a_second_proxy_names_the_first_and_writes_nothing(
    home: Path, provider: SimulatedProvider
) -> None:
    async with child(home) as (process, _):
        before = _snapshot(home)
        with pytest.raises(LedgerLockedError) as refused:
            async with running_gate(home, provider, url=provider.url):
                pass
        assert refused.value.pid == process.pid
        assert str(process.pid) in str(refused.value)
        assert _snapshot(home) == before


async def spend_the_rest(gate: RunningGate) -> None:
    """Send until nothing is admitted any more, and compare the bill at the end."""
    async with client_of(gate) as client, Sampler(gate) as sampler:
        answers = await asyncio.gather(*(client.post(PATH, BODY) for _ in range(40)))
        await gate.settled()
    assert any(got.code == "budget_exceeded" for got in answers)
    state = gate.month()
    assert sampler.most <= CAP
    assert gate.provider.bill.total <= booked(state) <= CAP
    assert CAP - booked(state) < Money.usd("0.0502")


async def storm(home: Path, url: str, requests: int) -> None:
    """Send requests at once and let them break as they will."""
    async with aiohttp.ClientSession() as session:
        client = Client(session, url, bearer(home))
        await asyncio.gather(
            *(client.post(PATH, BODY) for _ in range(requests)), return_exceptions=True
        )


@contextlib.asynccontextmanager
async def _killed_at(home: Path, step: str, count: int) -> AsyncIterator[str]:
    """Run a proxy that kills itself; yields its URL, returns once it is dead."""
    async with child(home, step, count) as (process, url):
        yield url
        assert await asyncio.wait_for(process.wait(), 20) == -9


def _snapshot(home: Path) -> dict[str, bytes]:
    """Every file of the ledger, but for what its owner writes all the time."""
    return {
        str(path): path.read_bytes()
        for path in sorted((home / "data").rglob("*"))
        if path.is_file() and not path.name.endswith("-shm")
    }
