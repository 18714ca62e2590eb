from __future__ import annotations

import pytest

from faregate.tui.filtering import parse_filter
from faregate.tui.glyphs import ASCII, UNICODE
from faregate.tui.session_table import (
    COLUMNS,
    SORT_KEYS,
    SORTABLE,
    SessionTable,
    Sort,
    cost_text,
    session_name,
    short_id,
    state_span,
)
from faregate.tui.store import Store
from faregate.tui.table_layout import Row
from faregate.tui.tones import Tone
from tests.control import scenes

ALL = parse_filter("")


def store(*sessions: object) -> Store:
    made = Store()
    made.apply(scenes.snapshot(sessions=list(sessions)), 0.0)  # type: ignore[arg-type]
    return made


def busy() -> Store:
    made = Store()
    made.apply(scenes.busy(), 0.0)
    return made


def cells(row: Row) -> dict[str, str]:
    return {
        column.id: cell.text for column, cell in zip(COLUMNS, row.cells, strict=True)
    }


def test_the_first_column_is_money_and_sorts_the_table() -> None:
    assert COLUMNS[0].id == Sort().column == "spend"
    rows = SessionTable().rows(busy(), ALL, Sort(), UNICODE)
    assert [cells(row)["spend"].strip() for row in rows] == [
        "8.42",
        "~4.77",
        "3.11",
        "~1.90",
        "0.04?",
    ]


@pytest.mark.parametrize(
    ("cost", "source", "unpriced", "shown"),
    [
        ("8.42", "reported", 0, "8.42 "),
        ("8.42", "estimated", 0, "~8.42 "),
        ("8.42", "mixed", 0, "~8.42 "),
        ("8.42", "mixed", 2, "~8.42?"),
        ("0", "unpriced", 3, "?"),
        ("0.04", "unpriced", 3, "0.04?"),
        ("0", "reported", 0, "0.00 "),
        ("1234.5", "reported", 0, "1,234.50 "),
    ],
)
def test_a_cost_says_where_it_comes_from(
    cost: str, source: str, unpriced: int, shown: str
) -> None:
    view = scenes.session("s", cost=cost, cost_source=source, unpriced=unpriced)
    assert cost_text(view) == shown


def test_amounts_below_a_cent_widen_the_column_for_all() -> None:
    made = store(scenes.session("a", cost="0.0031"), scenes.session("b", cost="8.42"))
    rows = SessionTable().rows(made, ALL, Sort(), UNICODE)
    assert [cells(row)["spend"] for row in rows] == ["8.4200 ", "0.0031 "]


def test_figures_of_a_row() -> None:
    row = SessionTable().rows(busy(), ALL, Sort(), UNICODE)[4]
    assert cells(row) == {
        "spend": "0.04?",
        "rate": "0.00",
        "session": "e5c7d9a4",
        "agent": "aider",
        "model": "vllm-next +1",
        "requests": "12",
        "input": "88.0k",
        "output": "4.1k",
        "cache": "0%",
        "retries": "3",
        "context": "11.0k",
        "state": "· idle",
    }


def test_names() -> None:
    long = "7d1f0c2a-88aa-4711"
    assert session_name(scenes.session(long, workspace="web", task="pay")) == "web/pay"
    assert session_name(scenes.session(long, workspace="web")) == "web 7d1f0c2a"
    assert session_name(scenes.session(long, workspace=None)) == "7d1f0c2a"
    assert session_name(scenes.session("short", workspace=None)) == "short"


def test_a_child_is_marked() -> None:
    rows = SessionTable().rows(
        store(scenes.session("kid", parent="p")), ALL, Sort(), ASCII
    )
    assert cells(rows[0])["session"] == "` web kid"


@pytest.mark.parametrize(
    ("state", "doing", "shown", "tone"),
    [
        ("active", None, "▶ active", Tone.ACTIVE),
        ("active", "streaming", "▶ streaming", Tone.ACTIVE),
        ("idle", "connecting", "▶ connecting", Tone.ACTIVE),
        ("active", "waiting", "‖ waiting", Tone.WAITING),
        ("waiting", None, "‖ waiting", Tone.WAITING),
        ("paused", None, "‖ paused", Tone.WAITING),
        ("idle", None, "· idle", Tone.IDLE),
        ("stopped", "streaming", "✗ stopped", Tone.DOWN),
        ("capped", None, "■ CAPPED", Tone.CAPPED),
        # What still runs is not refused; the gate says so as well.
        ("capped", "streaming", "▶ streaming", Tone.ACTIVE),
        ("ended", None, "✓ ended", Tone.IDLE),
    ],
)
def test_a_state_is_a_sign_a_word_and_a_tone(
    state: str, doing: str | None, shown: str, tone: Tone
) -> None:
    span = state_span(scenes.session("s", state=state), doing, UNICODE)
    assert (span.text, span.tone) == (shown, tone)


