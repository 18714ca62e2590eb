"""Limits as rows and words."""

from __future__ import annotations

import pytest

from faregate.config.json_schema import fields_of
from faregate.config.schema import LimitKeys
from faregate.control.governing import LimitView
from faregate.tui.limit_table import (
    _ABOUT,
    exact_figure,
    is_set,
    limit_figure,
    limit_lines,
    limit_rows,
)
from tests.control import scenes
from tests.tui.drawing import texts, view_of


def test_every_limit_is_explained() -> None:
    assert set(_ABOUT) == {each.name for each in fields_of(LimitKeys)}


@pytest.mark.parametrize(
    ("name", "value", "short", "exact"),
    [
        ("requests", "12345", "12.3k", "12,345"),
        ("requests", None, "none", "none"),
        ("wall_clock", "5400", "1h30m", "1h30m"),
        ("spend_per_minute", "0.5", "$0.50", "$0.50"),
        ("requests", "nonsense", "0", "0"),
    ],
)
def test_figures(name: str, value: str | None, short: str, exact: str) -> None:
    assert limit_figure(name, value) == short
    assert exact_figure(name, value) == exact


def test_a_row_says_what_is_used_and_a_text_where_it_is_from() -> None:
    view = view_of(scenes.busy())
    each = LimitView(
        name="requests",
        limit="40",
        used="41",
        source="faregate limits --agent codex",
        hit=2,
        until="2026-11-24T12:00:00Z",
        without="none",
        scope="agent:codex",
    )
    assert is_set(each)
    (row,) = limit_rows(view, [each])
    assert [cell.text.strip() for cell in row.cells] == [
        "requests",
        "41 of 40",
        "▲ refused 2",
        "faregate limits --agent codex",
        "24 Nov 12:00",
    ]
    told = "\n".join(texts(limit_lines(view, each, 200)))
    assert "hides none, ends 24 Nov 12:00" in told
    assert "r takes back what was set" in told
    assert "nothing limits it" in texts(limit_lines(view, None, 80))[0]
