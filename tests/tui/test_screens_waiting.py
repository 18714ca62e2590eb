"""What waits for a person: the banner everywhere, the card, yes and no."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from faregate.control.models import Problem
from faregate.tui.screens.overview import OverviewScreen
from faregate.tui.screens.waiting import WaitingScreen
from faregate.tui.widgets.line_table import LineTable
from tests.control import scenes
from tests.control.approvals import decided
from tests.tui.harness import NARROW, WIDE, later, make_app, rows, shows, told, until
from tests.tui.waiting_scene import LATER, OVER, URGENT, waiting

if TYPE_CHECKING:
    from tests.control.fake_proxy import FakeProxy

SIZES = pytest.mark.parametrize("size", [WIDE, NARROW], ids=["120x36", "80x24"])
INKS = pytest.mark.parametrize("ascii_only", [False, True], ids=["unicode", "ascii"])


@pytest.fixture
def queue(proxy: FakeProxy) -> FakeProxy:
    """A proxy at which two wait."""
    proxy.snapshot = waiting()
    return proxy


def posted(proxy: FakeProxy) -> list[tuple[str, dict[str, object]]]:
    return [
        (each.path, json.loads(each.body))
        for each in proxy.seen
        if each.method == "POST"
    ]


@SIZES
@INKS
async def test_the_card_has_all_that_a_decision_needs(
    queue: FakeProxy, size: tuple[int, int], ascii_only: bool
) -> None:
    app = make_app(queue.socket, ascii_only=ascii_only, no_color=ascii_only)
    async with app.run_test(size=size) as pilot:
        sign = "=" if ascii_only else "‖"
        await told(pilot, app, f"{sign} 2 WAIT FOR YOU")
        await pilot.press("3")
        for words in (
            "waiting 2",
            "WHY      about $1.92: over $1.00 a request",
            "EFFECT   cap 82.1% to 83.0%",
            "session $4.77 to ~$6.69",
            "at most $2.40",
            "CAUSE    181k tokens go in, 5.0k more than the latest",
            "CLIENT   still connected; kept alive 4 times",
            "A also covers requests of up to $2.40",
            "no answer in 1m17s counts as no",
        ):
            await told(pilot, app, words)
        lines = rows(app)
        first = next(line for line in lines if line.startswith(("│>", "|>")))
        assert "~1.92" in first
        assert "1m17s" in first
        assert all(len(line) == size[0] for line in lines)
        if ascii_only:
            assert [line for line in lines if not line.isascii()] == []


async def test_a_cheaper_model_that_is_in_use_is_named(queue: FakeProxy) -> None:
    models = ["anthropic/claude-opus-4-6", "anthropic/claude-sonnet-4-6"]
    more = scenes.session("s9", models=models)
    queue.snapshot.status.sessions.append(more)
    app = make_app(queue.socket)
    async with app.run_test(size=WIDE) as pilot:
        await told(pilot, app, "WAIT FOR YOU")
        await pilot.press("3")
        await told(pilot, app, "CHEAPER  anthropic/claude-sonnet-4-6 ~$1.15")


async def test_approving_once_names_what_was_seen(queue: FakeProxy) -> None:
    app = make_app(queue.socket)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await told(pilot, app, "WAIT FOR YOU")
        await pilot.press("3")
        await told(pilot, app, "waiting 2")
        later(app)
        await pilot.press("a")
        await told(pilot, app, "approved: infra/tf-import")
        path, body = posted(queue)[0]
        assert path == "/v1/approvals/ap-1/approve"
        assert body == {"hash": URGENT.hash}


async def test_a_key_for_one_row_never_acts_on_the_next(queue: FakeProxy) -> None:
    app = make_app(queue.socket)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await told(pilot, app, "WAIT FOR YOU")
        await pilot.press("3")
        await told(pilot, app, "waiting 2")
        later(app)
        queue.publish(scenes.delta(2, queue.snapshot, approvals=[LATER]))
        await told(pilot, app, "waiting 1")
        await pilot.press("a")
        await told(pilot, app, "the row has just changed")
        assert posted(queue) == []
        later(app)
        await pilot.press("d")
        await told(pilot, app, "denied: webshop/feat-pay")
        assert posted(queue)[0][0] == "/v1/approvals/ap-2/deny"


async def test_the_calls_of_an_answer_are_shown_and_a_person_moves_freely(
    queue: FakeProxy,
) -> None:
    app = make_app(queue.socket)
    async with app.run_test(size=NARROW, notifications=True) as pilot:
        await told(pilot, app, "WAIT FOR YOU")
        await pilot.press("3")
        await told(pilot, app, "waiting 2")
        await pilot.press("j")
        await told(pilot, app, "CALLS    bash: rm -rf build")
        assert shows(app, "bash: git push --force")
        assert shows(app, "the answer is paid for")
        await pilot.press("d")
        await told(pilot, app, "denied: webshop/feat-pay")


async def test_a_whole_session_is_approved_after_a_question(queue: FakeProxy) -> None:
    app = make_app(queue.socket)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await told(pilot, app, "WAIT FOR YOU")
        await pilot.press("3")
        await told(pilot, app, "waiting 2")
        later(app)
        await pilot.press("A")
        await told(pilot, app, "Let requests of up to $2.40 pass for the rest of")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, WaitingScreen))
        assert posted(queue) == []
        await pilot.press("A")
        await told(pilot, app, "pass for the rest of")
        later(app)
        await pilot.press("y")
        await told(pilot, app, "approved for infra/tf-import")
        assert posted(queue)[0][1]["session"] is True


async def test_denying_and_stopping_asks_with_the_spend(queue: FakeProxy) -> None:
    queue.answers["POST /v1/stop"] = {"scope": "s", "changed": True, "ended": 1}
    app = make_app(queue.socket)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await told(pilot, app, "WAIT FOR YOU")
        await pilot.press("3")
        await told(pilot, app, "waiting 2")
        later(app)
        await pilot.press("D")
        await told(pilot, app, "stop infra/tf-import, $4.77 so far?")
        later(app)
        await pilot.press("y")
        await told(pilot, app, "infra/tf-import is stopped")
        assert [path for path, _ in posted(queue)] == [
            "/v1/approvals/ap-1/deny",
            "/v1/stop",
        ]
        assert posted(queue)[1][1] == {"scope": "session:b2f4a9d1-1111"}


async def test_after_a_decision_the_cursor_goes_to_what_still_waits(
    queue: FakeProxy,
) -> None:
    app = make_app(queue.socket)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await told(pilot, app, "WAIT FOR YOU")
        await pilot.press("3")
        await told(pilot, app, "waiting 2")
        later(app)
        await pilot.press("a")
        await told(pilot, app, "approved: infra/tf-import")
        over = decided("ap-1")
        queue.publish(
            scenes.delta(2, queue.snapshot, approvals=[LATER], decided=[over, OVER])
        )
        await told(pilot, app, "waiting 1")
        await told(pilot, app, "CALLS    bash: rm -rf build")
        assert app.screen.query_one(LineTable).chosen == LATER.id
        await pilot.press("a")
        await told(pilot, app, "the row has just changed")
        assert [path for path, _ in posted(queue)] == ["/v1/approvals/ap-1/approve"]
        later(app)
        await pilot.press("d")
        await told(pilot, app, "denied: webshop/feat-pay")
        queue.publish(
            scenes.delta(3, queue.snapshot, approvals=[], decided=[over, OVER])
        )
        await told(pilot, app, "waiting 0")


async def test_what_is_over_stays_in_sight_and_takes_no_key(queue: FakeProxy) -> None:
    app = make_app(queue.socket)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await told(pilot, app, "WAIT FOR YOU")
        await pilot.press("3")
        await told(pilot, app, "approved: a reque")
        assert shows(app, "denied: a request")
        await pilot.press("G")
        later(app)
        await pilot.press("a")
        await told(pilot, app, "that was decided already")
        assert posted(queue) == []


async def test_the_proxys_no_is_told(queue: FakeProxy) -> None:
    app = make_app(queue.socket)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await told(pilot, app, "WAIT FOR YOU")
        await pilot.press("3")
        await told(pilot, app, "waiting 2")
        later(app)
        queue.problem = (410, Problem(code="gone", message="ap-1 is gone"))
        await pilot.press("a")
        await told(pilot, app, "ap-1 is gone")


@SIZES
async def test_the_banner_is_on_every_screen_and_its_clock_goes_on(
    queue: FakeProxy, size: tuple[int, int]
) -> None:
    app = make_app(queue.socket)
    async with app.run_test(size=size) as pilot:
        await told(pilot, app, "2 WAIT FOR YOU")
        for key, words in (("4", "providers"), ("7", "holds"), ("1", "sessions 5")):
            await pilot.press(key)
            await told(pilot, app, words)
            await told(pilot, app, "2 WAIT FOR YOU")
        if size == WIDE:
            assert shows(app, "no answer in 1m17s counts as no")
            later(app, 17)
            await told(pilot, app, "no answer in 1m00s counts as no")
        queue.publish(scenes.delta(2, queue.snapshot, approvals=[], decided=[]))
        await until(pilot, lambda: not shows(app, "WAIT FOR YOU"))


async def test_nothing_waits(proxy: FakeProxy) -> None:
    app = make_app(proxy.socket)
    async with app.run_test(size=NARROW) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("3")
        await told(pilot, app, "nothing waits for you")
        await pilot.press("a", "d", "A", "D", "escape")
        await until(pilot, lambda: isinstance(app.screen, OverviewScreen))
        assert posted(proxy) == []
