"""What is kept on disk, how, and for how long."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from faregate.captures.document import CaptureFileError
from faregate.captures.folder import (
    RESERVE,
    Folder,
    Keep,
    NoRoomError,
    heads,
    read,
    read_head_of,
    remove,
)
from tests.captures.building import captured

MUCH = Keep(size=10_000_000, age_s=1000.0)


class Clock:
    def __init__(self) -> None:
        self.now = 2_000_000_000.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


def folder(path: Path, keep: Keep = MUCH, free: int = 2 * RESERVE) -> Folder:
    return Folder(path, keep, now_s=Clock(), free=lambda _path: free)


def names(path: Path) -> set[str]:
    return {each.name.removesuffix(".capture") for each in path.iterdir()}


def test_a_request_is_written_for_its_owner_alone(tmp_path: Path) -> None:
    folder(tmp_path).write(captured())
    (file,) = tmp_path.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert read(tmp_path, "req_1") == captured()
    head = read_head_of(tmp_path, "req_1")
    assert head is not None
    assert head.session == "s"


def test_what_is_not_there_is_none(tmp_path: Path) -> None:
    for name in ("req_2", "../req_1", "", "a/b", ".", "x" * 200):
        assert read(tmp_path, name) is None
        assert read_head_of(tmp_path, name) is None
        assert not remove(tmp_path, name)
    assert heads(tmp_path / "none", 10) == []


def test_the_oldest_go_when_it_is_too_much(tmp_path: Path) -> None:
    kept = folder(tmp_path, Keep(size=10_000, age_s=1e9))
    for number in range(30):
        kept.write(captured(f"req_{number}", size=1000))
    left = names(tmp_path)
    assert 0 < len(left) < 30
    newest = [f"req_{30 - n}" for n in range(1, len(left) + 1)]
    assert left == set(newest)
    on_disk = sum(each.stat().st_size for each in tmp_path.iterdir())
    assert on_disk == kept.size <= 10_000


def test_the_oldest_go_when_they_are_too_many(tmp_path: Path) -> None:
    kept = folder(tmp_path, Keep(size=10_000_000, age_s=1e9, files=3))
    for number in range(5):
        kept.write(captured(f"req_{number}"))
    assert names(tmp_path) == {"req_2", "req_3", "req_4"}
    assert kept.count == 3


def test_what_is_too_old_goes_also_after_a_restart(tmp_path: Path) -> None:
    folder(tmp_path).write(captured("req_old"))
    old = next(tmp_path.iterdir())
    os.utime(old, (2_000_000_000, 2_000_000_000))
    later = Clock()
    later.now += 5000
    again = Folder(tmp_path, MUCH, now_s=later)
    assert again.prune() == 1
    assert not list(tmp_path.iterdir())


def test_a_restart_counts_what_is_there(tmp_path: Path) -> None:
    first = folder(tmp_path)
    first.write(captured("req_1", size=1000))
    second = folder(tmp_path, Keep(size=first.size + 10, age_s=1e9))
    second.write(captured("req_2", size=1000))
    assert names(tmp_path) == {"req_2"}


def test_a_request_larger_than_everything_is_refused(tmp_path: Path) -> None:
    kept = folder(tmp_path, Keep(size=500, age_s=1e9))
    with pytest.raises(NoRoomError):
        kept.write(captured(size=5000))
    assert not list(tmp_path.iterdir())


def test_the_disk_keeps_room_for_the_ledger(tmp_path: Path) -> None:
    with pytest.raises(NoRoomError, match="disk"):
        folder(tmp_path, free=RESERVE).write(captured())
    assert not list(tmp_path.iterdir())


def test_a_write_that_fails_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_self: Path, _target: Path) -> None:
        raise OSError(28, "No space left on device")

    kept = folder(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", full)
        with pytest.raises(OSError, match="No space"):
            kept.write(captured())
    assert not list(tmp_path.iterdir())
    kept.write(captured())
    assert names(tmp_path) == {"req_1"}


def test_a_link_is_neither_followed_nor_read(tmp_path: Path) -> None:
    secret = tmp_path / "elsewhere"
    secret.write_bytes(b"x")
    there = tmp_path / "folder"
    there.mkdir()
    (there / ".req_1.capture").symlink_to(secret)
    with pytest.raises(OSError, match=r".+"):
        folder(there).write(captured())
    assert secret.read_bytes() == b"x"
    (there / "req_9.capture").symlink_to(secret)
    with pytest.raises(OSError, match=r".+"):
        read(there, "req_9")
    assert heads(there, 10) == []


def test_the_newest_are_listed_first_without_the_damaged(tmp_path: Path) -> None:
    kept = folder(tmp_path)
    for number in range(3):
        kept.write(captured(f"req_{number}"))
        at = 2_000_000_000 + number
        os.utime(tmp_path / f"req_{number}.capture", (at, at))
    (tmp_path / "req_bad.capture").write_bytes(b"rubbish")
    assert [each.id for each in heads(tmp_path, 10)] == ["req_2", "req_1", "req_0"]
    assert len(heads(tmp_path, 2)) == 2
    with pytest.raises(CaptureFileError):
        read(tmp_path, "req_bad")


def test_all_and_one_are_deleted(tmp_path: Path) -> None:
    kept = folder(tmp_path)
    for number in range(3):
        kept.write(captured(f"req_{number}"))
    assert remove(tmp_path, "req_1")
    assert names(tmp_path) == {"req_0", "req_2"}
    assert kept.clear() == 2
    assert not list(tmp_path.iterdir())
    kept.write(captured("req_9"))
    assert kept.count == 1


def test_one_that_is_deleted_counts_no_more(tmp_path: Path) -> None:
    kept = folder(tmp_path)
    for number in range(3):
        kept.write(captured(f"req_{number}"))
    size = kept.size
    assert kept.remove("req_1")
    assert not kept.remove("req_1")
    assert (kept.count, kept.size) == (2, size // 3 * 2)
    # What somebody else deleted counts no more either.
    assert remove(tmp_path, "req_0")
    assert not kept.remove("req_0")
    assert (kept.count, kept.size) == (1, size // 3)


def test_a_pipe_and_a_folder_are_no_captures(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "req_1.capture")
    (tmp_path / "req_2.capture").mkdir()
    for name in ("req_1", "req_2"):
        assert read(tmp_path, name) is None
    assert heads(tmp_path, 10) == []
    assert folder(tmp_path).clear() == 0


def test_a_draft_that_a_dead_process_left_goes(tmp_path: Path) -> None:
    (tmp_path / ".req_1.capture").write_bytes(b"half")
    folder(tmp_path).prune()
    assert not list(tmp_path.iterdir())
