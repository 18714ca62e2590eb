"""What is decided and not yet written adds up to what would be written one by one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from faregate.core.usage import Usage
from faregate.ledger.booking_statements import SPEND_WINDOW
from faregate.ledger.open_hold import OpenHold
from faregate.ledger.unwritten import UnwrittenEnds
from faregate.ledger.usual_settlement import ATTEMPT, SESSION
from tests.ledger.building import truth, usd


def held(number: int, *windows: int, session: int = 7) -> OpenHold:
    return OpenHold(number, usd("0.50").pico, windows, session, True, False)


def written(ends: UnwrittenEnds) -> tuple[dict[str, list[list[Any]]], int]:
    runs: dict[str, list[list[Any]]] = {}

    def run(sql: str, rows: Iterable[Sequence[Any]]) -> None:
        runs[sql] = [list(row) for row in rows]

    return runs, ends.write(run)


def test_sums_are_added_up_by_window_and_session() -> None:
    ends = UnwrittenEnds()
    ends.add(truth("a1", "0.10", at_ms=30), held(11, 1, 2))
    ends.add(truth("a2", "0.20", at_ms=20, status=201), held(12, 1, 3))
    ends.add(truth("a3", "0.05", at_ms=25), held(13, 1, 3, session=8))
    runs, changes = written(ends)
    cent = usd("0.01").pico
    assert [row[-1] for row in runs[ATTEMPT]] == [11, 12, 13]
    assert runs[SPEND_WINDOW] == [[35 * cent, 1], [10 * cent, 2], [25 * cent, 3]]
    first, second = runs[SESSION]
    tokens = truth().usage.input_tokens
    assert first == [
        30 * cent, 2 * tokens, 100, 4000, 60, 0, 2, tokens, 201, 30, 7,
    ]  # fmt: skip
    assert second[-1] == 8
    assert changes == 3 + 3 + 2


def test_what_costs_nothing_touches_no_window() -> None:
    ends = UnwrittenEnds()
    ends.add(truth("a1", "0", usage=Usage(uncached_input=1)), held(11, 1))
    runs, changes = written(ends)
    assert SPEND_WINDOW not in runs
    assert changes == 2


def test_it_knows_what_the_file_still_holds() -> None:
    ends = UnwrittenEnds()
    for number, cost in ((12, "0.10"), (11, "0.50"), (13, "0")):
        ends.add(truth(f"a{number}", cost), held(number, 1))
    assert ends.oldest == 11
    assert ends.freed == usd("0.90").pico
