"""The desk: who waits, what ends the wait, and that nothing is held meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from faregate.core.approvals.policy import ApprovalPolicy, Unattended
from faregate.core.approvals.verdicts import NameRule, Verdict
from faregate.core.holds import LedgerError
from faregate.core.latches import Latch, LatchState
from faregate.core.money import ZERO
from faregate.core.refusal import Refusal, RefusalCode
from faregate.gateway.approval_case import Decision
from faregate.gateway.approvals import (
    UNWATCHED_S,
    ChangedError,
    NotWaitingError,
)
from faregate.gateway.inbound import Whole
from tests.gateway.building import turn
from tests.gateway.gates import (
    ask,
    route,
    whole,
)
from tests.gateway.offices import ANSWER, ASK_MODEL, Office, denied, open_office


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path) as opened:
        yield opened


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


async def test_a_pause_counts_for_what_is_approved_meanwhile(office: Office) -> None:
    sent, case = await office.asked()
    office.small.gate.governor.latch(
        Latch(scope="all", state=LatchState.PAUSED, at_ms=0, who="me")
    )
    office.desk.approve(case.id, who="me")
    result = await sent.result
    assert isinstance(result, Refusal)
    assert result.code is RefusalCode.PAUSED
    assert office.small.ledger.calls["hold"] == 0


async def test_a_fallback_is_asked_about_when_its_turn_comes(tmp_path: Path) -> None:
    routes = (route("p/m", "o/m", name="both"),)
    with open_office(tmp_path, routes=routes) as office:
        office.opened(ApprovalPolicy(models=(NameRule("o/*", Verdict.ASK),)))
        office.small.upstream.script = [whole({"error": {"message": "no"}}, 503)]
        sent, case = await office.asked(ask("both", stream=False))
        assert case.provider == "o"
        assert len(office.small.upstream.sent) == 1
        office.desk.deny(case.id, who="me")
        result = await sent.result
        # The person's no leaves what the first target said.
        assert isinstance(result, Whole)
        assert result.status == 503
        assert office.small.month().held == ZERO
        assert len(office.small.upstream.sent) == 1


@pytest.mark.parametrize("state", LatchState)
async def test_what_was_latched_meanwhile_asks_no_other_target(
    tmp_path: Path, state: LatchState
) -> None:
    routes = (route("p/m", "o/m", name="both"),)
    with open_office(tmp_path, routes=routes) as office:
        office.opened(ApprovalPolicy(models=(NameRule("o/*", Verdict.ASK),)))
        failing, fine = whole({"error": {"message": "no"}}, 503), whole(ANSWER)
        office.small.upstream.script = [failing, fine]
        sent, case = await office.asked(ask("both", stream=False))
        # One that ends what runs would hide whether the latch is read again.
        governor = office.small.gate.governor
        governor.latches.put(Latch(scope="all", state=state, at_ms=0, who="me"))
        office.desk.approve(case.id, who="me")
        result = await sent.result
        assert isinstance(result, Whole)
        assert result.status == 503
        assert len(office.small.upstream.sent) == 1
        assert office.small.month().held == ZERO


async def test_who_rests_meanwhile_is_not_stood_in_for_by_who_is_denied(
    tmp_path: Path,
) -> None:
    rule = route("p/m", "o/m", name="both")
    with open_office(tmp_path, routes=(rule,)) as office:
        models = (NameRule("o/*", Verdict.DENY), NameRule("p/*", Verdict.ASK))
        office.opened(ApprovalPolicy(models=models))
        office.small.upstream.script = [whole(ANSWER)]
        sent, case = await office.asked(ask("both", stream=False))
        gate = office.small.gate
        gate.health.standing(rule.targets[0]).breaker.trip(
            gate.clock.monotonic(), "it is ill", 60.0, jitter=0.0
        )
        office.desk.approve(case.id, who="me")
        result = await sent.result
        assert isinstance(result, Refusal)
        assert result.code is RefusalCode.PROVIDER_RESTING
        assert not office.small.upstream.sent
