"""A hold is read back from its row as the process that made it remembers it."""

from __future__ import annotations

from pathlib import Path

import pytest

from faregate.ledger.connection import open_reader, select
from faregate.ledger.files import DATABASE
from faregate.ledger.open_hold import OpenHold, read_hold
from tests.ledger.building import day, hold, month, of_session, open_ledger, usd

_ROW = (
    "SELECT id, amount, windows, session, first_attempt, client_retry FROM attempt "
    "WHERE attempt = 'a1'"
)


def read(folder: Path) -> OpenHold:
    reader = open_reader(folder / DATABASE)
    try:
        ((row, amount, windows, session, first, again),) = select(reader, _ROW)
        return read_hold(
            reader, row, amount, windows, session, first=first, again=again
        )
    finally:
        reader.close()


def test_it_names_its_amount_and_all_its_windows(folder: Path) -> None:
    ledger = open_ledger(folder)
    hold(ledger, "a1", "0.10", budgets=(month(), day(), of_session()))
    found = read(folder)
    ledger.close()
    assert found.amount == usd("0.10").pico
    assert len(set(found.windows)) == 3
    assert found.first
    assert not found.client_retry


@pytest.mark.parametrize("first", [True, False])
def test_only_a_first_attempt_is_its_clients_retry(folder: Path, first: bool) -> None:
    ledger = open_ledger(folder)
    hold(ledger, "a1", "0.10", first_attempt=first, client_retry=True)
    found = read(folder)
    ledger.close()
    assert (found.first, found.client_retry) == (first, first)
