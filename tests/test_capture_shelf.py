"""Captures without a proxy: read where they lie."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from faregate.capture_shelf import CaptureShelf
from faregate.captures.folder import Folder, Keep
from faregate.config.paths import find_paths
from faregate.control.errors import ControlError
from tests.captures.building import captured


@pytest.fixture
def shelf(tmp_path: Path) -> CaptureShelf:
    paths = find_paths({"FAREGATE_HOME": str(tmp_path)})
    paths.captures.mkdir(parents=True)
    keep = Keep(size=1 << 20, age_s=1e12)
    folder = Folder(paths.captures, keep, now_s=lambda: 1.0, free=lambda _path: 1 << 40)
    folder.write(captured(size=20))
    return CaptureShelf(paths)


def test_what_lies_there_is_read_and_deleted(shelf: CaptureShelf) -> None:
    assert [each.request for each in shelf.heads(5)] == ["req_1"]
    assert shelf.read("req_1").body.length == 20
    assert len(shelf.body("req_1", "answer", 1)) == 20
    with pytest.raises(ControlError) as caught:
        shelf.body("req_1", "answer", 2)
    assert caught.value.code == "no_such_part"
    assert shelf.clear(None) == 1
    with pytest.raises(ControlError) as caught:
        shelf.read("req_1")
    assert caught.value.code == "not_captured"


def test_a_damaged_file_is_told_as_that(shelf: CaptureShelf, tmp_path: Path) -> None:
    path = find_paths({"FAREGATE_HOME": str(tmp_path)}).captures / "req_1.capture"
    path.write_bytes(b"rubbish")
    with pytest.raises(ControlError) as caught:
        shelf.read("req_1")
    assert caught.value.code == "damaged"


def test_clearing_leaves_no_damaged_file_either(
    shelf: CaptureShelf, tmp_path: Path
) -> None:
    folder = find_paths({"FAREGATE_HOME": str(tmp_path)}).captures
    (folder / "req_2.capture").write_bytes(b"half of a")
    assert shelf.clear(None) == 2
    assert list(folder.iterdir()) == []


def test_a_folder_that_is_none_is_told_as_that(
    shelf: CaptureShelf, tmp_path: Path
) -> None:
    folder = find_paths({"FAREGATE_HOME": str(tmp_path)}).captures
    shutil.rmtree(folder)
    folder.write_bytes(b"")
    calls: tuple[Callable[[], object], ...] = (
        lambda: shelf.heads(5),
        lambda: shelf.read("req_1"),
        lambda: shelf.body("req_1", "answer", 1),
        lambda: shelf.clear("req_1"),
        lambda: shelf.clear(None),
    )
    for call in calls:
        with pytest.raises(ControlError) as caught:
            call()
        assert caught.value.code == "unreadable"
        assert "Not a directory" in caught.value.message


def test_a_folder_in_the_place_of_a_capture(
    shelf: CaptureShelf, tmp_path: Path
) -> None:
    folder = find_paths({"FAREGATE_HOME": str(tmp_path)}).captures
    (folder / "req_2.capture").mkdir()
    assert [each.request for each in shelf.heads(5)] == ["req_1"]
    with pytest.raises(ControlError) as caught:
        shelf.read("req_2")
    assert caught.value.code == "not_captured"
    with pytest.raises(ControlError) as caught:
        shelf.clear("req_2")
    assert caught.value.code == "unreadable"
    assert shelf.clear(None) == 1
