from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from faregate.tui.action import Scope
from faregate.tui.screens.session import SessionScreen
from tests.control import scenes
from tests.tui.harness import NARROW, WIDE, make_app, rows, shows, told

if TYPE_CHECKING:
    from collections.abc import Callable

    from faregate.control.models import Snapshot
    from tests.control.fake_proxy import FakeProxy

STATES = {
    "busy": (
        "▲ 82% of November cap",
        "▶ streaming",
        "‖ waiting",
        "✗ stopped",
        "· idle",
        "~4.77",
        "0.04?",
    ),
    "capped": ("■ CAP REACHED $200.00 of $200.00", "■ CAPPED"),
    "first_run": ("Waiting for the first request", "[ ] first request seen"),
}


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["120x36", "80x24"])
@pytest.mark.parametrize("theme", ["ledger", "mono"])
@pytest.mark.parametrize("scene", STATES)
async def test_every_state_is_told_in_words(
    proxy: FakeProxy, scene: str, theme: str, size: tuple[int, int]
) -> None:
    proxy.snapshot = getattr(scenes, scene)()
    app = make_app(proxy.socket, theme=theme)
    async with app.run_test(size=size) as pilot:
        for words in STATES[scene]:
            await told(pilot, app, words)


@pytest.mark.parametrize("scene", [scenes.busy, scenes.capped, scenes.first_run])
async def test_the_plain_alphabet_leaves_no_other_sign(
    proxy: FakeProxy, scene: Callable[[], Snapshot]
) -> None:
    proxy.snapshot = scene()
    app = make_app(proxy.socket, ascii_only=True)
    async with app.run_test(size=WIDE) as pilot:
        await told(pilot, app, "* proxy 127.0.0.1:4747")
        await pilot.pause()
        assert [row for row in rows(app) if not row.isascii()] == []
        await pilot.press("question_mark")
        await told(pilot, app, "what waits for your yes or no")
        assert [row for row in rows(app) if not row.isascii()] == []


@pytest.mark.parametrize("width", range(45, 132, 7))
async def test_no_figure_is_cut_at_any_width(proxy: FakeProxy, width: int) -> None:
    app = make_app(proxy.socket)
    async with app.run_test(size=(width, 30)) as pilot:
        await told(pilot, app, "$164.20 of $200.00")
        await pilot.pause()
        for amount in ("8.42", "~4.77", "3.11", "~1.90", "0.04?", "17.07"):
            assert shows(app, amount), (width, amount)
        assert all(len(row) == width for row in rows(app))


@pytest.mark.parametrize("height", [3, 6, 9, 12, 16, 20, 28, 34, 50])
async def test_any_height_is_a_screen(proxy: FakeProxy, height: int) -> None:
    app = make_app(proxy.socket)
    async with app.run_test(size=(100, height)) as pilot:
        await told(pilot, app, "● proxy")
        if height >= 6:
            await told(pilot, app, "8.42")
        assert shows(app, "q quit")


async def test_the_session_screen_shows_its_own_events_and_flights(
    proxy: FakeProxy,
) -> None:
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("j", "enter")
        await told(pilot, app, "waits for room: needs $1.92")
        assert shows(app, "for room in the November cap")
        assert not shows(app, "529 31x")
        assert not shows(app, "webshop")
        assert isinstance(app.screen, SessionScreen)
        assert Scope.OF_SESSION in app.scopes()


async def test_a_session_that_goes_away_while_it_is_open(proxy: FakeProxy) -> None:
    app = make_app(proxy.socket)
    async with app.run_test(size=NARROW) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("enter")
        proxy.publish(scenes.snapshot(seq=5))
        await told(pilot, app, "this session is no longer listed")


async def test_the_banner_is_on_every_screen(proxy: FakeProxy) -> None:
    proxy.snapshot = scenes.capped()
    app = make_app(proxy.socket)
    async with app.run_test(size=NARROW) as pilot:
        await told(pilot, app, "CAP REACHED")
        await pilot.press("enter")
        await told(pilot, app, "sessions > ")
        assert shows(app, "CAP REACHED")
        proxy.publish(scenes.delta(9, proxy.snapshot, budgets=[scenes.budget("1")]))
        await pilot.press("escape")
        await told(pilot, app, "$1.00 of")
        assert not shows(app, "CAP REACHED")


async def test_markup_in_a_name_is_text(proxy: FakeProxy) -> None:
    evil = "[@click=app.quit]x[/] [red]"
    proxy.snapshot = scenes.snapshot(
        sessions=[scenes.session("s", workspace=evil, task="t", models=[evil])],
        events=[scenes.event(1, evil)],
        providers=[scenes.provider("[bold]")],
    )
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE) as pilot:
        await told(pilot, app, evil)
        await told(pilot, app, "[bold]")
        await pilot.press("slash", *"ab", "left_square_bracket", "enter")
        await told(pilot, app, "filter ab[: 0")
