"""One request as it came through the door, and the answer that is not streamed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import field

from faregate.core.refusal import Refusal
from faregate.gateway.explaining import Explanation
from faregate.protocols.lean_struct import LeanValue

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faregate.core.facts import Work
    from faregate.core.identity import Claim, Grant
    from faregate.gateway.tape import Tape
    from faregate.protocols.codec import Codec, RequestHead

READ_ON_LOOP = 256 * 1024
"""Most bytes of a body whose conversation is read without a thread."""


class Inbound(LeanValue, frozen=True):
    """A request that passed the door: who sent it and what it says.

    `head.headers` are lower case; `body` is decoded. `grant` is None for a caller
    with a provider key of its own.
    """

    id: str
    head: RequestHead
    body: bytes
    codec: Codec
    work: Work
    grant: Grant | None
    url: Claim
    labels: Claim
    """What the gate's own request headers claim."""
    received_ms: int
    subscription: bool = False
    """The caller's own credential belongs to a flat-rate login."""
    explanation: Explanation = field(default_factory=Explanation)
    """Takes the notes of everybody who decides something about this request."""
    tape: Tape | None = None
    """Keeps its bytes for a person to read; None where nobody asked for that."""


class Whole(LeanValue, frozen=True):
    """An answer that is sent in one piece."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class Withheld(LeanValue, frozen=True, kw_only=True):
    """A stream that failed before it began, as the provider sent it."""

    headers: Mapping[str, str]
    body: bytes


Result = Whole | Refusal | None
"""A whole answer, a refusal, or None when the reply was streamed."""
