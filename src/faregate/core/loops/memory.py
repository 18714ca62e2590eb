"""The turns of one conversation, remembered from request to request.

Owns how a request that says more extends what is known, so that nothing is read
twice but the last turn. Keeps no text.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faregate.core.loops.turns import Read, Turn

MOST_TURNS = 128
"""Turns that are remembered: as many as a wait may take, and some."""
MOST_MESSAGES = 128
"""Messages of an unknown conversation that are read, the last ones."""


class TurnMemory:
    """What is known of one conversation; messages are known by their hashes."""

    def __init__(self) -> None:
        self._closed: deque[tuple[Turn, float]] = deque(maxlen=MOST_TURNS)
        self._known: tuple[int, ...] = ()
        self._unread: tuple[int, ...] = ()
        """The messages of the last turn, which may go on."""
        self._last: Turn | None = None
        self._last_seen = 0.0

    @property
    def covered(self) -> int:
        """Return how many messages need not be read again."""
        return len(self._known)

    def align(self, parts: Sequence[int]) -> int:
        """Return from which message on a conversation has to be read.

        One that does not go on where the last request ended is begun anew.
        """
        known = self._known
        if tuple(parts[: len(known)]) != known:
            self.forget(parts[: max(0, len(parts) - MOST_MESSAGES)])
        elif not known and len(parts) > MOST_MESSAGES:
            self._known = tuple(parts[:-MOST_MESSAGES])
        return self.covered

    def forget(self, parts: Sequence[int]) -> None:
        """Drop every turn; `parts` are the messages that shall not be read again."""
        self._closed.clear()
        self._last = None
        self._known = tuple(parts)
        self._unread = ()

    def skip(self) -> None:
        """Drop every turn that is known, the last one included."""
        self.forget((*self._known, *self._unread))

    def take(self, parts: Sequence[int], reads: Sequence[Read], now: float) -> None:
        """Take the turns of all messages from `covered` on; `now` in seconds."""
        start = self.covered
        for index, read in enumerate(reads):
            # The first was there before, only perhaps not whole.
            seen = self._last_seen if index == 0 and self._last is not None else now
            if index == len(reads) - 1:
                self._last, self._last_seen = read.turn, seen
            else:
                self._closed.append((read.turn, seen))
                start += read.messages
        self._known, self._unread = tuple(parts[:start]), tuple(parts[start:])

    def since(self, then: float) -> tuple[Turn, ...]:
        """Return the turns that were first seen at or after this instant, in seconds."""
        found = [turn for turn, seen in self._closed if seen >= then]
        if self._last is not None and self._last_seen >= then:
            found.append(self._last)
        return tuple(found)
