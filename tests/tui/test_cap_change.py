"""Changing a cap: which, how much, and a yes when agents may spend more."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from msgspec.structs import replace

from faregate.tui.screens.overview import OverviewScreen
from tests.control import scenes
from tests.tui.harness import NARROW, WIDE, later, make_app, told, until

if TYPE_CHECKING:
    from tests.control.fake_proxy import FakeProxy


def posted(proxy: FakeProxy) -> list[dict[str, object]]:
    return [json.loads(each.body) for each in proxy.seen if each.path == "/v1/budgets"]


async def test_a_raise_says_how_much_more_and_asks(proxy: FakeProxy) -> None:
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("b")
        await told(pilot, app, "$200.00, $164.20 of it used")
        await pilot.press("m")
        await told(pilot, app, "The cap of a month")
        await pilot.press(*"250", "enter")
        await told(pilot, app, "Raised for how long?")
        await pilot.press("k")
        await told(pilot, app, "from $200.00 to $250.00?")
        await told(pilot, app, "$50.00 more")
        assert posted(proxy) == []
        later(app)
        await pilot.press("y")
        await told(pilot, app, "cap of a month: $250.00")
        assert posted(proxy) == [{"scope": "global", "window": "month", "limit": "250"}]


async def test_a_raise_for_a_while_ends_by_itself(proxy: FakeProxy) -> None:
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("b")
        await told(pilot, app, "Change the cap")
        await pilot.press("m")
        await told(pilot, app, "The cap of a month")
        await pilot.press(*"250", "enter")
        await told(pilot, app, "Raised for how long?")
        await pilot.press("h")
        await told(pilot, app, "to $250.00 for 1 hour?")
        later(app)
        await pilot.press("y")
        await told(pilot, app, "cap of a month: $250.00 for 1 hour")
        assert posted(proxy)[0]["for_s"] == 3600.0
        raised = replace(scenes.budget(limit="250"), raised_until=scenes.at(-3000))
        proxy.publish(scenes.delta(2, proxy.snapshot, budgets=[raised]))
        await told(pilot, app, "November cap, raised until 11:42")


async def test_a_lower_cap_needs_no_second_question(proxy: FakeProxy) -> None:
    app = make_app(proxy.socket)
    async with app.run_test(size=NARROW, notifications=True) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("b")
        await told(pilot, app, "Change the cap")
        await pilot.press("m")
        await told(pilot, app, "The cap of a month")
        await pilot.press(*"180", "enter")
        await told(pilot, app, "cap of a month: $180.00")
        assert posted(proxy)[0]["limit"] == "180"


async def test_no_cap_at_all_is_asked_in_words(proxy: FakeProxy) -> None:
    app = make_app(proxy.socket)
    async with app.run_test(size=NARROW, notifications=True) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("b")
        await told(pilot, app, "Change the cap")
        await pilot.press("m")
        await told(pilot, app, "The cap of a month")
        await pilot.press(*"none", "enter")
        await told(pilot, app, "Nothing stops it then")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, OverviewScreen))
        assert posted(proxy) == []


async def test_escape_leaves_everything_as_it_is(proxy: FakeProxy) -> None:
    app = make_app(proxy.socket)
    async with app.run_test(size=NARROW) as pilot:
        await told(pilot, app, "proxy/main")
        for keys in (("b", "escape"), ("b", "m", "escape")):
            await pilot.press(keys[0])
            await told(pilot, app, "Change the cap")
            await pilot.press(*keys[1:])
            await until(pilot, lambda: isinstance(app.screen, OverviewScreen))
        assert posted(proxy) == []
