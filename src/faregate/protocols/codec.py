"""The contract every wire codec fulfils, and the values that cross it.

A codec is sans-io: bytes in, values and bytes out. It imports no other codec and
knows no provider; what differs between compatible providers arrives as flags.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Protocol

from faregate.core.lean import lean
from faregate.core.values import dataclass
from faregate.protocols.lean_struct import LeanValue

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faregate.core.facts import RequestFacts
    from faregate.core.refusal import Refusal
    from faregate.core.usage import Usage


class BadRequestError(Exception):
    """The request's body cannot be understood or carries an impossible value."""

    def __init__(self, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.param = param


class StreamBrokenError(Exception):
    """An answer contradicts itself: what follows cannot be believed."""


class StreamTooLargeError(Exception):
    """One line or event of a stream is larger than the meter accepts."""


@lean
@dataclass(frozen=True, slots=True, kw_only=True)
class RequestHead:
    """The part of a request that precedes its body.

    `path` begins at the protocol's own root ("/v1/messages"), labels removed;
    header names are lower case.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Splice:
    """The only changes the gate may make to a body; None leaves a part alone."""

    model: str | None = None
    output_field: str | None = None
    output_bound: int | None = None
    include_usage: bool = False


class Answer(LeanValue, frozen=True, gc=False):
    """What the meter read from an answer, streamed or not.

    `usage` is None when the provider reported none that can be believed.
    """

    usage: Usage | None = None
    input_usage: Usage | None = None
    """Input counters that the provider stated before the answer's end."""
    complete: bool = False
    """The protocol's terminal event or a whole body was seen."""
    error: str | None = None
    """Message of an error event inside the stream or of an error body."""
    error_code: str | None = None
    started: bool = False
    """Model output (text, reasoning, tool arguments) has been seen."""
    output_bytes: int = 0
    """UTF-8 bytes of model output seen so far; at least its tokens."""
    tool_calls: int = 0
    model: str | None = None
    """The model the provider says it served."""
    finish: str | None = None
    """The provider's finish or stop reason."""
    response_id: str | None = None
    service_tier: str | None = None
    """The service tier the provider says it billed."""


class StreamMeter(Protocol):
    """Reads one streamed answer as it passes, SSE or JSON."""

    def feed(self, chunk: bytes) -> bytes:
        """Take the next bytes from the provider; return the bytes to pass on.

        Raises StreamTooLargeError when one event grows past 16 MB.
        """
        ...

    @property
    def started(self) -> bool:
        """Tell whether model output has been seen; costs nothing."""
        ...

    @property
    def ended(self) -> bool:
        """Tell whether the answer and its usage are known to be over.

        A client that hangs up after this has what it wanted; costs nothing.
        """
        ...

    def finish(self) -> bytes:
        """Take the end of the stream; return held-back bytes to pass on."""
        ...

    def answer(self) -> Answer:
        """Return what was seen so far; may be called at any time."""
        ...


class Codec(Protocol):
    """One wire protocol."""

    @property
    def name(self) -> str:
        """Return the protocol id, as in `ProviderSpec.base_urls`."""
        ...

    def inspect(self, head: RequestHead, body: bytes) -> RequestFacts:
        """Read the facts that matter; raise BadRequestError on bad input."""
        ...

    def splice(self, body: bytes, changes: Splice) -> bytes:
        """Return the body with only `changes` made, all other bytes as they were."""
        ...

    def answer(self, body: bytes, flags: frozenset[str]) -> Answer:
        """Meter a complete non-streamed answer."""
        ...

    def meter(self, *, strip_usage: bool, flags: frozenset[str]) -> StreamMeter:
        """Return a meter for one streamed answer.

        With `strip_usage` the usage-only event that the gate asked for itself is
        taken out of what is passed on.
        """
        ...

    def refusal_body(self, refusal: Refusal, request_id: str) -> bytes:
        """Return a refusal as a JSON body in this dialect."""
        ...

    def error_event(self, refusal: Refusal, request_id: str) -> bytes:
        """Return a refusal as the SSE bytes that end a stream with an error."""
        ...
