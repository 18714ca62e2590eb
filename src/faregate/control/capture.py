"""What the control API says of captured requests.

Heads and figures as JSON; bodies come apart, as the bytes that they are: whoever
shows them to a person makes them harmless first.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from faregate.control.asking import Ask

Part = Literal["request", "sent", "answer", "reply"]
"""The client's body; what an attempt sent; what it got; what the client was given."""
PARTS: tuple[Part, ...] = ("request", "sent", "answer", "reply")
NOT_CAPTURED = "not_captured"
"""The code of a request of which nothing was kept."""
HOW_TO_TURN_ON = "turn it on with: faregate capture on"


class CaptureOn(Ask, frozen=True, kw_only=True):
    """Ask to capture from now on."""

    for_s: float | None = None
    """For so many seconds; else until it is turned off or the proxy stops."""
    session: str | None = None
    """Only this session and its sub-agents."""


class CaptureStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Whether requests are captured, and what is kept of them."""

    on: bool
    source: Literal["config", "command"]
    """Who said so last."""
    until: str | None
    session: str | None
    workspaces: list[str]
    folder: str
    captures: int
    bytes: int
    max_body: int
    max_size: int
    max_age_s: float
    dropped: int = 0
    """Requests of this process that could not be kept."""
    trouble: str | None = None
    """Why the latest of those was not."""


class CaptureHeadView(msgspec.Struct, frozen=True, kw_only=True):
    """One captured request of a list."""

    request: str
    session: str
    workspace: str | None
    at: str
    method: str
    path: str
    status: int | None
    attempts: int
    body_bytes: int
    answer_bytes: int


class BodyView(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a body came, and how much of it is kept."""

    length: int
    kept: int
    complete: bool
    """False where it was broken off."""
    arrivals: list[tuple[int, int]] = []
    """For each piece where it begins, and milliseconds after the request came."""


class CapturedAttemptView(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt; times in milliseconds after the request came."""

    number: int
    target: str
    attempt: str | None
    method: str
    url: str
    headers: list[tuple[str, str]]
    body: BodyView | None
    """None where the client's own body was sent as it came."""
    sent_ms: int
    status: int | None
    answered_ms: int | None
    answer_headers: list[tuple[str, str]]
    answer: BodyView | None
    error: str | None


class ReplyView(msgspec.Struct, frozen=True, kw_only=True):
    """What the client was given."""

    status: int | None
    headers: list[tuple[str, str]]
    body: BodyView | None
    """None where it is the last attempt's answer, byte for byte."""


class CaptureView(msgspec.Struct, frozen=True, kw_only=True):
    """One captured request without its bodies; secrets are not in it."""

    request: str
    session: str
    workspace: str | None
    protocol: str
    at: str
    method: str
    path: str
    headers: list[tuple[str, str]]
    body: BodyView
    attempts: list[CapturedAttemptView]
    reply: ReplyView | None
    refusal: str | None
    duration_ms: int


class Cleared(msgspec.Struct, frozen=True, kw_only=True):
    """How many captures were deleted."""

    deleted: int
