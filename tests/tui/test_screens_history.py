"""All sessions there ever were, page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from aiohttp import web

from faregate.control.cost_log import SessionPage
from faregate.tui.screens.history import PAGE
from tests.control import scenes
from tests.control.fake_proxy import FakeProxy, running
from tests.tui.harness import NARROW, WIDE, make_app, rows, shows, told, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ALL = 10_000


class Old(FakeProxy):
    """A proxy that remembers ten thousand sessions; `asked` has the queries."""

    asked: list[str]

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if request.path != "/v1/sessions" or request.method != "GET":
            return await super()._answer(request)
        self.asked.append(request.query_string)
        last = int(request.query.get("before", ALL))
        first = max(last - int(request.query["limit"]), 0)
        found = [
            scenes.session(
                f"old-{n:05}-aaaa",
                workspace="w",
                task=f"t{n}",
                last_at=scenes.at(ALL - n),
            )
            for n in reversed(range(first, last))
        ]
        page = SessionPage(sessions=found, next=first or None)
        return web.Response(
            body=msgspec.json.encode(page), content_type="application/json"
        )


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Old]:
    """The proxy, running."""
    fake = Old(tmp_path / "s", scenes.busy())
    fake.asked = []
    with running(fake):
        yield fake


async def test_pages_are_read_as_one_goes_down(old: Old) -> None:
    app = make_app(old.socket)
    async with app.run_test(size=WIDE) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("8")
        await told(pilot, app, f"history {PAGE} and more below")
        assert len(old.asked) == 1
        await pilot.press("j", "j")
        await told(pilot, app, "w/t9999")
        assert len(old.asked) == 1
        await pilot.press("G")
        await told(pilot, app, f"history {2 * PAGE} and more below")
        assert shows(app, "w/t9500")
        assert [f"before={ALL - PAGE}" in each for each in old.asked] == [False, True]


async def test_the_end_is_the_end(old: Old, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("faregate.tui.screens.history.PAGE", ALL)
    app = make_app(old.socket, ascii_only=True, no_color=True)
    async with app.run_test(size=NARROW) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("8")
        await told(pilot, app, f"history {ALL} ")
        await pilot.press("G")
        await told(pilot, app, "w/t0 ")
        assert [row for row in rows(app) if not row.isascii()] == []
        assert len(old.asked) == 1


async def test_an_old_session_opens_with_what_is_known(old: Old) -> None:
    app = make_app(old.socket)
    async with app.run_test(size=WIDE) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("8")
        await told(pilot, app, "w/t9999")
        await pilot.press("enter")
        await told(pilot, app, "sessions > w/t9999")
        await until(pilot, lambda: shows(app, "$8.42"))
