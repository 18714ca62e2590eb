"""Background tasks are named and kept until they end."""

from __future__ import annotations

import asyncio
import gc

import pytest

from faregate.gateway import tasks
from faregate.gateway.tasks import lasting, spawn


async def test_a_task_that_nobody_holds_is_kept() -> None:
    done = asyncio.Event()
    go = asyncio.Event()

    async def work() -> None:
        await go.wait()
        done.set()

    assert spawn(work(), "some work").get_name() == "some work"
    gc.collect()
    go.set()
    await asyncio.wait_for(done.wait(), 5)
    await asyncio.sleep(0)
    assert not tasks._running


async def test_what_lasts_begins_anew_each_time_it_fails_and_says_so_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tasks, "AGAIN_S", 0.0)
    told: list[str] = []
    begun, third = 0, asyncio.Event()

    async def work() -> None:
        nonlocal begun
        begun += 1
        if begun < 3:
            raise RuntimeError("a bug")
        third.set()
        await asyncio.Event().wait()

    task = spawn(lasting(work, "some work", told.append), "some work")
    await asyncio.wait_for(third.wait(), 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(told) == 1
    assert "some work" in told[0]
    assert "a bug" in told[0]
    assert caplog.text.count("RuntimeError: a bug") == 2


async def test_what_ends_by_itself_has_ended() -> None:
    async def work() -> None:
        pass

    await lasting(work, "some work", lambda _text: None)
