"""The ledger without a proxy: opened, used and closed again."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from faregate.config.load import load
from faregate.config.paths import find_paths
from faregate.config.settings import Settings
from faregate.core.holds import LedgerError
from faregate.offline import cost_answers, open_ledger, read_smoke, side_ledger
from faregate.server.clock import SystemClock


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    tmp_path.chmod(0o700)
    found = load(find_paths({"FAREGATE_HOME": str(tmp_path)}))
    return dataclasses.replace(found, ledger_dir=tmp_path / "ledger")


def test_without_a_ledger_there_is_nothing_to_read(settings: Settings) -> None:
    assert cost_answers(settings, SystemClock()) is None
    with pytest.raises(LedgerError):
        read_smoke(settings, None, limit=5)


def test_it_is_given_back(settings: Settings) -> None:
    with side_ledger(settings, SystemClock()):
        pass
    ledger = open_ledger(settings, SystemClock())
    try:
        assert read_smoke(settings, None, limit=5) == ()
        assert cost_answers(settings, SystemClock()) is not None
    finally:
        ledger.close()
