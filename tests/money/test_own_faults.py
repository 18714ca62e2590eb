"""A fault of our own between the hold and the first byte: no hold stays behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from faregate.core.money import ZERO
from faregate.gateway.asking import Asker
from faregate.gateway.attempts import Attempts
from faregate.gateway.commits import Commits
from faregate.gateway.gate import Gate
from tests.money.calls import client_of, provider_of
from tests.running import RunningGate, running_gate


@pytest.fixture
async def gate(tmp_path: Path) -> AsyncIterator[RunningGate]:
    async with running_gate(tmp_path / "home", provider_of()) as running:
        yield running


def breaks(*_asked: Any, **_named: Any) -> Any:
    raise RuntimeError("a bug")


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (Commits, "confirmed"),
        (Gate, "admitted"),
        (Asker, "open"),
        (Attempts, "_prepared"),
    ],
)
async def test_no_hold_outlives_a_request_that_was_never_sent(
    owner: type, name: str, gate: RunningGate, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with client_of(gate) as client:
        assert (await client.chat(max_tokens=10)).status == 200
        gate.daemon.gate.admission.commits.coming = 1
        with monkeypatch.context() as patched:
            patched.setattr(owner, name, breaks)
            calls = (client.chat(max_tokens=10) for _ in range(3))
            answers = await asyncio.gather(*calls)
        gate.daemon.gate.admission.commits.coming = 0
        assert {got.code for got in answers} == {"internal_error"}
        await gate.settled()
        assert len(gate.provider.requests) == 1
        state = gate.month()
        assert state.held == ZERO
        # Nothing of it is free that may have been sent, nor kept that a person
        # could not resolve.
        holds = gate.daemon.reports.holds()
        assert sum((h.amount for h in holds), ZERO) == state.unknown
        assert (await client.chat(max_tokens=10)).status == 200
        assert gate.month().spent == gate.provider.bill.total
