"""What was kept of one request for a person to read: heads, bodies, arrival times.

Only values. Nothing here is redacted yet, and nothing here goes to a disk.
"""

from __future__ import annotations

from faregate.core.values import dataclass

Header = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CapturedBody:
    """The beginning of a body, and how long it was in all."""

    data: bytes
    length: int
    """Bytes that came, be they kept or not."""
    arrivals: tuple[tuple[int, int], ...] = ()
    """For each piece where it begins, and milliseconds after the request came."""
    complete: bool = True
    """False where its sender broke off, or its reader left."""

    @property
    def truncated(self) -> bool:
        """Tell whether more came than was kept."""
        return self.length > len(self.data)


@dataclass(frozen=True, slots=True, kw_only=True)
class CapturedAttempt:
    """What went to a provider, and what came back; times in ms after the request."""

    target: str
    attempt: str | None
    """The attempt's name in the ledger; None for one that was free."""
    method: str
    url: str
    headers: tuple[Header, ...]
    body: CapturedBody | None
    """None where the client's own body was sent as it came."""
    sent_ms: int
    status: int | None = None
    answered_ms: int | None = None
    answer_headers: tuple[Header, ...] = ()
    answer: CapturedBody | None = None
    error: str | None = None
    """Why no answer came, or why it broke off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CapturedReply:
    """What the client was given."""

    status: int | None
    headers: tuple[Header, ...] = ()
    body: CapturedBody | None = None
    """None where it is the answer of the last attempt, byte for byte."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CapturedRequest:
    """One request, as it came and as it was answered."""

    id: str
    session: str
    root_session: str
    workspace: str | None
    protocol: str
    received_ms: int
    method: str
    path: str
    """Path and query as the client sent them."""
    headers: tuple[Header, ...]
    body: CapturedBody
    attempts: tuple[CapturedAttempt, ...] = ()
    reply: CapturedReply | None = None
    refusal: str | None = None
    """Why the gate ended it, in words."""
    duration_ms: int = 0
