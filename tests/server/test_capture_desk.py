"""The switch of capture: when it ends, what it says, and what a bad disk does."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from faregate.captures import folder as folders
from faregate.config.problems import ConfigError
from faregate.config.settings import CaptureSettings
from faregate.server.capture_desk import CaptureDesk
from tests.gateway.building import CountingLedger, FakeClock, open_ledger
from tests.gateway.gates import (
    DONE,
    FINISH,
    USAGE,
    FakeAnswer,
    SmallGate,
    ask,
    delta,
)

STREAM = [delta("hi"), FINISH, USAGE, DONE]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def ledger(tmp_path: Path, clock: FakeClock) -> Iterator[CountingLedger]:
    with open_ledger(tmp_path / "ledger", clock) as opened:
        yield opened


@pytest.fixture
def small(ledger: CountingLedger, clock: FakeClock) -> SmallGate:
    return SmallGate(ledger, clock)


def desk_of(small: SmallGate, path: Path, **settings: Any) -> CaptureDesk:
    return CaptureDesk(
        CaptureSettings(**settings),
        path,
        small.gate,
        secrets=lambda: ["sk-key-of-the-gate"],
        loop=asyncio.get_running_loop(),
    )


async def asked(small: SmallGate) -> None:
    """Serve one request, whatever becomes of its capture."""
    exchange, reply = small.exchange(ask())
    small.upstream.script = [FakeAnswer(parts=list(STREAM))]
    assert await exchange.run() is None
    assert b"".join(reply.written) == b"".join(STREAM)


def told(small: SmallGate) -> list[str]:
    return [e.text for e in small.gate.events.since(0) if e.kind == "capture"]


async def test_it_ends_by_itself(
    small: SmallGate, tmp_path: Path, clock: FakeClock
) -> None:
    desk = desk_of(small, tmp_path / "c")
    assert desk.words() == ""
    desk.on(for_s=90)
    assert desk.words() == "on for 2 min"
    assert desk.status().until is not None
    await asked(small)
    clock.pass_by(91)
    # It came before the end, but nothing goes to the disk after that.
    await asked(small)
    assert not desk.is_on
    assert small.gate.capture is None
    assert desk.words() == ""
    desk.close()
    assert len(desk.heads(10)) == 1
    assert "its time is over" in told(small)[-1]


async def test_words_name_whose_requests(small: SmallGate, tmp_path: Path) -> None:
    desk = desk_of(small, tmp_path / "c", workspaces=("web", "shop"))
    desk.on()
    assert desk.words() == "on for workspace web, shop"
    desk.on(session="s")
    assert desk.words() == "on for session s"
    assert desk.status().session == "s"
    desk.off()
    assert desk.status().session is None
    desk.close()


async def test_a_folder_that_is_open_to_others_is_refused(
    small: SmallGate, tmp_path: Path
) -> None:
    path = tmp_path / "c"
    path.mkdir(mode=0o755)
    path.chmod(0o755)
    desk = desk_of(small, path)
    with pytest.raises(ConfigError):
        desk.on()
    assert not desk.is_on
    # At a start it is said, and agents are served.
    configured = desk_of(small, path, enabled=True)
    assert "not captured" in configured.warning
    assert not configured.is_on
    await asked(small)


async def test_a_full_disk_disturbs_no_request_and_is_told_once(
    small: SmallGate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "RESERVE", 1 << 60)
    desk = desk_of(small, tmp_path / "c", enabled=True)
    for _ in range(4):
        await asked(small)
    desk.close()
    await asyncio.sleep(0)
    status = desk.status()
    assert (status.captures, status.dropped) == (0, 4)
    assert status.trouble is not None
    assert "disk" in status.trouble
    assert len([text for text in told(small) if "not captured" in text]) == 1
    assert list((tmp_path / "c").iterdir()) == []


async def test_what_grew_too_old_goes_at_the_start_though_it_is_off(
    small: SmallGate, tmp_path: Path, clock: FakeClock
) -> None:
    path = tmp_path / "c"
    first = desk_of(small, path, enabled=True)
    await asked(small)
    first.close()
    assert len(first.heads(10)) == 1
    (file,) = path.iterdir()
    old = clock.now_ms() / 1000 - 100
    os.utime(file, (old, old))
    desk = desk_of(small, path, max_age_s=60.0)
    desk.close()
    assert list(path.iterdir()) == []


async def test_one_that_is_deleted_counts_no_more(
    small: SmallGate, tmp_path: Path
) -> None:
    path = tmp_path / "c"
    desk = desk_of(small, path, enabled=True)
    for _ in range(2):
        await asked(small)
    # What waits is written before it.
    assert await desk.clear("req_none") == 0
    first, second = path.iterdir()
    both = desk.status()
    size = first.stat().st_size
    assert (both.captures, both.bytes) == (2, size + second.stat().st_size)
    assert [await desk.clear(first.stem) for _ in range(2)] == [1, 0]
    left = desk.status()
    assert (left.captures, left.bytes) == (1, both.bytes - size)
    desk.close()


async def test_what_cannot_be_deleted_is_told_at_once(
    small: SmallGate, tmp_path: Path
) -> None:
    path = tmp_path / "c"
    desk = desk_of(small, path, enabled=True)
    (path / "req_1.capture").mkdir()
    with pytest.raises(OSError, match=r".+"):
        await desk.clear("req_1")
    desk.close()
