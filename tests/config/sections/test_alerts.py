"""[alerts]: a command, a webhook, and what neither may be."""

from __future__ import annotations

from pathlib import Path

import pytest

from faregate.config.load import load
from faregate.config.paths import find_paths
from faregate.config.problems import ConfigError
from faregate.config.settings import AlertSettings


def read(home: Path, text: str) -> AlertSettings:
    home.chmod(0o700)
    (home / "config.toml").write_text(f"[alerts]\n{text}\n")
    return load(find_paths({"FAREGATE_HOME": str(home)})).alerts


def test_nothing_is_chosen_by_default(tmp_path: Path) -> None:
    assert read(tmp_path, "") == AlertSettings()


def test_both_are_read(tmp_path: Path) -> None:
    text = 'command = ["notify-send", "Faregate"]\nwebhook = "https://h/x?key=s"'
    assert read(tmp_path, text) == AlertSettings(
        command=("notify-send", "Faregate"), webhook="https://h/x?key=s"
    )
    local = read(tmp_path, 'webhook = "http://127.0.0.1:9/x"')
    assert local.webhook == "http://127.0.0.1:9/x"


@pytest.mark.parametrize(
    "text",
    [
        'webhook = "http://example.org/x"',
        'webhook = "ftp://127.0.0.1/x"',
        'webhook = "https://h/x?secret=a b"',
        'webhook = "https://user:pass@h/x"',
        "webhook = 5",
        'command = "notify-send"',
        "command = []",
        'url = "https://h"',
    ],
)
def test_what_is_wrong_is_refused_and_no_secret_shown(
    tmp_path: Path, text: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    assert "secret=" not in str(caught.value)
