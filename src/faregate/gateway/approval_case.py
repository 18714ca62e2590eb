"""One question to a person: what it is about, how long it waits, how it ended."""

from __future__ import annotations

import asyncio
from dataclasses import field
from enum import StrEnum
from typing import TYPE_CHECKING

from faregate.core.money import ZERO, Money
from faregate.core.values import dataclass
from faregate.gateway.keep_alive import interval_of, silence_of, wait_of

if TYPE_CHECKING:
    from faregate.core.approvals.findings import Finding, Subject
    from faregate.core.approvals.policy import ApprovalPolicy
    from faregate.core.refusal import Refusal
    from faregate.core.transcript import ToolCall
    from faregate.gateway.governor import Asked
    from faregate.gateway.ports import Clock


class Decision(StrEnum):
    """How a question ended."""

    APPROVED = "approved"
    DENIED = "denied"
    TIMED_OUT = "timed_out"
    UNATTENDED = "unattended"
    """Nobody watched, so the policy decided."""
    GONE = "gone"
    """The agent hung up, or the proxy was stopped."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a question."""

    decision: Decision
    for_session: bool = False
    reason: str = ""
    """What a person said with a denial."""
    refusal: Refusal | None = None
    """What to answer where nobody decided about the matter itself."""
    allowed_unattended: bool = False

    @property
    def allowed(self) -> bool:
        """Tell whether it may go on."""
        return self.decision is Decision.APPROVED or self.allowed_unattended


@dataclass(slots=True, kw_only=True, eq=False)
class Case:
    """One question; times are monotonic seconds unless named `_ms`."""

    id: str
    request: str
    session: str
    root_session: str
    agent: str | None
    workspace: str | None
    provider: str
    model: str
    findings: tuple[Finding, ...]
    calls: tuple[ToolCall, ...]
    digest: str
    """SHA-256 of exactly what would be sent, or of the calls."""
    estimate: Money = ZERO
    at_most: Money = ZERO
    input_tokens: int = 0
    asked_ms: int
    since: float
    deadline: float
    stream: bool
    silence: float
    """Seconds without a sign of life to the client at first."""
    every: float
    """Seconds between two of them."""
    kept_alive: int = 0
    alive_at: float | None = None
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    outcome: Outcome | None = None
    decided_ms: int = 0

    @property
    def title(self) -> str:
        """Return in one line what to decide about."""
        return "; ".join(finding.why for finding in self.findings)

    @property
    def timeout_s(self) -> float:
        """Return how long it may wait in all."""
        return self.deadline - self.since

    def due(self, now: float) -> bool:
        """Tell whether the client should get a sign of life."""
        if not self.stream or self.outcome is not None:
            return False
        if self.alive_at is None:
            return now - self.since >= self.silence
        return now - self.alive_at >= self.every


def open_case(
    asked: Asked,
    found: tuple[Finding, ...],
    subject: Subject,
    *,
    id: str,
    digest: str,
    policy: ApprovalPolicy,
    clock: Clock,
    calls: tuple[ToolCall, ...] = (),
) -> Case:
    """Return the question that these findings ask."""
    now = clock.monotonic()
    identity, plan = asked.identity, asked.plan
    every = interval_of(asked)
    return Case(
        id=id,
        request=asked.inbound.id,
        session=identity.session,
        root_session=identity.root_session,
        agent=identity.labels.agent,
        workspace=identity.labels.workspace,
        provider=plan.target.provider,
        model=plan.target.model,
        findings=found,
        calls=calls,
        digest=digest,
        # What an answer cost is paid by the time its calls are looked at.
        estimate=ZERO if calls else subject.estimate,
        at_most=ZERO if calls else plan.amount(plan.bounds),
        input_tokens=subject.input_tokens,
        asked_ms=clock.now_ms(),
        since=now,
        deadline=now + wait_of(asked, policy.timeout_s, now),
        stream=asked.facts.stream,
        silence=every if asked.reply.started else silence_of(asked),
        every=every,
    )
