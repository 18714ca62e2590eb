from __future__ import annotations

import asyncio
from functools import partial

from textual.app import App

from faregate.tui.workers import start


async def test_the_latest_of_a_group_is_the_one_that_ends() -> None:
    done: list[str] = []

    async def work(name: str) -> None:
        await asyncio.sleep(0)
        done.append(name)

    app: App[None] = App()
    async with app.run_test() as pilot:
        for name in ("a", "b", "c"):
            start(app, partial(work, name), "one")
        start(app, partial(work, "other"), "two")
        await app.workers.wait_for_complete(
            [worker for worker in app.workers if not worker.is_finished]
        )
        await pilot.pause()
    assert sorted(done)[-1] == "other"
    assert "c" in done
    assert "a" not in done
