from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faregate.tui.lines import span
from faregate.tui.session_table import COLUMNS
from faregate.tui.table_layout import (
    CURSOR_WIDTH,
    Cells,
    Column,
    Layout,
    Row,
    Rows,
    lay_out,
)

NATURAL = {
    "spend": 7,
    "rate": 5,
    "session": 18,
    "agent": 11,
    "model": 16,
    "requests": 4,
    "input": 5,
    "output": 5,
    "cache": 4,
    "retries": 2,
    "context": 3,
    "state": 11,
}
DROPPED_FIRST = [
    "context", "retries", "cache", "output", "input", "requests", "agent", "model",
]  # fmt: skip
ALWAYS = {"spend", "rate", "session", "state"}


def shown(layout: Layout) -> list[str]:
    return [placed.column.id for placed in layout.placed]


def taken(layout: Layout) -> int:
    widths = sum(placed.width for placed in layout.placed)
    return widths + layout.gap * (len(layout.placed) - 1)


def at(cells: int) -> Layout:
    return lay_out(COLUMNS, NATURAL, cells, margin=CURSOR_WIDTH + 1)


def test_wide_enough_shows_everything_at_its_natural_width() -> None:
    layout = at(140)
    assert shown(layout) == [column.id for column in COLUMNS]
    assert layout.gap == 2
    for placed in layout.placed:
        wanted = max(NATURAL[placed.column.id], len(placed.column.title))
        assert placed.width == wanted


def test_columns_drop_in_their_order_and_money_never_does() -> None:
    gone: list[str] = []
    for cells in range(140, 20, -1):
        now = [each.id for each in COLUMNS if each.id not in shown(at(cells))]
        gone += [name for name in now if name not in gone]
    assert gone == DROPPED_FIRST
    assert set(shown(at(20))) == ALWAYS


@pytest.mark.parametrize("cells", [118, 100, 78, 60])
def test_figures_are_never_cut(cells: int) -> None:
    for placed in at(cells).placed:
        if placed.column.least is None:
            assert placed.width >= NATURAL[placed.column.id]


@settings(max_examples=100)
@given(st.integers(50, 200), st.integers(5, 60), st.integers(3, 12))
def test_a_table_never_runs_over_its_edge(cells: int, name: int, money: int) -> None:
    natural = {**NATURAL, "session": name, "spend": money}
    layout = lay_out(COLUMNS, natural, cells, margin=3)
    assert taken(layout) + 3 <= cells


def test_names_take_what_is_left() -> None:
    columns = (
        Column(id="money", title="M", about="", right=True),
        Column(id="name", title="N", about="", least=4),
    )
    widths = [
        lay_out(columns, {"money": 4, "name": 30}, cells, margin=0).placed[1].width
        for cells in (12, 20, 60)
    ]
    assert widths == [6, 14, 30]


def test_an_optional_column_hides_while_it_is_empty() -> None:
    columns = (
        Column(id="money", title="M", about=""),
        Column(id="why", title="WHY", about="", least=4, optional=True),
    )
    assert shown(lay_out(columns, {"money": 4}, 40, margin=0)) == ["money"]
    assert shown(lay_out(columns, {"why": 9}, 40, margin=0)) == ["money", "why"]


def test_rows_are_made_when_they_are_looked_at() -> None:
    made: list[str] = []

    def cells(key: str) -> Cells:
        made.append(key)
        return (span(key),)

    keys = [f"s{number}" for number in range(100)]
    rows = Rows(keys, lambda place: Row(keys[place], lambda: cells(keys[place])))
    assert len(rows) == 100
    assert rows.place("s7") == 7
    assert rows.place("gone") is None
    assert rows.place(None) is None
    assert rows.key(-1) == "s99"
    assert made == []
    assert [row.cells[0].text for row in rows[98:200]] == ["s98", "s99"]
    assert rows[-1].cells[0].text == "s99"
    assert made == ["s98", "s99", "s99"]
    with pytest.raises(IndexError):
        rows[100]


def test_rows_that_are_there_already_are_found_by_their_keys() -> None:
    there = [Row(key, lambda: (span("x"),)) for key in ("a", "b")]
    rows = Rows.of(there)
    assert list(rows) == there
    assert rows.place("b") == 1
    assert Rows.of(rows) is rows
    assert not Rows.of([])
