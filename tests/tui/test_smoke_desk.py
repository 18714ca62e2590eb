"""The process that runs a smoke test: what it says, and that it never outlives us."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from faregate.control.errors import ProxyNotRunning
from faregate.tui.smoke_desk import DeskError, Offer, SmokeDesk
from tests.tui import smoked

SLOW = """
import os, pathlib, sys, time
pathlib.Path({pid!r}).write_text(str(os.getpid()))
try:
    time.sleep(600)
except KeyboardInterrupt:
    pathlib.Path({ended!r}).write_text("booked")
"""


def of(tmp_path: Path, script: str) -> SmokeDesk:
    file = tmp_path / "script.py"
    file.write_text(script)
    return SmokeDesk(tmp_path / "none", command=(sys.executable, str(file)))


async def test_it_prices_and_runs(tmp_path: Path) -> None:
    desk = smoked.desk(tmp_path / "none", tmp_path)
    assert await desk.price(["a/b"]) == Offer(
        targets=("a/b",), estimate="0.0004", max_cost="0.02"
    )
    (tmp_path / "go").touch()
    assert await desk.run(["a/b", "c/d"]) == [("a/b", "READY"), ("c/d", "READY")]


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("print('no json')", "without an answer"),
        ("print('[]')", "without an answer"),
        ("raise SystemExit(3)", "without an answer"),
        ('print(\'{"error": {"message": "no price"}}\')', "no price"),
        ("print('{}')", "unknown"),
    ],
)
async def test_an_odd_answer_is_said(tmp_path: Path, script: str, words: str) -> None:
    with pytest.raises(DeskError, match=words):
        await of(tmp_path, script).price(["a/b"])


async def test_a_command_that_is_not_there_is_said(tmp_path: Path) -> None:
    desk = SmokeDesk(tmp_path, command=(str(tmp_path / "nothing"),))
    with pytest.raises(DeskError, match="cannot be started"):
        await desk.price(["a/b"])


async def test_a_test_that_is_broken_off_books_what_it_spent(tmp_path: Path) -> None:
    pid, ended = tmp_path / "pid", tmp_path / "ended"
    desk = of(tmp_path, SLOW.format(pid=str(pid), ended=str(ended)))
    task = asyncio.ensure_future(desk.run(["a/b"]))
    async with asyncio.timeout(20):
        # What another process does wakes nobody here.
        while not pid.exists() or not pid.read_text():  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.read_text() == "booked"


async def test_without_a_proxy_there_is_no_history(tmp_path: Path) -> None:
    with pytest.raises(ProxyNotRunning):
        await SmokeDesk(tmp_path / "none").history()


async def test_a_demo_runs_none(tmp_path: Path) -> None:
    desk = SmokeDesk(tmp_path / "none", command=())
    with pytest.raises(DeskError, match="demo"):
        await desk.price(["anthropic"])
