"""What a decision is remembered for."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from faregate.core.approvals.findings import Finding
from faregate.core.approvals.policy import ApprovalPolicy
from faregate.core.approvals.verdicts import Verdict
from faregate.core.money import Money
from faregate.core.refusal import Refusal, RefusalCode
from faregate.gateway.approval_memory import LATCHED_S, ApprovalMemory
from faregate.gateway.inbound import Whole
from tests.gateway.gates import (
    ask,
    whole,
)
from tests.gateway.offices import ANSWER, Office, denied, open_office

FINDING = Finding(
    rule="over_usd", verdict=Verdict.ASK, what="cost", why="it is dear", size=10
)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path) as opened:
        yield opened


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


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("faregate.gateway.approval_memory.MOST_LATCHED", 2)
    monkeypatch.setattr("faregate.gateway.approval_memory.MOST_GRANTED", 2)
    memory = ApprovalMemory()
    found = (FINDING,)
    no = Refusal(code=RefusalCode.APPROVAL_DENIED, message="no")
    for name in "abc":
        memory.grant(name, found)
        memory.latch((name,), no, 0.0)
    assert [memory.covers(name, found) for name in "abc"] == [False, True, True]
    assert [memory.latched((name,), 1.0) for name in "abc"] == [None, no, no]


def test_a_grant_covers_what_was_granted_alone() -> None:
    memory = ApprovalMemory()
    memory.grant("a", (FINDING,))
    larger = dataclasses.replace(FINDING, size=FINDING.size * 2 + 1)
    other = dataclasses.replace(FINDING, what="other")
    assert memory.covers("a", (dataclasses.replace(FINDING, size=FINDING.size * 2),))
    assert not memory.covers("a", (larger,))
    assert not memory.covers("a", (FINDING, other))
    assert not memory.covers("b", (FINDING,))
    memory.forget("a")
    assert not memory.covers("a", (FINDING,))
