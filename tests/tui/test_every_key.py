"""Every key of every action is pressed by a person's hand, and what it does is seen.

One row an action; each of its keys is tried from the same place. A new action without
a row fails the first test.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from faregate.tui.action_table import ACTIONS
from faregate.tui.screens.overview import OverviewScreen
from faregate.tui.screens.request import RequestScreen
from faregate.tui.session_table import Sort
from faregate.tui.widgets.filter_bar import FilterBar
from faregate.tui.widgets.line_table import LineTable
from faregate.tui.widgets.text_pager import TextPager
from tests.control.fake_proxy import running
from tests.tui import smoked
from tests.tui.harness import WIDE, later, make_app, rows, shows, told
from tests.tui.script import knowing_all
from tests.tui.waiting_scene import waiting

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from textual.pilot import Pilot
    from textual.screen import Screen

    from faregate.tui.app import FaregateApp


def text(app: FaregateApp) -> object:
    """Return the text of the part that is shown."""
    return app.screen.query_one(TextPager).text


def line(app: FaregateApp) -> object:
    """Return where in the part one is."""
    return app.screen.query_one(TextPager).scroll_offset.y


def chosen(app: FaregateApp) -> object:
    """Return the row under the cursor."""
    tables = [each for each in app.screen.query(LineTable) if each.can_focus]
    return tables[0].chosen


def screen(app: FaregateApp) -> object:
    """Return the screen in front."""
    return app.screen


def shown(words: str) -> Callable[[FaregateApp], object]:
    """Return whether these words are on screen."""
    return lambda app: shows(app, words)


def noticed(words: str) -> Callable[[FaregateApp], object]:
    """Return how many notices say this."""
    return lambda app: sum(words in each.message for each in app._notifications)


def notices(app: FaregateApp) -> object:
    """Return how many notices there are."""
    return len(app._notifications)


def scrolled(app: FaregateApp) -> object:
    """Return how far the help is scrolled."""
    return app.screen.query_one("#help-scroll").scroll_offset.y


def following(app: FaregateApp) -> object:
    return getattr(app.screen, "following", None)


def request(app: FaregateApp) -> object:
    front = app.screen
    return front.request if isinstance(front, RequestScreen) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Where a key works, what is pressed there first, and what then changes."""

    at: str = "overview"
    first: str = ""
    sees: Callable[[FaregateApp], object]
    undo: str = "escape"


PLACES = {
    "overview": (("", "sessions 5"),),
    "session": (("enter", "requests 4"),),
    "requests": (("2", "requests 4"),),
    "request": (("2", "requests 4"), ("j enter", "changed since")),
    "part": (("2", "requests 4"), ("j enter", "changed since"), ("1", "max_tokens")),
    "long": (
        ("2", "requests 4"),
        ("j enter", "changed since"),
        ("1", "max_tokens"),
        ("z g", "max_tokens"),
    ),
    "waiting": (("3", "WHY"),),
    "providers": (("4", "openrouter/a Errors"),),
    "month": (("5", "by model"),),
    "holds": (("7", "holds 3"),),
    "limits": (("l", "41 of 1.0k"),),
    "help": (("question_mark", "edit the filter"),),
    "question": (("x", "Stop proxy/main?"),),
}
"""How a person gets there: keys, and words that show that one is there."""

