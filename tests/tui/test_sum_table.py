from __future__ import annotations

from faregate.core.money import Money
from faregate.tui.sum_table import MONTH_COLUMNS, ROUTE_COLUMNS, judged, sum_rows
from faregate.tui.table_layout import lay_out
from tests.tui.cost_scene import BY, total


def test_a_row_says_its_share_and_how_sure_it_is() -> None:
    rows = sum_rows(MONTH_COLUMNS, BY["model"].rows, Money.usd("160.50"))
    told = [[cell.text for cell in row.cells[:3]] for row in rows]
    assert told == [
        ["120.40 ", "75.0%", "claude-opus-4-6"],
        ["~40.10 ", "24.9%", "gpt-5.1-codex"],
        ["?", "0.0%", "vllm-next"],
    ]
    assert rows[1].cells[-1].text == "13.37"


def test_what_has_no_label_is_a_row_too() -> None:
    rows = sum_rows(ROUTE_COLUMNS, BY["route"].rows, Money.usd("160.50"))
    assert [row.key for row in rows] == ["cheap-first", "(none)"]


def test_money_is_never_dropped() -> None:
    for columns in (MONTH_COLUMNS, ROUTE_COLUMNS):
        natural = {column.id: max(column.least or 6, 6) for column in columns}
        layout = lay_out(columns, natural, 30, margin=3)
        kept = {placed.column.id for placed in layout.placed}
        assert kept == {"cost", "key", "wasted"}


def test_how_many_tasks_were_accepted() -> None:
    assert judged(total("a", "1", judged=4, accepted=3)) == "3 of 4"
    assert judged(total("a", "1")) == "-"
