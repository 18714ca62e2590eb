"""What two results surely do not have in common, seen at a glance.

Owns the words that no reading of a result takes away, by which two results that tell
different things are known without being read with care. Says nothing of two that may
tell the same.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from faregate.core.loops.normal import is_wrapped, plain_words

if TYPE_CHECKING:
    from faregate.core.transcript import ToolCall, ToolResult

_LOOKED_AT = 2000
"""Characters of a result in which words are looked for that the other lacks."""
_ENOUGH = 2
"""One word alone could stand where a result is cut in two to be compared."""
# Where one begins behind a blank, nothing volatile does, but for units of time.
_LASTING = re.compile(r"\s([g-z][a-z_]{4,})(?=[^a-z_])")
_UNITS = frozenset(
    (
        *("hours", "minute", "minutes", "second", "seconds"),
        *("millis", "milliseconds", "microseconds", "nanoseconds"),
    )
)


def surely_differ(
    one: tuple[ToolCall, ToolResult | None], other: tuple[ToolCall, ToolResult | None]
) -> bool:
    """Tell whether the results of two calls tell different things, beyond doubt.

    Each has words, not of its call, that the other lacks, whatever is volatile in both.
    """
    mine, theirs = (_text_of(result) for _, result in (one, other))
    if is_wrapped(mine) or is_wrapped(theirs):
        return False
    return _lacks(theirs, mine, one[0].arguments) or _lacks(
        mine, theirs, other[0].arguments
    )


def _text_of(result: ToolResult | None) -> str:
    return "" if result is None else plain_words(result.text)


def _lacks(text: str, told: str, arguments: str) -> bool:
    """Tell whether a text lacks words that are told, and not for being asked."""
    text = text.lower()
    arguments = arguments.lower()
    missing: set[str] = set()
    for found in _LASTING.finditer(told[:_LOOKED_AT]):
        word = found[1]
        if word in text or word in arguments or word in _UNITS:
            continue
        missing.add(word)
        if len(missing) == _ENOUGH:
            return True
    return False
