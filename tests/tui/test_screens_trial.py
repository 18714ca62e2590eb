"""The test request of the first screen: what it costs, a yes, what came of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from faregate.control.models import Problem
from faregate.tui.screens.overview import OverviewScreen
from tests.control import scenes
from tests.control.fake_proxy import FakeProxy, running
from tests.tui.harness import NARROW, WIDE, later, make_app, shows, told, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OFFER = {"target": "sim/gpt-x", "at_most": "0.00024"}


@pytest.fixture
def first(tmp_path: Path) -> Iterator[FakeProxy]:
    """A proxy that nobody has asked anything yet."""
    fake = FakeProxy(socket=tmp_path / "s.sock", snapshot=scenes.first_run())
    fake.answers["POST /v1/trial"] = OFFER
    with running(fake):
        yield fake


def posted(proxy: FakeProxy) -> list[Any]:
    return [json.loads(e.body) for e in proxy.seen if e.method == "POST"]


async def test_the_cost_is_said_before_it_is_sent(first: FakeProxy) -> None:
    app = make_app(first.socket)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await told(pilot, app, "Waiting for the first request")
        assert shows(app, "t test request")
        await pilot.press("t")
        await told(pilot, app, "Send one small request through the gate")
        await pilot.press("enter")
        await told(pilot, app, "Ask sim/gpt-x for one word? It costs about $0.0002")
        assert [each["preview"] for each in posted(first)] == [True, True]
        await pilot.press("y")
        assert shows(app, "Ask sim/gpt-x")
        later(app)
        first.answers["POST /v1/trial"] = {**OFFER, "status": 200, "text": "Hello"}
        await pilot.press("y")
        await told(pilot, app, "sim/gpt-x answered: Hello")
        assert posted(first)[-1] == {"target": "sim/gpt-x"}
        assert first.seen[-1].headers["x-faregate-confirmed"] == "tty"


async def test_an_error_is_told(first: FakeProxy) -> None:
    app = make_app(first.socket)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await told(pilot, app, "Waiting for the first request")
        await pilot.press("t")
        await told(pilot, app, "Send one small request")
        await pilot.press("enter")
        await told(pilot, app, "Ask sim/gpt-x")
        later(app)
        wrong = {**OFFER, "status": 401, "text": "Incorrect API key provided."}
        first.answers["POST /v1/trial"] = wrong
        await pilot.press("y")
        await told(pilot, app, "did not answer (401): Incorrect API key")


async def test_without_a_suggestion_a_model_is_typed(first: FakeProxy) -> None:
    app = make_app(first.socket)
    async with app.run_test(size=NARROW) as pilot:
        await told(pilot, app, "Waiting for the first request")
        first.problem = (400, Problem(code="bad_request", message="nobody has a key"))
        await pilot.press("t")
        await told(pilot, app, "nobody has a key.")
        first.problem = None
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, OverviewScreen))
        assert [each["preview"] for each in posted(first)] == [True]


async def test_later_the_key_is_the_themes(proxy: FakeProxy) -> None:
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await told(pilot, app, "proxy/main")
        assert not shows(app, "test request")
        before = app.theme
        await pilot.press("t")
        await until(pilot, lambda: app.theme != before)
        assert posted(proxy) == []


async def test_who_only_watches_sends_nothing(first: FakeProxy) -> None:
    app = make_app(first.socket, read_only=True)
    async with app.run_test(size=WIDE) as pilot:
        await told(pilot, app, "Waiting for the first request")
        before = app.theme
        await pilot.press("t")
        await until(pilot, lambda: app.theme != before)
        assert posted(first) == []


async def test_the_lines_of_the_first_screen_are_copied(first: FakeProxy) -> None:
    app = make_app(first.socket)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await told(pilot, app, "Waiting for the first request")
        await pilot.press("c")
        await told(pilot, app, "1  faregate run -- claude")
        assert shows(app, 'eval "$(faregate env codex)"')
        assert shows(app, "for SDKs")
        await pilot.press("1")
        await until(pilot, lambda: app.clipboard == "faregate run -- claude")
