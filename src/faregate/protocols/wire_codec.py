"""The codec that every dialect fills with its own parts.

Owns how the parts are put together, so that no dialect repeats it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.values import dataclass
from faregate.protocols.metering import Meter, Reader, read_answer
from faregate.protocols.refusals import hybrid_body

if TYPE_CHECKING:
    from collections.abc import Callable

    from faregate.core.facts import RequestFacts
    from faregate.core.refusal import Refusal
    from faregate.protocols.codec import Answer, RequestHead, Splice, StreamMeter


@dataclass(frozen=True, slots=True, kw_only=True)
class WireCodec:
    """One wire protocol made of functions; see `Codec`."""

    name: str
    inspector: Callable[[RequestHead, bytes], RequestFacts]
    splicer: Callable[[bytes, Splice], bytes]
    reader: Callable[[frozenset[str]], Reader]
    """Makes the reader of one answer, given the provider's flags."""
    ending: Callable[[Refusal, str], bytes]
    """Makes the bytes that end a stream with a refusal."""
    body: Callable[[Refusal, str], bytes] = hybrid_body

    def inspect(self, head: RequestHead, body: bytes) -> RequestFacts:
        """Read the facts that matter; raise BadRequestError on bad input."""
        return self.inspector(head, body)

    def splice(self, body: bytes, changes: Splice) -> bytes:
        """Return the body with only `changes` made, all other bytes as they were."""
        return self.splicer(body, changes)

    def answer(self, body: bytes, flags: frozenset[str]) -> Answer:
        """Meter a complete non-streamed answer."""
        return read_answer(self.reader(flags), body)

    def meter(self, *, strip_usage: bool, flags: frozenset[str]) -> StreamMeter:
        """Return a meter for one streamed answer."""
        return Meter(self.reader(flags), strip_usage=strip_usage)

    def refusal_body(self, refusal: Refusal, request_id: str) -> bytes:
        """Return a refusal as a JSON body in this dialect."""
        return self.body(refusal, request_id)

    def error_event(self, refusal: Refusal, request_id: str) -> bytes:
        """Return a refusal as the SSE bytes that end a stream with an error."""
        return self.ending(refusal, request_id)
