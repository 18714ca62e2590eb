from __future__ import annotations

from faregate.control.models import HoldView
from faregate.tui.hold_table import COLUMNS, hold_lines, hold_rows, hold_title
from tests.control import scenes
from tests.tui.drawing import texts, view_of


def hold(name: str, amount: str, state: str = "held", **changes: object) -> HoldView:
    fields: dict[str, object] = {
        "id": name,
        "request": f"r-{name}",
        "session": "7d1f0c2a-88aa",
        "provider": "anthropic",
        "model": "claude-opus-4-6",
        "state": state,
        "amount": amount,
        "held_at": scenes.at(90),
        "why": None,
    }
    return HoldView(**{**fields, **changes})  # type: ignore[arg-type]


HOLDS = [
    hold("h1", "0.21"),
    hold("h2", "0.40", "unknown", why="the provider cut the answer"),
    hold("h3", "0.004", session="nobody-knows-it"),
]


def test_what_nobody_can_tell_stands_first() -> None:
    rows = hold_rows(view_of(scenes.busy()), HOLDS)
    assert [row.key for row in rows] == ["h2", "h1", "h3"]
    cells = {
        column.id: cell.text
        for column, cell in zip(COLUMNS, rows[0].cells, strict=True)
    }
    assert cells["state"] == "▓ unknown"
    assert cells["session"] == "proxy/main"
    assert cells["age"] == "1m30s"
    assert cells["why"] == "the provider cut the answer"
    assert [row.cells[0].text for row in rows] == ["0.4000", "0.2100", "0.0040"]


def test_the_title_sums_both_kinds() -> None:
    assert hold_title(HOLDS) == "holds 3: $0.21 held, $0.40 unknown"


def test_the_panel_says_what_to_do() -> None:
    unknown = " ".join(texts(hold_lines(HOLDS[1], 60)))
    assert "the provider cut the answer" in unknown
    assert "look it up at anthropic, then r" in unknown
    assert "Its request still runs" in " ".join(texts(hold_lines(HOLDS[0], 60)))
    assert texts(hold_lines(None, 60)) == ["no money is held"]
