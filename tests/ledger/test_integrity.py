"""A damaged file is found at the start and kept as it is."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from faregate.ledger import files, integrity
from faregate.ledger.connection import open_reader, open_writer, select
from faregate.ledger.errors import LedgerDamagedError
from faregate.ledger.ledger import Ledger
from tests.ledger.building import hold, killed, open_ledger, truth


@pytest.fixture
def filled(folder: Path) -> Path:
    ledger = open_ledger(folder)
    for number in range(60):
        hold(ledger, f"a{number}", "0.01", session=f"s{number % 5}")
        ledger.settle(truth(f"a{number}", "0.01"))
    ledger.close()
    return folder


def pages(path: Path) -> int:
    return path.stat().st_size // 2048


def damage(path: Path, page: int) -> None:
    content = bytearray(path.read_bytes())
    content[page * 2048 : page * 2048 + 2048] = b"\xa5" * 2048
    path.write_bytes(bytes(content))


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 0.8, 1.0])
def test_a_damaged_page_stops_the_start(filled: Path, share: float) -> None:
    path = filled / files.DATABASE
    damage(path, round((pages(path) - 1) * share))
    before = path.read_bytes()
    with pytest.raises(LedgerDamagedError, match=r"Nothing was changed.*\.recover"):
        open_ledger(filled)
    assert path.read_bytes() == before


def test_a_cut_file_stops_the_start(filled: Path) -> None:
    path = filled / files.DATABASE
    path.write_bytes(path.read_bytes()[: 2048 * (pages(path) // 2) + 100])
    with pytest.raises(LedgerDamagedError):
        open_ledger(filled)


def test_the_check_can_be_given_up(filled: Path) -> None:
    connection = open_writer(filled / files.DATABASE)
    assert integrity.quick_check(connection, filled, lambda: False)
    monkey = integrity._STEPS_BETWEEN_LOOKS
    integrity._STEPS_BETWEEN_LOOKS = 1
    try:
        assert not integrity.quick_check(connection, filled, lambda: True)
    finally:
        integrity._STEPS_BETWEEN_LOOKS = monkey
    connection.close()


def test_a_deadline_passes() -> None:
    passed = integrity.deadline(0.01)
    assert not integrity.deadline(60)()
    time.sleep(0.02)
    assert passed()


@pytest.fixture
def no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check at the start runs out of time at once."""
    monkeypatch.setattr(integrity, "_STEPS_BETWEEN_LOOKS", 1)
    monkeypatch.setattr(integrity, "START_BUDGET_S", -1)


@pytest.mark.usefixtures("no_time")
def test_what_the_start_had_no_time_for_is_checked_beside(filled: Path) -> None:
    ledger = open_ledger(filled)
    hold(ledger, "last", "0.01")
    copy = killed(filled)
    ledger.close()
    damage(copy / files.DATABASE, unread_page(copy))
    ledger = open_ledger(copy, interval_s=0.01)
    assert wait_for_problem(ledger)
    assert "corrupt" in str(ledger.paused)
    ledger.close()


@pytest.mark.usefixtures("no_time")
def test_a_file_that_was_closed_well_is_not_read_again_to_its_end(
    filled: Path,
) -> None:
    ledger = open_ledger(filled)
    assert ledger._durability._chores == []
    ledger.close()


def unread_page(folder: Path) -> int:
    """A page of old attempts, which no start looks at."""
    reader = open_reader(folder / files.DATABASE)
    ((number,),) = select(
        reader,
        "SELECT min(pageno) FROM dbstat WHERE name = 'attempt' AND pagetype = 'leaf'",
    )
    reader.close()
    return int(number) - 1


def wait_for_problem(ledger: Ledger) -> bool:
    for _ in range(500):
        if ledger.paused:
            return True
        time.sleep(0.01)
    return False
