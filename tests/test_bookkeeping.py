"""Reading the cost log without a proxy: nothing there yet, and an older ledger."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import apsw
import pytest

from faregate.bookkeeping import Bookkeeping
from faregate.config.load import load
from faregate.config.paths import Paths, find_paths
from faregate.control.cost_log import Judge
from faregate.core.holds import LedgerError
from faregate.ledger.migrations import MIGRATIONS
from faregate.ledger.opening import Terms, open_folder
from tests.ledger.building import BOOT, NOW_MS, open_ledger


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "config.toml").write_text("")
    return find_paths({"FAREGATE_HOME": str(home)})


@pytest.fixture
def books(paths: Paths) -> Bookkeeping:
    return Bookkeeping(load(paths), paths)


def test_where_no_ledger_is_yet_there_is_nothing_and_none_is_made(
    books: Bookkeeping, paths: Paths
) -> None:
    assert books.requests(session=None, since_ms=0, limit=10) == []
    assert books.explain("req_1") is None
    assert books.sessions(limit=10).sessions == []
    assert books.report("model", since_ms=0).rows == []
    assert list(books.attempts(since_ms=0)) == []
    assert not load(paths).ledger_dir.exists()


def test_a_ledger_of_an_older_version_is_brought_up(
    books: Bookkeeping, paths: Paths
) -> None:
    folder = load(paths).ledger_dir
    folder.mkdir(mode=0o700, parents=True)
    terms = Terms(
        folder=folder,
        now_ms=NOW_MS,
        boot_id=BOOT,
        zone=UTC,
        migrations=MIGRATIONS[:2],
    )
    opened = open_folder(terms)
    opened.escrow.close()
    opened.close()
    assert books.report("model", since_ms=0).rows == []
    database = apsw.Connection(str(folder / "ledger.db"))
    assert database.pragma("user_version") == len(MIGRATIONS)
    database.close()


def test_a_judgement_of_nobody_is_an_error(books: Bookkeeping, paths: Paths) -> None:
    open_ledger(load(paths).ledger_dir).close()
    with pytest.raises(LedgerError, match="no session"):
        books.judge(Judge(session="nobody", outcome="accepted"))
