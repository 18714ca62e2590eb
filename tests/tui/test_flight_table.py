from __future__ import annotations

from faregate.tui.flight_table import COLUMNS, flight_rows, flights_title
from tests.control import scenes
from tests.tui.drawing import view_of


def test_waiting_requests_come_first_then_the_longest_running() -> None:
    view = view_of(scenes.busy())
    rows = flight_rows(view)
    assert [row.key for row in rows] == ["f3", "f2", "f1"]
    assert flights_title(view) == "in flight 3"
    assert COLUMNS[0].id == "held"
    shown = {
        column.id: cell.text
        for column, cell in zip(COLUMNS, rows[0].cells, strict=True)
    }
    assert shown == {
        "held": "0.00",
        "session": "infra/tf-import",
        "model": "claude-opus-4-6",
        "provider": "-",
        "state": "‖ waiting",
        "time": "43s",
        "ttfb": "-",
        "output": "-",
        "why": "for room in the November cap",
    }


def test_time_goes_on_between_messages_but_not_once_the_proxy_is_lost() -> None:
    view = view_of(scenes.busy())
    place = [column.id for column in COLUMNS].index("time")
    view.clock.seconds += 20  # type: ignore[attr-defined]
    assert [row.cells[place].text for row in flight_rows(view)] == [
        "1m03s",
        "26s",
        "23s",
    ]
    view.freeze()
    assert [row.cells[place].text for row in flight_rows(view)] == ["43s", "6s", "3s"]


def test_flights_of_one_session() -> None:
    rows = flight_rows(view_of(scenes.busy()), "c3a5b7e2-2222")
    assert [row.key for row in rows] == ["f2"]


def test_a_flight_of_a_session_that_is_not_listed_shows_its_id() -> None:
    flight = scenes.flight("f", "0123456789abcdef", state="connecting")
    (row,) = flight_rows(view_of(scenes.snapshot(flights=[flight])))
    assert row.cells[1].text == "01234567"
    assert row.cells[4].text == "· connecting"
