"""The desk where requests wait for a person.

Owns what waits, for how long, and what was decided. Nothing is held while it waits:
a hold is asked for afterwards, and a client that hangs up leaves nothing behind. It
reads no clock by itself: `look` is called again and again.
"""

from __future__ import annotations

import secrets
from collections import deque
from typing import TYPE_CHECKING, Protocol

from faregate.core.approvals.policy import Unattended
from faregate.core.approvals.registry import judge_request, may_object
from faregate.core.approvals.verdicts import Verdict
from faregate.core.holds import LedgerError
from faregate.gateway import approval_words as words
from faregate.gateway.approval_case import Case, Decision, Outcome, open_case
from faregate.gateway.approval_memory import ApprovalMemory
from faregate.gateway.approval_subject import digest_of, signature_of, subject_of
from faregate.gateway.flights import FlightState
from faregate.gateway.keep_alive import KeepAlive

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from faregate.core.approvals.findings import Finding
    from faregate.core.approvals.policy import ApprovalPolicy
    from faregate.core.refusal import Refusal
    from faregate.core.transcript import ToolCall
    from faregate.gateway.events import EventLog
    from faregate.gateway.governor import Asked, Judged
    from faregate.gateway.ports import Clock

MOST_WAITING = 200
"""Questions that may be open at once; nobody reads more."""
MOST_DECIDED = 50
UNWATCHED_S = 10.0
"""How long nobody may watch before an open question is decided by policy: a screen
that is started anew should find its questions again."""


class Audit(Protocol):
    """Writes a decision down; on the disk when it returns, else raises LedgerError."""

    def __call__(
        self, *, subject: str, session: str, decision: str, note: str, who: str
    ) -> None:
        """Keep one decision for good."""
        ...


class NotWaitingError(Exception):
    """Nothing of that id can be decided any more; `case` is None when it never was."""

    def __init__(self, case: Case | None) -> None:
        super().__init__("nothing of this id waits")
        self.case = case


class ChangedError(Exception):
    """What waits is not what the person saw."""


