"""Every connection is set up the same way, and says so when one setting fails."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest

from faregate.core.holds import LedgerError
from faregate.ledger import connection as module
from faregate.ledger.connection import (
    Transaction,
    full_sync,
    open_reader,
    open_writer,
    require_sqlite,
    roll_back,
    select,
)
from faregate.ledger.files import create_file


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "x.db"
    create_file(made)
    return made


@pytest.mark.parametrize("opens", [open_writer, open_reader])
def test_opening_waits_for_whoever_restores_the_file(
    path: Path, opens: Callable[[Path], apsw.Connection]
) -> None:
    open_writer(path).close()
    other = apsw.Connection(str(path))
    other.pragma("locking_mode", "exclusive")
    other.execute("BEGIN EXCLUSIVE; CREATE TABLE t (n INTEGER) STRICT; COMMIT")
    ending = threading.Timer(0.3, other.close)
    ending.start()
    opened = opens(path)
    assert opened.pragma("busy_timeout") == 0
    assert select(opened, "SELECT n FROM t") == []
    opened.close()
    ending.join()


@pytest.fixture
def writer(path: Path) -> Any:
    opened = open_writer(path)
    opened.execute("CREATE TABLE t (n INTEGER) STRICT")
    yield opened
    opened.close()


SETTINGS = {
    "journal_mode": "wal",
    "synchronous": 1,
    "wal_autocheckpoint": 0,
    "busy_timeout": 0,
    "mmap_size": 0,
    "temp_store": 2,
    "trusted_schema": 0,
    "cell_size_check": 1,
    "page_size": module.PAGE_SIZE,
}


def test_the_writers_settings(writer: apsw.Connection) -> None:
    assert {name: writer.pragma(name) for name in SETTINGS} == SETTINGS


def test_macos_syncs_past_the_cache_of_the_drive(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    connection = open_writer(path)
    assert connection.pragma("fullfsync") == 1
    assert connection.pragma("checkpoint_fullfsync") == 1
    connection.close()


def test_a_setting_that_does_not_take_is_an_error(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_NORMAL", 7)
    with pytest.raises(LedgerError, match="did not take synchronous = 7"):
        open_writer(path)


def test_a_reader_cannot_write(path: Path, writer: apsw.Connection) -> None:
    reader = open_reader(path)
    with pytest.raises(apsw.ReadOnlyError):
        reader.execute("INSERT INTO t VALUES (1)")
    assert select(reader, "SELECT * FROM t") == []
    reader.close()


def test_symlinks_are_not_followed(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(path)
    for opening in (open_writer, open_reader):
        with pytest.raises(LedgerError, match="cannot be opened"):
            opening(link)


def test_a_missing_file_is_not_created(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="cannot be opened"):
        open_writer(tmp_path / "none.db")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("version", "good"), [("3.51.2", False), ("3.51.3", True), ("3.54.1", True)]
)
def test_an_old_sqlite_is_refused(
    monkeypatch: pytest.MonkeyPatch, version: str, good: bool
) -> None:
    monkeypatch.setattr(apsw, "sqlite_lib_version", lambda: version)
    if good:
        require_sqlite()
    else:
        with pytest.raises(LedgerError, match="install apsw"):
            require_sqlite()


class TestFullSync:
    def test_lasts_as_long_as_the_block(self, writer: apsw.Connection) -> None:
        with full_sync(writer):
            assert writer.pragma("synchronous") == 2
        assert writer.pragma("synchronous") == 1

    def test_ends_on_an_error_too(self, writer: apsw.Connection) -> None:
        with pytest.raises(KeyError), full_sync(writer):
            raise KeyError
        assert writer.pragma("synchronous") == 1


class TestTransaction:
    def test_commits(self, writer: apsw.Connection) -> None:
        with Transaction(writer, "Doing it"):
            writer.execute("INSERT INTO t VALUES (1)")
        assert select(writer, "SELECT n FROM t") == [(1,)]

    @pytest.mark.parametrize(
        ("error", "expected"),
        [(apsw.FullError("full"), LedgerError), (OverflowError(), LedgerError),
         (KeyError("x"), KeyError)],
    )  # fmt: skip
    def test_rolls_back_and_says_what_it_did(
        self,
        writer: apsw.Connection,
        error: Exception,
        expected: type[Exception],
    ) -> None:
        failed: list[bool] = []
        doing = Transaction(writer, "Doing it", lambda: failed.append(True))

        def insert_and_fail() -> None:
            with doing:
                writer.execute("INSERT INTO t VALUES (1)")
                raise error

        with pytest.raises(expected):
            insert_and_fail()
        assert failed == [True]
        assert not writer.in_transaction
        assert select(writer, "SELECT n FROM t") == []

    def test_a_locked_database_fails_at_once(
        self, path: Path, writer: apsw.Connection
    ) -> None:
        other = apsw.Connection(str(path))
        other.execute("BEGIN IMMEDIATE")
        doing = Transaction(writer, "Doing it")
        with pytest.raises(LedgerError, match="keeps the ledger locked"), doing:
            raise AssertionError("never begun")
        other.execute("ROLLBACK")
        other.close()

    def test_a_transaction_that_sqlite_ended_itself_is_over(
        self, writer: apsw.Connection
    ) -> None:
        roll_back(writer)
        assert not writer.in_transaction
