"""A conversation's turns, of which each is read once a rule asks for it.

Owns that a long conversation costs no more than what the rules want to know of it. It
is read by what it is given, in whatever thread that is; nothing is kept before `keep`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, overload

from faregate.core.loops.turns import Turn, turn_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from faregate.core.loops.trail import Trace
    from faregate.core.transcript import Item, Transcript


class History(Sequence[Turn]):
    """The turns within the window, oldest first."""

    def __init__(
        self,
        traces: Sequence[Trace],
        read: Callable[[slice], Sequence[Transcript]],
    ) -> None:
        """Look at these turns; `read` returns what some messages say."""
        self._read = read
        self._traces = traces
        # Another request may add to the last one meanwhile.
        self._turns = [trace.turn for trace in traces]
        self._calls = [trace.calls for trace in traces]
        self._messages = [
            slice(trace.first, trace.first + trace.messages) for trace in traces
        ]

    def __len__(self) -> int:
        """Return how many turns there are, read or not."""
        return len(self._turns)

    @overload
    def __getitem__(self, number: int) -> Turn: ...

    @overload
    def __getitem__(self, number: slice) -> list[Turn]: ...

    def __getitem__(self, number: int | slice) -> Turn | list[Turn]:
        """Return one turn or some of them."""
        if isinstance(number, slice):
            return [self[each] for each in range(len(self))[number]]
        found = self._turns[number]
        if found is None:
            found = self._turns[number] = turn_of(self.items(number))
        return found

    def items(self, number: int) -> list[Item]:
        """Return what was called, brought and said in one turn."""
        return list(chain.from_iterable(self._read(self._messages[number])))

    def first_message(self, number: int) -> int:
        """Return the number of a turn's first message."""
        start: int = self._messages[number].start
        return start

    def first_asked_for(self, last: Trace, repeats: int) -> int:
        """Return the same of the first turn that rules will have read, as a rule."""
        unread = [number for number, turn in enumerate(self._turns) if turn is None]
        if not unread:
            return self.first_message(-1)
        # Only where nothing new is done, all that was done before is of interest.
        latest = 0 if last.retried >= repeats else len(self) - repeats
        return self.first_message(max(unread[0], latest))

    def before_the_last(self) -> list[Turn]:
        """Return the turns that call what the last one calls, or nothing as it does."""
        calls = self._calls[-1]
        return [
            self[number]
            for number, each in enumerate(self._calls[:-1])
            if (each & calls if calls else not each)
        ]

    def keep(self) -> None:
        """Keep what was read, so that it is not read again."""
        for trace, turn in zip(self._traces, self._turns, strict=True):
            trace.turn = turn
