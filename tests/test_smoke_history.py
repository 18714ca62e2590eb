"""Results of smoke tests, kept by a real proxy and without one."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from faregate.config.load import load
from faregate.config.paths import find_paths
from faregate.control.client import ControlClient
from faregate.control.errors import ControlError
from faregate.control.smoke_runs import SmokeProbe, SmokeRuns, SmokeRunView
from faregate.smoke_history import History
from tests.running import running_gate

VIEW = SmokeRunView(
    run="r1",
    at="2026-11-23T10:40:00Z",
    target="sim/gpt x&y",
    protocol="openai_chat",
    profile="quick",
    readiness="READY",
    cost="0.0004",
    probes=[SmokeProbe(id="basic", title="Basic", group="chat", verdict="PASS")],
    metrics={"ttfb_s": 0.25},
    learned={"tools": True},
)


def later(number: int) -> SmokeRunView:
    return msgspec.structs.replace(
        VIEW, run=f"r{number}", at=f"2026-11-23T10:40:{number:02}Z"
    )


def history_of(home: Path) -> History:
    paths = find_paths({"FAREGATE_HOME": str(home)})
    return History(load(paths), paths)


def at_rest(home: Path) -> History:
    home.mkdir(mode=0o700)
    (home / "config.toml").write_text("")
    return history_of(home)


def stored(view: SmokeRunView) -> SmokeRunView:
    return msgspec.structs.replace(view, at=view.at.replace("Z", ".000Z"))


def test_without_a_proxy_the_ledger_itself_keeps_them(tmp_path: Path) -> None:
    history = at_rest(tmp_path / "home")
    assert history.latest() == []
    history.keep([])
    history.keep([later(1)])
    history.keep([later(2)])
    assert history.of(VIEW.target) == [stored(later(2)), stored(later(1))]
    assert history.of(VIEW.target, limit=1) == [stored(later(2))]
    assert history.latest() == [stored(later(2))]
    assert history.of("sim/other") == []


async def test_with_a_proxy_it_keeps_them(tmp_path: Path) -> None:
    home = tmp_path / "home"
    async with running_gate(home):
        history = history_of(home)

        def through_it() -> list[SmokeRunView]:
            history.keep([later(1), later(2)])
            history.keep([later(2)])
            assert history.latest() == [stored(later(2))]
            return history.of(VIEW.target)

        found = await asyncio.to_thread(through_it)
    assert found == [stored(later(2)), stored(later(1))]
    # And they are there when it is gone.
    assert await asyncio.to_thread(history.latest) == [stored(later(2))]


@pytest.mark.parametrize("limit", [0, 201, -1])
async def test_an_odd_limit_is_refused(tmp_path: Path, limit: int) -> None:
    async with running_gate(tmp_path / "home") as gate:
        client = ControlClient(gate.paths.socket)

        def ask() -> None:
            with pytest.raises(ControlError, match="limit must be"):
                client.smoke_runs("a/b", limit=limit)

        await asyncio.to_thread(ask)


async def test_nonsense_is_refused_and_nothing_is_kept(tmp_path: Path) -> None:
    async with running_gate(tmp_path / "home") as gate:
        client = ControlClient(gate.paths.socket)
        bad = msgspec.structs.replace(VIEW, cost="-1")

        def ask() -> list[SmokeRunView]:
            with pytest.raises(ControlError, match="below zero"):
                client.keep_smoke(SmokeRuns(runs=[VIEW, bad]))
            return client.smoke_runs()

        assert await asyncio.to_thread(ask) == []
