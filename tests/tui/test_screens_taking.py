"""Taking things away: files, receipts, the clipboard, and the outcome of a session."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.tui.cost_scene import fill
from tests.tui.harness import NARROW, WIDE, make_app, told

if TYPE_CHECKING:
    from pathlib import Path

    from tests.control.fake_proxy import FakeProxy


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder the screen was started in."""
    made = tmp_path / "work"
    made.mkdir()
    monkeypatch.chdir(made)
    return made


def files(folder: Path) -> list[Path]:
    return list(folder.iterdir())


@pytest.mark.parametrize(
    ("key", "ending", "words"),
    [
        ("c", "csv", "8.42,6.10,proxy/main"),
        ("j", "json", '"session": "proxy/main"'),
        ("m", "md", "### proxy/main"),
        ("s", "svg", "<svg"),
    ],
)
async def test_what_is_shown_becomes_a_file_of_ones_own(
    proxy: FakeProxy, folder: Path, key: str, ending: str, words: str
) -> None:
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("e")
        await told(pilot, app, "Export as a file")
        await pilot.press(key)
        await told(pilot, app, "written: ")
    (path,) = files(folder)
    assert path.suffix == f".{ending}"
    assert path.stat().st_mode & 0o777 == 0o600
    assert words in path.read_text(encoding="utf-8")


async def test_a_file_that_is_there_is_not_written_over(
    proxy: FakeProxy, folder: Path
) -> None:
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await told(pilot, app, "proxy/main")
        for words in ("written: ", "File exists"):
            await pilot.press("e")
            await told(pilot, app, "Export as a file")
            await pilot.press("c")
            await told(pilot, app, words)
    assert len(files(folder)) == 1


async def test_a_session_id_goes_to_the_clipboard(proxy: FakeProxy) -> None:
    app = make_app(proxy.socket)
    async with app.run_test(size=NARROW, notifications=True) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("c")
        await told(pilot, app, "session id")
        await pilot.press("i")
        await told(pilot, app, "sent to the terminal's")
        assert app.clipboard == "7d1f0c2a-88aa"


async def test_a_request_is_copied_as_curl(proxy: FakeProxy) -> None:
    fill(proxy)
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("2")
        await told(pilot, app, "requests 4")
        await pilot.press("j", "enter")
        await told(pilot, app, "requests > req-17")
        await pilot.press("c")
        await told(pilot, app, "the key stays a variable")
        await pilot.press("c")
        await told(pilot, app, "sent to the terminal's clipboard")
        assert app.clipboard.startswith("curl -sS http://127.0.0.1:4747/v1/messages")
        assert "$ANTHROPIC_API_KEY" in app.clipboard


@pytest.mark.parametrize(("key", "word"), [("a", "accepted"), ("r", "rejected")])
async def test_an_outcome_is_said_in_two_keys(
    proxy: FakeProxy, key: str, word: str
) -> None:
    app = make_app(proxy.socket)
    async with app.run_test(size=NARROW, notifications=True) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("o")
        await told(pilot, app, "The outcome of proxy/main, $8.42: not judged")
        await pilot.press(key)
        await told(pilot, app, f"proxy/main: {word}")
    (sent,) = [json.loads(each.body) for each in proxy.seen if each.method == "POST"]
    assert sent["session"] == "7d1f0c2a-88aa"
    assert sent["outcome"] == word


async def test_a_jump_outside_tmux_says_why(
    proxy: FakeProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    app = make_app(proxy.socket)
    async with app.run_test(size=NARROW, notifications=True) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("J")
        await told(pilot, app, "does not run inside tmux")
