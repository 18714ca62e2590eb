"""How far back a report goes, as a person types it."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING

import click

from faregate.config.kinds import NotThisKind, duration

if TYPE_CHECKING:
    from datetime import tzinfo

_AGO = duration(1, 3660 * 86_400)
ALL = "all"
HELP = 'How far back: 7d, 12h, a date such as 2026-11-01, or "all".'


def now_ms() -> int:
    """Return Unix milliseconds."""
    return time.time_ns() // 1_000_000


def since_ms(text: str, zone: tzinfo) -> int:
    """Read 7d, 2026-11-01 (from midnight in `zone`), an instant, or all: 0.

    Raises UsageError for anything else.
    """
    if text == ALL:
        return 0
    try:
        return now_ms() - int(_AGO.read(text) * 1000)
    except NotThisKind:
        pass
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.UsageError(
            f"--since {text!r} is no time: write 7d, 12h, 2026-11-01 or {ALL}"
        ) from error
    if at.tzinfo is None:
        at = at.replace(tzinfo=zone)
    return max(0, int(at.timestamp() * 1000))