CASES = {
    "open": Case(sees=screen),
    "down": Case(first="g", sees=chosen, undo=""),
    "up": Case(first="G", sees=chosen, undo=""),
    "page_down": Case(first="g", sees=chosen, undo=""),
    "page_up": Case(first="G", sees=chosen, undo=""),
    "top": Case(first="G", sees=chosen, undo=""),
    "bottom": Case(first="g", sees=chosen, undo=""),
    "filter": Case(sees=lambda app: app.screen.query_one(FilterBar).display),
    "toggle_filter": Case(
        first="slash z enter", sees=shown("filter off"), undo="f slash backspace enter"
    ),
    "sort": Case(sees=lambda app: app.view.order.column, undo=""),
    "reverse": Case(sees=lambda app: app.view.order.reverse, undo="S"),
    "back": Case(at="month", sees=screen, undo=""),
    "smoke": Case(at="providers", sees=shown("Smoke test of openrouter/a:")),
    "ask_again": Case(at="providers", sees=noticed("does not rest"), undo=""),
    "smoke_all": Case(at="providers", sees=shown("openrouter/a, zai/glm-5.3, vllm")),
    "resolve": Case(at="holds", first="G g", sees=shown("What did anthropic bill")),
    "set_limit": Case(at="limits", first="G g", sees=screen),
    "unset_limit": Case(at="limits", first="G g", sees=notices, undo=""),
    "stop": Case(sees=shown("Stop proxy/main? It has spent $8.42.")),
    "pause": Case(sees=noticed("paused proxy/main"), undo=""),
    "outcome": Case(sees=shown("The outcome of proxy/main, $8.42")),
    "jump": Case(sees=noticed("does not run inside tmux"), undo=""),
    "loop": Case(sees=notices, undo=""),
    "limits": Case(sees=shown("limits of proxy/main")),
    "follow": Case(at="requests", sees=following, undo=""),
    "follow_session": Case(at="session", sees=following, undo=""),
    "newer": Case(at="request", sees=request, undo="left_square_bracket"),
    "older": Case(at="request", sees=request, undo="right_square_bracket"),
    "part_summary": Case(at="part", sees=shown("changed since"), undo="1"),
    "part_request": Case(at="request", sees=shown('"max_tokens": 8192'), undo="0"),
    "part_response": Case(at="request", sees=shown("Hello you"), undo="0"),
    "part_headers": Case(at="request", sees=shown("-- try 1: POST"), undo="0"),
    "part_raw": Case(at="request", sees=shown("+3.000 s"), undo="0"),
    "other_body": Case(at="request", first="2", sees=text, undo="0"),
    "find": Case(at="part", sees=shown("Find a text")),
    "find_next": Case(at="long", first="slash n u m b e r enter", sees=line, undo=""),
    "fold": Case(at="part", sees=text, undo="z"),
    "text_down": Case(at="long", first="g", sees=line, undo=""),
    "text_up": Case(at="long", first="G", sees=line, undo=""),
    "text_page_down": Case(at="long", first="g", sees=line, undo=""),
    "text_page_up": Case(at="long", first="G", sees=line, undo=""),
    "text_top": Case(at="long", first="G", sees=line, undo=""),
    "text_bottom": Case(at="long", first="g", sees=line, undo=""),
    "next_key": Case(at="month", sees=shown("by workspace"), undo="m m m m m"),
    "approve": Case(
        at="waiting", first="G g", sees=noticed("approved: infra"), undo=""
    ),
    "deny": Case(at="waiting", first="G g", sees=noticed("denied: infra"), undo=""),
    "approve_session": Case(at="waiting", first="G g", sees=shown("for the rest of")),
    "deny_stop": Case(
        at="waiting", first="G g", sees=shown("Deny this and stop infra")
    ),
    "yes": Case(at="question", sees=noticed("stopped proxy/main"), undo=""),
    "no": Case(at="question", sees=screen, undo=""),
    "close_help": Case(at="help", sees=screen, undo=""),
    "help_down": Case(at="help", sees=scrolled, undo="k"),
    "help_up": Case(at="help", first="j j", sees=scrolled, undo=""),
    "overview": Case(at="month", sees=screen, undo=""),
    "requests": Case(sees=shown("requests 4")),
    "waiting": Case(sees=shown("waiting 2")),
    "providers": Case(sees=shown("providers 3 tested")),
    "month": Case(sees=shown("by model")),
    "routes": Case(sees=shown("by route")),
    "holds": Case(sees=shown("holds 3")),
    "history": Case(sees=shown("history 40")),
    "all_limits": Case(sees=screen),
    "price": Case(sees=screen),
    "cap": Case(sees=shown("Change the cap")),
    "pause_all": Case(sees=shown("Pause everything?")),
    "capture": Case(sees=shown("apture")),
    "freeze": Case(sees=shown("FROZEN"), undo="space"),
    "export": Case(sees=shown("Export as a file")),
    "copy": Case(sees=shown("session id")),
    "start": Case(sees=noticed("the proxy runs already"), undo=""),
    "bell": Case(sees=noticed("bell o"), undo=""),
    "theme": Case(sees=lambda app: app.theme, undo=""),
    "help": Case(sees=shown("edit the filter")),
    "palette": Case(sees=lambda app: len(app.screen_stack)),
}
_LOOKS = 200
ELSEWHERE = {
    "quit": "test_every_key.py",  # it ends the screen: below
    "trial": "test_trial.py",  # it works on a first run alone
}
"""Actions whose keys are pressed by another test, and where."""


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """The screen does not run inside tmux."""
    monkeypatch.delenv("TMUX", raising=False)


