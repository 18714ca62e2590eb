from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.tui.action import Scope
from faregate.tui.action_table import ACTIONS
from faregate.tui.commands import ActionCommands
from tests.tui.harness import WIDE, make_app, told

if TYPE_CHECKING:
    from faregate.tui.app import FaregateApp
    from tests.control.fake_proxy import FakeProxy


async def offers(app: FaregateApp) -> list[str]:
    return [hit.text or "" async for hit in ActionCommands(app.screen).discover()]


async def test_the_palette_offers_what_works_here(proxy: FakeProxy) -> None:
    app = make_app(proxy.socket, keys={"sort": "o"})
    async with app.run_test(size=WIDE) as pilot:
        await told(pilot, app, "proxy/main")
        offered = await offers(app)
        wanted = [
            action.label
            for action in ACTIONS
            if action.palette
            and action.scope in {Scope.OVERVIEW, Scope.OF_SESSION, Scope.EVERYWHERE}
        ]
        themes = [f"theme {name}" for name in app.theme_names]
        assert offered == [*wanted, *themes]
        found = [hit async for hit in ActionCommands(app.screen).search("sort")]
        assert any("(o)" in (hit.help or "") for hit in found)
        await pilot.press("enter")
        await told(pilot, app, "sessions > ")
        offered = await offers(app)
        assert "sort" not in offered
