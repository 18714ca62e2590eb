"""The helper thread syncs, checkpoints and watches; without it nothing is admitted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import pytest

from faregate.core.holds import LedgerError
from faregate.ledger import durability as module
from faregate.ledger import files
from faregate.ledger.connection import open_writer
from faregate.ledger.durability import Durability
from faregate.ledger.escrow import Escrow, EscrowFile
from faregate.ledger.files import create_file
from faregate.ledger.ledger import Ledger
from faregate.ledger.reports import Reports
from tests.ledger.building import (
    asking,
    hold,
    killed,
    month,
    open_ledger,
    sums,
    truth,
)


def until(true: Callable[[], object]) -> bool:
    """Wait for the helper thread, at most five seconds."""
    for _ in range(500):
        if true():
            return True
        time.sleep(0.01)
    return False


@pytest.fixture
def quick(folder: Path) -> Iterator[Ledger]:
    """A ledger whose helper looks every few milliseconds."""
    opened = open_ledger(folder, interval_s=0.005)
    yield opened
    opened.close()


class TestWork:
    def test_commits_are_synced_soon_and_only_when_there_are_some(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        synced: list[int] = []
        real = files.sync_data

        def note(descriptor: int) -> None:
            synced.append(descriptor)
            real(descriptor)

        monkeypatch.setattr(files, "sync_data", note)
        ledger = open_ledger(folder, interval_s=0.005)
        wal = ledger._durability._wal
        hold(ledger)
        assert until(lambda: synced.count(wal) == 1)
        time.sleep(0.05)
        assert synced.count(wal) == 1
        ledger.settle(truth())
        assert until(lambda: synced.count(wal) == 2)
        ledger.close()

    def test_a_long_log_is_checkpointed_beside(
        self, quick: Ledger, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "CHECKPOINT_PAGES", 40)
        database = folder / files.DATABASE
        before = database.stat().st_size
        for number in range(80):
            hold(quick, f"a{number}", "0.01")
        assert until(lambda: database.stat().st_size > before)
        assert until(lambda: quick._durability._pages <= 40)

    def test_a_checkpointed_log_is_used_again(
        self, ledger: Ledger, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "CHECKPOINT_PAGES", 40)
        # The helper sleeps; its rounds are made here, one after each few holds.
        ledger._parts.escrow.on_low = None
        log = folder / f"{files.DATABASE}-wal"
        sizes = []
        for part in range(12):
            for number in range(20):
                hold(ledger, f"a{part}-{number}", "0.01")
            ledger._durability._round()
            sizes.append(log.stat().st_size)
        assert max(sizes) < 2 * sizes[0]

    def test_a_reader_in_the_way_is_no_problem(
        self, quick: Ledger, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "CHECKPOINT_PAGES", 10)
        reader = apsw.Connection(str(folder / files.DATABASE))
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM attempt").fetchall()
        for number in range(50):
            hold(quick, f"a{number}", "0.01")
        time.sleep(0.05)
        assert quick.paused is None
        reader.execute("COMMIT")
        reader.close()
        quick.close()

    def test_a_close_leaves_one_file_without_a_log(self, folder: Path) -> None:
        ledger = open_ledger(folder)
        hold(ledger)
        ledger.close()
        assert not (folder / f"{files.DATABASE}-wal").exists()

    def test_a_close_with_a_reader_open_still_empties_the_log(
        self, folder: Path
    ) -> None:
        ledger = open_ledger(folder)
        hold(ledger)
        reports = Reports.open(folder)
        assert len(reports.holds()) == 1
        ledger.close()
        assert (folder / f"{files.DATABASE}-wal").stat().st_size == 0
        reports.close()


def refuses(ledger: Ledger, match: str) -> None:
    assert until(lambda: ledger.paused)
    with pytest.raises(LedgerError, match=match):
        ledger.hold(asking("late"))


class TestWatch:
    def test_a_removed_file_stops_admission(self, quick: Ledger, folder: Path) -> None:
        hold(quick)
        (folder / files.DATABASE).unlink()
        refuses(quick, "removed or replaced")
        quick.close()
        with pytest.raises(LedgerError, match="is lost"):
            open_ledger(folder)

    def test_a_replaced_file_stops_admission(self, quick: Ledger, folder: Path) -> None:
        hold(quick)
        other = killed(folder) / files.DATABASE
        other.replace(folder / files.DATABASE)
        refuses(quick, "removed or replaced")
        quick.close()

    def test_a_removed_folder_stops_admission(
        self, quick: Ledger, folder: Path
    ) -> None:
        folder.rename(folder.with_name("gone"))
        refuses(quick, "removed or replaced")
        quick.close()

    @pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
    def test_a_helper_that_dies_stops_admission(self, quick: Ledger) -> None:
        hold(quick, "a1")

        def die(_connection: apsw.Connection) -> None:
            raise SystemExit

        quick._durability.add_chore(die)
        refuses(quick, "helper thread died")
        quick.settle(truth("a1"))
        assert sums(quick, month()) == ("0.1", "0", "0")
        quick.close()

    def test_a_disk_that_cannot_sync_stops_admission(
        self, quick: Ledger, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(_descriptor: int) -> None:
            raise OSError(5, "Input/output error")

        monkeypatch.setattr(files, "sync_data", fail)
        hold(quick)
        refuses(quick, "helper thread failed: .*Input/output error")
        quick.close()


class TestAlone:
    """The helper against a connection that fails as it is told."""

    @pytest.fixture
    def helper(self, tmp_path: Path) -> Durability:
        create_file(tmp_path / files.DATABASE)
        self.writer = open_writer(tmp_path / files.DATABASE)
        self.writer.execute("CREATE TABLE t (n INTEGER) STRICT")
        escrow = Escrow(EscrowFile.open(tmp_path), ledger="x", boot_id="b", placed=0)
        made = Durability(
            tmp_path, open_writer(tmp_path / files.DATABASE), escrow, interval_s=3600
        )
        self.writer.set_wal_hook(made.on_commit)
        return made

    @pytest.mark.parametrize("error", [apsw.BusyError(), apsw.FullError()])
    def test_a_checkpoint_may_fail_and_pass_later(
        self, helper: Durability, error: apsw.Error, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Failing:
            def wal_checkpoint(self, mode: int) -> None:
                raise error

        helper._pages = module.CHECKPOINT_PAGES + 1
        real = helper._connection
        monkeypatch.setattr(helper, "_connection", Failing())
        helper._round()
        assert helper._pages > module.CHECKPOINT_PAGES
        monkeypatch.setattr(helper, "_connection", real)
        helper._round()
        assert helper._pages == 0
        helper.stop()
        helper.close()
        self.writer.close()

    def test_a_checkpoint_that_meets_a_broken_disk_is_a_fault(
        self, helper: Durability, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Failing:
            def wal_checkpoint(self, mode: int) -> None:
                raise apsw.IOError

        helper._pages = module.CHECKPOINT_PAGES + 1
        real = helper._connection
        monkeypatch.setattr(helper, "_connection", Failing())
        with pytest.raises(LedgerError, match="Checkpointing the ledger failed"):
            helper._round()
        monkeypatch.setattr(helper, "_connection", real)
        helper.stop()
        helper.close()
        self.writer.close()

    def test_wake_does_a_round_before_its_time(self, helper: Durability) -> None:
        done: list[int] = []
        helper.add_chore(lambda _connection: done.append(1))
        helper.start()
        time.sleep(0.05)
        assert done == []
        helper.wake()
        assert until(lambda: done == [1])
        helper.stop()
        assert helper.problem is None
        helper.close()
        self.writer.close()
