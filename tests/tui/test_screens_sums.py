"""The month and the routes: who spent it, how well it went, day by day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from faregate.control.models import Problem
from tests.control import scenes
from tests.control.fake_proxy import running
from tests.tui.cost_scene import Sums
from tests.tui.harness import NARROW, WIDE, make_app, rows, shows, told

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SIZES = pytest.mark.parametrize("size", [WIDE, NARROW], ids=["120x36", "80x24"])
INKS = pytest.mark.parametrize("ascii_only", [False, True], ids=["unicode", "ascii"])


@pytest.fixture
def sums(tmp_path: Path) -> Iterator[Sums]:
    """A proxy that knows sums of the month."""
    fake = Sums(tmp_path / "s", scenes.busy())
    with running(fake):
        yield fake


@SIZES
@INKS
async def test_the_month_by_model_with_its_days_and_its_pace(
    sums: Sums, size: tuple[int, int], ascii_only: bool
) -> None:
    app = make_app(sums.socket, ascii_only=ascii_only, no_color=ascii_only)
    async with app.run_test(size=size) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("5")
        dot = "-" if ascii_only else "·"
        await told(pilot, app, f"by model {dot} since 1 Nov {dot} $160.50")
        lines = rows(app)
        opus = next(line for line in lines if "claude-opus-4-6" in line)
        assert "120.40" in opus
        assert "75.0%" in opus
        assert "0.62" in opus
        assert any("~40.10" in line for line in lines)
        assert any("?  " in line and "vllm-next" in line for line in lines)
        assert shows(app, "$164.20 of $200.00  82.1%")
        assert shows(app, "(1h pace)")
        assert shows(app, "$6.50")
        title = next(line for line in lines if "COST" in line)
        assert "WASTED" in title
        assert all(len(line) == size[0] for line in lines)
        if ascii_only:
            assert [line for line in lines if not line.isascii()] == []


async def test_m_goes_round_the_keys(sums: Sums) -> None:
    app = make_app(sums.socket)
    async with app.run_test(size=WIDE) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("5")
        await told(pilot, app, "by model")
        await pilot.press("m")
        await told(pilot, app, "by workspace")
        await told(pilot, app, "(none)")
        for key in ("provider", "agent", "task", "customer", "model"):
            await pilot.press("m")
            await told(pilot, app, f"by {key}")


@SIZES
async def test_routes_say_what_went_elsewhere_and_what_was_in_vain(
    sums: Sums, size: tuple[int, int]
) -> None:
    app = make_app(sums.socket)
    async with app.run_test(size=size) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("6")
        await told(pilot, app, "cheap-first")
        for words in (
            "by route",
            "wasted $0.41   by 2 failed of 44 attempts",
            "fallbacks 3   escalations 5",
            "tasks accepted 3 of 4",
            "✖ resting now: vllm-local",
        ):
            await told(pilot, app, words)
        await pilot.press("m")
        await told(pilot, app, "zai/glm-4.6")


async def test_a_proxy_without_reports_says_so(sums: Sums) -> None:
    app = make_app(sums.socket)
    async with app.run_test(size=NARROW) as pilot:
        await told(pilot, app, "proxy/main")
        sums.problem = (404, Problem(code="not_found", message="no such path"))
        await pilot.press("5")
        await told(pilot, app, "no such path")
