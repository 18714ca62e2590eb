"""A proxy that runs out of memory: it answers or it ends, and no money is lost."""

from __future__ import annotations

import asyncio
import io
import json
import resource
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from faregate.smoke.simulated.rates import Counts
from faregate.smoke.simulated.server import SimulatedProvider
from tests.money.calls import booked, chat, client_of, provider_of
from tests.money.children import bearer, child, make_home
from tests.running import running_gate

MEGABYTE = 1024 * 1024
ROOM = 24 * MEGABYTE
BODY = json.dumps(chat(text="y" * 8 * MEGABYTE, max_tokens=100)).encode()


@pytest.fixture
async def provider() -> AsyncIterator[SimulatedProvider]:
    simulated = provider_of(usage=Counts(input=10, output=100))
    await simulated.start()
    yield simulated
    await simulated.stop()


async def _send(session: aiohttp.ClientSession, url: str, home: Path) -> int:
    """Send a large request; return its status, 0 where the connection broke."""
    headers = {"content-type": "application/json", **bearer(home)}
    try:
        async with session.post(
            f"{url}/v1/chat/completions", data=io.BytesIO(BODY), headers=headers
        ) as answer:
            await answer.read()
            return answer.status
    except (aiohttp.ClientError, ConnectionError):
        return 0


def _confine(pid: int) -> None:
    """Leave a process little more memory than it has."""
    told = Path(f"/proc/{pid}/statm").read_text(encoding="ascii")
    limit = int(told.split()[0]) * resource.getpagesize() + ROOM
    resource.prlimit(pid, resource.RLIMIT_AS, (limit, limit))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits a child so")
async def test_bodies_that_do_not_fit_into_memory_cost_nothing(
    tmp_path: Path, provider: SimulatedProvider
) -> None:
    home = make_home(tmp_path, provider.url, monthly="200")
    async with child(home) as (process, url):
        _confine(process.pid)
        async with aiohttp.ClientSession() as session:
            found = await asyncio.gather(*(_send(session, url, home) for _ in range(8)))
        assert set(found) <= {0, 200, 400, 413, 500, 502, 503}
        assert set(found) != {200}
    async with running_gate(home, provider, url=provider.url, monthly="200") as gate:
        assert provider.bill.total <= booked(gate.month())
        async with client_of(gate) as client:
            assert (await client.chat(max_tokens=100)).status == 200
        await gate.settled()
        assert provider.bill.total <= booked(gate.month())
