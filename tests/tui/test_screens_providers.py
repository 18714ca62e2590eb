"""The providers screen: the first FAIL is the cause, and a test says what it costs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from faregate.control.models import Problem
from faregate.control.rests import AskedAgain
from faregate.tui.screens.confirm import ConfirmScreen
from faregate.tui.screens.overview import OverviewScreen
from faregate.tui.screens.providers import ProvidersScreen
from faregate.tui.widgets.line_table import LineTable
from tests.control import scenes
from tests.tui import smoked
from tests.tui.harness import NARROW, WIDE, later, make_app, rows, shows, told, until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.control.fake_proxy import FakeProxy

SIZES = pytest.mark.parametrize("size", [WIDE, NARROW], ids=["120x36", "80x24"])


@pytest.fixture
def folder(tmp_path: Path, proxy: FakeProxy) -> Path:
    """Where the seeming command keeps its log; the proxy remembers three tests."""
    proxy.smoke = [smoked.ALL_WELL, smoked.NO_USAGE, smoked.GONE]
    made = tmp_path / "desk"
    made.mkdir()
    return made


@SIZES
async def test_columns_stop_at_the_first_failure(
    proxy: FakeProxy, folder: Path, size: tuple[int, int]
) -> None:
    app = make_app(proxy.socket, desk=smoked.desk(proxy.socket, folder))
    async with app.run_test(size=size) as pilot:
        await told(pilot, app, "● proxy")
        await pilot.press("4")
        await told(pilot, app, "zai/glm-5.3")
        lines = rows(app)
        (title,) = [line for line in lines if "PROVIDER" in line]
        columns = "REACH", "AUTH", "CHAT", "STREAM", "TOOLS", "USAGE"
        places = [title.index(column) for column in columns]
        (zai,) = [line for line in lines if "zai/glm-5.3" in line and "│" in line][:1]
        cells = [zai[place : place + 4].strip() for place in places]
        assert cells == ["ok", "ok", "ok", "ok", "ok", "FAIL"]
        (gone,) = [line for line in lines if "vllm/local" in line][:1]
        assert [gone[place : place + 4].strip() for place in places] == [
            "FAIL",
            *["-"] * 5,
        ]
        if size == WIDE:
            errors = title.index("ERRORS")
            assert zai[errors : errors + 4].strip() == "-"
            assert "412ms" in zai
        assert shows(app, "providers 3 tested · last 10:40")
        assert all(len(line) == size[0] for line in lines)


@SIZES
async def test_the_cause_of_the_chosen_row_is_told_with_its_fix(
    proxy: FakeProxy, folder: Path, size: tuple[int, int]
) -> None:
    app = make_app(proxy.socket, desk=smoked.desk(proxy.socket, folder))
    async with app.run_test(size=size) as pilot:
        await told(pilot, app, "● proxy")
        await pilot.press("4")
        await told(pilot, app, "openrouter/a Errors WARN: saw errors")
        await pilot.press("j", "j")
        await told(pilot, app, "zai/glm-5.3 Usage FAIL: saw usage")
        assert shows(app, "means: it costs money")
        assert shows(app, "fix: mend it")


async def test_a_test_says_what_it_costs_and_asks(
    proxy: FakeProxy, folder: Path
) -> None:
    app = make_app(proxy.socket, desk=smoked.desk(proxy.socket, folder))
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await told(pilot, app, "● proxy")
        await pilot.press("4")
        await told(pilot, app, "openrouter/a Errors")
        await pilot.press("r")
        await told(pilot, app, "Smoke test of openrouter/a: about $0.0004 at most")
        assert isinstance(app.screen, ConfirmScreen)
        assert shows(app, "$0.02")
        assert smoked.asked(folder) == ["smoke-test --json openrouter/a --dry-run"]
        await pilot.press("y")
        assert isinstance(app.screen, ConfirmScreen)
        later(app)
        await pilot.press("y")
        await told(pilot, app, "a test is running")
        await until(pilot, lambda: len(smoked.asked(folder)) == 2)
        assert smoked.asked(folder)[1] == "smoke-test --json openrouter/a"
        proxy.smoke = [smoked.run("openrouter/a", "2026-11-21T10:51:00Z", chat="FAIL")]
        (folder / "go").touch()
        await told(pilot, app, "openrouter/a: READY")
        await told(pilot, app, "last 10:51")
        assert not shows(app, "a test is running")
        await told(pilot, app, "openrouter/a Chat FAIL")


@pytest.mark.parametrize("key", ["escape", "n", "q"])
async def test_no_means_that_nothing_is_sent(
    proxy: FakeProxy, folder: Path, key: str
) -> None:
    app = make_app(proxy.socket, desk=smoked.desk(proxy.socket, folder))
    async with app.run_test(size=NARROW) as pilot:
        await told(pilot, app, "● proxy")
        await pilot.press("4")
        await told(pilot, app, "zai/glm-5.3")
        await pilot.press("r")
        await told(pilot, app, "esc no")
        await pilot.press(key)
        await until(pilot, lambda: isinstance(app.screen, ProvidersScreen))
        await pilot.pause()
        assert len(smoked.asked(folder)) == 1


async def test_all_that_were_tested_are_tested_again(
    proxy: FakeProxy, folder: Path
) -> None:
    app = make_app(proxy.socket, desk=smoked.desk(proxy.socket, folder))
    async with app.run_test(size=WIDE) as pilot:
        await told(pilot, app, "● proxy")
        await pilot.press("4")
        await told(pilot, app, "zai/glm-5.3")
        await pilot.press("R")
        await told(pilot, app, "esc no")
        names = "openrouter/a zai/glm-5.3 vllm/local"
        assert smoked.asked(folder) == [f"smoke-test --json {names} --dry-run"]


async def test_a_target_that_cannot_be_tested_says_why(
    proxy: FakeProxy, folder: Path
) -> None:
    proxy.smoke = [smoked.run("broken", reach="PASS")]
    app = make_app(proxy.socket, desk=smoked.desk(proxy.socket, folder))
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await told(pilot, app, "● proxy")
        await pilot.press("4")
        await told(pilot, app, "broken: READY")
        for _ in range(9):
            await pilot.press("k")
        await pilot.press("r")
        await told(pilot, app, "no key for broken")
        assert isinstance(app.screen, ProvidersScreen)


async def test_a_provider_without_a_test_says_what_to_press(
    proxy: FakeProxy, folder: Path
) -> None:
    proxy.smoke = []
    app = make_app(proxy.socket, desk=smoked.desk(proxy.socket, folder))
    async with app.run_test(size=WIDE) as pilot:
        await told(pilot, app, "● proxy")
        await pilot.press("4")
        await told(pilot, app, "was not tested yet: r tests it")


async def test_an_older_proxy_has_no_history(proxy: FakeProxy, folder: Path) -> None:
    app = make_app(proxy.socket, desk=smoked.desk(proxy.socket, folder))
    async with app.run_test(size=WIDE) as pilot:
        await told(pilot, app, "● proxy")
        proxy.problem = (404, Problem(code="not_found", message="no such path"))
        await pilot.press("4")
        await told(pilot, app, "this proxy keeps no smoke tests")


@SIZES
async def test_a_rest_is_told_whole_and_ended(
    proxy: FakeProxy, folder: Path, size: tuple[int, int]
) -> None:
    proxy.smoke = []
    why = "deepseek-v4-flash: its wallet or quota is empty"
    tired = scenes.provider(
        "deepseek", breaker="open", last_error=why, rests_until=scenes.at(-43)
    )
    status = replace(scenes.busy().status, providers=[tired])
    proxy.snapshot = replace(scenes.busy(), status=status)
    proxy.answers["POST /v1/providers/again"] = AskedAgain(providers=["deepseek"])
    app = make_app(proxy.socket, desk=smoked.desk(proxy.socket, folder))
    async with app.run_test(size=size, notifications=True) as pilot:
        await told(pilot, app, "● proxy")
        await pilot.press("4")
        await told(pilot, app, "resting: deepseek")
        while app.screen.query_one("#table", LineTable).chosen != "deepseek":
            await pilot.press("j")
        await told(pilot, app, "deepseek rests until 10:52:52")
        shown = " ".join(" ".join(rows(app)).replace("│", " ").split())
        assert f"10:52:52: {why}. a asks it again at once" in shown
        await pilot.press("a")
        await told(pilot, app, "deepseek is asked by the next")
        (asked,) = [each for each in proxy.seen if each.path.endswith("/again")]
        assert json.loads(asked.body) == {"providers": ["deepseek"]}
        proxy.answers["POST /v1/providers/again"] = AskedAgain(providers=[])
        await pilot.press("a")
        await told(pilot, app, "deepseek does not rest")


@pytest.mark.parametrize("key", ["escape", "1", "left"])
async def test_back_leads_to_the_overview(
    proxy: FakeProxy, folder: Path, key: str
) -> None:
    app = make_app(proxy.socket, desk=smoked.desk(proxy.socket, folder))
    async with app.run_test(size=NARROW) as pilot:
        await told(pilot, app, "● proxy")
        await pilot.press("4")
        await told(pilot, app, "zai/glm-5.3")
        await pilot.press("4", key)
        await until(pilot, lambda: isinstance(app.screen, OverviewScreen))


async def test_the_help_explains_the_columns(proxy: FakeProxy, folder: Path) -> None:
    app = make_app(proxy.socket, desk=smoked.desk(proxy.socket, folder))
    async with app.run_test(size=WIDE) as pilot:
        await told(pilot, app, "● proxy")
        await pilot.press("4")
        await told(pilot, app, "zai/glm-5.3")
        await pilot.press("question_mark", "pagedown")
        await told(pilot, app, "tool calls are whole, and fit their schema")


async def test_the_plain_alphabet_leaves_no_other_sign(
    proxy: FakeProxy, folder: Path
) -> None:
    desk = smoked.desk(proxy.socket, folder)
    app = make_app(proxy.socket, ascii_only=True, no_color=True, desk=desk)
    async with app.run_test(size=WIDE) as pilot:
        await told(pilot, app, "* proxy")
        await pilot.press("4")
        await told(pilot, app, "zai/glm-5.3")
        await pilot.press("r")
        await told(pilot, app, "esc no")
        assert [row for row in rows(app) if not row.isascii()] == []
