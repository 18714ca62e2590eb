from __future__ import annotations

from datetime import date
from typing import Any

from faregate.core.holds import BudgetState, BudgetWindow
from faregate.core.money import Money
from faregate.core.refusal import RefusalCode
from faregate.core.routing import Target
from faregate.gateway.explaining import MOST_NOTES, Explanation, read


def told(explanation: Explanation) -> list[dict[str, Any]]:
    found = read(explanation.json())
    assert found is not None
    return found


def test_notes_are_told_in_the_order_in_which_they_were_made() -> None:
    explanation = Explanation()
    explanation.note("identity", session="s", source="url")
    explanation.note("budgets", room=Money.usd("0.25"), after=None)
    explanation.note("budgets", room=Money.usd("0.10"))

    assert told(explanation) == [
        {"step": "identity", "session": "s", "source": "url"},
        {"step": "budgets", "room": "0.25", "after": None},
        {"step": "budgets", "room": "0.1"},
    ]
    assert explanation.last("budgets") == {"room": Money.usd("0.10")}
    assert explanation.last("loop") is None


def test_every_kind_of_figure_becomes_json() -> None:
    window = BudgetWindow(scope="global", window="month", limit=Money.usd(20))
    explanation = Explanation()
    explanation.note(
        "plan",
        target=Target(provider="p", model="m/x"),
        code=RefusalCode.PAUSED,
        since=date(2026, 11, 1),
        states=(BudgetState(budget=window, spent=Money(1)),),
        shares={"a": 0.5, 3: True},
        other=object,
    )

    (note,) = told(explanation)

    assert note["target"] == "p/m/x"
    assert note["code"] == "paused"
    assert note["since"] == "2026-11-01"
    assert note["states"] == [
        {
            "budget": {
                "scope": "global",
                "window": "month",
                "starts_at": 0,
                "ends_at": None,
                "limit": "20",
                "of_run": False,
            },
            "spent": "0.000000000001",
            "held": "0",
            "unknown": "0",
            "closed": False,
        }
    ]
    assert note["shares"] == {"a": 0.5, "3": True}
    assert note["other"] == "<class 'object'>"


def test_nothing_grows_without_bound() -> None:
    explanation = Explanation()
    for number in range(MOST_NOTES * 2):
        explanation.note("waits", number=number)
    assert len(explanation) == MOST_NOTES
    explanation = Explanation()
    explanation.note("waits", text="x" * 10_000, many=list(range(1000)))
    (note,) = told(explanation)
    assert (len(note["text"]), len(note["many"])) == (600, 100)


def test_notes_that_are_a_novel_are_cut_to_their_steps() -> None:
    explanation = Explanation()
    explanation.note("loop", text="x" * 100_000)
    assert [note["step"] for note in told(explanation)] == ["loop", "cut"]
    assert len(explanation.json()) < 200


def test_what_is_no_explanation_is_none() -> None:
    assert read("{broken") is None
    assert read('["text"]') is None
