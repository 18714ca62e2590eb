"""One question: when its client is due a sign of life, and what its end means."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from faregate.core.approvals.policy import ApprovalPolicy
from faregate.core.approvals.verdicts import NameRule, Verdict
from faregate.core.money import Money
from faregate.gateway.approval_case import Decision, Outcome
from faregate.gateway.keep_alive import ALIVE_EVERY_S, SILENT_S
from tests.gateway.gates import ask
from tests.gateway.offices import Office, open_office


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path) as opened:
        yield opened


def test_which_ends_let_it_pass() -> None:
    assert Outcome(Decision.APPROVED).allowed
    assert Outcome(Decision.UNATTENDED, allowed_unattended=True).allowed
    for decision in Decision:
        if decision is not Decision.APPROVED:
            assert not Outcome(decision).allowed


async def test_a_sign_of_life_is_due_after_silence_and_then_regularly(
    office: Office,
) -> None:
    for stream in (True, False):
        sent, case = await office.asked(ask(stream=stream))
        assert not case.due(case.since + SILENT_S - 1)
        assert case.due(case.since + SILENT_S) is stream
        case.alive_at = case.since + SILENT_S
        assert not case.due(case.alive_at + ALIVE_EVERY_S - 1)
        assert case.due(case.alive_at + ALIVE_EVERY_S) is stream
        sent.exchange.client_gone()
        await sent.result
        assert not case.due(case.since + 1000)


async def test_a_question_says_everything_it_asks(office: Office) -> None:
    office.opened(
        ApprovalPolicy(
            models=(NameRule("*", Verdict.ASK),), over_usd=Money.usd("0.00001")
        )
    )
    sent, case = await office.asked()
    assert case.title.count(";") == 1
    assert {f.rule for f in case.findings} == {"models", "over_usd"}
    sent.exchange.client_gone()
    await sent.result
