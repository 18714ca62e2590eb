"""One process per ledger; the second one is told who has it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from faregate.ledger import files
from faregate.ledger.errors import LedgerLockedError
from faregate.ledger.ledger import Ledger
from faregate.ledger.lock import FolderLock, Owner
from tests.ledger.building import NOW_MS, hold, month, open_ledger, sums

OWNER = Owner(pid=4711, boot_id="b", started_at_ms=NOW_MS)


def test_the_second_is_told_who_has_it(ledger: Ledger, folder: Path) -> None:
    hold(ledger)
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    with pytest.raises(LedgerLockedError) as caught:
        open_ledger(folder)
    assert caught.value.pid == os.getpid()
    for words in (str(os.getpid()), "2026-11-18", "faregate down", "FAREGATE_HOME"):
        assert words in str(caught.value)
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before
    hold(ledger, "a2")
    assert sums(ledger, month()) == ("0", "1", "0")


def test_another_process_is_refused_too(ledger: Ledger, folder: Path) -> None:
    code = (
        "from pathlib import Path; import sys\n"
        "from faregate.ledger.errors import LedgerLockedError\n"
        "from faregate.ledger.ledger import Ledger\n"
        "try: Ledger.open(Path(sys.argv[1]), clock_ms=lambda: 0)\n"
        "except LedgerLockedError as error: print(error.pid)\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert answer.stdout.strip() == str(os.getpid())


def test_a_closed_ledger_can_be_opened_again(folder: Path) -> None:
    for _ in range(3):
        ledger = open_ledger(folder)
        ledger.close()
        ledger.close()


def test_a_dead_owners_lock_is_free(folder: Path) -> None:
    code = (
        "from pathlib import Path; import os, sys\n"
        "from faregate.ledger.ledger import Ledger\n"
        "Ledger.open(Path(sys.argv[1]), clock_ms=lambda: 0)\n"
        "os._exit(9)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(folder)], check=False, timeout=30)
    assert json.loads((folder / files.LOCK).read_text())["pid"] > 0
    open_ledger(folder, boot_id=None).close()


@pytest.mark.parametrize("content", [b"", b"nonsense", b'{"pid": "x"}', b"[]", b"\xff"])
def test_an_owner_that_cannot_be_read_is_refused_all_the_same(
    tmp_path: Path, content: bytes
) -> None:
    lock = FolderLock.acquire(tmp_path, OWNER)
    (tmp_path / files.LOCK).write_bytes(content)
    with pytest.raises(LedgerLockedError, match="another process") as caught:
        FolderLock.acquire(tmp_path, OWNER)
    assert caught.value.pid is None
    lock.release()


def test_one_of_many_at_once_gets_it(tmp_path: Path) -> None:
    got: list[FolderLock] = []
    refused: list[int | None] = []
    start = threading.Barrier(8)

    def take() -> None:
        start.wait()
        try:
            got.append(FolderLock.acquire(tmp_path, OWNER))
        except LedgerLockedError as error:
            refused.append(error.pid)

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(got), len(refused)) == (1, 7)
    got[0].release()
    got[0].release()


def test_a_failed_opening_gives_the_lock_back(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    (folder / files.DATABASE).mkdir()
    for _ in range(2):
        with pytest.raises(Exception, match="not a regular file"):
            open_ledger(folder)
    (folder / files.DATABASE).rmdir()
    open_ledger(folder).close()
