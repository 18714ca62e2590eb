"""Fixtures of the script tests."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.scripts.price_wheels import Sources

if TYPE_CHECKING:
    from collections.abc import Iterator

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture(name="script")
def _script(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Import the script as it runs: with its own folder on the path."""
    monkeypatch.syspath_prepend(SCRIPTS)
    yield importlib.import_module("update_prices")
    for name in [n for n in sys.modules if n.startswith(("price_", "update_prices"))]:
        del sys.modules[name]


@pytest.fixture(name="sources")
def _sources(tmp_path: Path) -> Sources:
    return Sources(tmp_path)
