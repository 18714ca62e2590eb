"""How long a provider asks to wait, in every form that is in use.

Pure: header values in, seconds out. What cannot be read is left out, never guessed.
"""

from __future__ import annotations

import re
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_DURATION = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,12})?)(ms|s|m|h|d)")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
NUMBER = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,12})?")
"""A number as headers carry them."""
_EPOCH_MS, _EPOCH_S = 10**12, 10**9


def retry_after(headers: Mapping[str, str], *, now: float) -> float | None:
    """Return the seconds that a provider asks to wait; None when it does not say.

    `now` is Unix seconds. A wish in milliseconds outranks the other.
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    exact = lowered.get("retry-after-ms", "").strip()
    if NUMBER.fullmatch(exact) and not exact.startswith("-"):
        return float(exact) / 1000
    return seconds_until(lowered.get("retry-after"), now=now)


def seconds_until(text: str | None, *, now: float) -> float | None:
    """Return seconds from now: from a duration, a date or a number; None else."""
    if not text:
        return None
    text = text.strip()
    pieces = _DURATION.findall(text)
    if pieces and "".join(a + b for a, b in pieces) == text:
        return sum(float(count) * _UNITS[unit] for count, unit in pieces)
    if NUMBER.fullmatch(text):
        return _of_number(float(text), now)
    return _of_date(text, now)


def _of_number(value: float, now: float) -> float | None:
    if value < 0:
        return None
    if value > _EPOCH_MS:
        return max(0.0, value / 1000 - now)
    return max(0.0, value - now) if value > _EPOCH_S else value


def _of_date(text: str, now: float) -> float | None:
    try:
        if "T" in text and "-" in text:
            at = datetime.fromisoformat(text)
        else:
            at = parsedate_to_datetime(text)
        return max(0.0, at.timestamp() - now)
    except (ValueError, OverflowError):
        return None
