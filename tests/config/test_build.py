from __future__ import annotations

import shutil
from pathlib import Path

import faregate
from faregate.config.build import build, build_of


def code(folder: Path) -> Path:
    (folder / "core").mkdir(parents=True)
    (folder / "a.py").write_text("one = 1\n")
    (folder / "core" / "b.py").write_text("two = 2\n")
    return folder


def test_equal_code_has_one_name_wherever_it_lies(tmp_path: Path) -> None:
    assert build_of(code(tmp_path / "x")) == build_of(code(tmp_path / "y"))
    assert build() == build_of(Path(faregate.__file__).parent)


def test_other_code_has_another(tmp_path: Path) -> None:
    names = {build_of(code(tmp_path / "as it was"))}
    edited = code(tmp_path / "edited")
    (edited / "a.py").write_text("one = 11\n")
    added = code(tmp_path / "added")
    (added / "core" / "c.py").write_text("")
    moved = code(tmp_path / "moved")
    shutil.move(moved / "core" / "b.py", moved / "b.py")
    for folder in (edited, added, moved):
        names.add(build_of(folder))
    assert len(names) == 4


def test_what_running_leaves_behind_does_not_count(tmp_path: Path) -> None:
    folder = code(tmp_path / "x")
    before = build_of(folder)
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "a.py").write_text("")
    (folder / "notes.txt").write_text("")
    assert build_of(folder) == before
