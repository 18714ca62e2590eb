"""Captures reach the disk away from the loop; a disk that fails costs them alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from faregate.captures.folder import Folder, Keep, read
from faregate.captures.writer import Writer
from faregate.core.captured import CapturedRequest
from tests.captures.building import body, captured

SECRET = "sk-proj-aaaaaaaaaaaaaaaaaaaaaa"


class SlowFolder(Folder):
    """A folder whose disk can be full, or hang."""

    full = False
    broken = False

    def __init__(self, path: Path) -> None:
        super().__init__(
            path,
            Keep(size=1 << 24, age_s=1e9),
            now_s=lambda: 1.0,
            free=lambda _path: 1 << 40,
        )
        self.moves = threading.Event()
        self.moves.set()
        self.begun = threading.Event()

    def write(self, request: CapturedRequest) -> None:
        self.begun.set()
        self.moves.wait(10)
        if self.full:
            raise OSError(28, "No space left on device")
        if self.broken:
            raise ValueError("a fault")
        super().write(request)


@pytest.fixture
def folder(tmp_path: Path) -> SlowFolder:
    return SlowFolder(tmp_path)


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def writer(folder: SlowFolder, told: list[str]) -> Iterator[Writer]:
    writer = Writer(folder, lambda: [SECRET], trouble=told.append)
    yield writer
    folder.moves.set()
    writer.close(10)


def test_what_is_kept_is_on_the_disk_without_secrets(
    writer: Writer, tmp_path: Path
) -> None:
    writer.keep(captured(body=body(f"it is {SECRET}".encode())))
    writer.close(10)
    found = read(tmp_path, "req_1")
    assert found is not None
    assert SECRET.encode() not in found.body.data
    assert found.attempts[0].headers == (("authorization", "Bearer [redacted]"),)
    assert (writer.tally.written, writer.tally.dropped) == (1, 0)


def test_a_full_disk_is_told_once_until_it_works_again(
    writer: Writer, folder: SlowFolder, told: list[str], tmp_path: Path
) -> None:
    folder.full = True
    for number in range(5):
        writer.keep(captured(f"req_{number}"))

    def recovers() -> None:
        folder.full = False

    writer.do(recovers)
    writer.keep(captured("req_9"))
    writer.close(10)
    assert told == ["No space left on device"]
    assert (writer.tally.written, writer.tally.dropped) == (1, 5)
    assert writer.tally.trouble is None
    assert read(tmp_path, "req_9") is not None


def test_a_fault_ends_no_thread(
    writer: Writer, folder: SlowFolder, told: list[str]
) -> None:
    folder.broken = True
    writer.keep(captured("req_1"))

    def recovers() -> None:
        folder.broken = False

    writer.do(recovers)
    writer.keep(captured("req_2"))
    writer.close(10)
    assert len(told) == 1
    assert writer.tally.written == 1


def test_a_disk_that_hangs_fills_no_memory(folder: SlowFolder, told: list[str]) -> None:
    folder.moves.clear()
    writer = Writer(folder, list, trouble=told.append, most_waiting=20_000)
    for number in range(50):
        writer.keep(captured(f"req_{number}", size=1000))
    # What waits is bounded; nobody waited for the disk.
    assert writer.tally.dropped >= 45
    assert told == ["the disk does not keep up"]
    # It does not keep the process from ending either.
    writer.close(0.01)
    folder.moves.set()
    writer.close(10)
    assert writer.tally.written + writer.tally.dropped == 50


def test_a_writer_that_never_began_closes(folder: SlowFolder, told: list[str]) -> None:
    writer = Writer(folder, list, trouble=told.append)
    writer.close()
    assert told == []
    assert writer.tally.written + writer.tally.dropped == 0
    assert not folder.begun.is_set()
