"""The routes over a real gate: what got worse is an event, and pages are bounded."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from faregate.control.client import ControlClient
from faregate.control.models import EventView
from faregate.control.smoke_runs import SmokeRuns, SmokeRunView, row_of
from faregate.core.holds import LedgerError
from faregate.core.records import SmokeRunRow
from faregate.server.smoke_history import MOST_WARNINGS, tool_warnings
from tests.running import RunningGate, running_gate
from tests.test_smoke_history import VIEW


async def test_what_got_worse_is_told_to_whoever_watches(tmp_path: Path) -> None:
    async with running_gate(tmp_path / "home") as gate:
        client = ControlClient(gate.paths.socket)

        def tell() -> list[EventView]:
            client.keep_smoke(
                SmokeRuns(runs=[VIEW], alerts=["sim/gpt-x tool: PASS -> FAIL\x1b[31m"])
            )
            return client.snapshot().events

        events = await asyncio.to_thread(tell)
    (event,) = [event for event in events if event.kind == "smoke"]
    assert event.severity == "alert"
    assert event.text.startswith("sim/gpt-x tool: PASS -> FAIL")
    assert "\x1b" not in event.text


def without_tools(target: str) -> SmokeRunView:
    return msgspec.structs.replace(VIEW, target=target, learned={"tools": False})


async def test_a_target_without_tools_is_named_at_the_next_start(
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"

    def warnings_of(gate: RunningGate) -> list[str]:
        return ControlClient(gate.paths.socket).snapshot().setup.warnings

    async with running_gate(home) as gate:
        assert await asyncio.to_thread(warnings_of, gate) == []
        client = ControlClient(gate.paths.socket)
        runs = SmokeRuns(runs=[without_tools("sim/gpt-x"), VIEW])
        await asyncio.to_thread(client.keep_smoke, runs)
    async with running_gate(home) as gate:
        (warning,) = await asyncio.to_thread(warnings_of, gate)
    assert warning.startswith("sim/gpt-x failed tool calls in its smoke test of 2026-")


def test_not_every_target_is_named_and_a_history_is_no_need() -> None:
    def many(target: str | None = None, *, limit: int = 100) -> list[SmokeRunRow]:
        return [row_of(without_tools(f"sim/m{n}")) for n in range(9)]

    def broken(target: str | None = None, *, limit: int = 100) -> list[SmokeRunRow]:
        raise LedgerError("no such table")

    assert len(tool_warnings(many)) == MOST_WARNINGS
    assert tool_warnings(broken) == []
