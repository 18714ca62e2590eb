"""At which share of a budget a person is told, once a window and mark.

Pure arithmetic over one window's sums; the ledger stores which mark was told last.
"""

from __future__ import annotations

from faregate.core.holds import LedgerError

DEFAULT_MARKS = (50, 80)
NEVER = 2**63


class AlertMarks:
    """Percentages of a limit, ascending."""

    def __init__(self, marks: tuple[int, ...] = DEFAULT_MARKS) -> None:
        """Raise LedgerError for a mark outside 1 to 100."""
        if any(not 1 <= mark <= 100 for mark in marks):
            raise LedgerError(f"alert marks {marks} must lie between 1 and 100 percent")
        self.marks = tuple(sorted(set(marks)))

    def next_at(self, limit: int | None, alerted: int) -> int:
        """Return the sum in pico-USD at which the next mark is reached.

        `alerted` is the highest percentage that was told already.
        """
        if limit is None or limit <= 0:
            return NEVER
        for mark in self.marks:
            if mark > alerted:
                return -(-limit * mark // 100)
        return NEVER

    def crossed(self, limit: int | None, alerted: int, used: int) -> tuple[int, ...]:
        """Return the marks above `alerted` that `used` has reached, ascending."""
        if limit is None or limit <= 0:
            return ()
        return tuple(m for m in self.marks if m > alerted and used * 100 >= limit * m)

    def still_reached(self, limit: int | None, alerted: int, used: int) -> int:
        """Return the highest told mark that holds under a new limit, else 0.

        A raised limit lets the marks above it be told again; a lowered one tells
        the marks it newly passed at the next booking.
        """
        if limit is None or limit <= 0:
            return 0
        reached = [m for m in self.marks if m <= alerted and used * 100 >= limit * m]
        return max(reached, default=0)
