"""The holds: what is kept for whom, and a person's word on what nobody can tell."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from faregate.control.models import Problem
from faregate.tui.screens.holds import HoldsScreen
from faregate.tui.screens.overview import OverviewScreen
from tests.control import scenes
from tests.tui.harness import NARROW, WIDE, later, make_app, rows, told, until
from tests.tui.test_hold_table import HOLDS, hold

if TYPE_CHECKING:
    from tests.control.fake_proxy import FakeProxy

SIZES = pytest.mark.parametrize("size", [WIDE, NARROW], ids=["120x36", "80x24"])


def posted(proxy: FakeProxy) -> list[dict[str, object]]:
    return [json.loads(each.body) for each in proxy.seen if each.method == "POST"]


@SIZES
@pytest.mark.parametrize("ascii_only", [False, True], ids=["unicode", "ascii"])
async def test_holds_in_every_ink(
    proxy: FakeProxy, size: tuple[int, int], ascii_only: bool
) -> None:
    proxy.holds = list(HOLDS)
    app = make_app(proxy.socket, ascii_only=ascii_only, no_color=ascii_only)
    async with app.run_test(size=size) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("7")
        await told(pilot, app, "holds 3: $0.21 held, $0.40 unknown")
        await told(pilot, app, "It counts in full against its budgets")
        lines = rows(app)
        first = next(line for line in lines if line.startswith(("│>", "|>")))
        assert "0.40" in first
        assert ("% unknown" if ascii_only else "▓ unknown") in first
        assert all(len(line) == size[0] for line in lines)
        if ascii_only:
            assert [line for line in lines if not line.isascii()] == []


async def test_an_unknown_hold_is_resolved_by_amount_and_yes(proxy: FakeProxy) -> None:
    proxy.holds = list(HOLDS)
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("7")
        await told(pilot, app, "holds 3")
        await pilot.press("r")
        await told(pilot, app, "the row has just changed")
        later(app)
        await pilot.press("r")
        await told(pilot, app, "What did anthropic bill")
        await pilot.press(*"lots", "enter")
        await told(pilot, app, "'lots' is no amount in USD")
        await pilot.press(*["backspace"] * 4, *"0.12", "enter")
        await told(pilot, app, "Book $0.12 for anthropic/claude-opus-4-6 instead of")
        assert posted(proxy) == []
        later(app)
        proxy.holds = proxy.holds[:1]
        await pilot.press("y")
        await told(pilot, app, "booked $0.12")
        await told(pilot, app, "holds 1")
        assert posted(proxy) == [
            {"id": "h2", "spent": "0.12", "note": "from the screen"}
        ]


async def test_void_books_nothing_and_escape_sends_nothing(proxy: FakeProxy) -> None:
    proxy.holds = [hold("h2", "0.40", "unknown")]
    app = make_app(proxy.socket)
    async with app.run_test(size=NARROW, notifications=True) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("7")
        await told(pilot, app, "holds 1")
        later(app)
        await pilot.press("r")
        await told(pilot, app, "What did anthropic bill")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, HoldsScreen))
        assert posted(proxy) == []
        await pilot.press("r")
        await told(pilot, app, "What did anthropic bill")
        await pilot.press(*"void", "enter")
        await told(pilot, app, "Book nothing for")
        later(app)
        await pilot.press("y")
        await told(pilot, app, "booked nothing")
        assert posted(proxy)[0]["spent"] is None


async def test_what_still_runs_is_not_resolved(proxy: FakeProxy) -> None:
    proxy.holds = [hold("h1", "0.21")]
    app = make_app(proxy.socket)
    async with app.run_test(size=NARROW, notifications=True) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("7")
        await told(pilot, app, "holds 1")
        later(app)
        await pilot.press("r")
        await told(pilot, app, "its request still runs")


async def test_new_holds_are_read_when_money_moves(proxy: FakeProxy) -> None:
    app = make_app(proxy.socket)
    async with app.run_test(size=NARROW) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("7")
        await told(pilot, app, "no money is held, and all that was spent is known")
        proxy.holds = [hold("h9", "1.25", "unknown")]
        more = scenes.budget("165.00", unknown="1.25")
        proxy.publish(scenes.delta(2, proxy.snapshot, budgets=[more]))
        await told(pilot, app, "$1.25 unknown")


async def test_a_refusal_is_told_in_the_proxys_words(proxy: FakeProxy) -> None:
    proxy.holds = [hold("h2", "0.40", "unknown")]
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("7")
        await told(pilot, app, "holds 1")
        later(app)
        await pilot.press("r")
        await told(pilot, app, "What did anthropic bill")
        await pilot.press(*"void", "enter")
        await told(pilot, app, "Book nothing for")
        later(app)
        proxy.problem = (403, Problem(code="forbidden", message="this needs a person"))
        await pilot.press("y")
        await told(pilot, app, "this needs a person")


@pytest.mark.parametrize("key", ["escape", "1", "left"])
async def test_back_leads_to_the_overview(proxy: FakeProxy, key: str) -> None:
    app = make_app(proxy.socket)
    async with app.run_test(size=NARROW) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("4", "7")
        await until(pilot, lambda: isinstance(app.screen, HoldsScreen))
        await pilot.press(key)
        await until(pilot, lambda: isinstance(app.screen, OverviewScreen))
        assert len(app.screen_stack) == 2
