from __future__ import annotations

from pathlib import Path

from faregate.tui.action_table import ACTIONS
from faregate.tui.manual import BEGIN, END, filled, key_tables

PAGE = Path(__file__).parents[2] / "docs" / "tui.md"


def test_the_page_has_the_keys_as_they_are() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == filled(page), "run scripts/manual.py"


def test_every_action_stands_in_a_table() -> None:
    told = key_tables()
    assert [a.id for a in ACTIONS if f"| `{a.id}` |" not in told] == []
    assert BEGIN not in told
    assert END not in told
