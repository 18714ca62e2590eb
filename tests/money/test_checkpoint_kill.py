"""`kill -9` of a real proxy in the middle of a checkpoint, and a restart."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from faregate.core.money import Money
from faregate.ledger.reports import Reports
from faregate.smoke.simulated.server import SimulatedProvider
from tests.money import deadly_disk
from tests.money.calls import FIVE_CENTS, booked, provider_of
from tests.money.children import child, make_home
from tests.money.test_kill import CAP, spend_the_rest, storm
from tests.running import running_gate


@pytest.fixture
async def provider() -> AsyncIterator[SimulatedProvider]:
    simulated = provider_of(first_byte=0.01, gap=0.01, usage=FIVE_CENTS)
    await simulated.start()
    yield simulated
    await simulated.stop()


@pytest.mark.parametrize("step", deadly_disk.STEPS)
async def test_a_kill_within_a_checkpoint_loses_no_money(
    step: str, tmp_path: Path, provider: SimulatedProvider
) -> None:
    home = make_home(tmp_path, provider.url)
    count = 1 if step in {"before a log", "before a cut"} else 3
    async with child(home, step, count) as (process, url):
        await storm(home, url, requests=12)
        if step == "before a cut":
            process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(30):
            # What is refused is written down as well.
            while process.returncode is None:
                await storm(home, url, requests=2)
        assert await asyncio.wait_for(process.wait(), 20) == -9
    async with running_gate(home, provider, url=provider.url) as gate:
        state = gate.month()
        assert not state.held
        assert provider.bill.total <= booked(state) <= CAP
        if step == "before a cut":
            # Everything had ended, and was written.
            assert (state.spent, state.unknown) == (provider.bill.total, Money(0))
        reports = Reports.open(gate.daemon._settings.ledger_dir)
        assert reports.discrepancies() == ()
        reports.close()
        await spend_the_rest(gate)
