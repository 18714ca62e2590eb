"""Nothing that an upstream or an agent sends moves the cursor, sets the title, writes
the clipboard or colours the screen: every screen, on a real terminal.

The proxy here forgot to make anything harmless, so that only the screen stands guard.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from aiohttp import web
from msgspec.structs import replace
from rich.cells import cell_len

from faregate.control.cost_log import ExplainView, Report, RequestView
from faregate.control.governing import LimitsView
from faregate.control.models import HoldView, Problem, Snapshot
from faregate.control.smoke_runs import SmokeRunView
from tests.control import scenes
from tests.control.fake_proxy import running
from tests.tui.cost_scene import BY, EXPLAINED, REQUESTS
from tests.tui.harness import WIDE, make_app, rows, told
from tests.tui.hostile import EVILS, MARK, foreign, poison
from tests.tui.script import LIMITS, Knowing, knowing_all
from tests.tui.terminal import Terminal
from tests.tui.waiting_scene import waiting

if TYPE_CHECKING:
    from collections.abc import Iterator


class Careless(Knowing):
    """A proxy that passes on whatever strangers sent."""

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if self.problem is None and request.path.startswith("/v1/requests/"):
            return _json(poison(EXPLAINED["req-17"], ExplainView))
        if self.problem is None and request.path == "/v1/report":
            return _json(poison(BY.get(request.query["by"], BY["model"]), Report))
        if request.path.startswith("/v1/captures/"):
            return self._captured("req-17", request if request.query else None)
        return await super()._answer(request)


def _json(body: object) -> web.Response:
    encoded = msgspec.json.encode(body)
    return web.Response(body=encoded, content_type="application/json")


def _run(run: SmokeRunView) -> SmokeRunView:
    """Return a run with hostile words; its probes' ids are checked on the way in."""
    probes = [
        replace(each, seen=evil, means=evil, fix=evil, title=evil)
        for each, evil in zip(run.probes, EVILS, strict=False)
    ]
    return replace(run, target=f"{run.target}{EVILS[0]}", probes=probes)


@pytest.fixture
def careless(tmp_path: Path) -> Iterator[Knowing]:
    """It runs, and has two budgets whose scope a stranger named."""
    fake = knowing_all(tmp_path / "s", Careless)
    scene = poison(waiting(), Snapshot)
    budgets = [
        scenes.budget(spent="164.20"),
        *[scenes.budget(scope=f"workspace:{each}", window="day") for each in EVILS],
    ]
    status = replace(scene.status, budgets=budgets)
    fake.snapshot = replace(scene, status=status)
    fake.holds = [poison(each, HoldView) for each in fake.holds]
    fake.smoke = [_run(each) for each in fake.smoke]
    fake.answers["GET /v1/requests"] = [poison(each, RequestView) for each in REQUESTS]
    limits = msgspec.convert(LIMITS, LimitsView)
    fake.answers["GET /v1/limits"] = poison(limits, LimitsView)
    old = fake.answers["GET /v1/sessions"]
    fake.answers["GET /v1/sessions"] = poison(old, dict)
    with running(fake):
        yield fake


WAY = (
    ("", "sessions 5"),
    ("?", "edit the filter"),
    ("q", ""),
    ("j", ""),
    ("\r", "not judged"),
    ("1", "sessions 5"),
    ("2", "requests 4"),
    ("\r", "timeline"),
    ("1", "max_tokens"),
    ("z", ""),
    ("2", "Hello you"),
    ("3", "-- try 1"),
    ("4", "+3.000"),
    ("/", "Find a text"),
    ("\x1b", ""),
    ("\x7f", "requests 4"),
    ("3", "waiting 2"),
    ("j", "CALLS"),
    ("A", "rest of"),
    ("n", ""),
    ("4", "providers"),
    ("5", "by model"),
    ("m", "by workspace"),
    ("6", "by route"),
    ("7", "holds 3"),
    ("8", "history"),
    ("1", "sessions 5"),
    ("b", "Change the cap"),
    ("\x1b", ""),
    ("l", "limits of"),
    ("\x7f", "sessions 5"),
    ("x", "next requests"),
    ("n", ""),
    ("o", "accepted"),
    ("a", ""),
    ("e", "Export"),
    ("\x1b", ""),
    (":", "Search for"),
    ("red", ""),
    ("\x1b", ""),
)
"""Keys through every screen and question, and a word that each shows."""


def test_no_screen_lets_a_command_through(careless: Knowing, tmp_path: Path) -> None:
    with Terminal(careless.socket, cwd=tmp_path) as terminal:
        for keys, words in WAY:
            terminal.press(keys.encode())
            terminal.read_on(words.encode())
        # A refusal in a stranger's words becomes a notice.
        careless.problem = (409, Problem(code="conflict", message="".join(EVILS)))
        terminal.press(b"p")
        terminal.read_on(MARK.encode())
        terminal.press(b"q")
        assert terminal.close() == 0
        sent = terminal.output.decode()
    assert MARK in sent
    assert foreign(sent) == []
    assert f"[red]{MARK}[/red][bold" in sent


async def test_the_plain_alphabet_stays_plain_whatever_things_are_called(
    careless: Knowing,
) -> None:
    app = make_app(careless.socket, ascii_only=True)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await told(pilot, app, "sessions 5")
        for key, words in (
            ("1", "sessions 5"), ("2", "requests 4"), ("3", "waiting 2"),
            ("4", "providers"), ("5", "by model"), ("6", "by route"),
            ("7", "holds 3"), ("8", "history 40"), ("1", "sessions 5"),
            ("x", "next requests"), ("escape", "sessions 5"), ("b", "Change the cap"),
            ("escape", "sessions 5"), ("slash", "workspace:web"),
            ("escape", "sessions 5"), ("t", "theme"), ("colon", "Search for"),
        ):  # fmt: skip
            await pilot.press(key)
            await told(pilot, app, words)
            lines = rows(app)
            assert [row for row in lines if not row.isascii()] == [], key
            assert [row for row in lines if cell_len(row) != WIDE[0]] == [], key
