"""The TUI's way to captures: what it asks, and that who only watches switches nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from faregate.control.errors import ControlError
from faregate.tui.capture_desk import CaptureDesk
from faregate.tui.captured_text import Part, sources
from tests.control import scenes
from tests.control.fake_proxy import running
from tests.tui.captured_scene import Kept


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    with running(Kept(socket=tmp_path / "s", snapshot=scenes.snapshot())) as proxy:
        assert isinstance(proxy, Kept)
        yield proxy


async def test_it_switches_with_a_persons_word(kept: Kept) -> None:
    desk = CaptureDesk(kept.socket)
    assert (await desk.on(60.0, "s")).on
    assert (kept.asked[0].for_s, kept.asked[0].session) == (60.0, "s")
    assert kept.seen[-1].headers["x-faregate-confirmed"] == "tty"
    assert not (await desk.off()).on


async def test_who_only_watches_switches_nothing(kept: Kept) -> None:
    desk = CaptureDesk(kept.socket, read_only=True)
    for work in (desk.on(None, None), desk.off()):
        with pytest.raises(ControlError, match="only watches"):
            await work
    assert not kept.asked
    assert not (await desk.status()).on


async def test_who_only_watches_reads_no_prompts(kept: Kept) -> None:
    with pytest.raises(ControlError, match="in a terminal"):
        await CaptureDesk(kept.socket, read_only=True).view("req-17")
    assert not kept.seen


async def test_parts_come_as_lines(kept: Kept) -> None:
    desk = CaptureDesk(kept.socket)
    view = await desk.view("req-17")
    source = sources(view, Part.RESPONSE)[0]
    lines = await desk.lines(view, Part.RESPONSE, source, fold=False, cells=20)
    assert lines[0] == "-- text"
    headers = await desk.lines(view, Part.HEADERS, None, fold=False, cells=200)
    assert "authorization: Bearer [redacted]" in headers
    nothing = await desk.lines(view, Part.RESPONSE, None, fold=False, cells=80)
    assert nothing == ["nothing came, so there is nothing to show"]
    with pytest.raises(ControlError, match="faregate capture on"):
        await desk.view("req-1")
