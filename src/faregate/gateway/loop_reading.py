"""What is read of a request to see whether its conversation goes in circles.

Owns what of that is short enough for the event loop, and what a thread has to read.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from faregate.gateway.inbound import READ_ON_LOOP
from faregate.protocols.registry import glances_of, messages_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from faregate.core.loops.glance import Glance
    from faregate.core.transcript import Transcript
    from faregate.gateway.governor import Asked

_T = TypeVar("_T")
_BYTES_ON_LOOP = 64 * 1024
_MESSAGES_ON_LOOP = 16


class Reading:
    """The messages of one request."""

    __slots__ = ("_body", "_codec", "_sizes", "parts")

    def __init__(self, asked: Asked) -> None:
        """Read what this request carries."""
        conversation = asked.facts.conversation
        self.parts = conversation.parts
        self._sizes = conversation.sizes
        self._codec = asked.inbound.codec.name
        self._body = asked.inbound.body

    def is_short(self, first: int) -> bool:
        """Tell whether the messages from the `first` on are soon read."""
        if len(self.parts) - first > _MESSAGES_ON_LOOP:
            return False
        if len(self._body) > READ_ON_LOOP:
            return False
        return sum(self._sizes[first:]) <= _BYTES_ON_LOOP

    async def done(self, work: Callable[[], _T], first: int) -> _T:
        """Do what reads messages from the `first` on; the loop does no long reading."""
        if self.is_short(first):
            return work()
        return await asyncio.to_thread(work)

    def glances(self, first: int) -> list[Glance]:
        """Return what the messages from the `first` on are."""
        return glances_of(self._codec, self._body, slice(first, None))

    def messages(self, part: slice) -> Sequence[Transcript]:
        """Return what some messages say."""
        return messages_of(self._codec, self._body, part)
