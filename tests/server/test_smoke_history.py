"""The routes over a real gate: what got worse is an event, and pages are bounded."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import aiohttp
import msgspec
import pytest

from faregate.control.client import ControlClient
from faregate.control.errors import ControlError
from faregate.control.models import EventView, NewSession
from faregate.control.smoke_runs import Figure, SmokeRuns, SmokeRunView, row_of
from faregate.core.holds import LedgerError
from faregate.core.records import SmokeRunRow
from faregate.server.smoke_history import MOST_WARNINGS, learn
from tests.running import MODEL, RunningGate, running_gate
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


class Kept:
    """A history of nine targets whose tool calls failed; or one that is broken."""

    def __init__(self, *, broken: bool = False) -> None:
        self._broken = broken

    def smoke_runs(
        self, target: str | None = None, *, limit: int = 100
    ) -> list[SmokeRunRow]:
        return self.recent_smoke()

    def recent_smoke(self) -> list[SmokeRunRow]:
        if self._broken:
            raise LedgerError("no such table")
        return [row_of(without_tools(f"sim/m{n}")) for n in range(9)]


async def test_not_every_target_is_named_and_a_history_is_no_need(
    tmp_path: Path,
) -> None:
    async with running_gate(tmp_path / "home") as gate:
        assert len(learn(Kept(), gate.daemon.gate)) == MOST_WARNINGS
        assert learn(Kept(broken=True), gate.daemon.gate) == []


async def test_a_target_that_a_person_vouches_for_is_not_named(tmp_path: Path) -> None:
    async with running_gate(tmp_path / "home", each_provider="tools = true") as gate:
        assert learn(Kept(), gate.daemon.gate) == []
        assert gate.daemon.gate.planner.vouched_for("sim/gpt-x")
        assert not gate.daemon.gate.planner.vouched_for("nobody/gpt-x")


ASKED = {
    "model": MODEL,
    "max_tokens": 50,
    "messages": [{"role": "user", "content": "hi"}],
    "tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}],
}


async def send(gate: RunningGate, model: str = MODEL) -> tuple[int, str]:
    body = {**ASKED, "model": model}
    async with (
        aiohttp.ClientSession() as http,
        http.post(
            f"{gate.url}/v1/chat/completions", json=body, headers=gate.bearer
        ) as answer,
    ):
        return answer.status, await answer.text()


async def test_each_test_decides_who_gets_tools_from_then_on(tmp_path: Path) -> None:
    home = tmp_path / "home"
    async with running_gate(home) as gate:
        client = ControlClient(gate.paths.socket)
        assert (await send(gate))[0] == 200
        runs = SmokeRuns(runs=[without_tools(MODEL)])
        await asyncio.to_thread(client.keep_smoke, runs)
        status, text = await send(gate)
        assert status == 400
        assert "model_not_allowed" in text
        assert f"{MODEL} gets no request with tools" in text
        assert len(gate.provider.requests) == 1
    async with running_gate(home) as gate:
        assert (await send(gate))[0] == 400
        # A quick run that tried no tools says nothing new of them.
        client = ControlClient(gate.paths.socket)
        again = [later(MODEL, "r2", {"bursts": True}), later(MODEL, "r3", {})]
        await asyncio.to_thread(client.keep_smoke, SmokeRuns(runs=again))
        assert (await send(gate))[0] == 400
        mended = [later(MODEL, "r4", {"tools": True})]
        await asyncio.to_thread(client.keep_smoke, SmokeRuns(runs=mended))
        assert (await send(gate))[0] == 200


async def test_a_route_goes_on_to_a_target_whose_tools_work(tmp_path: Path) -> None:
    route = """
[routes.work]
models = ["work"]
targets = ["sim/gpt-x", "sim/gpt-y"]
[prices."sim/gpt-y"]
input = 1.0
output = 10.0
"""
    async with running_gate(tmp_path / "home", more=route) as gate:
        client = ControlClient(gate.paths.socket)
        runs = SmokeRuns(runs=[without_tools(MODEL)])
        await asyncio.to_thread(client.keep_smoke, runs)
        assert (await send(gate, "work"))[0] == 200
        assert [r.json["model"] for r in gate.provider.generations] == ["gpt-y"]


def later(target: str, run: str, learned: dict[str, Figure]) -> SmokeRunView:
    return msgspec.structs.replace(VIEW, target=target, run=run, learned=learned)


async def test_what_runs_inside_a_run_decides_nothing(tmp_path: Path) -> None:
    async with running_gate(tmp_path / "home") as gate:
        client = ControlClient(gate.paths.socket)

        def poison() -> list[SmokeRunView]:
            client.new_session(NewSession(agent="codex", pid=os.getpid()))
            with pytest.raises(ControlError, match="decides nothing here") as refused:
                client.keep_smoke(SmokeRuns(runs=[without_tools(MODEL)]))
            assert refused.value.code == "forbidden"
            return client.smoke_runs()

        assert await asyncio.to_thread(poison) == []
        assert (await send(gate))[0] == 200
