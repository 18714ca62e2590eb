"""One request as it came through the door, and the answer that is not streamed."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from faregate.core.lean import lean
from faregate.core.refusal import Refusal
from faregate.core.values import dataclass
from faregate.gateway.explaining import Explanation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faregate.core.facts import Work
    from faregate.core.identity import Claim, Grant
    from faregate.gateway.tape import Tape
    from faregate.protocols.codec import Codec, RequestHead

READ_ON_LOOP = 256 * 1024
"""Most bytes of a body whose conversation is read without a thread."""


@lean
@dataclass(frozen=True, slots=True)
class Inbound:
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


@lean
@dataclass(frozen=True, slots=True)
class Whole:
    """An answer that is sent in one piece."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@lean
@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """A stream that failed before it began, as the provider sent it."""

    headers: Mapping[str, str]
    body: bytes


Result = Whole | Refusal | None
"""A whole answer, a refusal, or None when the reply was streamed."""
