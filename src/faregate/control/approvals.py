"""Models of the control API for what waits for a person, and for what was decided.

Additive only. Money is a decimal string in USD; text from outside was sanitised
before it got here. What an agent asks for is shown here and stored nowhere.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from faregate.control.asking import Ask

ApprovalKind = Literal["request", "tool_calls"]
"""A request that has not been sent, or calls in an answer that has been paid for."""

Decision = Literal["approved", "denied", "timed_out", "unattended", "gone"]
"""`gone`: the agent hung up before anybody decided."""


class ApprovalReason(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a rule asks about."""

    rule: str
    """The key under [approvals]: "server_tools", "over_usd", "tools", ..."""
    what: str
    why: str


class ApprovalView(msgspec.Struct, frozen=True, kw_only=True):
    """One request, or the tool calls of one answer, that wait for a person."""

    id: str
    kind: ApprovalKind
    request: str
    session: str
    agent: str | None
    workspace: str | None
    provider: str
    model: str
    title: str
    """One line: what to decide about."""
    reasons: list[ApprovalReason]
    calls: list[str]
    """The tool calls in question, one line each; empty for a request."""
    estimate: str
    """What it costs with an answer of a usual length, in USD; "0" for calls."""
    at_most: str
    """What it can cost, in USD; "0" for calls."""
    input_tokens: int
    hash: str
    """Stands for exactly what would be sent; a decision may name it."""
    asked_at: str
    expires_at: str
    waited_s: float
    left_s: float
    timeout_s: float
    stream: bool
    kept_alive: int
    """Signs of life that its client was sent."""
    for_session: str
    """What an approval for the whole session would cover."""


class DecidedView(msgspec.Struct, frozen=True, kw_only=True):
    """One approval that is over."""

    id: str
    decision: Decision
    allowed: bool
    session: str
    title: str
    at: str
    for_session: bool = False
    reason: str | None = None


class ApprovalList(msgspec.Struct, frozen=True, kw_only=True):
    """What waits, the most urgent first, and what was decided, newest first."""

    waiting: list[ApprovalView]
    decided: list[DecidedView]


class Approve(Ask, frozen=True, kw_only=True):
    """Ask to let something pass, once or for the rest of its session."""

    session: bool = False
    hash: str | None = None
    """What the person saw; refused when it is not that any more."""
    note: str | None = None


class Deny(Ask, frozen=True, kw_only=True):
    """Ask to refuse something; the agent reads the reason."""

    reason: str | None = None
    hash: str | None = None
