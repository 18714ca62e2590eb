"""The whole proxy: start, stop, what survives a restart and what undoes a bad start."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import re
import stat
import time
from pathlib import Path

import aiohttp
import pytest

from faregate.config.load import load
from faregate.config.paths import find_paths
from faregate.control.client import ControlClient
from faregate.control.models import NewSession, SetBudget
from faregate.core.holds import HoldRequest, LedgerError
from faregate.core.money import Money
from faregate.daemon import Daemon
from faregate.gateway import tasks
from faregate.server import budget_desk
from faregate.server.listen import ListenError
from faregate.smoke.simulated.server import SimulatedProvider
from tests.running import MODEL, RunningGate, running_gate

BODY = {"model": MODEL, "max_tokens": 5, "messages": [{"role": "user", "content": "x"}]}


def readable_by_others(home: Path) -> list[Path]:
    found = []
    for path in (home, *home.rglob("*")):
        # The proxy rewrites its status by way of a draft that is soon gone.
        with contextlib.suppress(FileNotFoundError):
            open_to_others = stat.S_IMODE(path.lstat().st_mode) & 0o077
            if path.name != "config.toml" and open_to_others:
                found.append(path)
    return found


async def ask(gate: RunningGate, token: str | None = None) -> int:
    headers = {"authorization": f"Bearer {token or gate.token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as client,
        client.post(f"{gate.url}/v1/chat/completions", json=BODY) as answer,
    ):
        await answer.read()
        return answer.status


async def test_everything_written_is_the_owners_alone(tmp_path: Path) -> None:
    async with running_gate(tmp_path / "h") as gate:
        assert await ask(gate) == 200
        assert readable_by_others(tmp_path / "h") == []


async def test_spend_and_token_survive_a_restart(tmp_path: Path) -> None:
    provider = SimulatedProvider()
    async with running_gate(tmp_path / "h", provider) as gate:
        token = gate.token
        assert await ask(gate) == 200
        spent = gate.month().spent
        assert spent > Money(0)
    async with running_gate(tmp_path / "h", provider) as gate:
        assert gate.month().spent == spent
        assert gate.month().unknown == Money(0)
        assert await ask(gate, token) == 200


async def test_a_run_has_a_budget_of_its_own_that_survives_a_restart(
    tmp_path: Path,
) -> None:
    async with running_gate(tmp_path / "h") as gate:
        client = ControlClient(gate.paths.socket)
        grant = await asyncio.to_thread(
            client.new_session, NewSession(agent="codex", max_cost="0.0001")
        )
        assert grant.session.startswith("codex-")
        assert await ask(gate, grant.token) == 400
        assert await ask(gate) == 200
    async with running_gate(tmp_path / "h") as gate:
        assert await ask(gate, grant.token) == 400


async def test_a_lower_cap_holds_at_once_and_is_kept(tmp_path: Path) -> None:
    async with running_gate(tmp_path / "h") as gate:
        client = ControlClient(gate.paths.socket)
        lower = SetBudget(scope="global", window="month", limit="0.000001")
        await asyncio.to_thread(client.set_budget, lower)
        assert await ask(gate) == 400
    async with running_gate(tmp_path / "h") as gate:
        assert gate.month().budget.limit == Money.usd("0.000001")
        assert await ask(gate) == 400


async def test_a_lowered_cap_brings_no_other_change_of_the_files_into_force(
    tmp_path: Path,
) -> None:
    async with running_gate(tmp_path / "h") as gate:
        before = gate.month().budget.limit
        config = tmp_path / "h" / "config.toml"
        config.write_text(re.sub("monthly = .*", "monthly = 1000", config.read_text()))
        client = ControlClient(gate.paths.socket)
        lower = SetBudget(scope="session", window="session", limit="1")
        await asyncio.to_thread(client.set_budget, lower)
        assert gate.month().budget.limit == before


async def test_a_second_proxy_on_one_ledger_does_not_start(tmp_path: Path) -> None:
    async with running_gate(tmp_path / "h") as gate:
        settings = load(find_paths({"FAREGATE_HOME": str(tmp_path / "h")}))
        server = dataclasses.replace(settings.server, port=0)
        second = Daemon(
            dataclasses.replace(settings, server=server), gate.paths, asyncio.Event()
        )
        with pytest.raises(LedgerError, match=str(os.getpid())):
            await second.start()
        assert await ask(gate) == 200


async def test_a_failed_start_undoes_what_it_opened(tmp_path: Path) -> None:
    async with running_gate(tmp_path / "taken") as gate:
        home = tmp_path / "h"
        home.mkdir(mode=0o700)
        paths = find_paths({"FAREGATE_HOME": str(home)})
        settings = load(paths)
        taken = dataclasses.replace(
            settings.server, port=int(gate.url.rpartition(":")[2])
        )
        blocked = Daemon(
            dataclasses.replace(settings, server=taken), paths, asyncio.Event()
        )
        with pytest.raises(ListenError, match="taken"):
            await blocked.start()
    async with running_gate(home) as gate:
        assert await ask(gate) == 200


async def test_what_an_earlier_process_left_open_is_told(tmp_path: Path) -> None:
    async with running_gate(tmp_path / "h") as gate:
        gate.daemon.ledger.hold(
            HoldRequest(
                attempt="left",
                request="left",
                session="s",
                root_session="s",
                budgets=gate.daemon.gate.shared_windows(time.time()),
                amount=Money.usd("0.25"),
                provider="sim",
                model="gpt-x",
                protocol="openai_chat",
                at_ms=time.time_ns() // 1_000_000,
            )
        )
    async with running_gate(tmp_path / "h") as gate:
        assert gate.month().unknown == Money.usd("0.25")
        (event,) = gate.daemon.gate.events.since(0)
        assert (event.kind, event.severity) == ("unknown", "alert")
        assert event.text.startswith("1 request was running")


async def test_what_runs_in_the_background_outlives_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Raises would last for good, and whoever waits would wait for ever."""
    monkeypatch.setattr(tasks, "AGAIN_S", 0.0)
    monkeypatch.setattr(budget_desk, "LOOK_S", 0.001)
    looked, faults = asyncio.Event(), [RuntimeError("a bug")]

    def look(_desk: object) -> None:
        if faults:
            raise faults.pop()
        looked.set()

    monkeypatch.setattr(budget_desk.BudgetDesk, "look", look)
    async with running_gate(tmp_path / "h") as gate:
        await asyncio.wait_for(looked.wait(), 10)
        told = [e for e in gate.daemon.gate.events.since(0) if e.kind == "fault"]
        assert [e.severity for e in told] == ["alert"]
        assert "budgets" in told[0].text
