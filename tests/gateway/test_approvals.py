"""The desk: who waits, what ends the wait, and that nothing is held meanwhile."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from faregate.core.approvals.policy import (
    ApprovalPolicy,
    NameRule,
    Unattended,
    Verdict,
)
from faregate.core.holds import LedgerError
from faregate.core.money import ZERO, Money
from faregate.core.refusal import Refusal, RefusalCode
from faregate.gateway.approval_case import Case, Decision
from faregate.gateway.approvals import (
    LATCHED_S,
    UNWATCHED_S,
    ApprovalDesk,
    ChangedError,
    NotWaitingError,
)
from faregate.gateway.governor import Governor
from faregate.gateway.inbound import Result, Whole
from faregate.gateway.keep_alive import ALIVE_EVERY_S, SILENT_S, WHOLE_S
from tests.gateway.building import FakeClock, open_ledger, turn
from tests.gateway.gates import (
    DONE,
    FINISH,
    USAGE,
    FakeAnswer,
    FakeReply,
    SmallGate,
    ask,
    delta,
    whole,
)

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

    def send(self, body: dict[str, Any] | None = None) -> Sent:
        exchange, reply = self.small.exchange(body or ask(stream=False))
        return Sent(exchange, reply, asyncio.ensure_future(exchange.run()))

    async def asked(self, body: dict[str, Any] | None = None) -> tuple[Sent, Case]:
        """Send what a rule asks about; return it with its question."""
        before = {case.id for case in self.desk.waiting}
        sent = self.send(body)
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


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    clock = FakeClock()
    with open_ledger(tmp_path / "ledger", clock) as ledger:
        yield Office(SmallGate(ledger, clock), clock)


def denied(result: Result) -> str:
    assert isinstance(result, Refusal)
    assert result.code is RefusalCode.APPROVAL_DENIED
    for word in ("429", "rate limit", "too many requests", "context", "overloaded"):
        assert word not in result.message.lower()
    return result.message


async def test_what_waits_holds_nothing_and_goes_on_once_approved(
    office: Office,
) -> None:
    office.small.upstream.script = [whole(ANSWER)]
    sent, case = await office.asked()
    assert office.small.ledger.calls["hold"] == 0
    assert office.small.month().held == ZERO
    (flight,) = office.small.gate.flights.all()
    assert flight.state == "waiting"
    assert case.id in (flight.why or "")
    assert office.desk.approve(case.id, who="me", note="fine") is case
    assert office.written == [("approved", "me", "models p/m; fine")]
    result = await sent.result
    assert isinstance(result, Whole)
    assert office.small.month().spent > ZERO
    assert office.desk.waiting == []
    assert office.desk.decided == [case]


async def test_a_denial_is_read_by_the_agent_and_latched(office: Office) -> None:
    sent, case = await office.asked()
    office.desk.deny(case.id, who="me", reason="use the small one")
    message = denied(await sent.result)
    assert "use the small one" in message
    assert office.written == [("denied", "me", "models p/m; use the small one")]
    # Its repeat asks nobody, be it streamed this time.
    for body in (ask(stream=False), ask(stream=True)):
        assert denied(await office.send(body).result) == message
    assert office.desk.waiting == []
    assert office.small.ledger.calls["hold"] == 0
    office.clock.pass_by(LATCHED_S)
    again, later = await office.asked()
    assert later.id != case.id
    again.exchange.client_gone()
    await again.result


async def test_an_edited_request_is_a_question_of_its_own(office: Office) -> None:
    first, case = await office.asked()
    other = ask(stream=False, messages=[{"role": "user", "content": "another"}])
    second, edited = await office.asked(other)
    assert case.digest != edited.digest
    with pytest.raises(ChangedError):
        office.desk.approve(edited.id, who="me", seen=case.digest)
    assert edited in office.desk.waiting
    office.small.upstream.script = [whole(ANSWER)]
    office.desk.approve(edited.id, who="me", seen=edited.digest)
    assert isinstance(await second.result, Whole)
    assert office.desk.waiting == [case]
    office.desk.deny(case.id, who="me")
    denied(await first.result)
    # What was denied says nothing of what differs from it.
    third, _ = await office.asked(other)
    third.exchange.client_gone()
    await third.result


async def test_what_waits_is_not_what_a_smaller_bound_would_send(
    office: Office,
) -> None:
    first, case = await office.asked()
    second, smaller = await office.asked(ask(stream=False, max_tokens=1))
    assert case.digest != smaller.digest
    for sent in (first, second):
        sent.exchange.client_gone()
        await sent.result


async def test_no_answer_in_time_is_a_no(office: Office) -> None:
    sent, case = await office.asked(ask())
    office.pass_by(299)
    await turn()
    assert office.desk.waiting == [case]
    office.pass_by(1)
    result = await sent.result
    assert result is None
    assert sent.reply.last_words is not None
    assert b"no answer is a no" in sent.reply.last_words
    assert office.written == [("timed out", "nobody", "models p/m")]
    with pytest.raises(NotWaitingError) as late:
        office.desk.approve(case.id, who="me")
    assert late.value.case is case
    denied(await office.send(ask(stream=False)).result)


async def test_time_that_is_over_counts_before_anybody_looked(office: Office) -> None:
    sent, case = await office.asked()
    office.clock.pass_by(1000)
    with pytest.raises(NotWaitingError):
        office.desk.approve(case.id, who="me")
    denied(await sent.result)


@pytest.mark.parametrize("first", ["approve", "deny"])
@pytest.mark.parametrize("second", ["approve", "deny"])
async def test_one_decision_counts(office: Office, first: str, second: str) -> None:
    office.small.upstream.script = [whole(ANSWER)]
    sent, case = await office.asked()
    getattr(office.desk, first)(case.id, who="me")
    with pytest.raises(NotWaitingError) as late:
        getattr(office.desk, second)(case.id, who="me")
    assert late.value.case is case
    result = await sent.result
    assert isinstance(result, Whole if first == "approve" else Refusal)
    assert len(office.written) == 1


async def test_an_id_that_never_was(office: Office) -> None:
    with pytest.raises(NotWaitingError) as found:
        office.desk.deny("apr_000000", who="me")
    assert found.value.case is None


async def test_one_approval_lets_one_of_two_equal_requests_pass(
    office: Office,
) -> None:
    office.small.upstream.script = [whole(ANSWER)]
    first, case = await office.asked()
    second, other = await office.asked()
    office.desk.approve(case.id, who="me")
    assert isinstance(await first.result, Whole)
    assert office.desk.waiting == [other]
    second.exchange.client_gone()
    await second.result


async def test_a_session_is_asked_once(office: Office) -> None:
    office.small.upstream.script = [whole(ANSWER), whole(ANSWER)]
    sent, case = await office.asked()
    office.desk.approve(case.id, who="me", session=True)
    assert isinstance(await sent.result, Whole)
    assert office.written == [("approved for the session", "me", "models p/m")]
    assert isinstance(await office.send().result, Whole)
    office.desk.forget("s")
    third, _ = await office.asked()
    third.exchange.client_gone()
    await third.result


async def test_a_session_may_cost_somewhat_more_than_what_was_approved(
    office: Office,
) -> None:
    dear = ApprovalPolicy(over_usd=Money.usd("0.001"))
    office.opened(dear)
    office.small.upstream.script = [whole(ANSWER), whole(ANSWER)]
    sent, case = await office.asked(ask(stream=False, max_tokens=200))
    assert case.at_most >= case.estimate > Money.usd("0.001")
    office.desk.approve(case.id, who="me", session=True)
    assert isinstance(await sent.result, Whole)
    more = office.send(ask(stream=False, max_tokens=350))
    assert isinstance(await more.result, Whole)
    most, _ = await office.asked(ask(stream=False, max_tokens=900))
    most.exchange.client_gone()
    await most.result


async def test_a_decision_that_cannot_be_written_is_none(office: Office) -> None:
    office.broken = True
    sent, case = await office.asked()
    with pytest.raises(LedgerError):
        office.desk.approve(case.id, who="me")
    assert office.desk.waiting == [case]
    # A no is a no all the same.
    with pytest.raises(LedgerError):
        office.desk.deny(case.id, who="me")
    denied(await sent.result)


async def test_a_client_that_hangs_up_leaves_nothing(office: Office) -> None:
    sent, case = await office.asked()
    sent.exchange.client_gone()
    await sent.result
    assert office.desk.waiting == []
    assert len(office.small.gate.flights) == 0
    assert office.small.ledger.calls["hold"] == 0
    with pytest.raises(NotWaitingError) as late:
        office.desk.approve(case.id, who="me")
    assert late.value.case is not None
    assert late.value.case.outcome is not None
    assert late.value.case.outcome.decision is Decision.GONE
    # It was nobody's no: the same request is asked about again.
    again, _ = await office.asked()
    again.exchange.client_gone()
    await again.result


async def test_a_client_that_hangs_up_as_it_is_approved_leaves_nothing(
    office: Office,
) -> None:
    sent, case = await office.asked()
    office.desk.approve(case.id, who="me")
    sent.exchange.client_gone()
    await sent.result
    assert office.small.month().held == ZERO
    assert office.small.month().unknown == ZERO
    assert office.small.upstream.sent == []


async def test_a_stop_refuses_what_waits_and_what_comes(office: Office) -> None:
    sent, _case = await office.asked()
    leaving = Refusal(code=RefusalCode.SHUTTING_DOWN, message="bye")
    office.desk.close(leaving)
    assert await sent.result is leaving
    assert await office.send().result is leaving


@pytest.mark.parametrize(
    ("unattended", "passes"), [(Unattended.DENY, False), (Unattended.ALLOW, True)]
)
async def test_policy_decides_at_once_when_nobody_watches(
    office: Office, unattended: Unattended, passes: bool
) -> None:
    office.opened(ApprovalPolicy(models=ASK_MODEL.models, unattended=unattended))
    office.watching = False
    office.small.upstream.script = [whole(ANSWER)]
    result = await office.send().result
    assert isinstance(result, Whole) is passes
    if not passes:
        assert "nobody watches" in denied(result)
        # Once somebody does, the same request is asked about.
        office.watching = True
        again, _ = await office.asked()
        again.exchange.client_gone()
        await again.result


async def test_a_question_is_decided_by_policy_once_nobody_has_watched_for_long(
    office: Office,
) -> None:
    sent, case = await office.asked()
    office.watching = False
    office.pass_by(UNWATCHED_S)
    office.pass_by(UNWATCHED_S - 1)
    assert office.desk.waiting == [case]
    office.watching = True
    office.pass_by(5)
    office.watching = False
    office.pass_by(1)
    assert office.desk.waiting == [case]
    office.pass_by(UNWATCHED_S)
    assert "nobody watches" in denied(await sent.result)


async def test_a_question_may_wait_for_the_command_line(office: Office) -> None:
    office.opened(ApprovalPolicy(models=ASK_MODEL.models, unattended=Unattended.WAIT))
    office.watching = False
    sent, case = await office.asked()
    office.pass_by(100)
    assert office.desk.waiting == [case]
    office.desk.deny(case.id, who="me")
    denied(await sent.result)


async def test_a_stream_is_silent_first_then_kept_alive(office: Office) -> None:
    office.small.upstream.script = [
        FakeAnswer(parts=[delta("hi"), FINISH, USAGE, DONE])
    ]
    sent, case = await office.asked(ask())
    office.pass_by(SILENT_S - 1)
    await turn()
    assert not sent.reply.started
    office.pass_by(1)
    await turn()
    assert sent.reply.status == 200
    assert sent.reply.headers["content-type"] == "text/event-stream"
    assert [w[:1] for w in sent.reply.written] == [b":"]
    office.pass_by(ALIVE_EVERY_S)
    await turn()
    assert len(sent.reply.written) == case.kept_alive == 2
    office.desk.approve(case.id, who="me")
    assert await sent.result is None
    assert b"".join(sent.reply.written).endswith(DONE)
    assert sent.reply.last_words is None


async def test_a_denial_after_signs_of_life_is_an_error_event(office: Office) -> None:
    sent, case = await office.asked(ask())
    office.pass_by(SILENT_S)
    await turn()
    office.desk.deny(case.id, who="me")
    assert await sent.result is None
    assert sent.reply.last_words is not None
    event = json.loads(sent.reply.last_words.removeprefix(b"data: "))
    assert event["error"]["code"] == "approval_denied"
    denied(await office.send(ask(stream=False)).result)


async def test_a_client_lost_while_it_is_kept_alive(office: Office) -> None:
    sent, _case = await office.asked(ask())
    sent.reply.gone = True
    office.pass_by(SILENT_S)
    await turn()
    await sent.result
    assert office.desk.waiting == []


async def test_an_answer_in_one_piece_is_waited_for_no_longer_than_clients_do(
    office: Office,
) -> None:
    sent, case = await office.asked()
    assert case.timeout_s == WHOLE_S
    office.pass_by(WHOLE_S - 1)
    await turn()
    assert not sent.reply.started
    office.pass_by(1)
    denied(await sent.result)


async def test_a_rule_that_denies_asks_nobody(office: Office) -> None:
    office.opened(ApprovalPolicy(models=(NameRule("*", Verdict.DENY),)))
    assert "rule" in denied(await office.send().result)
    assert office.desk.decided == []


async def test_what_no_rule_names_passes(office: Office) -> None:
    office.opened(ApprovalPolicy())
    office.small.upstream.script = [whole(ANSWER)]
    assert isinstance(await office.send().result, Whole)


async def test_too_many_questions_are_no_questions(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("faregate.gateway.approvals.MOST_WAITING", 1)
    sent, _case = await office.asked()
    other = ask(stream=False, messages=[{"role": "user", "content": "another"}])
    result = await office.send(other).result
    assert isinstance(result, Refusal)
    assert result.code is RefusalCode.QUEUE_FULL
    sent.exchange.client_gone()
    await sent.result


async def test_a_fault_of_the_provider_after_signs_of_life_is_an_error_event(
    office: Office,
) -> None:
    office.small.upstream.script = [
        whole({"error": {"message": "slow down", "type": "x"}}, 429)
    ]
    sent, case = await office.asked(ask())
    office.pass_by(SILENT_S)
    await turn()
    office.desk.approve(case.id, who="me")
    assert await sent.result is None
    assert sent.reply.last_words is not None
    assert b"slow down" in sent.reply.last_words
