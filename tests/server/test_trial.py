"""One test request goes the way that agents take, and says what came of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from faregate.control.client import ControlClient
from faregate.control.errors import ControlError
from faregate.control.trial import TrialAnswer, TrialAsk
from faregate.core.money import Money
from faregate.server.trial import OUTPUT
from faregate.smoke.simulated.faults.table import TABLE
from faregate.smoke.simulated.script import Step
from tests.running import RunningGate, running_gate

if TYPE_CHECKING:
    from pathlib import Path


async def ask(gate: RunningGate, target: str | None, *, person: bool) -> TrialAnswer:
    secret = gate.paths.admin_secret.read_text().strip() if person else None
    client = ControlClient(gate.paths.socket, admin_secret=secret)
    asked = TrialAsk(target=target, preview=not person)
    return await asyncio.to_thread(client.trial, asked)


async def test_the_first_configured_target_is_asked_and_booked(tmp_path: Path) -> None:
    async with running_gate(tmp_path / "h") as gate:
        offer = await ask(gate, None, person=False)
        assert offer.target == "sim/gpt-x"
        most = Money.usd(offer.at_most)
        assert Money(0) < most < Money.usd("0.001")
        assert not gate.provider.generations
        done = await ask(gate, offer.target, person=True)
        assert (done.status, done.target) == (200, "sim/gpt-x")
        assert done.text
        spent = gate.month().spent
        assert Money(0) < spent <= most
        (row,) = gate.daemon.reports.sessions()
        assert (row.session, row.labels.agent) == (done.session, "faregate")
        assert gate.provider.generations[-1].json["max_tokens"] == OUTPUT
        assert gate.daemon.proxy.first_request_seen


async def test_an_error_of_the_provider_is_told(tmp_path: Path) -> None:
    async with running_gate(tmp_path / "h") as gate:
        gate.provider.script(Step(fault=TABLE["401"]))
        done = await ask(gate, "sim/gpt-x", person=True)
        assert done.status == 401
        assert done.text


async def test_a_refusal_of_the_gate_is_told(tmp_path: Path) -> None:
    async with running_gate(tmp_path / "h", monthly="0.000001") as gate:
        done = await ask(gate, "sim/gpt-x", person=True)
        assert done.status == 400
        assert "budget" in done.text


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("bare", "is not provider/model"),
        ("nobody/x", "there is no provider"),
        ("sim/unknown", "no price is known for sim/unknown"),
    ],
)
async def test_what_cannot_be_asked_is_said(
    tmp_path: Path, target: str, said: str
) -> None:
    async with running_gate(tmp_path / "h") as gate:
        with pytest.raises(ControlError, match=said):
            await ask(gate, target, person=False)


async def test_to_ask_needs_a_person(tmp_path: Path) -> None:
    async with running_gate(tmp_path / "h") as gate:
        client = ControlClient(gate.paths.socket)
        with pytest.raises(ControlError, match="needs a person"):
            await asyncio.to_thread(client.trial, TrialAsk(target="sim/gpt-x"))
        assert not gate.provider.generations
