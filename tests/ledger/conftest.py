"""Fixtures of the ledger's tests."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from faregate.ledger.ledger import Ledger
from faregate.ledger.reports import Reports
from tests.ledger.building import open_ledger, truth
from tests.ledger.placing import hold

NOBODY = 65534


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
def known(ledger: Ledger) -> Ledger:
    """A ledger that knows the session, so that a hold needs a row alone."""
    hold(ledger, "a0", "0.10")
    ledger.settle(truth("a0", "0.10"))
    return ledger


@pytest.fixture
def reports(ledger: Ledger, folder: Path) -> Iterator[Reports]:
    """A reader beside the open ledger."""
    opened = Reports.open(folder)
    yield opened
    opened.close()


@pytest.fixture
def ordinary_user() -> Iterator[Path]:
    """A folder of a user for whom modes count: not root, even where tests are."""
    with tempfile.TemporaryDirectory() as name:
        if os.geteuid() != 0:
            yield Path(name)
            return
        os.chown(name, NOBODY, NOBODY)
        os.seteuid(NOBODY)
        try:
            yield Path(name)
        finally:
            os.seteuid(0)
