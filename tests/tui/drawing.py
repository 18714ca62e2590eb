"""A view on seeded figures, and lines as plain text, for tests without a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from faregate.tui.glyphs import UNICODE, Glyphs
from faregate.tui.ink import mix
from faregate.tui.store import Link, LinkState, Store
from faregate.tui.themes import read_themes
from faregate.tui.view import View
from tests.control.scenes import FrozenClock

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from faregate.control.models import Snapshot
    from faregate.tui.lines import Line
    from faregate.tui.tones import Tone

THEMES_DIR = Path(__file__).parents[2] / "themes"
THEMES, _ = read_themes(THEMES_DIR, None)


def view_of(
    snapshot: Snapshot | None,
    *,
    glyphs: Glyphs = UNICODE,
    theme: str = "ledger",
    link: Link | None = None,
    agents: tuple[str, ...] = ("claude", "codex"),
) -> View:
    """Return a view that was told `snapshot`, on a live link unless told otherwise."""
    clock = FrozenClock()
    store = Store()
    if snapshot is not None:
        store.apply(snapshot, clock.seconds)
    store.set_link(link or Link(state=LinkState.LIVE, since=clock.seconds))
    return View(
        store=store,
        clock=clock,
        theme_ink=mix(THEMES[theme].colors, glyphs),
        socket="/run/faregate.sock",
        keymap={},
        agents=agents,
    )


def text(line: Line) -> str:
    """Return a line without its tones."""
    return "".join(part.text for part in line)


def texts(lines: Iterable[Line]) -> list[str]:
    """Return lines without their tones and trailing blanks."""
    return [text(line).rstrip() for line in lines]


def tone_of(lines: Sequence[Line], part: str) -> Tone:
    """Return the tone in which `part` is shown."""
    for line in lines:
        for span in line:
            if part in span.text:
                return span.tone
    raise AssertionError(f"{part!r} is not shown")
