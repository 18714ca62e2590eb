"""From an empty file or an older schema to the newest; a newer one is left alone."""

from __future__ import annotations

import hashlib
from datetime import UTC
from pathlib import Path

import apsw
import pytest

from faregate.core.holds import LedgerError
from faregate.ledger import files
from faregate.ledger.connection import APPLICATION_ID, open_reader, select
from faregate.ledger.errors import LedgerDamagedError
from faregate.ledger.migrations import MIGRATIONS, Migration
from faregate.ledger.opening import Terms, open_folder
from tests.ledger.building import (
    BOOT,
    NOW_MS,
    faults,
    hold,
    killed,
    month,
    open_ledger,
    sums,
    truth,
)

LAST = len(MIGRATIONS)
ADDED = (
    "ALTER TABLE session ADD COLUMN mood TEXT",
    "CREATE TABLE extra (n INTEGER) STRICT",
)


def next_version(connection: apsw.Connection) -> None:
    for statement in ADDED:
        connection.execute(statement)


def failing_version(connection: apsw.Connection) -> None:
    next_version(connection)
    connection.execute("CREATE TABLE extra (n INTEGER) STRICT")


def migrate(folder: Path, *migrations: Migration) -> None:
    opened = open_folder(
        Terms(
            folder=folder,
            now_ms=NOW_MS,
            boot_id=BOOT,
            zone=UTC,
            migrations=migrations,
        )
    )
    opened.escrow.close()
    opened.close()


def version(path: Path) -> int:
    reader = open_reader(path)
    found = reader.pragma("user_version")
    reader.close()
    assert isinstance(found, int)
    return found


@pytest.fixture
def first(folder: Path) -> Path:
    """A ledger of the newest version with money in it."""
    ledger = open_ledger(folder)
    hold(ledger, "a1")
    ledger.settle(truth("a1"))
    ledger.close()
    return folder


def test_an_empty_folder_gets_the_newest_version(folder: Path) -> None:
    open_ledger(folder).close()
    assert version(folder / files.DATABASE) == len(MIGRATIONS)
    reader = open_reader(folder / files.DATABASE)
    assert reader.pragma("application_id") == APPLICATION_ID
    reader.close()
    assert list(folder.glob("*.backup")) == []


