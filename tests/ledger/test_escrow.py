"""What power loss may have dropped is booked as unknown, never more than promised."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faregate.core.holds import Held, HoldState, LedgerError
from faregate.core.money import ZERO, Money
from faregate.ledger import files
from faregate.ledger.escrow import (
    LEAST_AHEAD,
    Escrow,
    EscrowFile,
    EscrowRecord,
    lost,
    micro,
)
from faregate.ledger.ledger import Ledger
from faregate.ledger.reports import Reports
from tests.ledger.building import (
    BOOT,
    NOW_MS,
    asking,
    day,
    ending,
    faults,
    hold,
    killed,
    month,
    open_ledger,
    sums,
    three,
    truth,
    usd,
)

USD = 1_000_000
"""One dollar in the escrow's unit."""


def record(folder: Path) -> EscrowRecord:
    file = EscrowFile.open(folder)
    file.close()
    assert file.record is not None
    return file.record


class TestUnits:
    @pytest.mark.parametrize(
        ("pico", "expected"), [(0, 0), (1, 1), (10**6, 1), (10**6 + 1, 2)]
    )
    def test_every_hold_is_rounded_up(self, pico: int, expected: int) -> None:
        assert micro(pico) == expected


class TestLost:
    MADE = EscrowRecord(sequence=3, ledger="x", boot_id="one", ceiling=900, floor=500)

    @pytest.mark.parametrize(
        ("placed", "boot", "expected"),
        [
            (600, "one", 0),
            (600, "two", 300),
            (900, "two", 0),
            (950, "two", 0),
            (400, "one", 500),
            (600, "", 300),
        ],
    )
    def test_only_another_boot_or_an_older_copy_loses(
        self, placed: int, boot: str, expected: int
    ) -> None:
        assert lost(self.MADE, placed, boot) == expected

    def test_a_boot_that_cannot_be_told_is_never_the_same(self) -> None:
        made = EscrowRecord(sequence=1, ledger="x", boot_id="", ceiling=900, floor=500)
        assert lost(made, 600, "") == 300


class TestFile:
    def write(self, folder: Path, *ceilings: int) -> None:
        file = EscrowFile.open(folder)
        for ceiling in ceilings:
            file.write(ledger="x", boot_id="b", ceiling=ceiling, floor=1)
        file.close()

    def test_the_newest_record_counts(self, tmp_path: Path) -> None:
        self.write(tmp_path, 10, 20, 30)
        assert record(tmp_path).ceiling == 30
        self.write(tmp_path, 40)
        assert record(tmp_path).ceiling == 40

    @settings(max_examples=30, deadline=None)
    @given(cut=st.integers(0, 511), byte=st.integers(0, 255))
    def test_a_torn_write_leaves_the_record_before(
        self, tmp_path_factory: pytest.TempPathFactory, cut: int, byte: int
    ) -> None:
        folder = tmp_path_factory.mktemp("torn")
        self.write(folder, 10, 20)
        path = folder / files.ESCROW
        before = path.read_bytes()
        self.write(folder, 30)
        after, slot = path.read_bytes(), 4096
        line_end = after.index(b"\n", slot)
        torn = after[: slot + cut] + bytes([byte]) * (512 - cut)
        whole = torn[slot:line_end] == after[slot:line_end]
        path.write_bytes(torn)
        assert record(folder).ceiling == (30 if whole else 20)
        path.write_bytes(before)
        assert record(folder).ceiling == 20

    def test_nonsense_in_both_slots_is_refused(self, tmp_path: Path) -> None:
        self.write(tmp_path, 10, 20)
        path = tmp_path / files.ESCROW
        path.write_bytes(b"garbage" * 2000)
        with pytest.raises(LedgerError, match="corrupt; remove it"):
            EscrowFile.open(tmp_path)

    def test_an_empty_file_is_no_record(self, tmp_path: Path) -> None:
        file = EscrowFile.open(tmp_path)
        assert file.record is None
        file.close()

    def test_room_for_both_slots_is_taken_at_once(self, tmp_path: Path) -> None:
        self.write(tmp_path)
        assert (tmp_path / files.ESCROW).stat().st_size == 8192