class ApprovalDesk:
    """Asks a person, and remembers the answers until the process ends."""

    def __init__(
        self,
        *,
        policy: ApprovalPolicy,
        clock: Clock,
        events: EventLog,
        audit: Audit,
        watched: Callable[[], bool] = lambda: False,
    ) -> None:
        """Decide by `policy`; `watched` tells whether a person could answer."""
        self.policy = policy
        self.watched = watched
        self._clock = clock
        self._events = events
        self._audit = audit
        self._open: dict[str, Case] = {}
        self._decided: deque[Case] = deque(maxlen=MOST_DECIDED)
        self._memory = ApprovalMemory()
        self._closing: Refusal | None = None
        self._unwatched_since: float | None = None

    @property
    def waiting(self) -> list[Case]:
        """Return what waits, the one with the least time left first."""
        return sorted(self._open.values(), key=lambda case: case.deadline)

    @property
    def decided(self) -> list[Case]:
        """Return what was decided lately, newest first."""
        return list(reversed(self._decided))

    def check(self, asked: Asked) -> Judged:
        """Return why a request may not go on; waits for a person where a rule says so.

        Leaves nothing behind when it is cancelled.
        """
        if not may_object(self.policy, asked.plan.facts.server_tools):
            return None
        return self._checked(asked)

    async def _checked(self, asked: Asked) -> Refusal | None:
        priced = self.policy.over_usd is not None
        found = judge_request(subject_of(asked.plan, priced=priced), self.policy)
        if not found:
            return None
        note = asked.inbound.explanation.note
        session = asked.identity.root_session
        if found[0].verdict is Verdict.DENY:
            note("approval", rules=[f.key for f in found], decision="denied by rule")
            return words.forbidden(found)
        if self._memory.covers(session, found):
            note("approval", rules=[f.key for f in found], decision="session")
            return None
        signature = (session, *signature_of(asked), frozenset(f.key for f in found))
        latched = self._memory.latched(signature, self._clock.monotonic())
        if latched is not None:
            note("approval", rules=[f.key for f in found], decision="denied before")
            return latched
        case = self._case(asked, found)
        outcome = await self._decide(asked, case)
        note(
            "approval",
            rules=[f.key for f in found],
            decision=outcome.decision,
            id=case.id,
        )
        if outcome.allowed:
            return None
        refusal = outcome.refusal or words.refused(case, outcome)
        if outcome.decision in {Decision.DENIED, Decision.TIMED_OUT}:
            self._memory.latch(signature, refusal, self._clock.monotonic())
        return refusal

    async def ask(self, asked: Asked, found: tuple[Finding, ...]) -> Outcome:
        """Put something to a person that is no rule of approvals; return the end.

        Leaves nothing behind when it is cancelled.
        """
        return await self._decide(asked, self._case(asked, found))

    async def review(
        self, asked: Asked, calls: Sequence[tuple[ToolCall, Finding]]
    ) -> tuple[str | None, ...]:
        """Judge tool calls of an answer; return why each is denied, None for passed.

        Calls that a rule asks about are put to a person together.
        """
        session = asked.identity.root_session
        open_calls = [
            (call, finding)
            for call, finding in calls
            if finding.verdict is Verdict.ASK
            and not self._memory.covers(session, (finding,))
        ]
        outcome: Outcome | None = None
        if open_calls:
            found = tuple({f.key: f for _, f in open_calls}.values())
            case = self._case(
                asked,
                found,
                calls=tuple(call for call, _ in open_calls),
            )
            outcome = await self._decide(asked, case)
        asked.inbound.explanation.note(
            "approval",
            rules=[f.key for _, f in calls],
            decision="denied by rule" if outcome is None else outcome.decision,
        )
        asked_about = {id(call) for call, _ in open_calls}
        return tuple(
            words.call_denied(finding, outcome if id(call) in asked_about else None)
            if finding.verdict is Verdict.DENY
            or (id(call) in asked_about and outcome and not outcome.allowed)
            else None
            for call, finding in calls
        )

    def approve(
        self,
        case_id: str,
        *,
        who: str,
        session: bool = False,
        seen: str | None = None,
        note: str = "",
    ) -> Case:
        """Let what waits pass, once or for its session; return what it was.

        Raises NotWaitingError, ChangedError, and LedgerError when the decision cannot
        be written down: then it still waits.
        """
        case = self._waiting(case_id, seen)
        decision = "approved for the session" if session else "approved"
        self._write(case, decision, note, who)
        if session:
            self._memory.grant(case.root_session, case.findings)
        self._close(case, Outcome(Decision.APPROVED, for_session=session))
        return case

    def deny(
        self, case_id: str, *, who: str, reason: str = "", seen: str | None = None
    ) -> Case:
        """Refuse what waits; return what it was. Raises as `approve` does."""
        case = self._waiting(case_id, seen)
        self._close(case, Outcome(Decision.DENIED, reason=reason))
        self._write(case, "denied", reason, who)
        return case

    def look(self, now: float) -> None:
        """See to what is due at this monotonic instant."""
        if not self._open:
            self._unwatched_since = None
            return
        unwatched = self._unwatched(now)
        for case in list(self._open.values()):
            if now >= case.deadline:
                self._expire(case)
            elif unwatched and now - case.since >= UNWATCHED_S:
                self._close(case, self._unattended())
            elif case.due(now):
                case.wake.set()

    def close(self, leaving: Refusal) -> None:
        """Refuse all that waits and whatever comes: the process ends."""
        self._closing = leaving
        for case in list(self._open.values()):
            self._close(case, Outcome(Decision.GONE, refusal=leaving))

    def forget(self, session: str) -> None:
        """Drop what a session may do without asking: it has ended."""
        self._memory.forget(session)

    async def _decide(self, asked: Asked, case: Case) -> Outcome:
        """Return what is decided about a case, at once or by a person."""
        outcome = self._at_once()
        if outcome is not None:
            self._close(case, outcome)
            return outcome
        self._open[case.id] = case
        asked.on_wait(f"a person's approval, {case.id}: {case.title}")
        self._events.publish(
            "approval",
            f"{case.id} waits for approval: {case.title}",
            at_ms=case.asked_ms,
            severity="alert",
            session=case.session,
        )
        try:
            return await self._wait(asked, case)
        finally:
            if case.outcome is None:
                # Its client hung up, or the request was ended for another reason.
                self._close(case, Outcome(Decision.GONE))
            if case.calls:
                self._go_on(asked)

    def _go_on(self, asked: Asked) -> None:
        """Note that an answer flows again."""
        now = self._clock.monotonic()
        asked.flight.why = None
        asked.flight.last_byte = now
        asked.flight.enter(FlightState.STREAMING, now)

    def _case(
        self,
        asked: Asked,
        found: tuple[Finding, ...],
        calls: tuple[ToolCall, ...] = (),
    ) -> Case:
        case_id = _new_id()
        while case_id in self._open or any(c.id == case_id for c in self._decided):
            case_id = _new_id()
        return open_case(
            asked,
            found,
            subject_of(asked.plan),
            id=case_id,
            digest=digest_of(asked, calls),
            policy=self.policy,
            clock=self._clock,
            calls=calls,
        )

    def _at_once(self) -> Outcome | None:
        if self._closing is not None:
            return Outcome(Decision.GONE, refusal=self._closing)
        if not self.watched() and self.policy.unattended is not Unattended.WAIT:
            return self._unattended()
        if len(self._open) >= MOST_WAITING:
            return Outcome(Decision.GONE, refusal=words.too_many(len(self._open)))
        return None

    async def _wait(self, asked: Asked, case: Case) -> Outcome:
        alive = KeepAlive(asked)
        while (outcome := case.outcome) is None:
            case.wake.clear()
            await case.wake.wait()
            if case.due(self._clock.monotonic()):
                case.alive_at = self._clock.monotonic()
                case.kept_alive += await alive.sign()
        return outcome

    def _unattended(self) -> Outcome:
        allowed = self.policy.unattended is Unattended.ALLOW
        return Outcome(Decision.UNATTENDED, allowed_unattended=allowed)

    def _unwatched(self, now: float) -> bool:
        """Tell whether nobody has watched for long enough that policy decides."""
        if self.watched() or self.policy.unattended is Unattended.WAIT:
            self._unwatched_since = None
            return False
        if self._unwatched_since is None:
            self._unwatched_since = now
        return now - self._unwatched_since >= UNWATCHED_S

    def _waiting(self, case_id: str, seen: str | None) -> Case:
        case = self._open.get(case_id)
        if case is None:
            over = next((c for c in self._decided if c.id == case_id), None)
            raise NotWaitingError(over)
        if self._clock.monotonic() >= case.deadline:
            self._expire(case)
            raise NotWaitingError(case)
        if seen is not None and seen != case.digest:
            raise ChangedError
        return case

    def _expire(self, case: Case) -> None:
        self._close(case, Outcome(Decision.TIMED_OUT))
        try:
            self._write(case, "timed out", "", "nobody")
        except LedgerError as error:
            self._events.publish(
                "ledger",
                f"{case.id} was denied, and that could not be written down: {error}",
                at_ms=self._clock.now_ms(),
                severity="warn",
                session=case.session,
            )

    def _write(self, case: Case, decision: str, note: str, who: str) -> None:
        # Rules and the digest only: what an agent said is kept nowhere.
        rules = ", ".join(f"{f.rule} {f.what}" for f in case.findings)
        self._audit(
            subject=f"{case.id} {case.digest[:16]}",
            session=case.session,
            decision=decision,
            note=f"{rules}; {note}" if note else rules,
            who=who,
        )

    def _close(self, case: Case, outcome: Outcome) -> None:
        case.outcome = outcome
        case.decided_ms = self._clock.now_ms()
        self._open.pop(case.id, None)
        self._decided.append(case)
        case.wake.set()
        self._tell(case)

    def _tell(self, case: Case) -> None:
        if case.outcome is None or case.outcome.decision is Decision.GONE:
            return
        self._events.publish(
            "approval",
            words.told(case, case.outcome),
            at_ms=self._clock.now_ms(),
            severity="info" if case.outcome.allowed else "warn",
            session=case.session,
        )


def _new_id() -> str:
    return f"apr_{secrets.token_hex(3)}"
