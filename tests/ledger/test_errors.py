"""Errors say what happened and whether trying again may help."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from faregate.core.holds import LedgerError
from faregate.ledger.errors import (
    LedgerDamagedError,
    LedgerWriteError,
    damaged,
    fault,
    translated,
)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (apsw.FullError("x"), "the disk is full"),
        (apsw.BusyError("x"), "keeps the ledger locked"),
        (apsw.LockedError("x"), "keeps the ledger locked"),
        (apsw.ReadOnlyError("x"), "cannot be written"),
        (apsw.CorruptError("x"), "is corrupt"),
        (apsw.NotADBError("x"), "is corrupt"),
        (apsw.CantOpenError("x"), "cannot be opened"),
        (apsw.IOError("x"), "reading or writing"),
        (apsw.NoMemError("x"), "NoMemError"),
    ],
)
def test_what_may_work_later(error: apsw.Error, words: str) -> None:
    found = fault("Settling a hold", error)
    assert isinstance(found, LedgerWriteError)
    assert str(found).startswith("Settling a hold failed: ")
    assert words in str(found)


@pytest.mark.parametrize(
    "error", [apsw.ConstraintError("x"), apsw.TooBigError("x"), OverflowError("x")]
)
def test_what_never_will(error: Exception) -> None:
    found = fault("Settling a hold", error)
    assert not isinstance(found, LedgerWriteError)
    assert "rule of the ledger" in str(found)


def test_damage_comes_with_the_way_back() -> None:
    found = damaged(Path("/data/ledger"), "It is lost")
    assert isinstance(found, LedgerDamagedError)
    for words in ("It is lost. Nothing was changed", "/data/ledger", ".recover"):
        assert words in str(found)


def test_errors_of_sqlite_are_translated_and_others_left() -> None:
    with pytest.raises(LedgerError, match="Reading failed"), translated("Reading"):
        raise apsw.IOError("x")
    with pytest.raises(KeyError), translated("Reading"):
        raise KeyError
