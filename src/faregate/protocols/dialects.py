"""What each dialect gives to translation: two readers and two writers.

Owns the contract alone; the four that fulfil it live beside their codecs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from faregate.core.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from faregate.protocols.codec import RequestHead
    from faregate.protocols.dialogue import Dialogue, Read, Written
    from faregate.protocols.events import StreamEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOptions:
    """What the provider makes of a dialect."""

    quirks: frozenset[str] = frozenset()
    output_field: str | None = None
    """The field of its output bound, where it is another than the usual one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerForm:
    """How the client wants its answer."""

    request_id: str
    """Stands in for the answer's id where the provider states none."""
    model: str
    created: int
    """Unix seconds."""
    wants_usage: bool = True
    sse: bool = True
    """False where the stream is a JSON array."""


class AnswerDecoder(Protocol):
    """Reads one answer, whole or streamed, as events."""

    def event(self, data: bytes, seen: object = None) -> list[StreamEvent]:
        """Read the payload of one event.

        `seen` is what `Reader.seen` of the same dialect holds of it: a decoder that
        knows its type reads that, and decodes `data` itself otherwise. Raises
        StreamBrokenError for what is none of this dialect's, and StreamTooLargeError
        for what does not end.
        """
        ...

    def body(self, data: bytes) -> list[StreamEvent]:
        """Read an answer that was not streamed."""
        ...

    def finish(self) -> list[StreamEvent]:
        """Take the end of the stream."""
        ...


class AnswerEncoder(Protocol):
    """Writes one answer, whole or streamed, from its events."""

    def stream(self, events: Sequence[StreamEvent]) -> bytes:
        """Return the bytes of these events of a stream."""
        ...

    def whole(self, events: Sequence[StreamEvent]) -> bytes:
        """Return all events of an answer as one body."""
        ...


def _events(_form: AnswerForm) -> str:
    return "text/event-stream; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One dialect, both ways."""

    name: str
    read: Callable[[RequestHead, bytes], Read]
    """Reads a request; raises BadRequestError for what cannot be translated."""
    write: Callable[[Dialogue, WriteOptions], Written]
    """Writes a request; raises BadRequestError for what cannot be said."""
    decoder: Callable[[frozenset[str], str], AnswerDecoder]
    """Makes a decoder, given the provider's usage flags and the request's id."""
    encoder: Callable[[AnswerForm], AnswerEncoder]
    content_type: Callable[[AnswerForm], str] = _events
    """The media type of its streams."""
