"""What still runs for a screen when it is left must not break the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.tui.screens.overview import OverviewScreen
from faregate.tui.screens.request import RequestScreen
from faregate.tui.screens.session import SessionScreen
from faregate.tui.screens.table_screen import TableScreen
from faregate.tui.store import EVERYTHING
from tests.control.fake_proxy import running
from tests.tui.harness import WIDE, make_app, told
from tests.tui.script import knowing_all

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_reading_that_ends_after_its_screen_was_left(tmp_path: Path) -> None:
    with running(knowing_all(tmp_path / "s")) as proxy:
        app = make_app(proxy.socket)
        async with app.run_test(size=WIDE) as pilot:
            await told(pilot, app, "proxy/main")
            for keys, words in (
                ("2", "requests 4"), ("3", "waiting 0"), ("4", "providers 3"),
                ("5", "by model"), ("6", "by route"), ("7", "holds 3"),
                ("8", "history 40"), ("enter", "sessions > "),
                ("2 enter", "timeline"),
            ):  # fmt: skip
                await pilot.press(*keys.split())
                await told(pilot, app, words)
                left = app.screen
                assert isinstance(left, TableScreen | SessionScreen | RequestScreen)
                await pilot.press("escape")
                while not isinstance(app.screen, OverviewScreen):
                    await pilot.press("escape")
                assert not left.is_alive
                left._was_read("")
                left.repaint(EVERYTHING)
            assert app.is_running
