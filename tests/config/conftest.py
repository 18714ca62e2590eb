"""A home of its own for each test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from faregate.config.load import load
from faregate.config.paths import Paths, find_paths
from faregate.config.settings import Settings


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    return find_paths({"FAREGATE_HOME": str(home)})


@pytest.fixture
def configured(paths: Paths) -> Callable[[str], Settings]:
    """Load the settings of a configuration text."""

    def configure(text: str) -> Settings:
        paths.config.write_text(text, encoding="utf-8")
        return load(paths)

    return configure
