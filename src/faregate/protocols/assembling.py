"""A whole answer, put together from its events.

Owns the blocks of an answer that is not streamed. Knows no dialect.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from faregate.protocols.events import (
    BlockEnded,
    CallDelta,
    CallKind,
    CallStarted,
    Failed,
    Finished,
    Logprobs,
    ReasoningDelta,
    RefusalDelta,
    Seal,
    Sealed,
    Started,
    StopReason,
    StreamEvent,
    TextDelta,
    UsageSeen,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from faregate.core.usage import Usage


@dataclass(slots=True)
class Said:
    """A block of text, or of a refusal."""

    pieces: list[str] = field(default_factory=list)
    refusal: bool = False

    @property
    def text(self) -> str:
        """Return the whole text."""
        return "".join(self.pieces)


@dataclass(slots=True)
class Thought:
    """A block of reasoning."""

    pieces: list[str] = field(default_factory=list)
    seal: Seal | None = None

    @property
    def text(self) -> str:
        """Return the whole text."""
        return "".join(self.pieces)


@dataclass(slots=True)
class Called:
    """One tool call."""

    id: str
    name: str
    kind: CallKind
    namespace: str
    pieces: list[str] = field(default_factory=list)

    @property
    def arguments(self) -> str:
        """Return all of its arguments."""
        return "".join(self.pieces)


Block = Said | Thought | Called


class Assembled:
    """What an answer's events add up to."""

    __slots__ = ("_open", "blocks", "error", "finished", "id", "model", "usage")

    def __init__(self) -> None:
        self.id = ""
        self.model = ""
        self.blocks: list[Block] = []
        self.usage: Usage | None = None
        self.finished: Finished | None = None
        self.error: Failed | None = None
        self._open: Block | None = None

    @property
    def reason(self) -> StopReason:
        """Return why it ended."""
        return StopReason.STOP if self.finished is None else self.finished.reason

    @property
    def called(self) -> list[Called]:
        """Return its tool calls."""
        return [block for block in self.blocks if isinstance(block, Called)]

    def take(self, event: StreamEvent) -> Block | None:
        """Take one event; return the block that it belongs to, if any."""
        match event:
            case TextDelta() | RefusalDelta():
                return self._said(event)
            case CallDelta():
                if isinstance(self._open, Called):
                    self._open.pieces.append(event.arguments)
                return self._open
            case ReasoningDelta() | Sealed():
                return self._thought(event)
            case CallStarted(id=call_id, name=name, kind=kind, namespace=namespace):
                return self._opened(Called(call_id, name, kind, namespace))
            case BlockEnded():
                self._open = None
            case _:
                self._note(event)
        return None

    def _note(self, event: StreamEvent) -> None:
        match event:
            case Started():
                self.id = event.id or self.id
                self.model = event.model or self.model
            case UsageSeen():
                self.usage = event.usage
            case Finished():
                self.finished = event
            case Failed():
                self.error = self.error or event
            case Logprobs():
                pass
            case _:
                pass

    def _opened(self, block: Block) -> Block:
        self._open = block
        self.blocks.append(block)
        return block

    def _said(self, event: TextDelta | RefusalDelta) -> Block:
        refusal = isinstance(event, RefusalDelta)
        block = self._open
        if not isinstance(block, Said) or block.refusal is not refusal:
            block = Said(refusal=refusal)
            self._opened(block)
        block.pieces.append(event.text)
        return block

    def _thought(self, event: ReasoningDelta | Sealed) -> Block:
        block = self._open
        if not isinstance(block, Thought):
            block = Thought()
            self._opened(block)
        if isinstance(event, Sealed):
            block.seal = event.seal
        else:
            block.pieces.append(event.text)
        return block


def assembled(events: Iterable[StreamEvent]) -> Assembled:
    """Return what these events add up to."""
    answer = Assembled()
    for event in events:
        answer.take(event)
    return answer
