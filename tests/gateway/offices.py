"""A gate with a desk, and a person who may watch."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from faregate.core.approvals.policy import ApprovalPolicy
from faregate.core.approvals.verdicts import NameRule, Verdict
from faregate.core.holds import LedgerError
from faregate.core.refusal import Refusal, RefusalCode
from faregate.gateway.approval_case import Case
from faregate.gateway.approvals import ApprovalDesk
from faregate.gateway.governor import Governor
from faregate.gateway.inbound import Result
from tests.gateway.building import FakeClock, open_ledger, turn
from tests.gateway.gates import FakeReply, SmallGate, ask

ASK_MODEL = ApprovalPolicy(models=(NameRule("p/*", Verdict.ASK),), timeout_s=300)
ANSWER = {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 1}}


@dataclass
class Office:
    """A gate with a desk, and a person who may watch."""

    small: SmallGate
    clock: FakeClock
    watching: bool = True
    written: list[tuple[str, str, str]] = field(default_factory=list)
    broken: bool = False

    def __post_init__(self) -> None:
        self.desk = self.opened(ASK_MODEL)

    def opened(self, policy: ApprovalPolicy) -> ApprovalDesk:
        self.desk = ApprovalDesk(
            policy=policy,
            clock=self.small.gate.clock,
            events=self.small.gate.events,
            audit=self.audit,
            watched=lambda: self.watching,
        )
        self.small.gate.approvals = self.desk
        self.small.gate.governor = Governor(approver=self.desk)
        return self.desk

    def audit(self, **row: str) -> None:
        if self.broken:
            raise LedgerError("the disk is full")
        self.written.append((row["decision"], row["who"], row["note"]))

    def send(
        self,
        body: dict[str, Any] | None = None,
        path: str = "/v1/chat/completions",
        headers: Mapping[str, str] | None = None,
    ) -> Sent:
        body = body or ask(stream=False)
        exchange, reply = self.small.exchange(body, path, headers=headers)
        return Sent(exchange, reply, asyncio.ensure_future(exchange.run()))

    async def asked(
        self, body: dict[str, Any] | None = None, **more: Any
    ) -> tuple[Sent, Case]:
        """Send what a rule asks about; return it with its question."""
        before = {case.id for case in self.desk.waiting}
        sent = self.send(body, **more)
        await turn(5)
        (case,) = [c for c in self.desk.waiting if c.id not in before]
        return sent, case

    def pass_by(self, seconds: float) -> None:
        self.clock.pass_by(seconds)
        self.desk.look(self.small.gate.clock.monotonic())


@dataclass
class Sent:
    exchange: Any
    reply: FakeReply
    result: asyncio.Future[Result]


@contextmanager
def open_office(folder: Path, **more: Any) -> Iterator[Office]:
    """Open a gate with a desk; `more` is the gate's own."""
    clock = FakeClock()
    with open_ledger(folder / "ledger", clock) as ledger:
        yield Office(SmallGate(ledger, clock, **more), clock)


def denied(result: Result) -> str:
    assert isinstance(result, Refusal)
    assert result.code is RefusalCode.APPROVAL_DENIED
    for word in ("429", "rate limit", "too many requests", "context", "overloaded"):
        assert word not in result.message.lower()
    return result.message
