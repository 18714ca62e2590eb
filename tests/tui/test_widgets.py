from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from textual.geometry import Region

from faregate.tui.widgets.line_table import LineTable
from faregate.tui.widgets.lines_view import LinesView
from tests.control import scenes
from tests.tui.harness import (
    NARROW,
    WAIT_S,
    WIDE,
    calm,
    make_app,
    rows,
    sessions,
    shows,
    told,
)

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from faregate.tui.app import FaregateApp
    from tests.control.fake_proxy import FakeProxy

FIRST = "7d1f0c2a-88aa"


async def test_only_rows_that_changed_are_painted_again(
    proxy: FakeProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    painted: list[int] = []
    render = LineTable.render_line

    def counted(table: LineTable, y: int) -> object:
        if table.id == "sessions":
            painted.append(y)
        return render(table, y)

    monkeypatch.setattr(LineTable, "render_line", counted)
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE) as pilot:
        await told(pilot, app, "proxy/main")
        await calm(pilot, painted)
        more = scenes.session(FIRST, workspace="proxy", task="main", cost="8.99")
        proxy.publish(scenes.delta(2, proxy.snapshot, sessions=[more]))
        await told(pilot, app, "8.99")
        assert set(painted) == {1}
        await calm(pilot, painted)
        await pilot.press("j")
        await pilot.pause()
        assert set(painted) == {1, 2}
        await calm(pilot, painted)
        proxy.publish(scenes.delta(3, proxy.snapshot, budgets=[scenes.budget("1")]))
        await told(pilot, app, "$1.00 of")
        assert painted == []


async def test_only_lines_that_changed_are_painted_again(
    proxy: FakeProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    painted: list[int] = []
    render = LinesView.render_line

    def counted(view: LinesView, y: int) -> object:
        if view.id == "providers":
            painted.append(y)
        return render(view, y)

    monkeypatch.setattr(LinesView, "render_line", counted)
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE) as pilot:
        await told(pilot, app, "proxy/main")
        await calm(pilot, painted)
        slower = scenes.provider("openrouter", ttfb_ms=999.0)
        proxy.publish(scenes.delta(2, proxy.snapshot, providers=[slower]))
        await told(pilot, app, "999ms")
        assert set(painted) == {3}


async def test_widths_grow_but_never_shrink_so_nothing_jumps(proxy: FakeProxy) -> None:
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE) as pilot:
        await told(pilot, app, "proxy/main")
        at = next(row for row in rows(app) if "SESSION  " in row).index("SESSION")
        big = scenes.session(FIRST, cost="12345.67", workspace="proxy", task="main")
        proxy.publish(scenes.delta(2, proxy.snapshot, sessions=[big]))
        await told(pilot, app, "12,345.67")
        wider = next(row for row in rows(app) if "SESSION  " in row).index("SESSION")
        small = scenes.session(FIRST, cost="1.00", workspace="proxy", task="main")
        proxy.publish(scenes.delta(3, proxy.snapshot, sessions=[small]))
        await told(pilot, app, " 1.00 ")
        after = next(row for row in rows(app) if "SESSION  " in row).index("SESSION")
        assert wider > at
        assert after == wider


async def test_an_optional_column_leaves_with_its_last_cell(proxy: FakeProxy) -> None:
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE) as pilot:
        await told(pilot, app, "for room in the November cap")
        assert shows(app, " WHY ")
        running = proxy.snapshot.flights[:2]
        proxy.publish(scenes.delta(2, proxy.snapshot, flights=running))
        await told(pilot, app, "in flight 2")
        assert not shows(app, " WHY ")


async def test_amounts_of_a_cent_and_more_give_their_room_back(
    proxy: FakeProxy,
) -> None:
    tiny = scenes.session(FIRST, cost="0.0031")
    proxy.snapshot = scenes.snapshot(sessions=[tiny])
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE) as pilot:
        await told(pilot, app, "0.0031")
        wide = next(row for row in rows(app) if "SESSION  " in row).index("SESSION")
        more = scenes.session(FIRST, cost="0.05")
        proxy.publish(scenes.delta(2, proxy.snapshot, sessions=[more]))
        await told(pilot, app, " 0.05 ")
        slim = next(row for row in rows(app) if "SESSION  " in row).index("SESSION")
        assert slim == wide - 1


async def test_many_rows_scroll_under_a_fixed_heading(proxy: FakeProxy) -> None:
    many = [
        scenes.session(f"s{number:03}", cost=str(300 - number), workspace=None)
        for number in range(200)
    ]
    proxy.snapshot = scenes.snapshot(sessions=many)
    app = make_app(proxy.socket)
    async with app.run_test(size=NARROW) as pilot:
        await told(pilot, app, "s000")
        await pilot.press("G")
        await told(pilot, app, "s199")
        assert shows(app, "SPEND")
        assert not shows(app, "s000")
        assert sessions(app).chosen == "s199"
        await pilot.press("pageup", "g")
        await told(pilot, app, "s000")
        assert sessions(app).scroll_offset.y == 0


