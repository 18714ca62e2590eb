"""What an error teaches about a model's output maximum.

Only errors about a bound that the gate itself set are read: a provider that finds
it too large names its own, or the gate halves its guess.
"""

from __future__ import annotations

import re

from faregate.core.estimate import OUTPUT_FLOOR

_NUMBER = re.compile(rb"(?<![\w.])\d{3,7}(?![\w.]*\d)")


def stated_maximum(body: bytes, field: str, bound: int) -> int | None:
    """Return a lower output maximum when `body` complains of `field`, else None.

    The largest number below `bound` that the message names is taken; without one,
    half of `bound`. None when that leaves less than the floor.
    """
    if field.encode() not in body and b"max" not in body.lower():
        return None
    if b"token" not in body.lower():
        return None
    numbers = [int(text) for text in _NUMBER.findall(body)]
    below = [n for n in numbers if OUTPUT_FLOOR <= n < bound]
    lower = max(below) if below else bound // 2
    return lower if lower >= OUTPUT_FLOOR else None
