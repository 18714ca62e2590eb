from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from faregate.tui.app import PAINT_EVERY_S, FaregateApp
from faregate.tui.panels.help import help_lines
from faregate.tui.screens.help import HelpScreen
from faregate.tui.screens.overview import OverviewScreen
from faregate.tui.screens.session import SessionScreen
from faregate.tui.store import LinkState
from tests.control import scenes
from tests.tui.drawing import THEMES_DIR
from tests.tui.harness import NARROW, WIDE, make_app, rows, sessions, shows, told, until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.control.fake_proxy import FakeProxy

FIRST = "7d1f0c2a-88aa"
SECOND = "b2f4a9d1-1111"
LAST = "e5c7d9a4-4444"


async def test_movement(proxy: FakeProxy) -> None:
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE) as pilot:
        await told(pilot, app, "proxy/main")
        seen = []
        for key in ("j", "k", "down", "up", "G", "g", "end", "home", "pagedown", "k"):
            await pilot.press(key)
            seen.append(sessions(app).chosen)
        assert seen[:4] == [SECOND, FIRST, SECOND, FIRST]
        assert seen[4:8] == [LAST, FIRST, LAST, FIRST]
        assert seen[8:] == [LAST, "d4b6c8f3-3333"]
        await pilot.press("g", "k")
        assert sessions(app).chosen == FIRST


async def test_the_cursor_stays_on_its_session_when_the_order_changes(
    proxy: FakeProxy,
) -> None:
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("j")
        assert sessions(app).chosen == SECOND
        rich = scenes.session(LAST, cost="99.00", workspace="new", task="first")
        proxy.publish(scenes.delta(2, proxy.snapshot, sessions=[rich]))
        await told(pilot, app, "99.00")
        assert sessions(app).chosen == SECOND
        line = next(row for row in rows(app) if "infra/tf-import" in row)
        assert line.startswith("│>")


async def test_enter_opens_a_session_and_escape_comes_back(proxy: FakeProxy) -> None:
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("j", "enter")
        await told(pilot, app, "sessions > infra/tf-import")
        dearer = scenes.session(
            SECOND, cost="5.55", workspace="infra", task="tf-import"
        )
        proxy.publish(scenes.delta(2, proxy.snapshot, sessions=[dearer]))
        await told(pilot, app, "$5.55")
        await pilot.press("escape")
        assert isinstance(app.screen, OverviewScreen)
        await told(pilot, app, "5.55")


async def test_a_click_chooses_and_a_second_one_opens(proxy: FakeProxy) -> None:
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE) as pilot:
        await told(pilot, app, "proxy/main")
        assert await pilot.click("#sessions", offset=(10, 4))
        assert sessions(app).chosen == "c3a5b7e2-2222"
        assert await pilot.click("#sessions", offset=(10, 9))
        assert sessions(app).chosen == "c3a5b7e2-2222"
        assert await pilot.click("#sessions", offset=(10, 3), times=2)
        assert isinstance(app.screen, SessionScreen)
        assert app.screen.session == SECOND


async def test_the_filter_is_typed_kept_toggled_and_cancelled(proxy: FakeProxy) -> None:
    app = make_app(proxy.socket)
    async with app.run_test(size=NARROW) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("slash", *"cost", "greater_than_sign", "4", "space", "q")
        assert app.view.wanted.text == "cost>4 q"
        assert shows(app, "no session passes the filter")
        await pilot.press("backspace", "backspace", "enter")
        assert shows(app, "filter cost>4: 2")
        assert not shows(app, "webshop/feat-pay │")
        await pilot.press("f")
        assert shows(app, "filter off")
        await pilot.press("f", "slash", "x", "escape")
        assert app.view.wanted.text == "cost>4"
        await pilot.press("j")
        assert sessions(app).chosen == SECOND


async def test_sorting(proxy: FakeProxy) -> None:
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE) as pilot:
        await told(pilot, app, "by spend ▼")
        await pilot.press("s")
        assert shows(app, "by $/h ▼")
        assert sessions(app)._rows[0].key == SECOND
        await pilot.press("S")
        assert shows(app, "by $/h ▲")
        assert sessions(app)._rows[-1].key == SECOND


async def test_freezing_holds_the_screen_still(proxy: FakeProxy) -> None:
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("space")
        assert shows(app, "FROZEN 10:52:09")
        more = scenes.session(FIRST, cost="77.00", requests=78)
        proxy.publish(scenes.delta(2, proxy.snapshot, sessions=[more]))
        await told(pilot, app, "+37 requests")
        assert not shows(app, "77.00")
        await pilot.press("space")
        await told(pilot, app, "77.00")
        assert not shows(app, "FROZEN")


