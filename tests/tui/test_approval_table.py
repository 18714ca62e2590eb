from __future__ import annotations

import pytest

from faregate.tui.approval_table import approval_rows, by_urgency, left_s, next_waiting
from tests.control.approvals import decided, waits
from tests.tui.drawing import view_of
from tests.tui.waiting_scene import LATER, URGENT, waiting


def test_the_most_urgent_stands_first_and_what_is_over_last() -> None:
    view = view_of(waiting())
    assert by_urgency(view, [LATER, URGENT]) == [URGENT, LATER]
    rows = approval_rows(view)
    assert [row.key for row in rows] == ["ap-1", "ap-2", "ap-0", "ap-9"]
    assert [cell.text for cell in rows[0].cells] == [
        "~1.92",
        "1m17s",
        "infra/tf-import",
        "a request that may cost $1.92",
    ]
    assert rows[1].cells[0].text == ""
    assert rows[3].cells[3].text.startswith("denied: ")


def test_the_time_left_goes_on_with_the_clock() -> None:
    view = view_of(waiting())
    view.clock.seconds += 70  # type: ignore[attr-defined]
    assert left_s(view, URGENT) == 7.0
    view.clock.seconds += 70  # type: ignore[attr-defined]
    assert left_s(view, URGENT) == 0.0
    assert left_s(view, waits("x", expires_at="?", left_s=5.0)) == 5.0


def test_how_it_was_decided_is_said_in_words() -> None:
    view = view_of(waiting())
    view.store.approvals = []
    view.store.decided = [
        decided("a", "approved", for_session=True),
        decided("b", "timed_out"),
        decided("c", "unattended"),
        decided("d", "gone"),
    ]
    told = [
        row.cells[3].text.partition(": a request")[0] for row in approval_rows(view)
    ]
    assert told == [
        "approved for its session",
        "timed out: denied",
        "nobody watched",
        "its agent hung up",
    ]


@pytest.mark.parametrize(
    ("before", "now", "chosen", "after"),
    [
        ("abc", "ac", "b", "c"),
        ("abc", "ab", "c", "b"),
        ("abc", "b", "a", "b"),
        ("abc", "xb", "a", "b"),
        ("abc", "", "a", None),
        ("abc", "abc", "b", None),
        ("abc", "ab", "over", None),
        ("", "a", None, None),
    ],
)
def test_what_waits_next(
    before: str, now: str, chosen: str | None, after: str | None
) -> None:
    assert next_waiting(list(before), list(now), chosen) == after
