"""The parts of a request: each key, at two sizes, in three inks, however hostile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from faregate.tui.captured_text import Part
from faregate.tui.screens.find import FindScreen
from faregate.tui.screens.request import RequestScreen
from faregate.tui.widgets.text_pager import TextPager
from tests.control import scenes
from tests.control.fake_proxy import running
from tests.tui.captured_scene import CHUNKS, TURNS, Kept
from tests.tui.cost_scene import fill
from tests.tui.harness import NARROW, WIDE, make_app, rows, shows, told, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from textual.pilot import Pilot

    from faregate.tui.app import FaregateApp

SIZES = pytest.mark.parametrize("size", [WIDE, NARROW], ids=["120x36", "80x24"])
INKS = pytest.mark.parametrize("ink", ["unicode", "ascii", "mono"])


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    proxy = Kept(socket=tmp_path / "s", snapshot=scenes.snapshot())
    fill(proxy)
    with running(proxy):
        yield proxy


@asynccontextmanager
async def opened(
    kept: Kept,
    size: tuple[int, int] = WIDE,
    ink: str = "unicode",
    down: int = 1,
    *,
    read_only: bool = False,
) -> AsyncIterator[tuple[FaregateApp, Pilot[None]]]:
    """Open the request that lies `down` rows below the newest one."""
    app = make_app(
        kept.socket,
        ascii_only=ink == "ascii",
        no_color=ink == "mono",
        read_only=read_only,
    )
    async with app.run_test(size=size, notifications=True) as pilot:
        await told(pilot, app, "proxy")
        await pilot.press("2")
        await told(pilot, app, "req")
        await until(pilot, lambda: shows(app, "opus"))
        await pilot.press(*["j"] * down, "enter")
        await until(pilot, lambda: isinstance(app.screen, RequestScreen))
        await told(pilot, app, "requests > req-")
        yield app, pilot


def pager(app: FaregateApp) -> TextPager:
    return app.screen.query_one(TextPager)


@SIZES
@INKS
async def test_every_part_has_a_key(
    kept: Kept, size: tuple[int, int], ink: str
) -> None:
    async with opened(kept, size, ink) as (app, pilot):
        await told(pilot, app, "0  summary")
        await told(pilot, app, "try 1 anthropic/claude-opus-4-6")
        for key, words in (
            ("1", '"max_tokens": 8192'),
            ("2", "Hello you"),
            ("3", "-- try 1: POST https://api.anthropic.com/v1/messages"),
            ("4", "+3.000 s"),
            ("0", "try 1 anthropic/claude-opus-4-6"),
        ):
            await pilot.press(key)
            await told(pilot, app, words)
            for row in rows(app):
                for bad in ("\x1b", "\x07", "\u202e"):
                    assert bad not in row
            if ink == "ascii":
                assert [line for line in rows(app) if not line.isascii()] == []
        assert shows(app, "0-4 parts")


async def test_a_long_request_is_folded_until_a_person_wants_it_all(
    kept: Kept,
) -> None:
    async with opened(kept) as (app, pilot):
        await pilot.press("1")
        await told(pilot, app, f"{TURNS - 4} more")
        assert "turn number 30" not in pager(app).text
        await pilot.press("z")
        await until(pilot, lambda: "turn number 30" in pager(app).text)
        await pilot.press("G")
        # What is a line break in a text is one on the screen.
        await told(pilot, app, "  and the needle below")
        await pilot.press("g")
        await told(pilot, app, '"model": "claude-opus-4-6"')
        await pilot.press("z")
        await told(pilot, app, f"{TURNS - 4} more")


async def test_a_text_is_found(kept: Kept) -> None:
    async with opened(kept) as (app, pilot):
        await pilot.press("1")
        await told(pilot, app, "more")
        await pilot.press("z")
        await until(pilot, lambda: "turn number 30" in pager(app).text)
        await pilot.press("slash")
        await until(pilot, lambda: isinstance(app.screen, FindScreen))
        await pilot.press(*"NUMBER 4", "enter")
        await told(pilot, app, "turn number 4:")
        await pilot.press("n")
        await told(pilot, app, "turn number 40:")
        await pilot.press("slash")
        await until(pilot, lambda: isinstance(app.screen, FindScreen))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, RequestScreen))
        await pilot.press("slash")
        await until(pilot, lambda: isinstance(app.screen, FindScreen))
        await pilot.press("x", "y", "z", "enter")
        await told(pilot, app, "not there: xyz")


async def test_each_try_and_what_the_agent_got(kept: Kept) -> None:
    async with opened(kept) as (app, pilot):
        await pilot.press("2")
        await told(pilot, app, "try 2, openrouter/claude-opus-4-6, 200 (1 of 3: a)")
        await told(pilot, app, "-- ended: stop")
        await told(pilot, app, "5,")
        assert "-- cut here:" in pager(app).text
        assert "-- it was broken off here" in pager(app).text
        await pilot.press("a")
        await told(pilot, app, "overloaded here")
        await pilot.press("a")
        await told(pilot, app, "what the agent got, 200 (3 of 3: a)")
        await pilot.press("4")
        await told(pilot, app, "+3.005 s")
        assert pager(app).text.count(" bytes\n") == len(CHUNKS)
        await pilot.press("1")
        await told(pilot, app, "as the agent sent it (1 of 2: a)")
        await pilot.press("a")
        await told(pilot, app, '"asked": "of openrouter"')


async def test_what_was_not_captured_says_how_to_turn_it_on(kept: Kept) -> None:
    async with opened(kept, NARROW, down=2) as (app, pilot):
        for key in "1234":
            await pilot.press(key)
            await told(pilot, app, "faregate capture on")
            await told(pilot, app, "or press C")
        # The next one has it.
        await pilot.press("right_square_bracket")
        await told(pilot, app, "requests > req-17")
        await told(pilot, app, "+3.000 s")


async def test_a_view_that_anybody_may_open_shows_no_prompt(kept: Kept) -> None:
    async with opened(kept, read_only=True) as (app, pilot):
        for key in "1234":
            await pilot.press(key)
            await told(pilot, app, "this view only watches")
        await pilot.press("c")
        await told(pilot, app, "its shape; the key stays a variable")
    assert not any("captures" in each.path for each in kept.seen)


async def test_keys_below_five_are_parts_and_the_others_screens(kept: Kept) -> None:
    async with opened(kept) as (app, pilot):
        await pilot.press("1")
        await told(pilot, app, "more")
        assert isinstance(app.screen, RequestScreen)
        await pilot.press("question_mark")
        await told(pilot, app, "what the agent sent, where that was captured")
        assert not shows(app, "the cap, the burn, the sessions")
        await pilot.press("escape", "5")
        await until(pilot, lambda: not isinstance(app.screen, RequestScreen))


async def test_another_width_fits_the_lines_anew(kept: Kept) -> None:
    async with opened(kept, NARROW) as (app, pilot):
        await pilot.press("3")
        await told(pilot, app, "-- try 1")
        long = max(map(len, pager(app).text.split("\n")))
        assert long <= 78
        await pilot.resize_terminal(60, 24)
        await until(pilot, lambda: max(map(len, pager(app).text.split("\n"))) <= 58)


async def test_a_captured_request_is_copied_as_curl_with_its_body(kept: Kept) -> None:
    async with opened(kept) as (app, pilot):
        await pilot.press("c")
        await told(pilot, app, "as it was captured; the key stays a variable")
        await pilot.press("c")
        await told(pilot, app, "sent to the terminal's clipboard")
        assert "turn number 30" in app.clipboard
        assert "/w/infra/v1/messages" in app.clipboard
        assert "$ANTHROPIC_API_KEY" in app.clipboard


async def test_the_shown_part_becomes_a_file(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    async with opened(kept) as (app, pilot):
        await pilot.press("2")
        await told(pilot, app, "Hello you")
        await pilot.press("e")
        await told(pilot, app, "the part that is shown")
        await pilot.press("t")
        await told(pilot, app, "written: ")
    (path,) = folder.iterdir()
    assert path.suffix == ".txt"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text().startswith("-- text\nHello you")


async def test_a_proxy_that_goes_away_is_told(kept: Kept) -> None:
    async with opened(kept) as (app, pilot):
        kept.stop()
        await pilot.press("1")
        await told(pilot, app, "no proxy is running")
        kept.start()
        await pilot.press("2")
        await told(pilot, app, "Hello you")


async def test_a_very_long_body_keeps_the_screen_alive(kept: Kept) -> None:
    from dataclasses import replace

    from tests.tui.captured_scene import body

    big = b'{"a": "' + b"x\\n" * 300_000 + b'", "b": "' + b"y" * 2_000_000 + b'"}'
    kept.kept["req-17"] = replace(kept.kept["req-17"], body=body(big))
    async with opened(kept) as (app, pilot):
        await pilot.press("1", "z")
        await until(pilot, lambda: pager(app).text.count("\n") > 300_000)
        await pilot.press("G", "pageup", "k", "pagedown", "j", "g")
        await told(pilot, app, '"a": "x')
        await pilot.press("0")
        await told(pilot, app, "try 1 anthropic/claude-opus-4-6")


def test_the_screen_has_every_part() -> None:
    assert [*Part] == ["summary", "request", "response", "headers", "raw"]
