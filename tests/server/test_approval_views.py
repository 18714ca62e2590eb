"""Questions on their way to a screen: harmless, bounded, complete."""

from __future__ import annotations

import dataclasses

from faregate.core.transcript import ToolCall
from faregate.gateway.approval_case import Decision, Outcome
from faregate.server.approval_views import LONGEST_CALL, approval_view, decided_view
from tests.gateway.test_approval_words import COST, TOOL, case


def test_what_an_agent_wants_is_made_harmless() -> None:
    evil = ToolCall(id="1", name="Bash", arguments="rm\x1b[2J\u202e" + "x" * 9000)
    view = approval_view(case(TOOL, calls=(evil,)), now=10.0)
    assert view.kind == "tool_calls"
    (line,) = view.calls
    assert "\x1b" not in line
    assert "\u202e" not in line
    assert len(line) == LONGEST_CALL


def test_a_question_tells_its_time() -> None:
    asked = case(COST)
    asked.asked_ms = 1_795_000_000_000
    view = approval_view(asked, now=43.5)
    assert (view.kind, view.calls) == ("request", [])
    assert (view.waited_s, view.left_s, view.timeout_s) == (43.5, 256.5, 300.0)
    assert view.expires_at > view.asked_at
    assert approval_view(asked, now=9999.0).left_s == 0.0
    assert view.for_session == "requests of up to $3.84 each"


def test_an_end_tells_who_allowed_what() -> None:
    for decision in Decision:
        outcome = Outcome(decision, reason="why\x07")
        view = decided_view(case(TOOL), outcome)
        assert view.decision == decision.value
        assert view.allowed is (decision is Decision.APPROVED)
        assert view.reason == "why\ufffd"
    allowed = dataclasses.replace(Outcome(Decision.UNATTENDED), allowed_unattended=True)
    assert decided_view(case(TOOL), allowed).allowed
