"""What the screens look like; look at each picture before it is accepted."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from faregate.tui import feed as feed_module
from tests.control import scenes
from tests.tui.harness import NARROW, WIDE, make_app, shows, told, until

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from pathlib import Path

    from textual.pilot import Pilot

    from faregate.control.models import FeedMessage, Snapshot
    from faregate.tui.app import FaregateApp

SIZES = pytest.mark.parametrize("size", [WIDE, NARROW], ids=["120x36", "80x24"])
SCENES = pytest.mark.parametrize(
    ("scene", "words"),
    [
        (scenes.first_run, "first request seen"),
        (scenes.busy, "waits for room"),
        (scenes.capped, "refused: the cap is reached"),
    ],
    ids=["first-run", "busy", "capped"],
)


def telling(scene: Snapshot) -> Callable[[], AsyncGenerator[FeedMessage, None]]:
    """Return a feed that tells one scene and then stays silent."""

    async def connect() -> AsyncGenerator[FeedMessage, None]:
        yield scene
        await asyncio.Event().wait()

    return connect


def losing() -> Callable[[], AsyncGenerator[FeedMessage, None]]:
    """Return a feed that tells the busy scene and then breaks."""

    async def connect() -> AsyncGenerator[FeedMessage, None]:
        yield scenes.busy()

    return connect


@SIZES
@SCENES
def test_scene(
    snap_compare: Callable[..., bool],
    tmp_path: Path,
    scene: Callable[[], Snapshot],
    words: str,
    size: tuple[int, int],
) -> None:
    app = make_app(tmp_path / "s", connect=telling(scene()))
    assert snap_compare(app, terminal_size=size, run_before=_shown(app, words))


@SIZES
def test_lost(
    snap_compare: Callable[..., bool],
    tmp_path: Path,
    size: tuple[int, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(feed_module, "RETRY_S", (15.0,))
    clock = scenes.FrozenClock()
    app = make_app(tmp_path / "s", connect=losing(), clock=clock)

    async def run_before(pilot: Pilot[None]) -> None:
        await told(pilot, app, "proxy lost 0s")
        clock.seconds += 12
        await until(pilot, lambda: shows(app, "retrying in 3s"))

    assert snap_compare(app, terminal_size=size, run_before=run_before)


@pytest.mark.parametrize(
    ("name", "keys", "words"),
    [
        ("session", ("j", "enter"), "sessions > infra/tf-import"),
        ("help", ("question_mark",), "edit the filter"),
    ],
    ids=["session", "help"],
)
def test_other_screens(
    snap_compare: Callable[..., bool],
    tmp_path: Path,
    name: str,
    keys: tuple[str, ...],
    words: str,
) -> None:
    app = make_app(tmp_path / "s", connect=telling(scenes.busy()))

    async def run_before(pilot: Pilot[None]) -> None:
        await told(pilot, app, "waits for room")
        await pilot.press(*keys)
        await told(pilot, app, words)

    assert snap_compare(app, terminal_size=WIDE, run_before=run_before)


@pytest.mark.parametrize(
    ("theme", "ascii_only"), [("paper", False), ("mono", True)], ids=["paper", "mono"]
)
def test_other_inks(
    snap_compare: Callable[..., bool], tmp_path: Path, theme: str, ascii_only: bool
) -> None:
    app = make_app(
        tmp_path / "s",
        connect=telling(scenes.busy()),
        theme=theme,
        ascii_only=ascii_only,
    )
    ready = _shown(app, "waits for room")
    assert snap_compare(app, terminal_size=WIDE, run_before=ready)


def _shown(app: FaregateApp, words: str) -> Callable[[Pilot[None]], object]:
    async def run_before(pilot: Pilot[None]) -> None:
        await told(pilot, app, words)

    return run_before
