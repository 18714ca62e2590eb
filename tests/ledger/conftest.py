"""Fixtures of the ledger's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from faregate.ledger.ledger import Ledger
from faregate.ledger.reports import Reports
from tests.ledger.building import open_ledger


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a ledger may be; nothing is there yet."""
    return tmp_path / "ledger"


@pytest.fixture
def ledger(folder: Path) -> Iterator[Ledger]:
    """An open, empty ledger, whose sums must equal its rows when the test ends."""
    opened = open_ledger(folder)
    yield opened
    reports = Reports.open(folder)
    try:
        assert reports.discrepancies() == ()
    finally:
        reports.close()
        opened.close()


@pytest.fixture
def reports(ledger: Ledger, folder: Path) -> Iterator[Reports]:
    """A reader beside the open ledger."""
    opened = Reports.open(folder)
    yield opened
    opened.close()
