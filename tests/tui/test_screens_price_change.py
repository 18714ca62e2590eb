"""The price of a model that lacks one, set from the screen."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from faregate.tui.screens.price_change import without_price
from tests.control import scenes
from tests.control.scenes import at, event
from tests.tui.cost_scene import request
from tests.tui.harness import NARROW, WIDE, later, make_app, shows, told

if TYPE_CHECKING:
    from faregate.control.models import EventView
    from tests.control.fake_proxy import FakeProxy


def posted(proxy: FakeProxy) -> list[Any]:
    return [json.loads(e.body) for e in proxy.seen if e.method == "POST"]


def test_the_latest_without_a_price_goes_first() -> None:
    rows = [
        request("r1", 10.0),
        request("r2", 20.0, lacks_price="q/m"),
        request("r3", 30.0, lacks_price="sim/new"),
        request("r4", 40.0, lacks_price="q/m"),
    ]
    assert without_price([]) == []
    assert without_price(rows[:1]) == []
    assert without_price(rows) == ["q/m", "sim/new"]


def lately(seq: int, model: str | None, seconds_ago: float) -> EventView:
    return event(seq, "no", kind="refused", at=at(seconds_ago), lacks_price=model)


@pytest.mark.parametrize(
    ("seconds_ago", "models"),
    [(1.0, ["sim/newer", "sim/new"]), (100.0, ["sim/new", "sim/newer"])],
)
def test_a_refusal_that_no_row_tells_yet_is_found(
    seconds_ago: float, models: list[str]
) -> None:
    rows = [request("r2", 60.0, lacks_price="sim/new")]
    newer = lately(3, "sim/newer", seconds_ago)
    events = [lately(1, "sim/new", 200.0), newer, lately(4, None, 0.5)]
    assert without_price(rows, events) == models
    assert without_price([], events) == ["sim/newer", "sim/new"]


def test_the_row_under_the_cursor_goes_first_where_it_lacks_a_price() -> None:
    rows = [
        request("r1", 10.0),
        request("r2", 20.0, lacks_price="sim/new"),
        request("r3", 30.0, lacks_price="sim/older"),
    ]
    assert without_price(rows, chosen="r3") == ["sim/older", "sim/new"]
    assert without_price(rows, chosen="r1") == ["sim/new", "sim/older"]


async def test_a_price_is_offered_for_what_was_refused_this_moment(
    proxy: FakeProxy,
) -> None:
    proxy.answers["GET /v1/requests"] = []
    proxy.answers["GET /v1/prices"] = {"target": "sim/new", "price": None}
    proxy.snapshot = scenes.snapshot(
        sessions=[scenes.session("one")], events=[lately(1, "sim/new", 9.0)]
    )
    app = make_app(proxy.socket)
    async with app.run_test(size=NARROW) as pilot:
        await told(pilot, app, "web one")
        await pilot.press("P")
        await told(pilot, app, "sim/new was asked for, and no price is known.")
        await pilot.press("enter")
        await told(pilot, app, "input output, e.g. 3 15")
        await pilot.press("3")
        assert shows(app, "e.g. 3 15")


async def test_a_price_is_typed_and_confirmed(proxy: FakeProxy) -> None:
    found = request("r2", lacks_price="sim/new")
    proxy.answers["GET /v1/requests"] = [msgspec.to_builtins(found)]
    proxy.answers["GET /v1/prices"] = {"target": "sim/new", "price": None}
    proxy.answers["POST /v1/prices"] = {
        "target": "sim/new", "before": None, "after": "$3 in, $15 out"
    }  # fmt: skip
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("P")
        await told(pilot, app, "sim/new was asked for, and no price is known.")
        await pilot.press("enter")
        await told(pilot, app, "What does sim/new cost")
        await pilot.press(*"dear", "enter")
        await told(pilot, app, "write the price of input")
        await pilot.press(*["backspace"] * 4, *"3 15", "enter")
        await told(pilot, app, "Count sim/new at $3 for a million tokens of input")
        await pilot.press("y")
        assert shows(app, "Count sim/new")
        assert posted(proxy) == []
        later(app)
        await pilot.press("y")
        await told(pilot, app, "sim/new: $3 in, $15 out, USD per million tokens")
        assert posted(proxy) == [{"target": "sim/new", "input": "3", "output": "15"}]


async def test_a_model_is_typed_and_escape_sends_nothing(proxy: FakeProxy) -> None:
    proxy.answers["GET /v1/requests"] = []
    app = make_app(proxy.socket)
    async with app.run_test(size=NARROW) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("P")
        await told(pilot, app, "The price of which model?")
        await pilot.press(*"bare", "enter")
        await told(pilot, app, "'bare' is not provider/model")
        await pilot.press(*"/x", "enter")
        await told(pilot, app, "What does bare/x cost")
        await pilot.press(*"1 2 0.1", "enter")
        await told(pilot, app, "Count bare/x at $1")
        await pilot.press("escape")
        await told(pilot, app, "sessions")
        assert posted(proxy) == []


async def test_a_model_that_was_given_a_price_since_is_not_offered(
    proxy: FakeProxy,
) -> None:
    found = request("r2", lacks_price="sim/new")
    proxy.answers["GET /v1/requests"] = [msgspec.to_builtins(found)]
    proxy.answers["GET /v1/prices"] = {"target": "sim/new", "price": "$3 in, $15 out"}
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("P")
        await told(pilot, app, "The price of which model?")
        assert not shows(app, "no price is known")
        assert not shows(app, "sim/new")
