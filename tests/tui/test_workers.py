from __future__ import annotations

import asyncio
from functools import partial

from textual.app import App

from faregate.tui.workers import start
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
