"""Keeps a key that was meant for one row from acting on another that took its place."""

from __future__ import annotations

GUARD_S = 0.4
"""Seconds after a row came under the cursor by itself, in which no key acts on it."""


class Guard:
    """Knows what is under the cursor, and since when without the person's doing."""

    def __init__(self) -> None:
        self._row: str | None = None
        self._since = float("-inf")

    def came(self, row: str | None, now: float) -> None:
        """Note what is under the cursor after news."""
        if row != self._row:
            self._row, self._since = row, now

    def moved(self, row: str | None) -> None:
        """Note what the person put the cursor on."""
        self._row, self._since = row, float("-inf")

    def is_open(self, now: float) -> bool:
        """Tell whether a key may act on the row."""
        return now - self._since >= GUARD_S