def test_an_empty_file_is_taken_for_a_new_ledger(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    files.create_file(folder / files.DATABASE)
    ledger = open_ledger(folder)
    hold(ledger)
    ledger.close()


def test_an_older_ledger_is_copied_and_brought_up(first: Path) -> None:
    migrate(first, *MIGRATIONS, next_version)
    assert version(first / files.DATABASE) == LAST + 1
    backup = first / f"{files.DATABASE}.v{LAST}.backup"
    assert version(backup) == LAST
    assert backup.stat().st_mode & 0o777 == 0o600
    reader = open_reader(backup)
    assert select(reader, "SELECT attempt, state FROM attempt") == [("a1", "settled")]
    reader.close()
    migrate(first, *MIGRATIONS, next_version)


def test_a_ledger_of_the_first_version_keeps_its_money(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    migrate(folder, MIGRATIONS[0])
    assert version(folder / files.DATABASE) == 1
    ledger = open_ledger(folder)
    hold(ledger, "a1")
    ledger.settle(truth("a1"))
    assert sums(ledger, month()) == ("0.1", "0", "0")
    ledger.close()
    assert version(folder / files.DATABASE) == LAST
    assert version(folder / f"{files.DATABASE}.v1.backup") == 1


def test_a_failed_migration_changes_nothing(first: Path) -> None:
    with pytest.raises(
        LedgerError, match=f"Migrating the ledger to version {LAST + 1} failed"
    ):
        migrate(first, *MIGRATIONS, failing_version)
    assert version(first / files.DATABASE) == LAST
    ledger = open_ledger(first)
    assert sums(ledger, month()) == ("0.1", "0", "0")
    ledger.close()
    migrate(first, *MIGRATIONS, next_version)
    assert version(first / files.DATABASE) == LAST + 1


def test_a_migration_that_is_killed_begins_again(first: Path, tmp_path: Path) -> None:
    copies: list[Path] = []

    def killed_version(connection: apsw.Connection) -> None:
        connection.execute(ADDED[0])
        copies.append(killed(first))
        connection.execute(ADDED[1])

    migrate(first, *MIGRATIONS, killed_version)
    (copy,) = copies
    assert version(copy / files.DATABASE) == LAST
    migrate(copy, *MIGRATIONS, next_version)
    assert version(copy / files.DATABASE) == LAST + 1


def test_a_newer_ledger_is_refused_without_a_write(first: Path) -> None:
    migrate(first, *MIGRATIONS, next_version)
    path = first / files.DATABASE
    before = hashlib.sha256(path.read_bytes()).digest()
    with pytest.raises(LedgerError, match="made by a newer Faregate"):
        open_ledger(first)
    assert hashlib.sha256(path.read_bytes()).digest() == before
    assert (path.stat().st_mode & 0o777) == 0o600


@pytest.mark.parametrize("used", [True, False])
def test_a_database_of_something_else_is_refused(folder: Path, used: bool) -> None:
    folder.mkdir(mode=0o700)
    path = folder / files.DATABASE
    files.create_file(path)
    other = apsw.Connection(str(path))
    other.execute("CREATE TABLE mine (x)")
    if used:
        other.pragma("user_version", 1)
    other.close()
    with pytest.raises(LedgerDamagedError, match="not a ledger of Faregate"):
        open_ledger(folder)


def test_nonsense_is_refused_with_the_steps_to_restore(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    path = folder / files.DATABASE
    files.create_file(path)
    path.write_bytes(b"this is no database at all" * 300)
    with pytest.raises(LedgerDamagedError, match=r"corrupt.*\.recover"):
        open_ledger(folder)
    assert path.read_bytes().startswith(b"this is no database")


def test_a_damaged_schema_is_refused_with_the_steps_to_restore(first: Path) -> None:
    path = first / files.DATABASE
    content = bytearray(path.read_bytes())
    content[100:2048] = b"\x77" * 1948
    path.write_bytes(bytes(content))
    with pytest.raises(LedgerDamagedError, match=r"corrupt.*\.recover"):
        open_ledger(first)


def test_without_a_copy_nothing_is_migrated(first: Path) -> None:
    (first / f"{files.DATABASE}.v{LAST}.backup").mkdir()
    with pytest.raises(LedgerError, match="not a regular file"):
        migrate(first, *MIGRATIONS, next_version)
    assert version(first / files.DATABASE) == LAST


def test_the_copy_of_a_killed_run_is_replaced(first: Path) -> None:
    backup = first / f"{files.DATABASE}.v{LAST}.backup"
    files.create_file(backup)
    backup.write_bytes(b"half a copy")
    migrate(first, *MIGRATIONS, next_version)
    assert version(backup) == LAST


def test_what_an_older_version_held_in_its_windows_is_in_its_rows(
    folder: Path,
) -> None:
    ledger = open_ledger(folder)
    hold(ledger, "a1", "0.50")
    hold(ledger, "a2", "0.25")
    ledger.settle(truth("a2", "0.10"))
    copy = killed(folder)
    ledger.close()
    older = apsw.Connection(str(copy / files.DATABASE))
    older.execute(
        "ALTER TABLE budget_window ADD COLUMN held INTEGER NOT NULL DEFAULT 0"
    )
    older.execute("UPDATE budget_window SET held = 500000000000")
    older.pragma("user_version", 6)
    older.close()
    again = open_ledger(copy)
    assert version(copy / files.DATABASE) == LAST
    assert again.swept == ("a1",)
    assert sums(again, month()) == ("0.1", "0", "0.5")
    again.close()
    assert faults(copy) == ()