def test_a_session_that_was_only_refused_says_so() -> None:
    refused = scenes.session("s", state="idle", requests=0, attempts=0, refusals=3)
    (row,) = SessionTable().rows(store(refused), ALL, Sort(), UNICODE)
    shown = cells(row)
    assert (shown["requests"], shown["state"]) == ("3", "✗ refused")
    assert state_span(refused, None, UNICODE).tone is Tone.WARN
    ended = scenes.session("s", state="ended", attempts=0, refusals=3)
    assert state_span(ended, None, UNICODE).text == "✗ refused"
    # One that is stopped, or asks again just now, is that.
    stopped = scenes.session("s", state="stopped", attempts=0, refusals=3)
    assert state_span(stopped, None, UNICODE).text == "✗ stopped"
    assert state_span(refused, "waiting", UNICODE).text == "‖ waiting"


def test_hostile_names_are_harmless_in_every_cell() -> None:
    evil = "\x1b]52;c;eA==\x07\x1b[2J\u202e"
    view = scenes.session(
        evil, workspace=evil, task=evil, agent=evil, models=[evil], state="idle"
    )
    (row,) = SessionTable().rows(store(view), ALL, Sort(), UNICODE)
    for cell in row.cells:
        assert not set(evil) - set("]52;c;eA==[2J") & set(cell.text)


@pytest.mark.parametrize("column", SORTABLE)
def test_every_column_sorts_both_ways(column: str) -> None:
    table, order = SessionTable(), Sort(column)
    rows = table.rows(busy(), ALL, order, UNICODE)
    back = table.rows(busy(), ALL, order.reversed(), UNICODE)
    key = SORT_KEYS[column]
    views = busy().sessions
    found = [key(views[row.key]) for row in rows]
    assert found == sorted(found, reverse=order.descending)
    assert [key(views[row.key]) for row in back] == found[::-1]


def test_figures_start_with_the_largest_and_names_with_a() -> None:
    assert Sort("spend").descending
    assert not Sort("agent").descending
    assert Sort("agent").reversed().descending


def test_sorting_goes_through_the_columns_that_are_shown() -> None:
    order = Sort("rate")
    assert order.next(("spend", "rate", "session", "state")).column == "session"
    assert Sort("state").next(("spend", "state")).column == "spend"
    assert Sort("cache").next(("spend", "state")).column == "spend"
    assert Sort("spend", reverse=True).next(SORTABLE) == Sort("rate")


def test_rows_of_unchanged_sessions_are_the_same_objects() -> None:
    table, made = SessionTable(), busy()
    before = {row.key: row for row in table.rows(made, ALL, Sort(), UNICODE)}
    changed = scenes.session("7d1f0c2a-88aa", cost="9.99")
    made.apply(scenes.delta(2, scenes.busy(), sessions=[changed]), 1.0)
    after = {row.key: row for row in table.rows(made, ALL, Sort(), UNICODE)}
    same = {key for key in after if after[key] is before[key]}
    assert set(after) - same == {"7d1f0c2a-88aa"}


def test_a_filter_leaves_rows_out() -> None:
    rows = SessionTable().rows(busy(), parse_filter("agent:codex"), Sort(), UNICODE)
    assert [row.key for row in rows] == ["c3a5b7e2-2222"]


@pytest.mark.parametrize(
    ("session", "shown"),
    [
        ("mine", "mine"),
        ("claude-code-09f02d55", "09f02d55"),
        ("4f70b7b1-6aec-45b3-8ea6-bae2cbd5fc26", "4f70b7b1"),
        ("01a208bc-0ad4-7220-8553-56e157f771b8", "57f771b8"),
        ("ses_df743dfc1ffeYOJhORcyHm5DpX", "ses_df74"),
        ("claude-code-09f02d55/a35d3de490004a0f5", "09f02d55/a35d"),
    ],
)
def test_a_sessions_short_id_is_the_part_that_differs(session: str, shown: str) -> None:
    assert short_id(session) == shown
