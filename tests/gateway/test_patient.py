"""A time limit ends a block in time, and never because the process was stopped."""

from __future__ import annotations

import asyncio
import time

import pytest

from faregate.gateway import patient
from faregate.gateway.patient import Within


async def test_what_takes_too_long_ends() -> None:
    with pytest.raises(TimeoutError):
        async with Within(0.01):
            await asyncio.Event().wait()


async def test_nothing_is_left_of_what_was_in_time() -> None:
    async with Within(0.01) as limit:
        await asyncio.sleep(0)
    await asyncio.sleep(0.02)
    assert limit._handle.cancelled()


async def test_what_came_may_take_as_long_as_it_likes() -> None:
    async with Within(0.01) as limit:
        limit.enough()
        await asyncio.sleep(0.03)


async def test_what_comes_in_the_moment_the_time_is_over_has_come() -> None:
    async with Within(5) as limit:
        limit._over()
        limit.enough()
        await asyncio.sleep(0.01)


async def test_faults_and_cancelling_pass() -> None:
    with pytest.raises(KeyError):
        async with Within(5):
            raise KeyError

    async def endless() -> None:
        async with Within(5):
            await asyncio.Event().wait()

    task = asyncio.create_task(endless())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_time_in_which_nothing_could_happen_does_not_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(patient, "SLEPT", 0.05)
    read, loop = asyncio.Event(), asyncio.get_running_loop()
    async with Within(0.02):
        # What arrived while everything stood still is only told afterwards.
        loop.call_later(0.03, read.set)
        time.sleep(0.2)  # noqa: ASYNC251 - it stands for a process that is stopped
        await read.wait()


async def test_it_begins_anew_then_and_ends_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(patient, "SLEPT", 0.05)

    async def endless() -> None:
        async with Within(0.02):
            time.sleep(0.2)  # noqa: ASYNC251 - it stands for a process that is stopped
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        await endless()
