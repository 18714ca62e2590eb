from __future__ import annotations

from msgspec.structs import replace

from faregate.tui.request_table import (
    COLUMNS,
    answered_before,
    lost_cache,
    request_cost,
    request_rows,
    why,
)
from faregate.tui.table_layout import lay_out
from tests.control import scenes
from tests.tui.cost_scene import BEFORE, LOST_CACHE, REFUSED, REQUESTS, RUNNING, request
from tests.tui.drawing import view_of


def test_the_sign_of_a_cost_says_how_sure_it_is() -> None:
    assert request_cost(BEFORE) == "0.13 "
    assert request_cost(replace(BEFORE, cost_source="estimated")) == "~0.13 "
    assert request_cost(replace(BEFORE, cost_source="unpriced", cost="0")) == "?"
    assert request_cost(replace(BEFORE, unknown="0.40")) == "0.40?"
    assert request_cost(RUNNING) == "(1.92)"


def test_the_request_before_is_the_answered_one_of_the_same_session() -> None:
    assert answered_before(REQUESTS, LOST_CACHE) is BEFORE
    assert answered_before(REQUESTS, RUNNING) is LOST_CACHE
    assert answered_before(REQUESTS, BEFORE) is None
    other = replace(BEFORE, session="another")
    assert answered_before([LOST_CACHE, other], LOST_CACHE) is None


def test_tokens_that_were_counted_are_no_answer() -> None:
    counted = request("c", 30.0, attempts=0, cost="0", input_tokens=0)
    view = view_of(scenes.busy())
    place = [column.id for column in COLUMNS].index("result")
    (row,) = request_rows(view, [counted])
    assert row.cells[place].text == "✓ counted"
    assert answered_before([LOST_CACHE, counted, BEFORE], LOST_CACHE) is BEFORE


def test_a_lost_cache_is_noticed() -> None:
    assert lost_cache(LOST_CACHE, BEFORE)
    assert not lost_cache(BEFORE, LOST_CACHE)
    assert not lost_cache(BEFORE, BEFORE)
    assert not lost_cache(request("s", input_tokens=10), BEFORE)


def test_why_names_what_a_person_would_ask_about() -> None:
    assert why(LOST_CACHE, BEFORE) == "$0.02 wasted; other target: cache lost"
    assert why(REFUSED, BEFORE) == "budget exceeded"
    assert why(replace(BEFORE, escalation="verdict"), None) == "escalated: verdict"
    assert why(replace(BEFORE, client_retry=True), None) == "the agent asked again"
    failed = replace(BEFORE, result="failed", status=502, code="bad_gateway")
    assert why(failed, None) == "bad gateway"
    assert why(BEFORE, None) == ""


def test_results_have_a_sign_and_a_word() -> None:
    view = view_of(scenes.busy())
    place = [column.id for column in COLUMNS].index("result")
    told = [row.cells[place].text for row in request_rows(view, REQUESTS)]
    assert told == ["▶ running", "✓ 200", "✓ 200", "✗ refused"]
    waits = replace(RUNNING, id="f3")
    gone = replace(BEFORE, result="client_gone")
    failed = replace(BEFORE, result="provider_error", status=529)
    told = [r.cells[place].text for r in request_rows(view, [waits, gone, failed])]
    assert told == ["‖ waiting", "○ hung up", "✖ 529"]


def test_narrow_tables_lose_columns_in_order_and_never_the_money() -> None:
    natural = {column.id: max(column.least or 6, 6) for column in COLUMNS}
    order: list[str] = []
    before = {column.id for column in COLUMNS}
    for cells in range(200, 20, -1):
        layout = lay_out(COLUMNS, natural, cells, margin=3)
        now = {placed.column.id for placed in layout.placed}
        order += sorted(before - now)
        before = now
    assert order[:4] == ["took", "ttft", "output", "cache"]
    assert before >= {"cost", "time", "result"}


def test_the_costs_of_a_column_have_one_number_of_decimals() -> None:
    found = [
        replace(RUNNING, held="0.0042"),
        request("a", cost="0.13"),
        request("b", unknown="0.40"),
    ]
    rows = request_rows(view_of(scenes.busy()), found)
    assert [row.cells[0].text for row in rows] == ["(0.0042)", "0.1300 ", "0.4000?"]
    rows = request_rows(view_of(scenes.busy()), found[1:])
    assert [row.cells[0].text for row in rows] == ["0.13 ", "0.40?"]
