"""Every screen and state, in every ink and at both sizes.

The rows are kept in `rows/`; look at what changed before it is accepted with
`pytest tests/tui/test_every_screen.py --snapshot-update`.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass, fields
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

import pytest
from rich.cells import cell_len
from textual.screen import Screen

import faregate.tui.screens
from faregate.tui import feed
from faregate.tui.glyphs import ASCII, UNICODE, Glyphs
from faregate.tui.screens.overview import OverviewScreen
from tests.control.fake_proxy import running
from tests.tui.harness import NARROW, WIDE, make_app, rows, told, until
from tests.tui.script import Script, knowing_all
from tests.tui.shots import SHOTS, STATES, Shot

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from faregate.tui.app import FaregateApp

KEPT = Path(__file__).with_name("rows")
_LOOKS = 300
"""Looks, a hundredth of a second apart, until what is wrong counts as wrong."""
CUT_MONEY = re.compile(r"\d\.\d?…|\$[\d,.]*…")


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """How a person has it drawn; each screen is looked at in each theme and size."""

    themes: tuple[str, ...]
    ascii_only: bool = False
    no_color: bool = False


DRAWN = {
    "unicode": Drawn(themes=("ledger", "mono")),
    # What a terminal can do without at all: signs beyond ASCII, and colours.
    "ascii, NO_COLOR": Drawn(themes=("mono",), ascii_only=True, no_color=True),
}


@pytest.mark.parametrize("way", DRAWN)
async def test_every_screen_and_state(
    way: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    monkeypatch.setattr("faregate.tui.app.PAINT_EVERY_S", 0.0)
    monkeypatch.setattr(feed, "RETRY_S", (0.02, 0.1))
    drawn, script = DRAWN[way], Script()
    sizes, themes = [WIDE, NARROW], list(drawn.themes)
    kept = Kept(tmp_path, ascii_only=drawn.ascii_only, update=_is_updating(request))
    wrong: list[str] = []
    with running(knowing_all(tmp_path / "s")) as proxy:
        app = make_app(
            proxy.socket,
            ascii_only=drawn.ascii_only,
            no_color=drawn.no_color,
            connect=script.connect,
        )
        async with app.run_test(size=sizes[0]) as pilot:
            for shot in SHOTS:
                await _arrive(pilot, app, script, shot)
                for size in sizes:
                    if app.size != size:
                        await pilot.resize_terminal(*size)
                    for theme in themes:
                        if app.theme != theme:
                            app.apply_theme(theme)
                        found = await _look(pilot, app, Looked(shot, drawn, size, kept))
                        where = f"{shot.name} at {size[0]}x{size[1]} in {theme}"
                        wrong += [f"{where}: {each}" for each in found]
                    # The next look begins as this one ended: each change costs time.
                    themes.reverse()
                sizes.reverse()
                await _leave(pilot, app)
    assert not wrong, "\n".join(wrong)


async def _look(pilot: Pilot[None], app: FaregateApp, looked: Looked) -> list[str]:
    """Look until all is as it should be; return what stays wrong."""
    if looked.kept.update:
        await pilot.pause()
    found = ["never looked"]
    for _ in range(_LOOKS):
        await pilot.pause(0.01)
        found = looked.wrong(rows(app)) + _wrong_colors(app, looked.drawn)
        if not found:
            break
    return found


async def _arrive(
    pilot: Pilot[None], app: FaregateApp, script: Script, shot: Shot
) -> None:
    """Bring a shot about as it would happen: news come, and keys are pressed."""
    scene, store = shot.scene(), app.view.store
    if scene is not None:
        script.is_absent = False
        script.tell(scene)
        await until(pilot, lambda: store.live and store.seq == script.seq)
        await pilot.pause()
    for keys, words in shot.steps:
        await pilot.press(*keys.split())
        await told(pilot, app, _drawn(app, words))
    if shot.link != "live":
        script.is_absent = shot.link == "absent"
        script.tell(None)
        await until(pilot, lambda: store.link.state.value == shot.link)
    await told(pilot, app, _drawn(app, shot.says[0]))
    assert type(app.screen) is shot.screen, shot.name


async def _leave(pilot: Pilot[None], app: FaregateApp) -> None:
    while not isinstance(app.screen, OverviewScreen):
        await pilot.press("escape")
        await pilot.pause()
    await pilot.press("g", *(["space"] if app.view.frozen is not None else []))


def _drawn(app: FaregateApp, words: str) -> str:
    return _in_signs(words, app.view.theme_ink.glyphs)


def _in_signs(words: str, glyphs: Glyphs) -> str:
    """Return words in another alphabet than the one they are written in here."""
    signs = {
        getattr(UNICODE, each.name): getattr(glyphs, each.name)
        for each in fields(Glyphs)
        if each.name not in {"spark", "border"}
    }
    return "".join(signs.get(letter, letter) for letter in words)


@dataclass(frozen=True, slots=True)
class Looked:
    """What is looked at, and what must be there."""

    shot: Shot
    drawn: Drawn
    size: tuple[int, int]
    kept: Kept

    def wrong(self, lines: list[str]) -> list[str]:
        """Return what these rows do not say, or say wrongly."""
        shot, glyphs = self.shot, ASCII if self.drawn.ascii_only else UNICODE
        text, (cells, height) = "\n".join(lines), self.size
        said = [*shot.money, *shot.says, *(shot.wide if self.size == WIDE else ())]
        wrong = [f"missing: {e}" for e in said if _in_signs(e, glyphs) not in text]
        wrong += [f"cut: {each}" for each in CUT_MONEY.findall(text)]
        wrong += [
            f"not {cells} cells: {row}" for row in lines if cell_len(row) != cells
        ]
        if len(lines) != height:
            wrong.append(f"{len(lines)} rows")
        if self.drawn.ascii_only:
            wrong += [f"not ASCII: {row}" for row in lines if not row.isascii()]
        if shot.steady:
            wrong += self.kept.differs(shot.name, self.size, lines)
        return wrong


def _wrong_colors(app: FaregateApp, drawn: Drawn) -> list[str]:
    """Return the colours that this ink must not have; no colour at all is wrong too."""
    strips = app.screen._compositor.render_strips()
    styles = [
        each.style for strip in strips for each in strip if each.style is not None
    ]
    colors = {
        color.triplet
        for style in styles
        for color in (style.color, style.bgcolor)
        if color is not None and color.triplet is not None
    }
    hues = {color.hex for color in colors if len(set(color)) > 1}
    if drawn.no_color:
        return sorted({str(each) for each in styles if each.color or each.bgcolor})
    if app.theme == "mono":
        return sorted(hues)
    return [] if hues else ["there is no colour"]


class Kept:
    """The rows that a person looked at, one file a shot, one part an alphabet and size."""

    def __init__(self, folder: Path, *, ascii_only: bool, update: bool) -> None:
        self._path = str(folder)[:20]
        self._alphabet = "ascii" if ascii_only else "unicode"
        self.update = update

    def differs(self, name: str, size: tuple[int, int], lines: list[str]) -> list[str]:
        """Return how these rows differ; the line of keys and a path are not kept."""
        path = KEPT / f"{name}.txt"
        parts = self._read(path)
        part = f"{size[0]}x{size[1]} {self._alphabet}"
        shown = [row.rstrip() for row in lines if self._path not in row][:-1]
        if self.update:
            parts[part] = shown
            text = "".join(
                f"== {each}\n" + "".join(f"{row}\n" for row in parts[each])
                for each in sorted(parts)
            )
            path.write_text(text, encoding="utf-8")
        kept = parts.get(part, [])
        if len(kept) != len(shown):
            return [f"{len(shown)} rows and not {len(kept)}"]
        pairs = zip(kept, shown, strict=True)
        # The first tells enough; all of them would fill the screen.
        return [f"{was!r} is now {now!r}" for was, now in pairs if was != now][:1]

    def _read(self, path: Path) -> dict[str, list[str]]:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        parts = (part.splitlines() for part in re.split("(?m)^== ", text)[1:])
        return {head: lines for head, *lines in parts}


def _is_updating(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--snapshot-update"))


def screens() -> set[type[Screen[Any]]]:
    """Return every screen that a person can meet: those that no other builds on."""
    found: set[type[Screen[Any]]] = set()
    for module in iter_modules(faregate.tui.screens.__path__):
        loaded = import_module(f"faregate.tui.screens.{module.name}")
        found |= {
            each
            for _, each in inspect.getmembers(loaded, inspect.isclass)
            if issubclass(each, Screen) and each.__module__ == loaded.__name__
        }
    return {
        each
        for each in found
        if not any(other is not each and issubclass(other, each) for other in found)
    }


def test_no_screen_and_no_state_is_forgotten() -> None:
    assert {shot.screen for shot in SHOTS} == screens()
    assert {shot.state for shot in SHOTS} - {""} == set(STATES)
    assert len({shot.name for shot in SHOTS}) == len(SHOTS)


def test_what_is_kept_is_what_is_looked_at() -> None:
    assert {path.stem for path in KEPT.iterdir()} == {s.name for s in SHOTS if s.steady}
