"""Whether the latest tool results of a conversation say that things go wrong.

Reads results that programs wrote for people: failing tests, tracebacks, compilers.
What it does not recognise counts as well.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from faregate.core.transcript import Said, ToolResult

if TYPE_CHECKING:
    from faregate.core.transcript import Transcript

READ = 20_000
"""Characters of a result that are looked at, from its end: summaries stand last."""

_TROUBLE = re.compile(
    r"^(?:FAILED|ERROR)\b.{0,200}::"
    r"|\b[1-9]\d* (?:tests? )?(?:failed|failures?)\b"
    r"|\bfailures?[:=] ?[1-9]"
    r"|\bTests:\s+[1-9]\d* failed"
    r"|^Traceback \(most recent call last\)"
    r"|^(?:--- FAIL|FAIL\t|FAIL:)"
    r"|\berror(?:\[E\d+\]|: could not compile| TS\d+:)"
    r"|\bBUILD FAILED\b|\bnpm ERR!|\bpanicked at\b|\bSegmentation fault\b"
    r"|(?i:\bexit(?:ed with)?(?: code| status)?[: ]+[1-9]\d*\b)",
    re.MULTILINE,
)


def is_bad(result: ToolResult) -> bool:
    """Tell whether a result is an error or shows failing tests."""
    return result.is_error or bool(_TROUBLE.search(result.text[-READ:]))


def bad_in_a_row(transcript: Transcript) -> int:
    """Return how many of the latest tool results are bad, one after another.

    What a person says begins a new count.
    """
    count = 0
    for item in reversed(transcript):
        if isinstance(item, Said) and item.role == "user":
            break
        if not isinstance(item, ToolResult):
            continue
        if not is_bad(item):
            break
        count += 1
    return count
