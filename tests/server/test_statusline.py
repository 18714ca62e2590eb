from __future__ import annotations

import asyncio
import dataclasses
import stat
from pathlib import Path
from unittest import mock

import pytest

from faregate.config.files import write_private
from faregate.core.holds import BudgetState, BudgetWindow, LedgerError
from faregate.core.money import Money
from faregate.gateway.tasks import spawn
from faregate.server import statusline
from faregate.server.live import Live
from faregate.server.statusline import status_line, write_statusline

MONTH = BudgetWindow(scope="global", window="month", limit=Money.usd(20))


def month(spent: str, unknown: str = "0", limit: str | None = "20") -> BudgetState:
    return BudgetState(
        budget=BudgetWindow(
            scope="global",
            window="month",
            limit=None if limit is None else Money.usd(limit),
        ),
        spent=Money.usd(spent),
        unknown=Money.usd(unknown),
    )


@pytest.mark.parametrize(
    ("states", "work", "words"),
    [
        ((), [], ["no budget"]),
        ((month("5"),), [], ["$5", "$20", "25.0%"]),
        ((month("5", "1"),), ["3 running"], ["$6", "30.0%", "3 running"]),
        ((month("0"),), [], ["$0", "0.0%"]),
        ((month("5", limit=None),), [], ["$5"]),
        ((month("0", limit="0"),), [], ["$0"]),
    ],
)
def test_the_line(
    states: tuple[BudgetState, ...], work: list[str], words: list[str]
) -> None:
    line = status_line(states, work)
    for word in words:
        assert word in line
    assert "\n" not in line
    assert ("%" in line) == any("%" in word for word in words)


def test_a_budget_that_is_nearly_full_is_told() -> None:
    def of(scope: str, spent: str) -> BudgetState:
        budget = BudgetWindow(scope=scope, window="day", limit=Money.usd(1))
        return BudgetState(budget=budget, spent=Money.usd(spent))

    states = (month("5"), of("agent:a", "0.85"), of("workspace:b", "0.97"))
    assert (
        status_line(states, ["2 running"])
        == "$5.00/$20.00 · 25.0% · workspace:b day 97% · 2 running"
    )
    assert "day" not in status_line((month("5"), of("agent:a", "0.79")), [])


def test_a_closed_budget_is_told() -> None:
    closed = dataclasses.replace(month("5"), closed=True)
    line = status_line((closed,), ["1 running"])
    assert line == "$5.00/$20.00 · 25.0% · global month is closed · 1 running"


def test_a_pause_comes_first() -> None:
    line = status_line((month("5"),), [], "everything paused")
    assert line == "everything paused · $5.00/$20.00 · 25.0%"
    assert status_line((), [], "everything paused").startswith("everything paused")


def live(states: list[object]) -> Live:
    """Return a view that tells one state after another, then the last again."""
    told = mock.Mock(spec=Live)
    told.work = []
    told.latched.return_value = ""
    told.global_states.side_effect = [*states, *states[-1:] * 1000]
    return told


def content(path: Path) -> str:
    return path.read_text() if path.exists() else ""


async def until(path: Path, text: str) -> None:
    for _ in range(1000):
        if text in content(path):
            return
        await asyncio.sleep(0.005)
    raise AssertionError(f"{text} never came")


async def test_the_file_follows_and_goes_with_its_writer(tmp_path: Path) -> None:
    path = tmp_path / "status"
    states = [(month("1"),), LedgerError("busy"), (month("2"),)]
    with mock.patch.object(statusline, "INTERVAL", 0.01):
        task = spawn(write_statusline(path, live(states)), "statusline")
        await until(path, "$2")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.read_text().endswith("\n")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert not path.exists()


async def test_a_disk_that_is_full_ends_nothing(tmp_path: Path) -> None:
    failing = mock.Mock(side_effect=OSError(28, "No space left on device"))
    with (
        mock.patch.object(statusline, "INTERVAL", 0.01),
        mock.patch.object(statusline, "write_private", failing),
    ):
        states: list[object] = [(month(str(n)),) for n in range(5)]
        task = spawn(write_statusline(tmp_path / "status", live(states)), "statusline")
        for _ in range(400):
            if failing.call_count == 5:
                break
            await asyncio.sleep(0.005)
        assert failing.call_count == 5
        assert not task.done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_write_that_ends_too_late_leaves_no_file(tmp_path: Path) -> None:
    """The proxy ends while a slow disk still takes the line."""
    path = tmp_path / "status"
    entered = asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(where: Path, content: bytes) -> None:
        loop.call_soon_threadsafe(entered.set)
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0.1), loop).result()
        write_private(where, content)

    with mock.patch.object(statusline, "write_private", slow):
        task = spawn(write_statusline(path, live([(month("1"),)])), "statusline")
        await entered.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.sleep(0.2)
    assert not path.exists()
