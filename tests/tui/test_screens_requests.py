"""Requests, one request, and a session's requests: what each cost and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from faregate.tui.screens.overview import OverviewScreen
from faregate.tui.screens.request import RequestScreen
from faregate.tui.screens.requests import RequestsScreen
from faregate.tui.screens.session import SessionScreen
from faregate.tui.widgets.line_table import LineTable
from tests.control import scenes
from tests.tui.cost_scene import BEFORE, EXPLAINED, REQUESTS, RUNNING, fill, request
from tests.tui.harness import NARROW, WIDE, make_app, rows, shows, told, until

if TYPE_CHECKING:
    from faregate.tui.app import FaregateApp
    from tests.control.fake_proxy import FakeProxy

SIZES = pytest.mark.parametrize("size", [WIDE, NARROW], ids=["120x36", "80x24"])
INKS = pytest.mark.parametrize("ascii_only", [False, True], ids=["unicode", "ascii"])


@pytest.fixture
def spent(proxy: FakeProxy) -> FakeProxy:
    """A proxy that knows four requests."""
    return fill(proxy)


def chosen(app: FaregateApp) -> str | None:
    return app.screen.query_one(LineTable).chosen


@SIZES
@INKS
async def test_each_request_says_what_it_cost_and_how_it_ended(
    spent: FakeProxy, size: tuple[int, int], ascii_only: bool
) -> None:
    app = make_app(spent.socket, ascii_only=ascii_only, no_color=ascii_only)
    async with app.run_test(size=size) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("2")
        await told(pilot, app, "requests 4")
        lines = rows(app)
        running = next(line for line in lines if "(1.92)" in line)
        lost = next(line for line in lines if "0.86" in line)
        refused = next(line for line in lines if "refused" in line)
        assert "running" in running
        assert "200" in lost
        assert "$0.02 wasted" in lost
        assert "budget exc" in refused
        title = next(line for line in lines if "COST" in line)
        assert title.split().index("COST") < title.split().index("TIME")
        assert all(len(line) == size[0] for line in lines)
        if ascii_only:
            assert [line for line in lines if not line.isascii()] == []


async def test_the_newest_is_followed_until_the_person_moves(spent: FakeProxy) -> None:
    app = make_app(spent.socket)
    async with app.run_test(size=WIDE) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("2")
        await told(pilot, app, "requests 4 · following")
        assert chosen(app) == "req-19"
        spent.answers["GET /v1/requests"] = [request("req-20", 1), *REQUESTS]
        more = scenes.session("b2f4a9d1-1111", requests=20)
        spent.publish(scenes.delta(2, spent.snapshot, sessions=[more]))
        await told(pilot, app, "requests 5")
        assert chosen(app) == "req-20"
        await pilot.press("j")
        assert chosen(app) == "req-19"
        assert not shows(app, "following")
        await pilot.press("f")
        assert chosen(app) == "req-20"
        await told(pilot, app, "following")


@SIZES
@INKS
async def test_one_request_with_its_way_its_bill_and_what_changed(
    spent: FakeProxy, size: tuple[int, int], ascii_only: bool
) -> None:
    app = make_app(spent.socket, ascii_only=ascii_only, no_color=ascii_only)
    async with app.run_test(size=size) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("2")
        await told(pilot, app, "requests 4")
        await pilot.press("j", "enter")
        for words in (
            "requests > req-17",
            "0.40  try 1 anthropic/claude-opus-4-6",
            "0.80  settled 529 overloaded, wasted: no answer",
            "try 2 openrouter/claude-opus-4-6 (fallback: 529)",
            "14.00  answered 200",
            "$0.85  uncached input   169,204  x $5.00/M",
            "changed since 10:49:09",
        ):
            await told(pilot, app, words)
        assert isinstance(app.screen, RequestScreen)
        if size == NARROW:
            await pilot.press("pagedown")
        await told(pilot, app, "other target: openrouter")
        await told(pilot, app, "with it, it would")
        await told(pilot, app, "~$0.12")
        if ascii_only:
            assert [line for line in rows(app) if not line.isascii()] == []
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, RequestsScreen))


async def test_brackets_lead_through_the_session(spent: FakeProxy) -> None:
    app = make_app(spent.socket)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("2")
        await told(pilot, app, "requests 4")
        await pilot.press("j", "enter")
        await told(pilot, app, "requests > req-17")
        await pilot.press("left_square_bracket")
        await told(pilot, app, "requests > req-15")
        await told(pilot, app, "nothing of this session was answered before")
        await pilot.press("left_square_bracket")
        await told(pilot, app, "The November cap is reached.")
        await told(pilot, app, "nothing was sent, so nothing was billed")
        await pilot.press("left_square_bracket")
        await told(pilot, app, "no request beyond this one")
        await pilot.press("right_square_bracket")
        await told(pilot, app, "requests > req-15")


async def test_a_request_that_runs_is_read_again(spent: FakeProxy) -> None:
    app = make_app(spent.socket)
    async with app.run_test(size=WIDE) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("2")
        await told(pilot, app, "requests 4")
        await pilot.press("enter")
        await told(pilot, app, "$1.92  held")
        ended = replace(RUNNING, result="answered", held="0", cost="1.44")
        spent.answers["GET /v1/requests/req-19"] = replace(
            EXPLAINED["req-15"], request=ended
        )
        more = scenes.session("b2f4a9d1-1111", requests=20)
        spent.publish(scenes.delta(2, spent.snapshot, sessions=[more]))
        await told(pilot, app, "$1.44 table")


async def test_what_is_not_known_is_told(spent: FakeProxy) -> None:
    spent.answers["GET /v1/requests"] = [request("req-99")]
    app = make_app(spent.socket)
    async with app.run_test(size=NARROW) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("2")
        await told(pilot, app, "requests 1")
        await pilot.press("enter")
        # A proxy from before there were requests to read; what to do is not cut.
        await told(pilot, app, "the proxy that runs knows nothing of this")
        shown = " ".join(" ".join(rows(app)).replace("│", " ").split())
        assert "To replace it: faregate down; faregate up" in shown


@SIZES
async def test_a_session_shows_its_requests_and_opens_one(
    spent: FakeProxy, size: tuple[int, int]
) -> None:
    app = make_app(spent.socket)
    async with app.run_test(size=size) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("j", "enter")
        await told(pilot, app, "requests 4 · following")
        assert shows(app, "0.86")
        await pilot.press("j")
        await until(pilot, lambda: not shows(app, "following"))
        await pilot.press("f", "j", "enter")
        await told(pilot, app, "requests > req-17")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, SessionScreen))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, OverviewScreen))
        asked = [each.path for each in spent.seen if "session=" in each.path]
        assert "session=b2f4a9d1-1111" in asked[0]


def test_the_scene_is_whole() -> None:
    assert BEFORE in REQUESTS


async def test_counted_tokens_stand_beside_a_sessions_requests(
    spent: FakeProxy,
) -> None:
    counted = request("c", 30.0, attempts=0, cost="0", input_tokens=0)
    spent.answers["GET /v1/requests"] = [counted, request("req-99")]
    app = make_app(spent.socket)
    async with app.run_test(size=NARROW) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("j", "enter")
        await told(pilot, app, "requests 1 · 1 counted · following")
        assert shows(app, "✓ counted")
