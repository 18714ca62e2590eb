from __future__ import annotations

import csv
import io
import json

import pytest

from faregate.tui.exporting import as_csv, as_json, file_name, receipt
from faregate.tui.lines import span
from faregate.tui.table_layout import Column, Row
from tests.control import scenes
from tests.control.scenes import NOW
from tests.tui.hostile import EVILS, foreign

COLUMNS = (
    Column(id="spend", title="SPEND ", about=""),
    Column(id="name", title="NAME", about=""),
)


def row(key: str, spend: str, name: str) -> Row:
    return Row(key, lambda: (span(spend), span(name)))


ROWS = [row("a", "~8.42 ", "web"), row("b", "-1.00", "=HYPERLINK(1)")]


def test_csv_is_safe_for_a_spreadsheet() -> None:
    told = list(csv.reader(io.StringIO(as_csv(COLUMNS, ROWS))))
    assert told == [
        ["spend", "name"],
        ["~8.42", "web"],
        ["-1.00", "'=HYPERLINK(1)"],
    ]


def test_json_has_a_row_an_object() -> None:
    told = json.loads(as_json(COLUMNS, ROWS))
    assert told[0] == {"id": "a", "spend": "~8.42", "name": "web"}


def test_a_receipt_says_what_it_cost_and_how_sure_that_is() -> None:
    session = scenes.session(
        "b2f4a9d1", workspace="in|fra", task="`x`", cost_source="mixed", wasted="0.62"
    )
    told = receipt(session, NOW)
    assert told.startswith(r"### in\|fra/\`x\`")
    assert r"| cost | $\~8.42 \(mixed\) |" in told
    assert "| of it wasted | $0.62 |" in told
    assert "1h00m ago" in told


def test_a_file_name_is_harmless() -> None:
    assert file_name("../etc/x y", NOW, "csv") == (
        "faregate-etc-x-y-20261121-105209.csv"
    )
    assert file_name("…", NOW, "svg").startswith("faregate-screen-")


@pytest.mark.parametrize("evil", EVILS)
def test_a_file_that_is_shown_in_a_terminal_is_text_alone(evil: str) -> None:
    columns = COLUMNS[1:]
    rows = [Row(evil, lambda: (span(evil),))]
    told = scenes.session(evil, workspace=evil, task=evil, agent=evil, models=[evil])
    for text in (as_csv(columns, rows), as_json(columns, rows), receipt(told, NOW)):
        assert foreign(text) == []
        assert "VZJTA" in text
    assert f"[{evil}" not in receipt(told, NOW)
