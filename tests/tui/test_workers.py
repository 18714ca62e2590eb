from __future__ import annotations

import asyncio
import threading
from functools import partial

import pytest
from textual.app import App

from faregate.control.errors import ControlError
from faregate.tui.workers import attempt, in_thread, start
from tests.tui.harness import until


async def test_the_latest_of_a_group_is_the_one_that_ends() -> None:
    done: list[str] = []
    gate = asyncio.Event()

    async def work(name: str) -> None:
        await gate.wait()
        done.append(name)

    app: App[None] = App()
    async with app.run_test() as pilot:
        for name in ("a", "b", "c"):
            start(app, partial(work, name), "one")
        start(app, partial(work, "other"), "two")
        await pilot.pause()
        gate.set()
        await until(pilot, lambda: len(done) == 2)
        assert sorted(done) == ["c", "other"]


async def test_a_thread_answers_or_fails() -> None:
    assert await in_thread(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        await in_thread(lambda: 1 // 0)


def test_a_thread_that_hangs_keeps_nobody_from_leaving() -> None:
    gate = threading.Event()

    async def leave() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await in_thread(gate.wait)

    asyncio.run(leave())
    gate.set()


async def test_what_the_proxy_refuses_is_told_and_nothing_breaks() -> None:
    async def refused() -> None:
        raise ControlError("forbidden", "this needs a person")

    app: App[None] = App()
    async with app.run_test() as pilot:
        await attempt(app, refused)
        await until(pilot, lambda: len(app._notifications) == 1)
        (notice,) = app._notifications
        assert (notice.message, notice.severity) == ("this needs a person", "error")
        assert notice.markup is False
