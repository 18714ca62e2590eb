"""C turns capture on after a question that says what goes to the disk, and off."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.control import scenes
from tests.control.fake_proxy import running
from tests.tui.captured_scene import STATUS, Kept
from tests.tui.harness import NARROW, WIDE, make_app, shows, told, until


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    with running(Kept(socket=tmp_path / "s", snapshot=scenes.busy())) as proxy:
        assert isinstance(proxy, Kept)
        yield proxy


@pytest.mark.parametrize(
    ("key", "for_s", "session"),
    [("h", 3600.0, None), ("s", None, "7d1f0c2a-88aa"), ("a", None, None)],
)
async def test_it_is_turned_on_after_a_question(
    kept: Kept, key: str, for_s: float | None, session: str | None
) -> None:
    app = make_app(kept.socket)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("C")
        await told(pilot, app, "Prompts, code and answers of agents are then")
        assert not kept.asked
        await pilot.press(key)
        await told(pilot, app, "capture is on: C turns it off")
    (asked,) = kept.asked
    assert (asked.for_s, asked.session) == (for_s, session)


async def test_escape_leaves_it_off_and_c_turns_it_off_at_once(kept: Kept) -> None:
    app = make_app(kept.socket, ascii_only=True, no_color=True)
    async with app.run_test(size=NARROW, notifications=True) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("C")
        await told(pilot, app, "Capture requests?")
        await pilot.press("escape")
        await until(pilot, lambda: not shows(app, "Capture requests?"))
        assert not kept.asked
        kept.status = replace(STATUS, on=True)
        await pilot.press("C")
        await told(pilot, app, "capture is off")
    assert not kept.status.on


async def test_who_only_watches_is_not_offered_it(kept: Kept) -> None:
    app = make_app(kept.socket, read_only=True)
    async with app.run_test(size=WIDE) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("C", "question_mark")
        await told(pilot, app, "keys")
        assert not shows(app, "Capture requests?")
    assert not kept.asked


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["120x36", "80x24"])
@pytest.mark.parametrize("ascii_only", [False, True])
async def test_the_header_says_while_it_is_on(
    kept: Kept, size: tuple[int, int], ascii_only: bool
) -> None:
    sign = "o" if ascii_only else "◐"
    setup = replace(kept.snapshot.setup, capture="on for 20 min")
    kept.snapshot = replace(kept.snapshot, setup=setup)
    app = make_app(kept.socket, ascii_only=ascii_only, no_color=ascii_only)
    async with app.run_test(size=size) as pilot:
        await told(pilot, app, "proxy")
        await told(pilot, app, f"{sign} capture")
        assert shows(app, "capture on for 20 min") is (size == WIDE)
