from __future__ import annotations

from faregate.core.cost_log import Explained, RequestRow
from faregate.core.labels import Labels
from faregate.core.money import Money
from faregate.core.records import SpendRow
from faregate.server.cost_views import exact_instant, explain_view, sum_view

ROW = RequestRow(
    request="req_1",
    session="s\x1b[2J",
    labels=Labels(agent="a\u202eb"),
    at_ms=1_795_000_000_123,
    identified_by="url",
    root="s",
    parent=None,
    protocol="openai_chat",
    asked="gpt\n9",
    route=None,
    provider=None,
    model=None,
    stream=True,
    body_bytes=1,
    attempts=0,
    client_retry=False,
    waited_ms=None,
    ttfb_ms=None,
    first_token_ms=None,
    duration_ms=None,
    result="refused",
    status=400,
    code="budget_exceeded",
    message="no\x07",
    verdict=None,
    escalation=None,
    outcome=None,
)


def test_instants_keep_their_milliseconds() -> None:
    assert exact_instant(1_795_000_000_123) == "2026-11-18T11:06:40.123Z"


def test_text_from_outside_is_harmless() -> None:
    notes = '[{"step":"loop","why":"a\\u001b[31m","deep":[{"x\\u0007":"\\u202e"}]}]'
    told = explain_view(Explained(row=ROW, notes=notes))
    shown = str(told)
    assert "\\x1b" not in shown
    assert "\\x07" not in shown
    assert "\\u202e" not in shown
    assert told.request.asked == "gpt 9"
    assert told.request.retries == 0
    assert told.notes is not None
    assert told.notes[0]["step"] == "loop"


def test_notes_that_cannot_be_read_are_none() -> None:
    assert explain_view(Explained(row=ROW, notes="{broken")).notes is None
    assert explain_view(Explained(row=ROW)).notes is None


def test_rates_of_nothing_are_zero() -> None:
    told = sum_view(SpendRow(key="x"), key="x")
    assert (told.retry_rate, told.error_rate, told.cost_per_accepted) == (0, 0, None)


def test_a_cost_per_outcome_is_rounded_up() -> None:
    row = SpendRow(
        key="x",
        requests=3,
        attempts=4,
        retries=1,
        escalations=2,
        failed=1,
        accepted=3,
        judged=4,
        judged_cost=Money(10),
    )
    told = sum_view(row, key=None)
    assert told.cost_per_accepted == Money(4).exact()
    assert (told.retry_rate, told.escalation_rate) == (0.3333, 0.6667)
    assert told.error_rate == 0.25