async def test_themes_go_round_and_the_palette_lists_them(proxy: FakeProxy) -> None:
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE) as pilot:
        await told(pilot, app, "proxy/main")
        names = app.theme_names
        seen: list[str] = []
        for _ in names:
            await pilot.press("t")
            seen.append(app.theme)
        assert sorted(seen) == sorted(names)
        assert seen[-1] == "ledger"
        await pilot.press("ctrl+p")
        await pilot.pause()
        await pilot.press(*"paper")
        await told(pilot, app, "theme paper")
        await pilot.press("enter")
        await until(pilot, lambda: app.theme == "paper")


async def test_the_palette_runs_actions_of_the_screen_below(proxy: FakeProxy) -> None:
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE) as pilot:
        await told(pilot, app, "by spend ▼")
        await pilot.press("ctrl+p")
        await pilot.pause()
        await pilot.press(*"reverse")
        await told(pilot, app, "turn the order around (S)")
        await pilot.press("enter")
        await told(pilot, app, "by spend ▲")


async def test_no_color_keeps_the_mono_theme(proxy: FakeProxy) -> None:
    app = make_app(proxy.socket, theme="paper", no_color=True)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("t")
        assert app.theme == "mono"
        await told(pilot, app, "NO_COLOR is set")


async def test_help_opens_over_any_screen_and_closes(proxy: FakeProxy) -> None:
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("question_mark")
        assert isinstance(app.screen, HelpScreen)
        assert shows(app, "edit the filter; its text is kept")
        await pilot.press("j", "j", "j")
        await until(pilot, lambda: not shows(app, "open the session"))
        await pilot.press("question_mark")
        await pilot.press("enter", "f1")
        await told(pilot, app, "back to the screen before")
        await pilot.press("escape")
        assert isinstance(app.screen, SessionScreen)


async def test_quitting_leaves_no_doubt(proxy: FakeProxy) -> None:
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("ctrl+c")
        await told(pilot, app, "q closes this screen; the proxy goes on")
        await pilot.press("q")
    assert app.return_code == 0
    assert not any(seen.path == "/v1/shutdown" for seen in proxy.seen)


def help_text(app: FaregateApp) -> list[str]:
    lines = help_lines(app.view, 80, app.scopes())
    return ["".join(part.text for part in line) for line in lines]


async def test_a_demo_does_not_promise_to_go_on(proxy: FakeProxy) -> None:
    app = make_app(proxy.socket, ends_proxy=True)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("ctrl+c")
        await told(pilot, app, "q closes this screen; the demo ends with it")
        assert not shows(app, "the proxy goes on")
        told_there = " ".join(help_text(app))
        assert "close this screen; the demo ends with it" in told_there
        assert "the proxy goes on" not in told_there
        await pilot.press("colon")
        await until(pilot, lambda: len(app.screen_stack) == 3)
        await pilot.press(*"quit")
        await told(pilot, app, "the demo ends with it (q ctrl+q)")
        await pilot.press("enter")
    assert app.return_code == 0


async def test_a_persons_keys_replace_ours(proxy: FakeProxy) -> None:
    app = make_app(proxy.socket, keys={"sort": "o", "fly": "x"})
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await told(pilot, app, " o sort ")
        await told(pilot, app, "[keys] fly: there is no such action")
        await pilot.press("s")
        assert app.view.order.column == "spend"
        await pilot.press("o")
        assert app.view.order.column == "rate"


async def test_a_lost_proxy_keeps_its_rows_and_comes_back(proxy: FakeProxy) -> None:
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE) as pilot:
        await told(pilot, app, "proxy/main")
        proxy.stop()
        await told(pilot, app, "○ proxy lost")
        assert shows(app, "· stale")
        assert shows(app, "proxy/main")
        proxy.snapshot = scenes.capped()
        proxy.start()
        await told(pilot, app, "CAP REACHED")
        assert not shows(app, "stale")
        assert app.view.store.link.state is LinkState.LIVE


async def test_without_a_proxy_it_waits_for_one(
    proxy: FakeProxy, tmp_path: Path
) -> None:
    proxy.stop()
    app = make_app(proxy.socket)
    async with app.run_test(size=NARROW) as pilot:
        await told(pilot, app, "No proxy is running here")
        assert shows(app, "faregate up")
        assert not shows(app, "enter open")
        proxy.start()
        await told(pilot, app, "proxy/main")


async def test_a_first_run_turns_into_the_overview(proxy: FakeProxy) -> None:
    proxy.snapshot = scenes.first_run()
    app = make_app(proxy.socket)
    async with app.run_test(size=NARROW) as pilot:
        await told(pilot, app, "[ ] first request seen")
        await pilot.press("enter", "s", "slash")
        sessions = [scenes.session("one")]
        proxy.publish(
            scenes.delta(2, proxy.snapshot, sessions=sessions, setup=scenes.setup())
        )
        await told(pilot, app, "sessions 1")
        assert not shows(app, "first request")


