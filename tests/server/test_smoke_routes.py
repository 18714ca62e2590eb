"""The control routes by which a smoke test spends."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from faregate.control.client import ControlClient
from faregate.control.errors import ControlError
from faregate.control.models import NewSession
from faregate.control.side_spending import SideEnd, SideHold
from faregate.core.money import ZERO, Money
from tests.running import RunningGate, running_gate

HOLD = SideHold(
    provider="sim",
    model="gpt-x",
    protocol="openai_chat",
    amount="0.10",
    input_bound=10,
    output_bound=10,
)


async def hold(gate: RunningGate, asked: SideHold = HOLD) -> str | None:
    client = ControlClient(gate.paths.socket)
    return (await asyncio.to_thread(client.side_hold, asked)).attempt


async def end(gate: RunningGate, told: SideEnd) -> None:
    await asyncio.to_thread(ControlClient(gate.paths.socket).side_end, told)


async def test_a_hold_is_made_and_booked(tmp_path: Path) -> None:
    async with running_gate(tmp_path) as gate:
        attempt = await hold(gate)
        assert attempt is not None
        assert gate.month().held == Money.usd("0.10")
        await end(gate, SideEnd(attempt=attempt, state="settled", cost="0.03"))
        assert gate.month().spent == Money.usd("0.03")
        with pytest.raises(ControlError, match="no hold"):
            await end(gate, SideEnd(attempt=attempt, state="voided"))


async def test_no_room_is_an_answer(tmp_path: Path) -> None:
    async with running_gate(tmp_path, monthly="0.05") as gate:
        assert await hold(gate) is None


async def test_a_run_with_a_limit_spends_nothing_beside_it(tmp_path: Path) -> None:
    async with running_gate(tmp_path) as gate:
        client = ControlClient(gate.paths.socket)
        free = await asyncio.to_thread(
            client.new_session, NewSession(agent="codex", pid=os.getpid())
        )
        assert await hold(gate) is not None
        await asyncio.to_thread(client.end_session, free.session)
        limited = NewSession(agent="codex", pid=os.getpid(), max_cost="0.01")
        await asyncio.to_thread(client.new_session, limited)
        with pytest.raises(ControlError, match="limit of its own"):
            await hold(gate)
        assert gate.month().held == Money.usd("0.10")


@pytest.mark.parametrize("amount", ["-1", "nan", "1e99"])
async def test_impossible_amounts_are_refused(tmp_path: Path, amount: str) -> None:
    async with running_gate(tmp_path) as gate:
        told = SideHold(
            provider="sim",
            model="gpt-x",
            protocol="openai_chat",
            amount=amount,
            input_bound=0,
            output_bound=0,
        )
        with pytest.raises(ControlError):
            await hold(gate, told)
        with pytest.raises(ControlError):
            await end(gate, SideEnd(attempt="x", state="settled", cost=amount))
        assert gate.month().held == ZERO


async def test_what_is_open_when_the_proxy_stops_is_unknown(tmp_path: Path) -> None:
    async with running_gate(tmp_path) as gate:
        await hold(gate)
    async with running_gate(tmp_path) as gate:
        month = gate.month()
        assert (month.held, month.unknown) == (ZERO, Money.usd("0.10"))
