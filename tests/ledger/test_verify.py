"""Sums that do not equal their rows are found and named."""

from __future__ import annotations

from pathlib import Path

import pytest

from faregate.ledger.reports import Reports
from tests.ledger.building import ending, faults, hold, open_ledger, truth


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            "UPDATE budget_window SET spent = spent + 1 WHERE window = 'day'",
            "global day from 1794960000: spent is 100000000001, "
            "its rows sum to 100000000000",
        ),
        ("UPDATE budget_window SET unknown = 1 WHERE scope = 'session:s1'", "unknown"),
        ("UPDATE session SET cost = 7", "session s1: spent is 7"),
        ("UPDATE session SET attempts = attempts + 1", "session s1: attempts is 3"),
        ("UPDATE session SET retries = 9", "session s1: retries is 9"),
    ],
)
def test_each_wrong_sum_is_named(folder: Path, change: str, expected: str) -> None:
    ledger = open_ledger(folder)
    for number in range(3):
        hold(ledger, f"a{number}", "0.50")
    ledger.settle(truth("a0", "0.10"))
    ledger.mark_unknown(ending("a1"))
    assert faults(folder) == ()
    ledger._parts.connection.execute(change)
    reports = Reports.open(folder)
    (found,) = reports.discrepancies()
    reports.close()
    ledger.close()
    with pytest.raises(AssertionError, match=expected):
        raise AssertionError(found)