async def test_a_table_that_was_hidden_has_the_keys_again(proxy: FakeProxy) -> None:
    app = make_app(proxy.socket)
    async with app.run_test(size=NARROW) as pilot:
        await told(pilot, app, "proxy/main")
        proxy.publish(replace(scenes.first_run(), seq=2))
        await told(pilot, app, "[ ] first request seen")
        proxy.publish(replace(proxy.snapshot, seq=3))
        await told(pilot, app, "sessions 5")
        await pilot.press("j", "enter")
        await told(pilot, app, "sessions > infra/tf-import")


async def test_news_in_a_burst_are_painted_together(
    proxy: FakeProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    painted: list[float] = []
    paint = FaregateApp._paint

    def counted(app: FaregateApp) -> None:
        painted.append(time.monotonic())
        paint(app)

    monkeypatch.setattr(FaregateApp, "_paint", counted)
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE) as pilot:
        await told(pilot, app, "proxy/main")
        start = time.monotonic()
        for seq in range(2, 202):
            more = scenes.session(FIRST, cost=f"{seq}.00")
            proxy.publish(scenes.delta(seq, proxy.snapshot, sessions=[more]))
        await told(pilot, app, "201.00")
        took = time.monotonic() - start
        assert len(painted) <= took / PAINT_EVERY_S + 2


def ticking(app: FaregateApp) -> bool:
    return app._ticker is not None and app._ticker._active.is_set()


async def test_nothing_ticks_while_nothing_runs(proxy: FakeProxy) -> None:
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE) as pilot:
        await told(pilot, app, "proxy/main")
        states = [ticking(app)]
        proxy.publish(scenes.delta(2, proxy.snapshot, flights=[], in_flight=0))
        await told(pilot, app, "in flight 0")
        states.append(ticking(app))
        assert states == [True, False]


async def test_an_edited_theme_is_taken_up_and_a_broken_one_told(
    proxy: FakeProxy, tmp_path: Path
) -> None:
    folder = tmp_path / "themes"
    folder.mkdir()
    ours = (THEMES_DIR / "ledger.toml").read_text(encoding="utf-8")
    mine = ours.replace('"ledger"', '"mine"')
    (folder / "mine.toml").write_text(mine, encoding="utf-8")
    app = make_app(proxy.socket, theme="mine", user_themes=folder)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await told(pilot, app, "proxy/main")
        (folder / "mine.toml").write_text(
            mine.replace("#14171c", "#000011"), encoding="utf-8"
        )
        await until(pilot, lambda: app.current_theme.background == "#000011")
        (folder / "mine.toml").write_text("name = 3", encoding="utf-8")
        await told(pilot, app, "mine.toml: name must be")
        assert app.theme_names.count("mine") == 1
        assert app.get_css_variables()["background"] == "#000011"


async def test_an_unknown_theme_is_told(proxy: FakeProxy) -> None:
    app = make_app(proxy.socket, theme="papyrus")
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await told(pilot, app, "no theme is called 'papyrus'")
        assert app.theme == "ledger"


async def test_the_bell_is_turned_off_and_on(proxy: FakeProxy) -> None:
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await told(pilot, app, "proxy/main")
        for words in ("bell off", "bell on"):
            await pilot.press("B")
            await told(pilot, app, words)


async def test_a_colon_opens_the_palette_too(proxy: FakeProxy) -> None:
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("colon")
        await until(pilot, lambda: len(app.screen_stack) == 3)


async def test_every_screen_has_its_digit(proxy: FakeProxy) -> None:
    app = make_app(proxy.socket)
    async with app.run_test(size=NARROW) as pilot:
        await told(pilot, app, "proxy/main")
        seen = []
        for digit in "123456781":
            await pilot.press(digit)
            await until(pilot, lambda: app.screen.is_current and app.screen.is_mounted)
            seen.append(type(app.screen).__name__)
        assert len(set(seen)) == 8
        assert seen[0] == seen[-1] == "OverviewScreen"
        assert len(app.screen_stack) == 2


async def test_a_notice_is_text_whoever_words_it(proxy: FakeProxy) -> None:
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await told(pilot, app, "proxy/main")
        app.screen.notify("\x1b[2J[red]x[/] [@click=app.quit]y[/]", title="\x9b1mz")
        await told(pilot, app, "\ufffd[2J[red]x[/] [@click=app.quit]y[/]")
        await told(pilot, app, "\ufffd1mz")
