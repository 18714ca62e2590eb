"""[capture]: off unless it is asked for, and sizes with their unit."""

from __future__ import annotations

from pathlib import Path

import pytest

from faregate.config.load import load
from faregate.config.paths import find_paths
from faregate.config.problems import ConfigError
from faregate.config.settings import CaptureSettings


def read(home: Path, text: str) -> CaptureSettings:
    home.chmod(0o700)
    (home / "config.toml").write_text(f"[capture]\n{text}\n")
    return load(find_paths({"FAREGATE_HOME": str(home)})).capture


def test_it_is_off_by_default(tmp_path: Path) -> None:
    assert read(tmp_path, "") == CaptureSettings()
    assert not CaptureSettings().enabled


def test_all_of_it_is_read(tmp_path: Path) -> None:
    text = (
        'enabled = true\nworkspaces = ["web", "a.b"]\nmax_body = "500kB"\n'
        'max_size = "1.5 GB"\nmax_age = "36h"'
    )
    assert read(tmp_path, text) == CaptureSettings(
        enabled=True,
        workspaces=("web", "a.b"),
        max_body=500_000,
        max_size=1_500_000_000,
        max_age_s=36 * 3600.0,
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("enabled = 1", "neither true nor false"),
        ('workspaces = ["a b"]', "not a workspace's name"),
        ("max_body = 4000000", "has no unit"),
        ('max_body = "4 potatoes"', "not a size"),
        ('max_body = "1GB"', "out of range"),
        ('max_size = "1kB"', "out of range"),
        ('max_age = "7"', "not a duration"),
        ("on = true", "no setting"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        read(tmp_path, text)
    assert "capture." in str(caught.value)
