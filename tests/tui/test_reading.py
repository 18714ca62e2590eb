from __future__ import annotations

import asyncio

import pytest
from textual.app import App

from faregate.control.errors import ControlError
from faregate.tui import reading
from faregate.tui.reading import Reading
from tests.tui.harness import until


async def test_news_during_a_reading_bring_one_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reading, "READ_EVERY_S", 0.0)
    gate = asyncio.Event()
    read: list[int] = []
    told: list[str] = []

    async def load() -> None:
        read.append(1)
        await gate.wait()

    app: App[None] = App()
    async with app.run_test() as pilot:
        wanted = Reading(app, load, told.append)
        for _ in range(5):
            wanted.want()
        await until(pilot, lambda: len(read) == 1)
        for _ in range(5):
            wanted.want()
        gate.set()
        await until(pilot, lambda: len(told) == 2)
        assert len(read) == 2
        wanted.want()
        await until(pilot, lambda: len(told) == 3)
    assert told == ["", "", ""]


async def test_trouble_is_told_in_one_line() -> None:
    told: list[str] = []

    async def load() -> None:
        raise ControlError("gone", "the proxy\nis \x1b[2Jgone")

    app: App[None] = App()
    async with app.run_test() as pilot:
        Reading(app, load, told.append).want()
        await until(pilot, lambda: bool(told))
    assert told == ["the proxy is \ufffd[2Jgone"]
