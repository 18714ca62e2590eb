from __future__ import annotations

from pathlib import Path

import pytest

from faregate.tui.attach import run


def test_without_themes_it_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path / "s", themes_dir=tmp_path / "none") == 1
    assert "no theme can be read" in capsys.readouterr().err
