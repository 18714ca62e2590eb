"""No file grows past one sitting's reading."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.architecture.tree import ROOT, SOURCE, TESTS

if TYPE_CHECKING:
    from pathlib import Path

LIMIT = 400
FILES = sorted(
    [*SOURCE.rglob("*.py"), *TESTS.rglob("*.py"), *(ROOT / "scripts").rglob("*.py")]
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_file_stays_below_the_limit(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines < LIMIT, f"{lines} lines: split it by what its parts own"