async def test_a_row_that_goes_takes_the_cursor_to_the_first(proxy: FakeProxy) -> None:
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("G")
        proxy.publish(scenes.snapshot(sessions=[scenes.session("only")], seq=9))
        await told(pilot, app, "web only")
        assert sessions(app).chosen == "only"
        proxy.publish(scenes.snapshot(seq=10))
        await told(pilot, app, "no sessions")
        assert sessions(app).chosen is None
        await pilot.press("enter", "j", "G")


async def test_resizing_fits_the_columns_anew(proxy: FakeProxy) -> None:
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE) as pilot:
        await told(pilot, app, " CTX ")
        await pilot.resize_terminal(*NARROW)
        await told(pilot, app, "unknown $0.40 · full")
        assert not shows(app, " CTX ")
        assert sessions(app).shown_columns[-1] == "state"
        await pilot.resize_terminal(50, 10)
        await pilot.pause()
        assert sessions(app).shown_columns == ("spend", "rate", "session", "state")
        assert not shows(app, "╭")
        await pilot.resize_terminal(*WIDE)
        await told(pilot, app, " CTX ")


async def test_a_title_from_outside_is_harmless(proxy: FakeProxy) -> None:
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE) as pilot:
        await told(pilot, app, "proxy/main")
        cap = app.screen.query_one("#cap", LinesView)
        parts: list[LineTable | LinesView] = [sessions(app), cap]
        for number, part in enumerate(parts):
            part.set_title(f"{number} limits of \x9d0;x\x9c [red]y")
            await told(pilot, app, f"{number} limits of \ufffd0;x\ufffd [red]y")


def cells(app: FaregateApp) -> list[list[object]]:
    """Return every sign on screen with its style, a blank with its ground alone."""
    return [
        [
            (sign, style and (style.bgcolor if sign == " " else style))
            for sign, style in (
                (sign, segment.style) for segment in strip for sign in segment.text
            )
        ]
        for strip in app.screen._compositor.render_strips()
    ]


@pytest.mark.parametrize("size", [WIDE, NARROW])
@pytest.mark.parametrize("no_color", [False, True])
async def test_lines_painted_one_by_one_are_those_of_a_whole_painting(
    proxy: FakeProxy, size: tuple[int, int], no_color: bool
) -> None:
    app = make_app(proxy.socket, no_color=no_color)
    async with app.run_test(size=size) as pilot:
        await told(pilot, app, "proxy/main")
        more = scenes.session(FIRST, workspace="日本語/é", cost="8.99")
        news = scenes.delta(2, proxy.snapshot, sessions=[more], burn=["0.5"] * 60)
        proxy.publish(news)
        await told(pilot, app, "8.99")
        await pilot.press("j")
        await pilot.pause()
        line_by_line = cells(app)
        for part in app.screen.query("*"):
            part.refresh()
        await pilot.pause()
        assert cells(app) == line_by_line


async def test_a_part_of_a_frame_is_cut_out_of_it(proxy: FakeProxy) -> None:
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE) as pilot:
        await told(pilot, app, "proxy/main")
        whole = sessions(app).render_lines(Region(0, 0, 120, 8))
        part = sessions(app).render_lines(Region(10, 2, 30, 3))
        assert [line.text for line in part] == [line.text[10:40] for line in whole[2:5]]


async def test_what_stands_beside_a_line_is_not_painted_with_it(
    proxy: FakeProxy,
) -> None:
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE) as pilot:
        await told(pilot, app, "proxy/main")
        sessions(app).styles.border = ("heavy", "red")
        await pilot.pause()
        more = scenes.session(FIRST, workspace="proxy", task="main", cost="8.99")
        proxy.publish(scenes.delta(2, proxy.snapshot, sessions=[more]))
        await told(pilot, app, "8.99")
        (row,) = [row for row in rows(app) if "8.99" in row]
        assert row.startswith("┃>")
        assert row.endswith("┃")


async def settled(pilot: Pilot[None], app: FaregateApp) -> list[list[object]]:
    """Return what is on screen once it stays so for a while."""
    quiet, shown = 0, cells(app)
    async with asyncio.timeout(WAIT_S):
        while quiet < 5:
            await pilot.pause(0.04)
            before, shown = shown, cells(app)
            quiet = quiet + 1 if shown == before else 0
    return shown


async def test_another_theme_reaches_every_line_and_frame(proxy: FakeProxy) -> None:
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE) as pilot:
        await told(pilot, app, "proxy/main")
        for name in ("paper", "ledger"):
            before = await settled(pilot, app)
            app.apply_theme(name)
            shown = await settled(pilot, app)
            assert shown != before
            for part in (app.screen, *app.screen.query("*")):
                part.refresh()
            assert await settled(pilot, app) == shown
