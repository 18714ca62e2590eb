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


def test_each_column_of_money_has_one_number_of_decimals() -> None:
    found = [
        total("a", "120.40", unknown="0.40", wasted="0.62", cost_per_accepted="13.37"),
        total("b", "0.0042", unknown="0.004", wasted="0", cost_per_accepted="0.001"),
    ]
    rows = sum_rows(MONTH_COLUMNS, found, Money.usd("120.4042"))
    cells = [
        {c.id: cell.text for c, cell in zip(MONTH_COLUMNS, row.cells, strict=True)}
        for row in rows
    ]
    assert [each["cost"] for each in cells] == ["120.4000 ", "0.0042 "]
    assert [each["unknown"] for each in cells] == ["0.4000", "0.0040"]
    assert [each["wasted"] for each in cells] == ["0.62", "0.00"]
    assert [each["accepted"] for each in cells] == ["13.3700", "0.0010"]


def test_what_has_no_label_is_a_row_too() -> None:
    rows = sum_rows(ROUTE_COLUMNS, BY["route"].rows, Money.usd("160.50"))
    assert [row.key for row in rows] == ["cheap-first", "(none)"]


def test_money_is_never_dropped() -> None:
    for columns in (MONTH_COLUMNS, ROUTE_COLUMNS):
        natural = {column.id: max(column.least or 6, 6) for column in columns}
        layout = lay_out(columns, natural, 30, margin=3)
        kept = {placed.column.id for placed in layout.placed}
        assert kept >= {"cost", "key", "wasted"}


def test_how_many_tasks_were_accepted() -> None:
    assert judged(total("a", "1", judged=4, accepted=3)) == "3 of 4"
    assert judged(total("a", "1")) == "-"
