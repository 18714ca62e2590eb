"""Blocks of an answer in strict sequence, however a provider mixes them.

Owns what may be open and what has to wait. A call that is streamed among others
waits until the open one is whole, which its arguments tell; nothing is lost or
guessed, and what waits is bounded.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from faregate.protocols.codec import StreamBrokenError, StreamTooLargeError
from faregate.protocols.events import (
    BlockEnded,
    CallDelta,
    CallKind,
    CallStarted,
    ReasoningDelta,
    RefusalDelta,
    Seal,
    Sealed,
    StreamEvent,
    TextDelta,
)

if TYPE_CHECKING:
    from collections.abc import Hashable

LIMIT = 16 * 1024 * 1024
"""Characters of calls that are kept of one answer."""
MOST_CALLS = 1024
"""Calls of one answer; more are no answer any more."""


@dataclass(slots=True)
class _Call:
    id: str
    name: str
    kind: CallKind
    namespace: str
    pieces: list[str] = field(default_factory=list)
    ended: bool = False

    @property
    def whole(self) -> bool:
        """Tell whether nothing but blanks can follow."""
        if self.ended:
            return True
        try:
            value = msgspec.json.decode("".join(self.pieces))
        except (msgspec.DecodeError, RecursionError):
            return False
        return isinstance(value, dict)


class Blocks:
    """Puts the parts of one answer in sequence; `out` takes the events."""

    __slots__ = ("_calls", "_kind", "_later", "_open", "_queue", "_size", "out")

    def __init__(self) -> None:
        self.out: list[StreamEvent] = []
        self._calls: dict[Hashable, _Call] = {}
        self._open: Hashable | None = None
        self._queue: deque[Hashable] = deque()
        self._kind: type[StreamEvent] | None = None
        self._later: list[StreamEvent] = []
        self._size = 0

    @property
    def called(self) -> bool:
        """Tell whether the answer calls any tool."""
        return bool(self._calls)

    def take(self) -> list[StreamEvent]:
        """Return the events since the last time."""
        out, self.out = self.out, []
        return out

    def text(self, delta: str) -> None:
        """Take visible text."""
        if self._kind is TextDelta:
            self.out.append(TextDelta(delta))
        else:
            self._say(TextDelta(delta))

    def reasoning(self, delta: str) -> None:
        """Take reasoning."""
        if self._kind is ReasoningDelta:
            self.out.append(ReasoningDelta(delta))
        else:
            self._say(ReasoningDelta(delta))

    def refusal(self, delta: str) -> None:
        """Take a refusal."""
        self._say(RefusalDelta(delta))

    def sealed(self, seal: Seal) -> None:
        """Take the seal of the reasoning that is open, or of an empty block."""
        if self._kind is not ReasoningDelta:
            self._settle()
        self._say(Sealed(seal))
        if self._open is None:
            self._end()

    def boundary(self) -> None:
        """End the open text, reasoning or refusal, where one is open."""
        if self._kind is not None:
            self._end()

    def call(
        self,
        key: Hashable,
        call_id: str,
        name: str,
        *,
        kind: CallKind = CallKind.FUNCTION,
        namespace: str = "",
    ) -> None:
        """Begin a call; `key` tells it from the others of this answer."""
        if len(self._calls) >= MOST_CALLS:
            raise StreamBrokenError(
                f"the provider's answer calls more than {MOST_CALLS} tools"
            )
        self._calls[key] = _Call(call_id, name, kind, namespace)
        self._queue.append(key)
        self._advance()

    def knows(self, key: Hashable) -> bool:
        """Tell whether a call has begun."""
        return key in self._calls

    def arguments(self, key: Hashable, delta: str) -> None:
        """Take more of a call's arguments."""
        call = self._calls[key]
        if call.ended:
            if delta.strip():
                raise StreamBrokenError(
                    "the provider continued a tool call that was whole already"
                )
            return
        self._size += len(delta)
        if self._size > LIMIT:
            raise StreamTooLargeError(f"tool calls are longer than {LIMIT} characters")
        call.pieces.append(delta)
        if key == self._open:
            self.out.append(CallDelta(delta))

    def end_call(self, key: Hashable) -> None:
        """Note that a call is whole."""
        call = self._calls[key]
        if call.ended:
            return
        call.ended = True
        if key == self._open:
            self._end_open_call()
            self._advance()

    def close(self) -> None:
        """End everything: the answer is whole."""
        if self._kind is not None:
            self._end()
        while self._open is not None:
            self._calls[self._open].ended = True
            self._end_open_call()
            self._advance()
        later, self._later = self._later, []
        for event in later:
            self._say(event)
        if self._kind is not None:
            self._end()

    def _say(self, event: StreamEvent) -> None:
        if self._open is not None:
            self._settle()
        if self._open is not None:
            self._size += 1
            if self._size > LIMIT:
                raise StreamTooLargeError("too much text beside an unfinished call")
            self._later.append(event)
            return
        kind = ReasoningDelta if isinstance(event, Sealed) else type(event)
        if self._kind is not kind:
            if self._kind is not None:
                self._end()
            self._kind = kind
        self.out.append(event)

    def _settle(self) -> None:
        """End the open call where its arguments are whole."""
        if self._open is not None and self._calls[self._open].whole:
            self._calls[self._open].ended = True
            self._end_open_call()

    def _end(self) -> None:
        self._kind = None
        self.out.append(BlockEnded())

    def _end_open_call(self) -> None:
        call = None if self._open is None else self._calls[self._open]
        if call is not None and call.kind is CallKind.FUNCTION and not call.pieces:
            # Some providers send nothing at all for a call without arguments.
            self.out.append(CallDelta("{}"))
        self._open = None
        self.out.append(BlockEnded())

    def _advance(self) -> None:
        """Open the calls that wait, as far as each before is whole."""
        while self._queue:
            self._settle()
            if self._open is not None:
                return
            if self._kind is not None:
                self._end()
            key = self._queue.popleft()
            call = self._calls[key]
            self._open = key
            self.out.append(CallStarted(call.id, call.name, call.kind, call.namespace))
            if call.pieces:
                self.out.append(CallDelta("".join(call.pieces)))
            if call.ended:
                self._end_open_call()
