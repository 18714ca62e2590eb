"""Opening checks before it repairs, and never replaces a lost ledger in silence."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from faregate.core.holds import LedgerError
from faregate.ledger import files
from faregate.ledger import ledger as module
from faregate.ledger.errors import LedgerDamagedError
from tests.ledger.building import (
    hold,
    killed,
    month,
    open_ledger,
    sums,
    truth,
)

OPEN_FILES = Path("/proc/self/fd")


@pytest.fixture
def used(folder: Path) -> Path:
    ledger = open_ledger(folder)
    hold(ledger)
    ledger.settle(truth())
    ledger.close()
    return folder


def test_a_new_ledger_is_made_with_its_folders(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b" / "ledger"
    open_ledger(deep).close()
    assert stat.S_IMODE(deep.stat().st_mode) == 0o700


@pytest.mark.parametrize("how", ["removed", "emptied"])
def test_a_lost_ledger_is_not_replaced_by_an_empty_one(used: Path, how: str) -> None:
    path = used / files.DATABASE
    path.unlink() if how == "removed" else path.write_bytes(b"")
    for _ in range(2):
        with pytest.raises(
            LedgerDamagedError, match=r"is lost.*forgets what was spent"
        ):
            open_ledger(used)
    assert not path.exists() or path.stat().st_size == 0
    ledger = open_ledger(used, accept_reset=True)
    assert sums(ledger, month()) == ("0", "0", "0")
    assert ledger.lost is None
    ledger.close()
    open_ledger(used).close()


def test_accepting_a_reset_does_not_reset_a_ledger_that_is_there(used: Path) -> None:
    ledger = open_ledger(used, accept_reset=True)
    assert sums(ledger, month()) == ("0.1", "0", "0")
    ledger.close()


def test_a_start_that_died_before_the_first_record_may_begin_again(
    folder: Path,
) -> None:
    folder.mkdir(mode=0o700)
    os.close(files.open_file(folder / files.ESCROW))
    ledger = open_ledger(folder)
    hold(ledger)
    ledger.close()


def test_files_of_two_ledgers_are_not_mixed(used: Path, tmp_path: Path) -> None:
    other = open_ledger(tmp_path / "other")
    hold(other)
    other.close()
    (tmp_path / "other" / files.ESCROW).rename(used / files.ESCROW)
    with pytest.raises(LedgerDamagedError, match="two different ledgers"):
        open_ledger(used)


def test_a_stale_shared_memory_file_does_no_harm(folder: Path) -> None:
    ledger = open_ledger(folder)
    hold(ledger)
    copy = killed(folder)
    ledger.close()
    shm = copy / f"{files.DATABASE}-shm"
    shm.write_bytes(b"\x55" * shm.stat().st_size)
    again = open_ledger(copy)
    assert sums(again, month()) == ("0", "0", "0.5")
    again.close()


def test_a_missing_wal_is_made_up_for(folder: Path) -> None:
    ledger = open_ledger(folder)
    ledger.close()
    ledger = open_ledger(folder)
    hold(ledger, "a1", "0.50")
    hold(ledger, "a2", "0.80")
    copy = killed(folder)
    ledger.close()
    (copy / f"{files.DATABASE}-wal").unlink()
    (copy / f"{files.DATABASE}-shm").unlink()
    again = open_ledger(copy)
    unknown = sums(again, month())[2]
    assert again.lost is not None
    assert float(unknown) >= 1.30
    again.close()


def test_a_read_only_file_is_refused(ordinary_user: Path) -> None:
    folder = ordinary_user / "ledger"
    open_ledger(folder).close()
    (folder / files.DATABASE).chmod(0o400)
    with pytest.raises(LedgerError, match="read-only"):
        open_ledger(folder)


def test_a_read_only_folder_is_refused(ordinary_user: Path) -> None:
    folder = ordinary_user / "ledger"
    open_ledger(folder).close()
    folder.chmod(0o500)
    with pytest.raises(LedgerError, match=r"cannot|unable"):
        open_ledger(folder)
    folder.chmod(0o700)


@pytest.mark.skipif(not OPEN_FILES.exists(), reason="no list of open files here")
def test_everything_is_closed_again_when_opening_fails(used: Path) -> None:
    before = len(list(OPEN_FILES.iterdir()))
    (used / files.DATABASE).rename(used / "away")
    with pytest.raises(LedgerError):
        open_ledger(used)
    (used / "away").rename(used / files.DATABASE)
    (used / files.SPILL).chmod(0o644)
    with pytest.raises(LedgerError):
        open_ledger(used)
    assert len(list(OPEN_FILES.iterdir())) == before


@pytest.mark.parametrize("error", [LedgerError("broken"), OSError("broken")])
def test_a_helper_that_cannot_begin_leaves_nothing_open(
    used: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(_path: Path) -> None:
        raise error

    monkeypatch.setattr(module, "open_writer", fail)
    with pytest.raises(LedgerError, match="broken"):
        open_ledger(used)
    monkeypatch.undo()
    open_ledger(used).close()
