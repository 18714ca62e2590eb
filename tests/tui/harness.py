"""Runs the real application for tests: frozen clock, our themes, rows as text."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from faregate.tui.app import FaregateApp
from faregate.tui.options import Options
from faregate.tui.widgets.line_table import LineTable
from tests.control.scenes import FrozenClock
from tests.tui.drawing import THEMES_DIR

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from textual.pilot import Pilot

    from faregate.tui.feed import Connect
    from faregate.tui.smoke_desk import SmokeDesk

WIDE = (120, 36)
NARROW = (80, 24)
WAIT_S = 20.0
"""Seconds to wait for what a busy machine brings about."""


def make_app(
    socket: Path,
    *,
    theme: str | None = None,
    ascii_only: bool = False,
    no_color: bool = False,
    keys: Mapping[str, str] | None = None,
    user_themes: Path | None = None,
    connect: Connect | None = None,
    clock: FrozenClock | None = None,
    desk: SmokeDesk | None = None,
    read_only: bool = False,
    start: Sequence[str] = (),
    ends_proxy: bool = False,
    build: str = "",
) -> FaregateApp:
    """Return an application that was not started yet."""
    options = Options(
        socket_path=socket,
        themes_dir=THEMES_DIR,
        user_themes_dir=user_themes,
        theme=theme,
        ascii_only=ascii_only,
        no_color=no_color,
        keys=keys or {},
        agents=("claude", "codex"),
        desk=desk,
        read_only=read_only,
        start=start,
        ends_proxy=ends_proxy,
        build=build,
    )
    return FaregateApp(options, clock=clock or FrozenClock(), connect=connect)


def rows(app: FaregateApp) -> list[str]:
    """Return what is on screen, line by line."""
    strips = app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip) for strip in strips]


def shows(app: FaregateApp, text: str) -> bool:
    """Whether a text is on screen."""
    return any(text in row for row in rows(app))


async def until(pilot: Pilot[None], happened: Callable[[], bool]) -> None:
    """Wait for something that a message or a timer brings about."""
    async with asyncio.timeout(WAIT_S):
        while not happened():
            await pilot.pause(0.02)


async def told(pilot: Pilot[None], app: FaregateApp, text: str) -> None:
    """Wait until a text is on screen."""
    try:
        await until(pilot, lambda: shows(app, text))
    except TimeoutError:
        there = "\n".join(rows(app))
        raise AssertionError(f"{text!r} never came to the screen:\n{there}") from None


async def calm(pilot: Pilot[None], painted: list[int]) -> None:
    """Wait until the first frames are out, and forget what they painted."""
    quiet = 0
    async with asyncio.timeout(WAIT_S):
        while quiet < 5:
            painted.clear()
            await pilot.pause(0.04)
            quiet = 0 if painted else quiet + 1


def later(app: FaregateApp, seconds: float = 1.0) -> None:
    """Let the frozen clock go on, so that a key is meant for what is on screen."""
    clock = app.view.clock
    assert isinstance(clock, FrozenClock)
    clock.seconds += seconds


def sessions(app: FaregateApp) -> LineTable:
    """Return the table of sessions."""
    return app.screen.query_one("#sessions", LineTable)
