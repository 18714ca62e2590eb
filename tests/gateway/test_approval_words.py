"""What agents and people read about approvals."""

from __future__ import annotations

import pytest

from faregate.core.approvals.findings import Finding
from faregate.core.approvals.verdicts import Verdict
from faregate.core.money import Money
from faregate.core.refusal import RefusalCode
from faregate.core.transcript import ToolCall
from faregate.gateway import approval_words as words
from faregate.gateway.approval_case import Case, Decision, Outcome

COST = Finding(
    rule="over_usd",
    verdict=Verdict.ASK,
    what="cost",
    why="it costs about $1.92, above $1.00 for one request",
    size=Money.usd("1.92").pico,
)
SIZE = Finding(
    rule="context_tokens",
    verdict=Verdict.ASK,
    what="input",
    why="its input is about 1,000 tokens, above 10 for one request",
    size=1000,
)
TOOL = Finding(
    rule="server_tools", verdict=Verdict.ASK, what="mcp", why="it may use mcp"
)


def case(*findings: Finding, calls: tuple[ToolCall, ...] = ()) -> Case:
    return Case(
        id="apr_1",
        request="r",
        session="s",
        root_session="s",
        agent=None,
        workspace=None,
        provider="p",
        model="m",
        findings=findings,
        calls=calls,
        digest="d",
        asked_ms=0,
        since=0.0,
        deadline=300.0,
        stream=True,
        silence=30.0,
        every=15.0,
    )


@pytest.mark.parametrize("decision", Decision)
def test_no_client_takes_a_refusal_for_something_else(decision: Decision) -> None:
    refusal = words.refused(case(COST, SIZE, TOOL), Outcome(decision, reason="a\nb"))
    assert refusal.code is RefusalCode.APPROVAL_DENIED
    assert "\n" not in refusal.message
    for text in (refusal.message, words.forbidden([SIZE]).message):
        for word in ("429", "rate limit", "too many requests", "context", "overload"):
            assert word not in text.lower()


def test_what_an_approval_for_the_session_covers() -> None:
    assert words.covers(case(COST, SIZE, TOOL)) == (
        "requests of up to $3.84 each; input of up to 2,000 tokens each; mcp"
    )


def test_the_log_tells_how_it_ended() -> None:
    asked = case(TOOL)
    told = {d: words.told(asked, Outcome(d)) for d in Decision}
    assert told[Decision.APPROVED] == "apr_1 approved: it may use mcp"
    assert "nobody answered in time" in told[Decision.TIMED_OUT]
    assert "denied, for nobody watches" in told[Decision.UNATTENDED]
    allowed = Outcome(Decision.UNATTENDED, allowed_unattended=True)
    assert "allowed, for nobody watches" in words.told(asked, allowed)
    session = Outcome(Decision.APPROVED, for_session=True)
    assert "approved for the session" in words.told(asked, session)
    assert "denied (too dear)" in words.told(
        asked, Outcome(Decision.DENIED, reason="too dear")
    )


def test_calls_are_shown_a_line_each_and_not_without_end() -> None:
    many = tuple(ToolCall(id="", name=f"t{n}", arguments="{}") for n in range(25))
    lines = words.call_lines(case(TOOL, calls=many))
    assert lines[0] == "t0 {}"
    assert lines[-1] == "and 5 more"
    assert words.call_lines(case(TOOL, calls=many[:2])) == ["t0 {}", "t1 {}"]
