from __future__ import annotations

import os
from pathlib import Path

import pytest

from faregate.tui.theme_shelf import ThemeShelf
from faregate.tui.themes import ThemeError
from tests.tui.drawing import THEMES_DIR

OURS = (THEMES_DIR / "ledger.toml").read_text(encoding="utf-8")


def write(path: Path, text: str, at: int) -> None:
    path.write_text(text, encoding="utf-8")
    os.utime(path, ns=(at, at))


def test_a_new_file_and_a_changed_one_are_taken_up(tmp_path: Path) -> None:
    shelf = ThemeShelf(THEMES_DIR, tmp_path)
    assert shelf.refresh() == ([], [])
    write(tmp_path / "mine.toml", OURS.replace('"ledger"', '"mine"'), 10**9)
    changed, problems = shelf.refresh()
    assert [theme.name for theme in changed] == ["mine"]
    assert problems == []
    text = OURS.replace('"ledger"', '"mine"').replace("#14171c", "#000011")
    write(tmp_path / "mine.toml", text, 2 * 10**9)
    changed, _ = shelf.refresh()
    assert changed[0].colors["background"] == "#000011"
    assert shelf.themes["mine"] is changed[0]
    assert shelf.refresh() == ([], [])


def test_a_broken_file_is_told_once_and_the_theme_stays(tmp_path: Path) -> None:
    write(tmp_path / "mine.toml", OURS.replace('"ledger"', '"mine"'), 10**9)
    shelf = ThemeShelf(THEMES_DIR, tmp_path)
    write(tmp_path / "mine.toml", "name = 3", 2 * 10**9)
    changed, problems = shelf.refresh()
    assert changed == []
    assert problems == ["mine.toml: name must be letters, digits, - or _"]
    assert "mine" in shelf.themes
    assert shelf.refresh() == ([], [])


def test_a_file_that_goes_leaves_its_theme(tmp_path: Path) -> None:
    write(tmp_path / "mine.toml", OURS.replace('"ledger"', '"mine"'), 10**9)
    shelf = ThemeShelf(THEMES_DIR, tmp_path)
    (tmp_path / "mine.toml").unlink()
    assert shelf.refresh() == ([], [])
    assert "mine" in shelf.themes


def test_without_a_theme_there_is_no_shelf(tmp_path: Path) -> None:
    with pytest.raises(ThemeError, match="is the install complete"):
        ThemeShelf(tmp_path, None)