def test_no_action_is_forgotten() -> None:
    known = {each.id for each in ACTIONS}
    assert known - set(CASES) - set(ELSEWHERE) == set()
    assert set(CASES) - known == set()
    assert {case.at for case in CASES.values()} <= set(PLACES)


@pytest.mark.usefixtures("outside")
async def test_every_key_does_what_its_action_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("faregate.tui.app.PAINT_EVERY_S", 0.0)
    fake = knowing_all(tmp_path / "s")
    fake.snapshot = waiting()
    for verb in ("pause", "stop", "resume"):
        fake.answers[f"POST /v1/{verb}"] = {"scope": "s", "changed": True, "ended": 1}
    wrong: list[str] = []
    actions = sorted(
        (each for each in ACTIONS if each.id in CASES),
        key=lambda each: list(PLACES).index(CASES[each.id].at),
    )
    with running(fake) as proxy:
        desk = smoked.desk(proxy.socket, tmp_path)
        app = make_app(proxy.socket, desk=desk)
        async with app.run_test(size=WIDE, notifications=False) as pilot:
            await told(pilot, app, "sessions 5")
            there = app.screen
            here = "overview"
            for action in actions:
                case = CASES[action.id]
                for key in action.keys.split(","):
                    if here != case.at or app.screen is not there:
                        there, here = await _go(pilot, app, case.at), case.at
                    wrong += await _press(pilot, app, case, key, action.id)
    assert not wrong, "\n".join(wrong)


async def _go(pilot: Pilot[None], app: FaregateApp, place: str) -> Screen[Any]:
    """Go to a place by way of the overview."""
    for _ in range(9):
        if isinstance(app.screen, OverviewScreen):
            break
        await pilot.press("escape")
        await pilot.pause()
    await pilot.press("g")
    for keys, words in PLACES[place]:
        await pilot.press(*keys.split())
        await told(pilot, app, words)
    return app.screen


async def _press(
    pilot: Pilot[None], app: FaregateApp, case: Case, key: str, name: str
) -> list[str]:
    """Press one key; return what went wrong."""
    app.view.order = Sort()
    await pilot.press(*(case.first or ("g" if case.at == "overview" else "")).split())
    # Longer than the moment in which a key was meant for the row before.
    later(app, 0.5)
    await pilot.pause()
    before = case.sees(app)
    await pilot.press(key)
    for _ in range(_LOOKS):
        if case.sees(app) != before:
            break
        await pilot.pause(0.02)
    else:
        return [f"{key} did not {name}; on screen:", *rows(app)]
    await pilot.press(*case.undo.split())
    await pilot.pause()
    return []


@pytest.mark.parametrize("key", ["q", "ctrl+q"])
async def test_every_key_that_quits(tmp_path: Path, key: str) -> None:
    with running(knowing_all(tmp_path / "s")) as proxy:
        app = make_app(proxy.socket)
        async with app.run_test(size=WIDE) as pilot:
            await told(pilot, app, "sessions 5")
            await pilot.press(key)
        assert app.return_code == 0
