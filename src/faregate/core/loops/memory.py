"""The turns of one conversation, remembered from request to request.

Owns how a request that says more extends what is known, so that no message is looked
at twice. Keeps no text.
"""

from __future__ import annotations

from collections import deque
from itertools import chain
from typing import TYPE_CHECKING

from faregate.core.loops.trail import Trace

if TYPE_CHECKING:
    from collections.abc import Iterable

    from faregate.core.loops.glance import Glance

MOST_TURNS = 128
"""Turns that are remembered: as many as a wait may take, and some."""
MOST_MESSAGES = 128
"""Messages of an unknown conversation that are looked at, the last ones."""
_MOST_TRIED = 1024


class TurnMemory:
    """What is known of one conversation; messages are known by their hashes."""

    def __init__(self) -> None:
        self._parts: tuple[int, ...] = ()
        self._closed: deque[Trace] = deque(maxlen=MOST_TURNS)
        self._last: Trace | None = None
        """Without a message where it is to be looked at anew."""
        self._tried: set[int] = set()
        """What was called in turns before the last."""

    @property
    def parts(self) -> tuple[int, ...]:
        """Return the messages that are known."""
        return self._parts

    def align(self, parts: tuple[int, ...]) -> int:
        """Return from which message on a conversation has to be looked at.

        One that does not go on where the last request ended is begun anew.
        """
        known = self._parts
        if parts[: len(known)] == known and (known or len(parts) <= MOST_MESSAGES):
            return len(known)
        last = self._last
        closed = len(known) if last is None else last.first
        if last is not None and parts[:closed] == known[:closed]:
            # An agent may write its last message anew; the turn is still the same one.
            self._last = Trace(closed, last.seen)
            self._parts = known[:closed]
        else:
            self.forget(parts[: max(0, len(parts) - MOST_MESSAGES)])
        return len(self._parts)

    def forget(self, parts: tuple[int, ...]) -> None:
        """Drop every turn; `parts` are the messages that shall not be looked at."""
        self._closed.clear()
        self._tried.clear()
        self._last = None
        self._parts = parts

    def skip(self) -> None:
        """Drop every turn that is known, the last one included."""
        self.forget(self._parts)

    def take(
        self, parts: tuple[int, ...], glances: Iterable[Glance], now: float
    ) -> None:
        """Take the messages that were not known; `now` in seconds."""
        number = len(self._parts)
        last, grown = self._last, False
        for glance in glances:
            if last is None:
                last = Trace(number, now)
            elif last.answered and glance.speaks:
                self._close(last, grown=grown)
                last = Trace(number, now)
            last.add(glance)
            grown = True
            number += 1
        if last is not None and grown:
            self._follow(last)
        self._last, self._parts = last, parts

    @property
    def last(self) -> Trace | None:
        """Return the last turn, which may go on; None where there is none."""
        last = self._last
        return last if last is not None and last.messages else None

    def since(self, then: float) -> list[Trace]:
        """Return the turns that were first seen at or after this instant, in seconds."""
        found = [trace for trace in self._closed if trace.seen >= then]
        last = self.last
        if last is not None and last.seen >= then:
            found.append(last)
        return found

    def _close(self, last: Trace, *, grown: bool) -> None:
        if grown:
            self._follow(last)
        self._closed.append(last)
        if len(self._tried) > _MOST_TRIED:
            self._tried = set(chain.from_iterable(each.calls for each in self._closed))
        self._tried |= last.calls

    def _follow(self, last: Trace) -> None:
        last.follow(self._closed[-1] if self._closed else None, self._tried)
