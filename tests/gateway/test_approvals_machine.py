"""Approvals in any order: nothing passes unless it may, and nothing is left behind."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from faregate.core.approvals.policy import ApprovalPolicy
from faregate.core.approvals.verdicts import NameRule, Verdict
from faregate.core.money import ZERO
from faregate.core.refusal import Refusal
from faregate.gateway.approval_case import Case, Decision
from faregate.gateway.approvals import NotWaitingError
from faregate.gateway.inbound import Whole
from tests.gateway.building import turn
from tests.gateway.gates import ask, whole
from tests.gateway.offices import ANSWER, Office, Sent, open_office

POLICY = ApprovalPolicy(models=(NameRule("p/*", Verdict.ASK),), timeout_s=60)
WORDS = st.sampled_from(["one", "two"])


class Desk(RuleBasedStateMachine):
    """Requests come, wait, are decided, hang up and run out of time."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = contextlib.ExitStack()
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        self.office: Office = self.stack.enter_context(open_office(Path(folder)))
        self.office.opened(POLICY)
        self.waiting: list[tuple[Sent, Case]] = []
        self.over: list[Case] = []
        self.session_may = False
        self.passed = 0

    def teardown(self) -> None:
        async def end() -> None:
            for sent, _ in self.waiting:
                sent.exchange.client_gone()
                await sent.result

        self.runner.run(end())
        assert self.office.desk.waiting == []
        assert len(self.office.small.gate.flights) == 0
        self.runner.close()
        self.stack.close()

    def run(self, work: Any) -> Any:
        return self.runner.run(work)

    @rule(words=WORDS, stream=st.booleans())
    def come(self, words: str, stream: bool) -> None:
        said = [{"role": "user", "content": words}]
        self.run(self._come(ask(stream=stream, messages=said)))

    async def _come(self, body: dict[str, Any]) -> None:
        office = self.office
        office.small.upstream.script.append(whole(ANSWER))
        before = set(office.desk.waiting)
        sent = office.send(body)
        await turn(6)
        new = [case for case in office.desk.waiting if case not in before]
        if new:
            self.waiting.append((sent, new[0]))
            assert not self.session_may
            office.small.upstream.script.pop()
            return
        result = await sent.result
        if self.session_may:
            self.passed += 1
            assert not isinstance(result, Refusal)
        else:
            # Only what a person denied a short while ago is refused unasked.
            assert isinstance(result, Refusal)
            office.small.upstream.script.pop()

    @precondition(lambda self: self.waiting)
    @rule(which=st.integers(0, 5), session=st.booleans())
    def approve(self, which: int, session: bool) -> None:
        self.run(self._approve(which, session))

    async def _approve(self, which: int, session: bool) -> None:
        sent, case = self.waiting.pop(which % len(self.waiting))
        self.office.small.upstream.script.append(whole(ANSWER))
        self.office.desk.approve(case.id, who="me", session=session, seen=case.digest)
        self.session_may |= session
        assert not isinstance(await sent.result, Refusal)
        self.passed += 1
        self.over.append(case)

    @precondition(lambda self: self.waiting)
    @rule(which=st.integers(0, 5))
    def deny(self, which: int) -> None:
        sent, case = self.waiting.pop(which % len(self.waiting))
        self.office.desk.deny(case.id, who="me")
        self.run(self._refused(sent))
        self.over.append(case)

    @precondition(lambda self: self.waiting)
    @rule(which=st.integers(0, 5))
    def hang_up(self, which: int) -> None:
        sent, case = self.waiting.pop(which % len(self.waiting))
        sent.exchange.client_gone()
        self.run(self._refused(sent))
        assert case.outcome is not None
        assert case.outcome.decision is Decision.GONE
        self.over.append(case)

    async def _refused(self, sent: Sent) -> None:
        result = await sent.result
        assert not isinstance(result, Whole)
        assert isinstance(result, Refusal) or sent.reply.started

    @rule(seconds=st.sampled_from([1, 20, 45, 700]))
    def time_passes(self, seconds: int) -> None:
        self.run(self._pass(seconds))

    async def _pass(self, seconds: int) -> None:
        self.office.pass_by(seconds)
        await turn()
        for sent, case in list(self.waiting):
            if case.outcome is not None:
                assert case.outcome.decision is Decision.TIMED_OUT
                self.waiting.remove((sent, case))
                self.over.append(case)
                await self._refused(sent)

    @precondition(lambda self: self.over)
    @rule(which=st.integers(0, 50), verb=st.sampled_from(["approve", "deny"]))
    def decide_again(self, which: int, verb: str) -> None:
        case = self.over[which % len(self.over)]
        before = case.outcome
        try:
            getattr(self.office.desk, verb)(case.id, who="me")
        except NotWaitingError:
            assert case.outcome is before
        else:
            raise AssertionError("what was over was decided again")

    @invariant()
    def only_what_may_pass_was_sent_and_nothing_is_held(self) -> None:
        office = self.office
        assert len(office.small.upstream.sent) == self.passed
        assert office.small.month().held == ZERO
        assert {case.id for _, case in self.waiting} == {
            case.id for case in office.desk.waiting
        }
        assert len(office.small.gate.flights) == len(self.waiting)


def run(examples: int, steps: int) -> None:
    run_state_machine_as_test(
        Desk,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_approvals_in_any_order() -> None:
    run(3, 12)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_approvals_in_any_order_for_long() -> None:
    run(60, 50)
