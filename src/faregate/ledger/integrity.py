"""Whether the file is sound: SQLite's own check, within a bounded time at start."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import apsw

from faregate.ledger.connection import select
from faregate.ledger.errors import damaged

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

START_BUDGET_S = 0.1
_STEPS_BETWEEN_LOOKS = 2000


def quick_check(
    connection: apsw.Connection, folder: Path, give_up: Callable[[], bool]
) -> bool:
    """Check the database; False when `give_up` ended it, LedgerError on damage."""
    connection.set_progress_handler(give_up, _STEPS_BETWEEN_LOOKS)
    try:
        (first, *_), *_ = select(connection, "PRAGMA quick_check(1)")
    except apsw.InterruptError:
        return False
    finally:
        connection.set_progress_handler(None)
    if first != "ok":
        raise damaged(folder, f"The ledger is corrupt ({first})")
    return True


def deadline(seconds: float) -> Callable[[], bool]:
    """Return a function that says when `seconds` have passed."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() > end