class TestCeiling:
    @pytest.fixture
    def escrow(self, tmp_path: Path) -> Escrow:
        return Escrow(
            EscrowFile.open(tmp_path), ledger="x", boot_id="b", placed=5 * USD
        )

    def place(self, escrow: Escrow, amount: int) -> None:
        placed = escrow.placed + amount
        escrow.cover(placed)
        assert placed <= escrow.ceiling
        escrow.note(placed)

    def test_begins_a_dollar_ahead(self, escrow: Escrow, tmp_path: Path) -> None:
        assert escrow.ceiling == 5 * USD + LEAST_AHEAD
        assert record(tmp_path).ceiling == escrow.ceiling

    def test_a_hold_above_it_waits_for_the_disk(
        self, escrow: Escrow, tmp_path: Path
    ) -> None:
        escrow.cover(20 * USD)
        assert record(tmp_path).ceiling >= 20 * USD

    def test_a_low_rest_asks_for_the_helper(self, escrow: Escrow) -> None:
        asked: list[int] = []
        escrow.on_low = lambda: asked.append(1)
        self.place(escrow, LEAST_AHEAD // 4)
        assert not asked
        self.place(escrow, LEAST_AHEAD // 2)
        assert asked
        escrow.tick(1.0)
        assert escrow.ceiling - escrow.placed >= LEAST_AHEAD

    def test_large_holds_keep_four_ahead(self, escrow: Escrow) -> None:
        self.place(escrow, 3 * USD)
        escrow.tick(1.0)
        assert escrow.ceiling - escrow.placed >= 12 * USD

    def test_a_burst_does_not_wait_for_each_hold(
        self, escrow: Escrow, tmp_path: Path
    ) -> None:
        before = record(tmp_path).sequence
        for _ in range(200):
            self.place(escrow, USD // 20)
        assert record(tmp_path).sequence - before < 12

    def test_comes_down_after_a_burst(self, escrow: Escrow, tmp_path: Path) -> None:
        for _ in range(100):
            self.place(escrow, USD)
        self.place(escrow, 1)
        for second in range(5):
            escrow.tick(float(second))
        assert escrow.ceiling - escrow.placed == LEAST_AHEAD
        assert record(tmp_path).ceiling == escrow.ceiling

    def test_does_not_come_down_below_a_hold_in_progress(
        self, escrow: Escrow, tmp_path: Path
    ) -> None:
        for _ in range(100):
            self.place(escrow, USD)
        self.place(escrow, 1)
        # A hold that saw the high ceiling, and is still on its way to its commit.
        wanted = escrow.ceiling - 5
        escrow.cover(wanted)
        for second in range(5):
            escrow.tick(float(second))
        assert escrow.ceiling >= wanted
        assert record(tmp_path).ceiling >= wanted

    def test_a_close_leaves_nothing_ahead(self, escrow: Escrow, tmp_path: Path) -> None:
        self.place(escrow, 7)
        escrow.close()
        made = record(tmp_path)
        assert (made.ceiling, made.floor) == (5 * USD + 7, 5 * USD + 7)


def reopened(folder: Path, boot: str = "boot-two") -> Ledger:
    return open_ledger(folder, boot_id=boot)


def unknown_rows(folder: Path) -> dict[str, Money]:
    reports = Reports.open(folder)
    try:
        return {
            row.attempt: row.amount
            for row in reports.holds()
            if row.state is HoldState.UNKNOWN
        }
    finally:
        reports.close()


class TestPowerCut:
    def cut(self, folder: Path, keep: int | None) -> Path:
        """The files as a power cut would leave them, with `keep` bytes of the WAL."""
        copy = killed(folder, f"cut-{random.random()}")
        (copy / f"{files.DATABASE}-shm").unlink(missing_ok=True)
        if keep is not None:
            os.truncate(copy / f"{files.DATABASE}-wal", keep)
        return copy

    @pytest.mark.parametrize("seed", range(12))
    def test_never_books_less_than_was_held(self, folder: Path, seed: int) -> None:
        chance = random.Random(seed)
        ledger = open_ledger(folder)
        for warm in range(3):
            hold(ledger, f"w{warm}", "0.10")
            ledger.settle(truth(f"w{warm}", "0.05"))
        ledger.close()
        ledger = open_ledger(folder)
        spent, open_holds = usd("0.15"), {}
        for number in range(30):
            name = f"a{number}"
            amount = usd(chance.choice(["0.01", "0.20", "0.70"]))
            held = ledger.hold(asking(name, amount, budgets=three("1000")))
            assert isinstance(held, Held)
            open_holds[name] = amount
            if chance.random() < 0.7:
                done = chance.choice(sorted(open_holds))
                cost = Money(open_holds.pop(done).pico // 2)
                ledger.settle(truth(done, cost))
                spent += cost
        owed = spent + sum(open_holds.values(), ZERO)
        wal = (folder / f"{files.DATABASE}-wal").stat().st_size
        for keep in (0, chance.randrange(wal), chance.randrange(wal), wal):
            copy = self.cut(folder, keep)
            again = reopened(copy)
            (state,) = again.states((month("1000"),))
            assert state.held == ZERO
            assert state.spent + state.unknown >= owed
            again.close()
            assert faults(copy) == ()
        ledger.close()

    def test_what_it_books_is_one_row_on_the_global_month_and_day(
        self, folder: Path
    ) -> None:
        ledger = open_ledger(folder)
        hold(ledger, "a1", "0.30")
        ledger.settle(truth("a1", "0.30"))
        copy = self.cut(folder, None)
        ledger.close()
        again = reopened(copy)
        assert again.lost is not None
        rows = unknown_rows(copy)
        assert list(rows) == [again.lost]
        assert sums(again, month()) == ("0.3", "0", rows[again.lost].exact())
        assert sums(again, day())[2] == rows[again.lost].exact()
        assert usd("0.5") <= rows[again.lost] <= usd("2")
        again.resolve(again.lost, None, note="looked at the console", who="me")
        assert sums(again, month()) == ("0.3", "0", "0")
        again.close()
        assert faults(copy) == ()

    def test_booking_it_twice_finds_nothing(self, folder: Path) -> None:
        ledger = open_ledger(folder)
        hold(ledger, "a1", "0.30")
        ledger.void(ending("a1"))
        first = self.cut(folder, None)
        escrow = (first / files.ESCROW).read_bytes()
        ledger.close()
        again = reopened(first)
        booked = unknown_rows(first)
        # As if the power failed again before the new ceiling was written.
        second = killed(first, "second")
        again.close()
        (second / files.ESCROW).write_bytes(escrow)
        third = reopened(second, "boot-three")
        assert third.lost is None
        assert unknown_rows(second) == booked
        third.close()

    def test_the_same_boot_loses_nothing(self, folder: Path) -> None:
        ledger = open_ledger(folder)
        hold(ledger, "a1", "0.30")
        ledger.settle(truth("a1", "0.10"))
        copy = killed(folder)
        ledger.close()
        again = reopened(copy, BOOT)
        assert again.lost is None
        assert sums(again, month()) == ("0.1", "0", "0")
        again.close()

    def test_a_clean_close_loses_nothing(self, folder: Path) -> None:
        ledger = open_ledger(folder)
        hold(ledger, "a1", "0.30")
        ledger.settle(truth("a1", "0.10"))
        ledger.close()
        again = reopened(folder)
        assert again.lost is None
        again.close()

    def test_an_older_copy_put_back_books_what_it_misses(self, folder: Path) -> None:
        ledger = open_ledger(folder)
        hold(ledger, "a1", "0.30")
        ledger.settle(truth("a1", "0.30"))
        ledger.close()
        older = (folder / files.DATABASE).read_bytes()
        ledger = open_ledger(folder)
        hold(ledger, "a2", "0.70")
        ledger.settle(truth("a2", "0.70"))
        ledger.close()
        (folder / files.DATABASE).write_bytes(older)
        again = open_ledger(folder)
        assert sums(again, month()) == ("0.3", "0", "0.7")
        again.close()

    def test_a_removed_escrow_is_made_up_for(self, folder: Path) -> None:
        ledger = open_ledger(folder)
        hold(ledger, "a1", "0.60")
        ledger.settle(truth("a1", "0.10"))
        ledger.close()
        (folder / files.ESCROW).unlink()
        again = open_ledger(folder)
        assert sums(again, month()) == ("0.1", "0", "2.4")
        again.close()

    def test_holds_that_a_kill_left_are_swept_too(self, folder: Path) -> None:
        ledger = open_ledger(folder)
        hold(ledger, "a1", "0.30")
        hold(ledger, "a2", "0.30")
        copy = self.cut(folder, None)
        ledger.close()
        again = reopened(copy)
        assert set(again.swept) == {"a1", "a2"}
        assert NOW_MS > 0
        again.close()
        assert faults(copy) == ()
