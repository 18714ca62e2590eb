"""What the spill file takes comes back whole, or not at all."""

from __future__ import annotations

import os
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faregate.core.holds import LedgerError, Release, Settlement
from faregate.core.money import MAX_PICO, Money
from faregate.core.usage import Usage, UsageSource
from faregate.ledger import files, spill
from faregate.ledger.spill import Entry, Kind, Spill
from tests.ledger.building import ending, truth

TEXT = st.text(max_size=40)
COUNTS = st.integers(0, 2**53)
USAGES = st.builds(
    Usage,
    uncached_input=COUNTS,
    cache_read=COUNTS,
    cache_write_5m=COUNTS,
    cache_write_1h=COUNTS,
    output=COUNTS,
    reasoning=COUNTS,
    server_tool_calls=COUNTS,
    reported_cost=st.none() | st.builds(Money, st.integers(0, MAX_PICO)),
    source=st.sampled_from(UsageSource),
)
SETTLEMENTS = st.builds(
    Settlement,
    attempt=TEXT,
    usage=USAGES,
    cost=st.builds(Money, st.integers(0, MAX_PICO)),
    cost_source=TEXT,
    at_ms=COUNTS,
    status=st.integers(0, 999),
    served_model=st.none() | TEXT,
    price_source=st.none() | TEXT,
    tool_calls=COUNTS,
    wasted=st.booleans(),
    ttfb_ms=st.none() | COUNTS,
    duration_ms=st.none() | COUNTS,
    note=st.none() | TEXT,
)
RELEASES = st.builds(
    Release,
    attempt=TEXT,
    at_ms=COUNTS,
    why=TEXT,
    status=st.none() | st.integers(0, 999),
    usage=st.none() | USAGES,
    duration_ms=st.none() | COUNTS,
)
ENTRIES: st.SearchStrategy[Entry] = st.one_of(
    st.tuples(st.just("settle"), SETTLEMENTS),
    st.tuples(st.sampled_from(["void", "unknown"]), RELEASES),
)


@settings(max_examples=30, deadline=None)
@given(entries=st.lists(ENTRIES, max_size=6))
def test_everything_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, entries: list[Entry]
) -> None:
    folder = tmp_path_factory.mktemp("spill")
    file = Spill.open(folder)
    for kind, ended in entries:
        file.append(kind, ended)
    file.close()
    again = Spill.open(folder)
    assert again.entries == entries
    again.clear()
    again.close()
    third = Spill.open(folder)
    assert third.entries == []
    third.append("void", ending("after"))
    third.close()
    fourth = Spill.open(folder)
    assert fourth.entries == [("void", ending("after"))]
    fourth.close()


@pytest.mark.parametrize("cut", [1, 5, 40, 200])
def test_a_torn_last_line_leaves_the_lines_before(tmp_path: Path, cut: int) -> None:
    file = Spill.open(tmp_path)
    file.append("settle", truth("a1"))
    end_of_first = file._used
    file.append("settle", truth("a2"))
    end = file._used
    file.close()
    path = tmp_path / files.SPILL
    content = bytearray(path.read_bytes())
    assert end - cut > end_of_first
    content[end - cut : end] = bytes(cut)
    path.write_bytes(bytes(content))
    again = Spill.open(tmp_path)
    assert [ended.attempt for _, ended in again.entries] == ["a1"]
    again.append("void", ending("a3"))
    again.close()
    third = Spill.open(tmp_path)
    assert [ended.attempt for _, ended in third.entries] == ["a1", "a3"]
    third.close()


def test_its_blocks_are_taken_in_advance(tmp_path: Path) -> None:
    file = Spill.open(tmp_path)
    before = (tmp_path / files.SPILL).stat()
    kind: Kind = "settle"
    for number in range(50):
        file.append(kind, truth(f"a{number}"))
    after = (tmp_path / files.SPILL).stat()
    assert before.st_size == after.st_size == spill.SIZE
    assert after.st_blocks >= spill.SIZE // 512
    assert after.st_blocks == before.st_blocks
    file.close()


def test_a_full_spill_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spill, "SIZE", 800)
    file = Spill.open(tmp_path)
    file.append("settle", truth("a1"))
    with pytest.raises(LedgerError, match="spill file is full"):
        file.append("settle", truth("a2"))
    assert len(file.entries) == 1
    file.close()


def test_a_disk_that_fails_is_an_error(tmp_path: Path) -> None:
    file = Spill.open(tmp_path)
    file.close()
    with pytest.raises(LedgerError, match="Writing the spill file failed"):
        file.append("void", ending())
    with pytest.raises(LedgerError, match="Clearing the spill file failed"):
        file.clear()


@pytest.mark.parametrize(
    "text",
    [
        b"{}",
        b"nonsense",
        b'{"kind": "settle", "fields": {}}',
        b'{"kind": "void", "fields": {"usage": null, "no_such_field": 1}}',
        b'{"kind": "void", "fields": {"usage": {"source": "guessed"}}}',
    ],
)
def test_a_line_that_says_nothing_ends_the_file(tmp_path: Path, text: bytes) -> None:
    Spill.open(tmp_path).close()
    path = tmp_path / files.SPILL
    with path.open("r+b") as file:
        file.write(b"%08x %s\n" % (zlib.crc32(text), text))
    again = Spill.open(tmp_path)
    assert again.entries == []
    again.close()


@pytest.mark.parametrize("line", [b"\n", b"zz {}\n", b"00000000 {}\n"])
def test_a_line_with_a_wrong_sum_ends_the_file(tmp_path: Path, line: bytes) -> None:
    Spill.open(tmp_path).close()
    with (tmp_path / files.SPILL).open("r+b") as file:
        file.write(line)
    again = Spill.open(tmp_path)
    assert again.entries == []
    again.close()


def test_a_disk_without_room_for_it_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "sync_data", fail)
    with pytest.raises(LedgerError, match="cannot be prepared"):
        Spill.open(tmp_path)


def test_a_line_that_is_written_in_part_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those after it would not be found again, and a cost above its hold be lost."""
    file = Spill.open(tmp_path)
    whole = os.pwrite
    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", lambda fd, data, at: whole(fd, data[:9], at))
        with pytest.raises(LedgerError, match="in part"):
            file.append("settle", truth("a1"))
    file.append("settle", truth("a2"))
    file.close()
    again = Spill.open(tmp_path)
    assert [ended.attempt for _, ended in again.entries] == ["a2"]
    again.close()
