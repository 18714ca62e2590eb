"""Holds back the tool calls of a streamed answer until somebody decided about them.

Owns which bytes may pass already and which must wait. What a call looks like, and what
stands in its place once it is denied, belongs to the dialects.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from faregate.core.values import dataclass
from faregate.protocols.codec import StreamTooLargeError
from faregate.protocols.sse import SseSplitter, event_data

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from faregate.core.transcript import ToolCall

_LEADING = b" \t\r\n\xef\xbb\xbf"
MOST_HELD = 32 * 1024 * 1024
"""Bytes of one answer that are held back at most."""


class CallJudge(Protocol):
    """Tells which calls may not simply pass."""

    def concerns(self, tool: str) -> bool:
        """Tell whether a call of this tool may be in question."""
        ...

    def questions(self, call: ToolCall) -> bool:
        """Tell whether this call is in question."""
        ...


@dataclass(frozen=True, slots=True)
class BodyCalls:
    """A whole answer, decoded, and its calls in order."""

    document: Any
    calls: tuple[ToolCall, ...]


class Screen(ABC):
    """One streamed answer; `feed` until it ends, `finish`, then `resolve`."""

    def __init__(self, judge: CallJudge) -> None:
        self._judge = judge
        self._splitter: SseSplitter | None = None
        self._whole: bytearray | None = None
        self._lead = b""
        self._document: bytes | None = None
        self._held: list[bytes] = []
        self._size = 0
        self._asked: list[ToolCall] = []
        self.kept_calls = 0
        """Calls that may be carried out, seen so far."""

    @property
    def asked(self) -> tuple[ToolCall, ...]:
        """Return the calls in question, in the order of the answer."""
        return tuple(self._asked)

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes of the answer; return those that may pass.

        Raises StreamTooLargeError where more would have to be held back than is kept.
        """
        if self._splitter is None:
            data = self._begin(data)
        if self._splitter is None:
            return b""
        return b"".join(filter(None, map(self._pass, self._splitter.feed(data))))

    def finish(self) -> bytes:
        """Take the end of the answer; return what may pass without a decision."""
        if self._whole is not None:
            return self._finish_whole(bytes(self._whole))
        if self._splitter is None:
            return b""
        rest = self._splitter.finish()
        passed = self._pass(rest) if rest else b""
        self.close()
        return (passed or b"") + (b"" if self._asked else self._release())

    def resolve(self, denied: Sequence[str | None]) -> bytes:
        """Return what was held back, with a text for each call that is denied.

        `denied` has what to say in place of each call in question, None where it may
        be carried out.
        """
        texts = {number: text for number, text in enumerate(denied) if text is not None}
        if self._whole is not None:
            if not texts:
                return bytes(self._whole)
            return self.rewritten(self.read(bytes(self._whole)), self._chosen(texts))
        if not texts:
            return self._release()
        if self._document is not None:
            return self._resolved_document(self._document, texts)
        self.kept_calls += len(self._asked) - len(texts)
        return b"".join(self.rewrite(self._held, texts))

    @abstractmethod
    def begins(self, data: bytes) -> bool:
        """Read one event while nothing is held; tell whether to hold from it on."""

    @abstractmethod
    def note(self, data: bytes) -> bool:
        """Read one event that is held; tell whether it may stay on its way."""

    @abstractmethod
    def settled(self) -> bool:
        """Tell whether every call that is held is known to be allowed."""

    @abstractmethod
    def close(self) -> None:
        """Take what is held for complete: the answer is over."""

    @abstractmethod
    def is_document(self, event: dict[str, Any]) -> bool:
        """Tell whether an event is a whole answer, as some providers send it."""

    @abstractmethod
    def rewrite(self, events: Sequence[bytes], texts: Mapping[int, str]) -> list[bytes]:
        """Return held events with the calls of these numbers replaced by text."""

    @abstractmethod
    def read(self, body: bytes) -> BodyCalls:
        """Read a whole answer."""

    @abstractmethod
    def rewritten(self, body: BodyCalls, texts: Mapping[int, str]) -> bytes:
        """Return a whole answer with the calls of these numbers replaced by text."""

    def whole_calls(self, body: bytes) -> tuple[BodyCalls, tuple[int, ...]]:
        """Return the calls of a whole answer, and the numbers of those in question."""
        read = self.read(body)
        return read, tuple(
            n for n, call in enumerate(read.calls) if self._judge.questions(call)
        )

    def ask(self, call: ToolCall) -> bool:
        """Note a call that is complete; tell whether it is in question."""
        if self._judge.questions(call):
            self._asked.append(call)
            return True
        self.kept_calls += 1
        return False

    def _begin(self, data: bytes) -> bytes:
        """Find out whether this is a stream of events; return those bytes of it."""
        if self._whole is None:
            data, self._lead = self._lead + data, b""
            start = data.lstrip(_LEADING)[:1]
            if not start:
                self._lead = data
                return b""
            if start not in b"{[":
                self._splitter = SseSplitter()
                return data
            self._whole = bytearray()
        self._whole += data
        self._grown(len(data))
        return b""

    def _pass(self, event: bytes) -> bytes | None:
        data = event_data(event)
        if not self._held:
            if not data or not (self._takes_document(data) or self.begins(data)):
                return event
            self._hold(event)
        elif self._document is not None:
            self._hold(event)
        elif not data:
            # A comment; it belongs to no answer.
            return event
        elif self.note(data):
            return event
        else:
            self._hold(event)
        if self.settled() and not self._asked:
            return self._release()
        return None

    def _takes_document(self, data: bytes) -> bool:
        """Take an event that is a whole answer with calls in question."""
        if not self.is_document(decoded(data)):
            return False
        read, numbers = self.whole_calls(data)
        if not numbers:
            return False
        self._document = data
        self._asked = [read.calls[number] for number in numbers]
        return True

    def _resolved_document(self, data: bytes, texts: Mapping[int, str]) -> bytes:
        read, numbers = self.whole_calls(data)
        body = self.rewritten(read, {numbers[n]: t for n, t in texts.items()})
        return b"data: " + body + b"\n\n" + b"".join(self._held[1:])

    def _hold(self, event: bytes) -> None:
        self._held.append(event)
        self._grown(len(event))

    def _grown(self, size: int) -> None:
        self._size += size
        if self._size > MOST_HELD:
            raise StreamTooLargeError(
                f"more than {MOST_HELD} bytes of an answer wait for a decision"
            )

    def _release(self) -> bytes:
        released = b"".join(self._held)
        self._held.clear()
        self._size = 0
        return released

    def _finish_whole(self, body: bytes) -> bytes:
        read, numbers = self.whole_calls(body)
        self._asked = [read.calls[number] for number in numbers]
        return b"" if self._asked else body

    def _chosen(self, texts: Mapping[int, str]) -> dict[int, str]:
        """Return texts by the number of a call among all of a document."""
        _, numbers = self.whole_calls(bytes(self._whole or b""))
        return {numbers[n]: text for n, text in texts.items()}


def decoded(data: bytes) -> dict[str, Any]:
    """Return an event's JSON object; {} for anything else."""
    try:
        value = msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def document_of(body: bytes) -> Any:
    """Return a decoded body; None where it is no JSON."""
    try:
        return msgspec.json.decode(body.strip(_LEADING))
    except (msgspec.DecodeError, RecursionError):
        return None


def encoded(document: Any) -> bytes:
    """Return a document as JSON."""
    return msgspec.json.encode(document)


def text_of(value: object) -> str:
    """Return arguments as text: as they are, or encoded."""
    if isinstance(value, str):
        return value
    return "" if value is None else msgspec.json.encode(value).decode()


def dicts(value: object) -> list[dict[str, Any]]:
    """Return the objects of a list; [] for anything else."""
    if not isinstance(value, list):
        return []
    return [item for item in value if isinstance(item, dict)]
