"""Requests with the sums of their attempts, pages of attempts, what explains one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from faregate.core.cost_log import RequestResult
from faregate.ledger.cost_reports import CostReports
from faregate.ledger.ledger import Ledger
from faregate.ledger.reports import Reports
from tests.ledger.building import NOW_MS, ending, entry, hold, truth, usd
from tests.ledger.test_ledger_plans import FILL, plan_of


@pytest.fixture
def costs(reports: Reports) -> CostReports:
    return reports.costs


def made(
    ledger: Ledger, attempt: str, cost: str | None = "0.10", **fields: Any
) -> None:
    """An attempt that is named as the gate names it."""
    request = attempt.partition(".")[0]
    hold(
        ledger,
        attempt,
        request=request,
        first_attempt=attempt == request,
        **fields,
    )
    if cost is not None:
        ledger.settle(truth(attempt, cost))


def test_a_request_sums_its_attempts(ledger: Ledger, costs: CostReports) -> None:
    made(ledger, "req_1", "0.10")
    made(ledger, "req_1.2", "0.20", cause="escalation:tool_arguments")
    # Names that begin alike are other requests.
    made(ledger, "req_10", "0.40")
    ledger.waste("req_1", "tool_arguments", verdict="tool_arguments")
    ledger.correct("req_1.2", usd("0.25"), note="", who="me")
    ledger.log_requests([entry("req_1", attempts=2)])
    found = {row.request: row for row in costs.requests()}
    row = found["req_1"]
    assert (row.attempts, row.cost, row.wasted) == (2, usd("0.35"), usd("0.10"))
    assert (row.input_tokens, row.output_tokens) == (4260, 100)
    assert row.cache_read_tokens == 4000
    assert row.cost_source == "table"
    assert (row.session, row.labels.agent) == ("s1", "claude-code")
    assert row.result == RequestResult.ANSWERED
    # This one has no row of its own: it is told by its attempt.
    assert (found["req_10"].cost, found["req_10"].asked) == (usd("0.40"), None)


def test_one_that_still_runs_is_told_by_its_hold(
    ledger: Ledger, costs: CostReports
) -> None:
    made(ledger, "req_1", None)
    (row,) = costs.requests()
    assert (row.result, row.held, row.cost) == ("running", usd("0.50"), usd("0"))
    ledger.mark_unknown(ending("req_1"))
    (row,) = costs.requests()
    assert (row.result, row.held, row.unknown) == (None, usd("0"), usd("0.50"))


def test_the_newest_come_first_and_only_those_asked_for(
    ledger: Ledger, costs: CostReports
) -> None:
    for number in range(5):
        made(ledger, f"req_{number}", at_ms=NOW_MS + number * 1000)
    # In the order in which they ended.
    ledger.log_requests([entry(f"req_{n}", at_ms=NOW_MS + n * 1000) for n in (1, 0, 2)])
    ledger.log_requests(
        [
            entry(
                "req_r",
                at_ms=NOW_MS + 2500,
                session="s1/helper",
                attempts=0,
                result=RequestResult.REFUSED,
                code="budget_exceeded",
            ),
            entry("req_o", at_ms=NOW_MS + 2600, session="s2", root_session="s2"),
        ]
    )
    ledger.log_requests([entry(f"req_{n}", at_ms=NOW_MS + n * 1000) for n in (3, 4)])
    names = [row.request for row in costs.requests()]
    assert names == ["req_4", "req_3", "req_o", "req_r", "req_2", "req_1", "req_0"]
    assert [row.request for row in costs.requests(limit=2)] == names[:2]
    later = costs.requests(since_ms=NOW_MS + 2600)
    assert [row.request for row in later] == ["req_4", "req_3", "req_o"]
    before = costs.requests(until_ms=NOW_MS + 1000)
    assert [row.request for row in before] == ["req_0"]
    of_one = costs.requests(session="s1", since_ms=NOW_MS + 2000)
    assert [row.request for row in of_one] == ["req_4", "req_3", "req_r", "req_2"]
    assert costs.requests(session="nobody") == ()


def test_the_outcome_is_that_of_the_task(ledger: Ledger, costs: CostReports) -> None:
    made(ledger, "req_1", session="s1/helper", root_session="s1")
    made(ledger, "req_2", session="s1")
    ledger.judge("s1", "accepted", note="", who="me")
    ledger.log_requests([entry("req_1", session="s1/helper", root_session="s1")])
    assert [row.outcome for row in costs.requests()] == ["accepted", "accepted"]


def test_pages_of_attempts_are_whole_and_in_order(
    ledger: Ledger, costs: CostReports
) -> None:
    for number in range(7):
        made(ledger, f"req_{number}", at_ms=NOW_MS + number)
    pages: list[list[str]] = []
    after: int | None = 0
    while after is not None:
        entries, after = costs.attempts_after(after, since_ms=NOW_MS + 1, limit=3)
        pages.append([each.attempt for each in entries])
    assert pages == [
        ["req_1", "req_2", "req_3"],
        ["req_4", "req_5", "req_6"],
        [],
    ]
    until, _ = costs.attempts_after(0, since_ms=0, until_ms=NOW_MS + 2)
    assert [each.attempt for each in until] == ["req_0", "req_1"]


def test_an_attempt_tells_everything(ledger: Ledger, costs: CostReports) -> None:
    made(ledger, "req_1", None, route="cheap", cause="fallback:timeout")
    ledger.settle(
        truth(
            "req_1",
            "0.10",
            fault="reset",
            verdict="ok",
            first_token_ms=450,
            served_model="claude-x",
            price_source="bundled 2026-11-20",
            note="cut",
        )
    )
    ledger.correct("req_1", usd("0.30"), note="", who="me")
    ((one,), _) = costs.attempts_after(0, since_ms=0)
    assert (one.route, one.cause, one.fault, one.verdict) == (
        "cheap",
        "fallback:timeout",
        "reset",
        "ok",
    )
    assert (one.cost, one.corrected, one.held) == (usd("0.30"), True, usd("0.50"))
    assert (one.ttfb_ms, one.first_token_ms, one.duration_ms) == (400, 450, 1500)
    assert (one.served_model, one.price_source) == ("claude-x", "bundled 2026-11-20")
    assert (one.uncached_input, one.cache_read, one.cache_write_5m) == (100, 2000, 30)
    assert (one.input_bound, one.output_bound) == (40_000, 32_000)


def test_what_explains_a_request(ledger: Ledger, costs: CostReports) -> None:
    made(ledger, "req_1")
    made(ledger, "req_1.2", "0.20", cause="retry:rate_limit")
    ledger.correct("req_1.2", usd("0.30"), note="the invoice", who="me")
    ledger.log_requests([entry("req_1")])
    for name in ("req_1", "req_1.2"):
        told = costs.explained(name)
        assert told is not None
        assert [each.attempt for each in told.attempts] == ["req_1", "req_1.2"]
        assert told.notes == '[{"step":"identity"}]'
        assert told.row.cost == usd("0.40")
        ((row,),) = told.corrections.values()
        assert (row.before, row.after, row.note) == (
            usd("0.20"),
            usd("0.30"),
            "the invoice",
        )
    assert costs.explained("req_9") is None


def test_a_request_without_its_row_is_explained_by_its_attempts(
    ledger: Ledger, costs: CostReports
) -> None:
    made(ledger, "req_1")
    told = costs.explained("req_1")
    assert told is not None
    assert (told.notes, told.row.identified_by) == (None, None)


def test_a_page_of_a_large_log_reads_no_more_than_it_must(
    folder: Path, ledger: Ledger, reports: Reports
) -> None:
    with ledger._parts.connection as connection:
        connection.execute(FILL, (1000,))
    seen: dict[str, Any] = {}
    reader = reports._connection

    def trace(_cursor: Any, sql: str, bindings: Any) -> bool:
        seen.setdefault(sql, bindings)
        return True

    reader.exec_trace = trace
    reports.costs.requests(limit=5)
    reports.costs.explained("old-7")
    reports.costs.attempts_after(0, since_ms=0, limit=5)
    reader.exec_trace = None
    plans = {sql: plan_of(reader, sql, bound) for sql, bound in seen.items()}
    assert len(plans) >= 6
    bad = {
        sql: plan
        for sql, plan in plans.items()
        if any("SCAN" in step or "TEMP B-TREE" in step for step in plan)
        and "MULTI-INDEX" not in str(plan)
    }
    assert bad == {}
